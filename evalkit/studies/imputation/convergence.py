"""Traces of chains in, whether they have come together out."""

from __future__ import annotations

import numpy as np

LIMIT = 1.2
"""R-hat above which chains are said not to have converged (Gelman & Rubin 1992)."""
FEWEST = 4
"""Sweeps needed to judge."""
CHANCE = 0.001


def limit(m: int, iterations: int) -> float:
    """R-hat above which m chains of so many sweeps are said not to have converged.

    `LIMIT`, but no less than what chains that agree exceed with probability `CHANCE`: the ratio of variances between
    and within the halves is then F distributed.
    """
    from scipy.stats import f

    length = _half(iterations)
    if 2 * length < FEWEST:
        return LIMIT
    ratio = float(f.isf(CHANCE, 2 * m - 1, 2 * m * (length - 1)))
    return max(LIMIT, float(np.sqrt((length - 1 + ratio) / length)))


def _half(iterations: int) -> int:
    """Sweeps in half a chain without its first fifth."""
    return (iterations - max(1, iterations // 5)) // 2


def potential_scale_reduction(traces: np.ndarray) -> np.ndarray:
    """Split R-hat of each quantity, shape (q,); nan with fewer than `FEWEST` sweeps after the first fifth.

    Parameters
    ----------
    traces : ndarray, shape (m, iterations, q)

    Notes
    -----
    Each chain, without its first fifth, counts as two: Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., eq. 11.4.
    Chains that agree in a number that never moves have R-hat 1.
    """
    _, iterations, q = traces.shape
    length = _half(iterations)
    if 2 * length < FEWEST:
        return np.full(q, np.nan)
    last = traces[:, iterations - 2 * length :]
    halves = np.concatenate([last[:, :length], last[:, length:]])
    within = halves.var(axis=1, ddof=1).mean(axis=0)
    between = length * halves.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.sqrt(((length - 1) / length * within + between / length) / within)
    still = (within < 1e-24) & (between < 1e-24)
    return np.where(still, 1.0, np.where(within == 0, np.inf, found))
