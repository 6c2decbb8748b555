"""A linear mixed model fitted by ML in, intervals by its profile likelihood out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evalkit.models.multilevel.criterion import Criterion
from evalkit.models.multilevel.linear_fit import LinearFit
from evalkit.models.multilevel.optimise import optimum

Deviance = Callable[[float], float]


def fixed_interval(fit: LinearFit, k: int, conf_level: float) -> tuple[float, float]:
    """Values of coefficient k that a likelihood ratio test does not reject."""
    theta = fit.optimum.theta

    def deviance(value: float) -> float:
        criterion = Criterion(fit.criterion.products.holding(k, value), fit.criterion.free, False)
        best = optimum(criterion, theta)
        return np.inf if best is None else best.deviance

    reach = float(np.sqrt(fit.matrix[k, k]))
    return _ends(deviance, float(fit.beta[k]), reach, fit.optimum.deviance, conf_level, -np.inf)


def sigma_interval(fit: LinearFit, conf_level: float) -> tuple[float, float]:
    """The interval of the residual standard deviation."""
    criterion = fit.criterion

    def deviance(sigma: float) -> float:
        def value(theta: np.ndarray) -> tuple[float, np.ndarray]:
            point = criterion.at(theta)
            return criterion.deviance(point, sigma), criterion.gradient(theta, point, sigma)

        return _least(value, fit.optimum.theta, [(0.0 if i == j else None, None) for i, j in criterion.free])

    return _ends(deviance, fit.sigma, fit.sigma / np.sqrt(2 * criterion.df), fit.optimum.deviance, conf_level, 0.0)


def deviation_interval(fit: LinearFit, k: int, conf_level: float) -> tuple[float, float]:
    """The interval of the standard deviation of random effect k; its lower end may be 0.

    With effect k in the first place its standard deviation is sigma times the first entry of the Cholesky factor, so
    it can be held while everything else moves.
    """
    q = fit.criterion.products.q
    order = [k, *(i for i in range(q) if i != k)]
    criterion = Criterion(fit.criterion.products.with_random(order), fit.criterion.free, False)
    begin = _theta_of(fit, order, criterion)
    bounds = [(None, None)] + [(0.0 if i == j else None, None) for i, j in criterion.free[1:]]

    def deviance(size: float) -> float:
        held = size * fit.scale[k]

        def value(rest: np.ndarray) -> tuple[float, np.ndarray]:
            sigma = float(np.exp(rest[0]))
            theta = np.concatenate([[held / sigma], rest[1:]])
            point = criterion.at(theta)
            slope = criterion.gradient(theta, point, sigma)
            own = 2 * criterion.df - 2 * point.penalised / sigma**2 - slope[0] * held / sigma
            return criterion.deviance(point, sigma), np.concatenate([[own], slope[1:]])

        return _least(value, np.concatenate([[np.log(fit.sigma)], begin[1:]]), bounds)

    size = float(np.sqrt(fit.covariance[k, k]))
    return _ends(deviance, size, max(size, fit.sigma * 0.05) / 4, fit.optimum.deviance, conf_level, 0.0)


def _theta_of(fit: LinearFit, order: list[int], criterion: Criterion) -> np.ndarray:
    scaled = fit.covariance * np.multiply.outer(fit.scale, fit.scale) / fit.sigma**2
    scaled = scaled[np.ix_(order, order)]
    root = np.linalg.cholesky(scaled + 1e-10 * np.eye(len(order)))
    return np.array([root[place] for place in criterion.free])


def _least(value: Callable[[np.ndarray], tuple[float, np.ndarray]], start: np.ndarray, bounds: list) -> float:  # type: ignore[type-arg]
    from scipy.optimize import minimize

    def safe(at: np.ndarray) -> tuple[float, np.ndarray]:
        try:
            return value(at)
        except np.linalg.LinAlgError:
            return np.inf, np.zeros(len(at))

    options = {"ftol": 1e-13, "gtol": 1e-6, "maxiter": 200}
    return float(minimize(safe, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).fun)


def _ends(
    deviance: Deviance, estimate: float, reach: float, least: float, conf_level: float, floor: float
) -> tuple[float, float]:
    """Where the deviance has risen by the quantile of chi square(1); the floor where it never does below."""
    from scipy.optimize import brentq
    from scipy.stats import chi2

    limit = least + float(chi2.ppf(conf_level, 1))
    out = []
    for sign in (-1.0, 1.0):
        inner, step, end = estimate, 2 * reach, np.nan
        for _ in range(12):
            outer = max(estimate + sign * step, floor)
            if deviance(outer) >= limit:
                end = float(brentq(lambda v: deviance(v) - limit, inner, outer, xtol=1e-6 * reach))
                break
            if outer == floor:
                end = floor
                break
            inner, step = outer, step * 1.6
        out.append(end)
    return out[0], out[1]
