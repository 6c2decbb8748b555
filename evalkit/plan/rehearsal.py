"""What a run would do, in plain words, without computing it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evalkit.contract import Label
from evalkit.plan.flow import load_sample
from evalkit.plan.reader import read_plan
from evalkit.plan.resolve import resolve_steps


def rehearse(path: str | Path, lang: str) -> Iterator[str]:
    """Rows used and left out with the reasons, then each step with what it is about.

    Raises
    ------
    InputError, InstrumentError, PlanError
        Whatever would stop the run stops the rehearsal.
    """
    plan = read_plan(path)
    sample = load_sample(plan)
    resolved = resolve_steps(plan, sample.used)
    yield Label("rehearsal.rows", used=len(sample.used), loaded=len(sample.complete)).text(lang)
    for exclusion in sample.exclusions:
        yield "  " + Label("run.excluded", reason=exclusion.reason, n=exclusion.n).text(lang)
    yield Label("rehearsal.steps", n=len(resolved), formats=list(plan.formats)).text(lang)
    for step, arguments in resolved:
        title = (step.title or Label(f"do.{step.do}")).text(lang)
        shown = ", ".join(f"{key} = {_short(value)}" for key, value in arguments.items())
        yield f"  {step.id}  {title}  {shown}"


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return text if len(text) <= 70 else text[:67] + "…"
