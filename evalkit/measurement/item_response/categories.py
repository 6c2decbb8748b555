"""Slope, intercepts and places on the latent scale in; log probabilities of the answers and their derivatives out.

An item with m + 1 ordered answers has a slope `a` and intercepts `d_1 ... d_m`. With `f` the logistic function:

- graded (Samejima, 1969, Psychometrika Monograph 17): P(X >= k) = f(a t + d_k), so d_1 > d_2 > ...; the threshold
  b_k = -d_k / a is where half of the people give answer k or a higher one.
- credit (Muraki, 1992, Applied Psychological Measurement 16, 159-176; Masters, 1982, Psychometrika 47, 149-174, with
  one slope for all items): P(X = k) is in proportion to exp(k a t + d_k), d_0 = 0; the step b_k = -(d_k - d_(k-1)) / a
  is where answers k - 1 and k are equally likely.

Both are functions of z_v = a t_v + d_v, with t_v = t for graded and v t for credit; the log-likelihood is concave in a
and d.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit, logsumexp

FAMILIES = ("graded", "credit")


@dataclass(frozen=True, eq=False)
class Curves:
    """Log probabilities of one item and their derivatives by (a, d_1, ..., d_m).

    Parameters
    ----------
    log_p : ndarray, shape (m + 1, q)
    score : ndarray, shape (m + 1, q, m + 1)
    curvature : ndarray, shape (m + 1, q, m + 1, m + 1)
        Second derivatives; empty where they were not asked for.
    """

    log_p: np.ndarray
    score: np.ndarray
    curvature: np.ndarray


def feasible(family: str, intercepts: np.ndarray) -> bool:
    """Whether the intercepts give every answer a probability above 0: those of the graded model must fall."""
    return bool(np.isfinite(intercepts).all() and (family != "graded" or np.all(np.diff(intercepts) < 0)))


def log_probabilities(family: str, slope: float, intercepts: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Shape (m + 1, q): the log probability of each answer at each place of the latent scale."""
    z = slope * _multiples(family, len(intercepts), theta) + intercepts[:, None]
    if family == "credit":
        z = np.vstack([np.zeros(len(theta)), z])
        return z - logsumexp(z, axis=0)
    # log(f(z_k) - f(z_(k+1))) without cancellation: f(z_k) f(-z_(k+1)) (1 - exp(z_(k+1) - z_k)).
    out = np.zeros((len(intercepts) + 1, len(theta)))
    out[1:] += log_expit(z)
    out[:-1] += log_expit(-z)
    out[1:-1] += np.log(-np.expm1(np.diff(intercepts)))[:, None]
    return out


def curves(family: str, slope: float, intercepts: np.ndarray, theta: np.ndarray, *, curvature: bool = False) -> Curves:
    """Log probabilities with first and, if wanted, second derivatives."""
    m, t = len(intercepts), _multiples(family, len(intercepts), theta)
    z = slope * t + intercepts[:, None]
    log_p = log_probabilities(family, slope, intercepts, theta)
    first, second = (_by_z_graded if family == "graded" else _by_z_credit)(z, intercepts, log_p, curvature)
    score = np.empty((m + 1, len(theta), m + 1))
    score[:, :, 0] = np.einsum("kqv,vq->kq", first, t)
    score[:, :, 1:] = first
    if not curvature:
        return Curves(log_p, score, np.empty(0))
    whole = np.empty((m + 1, len(theta), m + 1, m + 1))
    crossed = np.einsum("kqvw,wq->kqv", second, t)
    whole[:, :, 0, 0] = np.einsum("kqv,vq->kq", crossed, t)
    whole[:, :, 0, 1:] = whole[:, :, 1:, 0] = crossed
    whole[:, :, 1:, 1:] = second
    return Curves(log_p, score, whole)


def by_theta(family: str, slope: float, intercepts: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Derivatives of the log probabilities by the latent scale, shape (m + 1, q)."""
    m = len(intercepts)
    if family == "credit":
        k = np.arange(m + 1.0)[:, None]
        p = np.exp(log_probabilities(family, slope, intercepts, theta))
        return slope * (k - (k * p).sum(axis=0))
    z = slope * theta + intercepts[:, None]
    out = np.zeros((m + 1, len(theta)))
    out[1:] += expit(-z)
    out[:-1] -= expit(z)
    return slope * out


def item_information(family: str, slope: float, intercepts: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Fisher information about the latent scale, shape (q,): the mean square of the derivative by it."""
    p = np.exp(log_probabilities(family, slope, intercepts, theta))
    return np.asarray((p * by_theta(family, slope, intercepts, theta) ** 2).sum(axis=0))


def thresholds(family: str, slope: float, intercepts: np.ndarray) -> np.ndarray:
    """Thresholds (graded) or steps (credit) on the latent scale, shape (m,)."""
    return -np.asarray(_contrasts(family, len(intercepts)) @ intercepts) / slope


def threshold_jacobian(family: str, slope: float, intercepts: np.ndarray) -> np.ndarray:
    """Derivatives of (a, b_1, ..., b_m) by (a, d_1, ..., d_m), shape (m + 1, m + 1)."""
    m = len(intercepts)
    out = np.zeros((m + 1, m + 1))
    out[0, 0] = 1.0
    out[1:, 0] = -thresholds(family, slope, intercepts) / slope
    out[1:, 1:] = -_contrasts(family, m) / slope
    return out


def _contrasts(family: str, m: int) -> np.ndarray:
    return np.eye(m) if family == "graded" else np.eye(m) - np.eye(m, k=-1)


def _multiples(family: str, m: int, theta: np.ndarray) -> np.ndarray:
    return np.broadcast_to(theta, (m, len(theta))) if family == "graded" else np.arange(1.0, m + 1)[:, None] * theta


def _by_z_graded(
    z: np.ndarray, intercepts: np.ndarray, log_p: np.ndarray, curvature: bool
) -> tuple[np.ndarray, np.ndarray]:
    m, q = z.shape
    upper, lower = expit(-z), expit(z)
    gap = 1.0 / np.expm1(-np.diff(intercepts))  # derivative of log(1 - exp(-g)) by the gap g of two intercepts
    first = np.zeros((m + 1, q, m))
    v = np.arange(m)
    first[v + 1, :, v] += upper
    first[v, :, v] -= lower
    first[v[1:], :, v[:-1]] += gap[:, None]
    first[v[1:], :, v[1:]] -= gap[:, None]
    if not curvature:
        return first, np.empty(0)
    second = np.zeros((m + 1, q, m, m))
    second[v + 1, :, v, v] -= upper * lower
    second[v, :, v, v] -= upper * lower
    bend = (gap * (1 + gap))[:, None]
    for a, b, sign in ((v[:-1], v[:-1], -1), (v[1:], v[1:], -1), (v[:-1], v[1:], 1), (v[1:], v[:-1], 1)):
        second[v[1:], :, a, b] += sign * bend
    return first, second


def _by_z_credit(
    z: np.ndarray, intercepts: np.ndarray, log_p: np.ndarray, curvature: bool
) -> tuple[np.ndarray, np.ndarray]:
    m, q = z.shape
    p = np.exp(log_p[1:]).T
    first = np.eye(m + 1, m, k=-1)[:, None, :] - p[None]
    if not curvature:
        return first, np.empty(0)
    spread = p[:, :, None] * p[:, None, :] - p[:, :, None] * np.eye(m)
    return first, np.broadcast_to(spread, (m + 1, q, m, m))
