"""What a run gives back: an outcome a step, verdicts, and the account of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.contract import GLOSSARY, AnalysisError, Problem, Result, quantity
from evalkit.descriptive.withheld import Withheld
from evalkit.plan.flow import Sample
from evalkit.plan.hypotheses import Verdict
from evalkit.plan.model import Plan, Step

if TYPE_CHECKING:
    from evalkit.studies.families import FamilyResult


@dataclass(frozen=True)
class Outcome:
    """What became of one step: a result, or the problems that kept it from one."""

    step: Step
    arguments: Mapping[str, Any]
    result: Result | None
    problems: tuple[Problem, ...]
    n_rows: int
    seed: int | None
    seconds: float


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run. `run["med"]` is the result of the step `med`."""

    plan: Plan
    sample: Sample
    outcomes: tuple[Outcome, ...]
    verdicts: tuple[Verdict, ...] = ()
    families: Mapping[str, FamilyResult] = field(default_factory=lambda: MappingProxyType({}))
    out: Path | None = None
    files: tuple[str, ...] = field(default=())

    def __getitem__(self, step: str) -> Result:
        return self.results[step]

    @property
    def results(self) -> Mapping[str, Result]:
        return MappingProxyType({o.step.id: o.result for o in self.outcomes if o.result is not None})

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """Steps that gave no result, or one in which no number could be computed."""
        return tuple(o for o in self.outcomes if o.result is None or not _says_something(o.result))

    @property
    def exit_code(self) -> int:
        return AnalysisError.exit_code if self.failures else 0


def _says_something(result: Result) -> bool:
    """Whether there is a number in it besides counts and degrees of freedom, or counts and nothing amiss."""
    if result.n_obs == 0:
        return False
    if isinstance(result, Withheld):
        return _says_something(result.result)  # hidden is not failed
    tidy = result.tidy()
    names = [n for n in tidy.columns if n in GLOSSARY and quantity(n) not in ("text", "count", "df")]
    counts = [n for n in tidy.columns if n in GLOSSARY and quantity(n) == "count" and n != "n_obs"]
    counted = not result.notices and bool(np.isfinite(tidy[counts].to_numpy(float)).any())
    return counted or bool(np.isfinite(tidy[names].to_numpy(float)).any())
