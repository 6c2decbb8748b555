"""`evalkit demo`: simulated answers in the layout of a 问卷星 export, a plan, its run, and the story of it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from evalkit.contract import OutputError, Problem
from evalkit.contract.words import say, text_of
from evalkit.instrument import load_instrument
from evalkit.plan.run import Progress, Run, run
from evalkit.sheets import write_bytes
from evalkit.simulation import model_for, simulate, write_wjx

INSTRUMENT = "j-community-renovation"
N = 1200
SEED = 20260101
MISKEYED = "J_CN3"
"""An item that the simulated platform delivers turned round, as happens when a question is retyped."""


def demo(folder: Path, *, lang: str, force: bool = False, progress: Progress = lambda step: None) -> list[str]:
    """Write the example into `folder`, run it and tell what was found.

    Raises
    ------
    OutputError
        E551 if the target is a file; E552 if its run folder holds work that is not the run's own.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(Problem("E551", params={"path": folder.name}))
    folder.mkdir(parents=True, exist_ok=True)
    progress("simulate")
    data, plan = folder / "answers-simulated.xlsx", folder / "plan.toml"
    instrument = load_instrument(INSTRUMENT)
    answers = simulate(instrument, model_for(INSTRUMENT), n=N, seed=SEED, miskeyed=(MISKEYED,))
    write_wjx(answers, instrument, data)
    write_bytes(plan, resources.files("evalkit.plan").joinpath("demo.toml").read_bytes())
    found = run(plan, folder / "out", force=force, progress=progress)
    return list(_story(found, data, folder / "out", lang))


def _story(found: Run, data: Path, out: Path, lang: str) -> Iterator[str]:
    from evalkit.report import sentences

    sample = found.sample
    yield text_of("demo.file", lang, path=str(data), rows=len(sample.complete))
    yield text_of("demo.trouble", lang)
    keyed = [p for o in found.outcomes if o.step.do == "reliability" for p in o.problems if p.severity == "warning"]
    yield from ("  · " + say(problem, lang) for problem in keyed)
    for exclusion in sample.exclusions:
        yield "  · " + text_of("run.excluded", lang, reason=exclusion.reason.text(lang), n=exclusion.n)
    yield text_of("run.rows", lang, loaded=len(sample.complete), used=len(sample.used))
    yield text_of("demo.result", lang)
    yield "  " + sentences("mediate", found["tension"])[0].text(lang)
    yield text_of("demo.written", lang)
    for name in ("report.html", f"tables-{lang}.xlsx", f"tables-{lang}.docx"):
        yield f"  {(out / name).resolve()}"
    yield text_of("demo.next", lang)
