"""Equations with parameters in, mean outcomes under given values of x, one for each equation, out (g-computation).

A world says which value of x every equation sees: E[Y(x, M(x'))] is the world with x' in the equations of the mediators
and x in that of the outcome. Nothing is simulated. Linear mediators stay normal as long as they enter linearly, so
that what reaches the outcome is one normal linear predictor: identity, log and probit links then have closed forms, the
logit needs one Gauss-Hermite sum. Binary, ordered and count mediators are summed over their values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from evalkit.models.mediation.integrals import (
    FINE,
    Precision,
    expected_value,
    hermite,
    logistic_normal,
    probabilities,
)
from evalkit.models.mediation.system import LINEAR, ORDERED, Equation, Term

World = Mapping[str, float]
"""Outcome of an equation -> value of x that the equation sees."""


@dataclass(frozen=True, eq=False)
class Parameters:
    """B parameter vectors of one equation: coefficients (B, q), thresholds first, and scale (B,)."""

    equation: Equation
    coefficients: np.ndarray
    scale: np.ndarray
    support: tuple[float, ...]

    @property
    def cuts(self) -> int:
        return len(self.support) - 1 if self.equation.family in ORDERED else 0

    @property
    def slopes(self) -> np.ndarray:
        return self.coefficients[:, self.cuts :]

    def rows(self, chosen: np.ndarray) -> Parameters:
        return Parameters(self.equation, self.coefficients[chosen], self.scale[chosen], self.support)


@dataclass(frozen=True, eq=False)
class Normal:
    """A variable ``mean + sum of load * Z`` over independent standard normals Z; arrays broadcast to (B, n)."""

    mean: np.ndarray
    loads: dict[str, np.ndarray] = field(default_factory=dict)

    def fixed(self, name: str, value: float) -> Normal:
        """With one of the Z at a value."""
        if name not in self.loads:
            return self
        rest = {k: v for k, v in self.loads.items() if k != name}
        return Normal(self.mean + value * self.loads[name], rest)


State = dict[str, Normal]


@dataclass(frozen=True, eq=False)
class Model:
    """What does not change from one parameter vector to the next.

    Parameters
    ----------
    equations : tuple of Equation
        The ancestors of the outcome in causal order, the outcome last.
    columns : mapping
        Base column -> values of the n rows.
    x : str
    """

    equations: tuple[Equation, ...]
    columns: Mapping[str, np.ndarray]
    x: str

    @cached_property
    def random(self) -> frozenset[str]:
        """Mediators."""
        return frozenset(equation.outcome for equation in self.equations[:-1])

    def known(self, term: Term, level: float) -> np.ndarray:
        """The product of what is no mediator in a term: shape (n,), or () where no row differs from another."""
        out = np.ones(())
        for name in term.factors:
            if name == self.x:
                out = out * level
            elif name not in self.random:
                out = out * self.columns[name]
        return out

    def mediators(self, term: Term) -> tuple[str, ...]:
        return tuple(name for name in term.factors if name in self.random)

    def mean_suffices(self, place: int) -> bool:
        """Whether a mediator may be replaced by its mean: all that follows is linear, without products with it."""
        name = self.equations[place].outcome
        return all(
            equation.family == LINEAR and all(len(self.mediators(t)) < 2 for t in equation.terms if name in t.factors)
            for equation in self.equations[place + 1 :]
        )


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One model with B parameter vectors; what worlds share is computed once."""

    model: Model
    parameters: tuple[Parameters, ...]
    precision: Precision = FINE
    _bases: dict[tuple[int, float], np.ndarray] = field(default_factory=dict)

    def means(self, world: World) -> np.ndarray:
        """Mean outcome of every row in a world, shape (L, B, n).

        L is 1; for an ordered outcome 1 + J: the mean of its values, then the chances to lie at least in category 1,
        ..., J.
        """
        return self._from(0, {}, world)

    def controlled(self, values: Mapping[str, float], level: float) -> np.ndarray:
        """As `means`, with the mediators held at given values."""
        state = {name: Normal(np.full((), float(value))) for name, value in values.items()}
        last = len(self.parameters) - 1
        return self._from(last, state, {self.parameters[last].equation.outcome: level})

    def _from(self, place: int, state: State, world: World) -> np.ndarray:
        own = self.parameters[place]
        name = own.equation.outcome
        level = world[name]
        predictor = self._predictor(place, level, state)
        if isinstance(predictor, str):
            return self._resolved(predictor, place, state, world)
        last = place == len(self.parameters) - 1
        if last:
            return _outcome_means(own, predictor)
        if own.equation.family == LINEAR:
            loads = predictor.loads | {name: own.scale[:, None]}
            return self._from(place + 1, state | {name: Normal(predictor.mean, loads)}, world)
        if predictor.loads:
            return self._resolved(next(iter(predictor.loads)), place, state, world)
        cuts = own.coefficients[:, : own.cuts]
        what = (own.equation.family, predictor.mean, own.support, cuts, own.scale)
        if self.model.mean_suffices(place):
            return self._from(place + 1, state | {name: Normal(expected_value(*what))}, world)
        total: np.ndarray | None = None
        for value, chance in probabilities(*what, self.precision.tail):
            part = self._from(place + 1, state | {name: Normal(np.full((), value))}, world) * chance
            total = part if total is None else total + part
        return np.asarray(total)

    def _resolved(self, name: str, place: int, state: State, world: World) -> np.ndarray:
        """The mean over one Z, node by node."""
        nodes, weights = hermite(self.precision.nodes)
        total: np.ndarray | None = None
        for node, weight in zip(nodes, weights, strict=True):
            fixed = {k: v.fixed(name, float(node)) for k, v in state.items()}
            part = weight * self._from(place, fixed, world)
            total = part if total is None else total + part
        return np.asarray(total)

    def _predictor(self, place: int, level: float, state: State) -> Normal | str:
        """The linear predictor; the name of a Z that must be fixed first where normal variables meet in a product."""
        own = self.parameters[place]
        mean, loads = self._base(place, level), dict[str, np.ndarray]()
        for j, term in enumerate(own.equation.terms):
            names = self.model.mediators(term)
            if not names:
                continue
            moving = [name for name in names if state[name].loads]
            if len(moving) > 1:
                return next(iter(state[moving[0]].loads))
            factor = own.slopes[:, j, None] * self.model.known(term, level)
            for name in names:
                if name not in moving:
                    factor = factor * state[name].mean
            if not moving:
                mean = mean + factor
                continue
            entering = state[moving[0]]
            mean = mean + factor * entering.mean
            for key, load in entering.loads.items():
                loads[key] = loads[key] + factor * load if key in loads else factor * load
        return Normal(mean, loads)

    def _base(self, place: int, level: float) -> np.ndarray:
        """The part of the linear predictor without mediators, shape (B, n)."""
        key = (place, level)
        if key not in self._bases:
            own = self.parameters[place]
            n = len(next(iter(self.model.columns.values())))
            use = [j for j, t in enumerate(own.equation.terms) if not self.model.mediators(t)]
            columns = [np.broadcast_to(self.model.known(own.equation.terms[j], level), n) for j in use]
            shape = (len(own.coefficients), n)
            self._bases[key] = own.slopes[:, use] @ np.array(columns) if use else np.zeros(shape)
        return self._bases[key]


def _outcome_means(own: Parameters, predictor: Normal) -> np.ndarray:
    """Mean of the outcome over its own chance and over the Z of its predictor, shape (L, B, n)."""
    family, mean = own.equation.family, predictor.mean
    variance = np.asarray(sum(load**2 for load in predictor.loads.values()))
    if family == LINEAR:
        return mean[None]
    if family in ("poisson", "negative_binomial"):
        return np.exp(np.minimum(mean + 0.5 * variance, 500.0))[None]
    probit = family in ("probit", "ordered_probit")
    if family in ("logit", "probit"):
        chance = _chance(mean, variance, probit)
        low, high = own.support
        return (low + (high - low) * chance)[None] if (low, high) != (0.0, 1.0) else chance[None]
    above = _chances_above(mean, variance, own.coefficients[:, : own.cuts], probit)
    steps = np.diff(own.support)
    score = own.support[0] + sum(step * part for step, part in zip(steps, above, strict=True))
    return np.stack([np.asarray(score), *above])


def _chances_above(mean: np.ndarray, variance: np.ndarray, cuts: np.ndarray, probit: bool) -> list[np.ndarray]:
    """Of the linear predictor and its noise to lie above each threshold."""
    if probit or variance.any():
        return [_chance(mean - cuts[:, k, None], variance, probit) for k in range(cuts.shape[1])]
    away = np.exp(-np.clip(mean, -300.0, 300.0))  # one exponential for all thresholds
    return [1 / (1 + away * np.exp(np.clip(cuts[:, k, None], -300.0, 300.0))) for k in range(cuts.shape[1])]


def _chance(mean: np.ndarray, variance: np.ndarray, probit: bool) -> np.ndarray:
    if probit:
        from scipy.special import ndtr

        return np.asarray(ndtr(mean / np.sqrt(1 + variance)))
    return logistic_normal(mean, np.sqrt(variance))
