"""A fit to ordered items and rows in, empirical Bayes modes of the latent variables out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from evalkit.contract import AnalysisError, Problem

if TYPE_CHECKING:
    from evalkit.structure.fitting import Fit

ROUNDS, NEAR = 100, 1e-10
_FLOOR = 1e-300


def modes(fit: Fit, x: np.ndarray, given: np.ndarray, group: int) -> np.ndarray:
    """Modes of the latent variables given the answers, shape (n, n_latent); from the answers a row has.

    A category that nobody chose when the model was fitted counts as missing. `given` has the exogenous variables that
    the model is conditional on, shape (n, k); a row that lacks one has no mode.

    Raises
    ------
    AnalysisError
        E958 where items hang together beyond the latent variables (residual covariances): then there is no product of
        chances to maximise.

    Notes
    -----
    Fisher scoring on the posterior, which is log-concave (Pratt 1981, Journal of the American Statistical Association
    76, 103-106).
    """
    items, p = _Items(fit, group), x.shape[1]
    both = np.hstack([x, given])
    patterns, member = np.unique(np.where(np.isnan(both), np.inf, both), axis=0, return_inverse=True)
    patterns[np.isinf(patterns)] = np.nan
    answers, known = patterns[:, :p], ~np.isnan(patterns[:, p:]).any(axis=1)
    centre, middle = items.expected(np.where(known[:, None], patterns[:, p:], 0.0))
    prior = np.linalg.pinv(items.spread)
    at = centre
    low, high = items.cuts(answers)
    for _ in range(ROUNDS):
        slope, information = items.terms(at, middle, answers, low, high)
        slope = slope - (at - centre) @ prior
        step = np.linalg.solve(information + prior, slope[:, :, None])[:, :, 0]
        at = at + step
        if np.abs(step).max(initial=0.0) < NEAR:
            break
    at[np.isnan(answers).all(axis=1) | ~known] = np.nan
    return np.asarray(at[member.ravel()])


class _Items:
    """Each item given the latent variables: intercept, loadings, residual standard deviation, thresholds."""

    def __init__(self, fit: Fit, group: int) -> None:
        implied, p, latent = fit.solution.implied[group], fit.layout.n_observed, fit.layout.latent
        self.statistics = fit.sample.groups[group].statistics()
        self.ordered = self.statistics.ordered
        self.spread, self.centre = implied.total[latent, latent], implied.means[latent]
        self.loadings = implied.total[:p, latent] @ np.linalg.pinv(self.spread)
        self.effects = implied.paths_inverse[: latent.stop, latent.stop :]
        rest = implied.cov - self.loadings @ self.spread @ self.loadings.T
        sd = np.sqrt(np.maximum(np.diag(rest), _FLOOR))
        together = np.abs(rest / np.outer(sd, sd) - np.eye(p)) > 1e-8
        if together.any() or not fit.table.latent:
            names = [fit.table.observed[j] for j in np.flatnonzero(together.any(axis=1))]
            raise AnalysisError(Problem("E958", params={"items": names}))
        self.mean, self.sd = implied.mean, sd
        self.thresholds = implied.thresholds

    def expected(self, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each row given its exogenous variables: the centre of the latent variables, the items' intercepts."""
        p, moved = len(self.mean), given @ self.effects.T
        centre = self.centre + moved[:, p:]
        return centre, self.mean + moved[:, :p] - centre @ self.loadings.T

    def cuts(self, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Thresholds below and above each answer, shapes (n, p); infinite ones for a missing answer."""
        low, high = np.full(answers.shape, -np.inf), np.full(answers.shape, np.inf)
        for j in np.flatnonzero(self.ordered):
            ends = np.concatenate([[-np.inf], self.thresholds[self.statistics.items == j], [np.inf]])
            codes = self.statistics.categories[j]
            place = np.searchsorted(codes, answers[:, j]).clip(max=len(codes) - 1)
            known = codes[place] == answers[:, j]
            low[known, j], high[known, j] = ends[place[known]], ends[place[known] + 1]
        return low, high

    def terms(
        self, at: np.ndarray, intercepts: np.ndarray, answers: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Slopes of the log-likelihood (n, m) and information (n, m, m) at latent values (n, m)."""
        middle = intercepts + at @ self.loadings.T
        a, b = (low - middle) / self.sd, (high - middle) / self.sd
        # The tail that holds the digits: both ends above zero are turned round.
        chance = np.where(a > 0, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a))
        pull = (_density(a) - _density(b)) / np.maximum(chance, _FLOOR) / self.sd
        bend = np.where(
            np.isinf(a) & np.isinf(b), 0.0, pull**2 + (_edge(b) - _edge(a)) / np.maximum(chance, _FLOOR) / self.sd**2
        )
        loose = ~self.ordered & ~np.isnan(answers)
        gap = np.where(loose, answers - middle, 0.0)
        pull = np.where(self.ordered, pull, gap / self.sd**2)
        bend = np.where(self.ordered, bend, loose / self.sd**2)
        return pull @ self.loadings, np.einsum("np,pj,pk->njk", bend, self.loadings, self.loadings)


def _density(z: np.ndarray) -> np.ndarray:
    return np.where(np.isinf(z), 0.0, np.exp(-0.5 * np.where(np.isinf(z), 0.0, z) ** 2)) / np.sqrt(2 * np.pi)


def _edge(z: np.ndarray) -> np.ndarray:
    return np.where(np.isinf(z), 0.0, z) * _density(z)
