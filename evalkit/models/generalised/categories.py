"""Parameters in; log-likelihood, scores and information of ordered and of unordered categories out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.generalised.links import Link


@dataclass(frozen=True, eq=False)
class Ordered:
    """``P(y <= k) = F(threshold_k - x b)``; parameters: the thresholds, then the slopes.

    McCullagh (1980), Journal of the Royal Statistical Society B 42, 109-142. Observed information.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Without a constant.
    y : ndarray of int, shape (n,)
        0 .. J.
    """

    x: np.ndarray
    y: np.ndarray
    link: Link

    @property
    def cuts(self) -> int:
        return int(self.y.max())

    def _ends(self, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Upper and lower end of each row's category on the scale of F, and its probability."""
        bounds = np.concatenate([[-np.inf], b[: self.cuts], [np.inf]])
        eta = self.x @ b[self.cuts :]
        upper, lower = bounds[self.y + 1] - eta, bounds[self.y] - eta
        mean = self.link.mean
        # In the right tail the difference of the complements keeps the digits.
        chance = np.where(lower > 0, mean(-lower) - mean(-upper), mean(upper) - mean(lower))
        return upper, lower, chance

    def design(self, x: np.ndarray) -> np.ndarray:
        """What each parameter adds to the linear predictor of each cut, shape (rows of x, cuts, parameters)."""
        out = np.zeros((len(x), self.cuts, self.cuts + x.shape[1]))
        out[:, np.arange(self.cuts), np.arange(self.cuts)] = 1.0
        out[:, :, self.cuts :] = -x[:, None, :]
        return out

    def _columns(self, cut: np.ndarray) -> np.ndarray:
        """The row of the design that belongs to one cut each."""
        return np.column_stack([cut[:, None] == np.arange(self.cuts), -self.x]).astype(float)

    def rows(self, b: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(self._ends(b)[2]))

    def derivatives(self, b: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        upper, lower, chance = self._ends(b)
        chance = np.maximum(chance, 1e-300)
        ends = []
        information = np.zeros((len(b), len(b)))
        for at, cut, sign in ((upper, self.y, 1.0), (lower, self.y - 1, -1.0)):
            real = np.isfinite(at)
            safe = np.where(real, at, 0.0)
            slope = np.where(real, self.link.slope(safe), 0.0) * sign / chance
            bend = np.where(real, self.link.bend(safe), 0.0) * sign / chance
            design = self._columns(cut)
            ends.append(design * slope[:, None])
            information -= design.T @ (design * (weights * bend)[:, None])
        scores = ends[0] + ends[1]
        return scores, information + scores.T @ (scores * weights[:, None])

    def start(self, weights: np.ndarray) -> np.ndarray:
        from scipy.special import logit, ndtri

        share = np.cumsum(np.bincount(self.y, weights)[:-1]) / weights.sum()
        cuts = logit(share) if self.link.mean(np.array([1.0]))[0] < 0.8 else ndtri(share)
        return np.concatenate([cuts, np.zeros(self.x.shape[1])])

    def inside(self, b: np.ndarray) -> bool:
        return bool((np.diff(b[: self.cuts]) > 0).all())

    def probabilities(self, b: np.ndarray) -> np.ndarray:
        """Of every category, shape (n, J + 1)."""
        eta = self.x @ b[self.cuts :]
        below = self.link.mean(b[: self.cuts] - eta[:, None])
        edge = np.ones((len(eta), 1))
        return np.diff(np.column_stack([0 * edge, below, edge]), axis=1)


@dataclass(frozen=True, eq=False)
class Multinomial:
    """``log P(y = j) / P(y = 0) = x b_j``; parameters: b_1, then b_2, ...

    Parameters
    ----------
    x : ndarray, shape (n, k)
        The constant included.
    y : ndarray of int, shape (n,)
        0 .. J, 0 the reference.
    """

    x: np.ndarray
    y: np.ndarray

    def design(self, x: np.ndarray) -> np.ndarray:
        """What each parameter adds to the linear predictor of each category but the reference."""
        top, k = int(self.y.max()), x.shape[1]
        out = np.zeros((len(x), top, top * k))
        for j in range(top):
            out[:, j, j * k : (j + 1) * k] = x
        return out

    def probabilities(self, b: np.ndarray) -> np.ndarray:
        eta = np.column_stack([np.zeros(len(self.x)), self.x @ b.reshape(-1, self.x.shape[1]).T])
        e = np.exp(eta - eta.max(axis=1, keepdims=True))
        return np.asarray(e / e.sum(axis=1, keepdims=True))

    def rows(self, b: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.probabilities(b)[np.arange(len(self.y)), self.y]))

    def derivatives(self, b: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chance = self.probabilities(b)[:, 1:]
        hit = self.y[:, None] == np.arange(1, chance.shape[1] + 1)
        n, k = self.x.shape
        scores = ((hit - chance)[:, :, None] * self.x[:, None, :]).reshape(n, -1)
        blocks = [
            [
                self.x.T @ (self.x * (weights * chance[:, i] * ((i == j) - chance[:, j]))[:, None])
                for j in range(chance.shape[1])
            ]
            for i in range(chance.shape[1])
        ]
        return scores, np.block(blocks)

    def start(self, weights: np.ndarray) -> np.ndarray:
        return np.zeros(int(self.y.max()) * self.x.shape[1])

    def inside(self, b: np.ndarray) -> bool:
        return True
