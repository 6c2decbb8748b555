"""Numerators and denominators of estimates in, their delete-one-unit jackknife covariance out."""

from __future__ import annotations

import numpy as np

from evalkit.contract import AnalysisError, Problem
from evalkit.sampling.design import DesignArrays


def jackknife_covariance(
    above: np.ndarray, below: np.ndarray, design: DesignArrays, *, lonely: str
) -> tuple[np.ndarray, tuple[Problem, ...]]:
    """Stratified jackknife (JKn) of ratios of weighted totals.

    Parameters
    ----------
    above, below : ndarray, shape (n, k)
        Each row's weighted contribution to numerator and denominator, 0 outside the domain; a `below` of nan
        everywhere stands for an estimate without a denominator (a total).
    design : DesignArrays
    lonely : str
        "certainty" leaves strata of one unit as they are; with any other value they are an error.

    Returns
    -------
    covariance : ndarray, shape (k, k)
    notices : tuple of Problem

    Raises
    ------
    AnalysisError
        E886 where a stratum has one unit, which cannot be deleted.

    Notes
    -----
    Replicate hi leaves out unit i of stratum h and raises its stratum's other weights by n_h / (n_h - 1); the
    covariance is ``sum_h (1 - f_h) (n_h - 1) / n_h sum_i (r_hi - r)(r_hi - r)'`` about the mean of all replicates:
    Wolter (2007), Introduction to Variance Estimation, 2nd ed., section 4.5.
    """
    rows = np.flatnonzero(design.complete)
    names, unit = np.unique(design.units[rows], return_inverse=True)
    strata, fraction = np.zeros(len(names), dtype=np.int64), np.zeros(len(names))
    strata[unit], fraction[unit] = design.strata[rows], design.fraction[rows]
    level, place, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    alone = sizes[place] == 1
    if alone.any() and lonely != "certainty":
        raise AnalysisError(Problem("E886", params={"n": int(alone.sum())}))
    replicates = _replicates(above[rows], unit, place, sizes)
    no_denominator = np.isnan(below).all(axis=0)
    divisor = _replicates(np.where(no_denominator, 0.0, below)[rows], unit, place, sizes)
    replicates = replicates / np.where(no_denominator, 1.0, divisor)
    used = replicates[~alone]
    scale = ((1 - fraction) * (sizes[place] - 1) / sizes[place])[~alone]
    deviation = used - used.mean(axis=0)
    notices = (Problem("W899", params={"n": int(alone.sum())}),) if alone.any() else ()
    return (deviation * scale[:, None]).T @ deviation, notices


def _replicates(scores: np.ndarray, unit: np.ndarray, place: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Weighted totals with one unit left out at a time, shape (n_units, k)."""
    by_unit = np.zeros((len(place), scores.shape[1]))
    np.add.at(by_unit, unit, scores)
    by_stratum = np.zeros((len(sizes), scores.shape[1]))
    np.add.at(by_stratum, place, by_unit)
    n_h = sizes[place][:, None].astype(float)
    factor = np.divide(n_h, n_h - 1, out=np.ones_like(n_h), where=n_h > 1)
    rest: np.ndarray = by_stratum.sum(axis=0) - by_stratum[place] + factor * (by_stratum[place] - by_unit)
    return rest
