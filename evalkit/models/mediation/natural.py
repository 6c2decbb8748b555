"""Means of the outcome in counterfactual worlds in; natural, controlled and path-specific effects out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalkit.models.mediation.counterfactual import Evaluation, Model, Parameters
from evalkit.models.mediation.equation_fit import BINARY, COUNTS
from evalkit.models.mediation.integrals import FINE, Precision
from evalkit.models.mediation.system import LINEAR, Equation, Term

CELLS = 24_576
"""Cells (parameter vectors x rows) worked on at a time: they stay in the cache of the processor."""


@dataclass(frozen=True, eq=False)
class Natural:
    """The effects of moving x from `low` to `high` on the mean of one outcome.

    Parameters
    ----------
    equations : tuple of Equation
        Ancestors of the outcome in causal order, the outcome last.
    columns : mapping
        Base column -> values of the n rows.
    x : str
    low, high : float
        The contrast.
    fixed : mapping
        Mediator -> value at which it is held for the controlled direct effect.
    levels : tuple of str
        Of an ordered outcome: codes of its categories 1, ..., J, in whose cumulative chances there are effects too.

    Notes
    -----
    With ``E[y, m]`` the mean outcome, y and m being 0 (x low) or 1 (x high) in the equation of the outcome and in those
    of the mediators: total ``E[1,1] - E[0,0]``; direct, pure ``E[1,0] - E[0,0]``, total ``E[1,1] - E[0,1]``; indirect,
    pure ``E[0,1] - E[0,0]``, total ``E[1,1] - E[1,0]``. Robins & Greenland (1992), Epidemiology 3, 143-155; Pearl
    (2001); VanderWeele (2015), Explanation in Causal Inference, chapters 2 and 5. Path-specific effects: the mediators
    are switched one after the other in causal order, x being high for the outcome: the effect that leaves x by the
    equation of that mediator, whatever it does to later ones; they add up to the total indirect effect (Avin, Shpitser
    & Pearl 2005; Steen, Loeys, Moerkerke & Vansteelandt 2017, American Journal of Epidemiology 186, 184-193). The part
    that goes through one mediator to the next is not identified apart. Mediators are independent given what stands in
    their equations.
    """

    equations: tuple[Equation, ...]
    columns: Mapping[str, np.ndarray]
    x: str
    low: float
    high: float
    fixed: Mapping[str, float]
    levels: tuple[str, ...] = ()

    @cached_property
    def mediators(self) -> tuple[str, ...]:
        return tuple(equation.outcome for equation in self.equations[:-1])

    @property
    def family(self) -> str:
        return self.equations[-1].family

    @cached_property
    def differences(self) -> tuple[str, ...]:
        """Ids of effects that are differences of means, the proportion and the means themselves."""
        single = [f"nie.{name}" for name in self.mediators] if len(self.mediators) > 1 else []
        return (
            "total", "nde.pure", "nde.total", "nde.average", "nie.pure", "nie.total", "nie.average", *single, "cde",
            "proportion", "mean.low", "mean.high",
        )  # fmt: skip

    @cached_property
    def terms(self) -> tuple[tuple[str, str | None], ...]:
        """(id, category) of every effect, in the order of `effects`."""
        ratios = ["rr.total", "rr.nde", "rr.nie"]
        odds = ["or.total", "or.nde", "or.nie"]
        plain = [*self.differences]
        if self.family in (*BINARY, *COUNTS):
            plain += ratios
        if self.family in BINARY:
            plain += odds
        plain += self.products
        more = [(name, level) for level in self.levels for name in (*self.differences, *ratios, *odds)]
        return (*((name, None) for name in plain), *more)

    @cached_property
    def products(self) -> tuple[str, ...]:
        """Products of coefficients on the scale of the linear predictors, where a link is not the identity."""
        if all(equation.family == LINEAR for equation in self.equations):
            return ()
        y = self.equations[-1]
        found = [
            f"product.{equation.outcome}"
            for equation in self.equations[:-1]
            if _alone(self.x, equation) and _alone(equation.outcome, y)
        ]
        return (*(["product.direct"] if _alone(self.x, y) else []), *found)

    @cached_property
    def is_ratio(self) -> np.ndarray:
        """Which effects are ratios: `effects` gives their logarithms."""
        return np.array([name.startswith(("rr.", "or.")) for name, _ in self.terms])

    @cached_property
    def _patterns(self) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """Distinct rows of what is neither x nor a mediator; the rows in their order; where each pattern begins.

        Rows of one pattern have the same mean outcome in every world, so that they count once, with their weights.
        """
        fixed = {self.x, *self.mediators}
        used = dict.fromkeys(n for e in self.equations for t in e.terms for n in t.factors if n not in fixed)
        n = len(self.columns[self.x])
        values = np.column_stack([np.zeros(n), *(self.columns[name] for name in used)])
        distinct, place = np.unique(values, axis=0, return_inverse=True)
        order = np.argsort(place.ravel(), kind="stable")
        starts = np.flatnonzero(np.diff(place.ravel()[order], prepend=-1))
        return {name: distinct[:, j] for j, name in enumerate(used, 1)} | {self.x: distinct[:, 0]}, order, starts

    def effects(
        self, parameters: tuple[Parameters, ...], weights: np.ndarray, precision: Precision = FINE
    ) -> np.ndarray:
        """All effects for B parameter vectors, shape (B, len(terms)).

        Parameters
        ----------
        parameters : tuple of Parameters
            One an equation.
        weights : ndarray, shape (B, n) or (1, n)
            Of the rows whose covariates are averaged over.
        """
        columns, order, starts = self._patterns
        weights = np.add.reduceat(weights[:, order], starts, axis=1)
        size, n = len(parameters[0].coefficients), weights.shape[1]
        step = max(1, CELLS // n)
        model = Model(self.equations, columns, self.x)
        parts = []
        for start in range(0, size, step):
            chosen = np.arange(start, min(start + step, size))
            own = weights if len(weights) == 1 else weights[chosen]
            parts.append(self._block(Evaluation(model, tuple(p.rows(chosen) for p in parameters), precision), own))
        return np.concatenate(parts) if parts else np.empty((0, len(self.terms)))

    def _block(self, evaluation: Evaluation, weights: np.ndarray) -> np.ndarray:
        share = weights / weights.sum(axis=1, keepdims=True)
        y = self.equations[-1].outcome

        def mean(at_y: float, at_m: tuple[float, ...]) -> np.ndarray:
            found = evaluation.means({**dict(zip(self.mediators, at_m, strict=True)), y: at_y})
            return np.asarray((found * share).sum(axis=2))

        def controlled(at_y: float) -> np.ndarray:
            return np.asarray((evaluation.controlled(self.fixed, at_y) * share).sum(axis=2))

        k, low, high = len(self.mediators), self.low, self.high
        switched = [mean(high, (high,) * j + (low,) * (k - j)) for j in range(k + 1)]
        e00, e01 = mean(low, (low,) * k), mean(low, (high,) * k)
        return self._combined(
            e00, e01, switched, controlled(high) - controlled(low), self._products(evaluation.parameters)
        )

    def _products(self, parameters: tuple[Parameters, ...]) -> list[np.ndarray]:
        by_outcome = {p.equation.outcome: p for p in parameters}
        y = parameters[-1]

        def slope(own: Parameters, name: str) -> np.ndarray:
            return np.asarray(own.slopes[:, own.equation.terms.index(Term((name,)))])

        found = []
        for product in self.products:
            name = product.removeprefix("product.")
            path = slope(y, self.x) if name == "direct" else slope(by_outcome[name], self.x) * slope(y, name)
            found.append(path * (self.high - self.low))
        return found

    def _combined(
        self,
        e00: np.ndarray,
        e01: np.ndarray,
        switched: list[np.ndarray],
        controlled: np.ndarray,
        products: list[np.ndarray],
    ) -> np.ndarray:
        """Effects from means of shape (L, B)."""
        e10, e11 = switched[0], switched[-1]
        total = e11 - e00
        direct, indirect = (e10 - e00, e11 - e01), (e01 - e00, e11 - e10)
        average = (direct[0] + direct[1]) / 2, (indirect[0] + indirect[1]) / 2
        single = (
            [after - before for before, after in zip(switched, switched[1:], strict=False)] if e10 is not e11 else []
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            proportion = np.where(total == 0, np.nan, average[1] / total)
            single = single if len(self.mediators) > 1 else []
            plain = [total, *direct, average[0], *indirect, average[1], *single, controlled, proportion, e00, e11]
            rates = [np.log(e11 / e00), np.log(e10 / e00), np.log(e11 / e10)]
            odds = [
                np.log(after * (1 - before) / (before * (1 - after)))
                for before, after in ((e00, e11), (e00, e10), (e10, e11))
            ]
        rows = [part[0] for part in plain]
        if self.family in (*BINARY, *COUNTS):
            rows += [part[0] for part in rates]
        if self.family in BINARY:
            rows += [part[0] for part in odds]
        rows += products
        for level in range(1, 1 + len(self.levels)):
            rows += [part[level] for part in (*plain, *rates, *odds)]
        return np.array(rows).T


def _alone(name: str, equation: Equation) -> bool:
    """Whether a variable stands in an equation, and in no product."""
    return [t.factors for t in equation.terms if name in t.factors] == [(name,)]


def ancestors(equations: tuple[Equation, ...], y: str) -> tuple[Equation, ...]:
    """The equations that the outcome depends on, in their order, its own last."""
    wanted = {y}
    for equation in reversed(equations):
        if equation.outcome in wanted:
            wanted |= set(equation.names)
    chosen = [e for e in equations if e.outcome in wanted and e.outcome != y]
    return (*chosen, *(e for e in equations if e.outcome == y))
