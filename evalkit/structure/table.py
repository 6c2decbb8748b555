"""The parameter table: one row a parameter of the model, as lavaan's `parTable`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from evalkit.structure.language import Equation

NAN = float("nan")
KEYS = ("lhs", "op", "rhs", "group", "label")
"""Columns that say which parameter a row of results is about."""


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Parameters
    ----------
    lhs, op, rhs : str
        As in the model; an intercept has the operator `~1` and no rhs.
    group : int
        1 .. G.
    free : int
        Number of the free parameter, from 1; rows with one number are equal. 0: fixed at `value`.
    label : str
        The user's label, or an internal one (`.p5.`) for equality over groups.
    value : float
        Where it is fixed; nan for a fixed exogenous moment, which the sample fills in.
    start : float
        The user's start value, else nan.
    user : bool
        Written in the model (not added by a rule).
    exo : bool
        Mean, variance or covariance of observed exogenous variables taken as given (`fixed_x`).
    derived : bool
        Residual variance of an ordered variable that follows from the others: what is left of its variance.
    """

    lhs: str
    op: str
    rhs: str
    group: int
    free: int
    label: str = ""
    value: float = NAN
    start: float = NAN
    user: bool = False
    exo: bool = False
    derived: bool = False

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Sides, operator and group; covariances with their sides in alphabetical order."""
        left, right = sorted((self.lhs, self.rhs)) if self.op == "~~" else (self.lhs, self.rhs)
        return left, self.op, right, self.group

    @property
    def name(self) -> str:
        """As a reader writes it: `f=~x1`, `x1~~x2`, `y~1`."""
        return f"{self.lhs}{self.op}{self.rhs}"


@dataclass(frozen=True, eq=False)
class ParameterTable:
    """All parameters of all groups.

    Parameters
    ----------
    rows : tuple of Parameter
    observed, latent : tuple of str
        Observed variables in the order of the moments, latent variables in order of appearance.
    exogenous : tuple of str
        Observed variables whose moments are fixed at the sample's; where the model is conditional on them they are
        not among `observed`.
    meanstructure : bool
    definitions, constraints : tuple of Equation
    groups : tuple of str
        Labels of the groups; one empty label without groups.
    """

    rows: tuple[Parameter, ...]
    observed: tuple[str, ...]
    latent: tuple[str, ...]
    exogenous: tuple[str, ...] = ()
    meanstructure: bool = False
    definitions: tuple[Equation, ...] = ()
    constraints: tuple[Equation, ...] = ()
    groups: tuple[str, ...] = ("",)

    @cached_property
    def keys(self) -> pd.DataFrame:
        """`KEYS` of every row, then of the definitions; group and label are empty where there are none to tell."""
        several = len(self.groups) > 1
        found = [
            (r.lhs, r.op, r.rhs, self.groups[r.group - 1] if several else "", "" if r.label[:1] == "." else r.label)
            for r in self.rows
        ]
        found += [(d.name, ":=", d.right.text, "", d.name) for d in self.definitions]
        return pd.DataFrame(found, columns=KEYS)

    @cached_property
    def conditioned(self) -> tuple[str, ...]:
        """Exogenous variables that the model of the others is conditional on."""
        return tuple(name for name in self.exogenous if name not in self.observed)

    @cached_property
    def n_free(self) -> int:
        """Free parameters, before equations among them (`==`)."""
        return max((row.free for row in self.rows), default=0)

    def of_group(self, group: int) -> tuple[Parameter, ...]:
        """Rows of group 1 .. G."""
        return self._by_group[group - 1]

    @cached_property
    def _by_group(self) -> tuple[tuple[Parameter, ...], ...]:
        numbers = range(1, len(self.groups) + 1)
        return tuple(tuple(row for row in self.rows if row.group == group) for group in numbers)

    @cached_property
    def residual_covariances(self) -> bool:
        """Whether two different observed variables share a covariance of their own."""
        known = set(self.observed)
        return any(r.op == "~~" and r.lhs != r.rhs and {r.lhs, r.rhs} <= known for r in self.rows)

    @cached_property
    def purely_exogenous(self) -> frozenset[str]:
        """Observed variables that nothing leads to."""
        dependent = {r.rhs if r.op == "=~" else r.lhs for r in self.rows if r.op in ("=~", "~")}
        return frozenset(self.observed) - dependent

    def find(self, lhs: str, op: str, rhs: str = "", group: int = 1) -> Parameter | None:
        """The row of a parameter; the sides of a covariance may be exchanged."""
        return self._by_key.get(Parameter(lhs, op, rhs, group, 0).key)

    @cached_property
    def _by_key(self) -> dict[tuple[str, str, str, int], Parameter]:
        return {row.key: row for row in self.rows}

    def name_of_free(self, index: int) -> str:
        """Names of the rows that share a free parameter (from 1), with their groups where there are several."""
        found = [r for r in self.rows if r.free == index]
        if len(self.groups) == 1:
            return " = ".join(r.name for r in found)
        alone = len(found) == 1
        return f"{found[0].name} ({self.groups[found[0].group - 1]})" if alone else found[0].name

    def with_rows(self, rows: Sequence[Parameter]) -> ParameterTable:
        """The same table with other rows."""
        return replace(self, rows=tuple(rows))

    def values(self, theta: np.ndarray) -> np.ndarray:
        """The value of every row, given the free parameters; complex theta gives complex values."""
        fixed = np.array([row.value for row in self.rows])
        index = self._free_index
        out = np.where(index > 0, 0.0, fixed).astype(np.result_type(theta, float))
        out[index > 0] = theta[index[index > 0] - 1]
        return out

    @cached_property
    def _free_index(self) -> np.ndarray:
        return np.array([row.free for row in self.rows])

    def label_values(self, values: np.ndarray) -> dict[str, complex | float]:
        """Label -> value, for definitions and constraints, then every definition by its name."""
        out: dict[str, complex | float] = {}
        for row, value in zip(self.rows, values, strict=True):
            if row.label:
                out.setdefault(row.label, value)
        for definition in self.definitions:
            out[definition.name] = definition.right.value(out)
        return out

    def frame(self, estimates: Mapping[str, np.ndarray] | None = None) -> pd.DataFrame:
        """One row a parameter: lhs op rhs group free label value start user exo, and what is given."""
        names = ("lhs", "op", "rhs", "group", "free", "label", "value", "start", "user", "exo")
        columns = {n: [getattr(row, n) for row in self.rows] for n in names}
        return pd.DataFrame({**columns, **(estimates or {})})
