"""A cumulative logit with a random intercept: log likelihood by adaptive Gauss-Hermite quadrature, and its gradient.

Pinheiro & Bates (1995), Journal of Computational and Graphical Statistics 4, 12-35. One point is Laplace's
approximation. A binary outcome is the case of one threshold. With the logistic F the likelihood of a row between
``lower`` and ``upper`` is ``F(upper) F(-lower) (1 - exp(lower - upper))``, whose logarithm keeps its digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.hermite import hermgauss


@dataclass(frozen=True, eq=False)
class Quadrature:
    """The data of one model; parameters are the thresholds, the slopes and the standard deviation.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Without a constant, rows sorted by group.
    y : ndarray of int, shape (n,)
        0 .. J.
    starts : ndarray of int, shape (G,)
        First row of each group.
    n_quad : int
    """

    x: np.ndarray
    y: np.ndarray
    starts: np.ndarray
    n_quad: int

    @property
    def cuts(self) -> int:
        return int(self.y.max())

    @property
    def sizes(self) -> np.ndarray:
        return np.diff(np.append(self.starts, len(self.y)))

    def _sum(self, rows: np.ndarray) -> np.ndarray:
        return np.add.reduceat(rows, self.starts, axis=0)

    def _ends(self, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Upper and lower end of each row's category for a group effect of 0."""
        bounds = np.concatenate([[-np.inf], b[: self.cuts], [np.inf]])
        eta = self.x @ b[self.cuts : -1]
        return bounds[self.y + 1] - eta, bounds[self.y] - eta

    def inside(self, b: np.ndarray) -> bool:
        return bool((np.diff(b[: self.cuts]) > 0).all())

    def modes(self, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where each group's integrand is largest, on the scale of a standard normal, and its curvature there."""
        from scipy.special import expit

        upper, lower = self._ends(b)
        sigma, v = b[-1], np.zeros(len(self.starts))
        for _ in range(60):
            shift = np.repeat(sigma * v, self.sizes)
            high, low = expit(upper - shift), expit(lower - shift)
            slope = sigma * self._sum(high + low - 1) - v
            bend = 1 + sigma**2 * self._sum(high * (1 - high) + low * (1 - low))
            move = slope / bend
            v = v + np.clip(move, -3, 3)
            if np.abs(move).max() < 1e-11:
                break
        shift = np.repeat(sigma * v, self.sizes)
        high, low = expit(upper - shift), expit(lower - shift)
        return v, 1 + sigma**2 * self._sum(high * (1 - high) + low * (1 - low))

    def value(self, b: np.ndarray) -> tuple[float, np.ndarray]:
        """Log likelihood and its gradient, the nodes moving with the parameters."""
        from scipy.special import expit, log_expit, logsumexp

        z, w = hermgauss(self.n_quad)
        upper, lower = self._ends(b)
        sigma = b[-1]
        mode, curve = self.modes(b)
        width = curve**-0.5
        nodes = mode[:, None] + np.sqrt(2) * width[:, None] * z
        shift = np.repeat(sigma * nodes, self.sizes, axis=0)
        high, low = upper[:, None] - shift, lower[:, None] - shift
        with np.errstate(divide="ignore"):
            gap = np.where(np.isfinite(upper - lower), np.log(-np.expm1(lower - upper)), 0.0)
        rows = log_expit(high) + log_expit(-low) + gap[:, None]
        inner = self._sum(rows) - nodes**2 / 2
        terms = np.log(w) + z**2 + inner
        whole = logsumexp(terms, axis=1)
        value = float((np.log(width) - 0.5 * np.log(np.pi) + whole).sum())
        share = np.exp(terms - whole[:, None])
        by_eta = expit(high) + expit(low) - 1  # of each row in its linear predictor
        moves = self._moves(b, mode, curve)  # of the mode and of the curvature in the parameters
        widths = -0.5 * (width**3)[:, None] * moves[1]
        outer = sigma * self._sum(by_eta) - nodes
        first, second = (share * outer).sum(axis=1), np.sqrt(2) * (share * outer * z).sum(axis=1)
        gradient = (widths / width[:, None]).sum(axis=0) + first @ moves[0] + second @ widths
        each = np.repeat(share, self.sizes, axis=0)
        apart = np.where(np.isfinite(upper - lower), 1 / np.expm1(upper - lower), 0.0)
        up, down = (each * expit(-high)).sum(axis=1) + apart, -(each * expit(low)).sum(axis=1) - apart
        gradient[: self.cuts] += self._at_cuts(up, down)
        gradient[self.cuts : -1] -= self.x.T @ (up + down)
        gradient[-1] += float((share * self._sum(by_eta) * nodes).sum())
        return value, gradient

    def _at_cuts(self, up: np.ndarray, down: np.ndarray) -> np.ndarray:
        above = np.bincount(self.y, up, self.cuts + 1)[:-1]
        return np.asarray(above + np.bincount(self.y, down, self.cuts + 1)[1:])

    def _moves(self, b: np.ndarray, mode: np.ndarray, curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of mode and curvature in the parameters, each of shape (G, parameters)."""
        from scipy.special import expit

        upper, lower = self._ends(b)
        sigma, cuts = b[-1], self.cuts
        v = np.repeat(mode, self.sizes)
        high, low = expit(upper - sigma * v), expit(lower - sigma * v)
        dense, thin = high * (1 - high), low * (1 - low)
        turn, bow = dense * (1 - 2 * high), thin * (1 - 2 * low)
        slope, bend = np.zeros((len(self.starts), len(b))), np.zeros((len(self.starts), len(b)))
        for out, top, bottom, factor in ((slope, dense, thin, sigma), (bend, turn, bow, sigma**2)):
            for cut in range(cuts):
                out[:, cut] = factor * self._sum(top * (self.y == cut) + bottom * (self.y == cut + 1))
            out[:, cuts:-1] = -factor * self._sum(self.x * (top + bottom)[:, None])
        slope[:, -1] = self._sum(high + low - 1) - sigma * self._sum((dense + thin) * v)
        bend[:, -1] = 2 * sigma * self._sum(dense + thin) - sigma**2 * self._sum((turn + bow) * v)
        along = -(sigma**3) * self._sum(turn + bow)
        moved = slope / curve[:, None]
        return moved, bend + along[:, None] * moved
