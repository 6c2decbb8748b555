"""A correlation matrix and a number of factors in, unrotated loadings out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import optimize

from evalkit.measurement.exploratory.adequacy import squared_multiple
from evalkit.measurement.minres import LEAST_UNIQUENESS

_AXIS_ROUNDS, _AXIS_NEAR = 20_000, 1e-9
_OPTIONS = {"ftol": 1e-14, "gtol": 1e-7, "maxiter": 5000, "maxfun": 20_000}
_FLAT = 1e-4


class Extraction(NamedTuple):
    """Loadings (p, m), largest factor first; whether the optimum was found; items whose uniqueness met the bound."""

    loadings: np.ndarray
    converged: bool
    heywood: tuple[int, ...]


def extract(r: np.ndarray, n_factors: int, method: str) -> Extraction:
    """Unrotated factors of a correlation matrix, shape (p, p).

    Parameters
    ----------
    method : {"minres", "ml", "pa", "pca"}
        Least off-diagonal residuals, maximum likelihood, principal axis or principal components.
    """
    return METHODS[method](r, n_factors)


def minres(r: np.ndarray, m: int) -> Extraction:
    """Minimum residuals through the uniquenesses: half the squared eigenvalues of `R - Psi` beyond the first m.

    Harman & Jones (1966), Psychometrika 31, 351-368; the gradient: Jöreskog (1977), in
    Enslein, Ralston & Wilf, Statistical Methods for Digital Computers.
    """

    def loss(psi: np.ndarray) -> tuple[float, np.ndarray]:
        values, vectors = np.linalg.eigh(r - np.diag(psi))
        rest, axes = values[:-m], vectors[:, :-m]
        # What a negative one among the first m leaves cannot be taken up by a real loading.
        lost = np.minimum(values[-m:], 0)
        gradient = -(axes**2 @ rest) - vectors[:, -m:] ** 2 @ lost
        return float(rest @ rest + lost @ lost) / 2, gradient

    psi, converged = _uniquenesses(loss, r, m)
    return _finished(*_leading(r - np.diag(psi), m), psi, converged)


def maximum_likelihood(r: np.ndarray, m: int) -> Extraction:
    """Maximum likelihood through the uniquenesses.

    Lawley & Maxwell (1971), Factor Analysis as a Statistical Method; Jöreskog (1967), Psychometrika 32, 443-482.
    """

    def scaled(psi: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        root = np.sqrt(psi)
        return *np.linalg.eigh(r / np.outer(root, root)), root

    def loadings(psi: np.ndarray) -> np.ndarray:
        values, vectors, root = scaled(psi)
        return root[:, None] * vectors[:, -m:] * np.sqrt(np.maximum(values[-m:] - 1, 0))

    def loss(psi: np.ndarray) -> tuple[float, np.ndarray]:
        values, _, _ = scaled(psi)
        rest = np.maximum(values[:-m], 1e-300)
        found = loadings(psi)
        gradient = np.diag(found @ found.T + np.diag(psi) - r) / psi**2
        return float(np.sum(rest - np.log(rest)) - len(rest)), gradient

    psi, converged = _uniquenesses(loss, r, m)
    found = loadings(psi)[:, ::-1]
    return _finished(found, np.ones(m), psi, converged)


def principal_axis(r: np.ndarray, m: int) -> Extraction:
    """Principal axes with communalities iterated from the squared multiple correlations until they stand still."""
    shared = squared_multiple(r)
    converged = False
    for _ in range(_AXIS_ROUNDS):
        vectors, values = _leading(r - np.diag(1 - shared), m)
        moved = np.minimum(vectors**2 @ values, 1 - LEAST_UNIQUENESS)
        step = float(np.abs(moved - shared).max())
        shared = moved
        if step < _AXIS_NEAR:
            converged = True
            break
    return _finished(*_leading(r - np.diag(1 - shared), m), 1 - shared, converged)


def principal_components(r: np.ndarray, m: int) -> Extraction:
    """The first m components; they take up the whole variance, so no uniqueness can meet a bound."""
    vectors, values = _leading(r, m)
    return Extraction(vectors * np.sqrt(values), True, ())


METHODS: dict[str, Callable[[np.ndarray, int], Extraction]] = {
    "minres": minres,
    "ml": maximum_likelihood,
    "pa": principal_axis,
    "pca": principal_components,
}


def _uniquenesses(
    loss: Callable[[np.ndarray], tuple[float, np.ndarray]], r: np.ndarray, m: int
) -> tuple[np.ndarray, bool]:
    """Minimise over uniquenesses between `LEAST_UNIQUENESS` and 1."""
    p = len(r)
    start = np.clip((1 - 0.5 * m / p) * (1 - squared_multiple(r)), 0.01, 0.99)
    bounds = [(LEAST_UNIQUENESS, 1.0)] * p
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=_OPTIONS)
    gradient = loss(found.x)[1]
    inside = (found.x > LEAST_UNIQUENESS + 1e-9) & (found.x < 1 - 1e-9)
    return found.x, bool(np.all(np.abs(gradient[inside]) < _FLAT))


def _leading(matrix: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray]:
    """The m largest eigenvalues (none below zero) and their vectors, largest first."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors[:, : -m - 1 : -1], np.maximum(values[: -m - 1 : -1], 0)


def _finished(vectors: np.ndarray, values: np.ndarray, psi: np.ndarray, converged: bool) -> Extraction:
    heywood = np.flatnonzero(psi <= LEAST_UNIQUENESS + 1e-9)
    return Extraction(vectors * np.sqrt(values), converged, tuple(int(i) for i in heywood))
