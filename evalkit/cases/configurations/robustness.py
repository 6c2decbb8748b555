"""How far a solution stands when cut-offs move, and how far alternative solutions agree with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evalkit.cases.configurations.measures import consistency, coverage
from evalkit.cases.configurations.truth_table import REMAINDER, TOLERANCE, Cuts, TruthTable

Solve = Callable[[Cuts], frozenset[frozenset[tuple[int, ...]]]]
"""Cut-offs in, the models as sets of terms out."""


@dataclass(frozen=True)
class Range:
    """Cut-offs between which the models stay as they are; None where no bound was found."""

    name: str
    value: float
    low: float | None
    high: float | None


def consistency_range(table: TruthTable, cuts: Cuts, solve: Solve) -> Range:
    """The consistency cut-offs that give the same models.

    Only the consistency of a row can change its verdict, so that it is enough to try a cut-off just at each row.
    """
    steps = np.unique(table.consistency[(table.out != REMAINDER) & np.isfinite(table.consistency)])
    own = solve(cuts)

    def same(cut: float) -> bool:
        return solve(replace(cuts, consistency=float(cut))) == own

    low, high = cuts.consistency, cuts.consistency
    for step in steps[steps >= cuts.consistency - TOLERANCE]:
        if not same(step):
            break
        high = float(step)
    else:
        # Above the highest row nothing is sufficient; only a solution without rows can stay up to 1.
        high = 1.0 if same(1.0) else high
    previous = cuts.consistency
    for step in steps[steps < cuts.consistency - TOLERANCE][::-1]:
        # Between this row's consistency and the next higher one the verdicts do not change.
        low = float(step)
        if not same(step):
            break
        previous = low
    else:
        low = 0.0 if same(previous) else previous
    return Range("consistency", cuts.consistency, low, high)


def frequency_range(table: TruthTable, cuts: Cuts, solve: Solve) -> Range:
    """The frequency cut-offs that give the same models; tried from 1 to the fullest row."""
    own = solve(cuts)
    low = high = cuts.frequency
    while low > 1 and solve(replace(cuts, frequency=low - 1)) == own:
        low -= 1
    while high < table.n.max() and solve(replace(cuts, frequency=high + 1)) == own:
        high += 1
    return Range("frequency", cuts.frequency, low, high)


@dataclass(frozen=True)
class RobustnessFit:
    """Oana & Schneider (2021), Sociological Methods & Research: the first solution against alternatives."""

    core_consistency: float
    core_coverage: float
    consistency: float
    coverage: float
    smallest: float
    largest: float


def robustness_fit(first: np.ndarray, others: Sequence[np.ndarray], outcome: np.ndarray) -> RobustnessFit:
    """Fit of the robust core, the membership shared by all solutions.

    Parameters
    ----------
    first, others : ndarray, shape (n,)
        Memberships in the solution reported and in those of other cut-offs or calibrations.
    """
    least, most = np.min(others, axis=0), np.max(others, axis=0)
    core = np.minimum(first, least)
    core_consistency, core_coverage = float(consistency(core, outcome)), float(coverage(core, outcome))
    return RobustnessFit(
        core_consistency,
        core_coverage,
        float(consistency(first, outcome)) / core_consistency,
        core_coverage / float(coverage(first, outcome)),
        float(np.minimum(first, least).sum() / np.maximum(first, least).sum()),
        float(np.minimum(first, most).sum() / np.maximum(first, most).sum()),
    )
