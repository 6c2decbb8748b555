"""Fits and a resampling plan in; natural effects of the sample, of resamples, of jackknife samples and of draws out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evalkit.models.mediation.counterfactual import Parameters
from evalkit.models.mediation.equation_fit import EquationFit, EquationRefit
from evalkit.models.mediation.integrals import COARSE, FINE, Precision
from evalkit.models.mediation.intervals import normal_draws
from evalkit.models.mediation.natural import Natural
from evalkit.models.mediation.system import LINEAR
from evalkit.models.sandwich import Errors
from evalkit.resample import BLOCK_CELLS, Plan
from evalkit.sampling import linearised_covariance

DRAWS = 5_000
"""Normal draws of all coefficients for Monte Carlo intervals."""


@dataclass(frozen=True, eq=False)
class Resamples:
    """Effects of resamples, shape (E, R): those in which every equation has a maximum.

    Attributes
    ----------
    n_failed : int
        Resamples without one.
    failed : dict
        Outcome -> (resamples in which its equation failed, of these: separated or with an empty category).
    """

    drawn: np.ndarray
    n_failed: int
    failed: dict[str, tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Fitted:
    """The equations of an outcome and its ancestors, estimated, with their engines and the weights of the rows."""

    fits: tuple[EquationFit, ...]
    refits: tuple[EquationRefit, ...]
    weights: np.ndarray

    def sample(self, natural: Natural) -> np.ndarray:
        """Effects of the sample, shape (E,)."""
        return self._at(natural, [fit.filled[None] for fit in self.fits])[0]

    def bootstrap(self, natural: Natural, plan: Plan, units: np.ndarray | None) -> Resamples:
        """Effects of every resample of the plan; `units` is the unit (cluster) of each row, each row one by default."""
        blocks = (counts if units is None else counts[:, units] for counts in plan.blocks())
        return self._resampled(natural, (counts * self.weights for counts in blocks))

    def jackknife(self, natural: Natural, units: np.ndarray | None) -> np.ndarray:
        """Effects without each unit in turn, shape (E, U); nan where an equation has no maximum then."""
        place = np.arange(len(self.weights)) if units is None else units
        n_units = int(place.max()) + 1
        step = max(1, BLOCK_CELLS // len(place))
        out = np.full((len(natural.terms), n_units), np.nan)
        for start in range(0, n_units, step):
            left_out = np.arange(start, min(start + step, n_units))
            weights = (place[None] != left_out[:, None]) * self.weights
            effects, solved, _ = self._block(natural, weights)
            out[:, left_out[solved]] = effects.T
        return out

    def _resampled(self, natural: Natural, blocks: Iterator[np.ndarray]) -> Resamples:
        parts, n_failed = [np.empty((0, len(natural.terms)))], 0
        failed = {fit.equation.outcome: (0, 0) for fit in self.fits}
        for weights in blocks:
            effects, solved, counts = self._block(natural, weights)
            parts.append(effects)
            n_failed += int((~solved).sum())
            failed = {name: (failed[name][0] + a, failed[name][1] + b) for name, (a, b) in counts.items()}
        return Resamples(np.concatenate(parts).T, n_failed, failed)

    def _block(
        self, natural: Natural, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, dict[str, tuple[int, int]]]:
        found = [refit.block(weights) for refit in self.refits]
        solved = np.all([f.converged for f in found], axis=0)
        counts = {
            fit.equation.outcome: (int((~f.converged).sum()), int(f.separated.sum()))
            for fit, f in zip(self.fits, found, strict=True)
        }
        parameters = tuple(
            Parameters(fit.equation, f.coefficients[solved], f.scale[solved], fit.support)
            for fit, f in zip(self.fits, found, strict=True)
        )
        return natural.effects(parameters, weights[solved], COARSE), solved, counts

    def monte_carlo(self, natural: Natural, errors: Errors, seed: int) -> np.ndarray:
        """Effects of `DRAWS` normal draws of all coefficients, shape (E, DRAWS); scales are held at their estimates.

        Imai, Keele & Tingley (2010), Psychological Methods 15, 309-334, algorithm 1, with the means over the mediators
        worked out instead of drawn.
        """
        kept = [fit.estimate[fit.kept] for fit in self.fits]
        drawn = normal_draws(np.concatenate(kept), self.joint_covariance(errors), seed)[:, :DRAWS].T
        return self._at(natural, self._split(drawn), COARSE).T

    def delta(self, natural: Natural, errors: Errors) -> np.ndarray:
        """First-order standard errors of the effects, shape (E,), by central differences; scales count as known."""
        kept = np.concatenate([fit.estimate[fit.kept] for fit in self.fits])
        matrix = self.joint_covariance(errors)
        step = 1e-3 * np.sqrt(np.diag(matrix))
        if not np.isfinite(step).all():
            return np.full(len(natural.terms), np.nan)
        ways = np.vstack([kept + np.diag(step), kept - np.diag(step)])
        effects = self._at(natural, self._split(ways))
        slopes = (effects[: len(kept)] - effects[len(kept) :]) / (2 * step[:, None])
        return np.sqrt(np.clip(np.einsum("qe,qr,re->e", slopes, matrix, slopes), 0, None))

    def joint_covariance(self, errors: Errors) -> np.ndarray:
        """Of the estimated parameters of all equations.

        Classical: blocks of their own, and between linear equations ``s_ij H_i' H_j`` with the covariance of their
        residuals. Clusters and designs: the sandwich of the stacked influences.
        """
        if errors.kind == "classical":
            return np.block([[_classical(left, right) for right in self.fits] for left in self.fits])
        influence = np.column_stack([fit.influence[:, fit.kept] for fit in self.fits])
        if errors.kind == "linearised" and errors.design is not None:
            everybody = np.zeros((len(errors.design.weights), influence.shape[1]))
            everybody[errors.rows] = influence
            return linearised_covariance(everybody, errors.design)[0]
        names, place = np.unique(errors.clusters, return_inverse=True)
        groups, n = len(names), len(influence)
        if groups < 2:
            return np.full((influence.shape[1],) * 2, np.nan)
        totals = np.zeros((groups, influence.shape[1]))
        np.add.at(totals, place, influence)
        sizes = np.concatenate([np.full(len(fit.kept), np.sqrt((n - 1) / (n - len(fit.kept)))) for fit in self.fits])
        return groups / (groups - 1) * (totals.T @ totals) * np.outer(sizes, sizes)

    def _split(self, drawn: np.ndarray) -> list[np.ndarray]:
        """Vectors of estimated parameters, shape (B, Q), by equation, with 0 for what was left out."""
        out, at = [], 0
        for fit in self.fits:
            full = np.zeros((len(drawn), len(fit.terms)))
            full[:, fit.kept] = drawn[:, at : at + len(fit.kept)]
            out.append(full)
            at += len(fit.kept)
        return out

    def _at(self, natural: Natural, coefficients: list[np.ndarray], precision: Precision = FINE) -> np.ndarray:
        parameters = tuple(
            Parameters(fit.equation, b, np.full(len(b), fit.scale), fit.support)
            for fit, b in zip(self.fits, coefficients, strict=True)
        )
        return natural.effects(parameters, self.weights[None], precision)


def _classical(left: EquationFit, right: EquationFit) -> np.ndarray:
    if left is right:
        return left.covariance[np.ix_(left.kept, left.kept)]
    if not left.equation.family == right.equation.family == LINEAR:
        return np.zeros((len(left.kept), len(right.kept)))
    spread = np.sqrt((left.n_obs - len(left.kept)) * (right.n_obs - len(right.kept)))
    shared = float(left.residual @ right.residual) / spread
    return shared * (left.hat[:, left.kept].T @ right.hat[:, right.kept])
