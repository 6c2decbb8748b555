"""Standardised effects in, a population that has them out: covariances, residuals, true values of any sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from evalkit.contract import AnalysisError, Problem
from evalkit.models.mediation.system import System, Term, design
from evalkit.resample import Stream

_SIZE = 20_000
"""People whose moments stand for those of the population where products are among the terms."""


@dataclass(frozen=True, eq=False)
class Population:
    """Standardised variables and how they come about.

    Attributes
    ----------
    exogenous : tuple of str
        Columns that no equation explains.
    root : ndarray, shape (e, e)
        Of the correlations of the normal variables behind them.
    cuts : ndarray, shape (e,)
        Where such a variable is cut in two; nan for a number.
    effects : mapping
        (outcome, term) -> standardised effect.
    residual : mapping
        Outcome -> SD of what its equation leaves unexplained.
    icc : ndarray, shape (e + equations,)
        Share of the variance between clusters of each exogenous column and each residual.
    """

    system: System
    exogenous: tuple[str, ...]
    root: np.ndarray
    cuts: np.ndarray
    effects: Mapping[tuple[str, Term], float]
    residual: Mapping[str, float]
    icc: np.ndarray

    @property
    def sources(self) -> int:
        """Normal numbers a person needs."""
        return len(self.icc)

    def values(self, own: np.ndarray, shared: np.ndarray | None, members: np.ndarray | None) -> np.ndarray:
        """True values, shape (..., n, k), of normal numbers.

        Parameters
        ----------
        own : ndarray, shape (..., n, sources)
        shared : ndarray, shape (..., J, sources), optional
            Those of the clusters.
        members : ndarray of int, shape (n,), optional
            Cluster of each person.
        """
        e = len(self.exogenous)
        mixed = _correlated(own, self.root, e)
        if shared is not None and members is not None:
            mixed = np.sqrt(1 - self.icc) * mixed
            mixed += (np.sqrt(self.icc) * _correlated(shared, self.root, e))[..., members, :]
        return self._grown(mixed)

    def _grown(self, sources: np.ndarray) -> np.ndarray:
        """Exogenous columns first, then every outcome from those before it."""
        places = self.system.places
        out = np.zeros((*sources.shape[:-1], len(places)))
        for j, name in enumerate(self.exogenous):
            out[..., places[name]] = _cut(sources[..., j], self.cuts[j])
        for j, equation in enumerate(self.system.equations, len(self.exogenous)):
            slopes = np.array([self.effects.get((equation.outcome, term), 0.0) for term in equation.terms])
            explained = design(equation, places, out) @ slopes
            out[..., places[equation.outcome]] = explained + self.residual[equation.outcome] * sources[..., j]
        return out


def population_of(
    system: System,
    effects: Mapping[tuple[str, Term], float],
    correlations: Mapping[tuple[str, str], float],
    shares: Mapping[str, float],
    icc: Mapping[str, float],
    *,
    repair: bool = False,
) -> tuple[Population, bool]:
    """The population, and whether its correlations had to be repaired.

    Parameters
    ----------
    correlations : mapping
        Pair of exogenous columns -> correlation.
    shares : mapping
        Exogenous column of two values -> share of the upper one.
    icc : mapping
        Column -> share of variance between clusters; of an outcome: of what is left unexplained.
    repair : bool
        Draw correlations that are impossible together to the nearest possible ones.

    Raises
    ------
    AnalysisError
        E6344 for correlations that cannot be together, E6345 for effects that explain all of an outcome or more.

    Notes
    -----
    A column of two values is a normal one cut at its quantile: a correlation r with a number takes
    ``r sqrt(p q) / phi(z)`` between the normal variables (the biserial correlation). With clusters, exogenous columns
    correlate alike within and between them.
    """
    outcomes = [equation.outcome for equation in system.equations]
    exogenous = tuple(name for name in system.columns if name not in outcomes)
    cuts = np.array([ndtri(1 - shares[name]) if name in shares else np.nan for name in exogenous])
    between = np.array([icc.get(name, 0.0) for name in (*exogenous, *outcomes)])
    wanted = _latent(exogenous, correlations, cuts, between[: len(exogenous)])
    root, repaired = _root(wanted, exogenous, repair)
    draft = Population(system, exogenous, root, cuts, effects, {}, between)
    return _with_residuals(draft), repaired


def _latent(
    names: Sequence[str], correlations: Mapping[tuple[str, str], float], cuts: np.ndarray, icc: np.ndarray
) -> np.ndarray:
    """Correlations of the normal variables behind the columns."""
    place = {name: j for j, name in enumerate(names)}
    density = np.exp(-(cuts**2) / 2) / np.sqrt(2 * np.pi)
    thinned = np.where(np.isnan(cuts), 1.0, density / np.sqrt(ndtr(cuts) * ndtr(-cuts)))
    out = np.eye(len(names))
    for (one, two), r in correlations.items():
        i, j = place[one], place[two]
        kept = (np.sqrt(icc[i] * icc[j]) + np.sqrt((1 - icc[i]) * (1 - icc[j]))) * thinned[i] * thinned[j]
        out[i, j] = out[j, i] = (r / kept if kept > 1e-12 else np.inf * np.sign(r)) if r else 0.0
    return out


def _root(wanted: np.ndarray, names: Sequence[str], repair: bool) -> tuple[np.ndarray, bool]:
    if not len(names):
        return wanted, False
    limited = np.clip(np.nan_to_num(wanted, posinf=9.0, neginf=-9.0), -9, 9)
    values, vectors = np.linalg.eigh(limited)
    impossible = np.argwhere(np.triu(np.abs(limited) > 1, 1))
    if values[0] > 1e-9 and not len(impossible):
        return np.linalg.cholesky(limited), False
    if not repair:
        involved = np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)
        params = {"names": [names[j] for j in involved]}
        raise AnalysisError(Problem("E6344", params=params))
    whole = (vectors * np.clip(values, 1e-6, None)) @ vectors.T
    scale = np.sqrt(np.diag(whole))
    return np.linalg.cholesky(whole / np.outer(scale, scale)), True


def _with_residuals(draft: Population) -> Population:
    """Residual SDs that give every outcome variance 1.

    Sources are made uncorrelated to the last digit, so that equations without products are exact.
    """
    drawn = Stream(1).normal(_SIZE * draft.sources).reshape(_SIZE, draft.sources)
    drawn -= drawn.mean(axis=0)
    drawn = drawn @ np.linalg.inv(np.linalg.cholesky(drawn.T @ drawn / _SIZE)).T
    residual: dict[str, float] = {}
    for equation in draft.system.equations:
        residual = {**residual, **{e.outcome: 0.0 for e in draft.system.equations if e.outcome not in residual}}
        trial = Population(
            draft.system, draft.exogenous, draft.root, draft.cuts, draft.effects, residual, draft.icc
        ).values(drawn, None, None)
        explained = float(trial[:, draft.system.places[equation.outcome]].var())
        if explained >= 1 - 1e-9:
            params = {"name": equation.outcome, "percent": f"{100 * explained:.0f}"}
            raise AnalysisError(Problem("E6345", params=params))
        residual[equation.outcome] = float(np.sqrt(1 - explained))
    return Population(draft.system, draft.exogenous, draft.root, draft.cuts, draft.effects, residual, draft.icc)


def _correlated(drawn: np.ndarray, root: np.ndarray, e: int) -> np.ndarray:
    out = drawn.copy()
    if e:
        out[..., :e] = drawn[..., :e] @ root.T
    return out


def _cut(latent: np.ndarray, cut: float) -> np.ndarray:
    """The variable itself, or its two values, standardised."""
    if np.isnan(cut):
        return latent
    share = float(ndtr(-cut))
    return (np.asarray(latent > cut, dtype=float) - share) / np.sqrt(share * (1 - share))
