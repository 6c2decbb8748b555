"""A likelihood in, its maximum out; and whether there is one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from evalkit.models.generalised.categories import Multinomial, Ordered
from evalkit.models.generalised.links import LOG, Firth, SingleIndex
from evalkit.models.generalised.partial import PartlyOrdered

STEPS = 60
MANY = 7
"""A likelihood with a maximum needs fewer steps than this; with more, separation is looked for."""


class Likelihood(Protocol):
    """What a family has to say about parameters."""

    def rows(self, b: np.ndarray) -> np.ndarray: ...
    def derivatives(self, b: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...
    def start(self, weights: np.ndarray) -> np.ndarray: ...
    def inside(self, b: np.ndarray) -> bool: ...


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where a likelihood is largest.

    Attributes
    ----------
    b : ndarray, shape (p,)
    scores : ndarray, shape (n, p)
        Of the rows, without weights.
    inverse : ndarray, shape (p, p)
        Of the weighted information.
    log_likelihood : float
    converged : bool
    steps : int
    """

    b: np.ndarray
    scores: np.ndarray
    inverse: np.ndarray
    log_likelihood: float
    converged: bool
    steps: int


def maximum(likelihood: Likelihood, weights: np.ndarray, start: np.ndarray | None = None) -> Maximum:
    """Newton (Fisher scoring for one linear predictor) with halved steps.

    Returns
    -------
    Maximum
        `converged` is False where the information is singular or 60 steps were not enough.
    """
    b = likelihood.start(weights) if start is None else start
    value = float(weights @ likelihood.rows(b))
    done, used = False, 0
    scores, information = likelihood.derivatives(b, weights)
    while used < STEPS:
        used += 1
        gradient = weights @ scores
        try:
            move = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        gain = float(gradient @ move)
        if not np.isfinite(gain):
            break
        new, better = _halved(likelihood, weights, b, move, value)
        if new is None:
            done = abs(gain) < 1e-8
            break
        b, value = new, better
        scores, information = likelihood.derivatives(b, weights)
        if gain < 1e-15 * (1 + abs(value)):
            done = True
            break
    try:
        inverse = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        inverse, done = np.full_like(information, np.nan), False
    return Maximum(b, scores, inverse, value, done and bool((np.diag(inverse) > 0).all()), used)


def _halved(
    likelihood: Likelihood, weights: np.ndarray, b: np.ndarray, move: np.ndarray, value: float
) -> tuple[np.ndarray | None, float]:
    for half in range(25):
        new = b + move / 2**half
        if not likelihood.inside(new):
            continue
        found = float(weights @ likelihood.rows(new))
        if found >= value - 1e-10 * (1 + abs(value)):
            return new, found
    return None, value


def with_dispersion(family: SingleIndex, weights: np.ndarray) -> tuple[SingleIndex, Maximum, float]:
    """A negative binomial: coefficients and theta in turn; the standard error of theta too.

    theta is inf where the counts vary no more than Poisson's.
    """
    current = family
    found = maximum(current, weights)
    theta, information = np.inf, np.nan
    for _ in range(100):
        mu = current.link.mean(current.eta(found.b))
        new, information = _theta(family.y, mu, weights, theta)
        if not np.isfinite(new):
            return replace(family, theta=None), found, float("nan")
        settled = np.isfinite(theta) and abs(new - theta) < 1e-11 * theta
        theta = new
        current = replace(family, theta=theta)
        found = maximum(current, weights, found.b)
        if settled:
            break
    return current, found, float(1 / np.sqrt(information))


def _theta(y: np.ndarray, mu: np.ndarray, weights: np.ndarray, before: float) -> tuple[float, float]:
    """Maximum-likelihood theta at given means, by Newton on its logarithm, with its observed information."""
    from scipy.special import digamma, polygamma

    n = weights.sum()
    excess = weights @ ((y - mu) ** 2 - mu)
    if not np.isfinite(before):
        if excess <= 0:
            return float("inf"), float("nan")
        t = float(weights @ mu**2 / excess)
    else:
        t = before
    information = float("nan")
    for _ in range(100):
        parts = digamma(t + y) - digamma(t) + np.log(t) + 1 - np.log(t + mu) - (y + t) / (mu + t)
        bends = -polygamma(1, t + y) + polygamma(1, t) - 1 / t + 2 / (mu + t) - (y + t) / (mu + t) ** 2
        slope, information = float(weights @ parts), float(weights @ bends)
        move = slope * t / max(information * t**2, 1e-12 * n) if information > 0 else np.sign(slope)
        t *= float(np.exp(np.clip(move, -1, 1)))
        if t > 1e7:
            return float("inf"), float("nan")
        if abs(move) < 1e-13:
            break
    return t, information


def separated(likelihood: Likelihood) -> np.ndarray | None:
    """The direction in which a likelihood rises for ever, shape (p,); None where there is none.

    Albert & Anderson (1984), Biometrika 71, 1-10; found by linear programming: Konis (2007), DPhil thesis, Oxford.
    """
    from scipy.optimize import linprog

    if isinstance(likelihood, (Firth, PartlyOrdered)):
        return None  # the prior sees to it that there is a maximum; free slopes have cuts that must not cross
    above, equal = _conditions(likelihood)
    answer = linprog(
        -above.sum(axis=0),
        A_ub=-above,
        b_ub=np.zeros(len(above)),
        A_eq=equal if len(equal) else None,
        b_eq=np.zeros(len(equal)) if len(equal) else None,
        bounds=(-1, 1),
    )
    return answer.x if answer.status == 0 and -answer.fun > 1e-6 else None


def _conditions(likelihood: Likelihood) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose product with a direction of recession is not negative, and rows where it is 0."""
    none = np.empty((0, 0))
    if isinstance(likelihood, SingleIndex):
        scale = np.maximum(np.abs(likelihood.x).max(axis=0), 1e-300)
        x, y = likelihood.x / scale, likelihood.y
        if likelihood.link is LOG:
            return -x[y == 0], x[y > 0]
        between = (y > 0) & (y < 1)  # a share pins its row down
        return np.where(y == 1, 1.0, -1.0)[~between, None] * x[~between], x[between]
    if isinstance(likelihood, Multinomial):
        x = likelihood.x / np.maximum(np.abs(likelihood.x).max(axis=0), 1e-300)
        top, k = int(likelihood.y.max()), x.shape[1]
        signs = (likelihood.y[:, None] == np.arange(1, top + 1)).astype(float)
        whole = (signs[:, :, None] * x[:, None, :]).reshape(len(x), -1)
        rows = [whole]
        for j in range(top):
            less = whole.copy()
            less[:, j * k : (j + 1) * k] -= x
            rows.append(less[likelihood.y != j + 1])
        return np.vstack([rows[0][likelihood.y > 0], *rows[1:]]), none
    if isinstance(likelihood, Ordered):
        x, y, cuts = likelihood.x, likelihood.y, likelihood.cuts
        x = x / np.maximum(np.abs(x).max(axis=0), 1e-300)
        up = np.column_stack([y[:, None] == np.arange(cuts), -x]).astype(float)
        down = -np.column_stack([y[:, None] - 1 == np.arange(cuts), -x]).astype(float)
        return np.vstack([up[y < cuts], down[y > 0]]), none
    raise TypeError(type(likelihood).__name__)
