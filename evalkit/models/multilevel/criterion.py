"""Relative covariance factors in, the ML or REML deviance of a linear mixed model out, with its derivatives.

Notation of Bates, Maechler, Bolker & Walker (2015), Journal of Statistical Software 67(1), section 3:
``y = X b + Z u + e``, ``var(u) = sigma^2 Lambda Lambda'``, ``var(e) = sigma^2``. With groups that do not cross, all
matrices fall into blocks of q x q a group, and one evaluation costs O(G q^2 (q + p)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evalkit.models.multilevel.products import GroupProducts

EXACT = 1e-13
"""A residual sum of squares below this share of the outcome's is rounding."""


class Point(NamedTuple):
    """What is known at one Lambda.

    Attributes
    ----------
    log_determinant : float
        Of ``W = I + Z Lambda Lambda' Z'``, plus for REML that of ``X' W^-1 X``.
    penalised : float
        Penalised residual sum of squares.
    beta : ndarray, shape (p,)
    information : ndarray, shape (p, p)
        ``X' W^-1 X``; the covariance of beta is sigma^2 times its inverse.
    zx : ndarray, shape (G, q, p)
        ``Z' W^-1 X`` of each group.
    zr : ndarray, shape (G, q)
        ``Z' W^-1 (y - X beta)``.
    zz : ndarray, shape (q, q)
        Sum over groups of ``Z' W^-1 Z``.
    factor : ndarray, shape (G, q, q)
        Cholesky factor of ``Lambda' Z'Z Lambda + I``.
    """

    log_determinant: float
    penalised: float
    beta: np.ndarray
    information: np.ndarray
    zx: np.ndarray
    zr: np.ndarray
    zz: np.ndarray
    factor: np.ndarray


@dataclass(frozen=True, eq=False)
class Criterion:
    """The deviance of one model as a function of its covariance factor.

    Attributes
    ----------
    products : GroupProducts
    free : tuple of pairs
        Row and column of each free entry of Lambda, in the order of theta.
    reml : bool
    """

    products: GroupProducts
    free: tuple[tuple[int, int], ...]
    reml: bool

    @property
    def df(self) -> int:
        """Rows, for REML without those that the fixed effects take."""
        return self.products.n - (self.products.p if self.reml else 0)

    def factor(self, theta: np.ndarray) -> np.ndarray:
        """Lambda, shape (q, q)."""
        out = np.zeros((self.products.q, self.products.q))
        for value, place in zip(theta, self.free, strict=True):
            out[place] = value
        return out

    def at(self, theta: np.ndarray) -> Point:
        """Everything at one theta.

        Raises
        ------
        numpy.linalg.LinAlgError
            If a matrix is not positive definite, or the fit is exact.
        """
        data = self.products
        q, p = data.q, data.p
        scale = self.factor(theta)
        inner = scale.T @ data.by_group[:, :, :q] @ scale
        inner[:, range(q), range(q)] += 1.0
        root = np.linalg.cholesky(inner)
        solved = np.linalg.solve(root, scale.T @ data.by_group)
        flat = solved.reshape(-1, q + p + 1)
        gram = flat.T @ flat
        information = data.xx - gram[q:-1, q:-1]
        right = data.xy - gram[q:-1, -1]
        half = np.linalg.cholesky(information) if p else information
        beta = np.linalg.solve(information, right) if p else right
        penalised = float(data.yy - gram[-1, -1] - beta @ right)
        if not penalised > EXACT * data.yy:
            raise np.linalg.LinAlgError("no residual is left")
        logdet = 2 * float(np.log(root[:, range(q), range(q)]).sum())
        if self.reml:
            logdet += 2 * float(np.log(np.diag(half)).sum())
        left = data.by_group - np.swapaxes(solved[:, :, :q], 1, 2) @ solved
        zx = left[:, :, q:-1]
        return Point(
            logdet, penalised, beta, information, zx, left[:, :, -1] - zx @ beta, left[:, :, :q].sum(axis=0), root
        )

    def deviance(self, point: Point, sigma: float | None = None) -> float:
        """-2 log likelihood (REML: of the error contrasts), at the best sigma where none is given."""
        df = self.df
        square = point.penalised / df if sigma is None else sigma**2
        return float(point.log_determinant + df * np.log(2 * np.pi * square) + point.penalised / square)

    def gradient(self, theta: np.ndarray, point: Point, sigma: float | None = None) -> np.ndarray:
        """Derivatives of the deviance in theta."""
        square = point.penalised / self.df if sigma is None else sigma**2
        slope = point.zz - point.zr.T @ point.zr / square
        if self.reml and self.products.p:
            inverse = np.linalg.inv(point.information)
            flat = point.zx.reshape(-1, self.products.p)
            spread = (flat @ inverse).reshape(point.zx.shape)
            slope = slope - np.einsum("gip,gjp->ij", spread, point.zx)
        whole = 2 * slope @ self.factor(theta)
        return np.array([whole[place] for place in self.free])


def lower_triangle(q: int, correlated: bool) -> tuple[tuple[int, int], ...]:
    """Free entries of Lambda: the lower triangle by columns, or its diagonal."""
    return tuple((i, j) for j in range(q) for i in range(j, q) if correlated or i == j)
