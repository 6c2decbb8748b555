"""Columns and columns to hold constant in; partial and semipartial correlations with their tests out."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit.correlations import fisher_interval, t_statistic
from evalkit.descriptive.coefficients import Coefficients
from evalkit.moments import moments


def partialled(
    x: np.ndarray, held: np.ndarray, *, ranks: bool = False, semi: bool = False, conf_level: float = 0.95
) -> Coefficients:
    """Correlations of the columns of x, shape (n, p), given those of `held`, shape (n, k).

    Each pair over the rows that have both and all of `held`; nan where the held columns leave nothing of a column.

    Parameters
    ----------
    ranks : bool
        Of mid-ranks (Spearman); without an interval.
    semi : bool
        The held columns are taken from the later column of a pair alone. The test is that of the partial correlation,
        which asks the same; no interval.

    Notes
    -----
    t has n - 2 - k degrees of freedom and Fisher's interval n - 3 - k, with k the rank of the held columns. Fisher
    (1924), Metron 3, 329-332.
    """
    p = x.shape[1]
    r, asked, n, held_rank = np.full((4, p, p), np.nan)
    if not np.isnan(x).any():
        own = ~np.isnan(held).any(axis=1)
        r, asked, k = _matrix(x[own], held[own], ranks=ranks, semi=semi)
        n, held_rank = np.full((p, p), float(own.sum())), np.full((p, p), float(k))
    else:
        for i, j in zip(*np.triu_indices(p), strict=True):
            own = ~(np.isnan(x[:, [i, j]]).any(axis=1) | np.isnan(held).any(axis=1))
            one, test, k = _matrix(x[own][:, [i, j]], held[own], ranks=ranks, semi=semi)
            for a, b in ((i, j), (j, i)):
                r[a, b], asked[a, b], n[a, b], held_rank[a, b] = one[0, 1], test[0, 1], own.sum(), k
    fewer = np.maximum(n - held_rank, 0.0)
    t = t_statistic(asked, fewer)
    p_value = 2 * stats.t.sf(np.abs(t), np.where(fewer > 2, fewer - 2, np.nan))
    nothing = np.full((p, p), np.nan)
    low, high = (nothing, nothing) if ranks or semi else fisher_interval(r, fewer, conf_level)
    return Coefficients(r, n.astype(int), t, nothing, p_value, low, high, np.zeros(p, dtype=bool), df=fewer - 2)


def _matrix(x: np.ndarray, held: np.ndarray, *, ranks: bool, semi: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """(Semi)partial correlations, the partial ones behind their tests, and the rank of the held columns."""
    p, k = x.shape[1], held.shape[1]
    if len(x) < 3:
        return np.full((p, p), np.nan), np.full((p, p), np.nan), k
    whole = np.column_stack([x, held])
    whole = 2 * stats.rankdata(whole, axis=0) if ranks else whole
    r = moments(whole).corr()
    inner = np.nan_to_num(r[p:, p:])
    rank = int(np.linalg.matrix_rank(inner, tol=1e-10))
    rest = r[:p, :p] - r[:p, p:] @ np.linalg.pinv(inner, rcond=1e-10, hermitian=True) @ r[p:, :p]
    left = np.diag(rest).copy()
    left[~(left > 1e-12)] = np.nan
    root = np.sqrt(left)
    partial = np.clip(rest / np.outer(root, root), -1, 1)
    if not semi:
        return partial, partial, rank
    later = np.where(np.tri(p) == 1, rest / root[:, None], (rest / root[:, None]).T)
    return later, partial, rank
