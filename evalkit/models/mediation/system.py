"""Equations of a path model as values: terms, equations, the system in causal order, and their design matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

LINEAR = "linear"

FAMILIES = (LINEAR, "logit", "probit", "ordered_logit", "ordered_probit", "poisson", "negative_binomial")
"""What an outcome of an equation may be."""

ORDERED = ("ordered_logit", "ordered_probit")
"""Families whose thresholds stand in place of an intercept."""


@dataclass(frozen=True)
class Term:
    """A product of columns: `()` is the intercept, `("x", "w")` is x times w."""

    factors: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join(self.factors) if self.factors else "intercept"


@dataclass(frozen=True)
class Equation:
    """One regression of the model.

    Parameters
    ----------
    outcome : str
        A base column.
    family : str
        Of `FAMILIES`.
    terms : tuple of Term
        Without thresholds; the intercept is `Term(())`, absent in ordered families.
    """

    outcome: str
    family: str
    terms: tuple[Term, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Base columns on the right-hand side, each once."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term.factors))


@dataclass(frozen=True)
class System:
    """A recursive system of equations.

    Parameters
    ----------
    equations : tuple of Equation
        In causal order: an outcome stands before every equation that uses it.
    columns : tuple of str
        Every base column, in the order of the value arrays.
    """

    equations: tuple[Equation, ...]
    columns: tuple[str, ...]

    @property
    def places(self) -> dict[str, int]:
        """Base column -> its place in `columns`."""
        return {name: j for j, name in enumerate(self.columns)}

    @property
    def linear(self) -> bool:
        """All equations are least squares."""
        return all(equation.family == LINEAR for equation in self.equations)

    def equation(self, outcome: str) -> Equation:
        """The equation of one outcome (KeyError if it has none)."""
        return {equation.outcome: equation for equation in self.equations}[outcome]


def design(equation: Equation, columns: Mapping[str, int], values: np.ndarray) -> np.ndarray:
    """The design matrix of one equation.

    Parameters
    ----------
    columns : mapping
        Base column -> place on the last axis of `values` (`System.places`).
    values : ndarray, shape (..., n, k)
        Base columns; leading axes are for batches, e.g. counterfactual values.

    Returns
    -------
    ndarray, shape (..., n, p)
        One column a term.
    """
    out = np.ones((*values.shape[:-1], len(equation.terms)))
    for j, term in enumerate(equation.terms):
        for name in term.factors:
            out[..., j] *= values[..., columns[name]]
    return out


def causal_order(equations: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """The equations so that every outcome stands before its uses; equal in rank, as written.

    Raises
    ------
    CycleError
        With the cycle, if there is no such order.
    """
    by_outcome = {equation.outcome: equation for equation in equations}
    done: dict[str, Equation] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            raise CycleError((name, *reversed(trail[trail.index(name) :])))  # in the direction of the arrows
        if name in done or name not in by_outcome:
            return
        for before in by_outcome[name].names:
            visit(before, (*trail, name))
        done[name] = by_outcome[name]

    for equation in equations:
        visit(equation.outcome, ())
    return tuple(done.values())


class CycleError(ValueError):
    """Equations that lead from a variable back to itself: `cycle` names them in order, first and last alike."""

    def __init__(self, cycle: tuple[str, ...]) -> None:
        super().__init__(" -> ".join(cycle))
        self.cycle = cycle
