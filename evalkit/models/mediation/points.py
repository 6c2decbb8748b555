"""Moderators of a path model with the values at which effects are given, and the centring of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem
from evalkit.models.fit import weighted_sd
from evalkit.models.matrix import code_text
from evalkit.models.mediation.path_call import PathCall, is_nominal
from evalkit.models.mediation.routes import Moderator, Point, descendants
from evalkit.moments import quantile

PERCENTILES = (16, 50, 84)
"""About one SD below the mean, the middle, one SD above, whatever the shape of the distribution."""

CENTRE_PRODUCTS = "products"
"""`centre`: every numeric variable that stands in a product."""


def moderator_names(call: PathCall) -> tuple[str, ...]:
    """Variables that stand in a product with an x or with what it leads to, in the order of the equations."""
    owner = {column: name for name, columns in call.columns.items() for column in columns}
    found: dict[str, None] = {}
    for x in call.x:
        below = {x, *descendants(call.system, x)}
        for equation in call.system.equations:
            for term in equation.terms:
                if below & set(term.factors):
                    found |= {owner[name]: None for name in term.factors if name not in below}
    return tuple(found)


def centred(call: PathCall, values: np.ndarray, weights: np.ndarray | None, centre: str | Sequence[str]) -> np.ndarray:
    """Mean of every column that is centred, 0 of the others, shape (k,).

    Raises
    ------
    AnalysisError
        E6161 for a name that is not in the model or is nominal.
    """
    if centre == CENTRE_PRODUCTS:
        factors = {f for e in call.system.equations for t in e.terms if len(t.factors) > 1 for f in t.factors}
        names = [n for n, columns in call.columns.items() if len(columns) == 1 and columns[0] in factors]
        names = [n for n in names if n not in call.references]
    else:
        names = [centre] if isinstance(centre, str) else list(centre)
    wrong = [n for n in names if n not in call.columns or n in call.references]
    if wrong:
        raise AnalysisError(Problem("E6161", params={"names": wrong}))
    out = np.zeros(values.shape[1])
    for name in names:
        j = call.system.places[call.columns[name][0]]
        out[j] = np.average(values[:, j], weights=weights) if len(values) else 0.0
    return out


def moderators_at(
    call: PathCall,
    data: pd.DataFrame,
    rows: np.ndarray,
    means: np.ndarray,
    weights: np.ndarray | None,
    at: Mapping[str, Any],
) -> tuple[Moderator, ...]:
    """The moderators with their points.

    Parameters
    ----------
    rows : ndarray of int
        Rows of the data that are used.
    means : ndarray, shape (k,)
        What was subtracted from each column.
    at : mapping
        Moderator -> `sd` (mean and one SD each side, the default), `percentiles` (16, 50, 84) or numbers; a moderator
        of two values or categories is given at these.

    Raises
    ------
    AnalysisError
        E6166 for a name that is no moderator, E6167 for values that are no numbers or of a nominal moderator, E6168
        for percentiles under sampling weights.
    """
    names = moderator_names(call)
    stray = [name for name in at if name not in names]
    if stray:
        raise AnalysisError(Problem("E6166", params={"names": stray, "known": list(names)}))
    found = []
    for name in names:
        columns = call.columns[name]
        if is_nominal(data, name):
            if name in at:
                raise AnalysisError(Problem("E6167", params={"name": name}))
            found.append(Moderator(name, columns, _categories(data[name].to_numpy()[rows], name, columns), True))
            continue
        j = call.system.places[columns[0]]
        shown = _values(name, call.values[rows, j], weights, at.get(name))
        points = tuple(Point(id, ((columns[0], value - means[j]),), value) for id, value in shown)
        found.append(Moderator(name, columns, points))
    return tuple(found)


def _values(name: str, values: np.ndarray, weights: np.ndarray | None, wanted: Any) -> list[tuple[str, float]]:
    if isinstance(wanted, (list, tuple)):
        if not wanted or not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in wanted):
            raise AnalysisError(Problem("E6167", params={"name": name}))
        return [(f"{v:g}", float(v)) for v in dict.fromkeys(wanted)]
    if wanted not in (None, "sd", "percentiles"):
        raise AnalysisError(Problem("E6167", params={"name": name}))
    distinct = np.unique(values)
    if len(distinct) <= 2:
        return [(code_text(float(v)), float(v)) for v in distinct]
    if wanted == "percentiles":
        if weights is not None:
            raise AnalysisError(Problem("E6168", params={"name": name}))
        found = quantile(values, np.array(PERCENTILES) / 100, kind=6)
        return [(f"p{p}", float(v)) for p, v in zip(PERCENTILES, found, strict=True)]
    mean, sd = float(np.average(values, weights=weights)), weighted_sd(values, weights)
    return [("low", mean - sd), ("mean", mean), ("high", mean + sd)]


def _categories(answers: np.ndarray, name: str, columns: tuple[str, ...]) -> tuple[Point, ...]:
    """The reference category (all dummies 0), then the others."""
    own = {column.rpartition(".")[2]: column for column in columns}
    codes = dict.fromkeys(code_text(a) if isinstance(a, str) else code_text(float(a)) for a in answers)
    reference = [code for code in codes if code not in own]
    points = [Point(code, tuple((c, 0.0) for c in columns), float("nan")) for code in reference[:1]]
    for code, column in own.items():
        points.append(Point(code, tuple((c, float(c == column)) for c in columns), float("nan")))
    return tuple(points)
