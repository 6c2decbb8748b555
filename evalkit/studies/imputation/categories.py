"""Likelihoods of categories with a weak normal prior: drawn parameters and drawn categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.resample import Stream

PRIOR_SD = 5.0
"""Of a slope on a standardised predictor: keeps separated categories finite and says next to nothing otherwise."""
STEPS, NEAR, CLOSE = 30, 0.2, 1e-3
"""Steps at most; a step below `NEAR` keeps the information of the step before; after one below `CLOSE` it is done."""

Slope = tuple[float, np.ndarray]


@dataclass(frozen=True, eq=False)
class Nominal:
    """Multinomial logit against the first category; two categories are the binary logit.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        The constant first.
    y : ndarray of int, shape (n,)
    k : int
        Number of categories.
    offset : ndarray, shape (n, k - 1)
    """

    x: np.ndarray
    y: np.ndarray
    k: int
    offset: np.ndarray

    @property
    def n_parameters(self) -> int:
        return self.x.shape[1] * (self.k - 1)

    def start(self) -> np.ndarray:
        counts = np.bincount(self.y, minlength=self.k) + 0.5
        b = np.zeros((self.k - 1, self.x.shape[1]))
        b[:, 0] = np.log(counts[1:] / counts[0])
        return b.ravel()

    def shares(self, parameters: np.ndarray, x: np.ndarray, offset: np.ndarray) -> np.ndarray:
        """Probabilities, shape (rows, k)."""
        b = parameters.reshape(self.k - 1, -1)
        eta = np.column_stack([np.zeros(len(x)), x @ b.T + offset])
        eta -= eta.max(axis=1, keepdims=True)
        e = np.exp(eta)
        return np.asarray(e / e.sum(axis=1, keepdims=True))

    def slope(self, parameters: np.ndarray) -> Slope:
        """Log-likelihood and its first derivatives."""
        p = self.shares(parameters, self.x, self.offset)
        value = float(np.log(np.maximum(p[np.arange(len(self.y)), self.y], 1e-300)).sum())
        return value, (self.tilt(parameters, p)[0].T @ self.x).ravel()

    def information(self, parameters: np.ndarray) -> np.ndarray:
        p = self.shares(parameters, self.x, self.offset)
        width = self.x.shape[1]
        out = np.empty((self.n_parameters, self.n_parameters))
        for a in range(self.k - 1):
            for b in range(a, self.k - 1):
                w = p[:, a + 1] * ((a == b) - p[:, b + 1])
                block = (self.x * w[:, None]).T @ self.x
                out[a * width : (a + 1) * width, b * width : (b + 1) * width] = block
                out[b * width : (b + 1) * width, a * width : (a + 1) * width] = block.T
        return out

    def tilt(self, parameters: np.ndarray, p: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Score and information of each row about its linear predictors, shape (n, k - 1) each."""
        p = self.shares(parameters, self.x, self.offset) if p is None else p
        chosen = self.y[:, None] == np.arange(1, self.k)
        return chosen - p[:, 1:], p[:, 1:] * (1 - p[:, 1:])

    def penalty(self) -> np.ndarray:
        """Precision of the prior of each parameter."""
        one = np.full(self.x.shape[1], PRIOR_SD**-2)
        one[0] = 1e-6
        return np.tile(one, self.k - 1)

    def settled(self, parameters: np.ndarray) -> np.ndarray:
        return parameters


@dataclass(frozen=True, eq=False)
class Ordered:
    """Proportional odds, ``P(y <= c) = F(threshold_c - x b)``; thresholds first, then slopes; as `Nominal`."""

    x: np.ndarray
    y: np.ndarray
    k: int
    offset: np.ndarray

    @property
    def n_parameters(self) -> int:
        return self.k - 1 + self.x.shape[1] - 1

    def start(self) -> np.ndarray:
        counts = np.bincount(self.y, minlength=self.k) + 0.5
        below = np.cumsum(counts)[:-1] / counts.sum()
        return np.concatenate([np.log(below / (1 - below)), np.zeros(self.x.shape[1] - 1)])

    def _cumulated(self, parameters: np.ndarray, x: np.ndarray, offset: np.ndarray) -> np.ndarray:
        """``P(y <= c)`` for c = -1 .. k - 1, shape (rows, k + 1)."""
        from scipy.special import expit

        eta = x[:, 1:] @ parameters[self.k - 1 :] + offset[:, 0]
        out = np.zeros((len(x), self.k + 1))
        out[:, 1:-1] = expit(parameters[: self.k - 1] - eta[:, None])
        out[:, -1] = 1.0
        return out

    def shares(self, parameters: np.ndarray, x: np.ndarray, offset: np.ndarray) -> np.ndarray:
        return np.diff(self._cumulated(parameters, x, offset), axis=1)

    def slope(self, parameters: np.ndarray) -> Slope:
        """Log-likelihood and its first derivatives; minus infinity for thresholds out of order."""
        m = self.k - 1
        if (np.diff(parameters[:m]) <= 0).any():
            return -np.inf, np.zeros(len(parameters))
        cumulated = self._cumulated(parameters, self.x, self.offset)
        f = cumulated * (1 - cumulated)
        rows, c = np.arange(len(self.y)), self.y
        mine = np.maximum(cumulated[rows, c + 1] - cumulated[rows, c], 1e-12)
        upper, lower = f[rows, c + 1] / mine, f[rows, c] / mine
        gradient = np.empty(len(parameters))
        gradient[:m] = np.bincount(c, upper, self.k)[:-1] - np.bincount(c, lower, self.k)[1:]
        gradient[m:] = self.x[:, 1:].T @ (lower - upper)
        return float(np.log(mine).sum()), gradient

    def information(self, parameters: np.ndarray) -> np.ndarray:
        """Expected information."""
        cumulated = self._cumulated(parameters, self.x, self.offset)
        p = np.maximum(np.diff(cumulated, axis=1), 1e-12)
        f = cumulated * (1 - cumulated)
        x, m = self.x[:, 1:], self.k - 1
        step = np.diff(f, axis=1)  # how the probability of each category moves
        over = step / p
        out = np.empty((len(parameters), len(parameters)))
        out[m:, m:] = (x * (step * over).sum(axis=1)[:, None]).T @ x
        inner = f[:, 1:-1]
        cross = -(inner * (over[:, :-1] - over[:, 1:])).T @ x
        out[:m, m:], out[m:, :m] = cross, cross.T
        own = (inner**2 * (1 / p[:, :-1] + 1 / p[:, 1:])).sum(axis=0)
        beside = -(inner[:, :-1] * inner[:, 1:] / p[:, 1:-1]).sum(axis=0)
        out[:m, :m] = np.diag(own) + np.diag(beside, 1) + np.diag(beside, -1)
        return out

    def tilt(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        cumulated = self._cumulated(parameters, self.x, self.offset)
        p = np.maximum(np.diff(cumulated, axis=1), 1e-12)
        f = cumulated * (1 - cumulated)
        step = np.diff(f, axis=1)
        rows = np.arange(len(self.y))
        score = -step[rows, self.y] / p[rows, self.y]
        return score[:, None], (step**2 / p).sum(axis=1)[:, None]

    def penalty(self) -> np.ndarray:
        return np.concatenate([np.full(self.k - 1, 1e-6), np.full(self.x.shape[1] - 1, PRIOR_SD**-2)])

    def settled(self, parameters: np.ndarray) -> np.ndarray:
        """Drawn thresholds in order."""
        return np.concatenate([np.sort(parameters[: self.k - 1]), parameters[self.k - 1 :]])


Categories = Nominal | Ordered


def drawn_parameters(likelihood: Categories, start: np.ndarray | None, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
    """The most likely parameters, and a draw of what they might be.

    Newton or scoring steps, halved until the penalised likelihood rises; the draw is normal about the mode.
    """
    prior = likelihood.penalty()

    def penalised(at: np.ndarray) -> Slope:
        value, gradient = likelihood.slope(at)
        return value - float(prior @ at**2) / 2, gradient - prior * at

    b = likelihood.start() if start is None else start
    value, gradient = penalised(b)
    information = likelihood.information(b) + np.diag(prior)
    for _ in range(STEPS):
        step = np.linalg.solve(information, gradient)
        size = float(np.abs(step).max())
        if size < CLOSE:
            b = b + step
            break
        new = penalised(b + step)
        while new[0] < value - 1e-9 and np.abs(step).max() > CLOSE / 10:
            step = step / 2
            new = penalised(b + step)
        b, (value, gradient) = b + step, new
        if size > NEAR:
            information = likelihood.information(b) + np.diag(prior)
    root = np.linalg.cholesky(information)
    spread = np.linalg.solve(root.T, stream.normal(len(b)))
    return b, likelihood.settled(b + spread)


def drawn_categories(shares: np.ndarray, stream: Stream) -> np.ndarray:
    """One category a row, float of shape (rows,), with these probabilities."""
    edges = np.cumsum(shares, axis=1)[:, :-1]
    return (stream.uniform(len(shares))[:, None] > edges).sum(axis=1).astype(float)
