"""A 1-1-1 mediation whose paths vary between groups: both equations in one mixed model.

Bauer, Preacher & Gil (2006), Psychological Methods 11, 142-163: mediator and outcome are stacked, each with its own
constant and residual variance; constants and the paths a and b have random effects with free covariances. The mean
indirect effect is ``a b + cov(a, b)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.multilevel.criterion import Criterion, lower_triangle
from evalkit.models.multilevel.linear_fit import LinearFit, fitted
from evalkit.models.multilevel.products import GroupProducts, group_products

A, B, DIRECT = 2, 3, 4
"""Places of the paths among the fixed effects; `A` and `B` among the random ones too."""


@dataclass(frozen=True, eq=False)
class Stacked:
    """The fit.

    Attributes
    ----------
    fixed, matrix : ndarray
        Constants of m and y, a, b, c', covariates of m, covariates of y; covariance of them.
    covariance : ndarray, shape (4, 4)
        Of the random effects: both constants, a, b.
    covariance_error : float
        Standard error of ``cov(a, b)``; nan where the fit says nothing about it.
    residual : tuple of float
        Residual standard deviations of m and y.
    """

    fixed: np.ndarray
    matrix: np.ndarray
    covariance: np.ndarray
    covariance_error: float
    residual: tuple[float, float]
    log_likelihood: float
    converged: bool
    singular: bool


def stacked_fit(
    x: np.ndarray, m: np.ndarray, y: np.ndarray, groups: np.ndarray, covariates: np.ndarray
) -> Stacked | None:
    """Fit by REML; None where no deviance can be computed.

    Parameters
    ----------
    x, m, y : ndarray, shape (n,)
        x and m (as a predictor) are centred within groups here; as an outcome m stands as it is.
    covariates : ndarray, shape (n, c)
    """
    from scipy.optimize import minimize_scalar

    within_x, within_m = _within(x, groups), _within(m, groups)
    zero, one, none = np.zeros(len(x)), np.ones(len(x)), np.zeros_like(covariates)
    first = (
        np.column_stack([one, zero, within_x, zero]),
        np.column_stack([one, zero, within_x, zero, zero, covariates, none]),
    )
    second = (
        np.column_stack([zero, one, zero, within_m]),
        np.column_stack([zero, one, zero, within_m, within_x, none, covariates]),
    )
    scale = np.sqrt(((first[0] ** 2).sum(axis=0) + (second[0] ** 2).sum(axis=0)) / len(x))
    parts = [group_products(z / scale, fixed, outcome, groups) for (z, fixed), outcome in ((first, m), (second, y))]
    best: dict[float, LinearFit] = {}

    def deviance(log_ratio: float) -> float:
        start = next(iter(best.values())).optimum.theta if best else None
        criterion = Criterion(_together(*parts, np.exp(-2 * log_ratio)), lower_triangle(4, True), True)
        found = fitted(criterion, scale, start, again=start is None)
        if found is None:
            return np.inf
        best.clear()
        best[log_ratio] = found
        return found.optimum.deviance + 2 * len(y) * log_ratio

    guess = float(np.log(y.std() / m.std()))
    found = minimize_scalar(deviance, bounds=(guess - 1.5, guess + 1.5), method="bounded", options={"xatol": 1e-4})
    value = deviance(float(found.x))
    if not best:
        return None
    (ratio, fit), *_ = best.items()
    return Stacked(
        fixed=fit.beta,
        matrix=fit.matrix,
        covariance=fit.covariance,
        covariance_error=_covariance_error(fit),
        residual=(fit.sigma, float(fit.sigma * np.exp(ratio))),
        log_likelihood=-value / 2,
        converged=fit.converged,
        singular=fit.singular,
    )


def _within(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    return values - (np.bincount(groups, values) / np.bincount(groups))[groups]


def _together(first: GroupProducts, second: GroupProducts, weight: float) -> GroupProducts:
    """Products of both parts, the rows of the second divided by the ratio of the residual deviations."""
    return GroupProducts(
        first.by_group + weight * second.by_group,
        first.xx + weight * second.xx,
        first.xy + weight * second.xy,
        first.yy + weight * second.yy,
        first.n + second.n,
    )


def _covariance_error(fit: LinearFit) -> float:
    """By the delta method from the curvature of the deviance, the ratio of the residual deviations taken as known."""
    spread = fit.degrees().spread
    theta, sigma = fit.optimum.theta, fit.sigma

    def covariance(values: np.ndarray) -> float:
        factor = fit.criterion.factor(values[:-1]) * values[-1] / fit.scale[:, None]
        return float((factor @ factor.T)[A, B])

    at = np.append(theta, sigma)
    slope = np.zeros(len(at))
    for k in range(len(at)):
        step = np.zeros(len(at))
        step[k] = 1e-5
        slope[k] = (covariance(at + step) - covariance(at - step)) / 2e-5
    variance = float(slope @ spread @ slope)
    return float(np.sqrt(variance)) if variance > 0 else np.nan
