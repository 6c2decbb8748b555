"""A correlation matrix in, the loadings of one factor by minimum residuals out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize

LEAST_UNIQUENESS = 0.005
"""No uniqueness is let below this (a loading beyond 0.9975): a Heywood case is reported, not printed as a result."""


class OneFactor(NamedTuple):
    """Standardised loadings (k,), whether the minimum was found, and the items held at the bound."""

    loadings: np.ndarray
    converged: bool
    heywood: tuple[int, ...]

    @property
    def omega(self) -> float:
        """Reliability of the unit-weighted sum of standardised items, `(sum l)^2 / ((sum l)^2 + sum (1 - l^2))`.

        McDonald (1999), Test Theory, eq. 6.20b.
        """
        common = float(self.loadings.sum()) ** 2
        return common / (common + float(np.sum(1 - self.loadings**2)))


def one_factor(r: np.ndarray) -> OneFactor:
    """Fit one factor to a correlation matrix, shape (k, k) with k of 3 or more.

    The loadings make the sum of squared off-diagonal residuals `r_ij - l_i l_j` least: Harman & Jones (1966),
    Psychometrika 31, 351-368. Their sum is made positive.
    """
    k = len(r)
    off = ~np.eye(k, dtype=bool)
    bound = np.sqrt(1 - LEAST_UNIQUENESS)

    def loss(loadings: np.ndarray) -> tuple[float, np.ndarray]:
        residual = np.where(off, r - np.outer(loadings, loadings), 0.0)
        return float(np.sum(residual**2)) / 2, -2 * residual @ loadings

    values, vectors = np.linalg.eigh(r)
    start = np.clip(vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.1)), -bound, bound)
    start = start * (1 if start.sum() >= 0 else -1)
    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 2000}
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(-bound, bound)] * k, options=options)
    loadings = found.x * (1 if found.x.sum() >= 0 else -1)
    gradient = loss(found.x)[1]
    inside = np.abs(found.x) < bound
    converged = bool(np.all(np.abs(gradient[inside]) < 1e-5))
    return OneFactor(loadings, converged, tuple(int(i) for i in np.flatnonzero(~inside)))


_NEWTON_ROUNDS = 25
_STILL = 1e-10


def one_factor_many(r: np.ndarray, start: np.ndarray) -> np.ndarray:
    """One factor for each of many like matrices (resamples; the matrix without each item in turn).

    Parameters
    ----------
    r : ndarray, shape (b, k, k)
    start : ndarray, shape (k,) or (b, k)
        Loadings near the solutions.

    Returns
    -------
    ndarray, shape (b, k)
        Loadings by Newton's method; a matrix for which that does not end at a minimum with every loading inside the
        bound goes to `one_factor`. nan where that does not converge either.
    """
    b, k, _ = r.shape
    loadings = np.array(np.broadcast_to(start, (b, k)))
    eye = np.eye(k, dtype=bool)
    given = np.isfinite(r).all(axis=(1, 2))
    if not given.all():
        loadings[~given] = np.nan
        if given.any():
            loadings[given] = one_factor_many(r[given], loadings[given])
        return loadings
    for _ in range(_NEWTON_ROUNDS):
        slope, curvature = _newton(r, loadings, eye)
        if np.abs(slope).max(initial=0.0) < _STILL:
            break
        try:
            loadings = loadings + np.linalg.solve(curvature, slope[..., None])[..., 0]
        except np.linalg.LinAlgError:
            loadings[:] = np.nan
            break
    slope, curvature = _newton(r, loadings, eye)
    fine = np.isfinite(loadings).all(axis=1) & (np.abs(loadings) < np.sqrt(1 - LEAST_UNIQUENESS)).all(axis=1)
    fine &= np.abs(np.where(np.isfinite(slope), slope, 1.0)).max(axis=1) < 1e-7
    fine[fine] = np.linalg.eigvalsh(curvature[fine])[:, 0] > 0
    loadings *= np.where(loadings.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    for i in np.flatnonzero(~fine):
        alone = one_factor(r[i])
        loadings[i] = alone.loadings if alone.converged else np.nan
    return loadings


def _newton(r: np.ndarray, loadings: np.ndarray, eye: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minus the gradient and the Hessian of half the sum over pairs of squared residuals."""
    products = loadings[:, :, None] * loadings[:, None, :]
    residual = np.where(eye, 0.0, r - products)
    squares = loadings**2
    own = squares.sum(axis=1, keepdims=True) - squares
    curvature = np.where(eye, own[:, :, None], 2 * products - r)
    return np.einsum("bij,bj->bi", residual, loadings), curvature


def omega_of(loadings: np.ndarray) -> np.ndarray:
    """`OneFactor.omega` of loadings along the last axis."""
    common = loadings.sum(axis=-1) ** 2
    return np.asarray(common / (common + np.sum(1 - loadings**2, axis=-1)))
