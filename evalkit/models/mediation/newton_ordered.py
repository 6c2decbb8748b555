"""Counts of resamples in, thresholds and slopes of every resample of an ordered equation out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.mediation.newton import SETTLED, STEPS, Refitted, limited, packed, solved, verdict

FARTHEST = 38.0
"""Standard normal deviates beyond which the distribution function is 0 in floating point."""


@dataclass(frozen=True, eq=False)
class OrderedRefit:
    """``P(y <= k) = F(threshold_k - x b)``; parameters: the thresholds, then the slopes.

    McCullagh (1980), Journal of the Royal Statistical Society B 42, 109-142. The log-likelihood is concave (Pratt
    1981, Journal of the American Statistical Association 76, 103-106), so plain Newton steps with the observed
    information arrive. A resample in which a category is empty has no maximum and counts as separated.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Without a constant.
    y : ndarray of int, shape (n,)
        0 .. J.
    probit : bool
    start : ndarray, shape (J + p,)
        Parameters of the sample.
    """

    x: np.ndarray
    y: np.ndarray
    probit: bool
    start: np.ndarray
    _members: np.ndarray
    _upper: np.ndarray
    _lower: np.ndarray
    _products: tuple[np.ndarray, np.ndarray, np.ndarray]
    _first: np.ndarray
    _variances: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, probit: bool, start: np.ndarray, weights: np.ndarray) -> OrderedRefit:
        """Make ready; `weights` are those of the sample."""
        cuts = int(y.max())
        members = (y[:, None] == np.arange(cuts + 1)).astype(float)
        upper, lower = np.column_stack([members[:, :-1], -x]), np.column_stack([members[:, 1:], -x])
        products = (packed(upper), packed(lower), packed(upper, lower))
        empty = np.empty((0, 0))
        bare = cls(x, y, probit, start, members, upper, lower, products, empty, empty)
        up, down, uu, ll, ul = (a[0][:, None] for a in bare._cells(start[None]))
        first = np.column_stack([upper * up + lower * down, products[0] * uu + products[1] * ll + products[2] * ul])
        sums = weights @ first
        q = len(start)
        variances = solved(sums[None, q:], sums[None, :q])[1][0]
        return cls(x, y, probit, start, members, upper, lower, products, first, variances)

    def block(self, weights: np.ndarray) -> Refitted:
        q = len(self.start)
        full = (weights @ self._members > 0).all(axis=1)
        sums = weights @ self._first
        move, variances, _ = limited(sums[:, q:], sums[:, :q])
        b = self._inside(np.broadcast_to(self.start, move.shape).copy(), move)
        active = np.flatnonzero(np.isfinite(b).all(axis=1) & full)
        done = np.zeros(len(weights), dtype=bool)
        for _ in range(STEPS):
            if not len(active):
                break
            drawn = weights if len(active) == len(weights) else weights[active]
            move, spread, gain = limited(*self._sums(b[active], drawn))
            b[active] = self._inside(b[active], move)
            variances[active] = spread
            done[active] = gain < SETTLED
            active = active[(gain >= SETTLED) & np.isfinite(gain)]
        variances[~full] = np.nan
        return verdict(b, variances, done, self._variances, np.full(len(b), np.nan))

    def _sums(self, b: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        up, down, *seconds = (cell * weights for cell in self._cells(b))
        information = sum(cell @ table for cell, table in zip(seconds, self._products, strict=True))
        return np.asarray(information), up @ self._upper + down @ self._lower

    def _inside(self, b: np.ndarray, move: np.ndarray) -> np.ndarray:
        """`b + move`, the step halved as often as it takes to keep the thresholds in order."""
        cuts = self._members.shape[1] - 1
        part = move.copy()
        for _ in range(20):
            crossed = (np.diff((b + part)[:, :cuts], axis=1) <= 0).any(axis=1)
            if not crossed.any():
                break
            part[crossed] /= 2
        return b + part

    def _cells(self, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """By row, for B parameter vectors: both scores, and the factors of the three tables of products."""
        cuts = self._members.shape[1] - 1
        far = np.full((len(b), 1), FARTHEST if self.probit else 700.0)
        ends = np.concatenate([-far, b[:, :cuts], far], axis=1)
        eta = b[:, cuts:] @ self.x.T
        upper, lower = np.take(ends, self.y + 1, axis=1) - eta, np.take(ends, self.y, axis=1) - eta
        chance, slopes, bends = (_normal if self.probit else _logistic)(upper, lower)
        chance = np.maximum(chance, 1e-300)
        top, bottom = self.y == cuts, self.y == 0
        up, down = np.where(top, 0.0, slopes[0] / chance), np.where(bottom, 0.0, -slopes[1] / chance)
        bend_up, bend_down = np.where(top, 0.0, bends[0] / chance), np.where(bottom, 0.0, -bends[1] / chance)
        return up, down, up**2 - bend_up, down**2 - bend_down, up * down


Ends = tuple[np.ndarray, np.ndarray]


def _logistic(upper: np.ndarray, lower: np.ndarray) -> tuple[np.ndarray, Ends, Ends]:
    """Chance of the interval, and at both ends the density and its derivative.

    ``F(u) - F(l) = F(u) F(-l) (1 - exp(l - u))`` keeps its digits in both tails.
    """
    with np.errstate(over="ignore"):
        below, above = 1 / (1 + np.exp(-upper)), 1 / (1 + np.exp(lower))
        rest, left = 1 / (1 + np.exp(upper)), 1 / (1 + np.exp(-lower))
        chance = below * above * -np.expm1(lower - upper)
    slopes = (below * rest, left * above)
    return chance, slopes, (slopes[0] * (rest - below), slopes[1] * (above - left))


def _normal(upper: np.ndarray, lower: np.ndarray) -> tuple[np.ndarray, Ends, Ends]:
    from scipy.special import ndtr

    upper, lower = np.clip(upper, -FARTHEST, FARTHEST), np.clip(lower, -FARTHEST, FARTHEST)
    right = lower > 0  # in the right tail the difference of the complements keeps the digits
    chance = ndtr(np.where(right, -lower, upper)) - ndtr(np.where(right, -upper, lower))
    slopes = tuple(np.exp(-0.5 * at * at) / np.sqrt(2 * np.pi) for at in (upper, lower))
    return chance, (slopes[0], slopes[1]), (-upper * slopes[0], -lower * slopes[1])
