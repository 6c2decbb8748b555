"""Columns of numbers in; Kendall's tau-b with its z out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True, eq=False)
class Kendall:
    """tau-b of every pair of p columns, shape (p, p); `n` rows of each pair, `z` of the test of no association."""

    r: np.ndarray
    n: np.ndarray
    z: np.ndarray


def kendall(x: np.ndarray) -> Kendall:
    """Kendall's tau-b, each pair over the rows that have both; nan below three rows or without variation.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Missing values are nan.

    Notes
    -----
    z = S over its standard deviation under independence with ties, without continuity correction. Kendall & Gibbons
    (1990), Rank Correlation Methods, section 4.4.
    """
    p = x.shape[1]
    r, z, n = np.eye(p), np.full((p, p), np.nan), np.zeros((p, p), dtype=int)
    for i in range(p):
        for j in range(i, p):
            both = ~(np.isnan(x[:, i]) | np.isnan(x[:, j]))
            n[i, j] = n[j, i] = both.sum()
            r[i, j], z[i, j] = _pair(x[both, i], x[both, j])
            r[j, i], z[j, i] = r[i, j], z[i, j]
    return Kendall(r, n, z)


def _pair(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    n = float(len(x))
    if n < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan, np.nan
    tau = float(stats.kendalltau(x, y, method="asymptotic").statistic)
    t, u = (np.unique(v, return_counts=True)[1].astype(float) for v in (x, y))
    pairs = n * (n - 1)
    tied = [float(np.sum(k * (k - 1))) for k in (t, u)]
    score = tau * np.sqrt((pairs - tied[0]) * (pairs - tied[1])) / 2
    spread = (pairs * (2 * n + 5) - sum(float(np.sum(k * (k - 1) * (2 * k + 5))) for k in (t, u))) / 18
    spread += tied[0] * tied[1] / (2 * pairs)
    triple = [float(np.sum(k * (k - 1) * (k - 2))) for k in (t, u)]
    spread += triple[0] * triple[1] / (9 * pairs * (n - 2))
    return tau, score / float(np.sqrt(spread)) if spread > 0 else np.nan
