"""`evalkit demo`: simulated answers in the layout of a 问卷星 export, a plan, its run, and the story of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from evalkit.contract import OutputError, Problem
from evalkit.contract.words import say, text_of
from evalkit.instrument import load_instrument
from evalkit.plan.outcome import Run
from evalkit.plan.output import guard, make_folder
from evalkit.plan.run import Progress, run
from evalkit.sheets import write_bytes
from evalkit.simulation import model_for, simulate, write_wjx

INSTRUMENT = "j-community-renovation"
N = 1200
SEED = 20260101
MISKEYED = "J_GC2"
"""An item that the simulated platform delivers turned round, as happens when a question is retyped."""


def demo(folder: Path, *, lang: str, force: bool = False, progress: Progress = lambda step: None) -> list[str]:
    """Write the example into `folder`, run it and tell what was found.

    Raises
    ------
    OutputError
        E550, E551 if the folder cannot be made; E552 if its run folder holds work that is not the run's own, E575
        if its plan or data were changed since (unless `force`).
    """
    make_folder(folder)
    data, plan, out = folder / "answers-simulated.xlsx", folder / "plan.toml", folder / "out"
    guard(out, force=force)
    progress("simulate")
    files = {plan: resources.files("evalkit.plan").joinpath("demo.toml").read_bytes(), data: _answers()}
    for path, content in files.items():
        if path.exists() and not force and path.read_bytes() != content:
            raise OutputError(Problem("E575", params={"path": path.name}))
    for path, content in files.items():
        write_bytes(path, content)
    found = run(plan, out, force=force, progress=progress)
    return list(_story(found, data, out, lang))


def _answers() -> bytes:
    """The workbook, the same bytes every time."""
    instrument = load_instrument(INSTRUMENT)
    answers = simulate(instrument, model_for(INSTRUMENT), n=N, seed=SEED, miskeyed=(MISKEYED,))
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "answers.xlsx"
        write_wjx(answers, instrument, path)
        return path.read_bytes()


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
