"""Traces of chains in, whether they have come together out."""

from __future__ import annotations

import numpy as np

LIMIT = 1.2
"""R-hat above which chains are said not to have converged (Gelman & Rubin 1992)."""
FEWEST = 4
"""Sweeps needed to judge."""


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
    length = (iterations - max(1, iterations // 5)) // 2
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
