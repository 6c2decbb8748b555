"""Covariates of both arms and weights in; how alike the arms are before and after, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

STAGES = ("before", "weighted", "matched")
LARGE = 0.1
"""Absolute standardised difference from which a covariate is not balanced: Austin (2009), Statistics in Medicine 28,
3083-3107."""


@dataclass(frozen=True)
class Balance:
    """One covariate at one stage: means of the arms, standardised difference and ratio of variances."""

    term: str
    stage: str
    mean_treated: float
    mean_control: float
    difference: float
    ratio: float


def balance_of(
    covariates: np.ndarray, terms: tuple[str, ...], treated: np.ndarray, weights: Mapping[str, np.ndarray]
) -> tuple[Balance, ...]:
    """Balance of every covariate, at every stage.

    Parameters
    ----------
    covariates : ndarray, shape (n, p)
    weights : mapping
        Stage -> weight of each row, shape (n,); 0 leaves a row out.

    Notes
    -----
    The difference of means is divided by the root of the mean of both variances before adjustment, at every stage,
    so that stages can be compared: Stuart (2010), Statistical Science 25, 1-21, section 4.1.
    """
    n1, n0 = (treated == 1).sum(), (treated == 0).sum()
    if min(n1, n0) < 2:
        scale = np.full(covariates.shape[1], np.nan)
    else:
        scale = np.sqrt(
            (covariates[treated == 1].var(axis=0, ddof=1) + covariates[treated == 0].var(axis=0, ddof=1)) / 2
        )
    out = []
    for stage, weight in weights.items():
        (m1, v1), (m0, v0) = (_moments(covariates, weight * (treated == arm)) for arm in (1, 0))
        with np.errstate(divide="ignore", invalid="ignore"):
            difference = np.where(scale > 0, (m1 - m0) / scale, np.nan)
            ratio = np.where((v0 > 0) & (v1 > 0), v1 / v0, np.nan)
        out += [
            Balance(term, stage, float(m1[j]), float(m0[j]), float(difference[j]), float(ratio[j]))
            for j, term in enumerate(terms)
        ]
    return tuple(out)


def _moments(values: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means and variances; equal weights give the divisor n - 1."""
    total = weight.sum()
    if total <= 0:
        none = np.full(values.shape[1], np.nan)
        return none, none
    mean = weight @ values / total
    free = total - (weight**2).sum() / total
    if free <= 0:
        return mean, np.full(values.shape[1], np.nan)
    return mean, weight @ (values - mean) ** 2 / free
