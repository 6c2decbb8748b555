"""Ordered and continuous columns in; polychoric, polyserial and Pearson correlations with one covariance matrix out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalkit.correlations.polychoric import Polychoric, polychoric
from evalkit.correlations.polyserial import category_scores, maximise

_NAN = float("nan")


@dataclass(frozen=True, eq=False)
class MixedCorrelations:
    """Correlations of p columns, some ordered and some continuous, estimated in two steps.

    Parameters
    ----------
    r, n : ndarray, shape (p, p)
        Correlations (nan for a constant column or a pair without common rows), rows of each pair.
    n_obs : int
        Rows used.
    ordinal : ndarray of bool, shape (p,)
    thresholds : tuple of ndarray
        Of each column; empty for a continuous one.
    mean, variance : ndarray, shape (p,)
        Of the continuous columns with divisor n; nan for ordered ones.
    pairs : ndarray of int, shape (n_pairs, 2)
        (i, j) with i > j, the lower triangle column by column.
    at_bound : tuple of pairs
        Estimates held at the bound.
    columns : tuple of tuple
        What the columns of `influence` are: ("tau", j, k), ("mean", j, 0), ("variance", j, 0), ("rho", i, j).
    influence : ndarray, shape (n, len(columns))
        Of each row on each estimate, weights inside; 0 where the row has no part in it.
    """

    r: np.ndarray
    n: np.ndarray
    n_obs: int
    ordinal: np.ndarray
    thresholds: tuple[np.ndarray, ...]
    mean: np.ndarray
    variance: np.ndarray
    pairs: np.ndarray
    at_bound: tuple[tuple[int, int], ...]
    columns: tuple[tuple[str, int, int], ...]
    influence: np.ndarray

    def gamma(self) -> np.ndarray:
        """`n_obs` times the covariance matrix of all estimates, in the order of `columns`."""
        return np.asarray(self.influence.T @ self.influence / self.n_obs)

    @cached_property
    def std_error(self) -> np.ndarray:
        """Standard errors of the correlations, shape (p, p); zero on the diagonal, nan where there is no estimate."""
        out = np.zeros(self.r.shape)
        errors = np.sqrt(np.sum(self.influence**2, axis=0)) / max(self.n_obs, 1)
        for (kind, i, j), error in zip(self.columns, errors, strict=True):
            if kind == "rho":
                out[i, j] = out[j, i] = error
        out[np.isnan(self.r)] = np.nan
        return out


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows used: x with nan, weights that sum to their number, zero elsewhere."""

    x: np.ndarray
    weights: np.ndarray
    n_obs: int


def mixed_correlations(
    x: np.ndarray, ordinal: np.ndarray, *, weights: np.ndarray | None = None, missing: str = "pairwise"
) -> MixedCorrelations:
    """Correlate ordered with continuous columns.

    Two ordered columns: polychoric; one of each: polyserial; two continuous: Pearson. Thresholds, means and variances
    come first, each from its own column, then each correlation by maximum likelihood.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        nan where missing.
    ordinal : ndarray of bool, shape (p,)
    weights, missing
        As for `polychoric`.

    Notes
    -----
    Muthén (1984), Psychometrika 49, 115-132; Olsson, Drasgow & Dorans (1982), Psychometrika 47, 337-347.
    """
    ordinal = np.asarray(ordinal, dtype=bool)
    rows = _rows(np.asarray(x, dtype=float), weights, missing)
    p = rows.x.shape[1]
    where = np.flatnonzero(ordinal)
    poly = polychoric(rows.x[:, where], weights=rows.weights)
    names, single, found = _margins(rows, ordinal, where, poly)
    r, at_bound = np.eye(p), []
    columns, parts = list(names), [found]
    low, high = np.triu_indices(p, 1)
    poly_rho = poly.influence()[:, len(poly.tau) :] * (rows.n_obs / max(poly.n_obs, 1))
    place = {(int(where[i]), int(where[j])): k for k, (i, j) in enumerate(poly.pairs)}
    held = {(int(where[i]), int(where[j])) for i, j in poly.at_bound}
    for i, j in zip(high.tolist(), low.tolist(), strict=True):
        if ordinal[i] and ordinal[j]:
            value, influence, bound = poly.rho[place[i, j]], poly_rho[:, place[i, j]], (i, j) in held
        elif ordinal[i] or ordinal[j]:
            a, b = (i, j) if ordinal[i] else (j, i)
            value, influence, bound = _polyserial(rows, poly, int(np.searchsorted(where, a)), a, b, single)
        else:
            value, influence, bound = _pearson(rows, i, j)
        r[i, j] = r[j, i] = value
        columns.append(("rho", int(i), int(j)))
        parts.append(influence[:, None])
        if bound:
            at_bound.append((int(i), int(j)))
    thresholds = [np.empty(0)] * p
    for k, j in enumerate(where):
        thresholds[j] = poly.thresholds[k]
    mean, variance = (np.array([single[j][part] for j in range(p)]) for part in ("mean", "variance"))
    for j in range(p):
        constant = variance[j] == 0 if not ordinal[j] else len(thresholds[j]) == 0
        r[j, j] = _NAN if constant else 1.0
    seen = ((~np.isnan(rows.x)) & (rows.weights > 0)[:, None]).astype(float)
    n = np.rint(seen.T @ seen).astype(int)
    pairs = np.column_stack([high, low])
    return MixedCorrelations(
        r, n, rows.n_obs, ordinal, tuple(thresholds), mean, variance, pairs, tuple(at_bound), tuple(columns),
        np.hstack(parts),
    )  # fmt: skip


def _rows(x: np.ndarray, weights: np.ndarray | None, missing: str) -> _Rows:
    if missing not in ("pairwise", "listwise"):
        raise ValueError(f"missing is pairwise or listwise, not {missing!r}")
    gap = np.isnan(x)
    used = ~gap.any(axis=1) if missing == "listwise" else ~gap.all(axis=1)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    w = np.where(used, w, 0.0)
    n_obs = int(np.sum(w > 0))
    return _Rows(x, w * (n_obs / w.sum()) if n_obs else w, n_obs)


def _margins(
    rows: _Rows, ordinal: np.ndarray, where: np.ndarray, poly: Polychoric
) -> tuple[list[tuple[str, int, int]], list[dict[str, float]], np.ndarray]:
    """Names of the first-step estimates, means and variances by column, and the influence on all of them."""
    names: list[tuple[str, int, int]] = [
        ("tau", int(j), k) for c, j in enumerate(where) for k in range(len(poly.thresholds[c]))
    ]
    parts = [poly.influence()[:, : len(poly.tau)] * (rows.n_obs / max(poly.n_obs, 1))]
    single = [{"mean": _NAN, "variance": _NAN} for _ in range(rows.x.shape[1])]
    for j in np.flatnonzero(~ordinal):
        w = np.where(np.isnan(rows.x[:, j]), 0.0, rows.weights)
        values = np.nan_to_num(rows.x[:, j])
        if w.sum() > 0:
            mean = float(w @ values / w.sum())
            single[j] = {"mean": mean, "variance": float(w @ (values - mean) ** 2 / w.sum())}
        scale = rows.n_obs / max(w.sum(), 1e-300)
        deviation = values - single[j]["mean"]
        parts.append(scale * np.column_stack([w * deviation, w * (deviation**2 - single[j]["variance"])]))
        names += [("mean", int(j), 0), ("variance", int(j), 0)]
    return names, single, np.hstack(parts)


def _polyserial(
    rows: _Rows, poly: Polychoric, c: int, a: int, b: int, single: list[dict[str, float]]
) -> tuple[float, np.ndarray, bool]:
    """Correlation of ordered column `a` (the c-th ordered one) with continuous column `b`."""
    nothing = np.zeros(len(rows.x))
    both = ~np.isnan(rows.x[:, [a, b]]).any(axis=1) & (rows.weights > 0)
    cuts, (mean, variance) = poly.thresholds[c], (single[b]["mean"], single[b]["variance"])
    known = poly.categories[c]
    place = np.searchsorted(known, rows.x[both, a])
    if not len(cuts) or not variance > 0 or len(np.unique(place)) < 2 or np.ptp(rows.x[both, b]) == 0:
        return _NAN, nothing, False
    sd = np.sqrt(variance)
    z, w = (rows.x[both, b] - mean) / sd, rows.weights[both]

    def likelihood(at: np.ndarray) -> tuple[float, np.ndarray]:
        if abs(at[0]) >= 1:
            return -np.inf, np.array([_NAN])
        scores = category_scores(z, place, at[0], cuts)
        return float(w @ scores.log_chance), np.array([w @ scores.rho])

    found, _, converged = maximise(likelihood, np.array([np.clip(np.corrcoef(z, place)[0, 1], -0.9, 0.9)]))
    rho = float(found[0])
    s = category_scores(z, place, rho, cuts)
    by_mean = (z - s.z) / sd
    by_variance = (z**2 - 1 - s.z * z) / (2 * variance)
    information = w @ s.rho**2
    first = sum(len(t) for t in poly.thresholds[:c])
    out = np.zeros(len(rows.x))
    out[both] = rows.n_obs * w * s.rho
    # What the first step's estimates add: products of the pair's scores times their own influence.
    own = poly.influence()[:, first : first + len(cuts)] * (rows.n_obs / poly.n_obs)
    out -= own @ ((w * s.rho) @ s.tau)
    present = ~np.isnan(rows.x[:, b])
    scale = rows.n_obs / rows.weights[present].sum()
    deviation = np.where(present, rows.x[:, b] - mean, 0.0)
    part = np.column_stack([deviation, np.where(present, deviation**2 - variance, 0.0)])
    part *= scale * rows.weights[:, None]
    out -= part @ np.array([(w * s.rho) @ by_mean, (w * s.rho) @ by_variance])
    return rho, out / information, not converged


def _pearson(rows: _Rows, i: int, j: int) -> tuple[float, np.ndarray, bool]:
    """Correlation of two continuous columns over the rows that have both, and its influence."""
    out = np.zeros(len(rows.x))
    both = ~np.isnan(rows.x[:, [i, j]]).any(axis=1) & (rows.weights > 0)
    x, w = rows.x[both][:, [i, j]], rows.weights[both]
    if len(x) < 2 or np.ptp(x[:, 0]) == 0 or np.ptp(x[:, 1]) == 0:
        return _NAN, out, False
    total = w.sum()
    z = x - w @ x / total
    z /= np.sqrt(w @ z**2 / total)
    rho = float(np.clip(w @ (z[:, 0] * z[:, 1]) / total, -1, 1))
    out[both] = rows.n_obs / total * w * (z[:, 0] * z[:, 1] - rho * (z**2).sum(axis=1) / 2)
    return rho, out, False
