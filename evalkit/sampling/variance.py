"""Scores of the rows in, the linearised (Taylor) covariance of their weighted total out."""

from __future__ import annotations

import numpy as np

from evalkit.contract import Problem
from evalkit.sampling.design import DesignArrays


def linearised_covariance(scores: np.ndarray, design: DesignArrays) -> tuple[np.ndarray, int, tuple[Problem, ...]]:
    """Covariance of the total of `scores` under first-stage sampling with replacement within strata.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Each row's weighted contribution to the total; 0 for rows outside the domain, which still count as
        drawn (a domain is estimated within the whole sample).
    design : DesignArrays
        Of the same n rows.

    Returns
    -------
    covariance : ndarray, shape (k, k)
    df : int
        Units minus strata.
    notices : tuple of Problem
        W693 where a stratum has one unit only; its deviation is taken from the mean of all units, which
        overstates the variance rather than hiding it.

    Notes
    -----
    ``sum_h (1 - f_h) n_h / (n_h - 1) sum_i (u_hi - u_h)(u_hi - u_h)'`` with ``u_hi`` the total of unit i:
    Binder (1983), International Statistical Review 51, 279-292.
    """
    rows = np.flatnonzero(design.complete)
    names, unit = np.unique(design.units[rows], return_inverse=True)
    totals = np.zeros((len(names), scores.shape[1]))
    np.add.at(totals, unit, scores[rows])
    strata, fraction = np.zeros(len(names), dtype=np.int64), np.zeros(len(names))
    strata[unit], fraction[unit] = design.strata[rows], design.fraction[rows]
    covariance = np.zeros((scores.shape[1], scores.shape[1]))
    lonely = 0
    for h in np.unique(strata):
        members = strata == h
        n_h = int(members.sum())
        if n_h == 1:
            lonely += 1
            deviation, scale = totals[members] - totals.mean(axis=0), 1.0
        else:
            deviation, scale = totals[members] - totals[members].mean(axis=0), n_h / (n_h - 1)
        covariance += (1 - fraction[members][0]) * scale * deviation.T @ deviation
    notices = (Problem("W693", params={"n": lonely}),) if lonely else ()
    return covariance, len(names) - len(np.unique(strata)), notices
