"""A column of numbers and one of ordered categories in, their polyserial correlation out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtri

from evalkit.correlations.bivariate import FAR, normal_pdf
from evalkit.correlations.polychoric import LIMIT

_ROUNDS = 100
_NEAR = 1e-10
_LEAST = 1e-300


@dataclass(frozen=True, eq=False)
class Polyserial:
    """The correlation, its standard error (nan for the moment estimate), thresholds and rows used.

    `converged` is false where the estimate ran to the bound or no maximum was found.
    """

    rho: float
    std_error: float
    thresholds: np.ndarray
    n_obs: int
    converged: bool = True


def polyserial(x: np.ndarray, y: np.ndarray, *, method: str = "two-step") -> Polyserial:
    """Correlation of a normal variable with the normal variable behind ordered categories.

    Two categories make it biserial.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Numbers, and category codes; rows with a nan in either are left out.
    method : {"two-step", "ml", "moment"}
        Thresholds from the margin, then the correlation by maximum likelihood (standard error as if the thresholds
        were known); both together; or the closed form `r_xy sd(y) / sum of densities at the thresholds`.

    Returns
    -------
    Polyserial
        nan where one of the two never varies.

    Raises
    ------
    ValueError
        For an unknown method (a fault of the caller).

    Notes
    -----
    Olsson, Drasgow & Dorans (1982), Psychometrika 47, 337-347; the mean and variance of `x` are
    those of the sample.
    """
    if method not in ("two-step", "ml", "moment"):
        raise ValueError(f"method is two-step, ml or moment, not {method!r}")
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    both = ~(np.isnan(x) | np.isnan(y))
    x, (codes, place) = x[both], np.unique(y[both], return_inverse=True)
    n = len(x)
    if n < 2 or len(codes) < 2 or x.min() == x.max():
        return Polyserial(float("nan"), float("nan"), np.empty(0), n, False)
    cuts = np.asarray(ndtri(np.cumsum(np.bincount(place))[:-1] / n))
    closed = float(np.corrcoef(x, place)[0, 1] * place.std() / normal_pdf(cuts).sum())
    if method == "moment":
        return Polyserial(closed, float("nan"), cuts, n)
    z = (x - x.mean()) / x.std(ddof=1)
    start = np.array([np.clip(closed, -0.95, 0.95)])
    if method == "two-step":
        found, error, converged = maximise(lambda at: _log_likelihood(z, place, at[0], cuts, 1), start)
    else:
        found, error, converged = maximise(
            lambda at: _log_likelihood(z, place, at[0], at[1:], len(at)), np.concatenate([start, cuts])
        )
        cuts = found[1:]
    return Polyserial(float(found[0]), error, cuts, n, converged)


@dataclass(frozen=True, eq=False)
class CategoryScores:
    """Log probability of each person's category given z, and its derivatives.

    All have shape (n,), `tau` (n, n_thresholds).
    """

    log_chance: np.ndarray
    rho: np.ndarray
    tau: np.ndarray
    z: np.ndarray


@dataclass(frozen=True, eq=False)
class IntervalScores:
    """Log probability of each person's interval given z, and its derivatives by rho, both ends and z, shape (n,)."""

    log_chance: np.ndarray
    rho: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    z: np.ndarray


def interval_scores(z: np.ndarray, lower: np.ndarray, upper: np.ndarray, rho: float) -> IntervalScores:
    """Scores of a standard normal variable between two ends, given a standardised number and the correlation."""
    spread = np.sqrt((1 - rho) * (1 + rho))
    u, v = (upper - rho * z) / spread, (lower - rho * z) / spread
    # The difference of two tails, taken on the side where they are small.
    flip = v > 0
    a, b = log_ndtr(np.where(flip, -v, u)), log_ndtr(np.where(flip, -u, v))
    log_chance = a + np.log(np.maximum(-np.expm1(np.minimum(b - a, 0)), _LEAST))
    chance = np.maximum(np.exp(log_chance), _LEAST)
    density_u, density_v = normal_pdf(u) / chance, normal_pdf(v) / chance
    by_rho = (density_u * (upper * rho - z) - density_v * (lower * rho - z)) / spread**3
    by_z = -rho * (density_u - density_v) / spread
    return IntervalScores(log_chance, by_rho, density_u / spread, -density_v / spread, by_z)


def category_scores(z: np.ndarray, place: np.ndarray, rho: float, cuts: np.ndarray) -> CategoryScores:
    """Scores of a category (`place`, 0 .. k - 1) given a standardised number, thresholds `cuts` and the correlation."""
    ends = np.concatenate([[-FAR], cuts, [FAR]])
    s = interval_scores(z, ends[place], ends[place + 1], rho)
    tau = np.zeros((len(z), len(cuts)))
    below, above = place < len(cuts), place > 0
    tau[below, place[below]] = s.upper[below]
    tau[above, place[above] - 1] = s.lower[above]
    return CategoryScores(s.log_chance, s.rho, tau, s.z)


def _log_likelihood(
    z: np.ndarray, place: np.ndarray, rho: float, cuts: np.ndarray, size: int
) -> tuple[float, np.ndarray]:
    """Log-likelihood of the categories given z, and its gradient by the first `size` of (rho, thresholds)."""
    if abs(rho) >= 1 or (np.diff(cuts) <= 0).any():
        return -np.inf, np.full(size, np.nan)
    scores = category_scores(z, place, rho, cuts)
    gradient = np.concatenate([[scores.rho.sum()], scores.tau.sum(axis=0)])
    return float(scores.log_chance.sum()), gradient[:size]


def maximise(
    value_of: Callable[[np.ndarray], tuple[float, np.ndarray]], start: np.ndarray
) -> tuple[np.ndarray, float, bool]:
    """Newton's method with halved steps; the Hessian from differences of the exact gradient."""
    at = start
    value, slope = value_of(at)
    for _ in range(_ROUNDS):
        bend = _hessian(value_of, at)
        try:
            step = np.linalg.solve(bend, slope)
        except np.linalg.LinAlgError:
            return at, float("nan"), False
        if step @ slope < 0:
            step = slope / max(1.0, float(np.abs(slope).max()) * 10)
        for halving in range(40):
            wanted = at + step / 2**halving
            wanted[0] = np.clip(wanted[0], -LIMIT, LIMIT)
            new, new_slope = value_of(wanted)
            if new >= value - 1e-12 * abs(value):
                break
        moved = float(np.abs(wanted - at).max())
        at, value, slope = wanted, new, new_slope
        if moved < _NEAR:
            break
    held = abs(at[0]) >= LIMIT
    error = float("nan") if held else float(np.sqrt(np.linalg.inv(_hessian(value_of, at))[0, 0]))
    return at, error, bool(not held and moved < 1e-6)


def _hessian(value_of: Callable[[np.ndarray], tuple[float, np.ndarray]], at: np.ndarray) -> np.ndarray:
    """Minus the second derivatives."""
    out = np.empty((len(at), len(at)))
    for i in range(len(at)):
        width = min(1e-5, (1 - abs(at[0])) / 10) if i == 0 else 1e-5
        step = np.zeros(len(at))
        step[i] = width
        out[i] = -(value_of(at + step)[1] - value_of(at - step)[1]) / (2 * width)
    return (out + out.T) / 2
