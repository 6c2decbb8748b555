"""Cases with raw measures and their calibration in, a QcaRobustnessResult out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit.cases.anchors.result import QcaRobustnessResult, Reach
from evalkit.cases.anchors.search import Attempt, bound
from evalkit.cases.calibrating import CalibrationResult, methods
from evalkit.cases.calibrating.result import Made
from evalkit.cases.calibrating.rules import Rule
from evalkit.cases.configurations import QcaResult, qca
from evalkit.cases.configurations.robustness import robustness_fit
from evalkit.cases.configurations.solutions import solutions
from evalkit.cases.configurations.terms import Conditions
from evalkit.cases.configurations.truth_table import Cuts, truth_table
from evalkit.contract import AnalysisError, Problem

ANCHORS = {"e": "out", "c": "crossover", "i": "full"}
_BEYOND = 1e-6
"""How far past a bound of the consistency cut-off the alternative is taken."""


@dataclass(frozen=True, eq=False)
class Base:
    """The solution as reported, and what is needed to solve it anew."""

    found: QcaResult

    def solve(self, memberships: np.ndarray, cuts: Cuts) -> Attempt | None:
        """Models and membership for other memberships (cases, conditions and outcome); None at exactly 0.5."""
        two = [j for j, levels in enumerate((*self.found.cases.conditions.levels, 2)) if levels == 2]
        if (memberships[:, two] == 0.5).any():
            return None
        of = self.found.cases.conditions
        y = 1 - memberships[:, -1] if self.found.cases.negated else memberships[:, -1]
        table = truth_table(Conditions(of.names, memberships[:, :-1], of.levels), y, cuts)
        expected = {of.names.index(name): value for name, value in self.found.expectations.items()}
        models = solutions(table, expected, np.array([], dtype=int))[self.found.printed].models
        membership = models[0].membership if models else np.zeros(len(y))
        return Attempt(frozenset(m.terms for m in models), membership)

    @property
    def memberships(self) -> np.ndarray:
        """Conditions, then the outcome as its column holds it, shape (n, k + 1)."""
        cases = self.found.cases
        return np.column_stack([cases.conditions.values, 1 - cases.outcome if cases.negated else cases.outcome])


def qca_robustness(
    data: pd.DataFrame,
    *,
    outcome: str,
    conditions: Sequence[str],
    calibration: CalibrationResult | None = None,
    case: str | None = None,
    consistency: float = 0.8,
    pri: float = 0.0,
    frequency: int = 1,
    expectations: Mapping[str, Any] | None = None,
    multi_value: Sequence[str] = (),
    solution: str = "intermediate",
    steps: int = 20,
    override: bool = False,
) -> QcaRobustnessResult:
    """Move each anchor of the calibration and each cut-off until the solution changes, and compare what follows.

    Parameters
    ----------
    data : DataFrame
        One row a case, with memberships; `calibration.data` where there is a calibration.
    outcome, conditions, case, consistency, pri, frequency, expectations, multi_value, solution, override
        As in `qca`.
    calibration : CalibrationResult, optional
        What `calibrate_sets` gave; its `crisp`, `direct` and `linear` sets are moved. Without it only cut-offs are.
    steps : int
        Places tried on each side of an anchor: `e` and `i` up to one gap to the crossover outwards, all anchors
        inwards up to their neighbour; a crisp cut moves between the observed values. A change that is undone
        between two places is not seen.

    Returns
    -------
    QcaRobustnessResult
        Ranges, the fit of the core shared with the alternatives just outside them, and what each case is to it.

    Raises
    ------
    AnalysisError
        As `qca`; E614 for `steps`; E6760 where the solution as reported has no model; E6761 where `data` has other
        rows than the calibration; E6762 for a calibration that is no result of `calibrate_sets`.

    Notes
    -----
    Oana & Schneider (2021), Sociological Methods & Research, A robustness test protocol for applied QCA: sensitivity
    ranges, fit-oriented and case-oriented robustness. All numbers but one stay as they are for each range.
    """
    if steps < 2:
        raise AnalysisError(Problem("E614", params={"option": "steps", "value": steps}))
    if calibration is not None and not isinstance(calibration, CalibrationResult):
        raise AnalysisError(Problem("E6762"))
    found = qca(
        data, outcome=outcome, conditions=conditions, case=case, consistency=consistency, pri=pri,
        frequency=frequency, expectations=expectations, multi_value=multi_value, solution=solution, override=override,
    )  # fmt: skip
    if not found.models:
        raise AnalysisError(Problem("E6760", params={"outcome": found.cases.outcome_text}))
    base = Base(found)
    own = Attempt(frozenset(m.terms for m in found.models), found.models[0].membership)
    reaches, beyond = _cut_offs(base, own)
    for place, made in _sets(found, calibration, data):
        for anchor in _anchors(made.rule):
            reach, more = _moved(base, own, place, made, anchor, steps)
            reaches.append(reach)
            beyond += more
    others = [a.membership for a in beyond if a.models]
    return QcaRobustnessResult(
        found=found,
        reaches=tuple(reaches),
        alternatives=tuple(others),
        n_without=len(beyond) - len(others),
        fit=robustness_fit(own.membership, others, found.cases.outcome) if others else None,
        steps=steps,
        n_obs=found.n_obs,
        dropped=found.dropped,
        notices=found.notices,
    )


def _cut_offs(base: Base, own: Attempt) -> tuple[list[Reach], list[Attempt]]:
    """The ranges that `qca` finds, and the solutions just outside them."""
    reaches, beyond = [], []
    for found in base.found.ranges:
        value = getattr(base.found.cuts, found.name)
        reaches.append(Reach(found.name, "", value, found.low, found.high))
        by = 1 if found.name == "frequency" else _BEYOND
        for place, way in ((found.low, -by), (found.high, by)):
            for cut in () if place is None else (place, place + way):
                if cut <= 0 or (found.name == "consistency" and cut > 1):
                    continue
                other = base.solve(base.memberships, replace(base.found.cuts, **{found.name: cut}))
                if other is not None and other.models != own.models:
                    beyond.append(other)
                    break
    return reaches, beyond


def _sets(found: QcaResult, calibration: CalibrationResult | None, data: pd.DataFrame) -> list[tuple[int, Made]]:
    """The sets of the calibration that the solution uses, with their place among conditions and outcome."""
    if calibration is None:
        return []
    if len(calibration.data) != len(data):
        raise AnalysisError(Problem("E6761", params={"n": len(data), "made": len(calibration.data)}))
    names = (*found.cases.conditions.names, found.cases.outcome_name)
    complete = data[list(names)].notna().all(axis=1).to_numpy()
    return [
        (names.index(m.rule.name), replace(m, measure=m.measure[complete], membership=m.membership[complete]))
        for m in calibration.sets
        if m.rule.name in names and _anchors(m.rule)
    ]


def _anchors(rule: Rule) -> tuple[str, ...]:
    return ("cut",) if rule.type == "crisp" else tuple(ANCHORS) if rule.type in ("direct", "linear") else ()


def _moved(base: Base, own: Attempt, place: int, made: Made, anchor: str, steps: int) -> tuple[Reach, list[Attempt]]:
    """One anchor moved both ways."""
    rule, memberships = made.rule, base.memberships

    def attempt(value: float) -> Attempt | None:
        moved = memberships.copy()
        moved[:, place] = _membership(made, anchor, value)
        return base.solve(moved, base.found.cuts)

    if anchor == "cut":
        start = rule.cuts[0]
        seen = np.unique(made.measure)
        # A crisp set changes where the cut passes an observed value only.
        downwards, upwards = seen[seen < start][::-1], _between(seen[seen >= start])
    else:
        start = getattr(rule, ANCHORS[anchor])
        low, high = _limits(rule, anchor)
        downwards, upwards = (np.linspace(start, end, steps + 1)[1:] for end in (low, high))
    down = bound(own.models, attempt, list(downwards), start, halve=anchor != "cut")
    up = bound(own.models, attempt, list(upwards), start, halve=anchor != "cut")
    reach = Reach(rule.name, anchor, start, down.value, up.value, down.beyond is None, up.beyond is None)
    return reach, [b.beyond for b in (down, up) if b.beyond is not None]


def _between(seen: np.ndarray) -> np.ndarray:
    """Cuts that leave one observed value more below: halfway to the next."""
    return np.asarray((seen[:-1] + seen[1:]) / 2)


def _limits(rule: Rule, anchor: str) -> tuple[float, float]:
    """How far an anchor is moved: to just before its neighbour, and outwards by one gap."""
    out, middle, full = rule.out, rule.crossover, rule.full
    if anchor == "c":
        ends = (out + 0.01 * (middle - out), full + 0.01 * (middle - full))
    else:
        outer = out if anchor == "e" else full
        ends = (outer + (outer - middle), middle + 0.01 * (outer - middle))
    return min(ends), max(ends)


def _membership(made: Made, anchor: str, value: float) -> np.ndarray:
    rule = made.rule
    if anchor == "cut":
        return methods.crisp(made.measure, (value,), rule.falling)
    moved = replace(rule, **{ANCHORS[anchor]: value})
    make: Callable[..., np.ndarray] = methods.linear if rule.type == "linear" else methods.direct
    more = (rule.idm,) if rule.type == "direct" else ()
    return make(made.measure, moved.out, moved.crossover, moved.full, *more)
