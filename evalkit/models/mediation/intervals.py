"""Resampled effects in, intervals out: percentile, bias-corrected, BCa, Monte Carlo, product of normals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.resample import Stream, child_seed

METHODS = ("percentile", "bias_corrected", "bca", "monte_carlo", "product")
BOOTSTRAP = METHODS[:3]
JOINT = "joint_significance"
"""A method that gives a p-value and no interval: every path of a chain is significant."""

MONTE_CARLO_DRAWS = 20_000


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """What R successful resamples say about E effects; arrays have shape (E,) or (E, 2)."""

    mean: np.ndarray
    se: np.ndarray
    z0: np.ndarray
    acceleration: np.ndarray
    p_value: np.ndarray
    intervals: dict[str, np.ndarray]


def order_quantiles(ordered: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """Quantiles of sorted resamples, interpolated on the normal scale.

    Parameters
    ----------
    ordered : ndarray, shape (R,)
    probs : ndarray, shape (m,)

    Notes
    -----
    Place (R + 1) p; between two order statistics the weight is linear in the normal quantile:
    Davison & Hinkley (1997), Bootstrap Methods and their Application, eq. 5.8. Beyond the ends, the extremes.
    """
    from scipy.special import ndtri

    r = len(ordered)
    out = np.full(len(probs), np.nan)
    if r < 2:
        return out
    good = np.isfinite(probs)
    place = np.clip((r + 1) * probs[good], 0, r + 1)
    k = np.clip(np.floor(place).astype(int), 0, r)
    low, high = np.clip(k - 1, 0, r - 1), np.clip(k, 0, r - 1)
    inner = (k > 0) & (k < r)
    weight = np.zeros(len(k))
    at = [ndtri(np.clip(v, 1e-300, 1)) for v in (probs[good][inner], k[inner] / (r + 1), (k[inner] + 1) / (r + 1))]
    weight[inner] = (at[0] - at[1]) / (at[2] - at[1])
    out[good] = ordered[low] + weight * (ordered[high] - ordered[low])
    return out


def bootstrap_summary(
    drawn: np.ndarray, point: np.ndarray, influence: np.ndarray | None, methods: tuple[str, ...], conf_level: float
) -> Bootstrap:
    """Intervals of E effects from resamples.

    Parameters
    ----------
    drawn : ndarray, shape (E, R)
        Resampled effects, none nan in whole columns; single nan values of an effect are set aside.
    point : ndarray, shape (E,)
    influence : ndarray, shape (E, U), optional
        Jackknife influence values, for BCa.
    methods : tuple of str
        Of `BOOTSTRAP`.

    Notes
    -----
    ``z0 = Phi^-1(share of resamples below the estimate)``; bias-corrected ends at ``Phi(2 z0 + z)``, BCa at
    ``Phi(z0 + (z0 + z) / (1 - a (z0 + z)))`` with ``a = sum(L^3) / (6 sum(L^2)^1.5)``: Efron (1987), JASA 82,
    171-185. p: twice the smaller share of resamples on either side of 0.
    """
    from scipy.special import ndtr, ndtri

    n_effects = len(point)
    tails = np.array([(1 - conf_level) / 2, (1 + conf_level) / 2])
    z = ndtri(tails)
    acceleration = np.full(n_effects, np.nan) if influence is None else accelerations(influence)
    mean, se, z0, p = (np.full(n_effects, np.nan) for _ in range(4))
    intervals = {method: np.full((n_effects, 2), np.nan) for method in methods}
    for e in range(n_effects):
        values = np.sort(drawn[e][np.isfinite(drawn[e])])
        r = len(values)
        if r < 2 or not np.isfinite(point[e]):
            continue
        mean[e], se[e] = values.mean(), values.std(ddof=1)
        above, below = np.searchsorted(values, 0, side="right"), np.searchsorted(values, 0, side="left")
        p[e] = min(1.0, 2 * min((r - above) / r, below / r))
        z0[e] = ndtri(np.searchsorted(values, point[e], side="left") / r)
        corrected = z0[e] + z if np.isfinite(z0[e]) else np.full(2, np.nan)
        adjusted = {
            "percentile": tails,
            "bias_corrected": ndtr(z0[e] + corrected),
            "bca": ndtr(z0[e] + corrected / (1 - acceleration[e] * corrected)),
        }
        for method in methods:
            intervals[method][e] = order_quantiles(values, adjusted[method])
    return Bootstrap(mean, se, z0, acceleration, p, intervals)


def jackknife_influence(without: np.ndarray, strata: np.ndarray | None = None) -> np.ndarray:
    """Influence values (E, U) from the effects without each unit: ``(n - 1)(mean - value)``, by stratum."""
    groups = np.zeros(without.shape[1], dtype=int) if strata is None else strata
    out = np.empty_like(without)
    for h in np.unique(groups):
        members = groups == h
        part = without[:, members]
        out[:, members] = (members.sum() - 1) * (part.mean(axis=1, keepdims=True) - part)
    return out


def accelerations(influence: np.ndarray) -> np.ndarray:
    """``sum(L^3) / (6 sum(L^2)^1.5)`` by row; nan where the influence is nan or nowhere different from 0."""
    squares = np.sum(influence**2, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sum(influence**3, axis=1) / (6 * squares**1.5)


def normal_draws(values: np.ndarray, covariance: np.ndarray, seed: int) -> np.ndarray:
    """`MONTE_CARLO_DRAWS` normal vectors, shape (q, draws), with that mean and covariance."""
    q = len(values)
    if not np.isfinite(covariance).all():
        return np.full((q, MONTE_CARLO_DRAWS), np.nan)
    root_values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(root_values, 0, None))
    z = Stream(child_seed(seed, "monte carlo")).normal(q * MONTE_CARLO_DRAWS).reshape(MONTE_CARLO_DRAWS, q)
    return values[:, None] + root @ z.T


def quantile_intervals(drawn: np.ndarray, conf_level: float) -> np.ndarray:
    """Percentile intervals of Monte Carlo draws, shape (E, 2).

    MacKinnon, Lockwood & Williams (2004), Multivariate Behavioral Research 39, 99-128.
    """
    tails = np.array([(1 - conf_level) / 2, (1 + conf_level) / 2])
    return np.array([order_quantiles(np.sort(row[np.isfinite(row)]), tails) for row in drawn])


def product_interval(a: float, b: float, se_a: float, se_b: float, conf_level: float) -> tuple[float, float]:
    """Interval of the product of two independent normal estimates, from its exact distribution.

    Notes
    -----
    ``P(AB < q) = int phi(u; a, s_a) P(u B < q) du`` by adaptive quadrature split at u = 0, inverted by root
    finding. Distribution: Aroian (1947), Annals of Mathematical Statistics 18, 265-271; its use for indirect
    effects: MacKinnon et al. (2002), Psychological Methods 7, 83-104. nan if a standard error is 0 or nan.
    """
    from scipy.optimize import brentq

    if not all(np.isfinite(v) for v in (a, b, se_a, se_b)) or se_a <= 0 or se_b <= 0:
        return float("nan"), float("nan")
    if se_a / max(abs(a), 1e-300) > se_b / max(abs(b), 1e-300):
        a, b, se_a, se_b = b, a, se_b, se_a  # integrate over the factor that stays clearer of 0
    spread = np.sqrt((a * se_b) ** 2 + (b * se_a) ** 2 + (se_a * se_b) ** 2)
    ends = []
    for tail in ((1 - conf_level) / 2, (1 + conf_level) / 2):
        reach = 6.0
        while _product_below(a * b - reach * spread, a, b, se_a, se_b) > tail:
            reach *= 2
        low = a * b - reach * spread
        reach = 6.0
        while _product_below(a * b + reach * spread, a, b, se_a, se_b) < tail:
            reach *= 2
        found = brentq(
            lambda q, t=tail: _product_below(q, a, b, se_a, se_b) - t, low, a * b + reach * spread, xtol=1e-13
        )
        ends.append(float(found))
    return ends[0], ends[1]


def _product_below(q: float, a: float, b: float, se_a: float, se_b: float) -> float:
    from scipy.integrate import quad
    from scipy.special import ndtr

    def density(u: float) -> float:
        z = (u - a) / se_a
        if u == 0:
            return 0.0
        bound = (q / u - b) / se_b
        return float(np.exp(-z * z / 2) / (np.sqrt(2 * np.pi) * se_a) * ndtr(bound if u > 0 else -bound))

    low, high = a - 10 * se_a, a + 10 * se_a
    cuts = [low, *([0.0] if low < 0 < high else []), high]
    parts = [
        quad(density, left, right, epsabs=1e-12, epsrel=1e-11, limit=400)[0]
        for left, right in zip(cuts, cuts[1:], strict=False)
    ]
    return float(sum(parts))
