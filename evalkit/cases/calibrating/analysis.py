"""Cases with raw measures in, memberships out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit.cases.calibrating import methods
from evalkit.cases.calibrating.result import CalibrationResult, Made
from evalkit.cases.calibrating.rules import Rule, rules_of
from evalkit.cases.quantitising.material import id_text, material_of
from evalkit.cases.quantitising.measures import pooling_problems
from evalkit.cases.quantitising.origins import Origin, coded_measure, read_coded
from evalkit.contract import AnalysisError, Problem, attach, codebook_of, label_of, require_columns
from evalkit.moments import number_matrix


def calibrate_sets(
    data: pd.DataFrame,
    *,
    calibration: pd.DataFrame | Mapping[str, Mapping[str, Any]],
    case: str | None = None,
    likely: float = 0.1,
    codings: pd.DataFrame | None = None,
    sources: pd.DataFrame | None = None,
    codebook: pd.DataFrame | None = None,
    round: str | None = None,
) -> CalibrationResult:
    """Turn measures of cases into memberships in sets.

    Parameters
    ----------
    data : DataFrame
        One row a case.
    calibration : DataFrame or mapping
        One line a set. `from`: a column of data (`survey:`, `attribute:` or `rating:` may stand before it), or what
        is made of codings: `code:E.4 share_of_sources` by the rules of `quantitise`, default presence;
        `count_of:E.1,E.2,E.3`, how many of these codes a case has, of one code how many of those below it, with
        `share` behind divided by their number. `type`: `crisp`, `multi_value`, `direct`, `linear`, `indirect`,
        `as_is` (a `rating:` without anchors is so). `e`, `c`, `i`: full exclusion, crossover, full inclusion; `i` below
        `e` for a falling set. Or `cuts`; `direction` (`falling` for crisp sets below a cut), `idm` (membership at `i`),
        `std_error` (column), `expectation`, `rationale`.
    case : str, optional
        Column of case ids; default the row index.
    likely : float
        Chance of crossing 0.5 from which a case is named in a notice.
    codings, sources, codebook : DataFrame, optional
        What `code:` and `count_of:` are made of, as in `quantitise`; codes below a code count for it.
    round : str, optional
        Round of the codings; by default each source counts with its consensus, else with its last round.

    Returns
    -------
    CalibrationResult
        `.data` holds the memberships beside the columns of the cases. A missing measure is a missing membership.

    Raises
    ------
    AnalysisError
        E600, E610 for columns; E6465-E6467, E6680 for a line of the calibration; E6468 for a membership taken as it
        is that lies outside 0 to 1; E614 for `likely`; E6681 for `code:` without codings; as `quantitise` for them.

    Notes
    -----
    Ragin (2008), Redesigning social inquiry, chapters 4 and 5. A membership of exactly 0.5 says nothing; `qca`
    refuses it, here a notice names the cases.
    """
    if not 0 < likely <= 0.5:
        raise AnalysisError(Problem("E614", params={"option": "likely", "value": likely}))
    rules = rules_of(calibration, [str(c) for c in data.columns])
    if codings is None:  # a column may have the name that stands behind `code:`
        rules = tuple(_in_columns(rule, data) for rule in rules)
    wanted = [c for rule in rules for c in (None if rule.origin.coded else rule.source, rule.std_error) if c]
    require_columns(data, [*dict.fromkeys(wanted), *([case] if case else [])])
    data = attach(data, codebook_of(data))
    named = data[case] if case else pd.Series(data.index, index=data.index)
    ids = tuple(named.map(str))
    material = None
    if codings is not None and any(rule.origin.coded for rule in rules):
        material = material_of(codings, sources, codebook, cases=list(named.map(id_text)), round_=round)
    labels = {rule.source: label_of(data, rule.source) for rule in rules if not rule.origin.coded}
    made, ways = [], []
    for rule in rules:
        if material is not None and rule.origin.coded:
            coded = read_coded(rule.origin, material.entries)
            x, labels[rule.source] = coded_measure(coded, material), coded.label
            ways += [] if coded.counts_codes else [coded.rule]
        else:
            x = number_matrix(data, [rule.source])[:, 0]
        made.append(_made(data, rule, x))
    told = () if material is None else (*material.notices, *pooling_problems(material, ways))
    out = data.assign(**{m.rule.name: m.membership for m in made})
    return CalibrationResult(
        data=out,
        cases=ids,
        sets=tuple(made),
        likely=likely,
        labels=labels,
        round_note=None if material is None else material.round_note,
        n_obs=len(data),
        notices=(*told, *_notices(made, ids, likely)),
    )


def _in_columns(rule: Rule, data: pd.DataFrame) -> Rule:
    """The same rule on a column; E6681 where codings are wanted and not given."""
    if not rule.origin.coded:
        return rule
    if rule.origin.kind == "code" and rule.origin.name in data:
        return replace(rule, source=rule.origin.name, origin=Origin("", rule.origin.name))
    raise AnalysisError(Problem("E6681", params={"name": rule.name, "value": rule.source}))


def _made(data: pd.DataFrame, rule: Rule, x: np.ndarray) -> Made:
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


def _notices(made: Sequence[Made], ids: tuple[str, ...], likely: float) -> list[Problem]:
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
