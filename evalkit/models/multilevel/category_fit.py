"""A binary or ordered outcome in groups in, a logit with a random intercept out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.multilevel.optimise import BOUNDARY
from evalkit.models.multilevel.quadrature import Quadrature


@dataclass(frozen=True, eq=False)
class CategoryFit:
    """One model; parameters are the thresholds and the slopes.

    Attributes
    ----------
    beta, matrix : ndarray, shapes (k,) and (k, k)
        Thresholds first; covariance from the observed information, sigma one of the parameters.
    sigma : float
        Standard deviation of the random intercept.
    effects, effect_sd : ndarray, shape (G,)
        Conditional modes of the groups and their conditional standard deviations.
    """

    beta: np.ndarray
    matrix: np.ndarray
    sigma: float
    log_likelihood: float
    converged: bool
    singular: bool
    effects: np.ndarray
    effect_sd: np.ndarray

    @property
    def n_parameters(self) -> int:
        return len(self.beta) + 1


def category_fit(x: np.ndarray, y: np.ndarray, groups: np.ndarray, *, n_quad: int) -> CategoryFit | None:
    """Maximum likelihood; None where the information has no inverse.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Without a constant, of full column rank beside one.
    y, groups : ndarray of int, shape (n,)
        0 .. J and 0 .. G - 1, every number used.
    """
    order = np.argsort(groups, kind="stable")
    mean, scale = x.mean(axis=0), np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    starts = np.searchsorted(groups[order], np.arange(groups.max() + 1))
    likelihood = Quadrature(((x - mean) / scale)[order], y[order], starts, n_quad)
    found, converged = _maximum(likelihood)
    information = _information(likelihood, found)
    singular = bool(found[-1] < BOUNDARY)
    k = len(found) - 1
    try:
        inverse = np.linalg.inv(information[:k, :k] if singular else information)[:k, :k]
    except np.linalg.LinAlgError:
        return None
    if not (np.diag(inverse) > 0).all():
        return None
    back = np.diag(np.concatenate([np.ones(likelihood.cuts), 1 / scale]))
    back[: likelihood.cuts, likelihood.cuts :] = mean / scale
    mode, curve = likelihood.modes(found)
    return CategoryFit(
        beta=back @ found[:k],
        matrix=back @ inverse @ back.T,
        sigma=float(found[-1]),
        log_likelihood=likelihood.value(found)[0],
        converged=converged,
        singular=singular,
        effects=found[-1] * mode,
        effect_sd=found[-1] * curve**-0.5,
    )


def _maximum(likelihood: Quadrature) -> tuple[np.ndarray, bool]:
    from scipy.optimize import minimize

    n = len(likelihood.y)
    share = np.cumsum(np.bincount(likelihood.y)[:-1]) / n
    start = np.concatenate([np.log(share / (1 - share)), np.zeros(likelihood.x.shape[1]), [0.4]])

    def value(b: np.ndarray) -> tuple[float, np.ndarray]:
        if not likelihood.inside(b):
            return np.inf, np.zeros(len(b))
        found, gradient = likelihood.value(b)
        return -found, -gradient

    bounds = [(None, None)] * (len(start) - 1) + [(0.0, None)]
    options = {"ftol": 1e-14, "gtol": 1e-6, "maxiter": 500}
    b = minimize(value, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    for _ in range(4):  # Newton's last steps
        inside = np.array([True] * (len(b) - 1) + [b[-1] >= BOUNDARY])
        gradient = likelihood.value(b)[1]
        if np.abs(gradient[inside]).max() < 1e-7:
            return b, True
        bend = _information(likelihood, b)[np.ix_(inside, inside)]
        if np.linalg.eigvalsh(bend).min() <= 1e-10:
            return b, False
        new = b.copy()
        new[inside] += np.linalg.solve(bend, gradient[inside])
        if new[-1] < 0 or not likelihood.inside(new):
            break
        b = new
    inside = np.array([True] * (len(b) - 1) + [b[-1] >= BOUNDARY])
    return b, bool(np.abs(likelihood.value(b)[1][inside]).max() < 1e-3)


def _information(likelihood: Quadrature, b: np.ndarray) -> np.ndarray:
    """Negative second derivatives: central differences of the gradient."""
    k = len(b)
    out = np.zeros((k, k))
    for j in range(k):
        step = np.zeros(k)
        step[j] = 1e-4 * max(abs(b[j]), 0.1)
        if j < k - 1:
            out[j] = (likelihood.value(b - step)[1] - likelihood.value(b + step)[1]) / (2 * step[j])
        else:
            low = max(b[j] - step[j], 0.0)
            ends = b.copy(), b.copy()
            ends[0][j], ends[1][j] = low, b[j] + step[j]
            out[j] = (likelihood.value(ends[0])[1] - likelihood.value(ends[1])[1]) / (b[j] + step[j] - low)
    return (out + out.T) / 2
