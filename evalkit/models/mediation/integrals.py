"""Means over normal variables and over counts: the sums behind natural effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from evalkit.models.generalised.links import LOGIT, PROBIT


@dataclass(frozen=True)
class Precision:
    """How finely sums stand in for means.

    Attributes
    ----------
    nodes : int
        For a normal mediator whose value must be known further down: in a product, or before a binary mediator.
    tail : float
        Chance of counts beyond the last one summed.
    """

    nodes: int
    tail: float


FINE = Precision(24, 1e-10)
COARSE = Precision(12, 1e-7)
"""For resamples, whose noise is larger by orders of magnitude."""

WIDE = 3.0
"""SD of the predictor of a logit from which the sum runs over the logistic variable instead of the normal one."""

REACH = 26.0
MOST_COUNTS = 2000


@cache
def hermite(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of the mean over a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(n)
    return nodes, weights / np.sqrt(2 * np.pi)


def logistic_normal(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Mean of ``1 / (1 + exp(-mean - sd Z))`` over a standard normal Z.

    Gauss-Hermite with as many nodes as the nearest pole of the integrand, ``pi / sd`` away, asks for: the error falls
    like ``exp(-(pi / sd) sqrt(2 n + 1))``. Two nodes of opposite sign share one division: with ``e = exp(-mean)`` and
    ``k = exp(sd z) + exp(-sd z)`` their sum is ``1 + (1 - e^2) / (1 + e^2 + k e)``, so that there is one exponential a
    cell where `sd` is the same in all cells of a row.

    Parameters
    ----------
    mean : ndarray, shape (B, n)
    sd : ndarray
        Broadcasts to it.
    """
    widest = float(sd.max(initial=0.0))
    if widest > WIDE:
        return _wide(mean, np.maximum(sd, 1e-300))
    e = np.exp(-np.clip(mean, -300.0, 300.0))
    if widest == 0:
        return np.asarray(1 / (1 + e))
    wanted = ((REACH * widest / np.pi) ** 2 - 1) / 2
    nodes, weights = hermite(2 * max(int(np.ceil(wanted / 2)), 4) + 2)
    square = e * e
    base = square + 1
    total, part = np.zeros(mean.shape), np.empty(mean.shape)
    for node, weight in zip(nodes[: len(nodes) // 2], weights, strict=False):
        np.multiply(e, 2 * np.cosh(np.minimum(np.abs(node) * sd, 300.0)), out=part)
        part += base
        np.divide(weight, part, out=part)
        total += part
    np.subtract(1, square, out=square)
    total *= square
    total += 0.5
    return total


def _wide(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """``E F(mean + sd Z) = E Phi((mean + L) / sd)`` over a logistic L, by the trapezoid rule."""
    from scipy.special import ndtr

    step = 0.7
    total = np.zeros(np.broadcast_shapes(mean.shape, sd.shape))
    for u in np.arange(-35, 36) * step:
        total += step * float(LOGIT.slope(np.asarray(u))) * ndtr((mean + u) / sd)
    return total


def probabilities(
    family: str, eta: np.ndarray, support: tuple[float, ...], cuts: np.ndarray, scale: np.ndarray, tail: float = 1e-10
) -> Iterator[tuple[float, np.ndarray]]:
    """Values of a mediator with their chances.

    Parameters
    ----------
    family : str
        Not linear.
    eta : ndarray, shape (B, n)
    support : tuple of float
        Values of the categories; nothing for counts.
    cuts : ndarray, shape (B, J)
        Thresholds of ordered families.
    scale : ndarray, shape (B,)
        theta of a negative binomial.
    tail : float
        Chance of counts beyond the last one.
    """
    if family in ("poisson", "negative_binomial"):
        yield from _counts(eta, scale if family == "negative_binomial" else np.full(len(eta), np.inf), tail)
        return
    link = PROBIT if family in ("probit", "ordered_probit") else LOGIT
    if family in ("logit", "probit"):
        yield support[0], link.mean(-eta)
        yield support[1], link.mean(eta)
        return
    before: np.ndarray = np.zeros(())
    for k, value in enumerate(support):
        below = link.mean(cuts[:, k, None] - eta) if k < len(support) - 1 else np.ones(())
        yield value, below - before
        before = below


def expected_value(
    family: str, eta: np.ndarray, support: tuple[float, ...], cuts: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Mean of a mediator, shape (B, n); parameters as in `probabilities`."""
    if family in ("poisson", "negative_binomial"):
        return np.exp(np.minimum(eta, 500.0))
    return np.asarray(sum(value * chance for value, chance in probabilities(family, eta, support, cuts, scale)))


def _counts(eta: np.ndarray, theta: np.ndarray, tail: float) -> Iterator[tuple[float, np.ndarray]]:
    """0, 1, 2, ... until less than `tail` is left everywhere; nan where that takes more than `MOST_COUNTS`.

    ``p(k + 1) = p(k) (theta + k) / (k + 1) mu / (theta + mu)``, for theta = inf ``p(k) mu / (k + 1)``.
    """
    mean = np.exp(np.minimum(eta, 500.0))
    size = np.where(np.isinf(theta), 1.0, theta)[:, None]
    plain = np.isinf(theta)[:, None]
    share = mean / (size + mean)
    first, more = np.where(plain, mean, size * share), np.where(plain, 0.0, share)
    chance = np.exp(np.where(plain, -mean, -size * np.log1p(mean / size)))
    left = 1 - chance
    yield 0.0, chance
    for count in range(1, MOST_COUNTS + 1):
        if not left.max() > tail:
            return
        chance = chance * (first + (count - 1) * more) / count
        left -= chance
        yield float(count), chance
    yield float(MOST_COUNTS + 1), np.full(mean.shape, np.nan)
