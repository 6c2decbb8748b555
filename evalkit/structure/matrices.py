"""A parameter table as matrices: what it implies for means, covariances and thresholds, with exact derivatives.

Reticular action model (McArdle & McDonald 1984, British Journal of Mathematical and Statistical Psychology 37,
234-251) over the observed variables, then the latent ones: paths `A[to, from]` (`=~` and `~`), `S` (`~~`), `M`
(`~1`). With `E = (I - A)^-1` the covariances of all variables are `P = E S E'`, their means `E M`.
All functions take complex parameters, so that second derivatives come from complex steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalkit.structure.table import Parameter, ParameterTable


@dataclass(frozen=True, eq=False)
class Implied:
    """What the model implies for one group (p observed of v variables).

    Parameters
    ----------
    mean, cov : ndarray, shapes (p,), (p, p)
        Of the observed variables.
    total, paths_inverse, means : ndarray, shapes (v, v), (v, v), (v,)
        `P`, `E` and `E M` over all variables.
    thresholds, scale : ndarray, shapes (k,), (p,)
        Thresholds in the order of the table, and the `~*~` factors (1 where none).
    """

    mean: np.ndarray
    cov: np.ndarray
    total: np.ndarray
    paths_inverse: np.ndarray
    means: np.ndarray
    thresholds: np.ndarray
    scale: np.ndarray

    @cached_property
    def precision(self) -> np.ndarray:
        """Inverse of `cov`.

        Raises
        ------
        numpy.linalg.LinAlgError
            If it is singular.
        """
        return np.asarray(np.linalg.inv(self.cov))


@dataclass(frozen=True, eq=False)
class Jacobian:
    """Derivatives by q parameters: `mean` (q, p), `cov` (q, p, p), `thresholds` (q, k), `scale` (q, p)."""

    mean: np.ndarray
    cov: np.ndarray
    thresholds: np.ndarray
    scale: np.ndarray


@dataclass(frozen=True, eq=False)
class _Part:
    """The rows of one matrix in one group: places, free numbers (from 0; -1 fixed) and row numbers."""

    to: np.ndarray
    of: np.ndarray
    free: np.ndarray
    row: np.ndarray

    @cached_property
    def loose(self) -> np.ndarray:
        return np.flatnonzero(self.free >= 0)

    @cached_property
    def shared(self) -> bool:
        """Whether a free parameter stands in several places."""
        free = self.free[self.loose]
        return len(np.unique(free)) < len(free)


class Layout:
    """Where each row of a table stands in the matrices of its group.

    Parameters
    ----------
    table : ParameterTable
        Fixed values must all be known (exogenous moments filled in).
    """

    def __init__(self, table: ParameterTable) -> None:
        self.table = table
        self.variables = (*table.observed, *table.latent)
        self.n_observed = len(table.observed)
        self.n_free = table.n_free
        self._at = {name: i for i, name in enumerate(self.variables)}
        self._fixed = np.array([0.0 if r.free or r.derived else r.value for r in table.rows])
        self._free = np.array([r.free - 1 for r in table.rows], dtype=int)
        self._parts = [self._group(g) for g in range(1, len(table.groups) + 1)]
        self._derived = [self._derived_rows(g) for g in range(1, len(table.groups) + 1)]

    def _group(self, group: int) -> dict[str, _Part]:
        found: dict[str, list[tuple[int, int, int, int]]] = {name: [] for name in "ASMTD"}
        for number, row in enumerate(self.table.rows):
            if row.group == group:
                matrix, to, of = self._place(row)
                found[matrix].append((to, of, row.free - 1, number))
        found["T"] = [(k, 0, free, number) for k, (_, _, free, number) in enumerate(sorted(found["T"]))]
        columns = {m: np.array(places, dtype=int).reshape(-1, 4).T for m, places in found.items()}
        return {matrix: _Part(*column) for matrix, column in columns.items()}

    def _place(self, row: Parameter) -> tuple[str, int, int]:
        at = self._at
        if row.op == "=~":
            return "A", at[row.rhs], at[row.lhs]
        if row.op == "~":
            return "A", at[row.lhs], at[row.rhs]
        if row.op == "~~":
            return "S", at[row.lhs], at[row.rhs]
        if row.op == "~1":
            return "M", at[row.lhs], 0
        return ("T", at[row.lhs], int(row.rhs[1:])) if row.op == "|" else ("D", at[row.lhs], 0)

    def _derived_rows(self, group: int) -> tuple[np.ndarray, np.ndarray]:
        rows = [i for i, row in enumerate(self.table.rows) if row.derived and row.group == group]
        return np.array(rows, dtype=int), np.array([self._at[self.table.rows[i].lhs] for i in rows], dtype=int)

    def threshold_rows(self, group: int) -> tuple[Parameter, ...]:
        """Rows with `|` of group 0, 1, ..., in the order of `Implied.thresholds`: by variable, then by number."""
        return tuple(self.table.rows[i] for i in self._parts[group]["T"].row)

    def row_values(self, theta: np.ndarray) -> np.ndarray:
        """The value of every row of the table."""
        values = np.where(self._free >= 0, np.append(theta, 0.0)[self._free], self._fixed)
        for group, (rows, items) in enumerate(self._derived):
            if len(rows):
                values[rows] = self._left(values, group, items)
        return values

    def _left(self, values: np.ndarray, group: int, items: np.ndarray) -> np.ndarray:
        """Residual variances that bring ordered variables to the variance ``1 / scale^2``."""
        a, s, _ = self.matrices(values, group)
        e = np.linalg.inv(np.eye(len(a)) - a)
        scale = np.ones(len(a), dtype=values.dtype)
        part = self._parts[group]["D"]
        scale[part.to] = values[part.row]
        explained = np.einsum("ij,jk,ik->i", e[items], s, e[items])
        return np.asarray(np.linalg.solve(e[np.ix_(items, items)] ** 2, scale[items] ** -2 - explained))

    def matrices(self, values: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A, S and M of group 0, 1, ... from the values of all rows."""
        v = len(self.variables)
        part = self._parts[group]
        a, s, m = (np.zeros(shape, dtype=values.dtype) for shape in ((v, v), (v, v), v))
        a[part["A"].to, part["A"].of] = values[part["A"].row]
        s[part["S"].to, part["S"].of] = values[part["S"].row]
        s[part["S"].of, part["S"].to] = values[part["S"].row]
        m[part["M"].to] = values[part["M"].row]
        return a, s, m

    def implied(self, theta: np.ndarray, group: int = 0) -> Implied:
        """What free parameters imply for group 0, 1, ..."""
        return self.implied_by_rows(self.row_values(theta), group)

    def implied_by_rows(self, values: np.ndarray, group: int = 0) -> Implied:
        """What the values of all rows imply."""
        a, s, m = self.matrices(values, group)
        e = np.linalg.inv(np.eye(len(a)) - a)
        total = e @ s @ e.T
        means = e @ m
        p = self.n_observed
        part = self._parts[group]
        scale = np.ones(p, dtype=values.dtype)
        scale[part["D"].to] = values[part["D"].row]
        return Implied(means[:p], total[:p, :p], total, e, means, values[part["T"].row], scale)

    def jacobian(self, implied: Implied, group: int = 0) -> Jacobian:
        """Derivatives by the free parameters (q of all groups; zero for those of other groups)."""
        loose = {matrix: (part.loose, part.free) for matrix, part in self._parts[group].items()}
        return self._derivatives(implied, group, loose, self.n_free)

    def row_jacobian(self, implied: Implied, group: int = 0) -> Jacobian:
        """Derivatives by every single row of the table, fixed ones too, each on its own (q = number of rows)."""
        every = {matrix: (np.arange(len(part.row)), part.row) for matrix, part in self._parts[group].items()}
        return self._derivatives(implied, group, every, len(self.table.rows))

    def pull(self, implied: Implied, mean: np.ndarray, cov: np.ndarray, group: int = 0) -> np.ndarray:
        """Derivatives of ``mean' mu + tr(cov Sigma)`` by the free parameters: the Jacobian contracted, never built.

        `mean` (p,) and `cov` (p, p) symmetric are slopes in the moments. Shape (q,).
        """
        p, part = self.n_observed, self._parts[group]
        g, to_observed = implied.paths_inverse[:p].T, implied.total[:, :p]
        by_cov, by_mean = g @ cov, g @ mean
        paths = 2 * by_cov @ to_observed.T + np.outer(by_mean, implied.means)
        spread = 2 * by_cov @ g.T
        out = np.zeros(self.n_free, dtype=spread.dtype)
        for matrix, values in (("A", paths), ("S", spread), ("M", by_mean)):
            rows, free = part[matrix].loose, part[matrix].free
            to, of = part[matrix].to[rows], part[matrix].of[rows]
            if matrix == "M":
                found = values[to]
            else:
                found = values[to, of] * (np.where(to == of, 0.5, 1.0) if matrix == "S" else 1.0)
            np.add.at(out, free[rows], found)
        return out

    def _derivatives(
        self, implied: Implied, group: int, chosen: dict[str, tuple[np.ndarray, np.ndarray]], q: int
    ) -> Jacobian:
        p, part, dtype = self.n_observed, self._parts[group], implied.cov.dtype
        cov, mean = np.zeros((q, p, p), dtype=dtype), np.zeros((q, p), dtype=dtype)
        thresholds, scale = np.zeros((q, len(implied.thresholds)), dtype=dtype), np.zeros((q, p), dtype=dtype)
        modelled = len(part["M"].row) > 0
        g = implied.paths_inverse[:p].T  # row i: what a unit in variable i does to the observed ones
        to_observed = implied.total[:, :p]
        rows, into = chosen["A"]
        if len(rows):
            to, of = part["A"].to[rows], part["A"].of[rows]
            half = g[to][:, :, None] * to_observed[of][:, None, :]
            _add(cov, into[rows], half + half.transpose(0, 2, 1), part["A"].shared)
            if modelled:
                _add(mean, into[rows], g[to] * implied.means[of][:, None], part["A"].shared)
        rows, into = chosen["S"]
        if len(rows):
            to, of = part["S"].to[rows], part["S"].of[rows]
            half = g[to][:, :, None] * g[of][:, None, :] * np.where(to == of, 0.5, 1.0)[:, None, None]
            _add(cov, into[rows], half + half.transpose(0, 2, 1), part["S"].shared)
        rows, into = chosen["M"]
        if len(rows):
            _add(mean, into[rows], g[part["M"].to[rows]], part["M"].shared)
        for matrix, target in (("T", thresholds), ("D", scale)):
            rows, into = chosen[matrix]
            if len(rows):
                np.add.at(target, (into[rows], part[matrix].to[rows]), 1.0)
        items = self._derived[group][1]
        if len(items):
            e = implied.paths_inverse
            moved = cov[:, items, items] + 2 * implied.scale[items] ** -3 * scale[:, items]
            by_rest = -moved @ np.linalg.inv(e[np.ix_(items, items)] ** 2).T
            cov += np.tensordot(by_rest, g[items][:, :, None] * g[items][:, None, :], 1)
        return Jacobian(mean, cov, thresholds, scale)

    def constraint_values(self, theta: np.ndarray, ops: tuple[str, ...] = ("==",)) -> np.ndarray:
        """left - right of each constraint with one of the operators (zero where `==` holds)."""
        wanted = [c for c in self.table.constraints if c.op in ops]
        if not wanted:
            return np.zeros(0, dtype=np.result_type(theta, float))
        labels = self.table.label_values(self.row_values(theta))
        sides = [(c.left.value(labels) if c.left is not None else 0.0) - c.right.value(labels) for c in wanted]
        return np.array(sides, dtype=np.result_type(theta, float))


def _add(target: np.ndarray, into: np.ndarray, values: np.ndarray, shared: bool) -> None:
    """Add values at places; where a parameter stands in several of them (or in two matrices) they pile up."""
    if shared:
        np.add.at(target, into, values)
    else:
        target[into] += values


STEP = 1e-30


def complex_jacobian(function, theta: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Exact first derivatives of a complex-safe vector function, shape (n_values, n_parameters).

    Squire & Trapp (1998), SIAM Review 40, 110-112.
    """
    columns = []
    for k in range(len(theta)):
        moved = theta.astype(complex)
        moved[k] += 1j * STEP
        columns.append(np.imag(np.atleast_1d(function(moved))) / STEP)
    return np.array(columns).T if columns else np.zeros((len(np.atleast_1d(function(theta))), 0))
