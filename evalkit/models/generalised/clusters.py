"""Scores and information of clusters in, CR2 and CR3 of a likelihood out."""

from __future__ import annotations

import numpy as np

from evalkit.contract import Problem
from evalkit.models.generalised.ascent import Likelihood, Maximum
from evalkit.models.sandwich import FEW_CLUSTERS, Covariance, Errors, satterthwaite


def adjusted(likelihood: Likelihood, found: Maximum, errors: Errors) -> Covariance:
    """Bias-reduced covariance of maximum-likelihood coefficients.

    Notes
    -----
    The score total of a cluster with information I_g is multiplied by ``(1 - I_g V)`` to the power -1/2 (CR2) or -1
    (CR3), V the inverse of the whole information. In least squares this is the adjustment of Bell & McCaffrey (2002),
    for one linear predictor that of the weighted regression at the last step: Pustejovsky & Tipton (2018), Journal of
    Business & Economic Statistics 36, 672-683, section 3; Satterthwaite's degrees of freedom (CR2) likewise.
    """
    names, place = np.unique(errors.clusters, return_inverse=True)
    k, groups = found.scores.shape[1], len(names)
    if groups < 2:
        return Covariance(np.full((k, k), np.nan), np.inf, groups, (Problem("W662", params={"n": groups}),))
    notices = (Problem("N663", params={"n": groups, "enough": FEW_CLUSTERS}),) if groups < FEW_CLUSTERS else ()
    if groups < k:
        notices += (Problem("W765", params={"n": groups, "k": k}),)
    values, vectors = np.linalg.eigh(found.inverse)
    root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    back = vectors / np.sqrt(values) @ vectors.T
    totals = np.empty((groups, k))
    inner, outer = np.empty((groups, k, k)), np.empty((groups, k, k))
    for g in range(groups):
        members = place == g
        information = likelihood.derivatives(found.b, members.astype(float))[1]
        own, turn = np.linalg.eigh(root @ information @ root)
        left = 1 - own
        alone = left < 1e-10
        if alone.any() and errors.kind == "CR3":
            notice = Problem("W756", params={"kind": errors.kind})
            return Covariance(np.full((k, k), np.nan), np.inf, groups, (*notices, notice))
        power = np.zeros(k)  # Moore-Penrose where a cluster alone determines a direction
        power[~alone] = left[~alone] ** (-0.5 if errors.kind == "CR2" else -1.0)
        lift = back @ (turn * power) @ turn.T @ root
        totals[g] = lift @ found.scores[members].sum(axis=0)
        inner[g] = lift @ information
        outer[g] = inner[g] @ lift.T
    matrix = found.inverse @ (totals.T @ totals) @ found.inverse
    if errors.kind == "CR3":
        return Covariance(matrix, np.inf, groups, notices)
    return Covariance(matrix, float(groups - 1), groups, notices, satterthwaite(inner, outer, found.inverse))
