"""One column and the numbers it depends on in; its probit or linear regression, with the scores of the rows, out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from evalkit.correlations.bivariate import FAR
from evalkit.correlations.polyserial import interval_scores

_ROUNDS = 100
_NEAR = 1e-9
_EXACT = 1e-10
"""A residual variance below this share of the variance is none: the column is a combination of the numbers."""


@dataclass(frozen=True, eq=False)
class Regressed:
    """One column given x (n rows, q numbers).

    Parameters
    ----------
    ordered : bool
    codes : ndarray
        Categories of an ordered column, else empty.
    theta : ndarray, shape (m,)
        Thresholds and slopes (`threshold - slopes @ x` cuts the standard normal residual), or intercept, slopes and
        residual variance.
    influence : ndarray, shape (n, m)
        Of each row on `theta`, weights inside; zero where the column is missing.
    lower, upper : ndarray, shape (n,)
        Between which ends the residual of an ordered column lies.
    z : ndarray, shape (n,)
        Standardised residuals of a continuous column.
    place : ndarray of int, shape (n,)
        Category of each row, from 0; -1 where missing.
    x : ndarray, shape (n, q)
    present : ndarray of bool, shape (n,)
    proper : bool
        False where x foretells the column without error, so that there are no finite slopes or there is no residual.
    """

    ordered: bool
    codes: np.ndarray
    theta: np.ndarray
    influence: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    z: np.ndarray
    place: np.ndarray
    x: np.ndarray
    present: np.ndarray
    proper: bool

    @property
    def n_cuts(self) -> int:
        return len(self.theta) - self.x.shape[1] if self.ordered else 0

    def of_ends(self, by_lower: np.ndarray, by_upper: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Derivatives by the parameters of an ordered column from those by the ends of its residual, shape (m, .)."""
        place = self.place[rows]
        tau = np.zeros((len(place), self.n_cuts))
        below, above = np.flatnonzero(place < self.n_cuts), np.flatnonzero(place > 0)
        tau[below, place[below]] = by_upper[below]
        tau[above, place[above] - 1] += by_lower[above]
        return np.hstack([tau, -(by_lower + by_upper)[:, None] * self.x[rows]])

    def of_residual(self, by_z: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Derivatives by the parameters of a continuous column of the joint log density, from those by z of the part
        without the standard deviation itself."""
        variance = self.theta[-1]
        by_mean = -by_z / np.sqrt(variance)
        by_variance = -(1 + by_z * self.z[rows]) / (2 * variance)
        return np.column_stack([by_mean, by_mean[:, None] * self.x[rows], by_variance])


def regressed(y: np.ndarray, x: np.ndarray, weights: np.ndarray, ordered: bool, n_obs: int) -> Regressed:
    """Regress a column, nan where missing, on x.

    Parameters
    ----------
    y : ndarray, shape (n,)
    x : ndarray, shape (n, q)
    weights : ndarray, shape (n,)
    ordered : bool
        Probit regression by maximum likelihood (Newton's method), or linear regression.
    n_obs : int
        Rows the influence is scaled by.

    Notes
    -----
    The influence takes the outer product of the scores as information: Muthén (1984), Psychometrika 49, 115-132.
    """
    present = ~np.isnan(y) & (weights > 0)
    return (_probit if ordered else _linear)(y, x, np.where(present, weights, 0.0), present, n_obs)


def _linear(y: np.ndarray, x: np.ndarray, w: np.ndarray, present: np.ndarray, n_obs: int) -> Regressed:
    design = np.column_stack([np.ones(len(x)), x])
    values = np.where(present, y, 0.0)
    root = np.sqrt(w)[:, None]
    slopes = np.linalg.lstsq(design * root, values * root[:, 0], rcond=None)[0]
    rest = np.where(present, values - design @ slopes, 0.0)
    total = w.sum()
    variance = float(w @ rest**2 / total)
    spread = float(w @ (values - w @ values / total) ** 2 / total)
    proper = variance > _EXACT * spread
    z = rest / np.sqrt(variance) if proper else np.zeros(len(x))
    nothing = np.zeros(0)
    found = Regressed(
        False, nothing, np.append(slopes, variance), nothing, nothing, nothing, z, nothing, x, present, proper
    )
    return _with_influence(found, found.of_residual(-z, np.arange(len(x))), w, n_obs) if proper else found


def _probit(y: np.ndarray, x: np.ndarray, w: np.ndarray, present: np.ndarray, n_obs: int) -> Regressed:
    codes, place = np.unique(y[present], return_inverse=True)
    full = np.full(len(y), -1)
    full[present] = place
    k, own = len(codes) - 1, x[present]
    weights = w[present]
    shares = np.bincount(place, weights=weights, minlength=k + 1)[:-1]
    theta = np.concatenate([ndtri(np.cumsum(shares) / weights.sum()), np.zeros(x.shape[1])])
    up, low = (np.hstack([np.eye(k + 2)[place + 1 - step][:, 1:-1], -own]) for step in (0, 1))
    zero = np.zeros(len(own))
    value, proper = -np.inf, False
    for _ in range(_ROUNDS):
        lower, upper = _ends(theta, k, place, own)
        s = interval_scores(zero, lower, upper, 0.0)
        slope = (weights * s.upper) @ up + (weights * s.lower) @ low
        both = (up * (weights * s.upper * s.lower)[:, None]).T @ low
        bend = (up * (weights * s.upper * (upper + s.upper))[:, None]).T @ up + both + both.T
        bend += (low * (weights * s.lower * (lower + s.lower))[:, None]).T @ low
        try:
            step = np.linalg.solve(bend, slope)
        except np.linalg.LinAlgError:
            break
        value = weights @ s.log_chance
        for halving in range(30):
            ahead = theta + step / 2**halving
            rises = (np.diff(ahead[:k]) > 0).all()
            if rises and weights @ interval_scores(zero, *_ends(ahead, k, place, own), 0.0).log_chance >= value - 1e-9:
                break
        theta = ahead
        if np.abs(step).max() < _NEAR:
            proper = True
            break
    lower, upper = np.full(len(y), -FAR), np.full(len(y), FAR)
    lower[present], upper[present] = _ends(theta, k, place, own)
    nothing = np.zeros(0)
    found = Regressed(True, codes, theta, nothing, lower, upper, nothing, full, x, present, proper)
    if not proper:
        return found
    s = interval_scores(np.zeros(len(y)), lower, upper, 0.0)
    return _with_influence(found, found.of_ends(s.lower, s.upper, np.arange(len(y))), w, n_obs)


def _ends(theta: np.ndarray, k: int, place: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ends = np.concatenate([[-np.inf], theta[:k], [np.inf]])
    eta = x @ theta[k:]
    return np.maximum(ends[place] - eta, -FAR), np.minimum(ends[place + 1] - eta, FAR)


def _with_influence(found: Regressed, scores: np.ndarray, w: np.ndarray, n_obs: int) -> Regressed:
    from dataclasses import replace

    weighted = scores * w[:, None]
    information = scores.T @ weighted
    return replace(found, influence=n_obs * np.linalg.solve(information, weighted.T).T)
