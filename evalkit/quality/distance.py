"""Squared distances of incomplete rows from a mean, over what each row has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.moments import Pairwise, correlation_of, pairwise

_SMALLEST = 0.01
"""Smallest eigenvalue of a correlation matrix that had to be made positive definite."""
_BLOCK = 2_000_000
"""Numbers in one stack of small matrices (16 MB)."""


def observed_distances(away: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Squared Mahalanobis distance of each row over its answered columns.

    Parameters
    ----------
    away : ndarray, shape (n, k)
        Differences from the mean; nan where missing.
    precision : ndarray, shape (k, k)
        Inverse of the whole covariance matrix.

    Returns
    -------
    ndarray, shape (n,)
        `d_o' S_oo^-1 d_o`; 0 for an empty row.

    Notes
    -----
    With P the inverse of S: `d_o' S_oo^-1 d_o = d_o' P_oo d_o - (P_mo d_o)' P_mm^-1 (P_mo d_o)`, so only as many
    equations as there are gaps have to be solved, and rows with equally many gaps are solved together.
    """
    gaps = np.isnan(away)
    d = np.where(gaps, 0.0, away)
    pulled = d @ precision
    distance = np.einsum("ij,ij->i", d, pulled)
    for rows, where in rows_by_gaps(gaps):
        part = precision[where[:, :, None], where[:, None, :]]
        pull = np.take_along_axis(pulled[rows], where, axis=1)
        distance[rows] -= (pull * np.linalg.solve(part, pull[..., None])[..., 0]).sum(axis=1)
    return np.maximum(distance, 0.0)


def rows_by_gaps(gaps: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows with equally many gaps and where these are: (rows, columns of shape (len(rows), m)), m from 1 to k - 1."""
    count = gaps.sum(axis=1)
    k = gaps.shape[1]
    found = []
    for m in np.unique(count[(count > 0) & (count < k)]):
        rows = np.flatnonzero(count == m)
        for part in np.array_split(rows, -(-len(rows) * int(m) ** 2 // _BLOCK)):
            found.append((part, np.nonzero(gaps[part])[1].reshape(len(part), int(m))))
    return found


@dataclass(frozen=True, eq=False)
class Distances:
    """Squared distances (nan where not computable), their degrees of freedom, and whether S had to be mended.

    `reason` is a key of what stopped the whole computation: `few_items`, `few_rows`, `never_together`.
    """

    squared: np.ndarray
    df: np.ndarray
    mended: bool = False
    reason: str = ""


def mahalanobis(answers: np.ndarray, moments: Pairwise | None = None) -> Distances:
    """Squared Mahalanobis distance of each respondent from the mean of all.

    Parameters
    ----------
    answers : ndarray, shape (n, k)
        Items; nan where missing.
    moments : Pairwise, optional
        Their pairwise moments, if known already.

    Returns
    -------
    Distances
        Over the items a row answered: `df` is their number (the number of items for a complete row; constant items
        count for nothing). Covariances are pairwise (n - 1). Where the matrix is not positive definite, its
        correlations are drawn towards 0 until the smallest eigenvalue is 0.01.

    Notes
    -----
    `D2 = (x - m)' S^-1 (x - m)`, chi square with as many degrees of freedom as items under normality. Meade &
    Craig (2012), Psychological Methods 17, 437-455.
    """
    n, k = answers.shape
    nothing = np.full(n, np.nan)
    summary = moments or pairwise(answers)
    variance = np.diag(summary.cov)
    kept = np.flatnonzero(np.nan_to_num(variance) > 0)
    answers = answers[:, kept]
    count = (~np.isnan(answers)).sum(axis=1)
    if len(kept) < 2:
        return Distances(nothing, count, reason="few_items")
    if n <= len(kept):
        return Distances(nothing, count, reason="few_rows")
    cov = summary.cov[np.ix_(kept, kept)]
    if np.isnan(cov).any():
        return Distances(nothing, count, reason="never_together")
    cov, mended = positive_definite(cov)
    mean = np.diag(summary.mean)[kept]
    squared = observed_distances(answers - mean, np.linalg.inv(cov))
    # Over less than half of the items a row's distance says little, and its answers are another check's matter.
    return Distances(np.where(2 * count >= len(kept), squared, np.nan), count, mended)


def positive_definite(cov: np.ndarray) -> tuple[np.ndarray, bool]:
    """A covariance matrix that can be inverted, and whether it had to be changed for that."""
    r = correlation_of(cov)
    least = float(np.linalg.eigvalsh(r)[0])
    if least > 1e-8:
        return cov, False
    share = (_SMALLEST - least) / (1 - least)
    sd = np.sqrt(np.diag(cov))
    return ((1 - share) * r + share * np.eye(len(r))) * np.outer(sd, sd), True
