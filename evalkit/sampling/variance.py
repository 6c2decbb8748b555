"""Scores of the rows in, the linearised (Taylor) covariance of their weighted total out."""

from __future__ import annotations

import numpy as np

from evalkit.contract import AnalysisError, Problem
from evalkit.sampling.design import DesignArrays

LONELY = ("adjust", "average", "certainty", "fail")
"""What to do with a stratum of one unit."""
_NOTICES = {"adjust": "W693", "average": "N898", "certainty": "W899"}


def linearised_covariance(
    scores: np.ndarray, design: DesignArrays, *, lonely: str = "adjust"
) -> tuple[np.ndarray, int, tuple[Problem, ...]]:
    """Covariance of the total of `scores` under the design, by strata and first-stage units.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Each row's weighted contribution to the total; 0 for rows outside the domain, which still count as
        drawn (a domain is estimated within the whole sample).
    design : DesignArrays
        Of the same n rows. With `second` the variance within units is added, times the share of units drawn.
    lonely : {"adjust", "average", "certainty", "fail"}
        A stratum with one unit: its deviation from the mean of all units; the mean variance of the other strata;
        nothing (the unit was certain to be drawn); an error.

    Returns
    -------
    covariance : ndarray, shape (k, k)
    df : int
        Units minus strata.
    notices : tuple of Problem
        W693, N898 or W899 where a stratum has one unit only, by the rule that was used.

    Raises
    ------
    AnalysisError
        E695 for a stratum with one unit and `lonely="fail"`.

    Notes
    -----
    ``sum_h (1 - f_h) n_h / (n_h - 1) sum_i (u_hi - u_h)(u_hi - u_h)'`` with ``u_hi`` the total of unit i:
    Binder (1983), International Statistical Review 51, 279-292. The second stage adds, for each unit, f_h times the
    same sum over its rows: Särndal, Swensson & Wretman (1992), Model Assisted Survey Sampling, result 4.3.1.
    """
    rows = np.flatnonzero(design.complete)
    names, unit = np.unique(design.units[rows], return_inverse=True)
    totals = np.zeros((len(names), scores.shape[1]))
    np.add.at(totals, unit, scores[rows])
    strata, fraction = np.zeros(len(names), dtype=np.int64), np.zeros(len(names))
    strata[unit], fraction[unit] = design.strata[rows], design.fraction[rows]
    covariance, alone = _one_stage(totals, strata, fraction, np.ones(len(names)), lonely)
    notices = (Problem(_NOTICES[lonely], params={"n": alone}),) if alone else ()
    if design.second is not None:
        within, _ = _one_stage(scores[rows], unit, design.second[rows], design.fraction[rows], lonely)
        covariance = covariance + within
    return covariance, len(names) - len(np.unique(strata)), notices


def _one_stage(
    totals: np.ndarray, strata: np.ndarray, fraction: np.ndarray, share: np.ndarray, lonely: str
) -> tuple[np.ndarray, int]:
    """Covariance of the sum of unit totals drawn within strata, each stratum's times `share`; lonely strata."""
    level, place, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    alone = sizes[place] == 1
    n_alone = int(alone.sum())
    if n_alone and lonely == "fail":
        raise AnalysisError(Problem("E695", params={"n": n_alone}))
    sums = np.zeros((len(level), totals.shape[1]))
    np.add.at(sums, place, totals)
    centre = (sums / sizes[:, None])[place]
    if lonely == "adjust" and n_alone:
        centre[alone] = totals.mean(axis=0)
    n_h = sizes[place].astype(float)
    scale = (1 - fraction) * share * np.divide(n_h, n_h - 1, out=np.ones(len(n_h)), where=n_h > 1)
    deviation = totals - centre
    covariance = (deviation * scale[:, None]).T @ deviation
    if lonely == "average" and n_alone:
        known = len(level) - n_alone
        covariance = covariance * (len(level) / known) if known else np.full_like(covariance, np.nan)
    return covariance, n_alone
