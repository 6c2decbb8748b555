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
