"""A correlation matrix and rotated loadings in; order, variance explained and fit out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

_NAN = float("nan")
RMSEA_LEVEL = 0.90


@dataclass(frozen=True, eq=False)
class Solution:
    """Factors in order of the variance they explain, turned so that their loadings sum to something positive.

    Parameters
    ----------
    loadings : ndarray, shape (p, m)
        Pattern loadings (standardised regression weights).
    phi : ndarray, shape (m, m)
        Factor correlations; the identity for orthogonal factors.
    """

    r: np.ndarray
    loadings: np.ndarray
    phi: np.ndarray

    @property
    def structure(self) -> np.ndarray:
        """Correlations of items and factors, shape (p, m)."""
        return self.loadings @ self.phi

    @property
    def communality(self) -> np.ndarray:
        """Share of each item's variance that the factors explain, shape (p,)."""
        return np.sum(self.structure * self.loadings, axis=1)

    @property
    def uniqueness(self) -> np.ndarray:
        return np.diag(self.r) - self.communality

    @property
    def complexity(self) -> np.ndarray:
        """Factors an item loads on: Hofmann (1978), Multivariate Behavioral Research 13, 247-250."""
        squares = self.loadings**2
        with np.errstate(invalid="ignore", divide="ignore"):
            return squares.sum(axis=1) ** 2 / (squares**2).sum(axis=1)

    @property
    def explained(self) -> np.ndarray:
        """Variance of the items that each factor explains (sum of squared loadings), shape (m,)."""
        return np.diag(self.phi @ self.loadings.T @ self.loadings)

    @property
    def residual(self) -> np.ndarray:
        """Observed less reproduced correlations, uniquenesses on the diagonal, shape (p, p)."""
        return self.r - self.loadings @ self.phi @ self.loadings.T


@dataclass(frozen=True)
class FactorFit:
    """How well the factors reproduce the matrix; nan where the degrees of freedom or n do not allow it.

    `chi2` is the likelihood-ratio statistic with Bartlett's factor, at the solution whatever the extraction;
    `chi2_empirical` that of the residuals; `rmsr` the root mean square residual correlation, `rmsr_adj` with the
    degrees of freedom as divisor; `fit_off` one less the share of squared off-diagonal
    correlations left in the residuals.
    """

    df: int
    objective: float
    chi2: float
    p_value: float
    chi2_empirical: float
    rmsr: float
    rmsr_adj: float
    tli: float
    rmsea: float
    rmsea_low: float
    rmsea_high: float
    bic: float
    sabic: float
    fit: float
    fit_off: float
    chi2_null: float
    df_null: int


def ordered(r: np.ndarray, loadings: np.ndarray, phi: np.ndarray) -> Solution:
    """Sort and turn the factors."""
    order = np.argsort(-np.diag(phi @ loadings.T @ loadings), kind="stable")
    loadings, phi = loadings[:, order], phi[np.ix_(order, order)]
    sign = np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    return Solution(r, loadings * sign, phi * np.outer(sign, sign))


def degrees_of_freedom(p: int, m: int) -> int:
    """Distinct correlations less free parameters, `((p - m)^2 - (p + m)) / 2`."""
    return ((p - m) ** 2 - (p + m)) // 2


def fit_of(solution: Solution, n: int) -> FactorFit:
    """Fit of the factor model; `n` rows.

    Bartlett's factor: Lawley & Maxwell (1971). RMSEA: Steiger & Lind (1980) with n - 1. TLI: Tucker & Lewis
    (1973), Psychometrika 38, 1-10. BIC: chi2 - df log n; `sabic` with (n + 2) / 24: Sclove (1987).
    """
    p, m = solution.loadings.shape
    residual = solution.residual
    off = residual - np.diag(np.diag(residual))
    squares, squares_off = float(np.sum(off**2)), float(np.sum(solution.r**2) - p)
    df, df_null = degrees_of_freedom(p, m), p * (p - 1) // 2
    objective = _discrepancy(solution)
    scale = n - 1 - (2 * p + 5) / 6
    chi2 = (scale - 2 * m / 3) * objective
    chi2_null = -scale * float(np.linalg.slogdet(solution.r)[1])
    rmsea = low = high = tli = adjusted = p_value = _NAN
    if df > 0 and np.isfinite(objective):
        p_value = float(stats.chi2.sf(max(chi2, 0), df))
        adjusted = float(np.sqrt(squares / (2 * df)))
        null = chi2_null / df_null
        tli = (null - chi2 / df) / (null - 1) if null != 1 else _NAN
        rmsea = float(np.sqrt(max(chi2 / df - 1, 0) / (n - 1)))
        low, high = (float(np.sqrt(v / ((n - 1) * df))) for v in noncentrality_interval(chi2, df, RMSEA_LEVEL))
    return FactorFit(
        df, objective, chi2, p_value, n * squares, float(np.sqrt(squares / (p * (p - 1)))) if p > 1 else _NAN, adjusted,
        tli, rmsea, low, high, chi2 - df * float(np.log(n)), chi2 - df * float(np.log((n + 2) / 24)),
        1 - float(np.sum(residual**2)) / (squares_off + p), 1 - squares / squares_off if squares_off > 0 else _NAN,
        chi2_null, df_null,
    )  # fmt: skip


def noncentrality_interval(chi2: float, df: float, level: float) -> tuple[float, float]:
    """Interval of the noncentrality parameter behind a chi-square, ends below zero put to zero.

    Browne & Cudeck (1993), in Bollen & Long, Testing Structural Equation Models.
    """
    ends = []
    for tail in ((1 + level) / 2, (1 - level) / 2):
        if stats.chi2.cdf(chi2, df) <= tail:
            ends.append(0.0)
            continue
        top = max(chi2, 1.0)
        while stats.ncx2.cdf(chi2, df, top) > tail:
            top *= 2
        ends.append(float(optimize.brentq(lambda at, tail=tail: stats.ncx2.cdf(chi2, df, at) - tail, 1e-12, top)))
    return ends[0], ends[1]


def congruence(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Tucker's coefficients of congruence of the columns of two loading matrices, shape (m_a, m_b)."""
    return (a.T @ b) / np.sqrt(np.outer(np.sum(a**2, axis=0), np.sum(b**2, axis=0)))


def _discrepancy(solution: Solution) -> float:
    """Maximum-likelihood discrepancy of the model with the observed diagonal; nan where that is no covariance."""
    model = solution.r - solution.residual
    np.fill_diagonal(model, np.diag(solution.r))
    sign, log_model = np.linalg.slogdet(model)
    if sign <= 0:
        return _NAN
    log_r = np.linalg.slogdet(solution.r)[1]
    return float(np.trace(np.linalg.solve(model, solution.r)) + log_model - log_r - len(model))
