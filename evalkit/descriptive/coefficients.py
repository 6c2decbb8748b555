"""Columns of numbers in; their correlations with tests and intervals out, whatever the kind of coefficient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evalkit.correlations import fisher_interval, kendall, mixed_correlations, pearson, spearman

MOST_CATEGORIES = 10
"""A variable with more distinct values counts as continuous beside polychoric correlations."""

_PLAIN = {"pearson": pearson, "spearman": spearman}
METHODS = (*_PLAIN, "kendall", "polychoric")


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Correlations and their tests, each of shape (p, p).

    `statistic` is Student's t, or z where there is a `std_error`. `at_bound` are the pairs whose polychoric correlation
    ran to 1 or -1; `continuous`, shape (p,), the columns taken as they stand beside ordered ones; `thresholds` of each
    column those of polychoric correlations, empty for a continuous one. `df` are those of t,
    shape (p, p).
    """

    r: np.ndarray
    n: np.ndarray
    statistic: np.ndarray
    std_error: np.ndarray
    p_value: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    continuous: np.ndarray
    at_bound: tuple[tuple[int, int], ...] = ()
    thresholds: tuple[np.ndarray, ...] = ()
    df: np.ndarray | None = None

    @property
    def smallest_eigenvalue(self) -> float:
        """Below zero for a matrix that no complete data could have; nan with gaps."""
        return float(np.linalg.eigvalsh(self.r)[0]) if np.isfinite(self.r).all() and self.r.size else float("nan")


def coefficients(x: np.ndarray, method: str, conf_level: float) -> Coefficients:
    """Correlate the columns of x, shape (n, p), each pair over the rows that have both."""
    if method == "kendall":
        return _concordant(x)
    return _ordered(x, conf_level) if method == "polychoric" else _plain(x, method, conf_level)


def _concordant(x: np.ndarray) -> Coefficients:
    """Kendall's tau-b with z tests, without intervals."""
    found = kendall(x)
    nothing = np.full(found.r.shape, np.nan)
    p_value = 2 * stats.norm.sf(np.abs(found.z))
    return Coefficients(found.r, found.n, found.z, nothing, p_value, nothing, nothing, np.zeros(x.shape[1], dtype=bool))


def _plain(x: np.ndarray, method: str, conf_level: float) -> Coefficients:
    found = _PLAIN[method](x)
    nothing = np.full(found.r.shape, np.nan)
    low, high = fisher_interval(found.r, found.n, conf_level) if method == "pearson" else (nothing, nothing)
    none = np.zeros(x.shape[1], dtype=bool)
    return Coefficients(found.r, found.n, found.t, nothing, found.p_value, low, high, none, df=found.n - 2.0)


def _ordered(x: np.ndarray, conf_level: float) -> Coefficients:
    """Polychoric correlations, with z tests and intervals of atanh r by the delta method."""
    continuous = np.array([len(np.unique(column[~np.isnan(column)])) > MOST_CATEGORIES for column in x.T])
    found = mixed_correlations(x, ~continuous)
    error = np.where(np.eye(len(found.r)) == 1, np.nan, found.std_error)
    for i, j in found.at_bound:
        error[i, j] = error[j, i] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        z = found.r / error
        centre = np.arctanh(found.r)
        half = stats.norm.ppf((1 + conf_level) / 2) * error / ((1 - found.r) * (1 + found.r))
    low, high = np.tanh(centre - half), np.tanh(centre + half)
    return Coefficients(
        found.r, found.n, z, error, 2 * stats.norm.sf(np.abs(z)), low, high, continuous, found.at_bound,
        found.thresholds,
    )  # fmt: skip
