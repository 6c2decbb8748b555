"""Cases with memberships in, a QcaResult out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evalkit.cases.configurations.case_types import case_types
from evalkit.cases.configurations.result import QcaResult
from evalkit.cases.configurations.robustness import consistency_range, frequency_range
from evalkit.cases.configurations.sample import Cases, read_cases
from evalkit.cases.configurations.solutions import KINDS, Solution, solutions
from evalkit.cases.configurations.terms import Conditions
from evalkit.cases.configurations.truth_table import REMAINDER, YES, Cuts, TruthTable, truth_table
from evalkit.contract import AnalysisError, Problem

MOST_CONDITIONS = 5
FIGURES = ("xy", "radar")


def qca(
    data: pd.DataFrame,
    *,
    outcome: str,
    conditions: Sequence[str],
    case: str | None = None,
    consistency: float = 0.8,
    pri: float = 0.0,
    frequency: int = 1,
    contradiction: float | None = None,
    expectations: Mapping[str, Any] | None = None,
    multi_value: Sequence[str] = (),
    necessary: Sequence[str] = (),
    exclude: Sequence[str] = (),
    enhanced: bool = False,
    solution: str = "intermediate",
    figure: str | None = None,
    robustness: bool = True,
    override: bool = False,
) -> QcaResult:
    """Combinations of conditions that are sufficient for an outcome.

    Parameters
    ----------
    data : DataFrame
        One row a case. Memberships from 0 to 1 (crisp or fuzzy); conditions named in `multi_value` hold 0, 1, 2, ...
    outcome : str
        A column; `~Y` explains its absence.
    conditions : sequence of str
    case : str, optional
        Column of case ids; default the row index.
    consistency, pri, frequency : float, float, int
        What a row of the truth table needs to count as sufficient; rows with fewer cases are remainders.
    contradiction : float, optional
        Rows from here up to `consistency` are contradictory (C) and stay unexplained.
    expectations : mapping, optional
        Condition -> the value it is expected to contribute with (1 present, 0 absent; `none` for no expectation).
        Without any the intermediate solution is the conservative one, and a notice says so.
    multi_value : sequence of str
        Conditions with more than two values.
    necessary : sequence of str
        Expressions held to be necessary, e.g. `LIT` or `A + B`: remainders outside them are no counterfactuals.
    exclude : sequence of str
        Expressions of impossible or untenable combinations, e.g. `PREG*~FEMALE`: those remainders are barred.
    enhanced : bool
        Bar remainders that the parsimonious solutions of the outcome and of its absence both use (contradictory
        simplifying assumptions), and rows sufficient for both.
    solution : str
        The one that is printed as table S4: `conservative`, `parsimonious` or `intermediate`.
    figure : str, optional
        `xy` (membership in the first model against the outcome) or `radar` (its paths; two-valued conditions only).
        Default: the plot where a membership lies between 0 and 1; of crisp sets, whose points all lie in the
        corners, the radars.
    robustness : bool
        Look for the ranges of the cut-offs that leave the printed solution as it is.
    override : bool
        Needed for more than five conditions.

    Returns
    -------
    QcaResult
        All tied models of all three solutions.

    Raises
    ------
    AnalysisError
        E600 for a column; E614 for an option; E6450-E6454 for what cannot be compared (`read_cases`); E6455 for too
        many conditions; E6456 for an expression that cannot be read; E6457 for an expectation.

    Notes
    -----
    Ragin (2008), Redesigning social inquiry; Schneider & Wagemann (2012), Set-theoretic methods for the social
    sciences. Rows are minimised exactly and every tied model is kept.
    """
    _check(consistency, pri, frequency, contradiction, solution, figure if not multi_value or figure != "radar" else "")
    names = [conditions] if isinstance(conditions, str) else list(conditions)
    multi_value = [multi_value] if isinstance(multi_value, str) else list(multi_value)
    if len(names) > MOST_CONDITIONS and not override:
        raise AnalysisError(Problem("E6455", params={"k": len(names), "rows": 2 ** len(names), "n": len(data)}))
    cases = read_cases(data, outcome, names, case, multi_value)
    cuts = Cuts(consistency, pri, frequency, contradiction)
    expected = _expectations(expectations or {}, cases.conditions)
    table = truth_table(cases.conditions, cases.outcome, cuts)
    barred = _barred(table, cases, cuts, necessary, exclude, enhanced)
    found = solutions(table, expected, barred)

    def solve(other: Cuts) -> frozenset[frozenset[tuple[int, ...]]]:
        again = truth_table(cases.conditions, cases.outcome, other)
        return frozenset(m.terms for m in solutions(again, expected, barred)[solution].models)

    stable = robustness and bool(found[solution].models)
    ranges = (consistency_range(table, cuts, solve), frequency_range(table, cuts, solve)) if stable else ()
    return QcaResult(
        cases=cases,
        cuts=cuts,
        table_=table,
        solutions=found,
        printed=solution,
        drawn=figure,
        expectations={cases.conditions.names[j]: v for j, v in expected.items()},
        barred=tuple(int(r) for r in barred),
        types=tuple(case_types(m.membership, cases.outcome) for m in found[solution].models),
        ranges=ranges,
        n_obs=len(cases.names),
        dropped=cases.dropped,
        notices=tuple(_notices(table, found, expected, len(cases.names))),
    )


def _check(
    consistency: float, pri: float, frequency: int, contradiction: float | None, solution: str, figure: str | None
) -> None:
    bad = {
        "consistency": None if 0 < consistency <= 1 else consistency,
        "pri": None if 0 <= pri <= 1 else pri,
        "frequency": None if frequency >= 1 else frequency,
        "contradiction": None if contradiction is None or 0 < contradiction < consistency else contradiction,
        "solution": None if solution in KINDS else solution,
        "figure": None if figure is None or figure in FIGURES else figure,
    }
    problems = [Problem("E614", params={"option": k, "value": v}) for k, v in bad.items() if v is not None]
    if problems:
        raise AnalysisError(problems)


def _expectations(given: Mapping[str, Any], conditions: Conditions) -> dict[int, int]:
    found, problems = {}, []
    for name, value in given.items():
        if isinstance(value, str) and value.strip() in ("none", "-", ""):
            continue
        known = name in conditions.names
        level = conditions.levels[conditions.names.index(name)] if known else 0
        if not known or not str(value).strip().isdigit() or int(value) >= level:
            problems.append(Problem("E6457", params={"name": name, "value": value, "names": list(conditions.names)}))
        else:
            found[conditions.names.index(name)] = int(value)
    if problems:
        raise AnalysisError(problems)
    return found


def _barred(
    table: TruthTable, cases: Cases, cuts: Cuts, necessary: Sequence[str], exclude: Sequence[str], enhanced: bool
) -> np.ndarray:
    """Rows that may not be counterfactuals (remainders), or sufficient for the outcome and its absence alike."""
    conditions = table.conditions
    remainder = table.out == REMAINDER
    bar = np.zeros(len(table.n), dtype=bool)
    for text in (necessary,) if isinstance(necessary, str) else necessary:
        bar |= remainder & ~_rows(conditions, text)
    for text in (exclude,) if isinstance(exclude, str) else exclude:
        bar |= remainder & _rows(conditions, text)
    if enhanced:
        absent = truth_table(conditions, 1 - cases.outcome, cuts)
        bar |= (table.out == YES) & (absent.out == YES)
        own, other = (
            {r for m in solutions(t, {}, np.flatnonzero(bar))["parsimonious"].models for r in m.simplifying}
            for t in (table, absent)
        )
        bar[sorted(own & other)] = True
    return np.flatnonzero(bar)


def _rows(conditions: Conditions, text: str) -> np.ndarray:
    terms = conditions.parse(text)
    if terms is None:
        raise AnalysisError(Problem("E6456", params={"text": text, "names": list(conditions.names)}))
    return np.any([conditions.covers(t) for t in terms], axis=0)


def _notices(table: TruthTable, found: Mapping[str, Solution], expected: Mapping[int, int], n: int) -> list[Problem]:
    notices = [
        Problem("N6458", params={"rows": len(table.n), "filled": int((table.n > 0).sum()), "n": n}),
    ]
    if len(table.n) > n:
        notices.append(Problem("W6459", params={"k": table.conditions.k, "rows": len(table.n), "n": n}))
    if not expected:
        notices.append(Problem("W6460"))
    if not len(table.rows(YES)):
        notices.append(Problem("W6461"))
    tied = {kind: len(s.models) for kind, s in found.items() if len(s.models) > 1}
    notices += [Problem("N6462", params={"kind": kind, "n": k}) for kind, k in tied.items()]
    notices += [Problem("W6463", params={"kind": kind, "n": len(s.models)}) for kind, s in found.items() if s.more]
    return notices
