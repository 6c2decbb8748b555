"""A deviance in, the covariance factor that makes it smallest out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evalkit.models.multilevel.criterion import Criterion, Point

STARTS = (0.5, 0.1, 1.5)
BOUNDARY = 1e-4
"""A diagonal entry of Lambda below this (columns of z at unit size) counts as 0, as in lme4."""


class Optimum(NamedTuple):
    """Where a deviance is smallest."""

    theta: np.ndarray
    point: Point
    deviance: float
    sigma: float
    converged: bool
    singular: bool


def optimum(criterion: Criterion, start: np.ndarray | None = None, *, again: bool = True) -> Optimum | None:
    """Minimum over theta, sigma profiled out; None where the deviance cannot be computed at all.

    A minimum on the boundary is looked for again from other starts, because the derivative in an entry of Lambda
    vanishes where its column is 0; not so without `again`, for a search that comes by many times.
    """
    best: Optimum | None = None
    starts = STARTS if start is None else (start, *STARTS)
    for value in starts:
        found = _descended(criterion, value if isinstance(value, np.ndarray) else _even(criterion, value))
        if found is not None and (best is None or found.deviance < best.deviance - 1e-9):
            best = found
        if best is not None and best.converged and not (again and best.singular):
            break
    return best


def _even(criterion: Criterion, size: float) -> np.ndarray:
    return np.array([size if i == j else 0.0 for i, j in criterion.free])


def _descended(criterion: Criterion, start: np.ndarray) -> Optimum | None:
    from scipy.optimize import minimize

    def value(theta: np.ndarray) -> tuple[float, np.ndarray]:
        try:
            point = criterion.at(theta)
        except np.linalg.LinAlgError:
            return np.inf, np.zeros(len(theta))
        return criterion.deviance(point), criterion.gradient(theta, point)

    if not np.isfinite(value(start)[0]):
        return None
    bounds = [(0.0 if i == j else None, None) for i, j in criterion.free]
    found = minimize(
        value,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-14, "gtol": 1e-7, "maxiter": 300},
    )
    try:
        theta, converged = _polished(criterion, found.x)
        point = criterion.at(theta)
    except np.linalg.LinAlgError:  # at the edge of an exact fit
        return None
    diagonal = [t for t, (i, j) in zip(theta, criterion.free, strict=True) if i == j]
    sigma = float(np.sqrt(point.penalised / criterion.df))
    return Optimum(theta, point, criterion.deviance(point), sigma, converged, min(diagonal) < BOUNDARY)


def _polished(criterion: Criterion, theta: np.ndarray) -> tuple[np.ndarray, bool]:
    """Newton's last steps, where they still help: the differences of a deviance end at its square-root precision."""
    diagonal = np.array([i == j for i, j in criterion.free])
    for _ in range(4):
        inside = ~(diagonal & (theta < BOUNDARY))
        gradient = criterion.gradient(theta, criterion.at(theta))
        if np.abs(gradient[inside]).max(initial=0.0) < 1e-7:
            return theta, True
        bend = theta_hessian(criterion, theta)[np.ix_(inside, inside)]
        if len(bend) == 0 or np.linalg.eigvalsh(bend).min() <= 0:
            break
        new = theta.copy()
        new[inside] -= np.linalg.solve(bend, gradient[inside])
        if (new[diagonal] < 0).any():
            break
        theta = new
    gradient = criterion.gradient(theta, criterion.at(theta))[~(diagonal & (theta < BOUNDARY))]
    return theta, bool(np.abs(gradient).max(initial=0.0) < 1e-3)


def theta_hessian(criterion: Criterion, theta: np.ndarray, sigma: float | None = None) -> np.ndarray:
    """Second derivatives of the deviance in theta: central differences of the gradient."""
    m = len(theta)
    out = np.zeros((m, m))
    for k in range(m):
        step = np.zeros(m)
        step[k] = 1e-4 * max(abs(theta[k]), 0.05)
        ends = []
        for sign in (1.0, -1.0):
            at = theta + sign * step
            ends.append(criterion.gradient(at, criterion.at(at), sigma))
        out[k] = (ends[0] - ends[1]) / (2 * step[k])
    return (out + out.T) / 2
