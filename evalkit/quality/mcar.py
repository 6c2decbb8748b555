"""Numbers with gaps in, their mean and covariance by EM and Little's test out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.quality.distance import observed_distances, rows_by_gaps

MOST_STEPS = 5000
_CLOSE = 1e-11


@dataclass(frozen=True, eq=False)
class Estimates:
    """Maximum-likelihood mean (k,) and covariance (k, k; divisor n) of a multivariate normal with gaps."""

    mean: np.ndarray
    cov: np.ndarray
    n_obs: int
    n_steps: int
    converged: bool


@dataclass(frozen=True)
class LittleTest:
    """Little's test; nan with a reason (a word key's end) where it could not be computed."""

    statistic: float = np.nan
    df: float = np.nan
    p_value: float = np.nan
    n_patterns: int = 0
    n_obs: int = 0
    reason: str = ""


def em(values: np.ndarray) -> Estimates:
    """Mean and covariance by expectation-maximisation.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        nan where missing; rows without any value are left out.

    Raises
    ------
    LinAlgError
        If the covariance matrix becomes singular.

    Notes
    -----
    Dempster, Laird & Rubin (1977), Journal of the Royal Statistical Society B 39, 1-38; Little & Rubin (2002),
    Statistical Analysis with Missing Data, section 11.2. With P the inverse of S, the missing part of a row has
    mean `mu_m - P_mm^-1 P_mo (x_o - mu_o)` and covariance `P_mm^-1`. Columns are standardised while at work, and
    it stops when no standardised mean or covariance moves by 1e-11.
    """
    values = values[~np.isnan(values).all(axis=1)]
    centre, spread = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    x = (values - centre) / spread
    n, k = x.shape
    gaps = np.isnan(x)
    open_rows = gaps.any(axis=1)
    whole, x, groups = x[~open_rows], x[open_rows], rows_by_gaps(gaps[open_rows])
    whole_sum, whole_cross = whole.sum(axis=0), whole.T @ whole
    seen = np.where(np.isnan(x), 0.0, x)
    mean, cov = np.zeros(k), np.eye(k)
    converged, step = False, 0
    for step in range(1, MOST_STEPS + 1):  # noqa: B007 - the number of steps is told
        filled, extra = _expected(seen, gaps[open_rows], groups, mean, cov)
        new_mean = (whole_sum + filled.sum(axis=0)) / n
        new_cov = (whole_cross + filled.T @ filled + extra) / n - np.outer(new_mean, new_mean)
        moved = max(np.abs(new_mean - mean).max(), np.abs(new_cov - cov).max())
        mean, cov = new_mean, (new_cov + new_cov.T) / 2
        if moved < _CLOSE:
            converged = True
            break
    return Estimates(centre + spread * mean, cov * np.outer(spread, spread), n, step, converged)


def _expected(
    seen: np.ndarray,
    gaps: np.ndarray,
    groups: list[tuple[np.ndarray, np.ndarray]],
    mean: np.ndarray,
    cov: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Rows with their gaps filled by their expectation, and the sum of the covariances of what was filled."""
    precision = np.linalg.inv(cov)
    pulled = np.where(gaps, 0.0, seen - mean) @ precision
    filled, extra = seen.copy(), np.zeros_like(cov)
    for rows, where in groups:
        spread = np.linalg.inv(precision[where[:, :, None], where[:, None, :]])
        pull = np.take_along_axis(pulled[rows], where, axis=1)
        filled[rows[:, None], where] = mean[where] - (spread @ pull[..., None])[..., 0]
        np.add.at(extra, (where[:, :, None], where[:, None, :]), spread)
    return filled, extra


def little_test(values: np.ndarray) -> LittleTest:
    """Little's test that values are missing completely at random.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        Numbers, nan where missing; rows without any are left out.

    Returns
    -------
    LittleTest
        Not computable with fewer than two columns that vary (`few_variables`), without gaps (`no_gaps`), with no
        more rows than columns (`few_rows`), with two columns never answered together (`never_together`), with a
        covariance matrix that is singular (`singular`) or with EM that does not settle (`no_convergence`).

    Notes
    -----
    `d2 = sum over patterns of n_j (mean_j - mu_j)' S_j^-1 (mean_j - mu_j)`, df = sum of k_j - k; mu and S by EM
    (divisor n). Little (1988), Journal of the American Statistical Association 83, 1198-1202.
    """
    from scipy import stats

    values = values[~np.isnan(values).all(axis=1)] if values.shape[1] else values
    n, k = values.shape
    seen = ~np.isnan(values)
    reason = _obstacle(values, seen)
    if reason:
        return LittleTest(n_obs=n, reason=reason)
    patterns, place, size = np.unique(seen, axis=0, return_inverse=True, return_counts=True)
    place = place.reshape(-1)
    try:
        found = em(values)
        precision = np.linalg.inv(found.cov)
    except np.linalg.LinAlgError:
        return LittleTest(n_patterns=len(patterns), n_obs=n, reason="singular")
    if not found.converged or np.linalg.cond(found.cov / np.sqrt(np.outer(*2 * [np.diag(found.cov)]))) > 1e12:
        reason = "singular" if found.converged else "no_convergence"
        return LittleTest(n_patterns=len(patterns), n_obs=n, reason=reason)
    total = np.zeros(patterns.shape)
    np.add.at(total, place, np.where(seen, values - found.mean, 0.0))
    away = np.where(patterns, total / size[:, None], np.nan)
    statistic = float(size @ observed_distances(away, precision))
    df = float(patterns.sum() - k)
    return LittleTest(statistic, df, float(stats.chi2.sf(statistic, df)), len(patterns), n)


def _obstacle(values: np.ndarray, seen: np.ndarray) -> str:
    """Why the test makes no sense; empty where it does."""
    n, k = values.shape
    if k < 2:
        return "few_variables"
    if seen.all():
        return "no_gaps"
    if n <= k:
        return "few_rows"
    mask = seen.astype(float)
    if (mask.T @ mask < 2).any():
        return "never_together"
    return ""
