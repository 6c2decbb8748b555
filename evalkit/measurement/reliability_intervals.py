"""Answers of a scale and their weights in; standard errors and intervals of alpha and omega out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from evalkit.contract import Problem
from evalkit.measurement.consistency import alpha_of
from evalkit.measurement.minres import omega_of, one_factor_many
from evalkit.moments import correlation_of, quantile
from evalkit.resample import counts
from evalkit.sampling import DesignArrays, linearised_covariance

_NAN = float("nan")
_FLAT = 1e-12


class Interval(NamedTuple):
    """Standard error and interval of a coefficient."""

    std_error: float = _NAN
    low: float = _NAN
    high: float = _NAN


NO_INTERVAL = Interval()


@dataclass(frozen=True)
class Intervals:
    """Of alpha and omega; `n_failed` resamples gave no omega."""

    alpha: Interval
    omega: Interval
    n_failed: int = 0
    notices: tuple[Problem, ...] = ()


def feldt_interval(alpha: float, n: int, k: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval under parallel items, `1 - (1 - alpha) F` with n - 1 and (n - 1)(k - 1) df."""
    if not np.isfinite(alpha) or n < 2 or k < 2:
        return _NAN, _NAN
    tails = np.array([(1 + level) / 2, (1 - level) / 2])
    low, high = 1 - (1 - alpha) * stats.f.ppf(tails, n - 1, (n - 1) * (k - 1))
    return float(low), float(high)


def normal_interval(estimate: float, std_error: float, level: float) -> tuple[float, float]:
    """Estimate and so many standard errors to either side."""
    reach = float(stats.norm.ppf((1 + level) / 2)) * std_error
    return estimate - reach, estimate + reach


def linearised(x: np.ndarray, loadings: np.ndarray, design: DesignArrays, level: float) -> Intervals:
    """Intervals by linearisation (the delta method), under the design and without assuming normal answers.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        Complete answers; rows of weight 0 are outside the domain.
    loadings : ndarray, shape (k,)
        Of the one-factor fit of the weighted correlations; nan where there is none.

    Notes
    -----
    Each row's contribution is the derivative of the coefficient by the covariances, times its centred products:
    Maydeu-Olivares, Coffman & Hartmann (2007), Psychological Methods 12, 157-176; under a design Binder (1983). The
    interval is symmetric for ``ln(1 - coefficient)``: Bonett (2002), Journal of Educational and Behavioral Statistics
    27, 335-340; t with the design's degrees of freedom.
    """
    weights = design.weights / design.weights.sum()
    centred = x - weights @ x
    cov = (centred * weights[:, None]).T @ centred
    scores = np.column_stack([_alpha_scores(centred, cov), _omega_scores(centred, cov, loadings)])
    found, df, notices = linearised_covariance(np.where(np.isfinite(scores), scores, 0.0) * weights[:, None], design)
    errors = np.where(np.isfinite(scores[0]), np.sqrt(np.diag(found)), np.nan)
    alpha = _on_log(alpha_of(cov), float(errors[0]), df, level)
    return Intervals(alpha, _on_log(float(omega_of(loadings)), float(errors[1]), df, level), notices=notices)


def resampled(
    x: np.ndarray, loadings: np.ndarray, design: DesignArrays, level: float, resamples: int, seed: int
) -> Intervals:
    """Percentile bootstrap of rows, or of the design's clusters within its strata.

    Resamples whose total does not vary, or without a one-factor solution, are counted as failed and left out.
    """
    n, k = x.shape
    x = x - x.mean(axis=0)
    rows, columns = np.tril_indices(k)
    products = x[:, rows] * x[:, columns]
    alphas, omegas = [], []
    for drawn in counts(n, resamples=resamples, seed=seed, clusters=design.units, strata=design.strata):
        share = drawn * design.weights
        with np.errstate(invalid="ignore", divide="ignore"):
            share = share / share.sum(axis=1, keepdims=True)
            mean = share @ x
            cov = np.zeros((len(drawn), k, k))
            lower = share @ products - mean[:, rows] * mean[:, columns]
            cov[:, rows, columns] = cov[:, columns, rows] = lower
            own, total = np.diagonal(cov, axis1=1, axis2=2), cov.sum(axis=(1, 2))
            alphas.append(np.where(total > _FLAT, k / (k - 1) * (1 - own.sum(axis=1) / total), np.nan))
            r = cov / np.sqrt(own[:, :, None] * own[:, None, :])
        if np.isfinite(loadings).all():
            r[(own <= _FLAT).any(axis=1)] = np.nan
            omegas.append(omega_of(one_factor_many(r, loadings)))
    alpha, omega = np.concatenate(alphas), np.concatenate(omegas) if omegas else np.full(resamples, np.nan)
    failed = int(np.sum(~np.isfinite(alpha if not omegas else alpha + omega)))
    return Intervals(_percentile(alpha, level), _percentile(omega, level), failed)


def _alpha_scores(centred: np.ndarray, cov: np.ndarray) -> np.ndarray:
    k, total, trace = len(cov), float(cov.sum()), float(np.trace(cov))
    squares, whole = np.sum(centred**2, axis=1), centred.sum(axis=1) ** 2
    return np.asarray(k / (k - 1) * (trace * whole / total**2 - squares / total))


def _omega_scores(centred: np.ndarray, cov: np.ndarray, loadings: np.ndarray) -> np.ndarray:
    """Through the correlations: the loadings follow from the equations of the minimum (implicit function)."""
    if not np.isfinite(loadings).all():
        return np.full(len(centred), np.nan)
    k = len(loadings)
    z = centred / np.sqrt(np.diag(cov))
    r = correlation_of(cov)
    slopes = r - 2 * np.outer(loadings, loadings)
    np.fill_diagonal(slopes, loadings**2 - np.sum(loadings**2))
    common, unique = loadings.sum() ** 2, float(np.sum(1 - loadings**2))
    by_loading = 2 * (loadings.sum() * unique + common * loadings) / (common + unique) ** 2
    if np.linalg.cond(slopes) > 1e12:
        return np.full(len(centred), np.nan)
    v = -np.linalg.solve(slopes.T, by_loading)
    by_r = np.outer(v, loadings) + np.outer(loadings, v)
    by_r[np.diag_indices(k)] = 0.0
    # Each pair stands twice in the symmetric gradient.
    half = by_r / 2
    return np.asarray(np.sum((z @ half) * z, axis=1) - (z**2) @ np.sum(half * r, axis=1))


def _on_log(estimate: float, std_error: float, df: int, level: float) -> Interval:
    if not (np.isfinite(std_error) and estimate < 1 and df > 0):
        return Interval(std_error)
    reach = float(stats.t.ppf((1 + level) / 2, df)) * std_error / (1 - estimate)
    return Interval(std_error, 1 - (1 - estimate) * float(np.exp(reach)), 1 - (1 - estimate) * float(np.exp(-reach)))


def _percentile(values: np.ndarray, level: float) -> Interval:
    found = values[np.isfinite(values)]
    if len(found) < 2:
        return NO_INTERVAL
    low, high = quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(found.std(ddof=1)), float(low), float(high))
