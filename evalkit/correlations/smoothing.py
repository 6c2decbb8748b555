"""A correlation matrix that no data could have in, the nearest usual repair of it out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LEAST_EIGENVALUE = 1e-12
FLOOR = 1e-10


class Smoothed(NamedTuple):
    """The matrix, its smallest eigenvalue before, and whether it was changed."""

    r: np.ndarray
    smallest: float
    changed: bool


def smooth(r: np.ndarray) -> Smoothed:
    """Make a symmetric matrix of correlations, shape (p, p), positive definite.

    Eigenvalues at or below `LEAST_EIGENVALUE` are raised to `FLOOR`, the others shrunk so that they sum to p again,
    and the diagonal is brought back to one. A matrix that is positive definite already comes back as it is.

    Knol & ten Berge (1989), Psychometrika 54, 53-61, discuss this and nearer repairs.
    """
    values, vectors = np.linalg.eigh(r)
    if values[0] > LEAST_EIGENVALUE:
        return Smoothed(r, float(values[0]), False)
    raised = np.where(values > LEAST_EIGENVALUE, values, FLOOR)
    raised *= len(r) / raised.sum()
    repaired = (vectors * raised) @ vectors.T
    scale = np.sqrt(np.diag(repaired))
    repaired /= np.outer(scale, scale)
    np.fill_diagonal(repaired, 1.0)
    return Smoothed((repaired + repaired.T) / 2, float(values[0]), True)
