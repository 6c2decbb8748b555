"""Columns of numbers in, matrices of Pearson and Spearman correlations with their n, tests and intervals out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evalkit.moments import moments, pairwise


@dataclass(frozen=True, eq=False)
class Correlations:
    """Correlations of p columns.

    `r` has shape (p, p), nan where a column is constant over the rows of the pair; `n` has the rows of each pair.
    """

    r: np.ndarray
    n: np.ndarray

    @property
    def t(self) -> np.ndarray:
        """Test statistic of r = 0, shape (p, p): `r sqrt((n - 2) / (1 - r^2))`; infinite at |r| = 1."""
        return t_statistic(self.r, self.n)

    @property
    def p_value(self) -> np.ndarray:
        """Two-sided p of r = 0 from Student's t with n - 2 df, shape (p, p); nan below three rows.

        Exact for Pearson's r of normal data, an approximation for Spearman's (Kendall & Gibbons 1990, section 4.17).
        """
        df = np.where(self.n > 2, self.n - 2, np.nan)
        return 2 * stats.t.sf(np.abs(self.t), df)

    @property
    def smallest_eigenvalue(self) -> float:
        """Below zero where pairwise deletion gave a matrix that no complete data could have; nan with gaps."""
        return float(np.linalg.eigvalsh(self.r)[0]) if np.isfinite(self.r).all() and self.r.size else float("nan")


def pearson(x: np.ndarray) -> Correlations:
    """Product-moment correlations; each pair over the rows that have both.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Missing values are nan. Complete rows give the listwise matrix.
    """
    x = np.asarray(x, dtype=float)
    if not np.isnan(x).any():
        return Correlations(moments(x).corr(), np.full((x.shape[1],) * 2, len(x)))
    pairs = pairwise(x)
    return Correlations(pairs.corr(), pairs.n)


def spearman(x: np.ndarray) -> Correlations:
    """Rank correlations: Pearson's r of mid-ranks, the ranks of a pair taken over the rows that have both."""
    x = np.asarray(x, dtype=float)
    if not np.isnan(x).any():
        return pearson(_ranks(x))
    p = x.shape[1]
    r, n = np.full((p, p), np.nan), np.zeros((p, p), dtype=int)
    for i in range(p):
        for j in range(i, p):
            both = x[~(np.isnan(x[:, i]) | np.isnan(x[:, j]))][:, [i, j]]
            n[i, j] = n[j, i] = len(both)
            r[i, j] = r[j, i] = moments(_ranks(both)).corr()[0, 1] if len(both) else np.nan
    return Correlations(r, n)


def t_statistic(r: np.ndarray, n: np.ndarray) -> np.ndarray:
    """`r sqrt((n - 2) / (1 - r^2))`, of the shape of `r`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        # (1 - r)(1 + r) keeps the digits that 1 - r^2 loses near one.
        return r * np.sqrt(np.where(n > 2, n - 2, np.nan) / ((1 - r) * (1 + r)))


def fisher_interval(r: np.ndarray, n: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Interval of Pearson's r by Fisher's z, `tanh(atanh r -+ z / sqrt(n - 3))`; nan below four rows.

    Fisher (1921), Metron 1, 3-32.
    """
    r, n = np.asarray(r, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(divide="ignore"):
        centre = np.arctanh(r)
        half = stats.norm.ppf((1 + level) / 2) / np.sqrt(np.where(n > 3, n - 3, np.nan))
    return np.tanh(centre - half), np.tanh(centre + half)


def _ranks(x: np.ndarray) -> np.ndarray:
    """Twice the mid-ranks of each column: whole numbers, so that the moments are exact."""
    return 2 * stats.rankdata(x, axis=0) if len(x) else x
