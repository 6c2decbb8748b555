"""A marginal likelihood and start values in; estimates and their covariance matrix out.

EM while it climbs fast, then quasi-Newton steps from the observed information, which also gives the standard errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from evalkit.measurement.item_response.likelihood import Expectation, Layout, Marginal, Patterns

MOST_CYCLES = 400
MOST_STEPS = 100
NEAR = 1e-2
"""EM ends when a cycle adds less than this to the log-likelihood."""
TOLERANCE = 1e-12
"""Largest squared distance to the maximum in standard errors."""
_HALVINGS = 30


@dataclass(frozen=True, eq=False)
class Estimate:
    """Where the search ended.

    Parameters
    ----------
    x : ndarray, shape (n_free,)
    covariance : ndarray, shape (n_free, n_free)
        Inverse of the observed information; nan where that is not positive definite.
    """

    x: np.ndarray
    log_likelihood: float
    at: Expectation
    covariance: np.ndarray
    iterations: int
    converged: bool


def points(n: int, bound: float = 6.0) -> np.ndarray:
    """Equally spaced points of the latent scale."""
    return np.linspace(-bound, bound, n)


def start_values(layout: Layout, patterns: Patterns, signs: np.ndarray) -> np.ndarray:
    """Slopes of size 1 and intercepts of the shares of the answers, for one group."""
    x = np.zeros(layout.n_free)
    places = layout.places(0)
    for j, (start, size) in enumerate(zip(layout.starts, layout.sizes, strict=True)):
        answered = patterns.codes[:, j] >= 0
        count = np.bincount(patterns.codes[answered, j], patterns.counts[answered], minlength=size)
        share = (count + 0.5) / (count.sum() + 0.5 * size)
        if layout.family == "graded":
            above = np.cumsum(share[::-1])[::-1][1:]
            x[places[start + 1 : start + size]] = 1.2 * np.log(above / (1 - above))
            x[places[start]] = signs[j]
        else:
            x[places[start + 1 : start + size]] = np.log(share[1:] / share[0])
            x[places[start]] = signs[j] / (size - 1)
    return x


def estimate(marginal: Marginal, start: np.ndarray) -> Estimate:
    """Maximise from start values."""
    x, at, cycles = _climb(marginal, start, NEAR, MOST_CYCLES)
    covariance = inverse(marginal.observed_information(x, at))
    while covariance is None and cycles < MOST_CYCLES:
        x, at, more = _climb(marginal, x, 0.0, 50)
        cycles += more
        covariance = inverse(marginal.observed_information(x, at))
    if covariance is None:
        unknown = np.full((len(x), len(x)), np.nan)
        return Estimate(x, at.log_likelihood, at, unknown, cycles, False)
    for _ in range(5):
        x, at, steps, done = polish(marginal, x, covariance)
        cycles += steps
        found = inverse(marginal.observed_information(x, at))
        if found is None:
            return Estimate(x, at.log_likelihood, at, np.full_like(covariance, np.nan), cycles, False)
        covariance = found
        gradient = marginal.gradient(x, at)
        if done and gradient @ covariance @ gradient < 1e3 * TOLERANCE:
            return Estimate(x, at.log_likelihood, at, covariance, cycles, True)
    return Estimate(x, at.log_likelihood, at, covariance, cycles, False)


def polish(
    marginal: Marginal, x: np.ndarray, metric: np.ndarray, tolerance: float = TOLERANCE
) -> tuple[np.ndarray, Expectation, int, bool]:
    """BFGS whose first metric is a covariance matrix of the estimates; gives the end, steps, and whether it arrived.

    The steps stop where the gradient, measured by the metric, is within `tolerance` of 0.
    """
    at = marginal.expectation(x)
    gradient = marginal.gradient(x, at)
    for step in range(MOST_STEPS):
        direction = metric @ gradient
        gain = float(gradient @ direction)
        if gain < tolerance:
            return x, at, step, True
        moved = _line(marginal, x, at, direction, gain)
        if moved is None:
            return x, at, step, gain < 1e4 * tolerance
        new, at = moved
        change, turned = new - x, gradient
        x, gradient = new, marginal.gradient(new, at)
        turned = turned - gradient
        metric = _updated(metric, change, turned)
    return x, at, MOST_STEPS, False


def inverse(information: np.ndarray) -> np.ndarray | None:
    """The inverse of a positive definite matrix, None for any other."""
    scale = np.diag(information)
    if not np.isfinite(information).all() or np.any(scale <= 0):
        return None
    scale = 1 / np.sqrt(scale)
    try:
        factor = linalg.cho_factor(information * np.outer(scale, scale))
    except linalg.LinAlgError:
        return None
    if np.min(np.abs(np.diag(factor[0]))) < 1e-6:
        return None
    return np.asarray(linalg.cho_solve(factor, np.eye(len(scale)))) * np.outer(scale, scale)


def _climb(marginal: Marginal, x: np.ndarray, near: float, most: int) -> tuple[np.ndarray, Expectation, int]:
    """EM, each M-step one Newton step of the completed data's concave likelihood."""
    at = marginal.expectation(x)
    for cycle in range(most):
        gradient, information = marginal.expected_step(x, at)
        ridge = np.diag(1e-8 * np.abs(np.diag(information)) + 1e-10)
        direction = linalg.solve(information + ridge, gradient, assume_a="sym")
        before, size = marginal.completed(x, at), 1.0
        for _ in range(_HALVINGS):
            new = x + size * direction
            if marginal.feasible(new) and marginal.completed(new, at) >= before:
                break
            size /= 2
        else:
            return x, at, cycle
        x = new
        was, at = at.log_likelihood, marginal.expectation(x)
        if at.log_likelihood - was < near:
            return x, at, cycle + 1
    return x, at, most


def _line(
    marginal: Marginal, x: np.ndarray, at: Expectation, direction: np.ndarray, gain: float
) -> tuple[np.ndarray, Expectation] | None:
    """A step along the direction that raises the log-likelihood enough; None where none is found."""
    size = 1.0
    # Near the maximum the sum's own rounding hides whether a step climbs: it is then taken whole.
    slack = 1e-11 * abs(at.log_likelihood)
    for _ in range(_HALVINGS):
        new = x + size * direction
        if marginal.feasible(new):
            there = marginal.expectation(new)
            if there.log_likelihood >= at.log_likelihood + 1e-4 * size * gain - slack:
                return new, there
        size /= 2
    return None


def _updated(metric: np.ndarray, change: np.ndarray, turned: np.ndarray) -> np.ndarray:
    """The BFGS update of an inverse; left as it is where the gradient did not turn the right way."""
    along = float(change @ turned)
    if along <= 1e-12 * float(np.linalg.norm(change) * np.linalg.norm(turned)):
        return metric
    moved = metric @ turned
    return np.asarray(
        metric
        + (1 + turned @ moved / along) * np.outer(change, change) / along
        - (np.outer(moved, change) + np.outer(change, moved)) / along
    )
