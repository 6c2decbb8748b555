"""A factor solution in, the weights that turn standardised answers into factor scores out."""

from __future__ import annotations

import numpy as np

from evalkit.measurement.exploratory.solution import Solution

_NOTHING = 1e-8
SCORES = ("regression", "bartlett", "tenberge")


def score_weights(solution: Solution, method: str) -> np.ndarray:
    """Weights, shape (p, m), of standardised items.

    Parameters
    ----------
    method : {"regression", "bartlett", "tenberge"}
        Least error (Thurstone 1935), unbiased given the factors (Bartlett 1937), or with the correlations of the
        factors kept: ten Berge, Krijnen, Wansbeek & Shapiro (1999), Linear Algebra and its Applications 289, 311-318.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where the correlation matrix, or the uniquenesses, cannot be inverted.
    """
    r, loadings, phi = solution.r, solution.loadings, solution.phi
    if method == "regression":
        return np.linalg.solve(r, solution.structure)
    if method == "bartlett":
        if solution.uniqueness.min() < _NOTHING:
            raise np.linalg.LinAlgError("an item without uniqueness")
        scaled = loadings / solution.uniqueness[:, None]
        return np.asarray(scaled @ np.linalg.inv(loadings.T @ scaled))
    pattern = loadings @ _power(phi, 0.5)
    inner = _power(r, -0.5)
    middle = inner @ pattern
    kept = middle @ _power(middle.T @ middle, -0.5)
    return np.asarray(inner @ kept @ _power(phi, 0.5))


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """A power of a symmetric positive definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    if values[0] <= 0:
        raise np.linalg.LinAlgError("not positive definite")
    return np.asarray((vectors * values**exponent) @ vectors.T)
