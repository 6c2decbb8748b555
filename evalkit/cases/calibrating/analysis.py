"""Cases with raw measures in, memberships out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evalkit.cases.calibrating import methods
from evalkit.cases.calibrating.result import CalibrationResult, Made
from evalkit.cases.calibrating.rules import Rule, rules_of
from evalkit.contract import AnalysisError, Problem, attach, codebook_of, label_of, require_columns
from evalkit.moments import number_matrix


def calibrate_sets(
    data: pd.DataFrame,
    *,
    calibration: pd.DataFrame | Mapping[str, Mapping[str, Any]],
    case: str | None = None,
    likely: float = 0.1,
) -> CalibrationResult:
    """Turn measures of cases into memberships in sets.

    Parameters
    ----------
    data : DataFrame
        One row a case.
    calibration : DataFrame or mapping
        One line a set: `from` (a column of data; `survey:`, `code:` or `attribute:` may stand before it), `type`
        (`crisp`, `multi_value`, `direct`, `linear`, `indirect`, `as_is`), `e`, `c`, `i` (full exclusion, crossover,
        full inclusion; `i` below `e` for a falling set) or `cuts`, `direction` (`falling` for crisp sets below a
        cut), `idm` (membership at `i`), `std_error` (column), `expectation`, `rationale`.
    case : str, optional
        Column of case ids; default the row index.
    likely : float
        Chance of crossing 0.5 from which a case is named in a notice.

    Returns
    -------
    CalibrationResult
        `.data` holds the memberships beside the columns of the cases. A missing measure is a missing membership.

    Raises
    ------
    AnalysisError
        E600, E610 for columns; E6465-E6467 for a line of the calibration; E6468 for a membership taken as it is that
        lies outside 0 to 1; E614 for `likely`.

    Notes
    -----
    Ragin (2008), Redesigning social inquiry, chapters 4 and 5. A membership of exactly 0.5 says nothing; `qca`
    refuses it, here a notice names the cases.
    """
    if not 0 < likely <= 0.5:
        raise AnalysisError(Problem("E614", params={"option": "likely", "value": likely}))
    rules = rules_of(calibration)
    wanted = [c for rule in rules for c in (rule.source, rule.std_error) if c]
    require_columns(data, [*dict.fromkeys(wanted), *([case] if case else [])])
    data = attach(data, codebook_of(data))
    ids = tuple((data[case] if case else pd.Series(data.index, index=data.index)).map(str))
    made = tuple(_made(data, rule) for rule in rules)
    out = data.assign(**{m.rule.name: m.membership for m in made})
    return CalibrationResult(
        data=out,
        cases=ids,
        sets=made,
        likely=likely,
        labels={m.rule.source: label_of(data, m.rule.source) for m in made},
        n_obs=len(data),
        notices=tuple(_notices(made, ids, likely)),
    )


def _made(data: pd.DataFrame, rule: Rule) -> Made:
    x = number_matrix(data, [rule.source])[:, 0]
    error = number_matrix(data, [rule.std_error])[:, 0] if rule.std_error else np.full(len(x), np.nan)
    membership = _membership(x, rule)
    if rule.type == "as_is" and ((membership < 0) | (membership > 1)).any():
        raise AnalysisError(Problem("E6468", params={"name": rule.name}))
    return Made(rule, x, membership, methods.crossing(x, rule.middle, error))


def _membership(x: np.ndarray, rule: Rule) -> np.ndarray:
    if rule.type == "direct":
        return methods.direct(x, rule.out, rule.crossover, rule.full, rule.idm)
    if rule.type == "linear":
        return methods.linear(x, rule.out, rule.crossover, rule.full)
    if rule.type == "indirect":
        return methods.indirect(x, rule.cuts, rule.falling)
    return x if rule.type == "as_is" else methods.crisp(x, rule.cuts, rule.falling)


def _notices(made: tuple[Made, ...], ids: tuple[str, ...], likely: float) -> list[Problem]:
    found = []
    for m in made:
        half = [ids[i] for i in np.flatnonzero(m.membership == 0.5)]
        if half and m.rule.type != "multi_value":
            found.append(Problem("W6469", params={"name": m.rule.name, "cases": half}))
        close = [ids[i] for i in np.flatnonzero(m.crossing >= likely)]
        if close:
            found.append(Problem("W6470", params={"name": m.rule.name, "cases": close, "share": f"{100 * likely:g}"}))
        if m.rule.type != "as_is" and not m.rule.rationale:
            found.append(Problem("N6471", params={"name": m.rule.name}))
    return found
