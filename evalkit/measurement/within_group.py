"""Answers and groups in; how far the members of each group agree out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_NAN = float("nan")

SKEWED: Mapping[str, Mapping[int, float]] = {
    "slight_skew": {5: 1.34, 6: 1.85, 7: 2.90, 8: 3.47, 9: 5.66, 10: 6.30, 11: 7.31},
    "moderate_skew": {5: 0.90, 6: 1.26, 7: 2.14, 8: 2.79, 9: 4.73, 10: 5.09, 11: 6.32},
    "heavy_skew": {5: 0.44, 6: 0.69, 7: 1.39, 8: 2.35, 9: 3.16, 10: 3.46, 11: 4.02},
    "triangular": {5: 1.32, 6: 1.45, 7: 2.10, 8: 2.81, 9: 3.00, 10: 2.89, 11: 3.32},
    "normal": {5: 1.04, 6: 1.25, 7: 1.40, 8: 1.73, 9: 1.58, 10: 1.45, 11: 1.40},
}
"""Variance of random answers that are not uniform, by the number of answer points.

LeBreton & Senter (2008), Organizational Research Methods 11, 815-852, table 2.
"""
NULLS = ("uniform", *SKEWED)


def null_variance(null: str, points: float) -> float:
    """Variance of answers given at random; nan where the distribution is not known for so many points.

    Uniform: ``(A^2 - 1) / 12``, James, Demaree & Wolf (1984), Journal of Applied Psychology 69, 85-98.
    """
    if null == "uniform":
        return (points**2 - 1) / 12 if points > 1 else _NAN
    return SKEWED[null].get(int(points), _NAN) if points == points else _NAN


def variance_of(shares: Sequence[float]) -> float:
    """Variance of answers 1, 2, ... given in these shares (they are scaled to sum to 1)."""
    p = np.asarray(shares, dtype=float) / np.sum(shares)
    points = np.arange(1, len(p) + 1)
    return float(p @ points**2 - (p @ points) ** 2)


@dataclass(frozen=True, eq=False)
class WithinGroups:
    """Answers of each of G groups to J items.

    Parameters
    ----------
    n : ndarray of int, shape (G,)
        Members with complete answers.
    variance : ndarray, shape (G,)
        Mean over items of the variance within the group (divisor n - 1); nan for a group of one.
    ad_mean, ad_median : ndarray, shape (G,)
        Mean over items of the average deviation from the group's mean, and from its median; nan for a group of one.
        Burke, Finkelstein & Dusig (1999), Organizational Research Methods 2, 49-68.
    """

    n: np.ndarray
    n_items: int
    variance: np.ndarray
    ad_mean: np.ndarray
    ad_median: np.ndarray

    def rwg_j(self, null: float) -> np.ndarray:
        """Agreement of each group on the J items against the variance of random answers, shape (G,).

        ``J (1 - s) / (J (1 - s) + s)`` with s the mean variance over the null variance, 0 where s passes 1; for one
        item ``1 - s``. James, Demaree & Wolf (1984), eqs 6 and 9.
        """
        share = np.minimum(self.variance / null, 1.0)
        agreed = self.n_items * (1 - share)
        return np.asarray(agreed / (agreed + share))

    def lindell(self, null: float) -> np.ndarray:
        """``1 - s``, which does not grow with the number of items and may be negative, shape (G,).

        Lindell, Brandt & Whitney (1999), Applied Psychological Measurement 23, 127-135.
        """
        return np.asarray(1 - self.variance / null)

    def above(self, null: float) -> int:
        """Groups whose answers vary more than random ones."""
        return int(np.sum(self.variance > null))


def within_groups(x: np.ndarray, group: np.ndarray, n_groups: int) -> WithinGroups:
    """Agreement within groups of complete answers, shape (n, J), with group 0 .. G - 1 of each row."""
    n = np.bincount(group, minlength=n_groups)
    several = n > 1
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = _summed(x, group, n_groups) / n[:, None]
        apart = x - mean[group]
        variance = _summed(apart**2, group, n_groups).mean(axis=1) / (n - 1)
        ad_mean = _summed(np.abs(apart), group, n_groups).mean(axis=1) / n
        middle = _medians(x, group, n)
        ad_median = _summed(np.abs(x - middle[group]), group, n_groups).mean(axis=1) / n
    variance, ad_mean, ad_median = (np.where(several, v, np.nan) for v in (variance, ad_mean, ad_median))
    return WithinGroups(n, x.shape[1], variance, ad_mean, ad_median)


def _summed(x: np.ndarray, group: np.ndarray, n_groups: int) -> np.ndarray:
    return np.column_stack([np.bincount(group, weights=column, minlength=n_groups) for column in x.T])


def _medians(x: np.ndarray, group: np.ndarray, n: np.ndarray) -> np.ndarray:
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(n)
    out = np.full((len(n), x.shape[1]), np.nan)
    for g, (size, end) in enumerate(zip(n, ends, strict=True)):
        if size:
            out[g] = np.median(x[order[end - size : end]], axis=0)
    return out
