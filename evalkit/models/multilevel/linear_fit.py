"""Columns, an outcome and groups in; one fitted linear mixed model out, with what inference needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.multilevel.criterion import Criterion, Point, lower_triangle
from evalkit.models.multilevel.optimise import Optimum, optimum, theta_hessian
from evalkit.models.multilevel.products import group_products


@dataclass(frozen=True, eq=False)
class LinearFit:
    """One linear mixed model.

    Attributes
    ----------
    beta, matrix : ndarray, shapes (p,) and (p, p)
        Fixed effects and their covariance.
    covariance : ndarray, shape (q, q)
        Of the random effects.
    sigma : float
        Residual standard deviation.
    log_likelihood : float
        Of the error contrasts where `reml`.
    n_parameters : int
        Fixed effects, free covariances and the residual variance.
    converged, singular : bool
    scale : ndarray, shape (q,)
        Root mean square of each column of z, by which it was divided.
    """

    beta: np.ndarray
    matrix: np.ndarray
    covariance: np.ndarray
    sigma: float
    log_likelihood: float
    n_parameters: int
    converged: bool
    singular: bool
    criterion: Criterion
    optimum: Optimum
    scale: np.ndarray

    @property
    def point(self) -> Point:
        return self.optimum.point

    def group_effects(self) -> tuple[np.ndarray, np.ndarray]:
        """Conditional means, shape (G, q), and conditional covariances, shape (G, q, q), of the random effects.

        Bates et al. (2015), equations 56 to 58.
        """
        root = self.point.factor
        scale = self.criterion.factor(self.optimum.theta)
        half = np.linalg.solve(root, np.broadcast_to(scale.T, root.shape))  # L^-1 Lambda'
        means = self.point.zr @ (scale @ scale.T).T
        spread = self.sigma**2 * np.swapaxes(half, 1, 2) @ half
        return means / self.scale, spread / np.multiply.outer(self.scale, self.scale)

    def degrees(self) -> Degrees:
        """What Satterthwaite's degrees of freedom need."""
        return degrees_of(self)


@dataclass(frozen=True, eq=False)
class Degrees:
    """How sure the variances are, and how the covariance of beta moves with them.

    Attributes
    ----------
    spread : ndarray, shape (m, m)
        Asymptotic covariance of the variance parameters.
    slopes : ndarray, shape (m, p, p)
        Derivative of the covariance of beta in each of them.
    """

    spread: np.ndarray
    slopes: np.ndarray
    matrix: np.ndarray

    def of(self, contrast: np.ndarray) -> float:
        """Degrees of freedom of one contrast: ``2 v^2 / var(v)`` by the delta method."""
        v = float(contrast @ self.matrix @ contrast)
        g = np.einsum("i,mij,j->m", contrast, self.slopes, contrast)
        noise = float(g @ self.spread @ g)
        return 2 * v**2 / noise if noise > 0 else np.nan

    def denominator(self, rows: np.ndarray) -> tuple[float, float]:
        """Scale (1) of the Wald F of several contrasts and its degrees of freedom below.

        Fai & Cornelius (1996), Journal of Statistical Computation and Simulation 54, 363-378.
        """
        vectors = np.linalg.eigh(rows @ self.matrix @ rows.T)[1]
        each = np.array([self.of(row) for row in vectors.T @ rows])
        if len(each) == 1:
            return 1.0, float(each[0])
        if np.isnan(each).any():
            return 1.0, np.nan
        expected = float((each / (each - 2))[each > 2].sum())
        return 1.0, 2 * expected / (expected - len(each)) if expected > len(each) else np.nan


def linear_fit(
    z: np.ndarray, x: np.ndarray, y: np.ndarray, groups: np.ndarray, *, correlated: bool, reml: bool
) -> LinearFit | None:
    """Fit by ML or REML; None where no deviance can be computed.

    Parameters
    ----------
    z, x, y : ndarray, shapes (n, q), (n, p), (n,)
        x of full column rank.
    groups : ndarray of int, shape (n,)
    correlated : bool
        Random effects with covariances, or with variances only.
    """
    scale = np.sqrt((z**2).mean(axis=0))
    scale = np.where(scale > 0, scale, 1.0)
    products = group_products(z / scale, x, y, groups)
    return fitted(Criterion(products, lower_triangle(z.shape[1], correlated), reml), scale)


def refitted(fit: LinearFit, *, reml: bool) -> LinearFit | None:
    """The same model by the other criterion, started from what is known."""
    criterion = Criterion(fit.criterion.products, fit.criterion.free, reml)
    return fitted(criterion, fit.scale, fit.optimum.theta)


def fitted(
    criterion: Criterion, scale: np.ndarray, start: np.ndarray | None = None, *, again: bool = True
) -> LinearFit | None:
    """The minimum of a criterion as a fit; see `optimum`."""
    best = optimum(criterion, start, again=again)
    if best is None:
        return None
    factor = criterion.factor(best.theta) * best.sigma / scale[:, None]
    return LinearFit(
        beta=best.point.beta,
        matrix=best.sigma**2 * np.linalg.inv(best.point.information),
        covariance=factor @ factor.T,
        sigma=best.sigma,
        log_likelihood=-best.deviance / 2,
        n_parameters=criterion.products.p + len(criterion.free) + 1,
        converged=best.converged,
        singular=best.singular,
        criterion=criterion,
        optimum=best,
        scale=scale,
    )


def degrees_of(fit: LinearFit) -> Degrees:
    """Satterthwaite's method for mixed models.

    Giesbrecht & Burns (1985), Biometrics 41, 477-486; Kuznetsova, Brockhoff & Christensen (2017), Journal of
    Statistical Software 82(13), section 2.2. Directions in which the deviance does not bend (a singular fit) count
    as known.
    """
    criterion, theta, sigma, point = fit.criterion, fit.optimum.theta, fit.sigma, fit.point
    m = len(theta)
    bend = np.zeros((m + 1, m + 1))
    bend[:m, :m] = theta_hessian(criterion, theta, sigma)
    # the part of the gradient in theta that depends on sigma is that of the penalised sum of squares
    at_one = criterion.gradient(theta, point, 1.0)
    at_two = criterion.gradient(theta, point, np.sqrt(2.0))
    bend[:m, m] = bend[m, :m] = -2 / sigma**3 * 2 * (at_one - at_two)
    bend[m, m] = -2 * criterion.df / sigma**2 + 6 * point.penalised / sigma**4
    values, vectors = np.linalg.eigh(bend)
    keep = values > 1e-8 * max(values.max(), 1.0)
    spread = 2 * (vectors[:, keep] / values[keep]) @ vectors[:, keep].T
    inverse = np.linalg.inv(point.information)
    factor = criterion.factor(theta)
    slopes = [2 * sigma * inverse]
    moved = point.zx @ inverse
    for place in reversed(criterion.free):
        step = np.zeros_like(factor)
        step[place] = 1.0
        change = step @ factor.T + factor @ step.T
        slopes.insert(0, sigma**2 * np.einsum("gip,ij,gjr->pr", moved, change, moved))
    return Degrees(spread, np.array(slopes), fit.matrix)
