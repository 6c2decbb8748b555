"""Estimates of m completed data sets in, pooled estimates and joint tests out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Rubin:
    """k quantities pooled over m imputations; arrays of shape (k,).

    Attributes
    ----------
    within, between, total : ndarray
        Mean variance, variance of the estimates, and ``within + (1 + 1/m) between``.
    riv, lam, fmi : ndarray
        Relative increase of variance, share of the variance that is due to the gaps, fraction of missing information.
    efficiency : ndarray
        ``1 / (1 + fmi / m)``: against infinitely many imputations.
    """

    estimate: np.ndarray
    within: np.ndarray
    between: np.ndarray
    total: np.ndarray
    df: np.ndarray
    df_large: np.ndarray
    riv: np.ndarray
    lam: np.ndarray
    fmi: np.ndarray
    efficiency: np.ndarray

    @property
    def std_error(self) -> np.ndarray:
        return np.sqrt(self.total)

    def interval(self, conf_level: float) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the t interval."""
        from scipy.stats import norm, t

        p = (1 + conf_level) / 2
        finite = np.isfinite(self.df)
        reach = np.where(finite, t.ppf(p, np.where(finite, self.df, 1.0)), norm.ppf(p)) * self.std_error
        return self.estimate - reach, self.estimate + reach

    def p_value(self) -> np.ndarray:
        """Two-sided, against 0."""
        from scipy.stats import norm, t

        finite = np.isfinite(self.df)
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.abs(self.estimate / self.std_error)
        return np.asarray(2 * np.where(finite, t.sf(size, np.where(finite, self.df, 1.0)), norm.sf(size)))


def rubin(estimates: np.ndarray, variances: np.ndarray, df_complete: np.ndarray | float = np.inf) -> Rubin:
    """Pool scalar quantities.

    Parameters
    ----------
    estimates, variances : ndarray, shape (m, k)
        Of the m completed data sets; m at least 2.
    df_complete : ndarray, shape (k,), or float
        Degrees of freedom that complete data would give; infinite for large-sample tests.

    Notes
    -----
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys, eqs 3.1.2-3.1.10; degrees of freedom of Barnard &
    Rubin (1999), Biometrika 86, 948-955; `df_large` = ``(m - 1) / lambda^2``, those of Rubin (1987).
    """
    m = len(estimates)
    estimate, within = estimates.mean(axis=0), variances.mean(axis=0)
    between = estimates.var(axis=0, ddof=1)
    added = (1 + 1 / m) * between
    total = within + added
    complete = np.broadcast_to(np.asarray(df_complete, dtype=float), estimate.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        riv, lam = added / within, added / total
        large = (m - 1) / lam**2
        observed = np.where(np.isfinite(complete), (complete + 1) / (complete + 3) * complete * (1 - lam), np.inf)
        df = 1 / (1 / large + 1 / observed)
        fmi = (riv + 2 / (df + 3)) / (riv + 1)
    return Rubin(estimate, within, between, total, df, large, riv, lam, fmi, 1 / (1 + fmi / m))


@dataclass(frozen=True)
class JointTest:
    """An F test pooled over imputations."""

    statistic: float
    df: float
    df2: float
    p_value: float
    riv: float


NO_JOINT_TEST = JointTest(*[float("nan")] * 5)


def wald_test(estimates: np.ndarray, covariances: np.ndarray, df_complete: float = np.inf) -> JointTest:
    """D1: that k quantities are all 0, from their estimates and covariance matrices.

    Parameters
    ----------
    estimates : ndarray, shape (m, k)
    covariances : ndarray, shape (m, k, k)
    df_complete : float

    Notes
    -----
    Li, Raghunathan & Rubin (1991), JASA 86, 1065-1073; second degrees of freedom: with finite `df_complete` those of
    Reiter (2007), Biometrika 94, 502-508, eq. 4.
    """
    m, k = estimates.shape
    mean, within = estimates.mean(axis=0), covariances.mean(axis=0)
    if k < 1 or not np.isfinite(within).all() or not np.isfinite(mean).all():
        return NO_JOINT_TEST
    between = np.atleast_2d(np.cov(estimates, rowvar=False))
    r = (1 + 1 / m) * np.trace(np.linalg.solve(within, between)) / k
    value = float(mean @ np.linalg.solve(within, mean) / k / (1 + r))
    if np.isfinite(df_complete) and k * (m - 1) > 4:
        df2 = _reiter(k * (m - 1), r, df_complete)
    else:
        df2 = _li(k, m, r)
    return _f_test(value, k, df2, r)


def statistics_test(statistics: np.ndarray, k: int) -> JointTest:
    """D2: from the chi-square statistics of the m data sets alone, each with k degrees of freedom.

    Notes
    -----
    Li, Meng, Raghunathan & Rubin (1991), Statistica Sinica 1, 65-92; rougher than D1 and D3.
    """
    m = len(statistics)
    if k < 1 or not np.isfinite(statistics).all():
        return NO_JOINT_TEST
    r = (1 + 1 / m) * float(np.var(np.sqrt(np.maximum(statistics, 0)), ddof=1))
    value = (float(np.mean(statistics)) / k - (m + 1) / (m - 1) * r) / (1 + r)
    df2 = np.inf if r <= 0 else k ** (-3 / m) * (m - 1) * (1 + 1 / r) ** 2
    return _f_test(max(value, 0.0), k, df2, r)


def likelihood_test(ratios: np.ndarray, ratios_at_mean: np.ndarray, k: int) -> JointTest:
    """D3: likelihood-ratio statistics at each data set's own estimates, and at the mean of the estimates.

    Notes
    -----
    Meng & Rubin (1992), Biometrika 79, 103-111.
    """
    m = len(ratios)
    if k < 1 or not (np.isfinite(ratios).all() and np.isfinite(ratios_at_mean).all()):
        return NO_JOINT_TEST
    r = max((m + 1) / (k * (m - 1)) * float(ratios.mean() - ratios_at_mean.mean()), 0.0)
    value = float(ratios_at_mean.mean()) / (k * (1 + r))
    return _f_test(value, k, _li(k, m, r), r)


def _f_test(value: float, k: int, df2: float, r: float) -> JointTest:
    from scipy.stats import chi2, f

    p = f.sf(value, k, df2) if np.isfinite(df2) else chi2.sf(value * k, k)
    return JointTest(value, float(k), float(df2), float(p), float(r))


def _li(k: int, m: int, r: float) -> float:
    """Second degrees of freedom of Li, Raghunathan & Rubin (1991), eqs 1.17 and 1.18."""
    if r <= 0:
        return np.inf
    t = k * (m - 1)
    if t > 4:
        return 4 + (t - 4) * (1 + (1 - 2 / t) / r) ** 2
    return t * (1 + 1 / k) * (1 + 1 / r) ** 2 / 2


def _reiter(t: int, r: float, df_complete: float) -> float:
    """Second degrees of freedom of Reiter (2007)."""
    a = r * t / (t - 2)
    observed = (df_complete + 1) / (df_complete + 3) * df_complete
    c0, c1, c2 = 1 / (t - 4), observed - 2 * (1 + a), observed - 4 * (1 + a)
    z = 1 / c2 + c0 * (
        a**2 * c1 / ((1 + a) ** 2 * c2)
        + 8 * a**2 * c1 / ((1 + a) * c2**2)
        + 4 * a**2 / ((1 + a) * c2)
        + 4 * a**2 / (c2 * c1)
        + 16 * a**2 * c1 / c2**3
        + 8 * a**2 / c2**2
    )
    return 4 + 1 / z
