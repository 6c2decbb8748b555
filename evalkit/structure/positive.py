"""A symmetric matrix in, its Cholesky factor and its inverse out, if it is positive definite."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack


def factor(matrix: np.ndarray) -> np.ndarray | None:
    """Lower Cholesky factor of a real matrix; None where it is not positive definite."""
    root, fault = lapack.dpotrf(matrix, lower=1)
    # A nan passes the test of the pivots; it reaches the last one whatever its place.
    return None if fault or (len(root) and not np.isfinite(root[-1, -1])) else root


def log_det(root: np.ndarray) -> float:
    """log-determinant of the matrix with this factor."""
    return 2 * float(np.log(root.diagonal()).sum())


def inverse(root: np.ndarray) -> np.ndarray:
    """Inverse of the matrix with this factor."""
    if not len(root):
        return root
    half = lapack.dtrtri(root, lower=1)[0]
    return np.asarray(half.T @ half)
