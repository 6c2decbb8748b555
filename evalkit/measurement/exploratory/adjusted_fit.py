"""A least-squares solution of polychoric correlations and their covariance matrix in, adjusted fit out."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import stats

from evalkit.measurement.exploratory.solution import (
    RMSEA_LEVEL,
    FactorFit,
    Solution,
    fit_of,
    noncentrality_interval,
)

_NAN = float("nan")


def adjusted_fit(solution: Solution, n: int, gamma: np.ndarray | None) -> FactorFit:
    """Fit of a minimum-residual solution with a mean- and variance-adjusted statistic.

    The normal-theory statistic of a polychoric matrix is too large: it takes the correlations for more precise than
    they are. Here the sum of squared residuals is scaled and shifted to the mean and variance of a chi-square.

    Parameters
    ----------
    n : int
        Rows used.
    gamma : ndarray, shape (p (p - 1) / 2,) * 2, optional
        `n` times the covariance matrix of the correlations below the diagonal, column by column. Without it (or for a
        solution that does not minimise the residuals) statistic, TLI, RMSEA and BIC are nan.

    Notes
    -----
    Asparouhov & Muthén (2010), Simple second order chi-square correction (Mplus technical note), with unit weights.
    The baseline has no correlations. BIC rests on a likelihood and stays nan.
    """
    plain = fit_of(solution, n)
    fit = dataclasses.replace(
        plain, chi2=_NAN, p_value=_NAN, tli=_NAN, rmsea=_NAN, rmsea_low=_NAN, rmsea_high=_NAN, bic=_NAN, sabic=_NAN,
        chi2_null=_NAN,
    )  # fmt: skip
    if gamma is None or plain.df < 1:
        return fit
    columns, rows = np.triu_indices(len(solution.r), 1)
    factor = n - 1  # as for the other statistics here, and in lavaan
    null = _scaled_and_shifted(factor * float(np.sum(solution.r[rows, columns] ** 2)), gamma, plain.df_null)
    axes = _free_directions(solution, rows, columns, plain.df)
    rest = axes.T @ gamma @ axes
    chi2 = max(_scaled_and_shifted(factor * float(np.sum(solution.residual[rows, columns] ** 2)), rest, plain.df), 0.0)
    ratio = null / plain.df_null
    low, high = (np.sqrt(v / (factor * plain.df)) for v in noncentrality_interval(chi2, plain.df, RMSEA_LEVEL))
    return dataclasses.replace(
        fit, chi2=chi2, p_value=float(stats.chi2.sf(chi2, plain.df)), chi2_null=null,
        tli=(ratio - chi2 / plain.df) / (ratio - 1) if ratio != 1 else _NAN,
        rmsea=float(np.sqrt(max(chi2 / plain.df - 1, 0) / factor)), rmsea_low=float(low), rmsea_high=float(high),
    )  # fmt: skip


def _scaled_and_shifted(statistic: float, spread: np.ndarray, df: int) -> float:
    """The statistic brought to mean df and variance 2 df; `spread` has the weights of its chi-square mixture."""
    scale = np.sqrt(df / np.sum(spread * spread.T))
    return float(scale * statistic + df - scale * np.trace(spread))


def _free_directions(solution: Solution, rows: np.ndarray, columns: np.ndarray, df: int) -> np.ndarray:
    """Orthonormal directions in which no change of the loadings moves the correlations, shape (n_pairs, df)."""
    loadings = solution.loadings @ np.linalg.cholesky(solution.phi)
    p, m = loadings.shape
    slopes = np.zeros((len(rows), p, m))
    pair = np.arange(len(rows))
    slopes[pair, rows] += loadings[columns]
    slopes[pair, columns] += loadings[rows]
    u, _, _ = np.linalg.svd(slopes.reshape(len(rows), -1), full_matrices=True)
    return np.asarray(u[:, len(rows) - df :])
