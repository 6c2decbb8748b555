"""Counts of resamples in, coefficients of every resample out: warm-started Newton for one linear predictor.

The first step is taken from the coefficients of the sample, where score and information of a row are the same in
every resample: two matrix products for a whole block. Two or three full steps follow; a resample that needs many
more is separated, or as good as that, and its exploding standard errors say so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

STEPS = 30
SETTLED = 1e-8
"""Gain of a step, in units of the log-likelihood, after which the next one would not show."""

EXPLODED = 1e3
"""Standard errors beyond this multiple of the sample's: the likelihood rises without end."""

LONGEST = 6.0
"""Longest step, in standard errors of the resample."""

SINGULAR = 1e-12

Kernel = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Linear predictors and outcomes in; score and information in the linear predictor out, cell by cell."""


@dataclass(frozen=True, eq=False)
class Refitted:
    """Coefficients of B resamples of one equation.

    Attributes
    ----------
    coefficients : ndarray, shape (B, q)
        Thresholds first in ordered families; nan where there is no maximum.
    scale : ndarray, shape (B,)
        Residual SD (linear) or theta (negative binomial, inf: Poisson); nan in the other families.
    converged, separated : ndarray of bool, shape (B,)
        A resample that did not converge may be separated: its likelihood has no maximum.
    """

    coefficients: np.ndarray
    scale: np.ndarray
    converged: np.ndarray
    separated: np.ndarray


class Refit(Protocol):
    """One equation, made ready for resampling."""

    def block(self, weights: np.ndarray) -> Refitted:
        """Fit every row of `weights`, shape (B, n): counts times sampling weights."""
        ...


def packed(x: np.ndarray, z: np.ndarray | None = None) -> np.ndarray:
    """Products of the columns, upper triangle by rows: (n, p) -> (n, p (p + 1) / 2).

    With `z`, the symmetric part ``(x_i z_j + z_i x_j)`` instead.
    """
    rows, cols = np.triu_indices(x.shape[1])
    return x[:, rows] * x[:, cols] if z is None else x[:, rows] * z[:, cols] + z[:, rows] * x[:, cols]


def solved(information: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solutions of B symmetric systems and the diagonals of the inverses.

    Parameters
    ----------
    information : ndarray, shape (B, p (p + 1) / 2)
        Packed; positive definite where there is a solution.
    right : ndarray, shape (B, p)

    Returns
    -------
    tuple of ndarray, both of shape (B, p)
        nan where the matrix is singular or not positive definite.

    Notes
    -----
    Gauss-Jordan elimination with the resamples as the last axis, on the matrix scaled to a unit diagonal.
    """
    p = right.shape[1]
    rows, cols = np.triu_indices(p)
    work = np.empty((p, 2 * p + 1, len(right)))
    work[rows, cols] = information.T
    work[cols, rows] = information.T
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        scale = 1 / np.sqrt(np.where(information.T[rows == cols] > 0, information.T[rows == cols], np.nan))
        work[:, :p] *= scale[:, None] * scale[None]
        work[:, p] = right.T * scale
        work[:, p + 1 :] = np.eye(p)[:, :, None]
        for j in range(p):
            row = work[j, j:] / np.where(work[j, j] > SINGULAR, work[j, j], np.nan)
            work[:, j:] -= work[:, j, None] * row[None]
            work[j, j:] = row
        variances = np.stack([work[j, p + 1 + j] for j in range(p)]) * scale**2
    return (work[:, p] * scale).T, variances.T


@dataclass(frozen=True, eq=False)
class SingleIndexRefit:
    """Binary outcomes and Poisson counts.

    Parameters
    ----------
    x : ndarray, shape (n, p)
    y : ndarray, shape (n,)
        0 and 1, or counts.
    start : ndarray, shape (p,)
        Coefficients of the sample.
    """

    x: np.ndarray
    y: np.ndarray
    kernel: Kernel
    start: np.ndarray
    _products: np.ndarray
    _first: np.ndarray
    _variances: np.ndarray

    @classmethod
    def of(
        cls, x: np.ndarray, y: np.ndarray, kernel: Kernel, start: np.ndarray, weights: np.ndarray
    ) -> SingleIndexRefit:
        """Make ready; `weights` are those of the sample."""
        products = packed(x)
        score, information = kernel((x @ start)[None], y)
        first = np.column_stack([x * score[0][:, None], products * information[0][:, None]])
        sums = weights @ first
        variances = solved(sums[None, x.shape[1] :], sums[None, : x.shape[1]])[1][0]
        return cls(x, y, kernel, start, products, first, variances)

    def block(self, weights: np.ndarray) -> Refitted:
        p = self.x.shape[1]
        sums = weights @ self._first
        move, variances = limited(sums[:, p:], sums[:, :p])[:2]
        b = self.start + move
        active = np.flatnonzero(np.isfinite(b).all(axis=1))
        done = np.zeros(len(weights), dtype=bool)
        for _ in range(STEPS):
            if not len(active):
                break
            drawn = weights if len(active) == len(weights) else weights[active]
            score, information = self.kernel(b[active] @ self.x.T, self.y)
            score *= drawn
            information *= drawn
            move, spread, gain = limited(information @ self._products, score @ self.x)
            b[active] += move
            variances[active] = spread
            done[active] = gain < SETTLED
            active = active[(gain >= SETTLED) & np.isfinite(gain)]
        return verdict(b, variances, done, self._variances, np.full(len(b), np.nan))


def limited(information: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Newton steps, no longer than `LONGEST`; variances; gains (of the whole step)."""
    move, variances = solved(information, score)
    gain = np.einsum("bp,bp->b", score, move)
    with np.errstate(invalid="ignore", divide="ignore"):
        move *= np.minimum(1.0, LONGEST / np.sqrt(np.maximum(gain, 1e-300)))[:, None]
    return move, variances, gain


def verdict(b: np.ndarray, variances: np.ndarray, done: np.ndarray, usual: np.ndarray, scale: np.ndarray) -> Refitted:
    """What became of every resample; `usual` holds the variances of the sample."""
    with np.errstate(invalid="ignore"):
        separated = ~(variances < EXPLODED**2 * usual).all(axis=1)
    converged = done & ~separated & np.isfinite(b).all(axis=1)
    return Refitted(
        np.where(converged[:, None], b, np.nan), np.where(converged, scale, np.nan), converged, separated & ~converged
    )


def logit_kernel(eta: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with np.errstate(over="ignore"):
        mean = np.negative(eta)
        np.exp(mean, out=mean)
        mean += 1
        np.reciprocal(mean, out=mean)
    information = 1 - mean
    information *= mean
    return y - mean, information


def probit_kernel(eta: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Observed information, which is positive everywhere: Maddala (1983), Limited-Dependent Variables, p. 26."""
    from scipy.special import ndtr

    sign = 2 * y - 1
    z = np.maximum(sign * eta, -35.0)  # beyond, the distribution function is 0 in floating point
    ratio = np.exp(-0.5 * z * z) / (np.sqrt(2 * np.pi) * ndtr(z))
    return sign * ratio, ratio * (ratio + z)


def poisson_kernel(eta: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = np.exp(np.minimum(eta, 500.0))
    return y - mean, mean


@dataclass(frozen=True, eq=False)
class LinearRefit:
    """Least squares by cross-products with the residuals of the sample: what is solved for is the change."""

    start: np.ndarray
    _sums: np.ndarray
    _variances: np.ndarray
    _rows_per_weight: float

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, start: np.ndarray, weights: np.ndarray) -> LinearRefit:
        """Make ready; `start` holds the coefficients of the sample, `weights` its weights."""
        residual = y - x @ start
        sums = np.column_stack([packed(x), x * residual[:, None], residual**2])
        whole = weights @ sums
        p = x.shape[1]
        variances = solved(whole[None, : -p - 1], whole[None, -p - 1 : -1])[1][0]
        return cls(start, sums, variances, len(y) / weights.sum())

    def block(self, weights: np.ndarray) -> Refitted:
        p = len(self.start)
        sums = weights @ self._sums
        right = sums[:, -p - 1 : -1]
        move, variances = solved(sums[:, : -p - 1], right)
        rest = np.maximum(sums[:, -1] - np.einsum("bp,bp->b", move, right), 0.0)
        size = weights.sum(axis=1) * self._rows_per_weight
        sigma = np.sqrt(rest * self._rows_per_weight / np.maximum(size - p, 1.0))
        done = np.ones(len(weights), dtype=bool)
        return verdict(self.start + move, variances, done, self._variances, sigma)
