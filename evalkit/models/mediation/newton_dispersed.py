"""Counts of resamples in, coefficients and theta of every resample of a negative binomial equation out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.mediation.newton import (
    SETTLED,
    STEPS,
    Refitted,
    SingleIndexRefit,
    limited,
    packed,
    poisson_kernel,
    verdict,
)

HIGHEST = 1e5
"""A theta beyond this is looked at again: the counts may vary no more than Poisson's."""


@dataclass(frozen=True, eq=False)
class DispersedRefit:
    """Variance ``mu + mu^2 / theta``; coefficients and log theta by joint Newton steps.

    Lawless (1987), Canadian Journal of Statistics 15, 209-225, eqs 2.3 - 2.5. A resample whose counts vary no more than
    Poisson's is one of Poisson: theta is inf then.

    Parameters
    ----------
    x : ndarray, shape (n, p)
    y : ndarray, shape (n,)
    start : ndarray, shape (p,)
    theta : float
        Of the sample; may be inf.
    """

    x: np.ndarray
    y: np.ndarray
    start: np.ndarray
    theta: float
    poisson: SingleIndexRefit
    _products: np.ndarray
    _values: np.ndarray
    _members: np.ndarray
    _variances: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, start: np.ndarray, theta: float, weights: np.ndarray) -> DispersedRefit:
        """Make ready; `weights` are those of the sample."""
        values, place = np.unique(y, return_inverse=True)
        members = (place[:, None] == np.arange(len(values))).astype(float)
        poisson = SingleIndexRefit.of(x, y, poisson_kernel, start, weights)
        bare = cls(x, y, start, theta, poisson, packed(x), values, members, np.empty(0))
        finite = min(theta, 1e3)
        sums = bare._sums(start[None], np.array([np.log(finite)]), weights[None])
        variances = limited(*sums)[1][0, :-1]
        return cls(x, y, start, theta, poisson, bare._products, values, members, variances)

    def block(self, weights: np.ndarray) -> Refitted:
        size = len(weights)
        b = np.broadcast_to(self.start, (size, len(self.start))).copy()
        log_theta = np.full(size, np.log(min(self.theta, 1e3)))
        variances = np.full(b.shape, np.nan)
        done = np.zeros(size, dtype=bool)
        active = np.arange(size)
        for _ in range(STEPS):
            if not len(active):
                break
            drawn = weights if len(active) == size else weights[active]
            move, spread, gain = limited(*self._sums(b[active], log_theta[active], drawn))
            b[active] += move[:, :-1]
            log_theta[active] += np.clip(move[:, -1], -1.0, 1.0)
            variances[active] = spread[:, :-1]
            done[active] = gain < SETTLED
            active = active[(gain >= SETTLED) & np.isfinite(gain) & (log_theta[active] < np.log(HIGHEST))]
        theta = np.exp(log_theta)
        return self._alike(weights, verdict(b, variances, done & (theta < HIGHEST), self._variances, theta))

    def _alike(self, weights: np.ndarray, found: Refitted) -> Refitted:
        """Where theta ran away: Poisson, if that is where the likelihood is largest."""
        again = np.flatnonzero(~found.converged)
        if not len(again):
            return found
        plain = self.poisson.block(weights[again])
        mean = np.exp(np.minimum(np.nan_to_num(plain.coefficients) @ self.x.T, 500.0))
        excess = (weights[again] * ((self.y - mean) ** 2 - self.y)).sum(axis=1)
        good = plain.converged & (excess <= 1e-3 * weights[again].sum(axis=1))
        fine = again[good]
        coefficients, scale = found.coefficients.copy(), found.scale.copy()
        converged, separated = found.converged.copy(), found.separated.copy()
        coefficients[fine], scale[fine], converged[fine] = plain.coefficients[good], np.inf, True
        separated[again] = plain.separated
        return Refitted(coefficients, scale, converged, separated)

    def _sums(self, b: np.ndarray, log_theta: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Packed information and score, the last parameter log theta; digammas of the distinct counts only."""
        from scipy.special import digamma, polygamma

        p = b.shape[1]
        theta = np.exp(log_theta)[:, None]
        mean = np.exp(np.minimum(b @ self.x.T, 500.0))
        total = theta + mean
        rest = (self.y - mean) / total
        score = np.empty((len(b), p + 1))
        score[:, :p] = (weights * theta * rest) @ self.x
        counts = weights @ self._members
        above = theta + self._values
        size = weights.sum(axis=1)
        shares = (self.y + theta) / total
        by_count = digamma(above) - digamma(theta)
        plain = (counts * by_count).sum(axis=1) + (weights * (np.log(theta / total) + 1 - shares)).sum(axis=1)
        score[:, p] = theta[:, 0] * plain
        curved = (counts * (polygamma(1, theta) - polygamma(1, above))).sum(axis=1)
        bend = curved - size / theta[:, 0] + (weights * (2 - shares) / total).sum(axis=1)
        rows, cols = np.triu_indices(p + 1)
        information = np.empty((len(b), len(rows)))
        information[:, (rows < p) & (cols < p)] = (weights * mean * theta * shares / total) @ self._products
        information[:, (cols == p) & (rows < p)] = -theta * ((weights * rest * mean / total) @ self.x)
        # Where the curve bends the wrong way a step of about 1 uphill: `block` clips it.
        information[:, -1] = np.where(bend > 0, theta[:, 0] ** 2 * bend, np.abs(score[:, p]) + 1e-9 * size)
        return information, score
