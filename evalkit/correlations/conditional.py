"""Columns, some ordered, and numbers they depend on in; their regressions and the correlations of what is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from evalkit.correlations.bivariate import cell_probabilities, cell_slopes, pdf_slope, threshold_slopes
from evalkit.correlations.polychoric import LIMIT
from evalkit.correlations.polyserial import interval_scores
from evalkit.correlations.regressed import Regressed, regressed

_NAN = float("nan")
_ROUNDS = 12
_NEAR = 1e-8
"""A secant step this small leaves an error of the order of its product with the one before."""


@dataclass(frozen=True, eq=False)
class ConditionalCorrelations:
    """Correlations of the residuals of p columns given q numbers, estimated in two steps.

    Parameters
    ----------
    r : ndarray, shape (p, p)
        Correlations (nan for a pair without common rows).
    n_obs : int
        Rows used.
    ordinal : ndarray of bool, shape (p,)
    thresholds : tuple of ndarray
        Of each column where the numbers are zero; empty for a continuous one.
    mean, variance : ndarray, shape (p,)
        Intercepts and residual variances (divisor n) of the continuous columns; nan for ordered ones.
    slopes : ndarray, shape (p, q)
        On the residual scale of an ordered column, where the variance is 1.
    pairs : ndarray of int, shape (n_pairs, 2)
        (i, j) with i > j, the lower triangle column by column.
    at_bound : tuple of pairs
        Estimates held at the bound.
    improper : tuple of int
        Columns that the numbers foretell without error; then there is nothing else.
    columns : tuple of tuple
        What the columns of `influence` are: ("tau", j, k), ("mean", j, 0), ("slope", j, k), ("variance", j, 0),
        ("rho", i, j).
    influence : ndarray, shape (n, len(columns))
        Of each row on each estimate, weights inside; 0 where the row has no part in it.
    """

    r: np.ndarray
    n_obs: int
    ordinal: np.ndarray
    thresholds: tuple[np.ndarray, ...]
    mean: np.ndarray
    variance: np.ndarray
    slopes: np.ndarray
    pairs: np.ndarray
    at_bound: tuple[tuple[int, int], ...]
    improper: tuple[int, ...]
    columns: tuple[tuple[str, int, int], ...]
    influence: np.ndarray


def conditional_correlations(
    y: np.ndarray, ordinal: np.ndarray, x: np.ndarray, *, weights: np.ndarray | None = None
) -> ConditionalCorrelations:
    """Regress columns on x, then correlate what is left of them.

    Ordered columns have a probit, continuous ones a linear regression; two ordered residuals correlate as those behind
    their categories (polychoric), one of each polyserially, each correlation by maximum likelihood given the
    regressions.

    Parameters
    ----------
    y : ndarray, shape (n, p)
        nan where missing: each estimate from the rows that have its columns.
    ordinal : ndarray of bool, shape (p,)
    x : ndarray, shape (n, q)
        Complete, q at least 1; no column constant or a combination of others.
    weights : ndarray, shape (n,), optional

    Notes
    -----
    Muthén (1984), Psychometrika 49, 115-132: information matrices are outer products of the scores, and the covariance
    matrix of all estimates follows from the influence of the rows on both steps.
    """
    ordinal = np.asarray(ordinal, dtype=bool)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    w = np.where(np.isnan(y).all(axis=1), 0.0, w)
    n_obs = int(np.sum(w > 0))
    w = w * (n_obs / w.sum())
    centre, scale = x.mean(axis=0), x.std(axis=0)
    given = (x - centre) / scale
    parts = [regressed(y[:, j], given, w, bool(ordinal[j]), n_obs) for j in range(y.shape[1])]
    p, q = y.shape[1], x.shape[1]
    low, high = np.triu_indices(p, 1)
    improper = tuple(j for j, part in enumerate(parts) if not part.proper)
    r, influence, at_bound = np.eye(p), [], []
    for i, j in zip(high.tolist(), low.tolist(), strict=True):
        if improper:
            break
        r[i, j], moved, bound = _pair(parts[i], parts[j], w, n_obs)
        r[j, i] = r[i, j]
        influence.append(moved[:, None])
        at_bound += [(i, j)] if bound else []
    names, first, values = _in_units(parts, centre, scale)
    at = {name: k for k, name in enumerate(names)}
    tau = [[values[at["tau", j, k]] for k in range(part.n_cuts)] for j, part in enumerate(parts)]
    mean, variance = (np.array([_value(values, at, part, j) for j in range(p)]) for part in ("mean", "variance"))
    slopes = np.array([[values[at["slope", j, k]] for k in range(q)] for j in range(p)])
    columns = (*names, *(("rho", i, j) for i, j in zip(high.tolist(), low.tolist(), strict=True)))
    whole = np.empty((len(y), 0)) if improper else np.hstack([*first, *influence])
    return ConditionalCorrelations(
        r, n_obs, ordinal, tuple(np.array(t, dtype=float) for t in tau), mean, variance, slopes,
        np.column_stack([high, low]), tuple(at_bound), improper, columns, whole,
    )  # fmt: skip


def _value(values: np.ndarray, at: dict[tuple[str, int, int], int], part: str, j: int) -> float:
    return float(values[at[part, j, 0]]) if (part, j, 0) in at else _NAN


def _in_units(
    parts: list[Regressed], centre: np.ndarray, scale: np.ndarray
) -> tuple[list[tuple[str, int, int]], list[np.ndarray], np.ndarray]:
    """Names, influence and values of all regressions, brought from standardised numbers to the units of x."""
    q = len(centre)
    names: list[tuple[str, int, int]] = []
    influence, values = [], []
    for j, part in enumerate(parts):
        m = len(part.theta)
        first = part.n_cuts if part.ordered else 1
        turn = np.eye(m)
        slopes = slice(first, first + q)
        turn[slopes, slopes] = np.diag(1 / scale)
        turn[:first, slopes] = (centre / scale) * (1.0 if part.ordered else -1.0)
        names += [("tau", j, k) for k in range(part.n_cuts)] if part.ordered else [("mean", j, 0)]
        names += [("slope", j, k) for k in range(q)] + ([] if part.ordered else [("variance", j, 0)])
        values.append(turn @ part.theta)
        if part.proper:
            influence.append(part.influence @ turn.T)
    return names, influence, np.concatenate(values)


def _pair(a: Regressed, b: Regressed, weights: np.ndarray, n_obs: int) -> tuple[float, np.ndarray, bool]:
    """Correlation of two residuals, the influence of the rows on it, and whether it is held at the bound."""
    out = np.zeros(len(weights))
    rows = np.flatnonzero(a.present & b.present)
    if any(len(rows) < 2 or len(np.unique(v[rows])) < 2 for v in (_told(a), _told(b))):
        return _NAN, out, False
    if b.ordered and not a.ordered:
        a, b = b, a
    w = weights[rows]

    def total(rho: float) -> tuple[float, float]:
        own = _scores(a, b, rows, rho)[0]
        return float(w @ own), float(w @ own**2)

    rho, bound = _root(total, float(np.clip(np.corrcoef(_pull(a)[rows], _pull(b)[rows])[0, 1], -0.9, 0.9)))
    own, by_a, by_b = _scores(a, b, rows, rho, whole=True)
    weighted = w * own
    out[rows] = n_obs * weighted
    # What the regressions' estimates add: products of the pair's scores times their own influence.
    out -= a.influence @ (weighted @ by_a) + b.influence @ (weighted @ by_b)
    return rho, out / float(weighted @ own), bound


def _told(one: Regressed) -> np.ndarray:
    return one.place if one.ordered else one.z


def _pull(one: Regressed) -> np.ndarray:
    """Residuals, generalised ones of an ordered column."""
    if not one.ordered:
        return one.z
    s = interval_scores(np.zeros(len(one.lower)), one.lower, one.upper, 0.0)
    return -(s.lower + s.upper)


def _root(score: Callable[[float], tuple[float, float]], start: float) -> tuple[float, bool]:
    """Where the score by the correlation is zero; the bound where it keeps its sign.

    `score` gives the score and its information: one scoring step, then secant steps; a bracket where these leave it.
    """
    before, (last, information) = start, score(start)
    at = before + last / information
    for _ in range(_ROUNDS):
        if not abs(at) < LIMIT:
            break
        slope, last = last, score(at)[0]
        bend = (last - slope) / (at - before) if at != before else -information
        if not bend < 0:
            break
        before, at = at, at - last / bend
        if abs(at - before) < _NEAR and abs(at) < LIMIT:
            return at, False
    if score(-LIMIT)[0] > 0 > score(LIMIT)[0]:
        return float(brentq(lambda rho: score(rho)[0], -LIMIT, LIMIT, xtol=1e-12)), False
    return (LIMIT if score(LIMIT)[0] > 0 else -LIMIT), True


_Scores = tuple[np.ndarray, np.ndarray, np.ndarray]


def _scores(a: Regressed, b: Regressed, rows: np.ndarray, rho: float, whole: bool = False) -> _Scores:
    """Scores of the rows of a pair by the correlation and, where wanted, by the parameters of both regressions."""
    nothing = np.empty((len(rows), 0))
    if not a.ordered:
        u, v = a.z[rows], b.z[rows]
        own = pdf_slope(u, v, np.array(rho))
        free = (1 - rho) * (1 + rho)
        if not whole:
            return own, nothing, nothing
        return own, a.of_residual(-(u - rho * v) / free, rows), b.of_residual(-(v - rho * u) / free, rows)
    lower, upper = a.lower[rows], a.upper[rows]
    if not b.ordered:
        s = interval_scores(b.z[rows], lower, upper, rho)
        if not whole:
            return s.rho, nothing, nothing
        return s.rho, a.of_ends(s.lower, s.upper, rows), b.of_residual(s.z - b.z[rows], rows)
    ends, other = np.column_stack([lower, upper]), np.column_stack([b.lower[rows], b.upper[rows]])
    r = np.full(len(rows), rho)
    chance = cell_probabilities(ends, other, r)[:, 0, 0]
    own = cell_slopes(ends, other, r)[:, 0, 0] / chance
    if not whole:
        return own, nothing, nothing
    return own, a.of_ends(*_by_ends(ends, other, r, chance), rows), b.of_ends(*_by_ends(other, ends, r, chance), rows)


def _by_ends(ends: np.ndarray, other: np.ndarray, rho: np.ndarray, chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of the log probability of a cell by the lower and the upper end of one of its sides."""
    far = np.full((len(ends), 1), np.inf)
    moved = threshold_slopes(np.hstack([-far, ends, far]), other, rho)[:, :, 0] / chance[:, None]
    return -moved[:, 0], moved[:, 1]
