"""A correlation matrix in; whether it is fit for factoring out: KMO, Bartlett's test, squared multiple correlations."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats


class Adequacy(NamedTuple):
    """Sampling adequacy: overall (`kmo`) and of each item (`msa`, shape (p,))."""

    kmo: float
    msa: np.ndarray


class Sphericity(NamedTuple):
    """Bartlett's test that nothing correlates."""

    chi2: float
    df: float
    p_value: float


def adequacy(r: np.ndarray) -> Adequacy:
    """Kaiser-Meyer-Olkin measure of a positive definite matrix, shape (p, p).

    Squared correlations as a share of themselves and the squared partial correlations:
    Kaiser & Rice (1974), Educational and Psychological Measurement 34, 111-117.
    """
    inverse = np.linalg.inv(r)
    scale = np.sqrt(np.diag(inverse))
    plain, partial = r**2, (inverse / np.outer(scale, scale)) ** 2
    np.fill_diagonal(plain, 0)
    np.fill_diagonal(partial, 0)
    msa = plain.sum(axis=0) / (plain.sum(axis=0) + partial.sum(axis=0))
    return Adequacy(float(plain.sum() / (plain.sum() + partial.sum())), msa)


def sphericity(r: np.ndarray, n: int) -> Sphericity:
    """Bartlett (1951), Biometrika 38, 337-344: `-(n - 1 - (2p + 5) / 6) log det R` on p (p - 1) / 2 df."""
    p = len(r)
    chi2 = -(n - 1 - (2 * p + 5) / 6) * float(np.linalg.slogdet(r)[1])
    df = p * (p - 1) / 2
    return Sphericity(chi2, df, float(stats.chi2.sf(chi2, df)))


def squared_multiple(r: np.ndarray) -> np.ndarray:
    """Share of each item's variance that the others explain, shape (..., p), of matrices of shape (..., p, p)."""
    inverse = np.linalg.inv(r)
    return 1 - 1 / np.diagonal(inverse, axis1=-2, axis2=-1)
