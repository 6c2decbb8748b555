"""A parameter table as matrices: what it implies for means, covariances and thresholds, with exact derivatives.

Reticular action model (McArdle & McDonald 1984, British Journal of Mathematical and Statistical Psychology 37,
234-251) over the observed variables, then the latent ones: paths `A[to, from]` (`=~` and `~`), `S` (`~~`), `M`
(`~1`). With `E = (I - A)^-1` the covariances of all variables are `P = E S E'`, their means `E M`. Exogenous variables
that the model is conditional on come last and have neither mean nor variance in these.
All functions take complex parameters, so that second derivatives come from complex steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from evalkit.structure.implied import Implied, Jacobian, Moves
from evalkit.structure.table import Parameter, ParameterTable


@dataclass(frozen=True, eq=False)
class _Part:
    """The rows of one matrix in one group: places, free numbers (from 0; -1 fixed) and row numbers."""

    to: np.ndarray
    of: np.ndarray
    free: np.ndarray
    row: np.ndarray


@dataclass(frozen=True, eq=False)
class _Slots:
    """Where the derivatives of m rows of one group come from.

    Parameters
    ----------
    left, right : ndarray of int, shape (m,)
        Rows of the stack of `E'`, `P`, half of `E'` and zeros whose products they are.
    of : ndarray of int, shape (m,)
        The variable whose mean moves what a path leads to; v stands for 1 (an intercept), v + 1 for 0.
    sums : ndarray, shape (m, q), optional
        Which parameter each row belongs to; None where row k is parameter k.
    cuts, scales : tuple of ndarray
        Parameters and places of thresholds and of scales.
    """

    left: np.ndarray
    right: np.ndarray
    of: np.ndarray
    q: int
    sums: np.ndarray | None
    cuts: tuple[np.ndarray, np.ndarray]
    scales: tuple[np.ndarray, np.ndarray]


class Layout:
    """Where each row of a table stands in the matrices of its group.

    Parameters
    ----------
    table : ParameterTable
        Fixed values must all be known (exogenous moments filled in).
    """

    def __init__(self, table: ParameterTable) -> None:
        self.table = table
        self.variables = (*table.observed, *table.latent, *table.conditioned)
        self.n_observed, self.n_given = len(table.observed), len(table.conditioned)
        self.latent = slice(self.n_observed, self.n_observed + len(table.latent))
        self.n_free = table.n_free
        self._at = {name: i for i, name in enumerate(self.variables)}
        self._eye = np.eye(len(self.variables))
        self._fixed = np.array([0.0 if r.free or r.derived else r.value for r in table.rows])
        self._free = np.array([r.free - 1 for r in table.rows], dtype=int)
        self._loose = np.flatnonzero(self._free >= 0)
        self._loose_free = self._free[self._loose]
        self._parts = [self._group(g) for g in range(1, len(table.groups) + 1)]
        self._derived = [self._derived_rows(g) for g in range(1, len(table.groups) + 1)]

    def _group(self, group: int) -> dict[str, _Part]:
        found: dict[str, list[tuple[int, int, int, int]]] = {name: [] for name in "ASMTDX"}
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
        if row.lhs in self.table.conditioned:
            return "X", at[row.lhs], at.get(row.rhs, -1)
        if row.op == "~~":
            return "S", at[row.lhs], at[row.rhs]
        if row.op == "~1":
            return "M", at[row.lhs], 0
        return ("T", at[row.lhs], int(row.rhs[1:])) if row.op == "|" else ("D", at[row.lhs], 0)

    def _derived_rows(self, group: int) -> tuple[np.ndarray, np.ndarray]:
        rows = [i for i, row in enumerate(self.table.rows) if row.derived and row.group == group]
        return np.array(rows, dtype=int), np.array([self._at[self.table.rows[i].lhs] for i in rows], dtype=int)

    def row_values(self, theta: np.ndarray) -> np.ndarray:
        """The value of every row of the table."""
        values = self._fixed.astype(complex if theta.dtype.kind == "c" else float)
        values[self._loose] = theta[self._loose_free]
        for group, (rows, items) in enumerate(self._derived):
            if len(rows):
                values[rows] = self._left(values, group, items)
        return values

    @cached_property
    def row_slopes(self) -> np.ndarray:
        """Derivatives of the value of every row by the free parameters, shape (rows, q); of derived rows zero."""
        out = np.zeros((len(self._free), self.n_free))
        out[self._loose, self._free[self._loose]] = 1.0
        return out

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
        for matrix, target in (("A", a), ("S", s)):
            target[part[matrix].to, part[matrix].of] = values[part[matrix].row]
        s[part["S"].of, part["S"].to] = values[part["S"].row]
        if len(part["M"].row):
            m[part["M"].to] = values[part["M"].row]
        return a, s, m

    def whole(self, values: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray]:
        """Covariances of all variables, and those that have no cause in the model (`S`), shape (v, v) each.

        Exogenous variables that the model is conditional on have the moments of the sample here.
        """
        a, s, _ = self.matrices(values, group)
        part = self._parts[group]["X"]
        pairs = part.of >= 0
        to, of, row = part.to[pairs], part.of[pairs], part.row[pairs]
        s[to, of] = s[of, to] = values[row]
        e = self._inverse(a)
        return e @ s @ e.T, s

    @cached_property
    def longest(self) -> int | None:
        """Steps of the longest way along paths; None where paths run in a circle."""
        v = len(self.variables)
        steps = np.zeros((v, v), dtype=bool)
        for part in self._parts:
            steps[part["A"].to, part["A"].of] = True
        reach, n = steps, 0
        while reach.any() and n < v:
            reach, n = reach @ steps, n + 1
        return None if reach.any() else n

    def _inverse(self, a: np.ndarray) -> np.ndarray:
        """``(I - A)^-1``: the sum of the powers of A where these end early."""
        if self.longest is None or self.longest > 3:
            return np.asarray(np.linalg.inv(self._eye - a))
        out = self._eye + a
        for _ in range(self.longest - 1):
            out = self._eye + a @ out
        return out

    def implied(self, theta: np.ndarray, group: int = 0) -> Implied:
        """What free parameters imply for group 0, 1, ..."""
        return self.implied_by_rows(self.row_values(theta), group)

    def implied_by_rows(self, values: np.ndarray, group: int = 0) -> Implied:
        """What the values of all rows imply."""
        a, s, m = self.matrices(values, group)
        e = self._inverse(a)
        total = e @ s @ e.T
        means = e @ m
        p = self.n_observed
        part = self._parts[group]
        scale = np.ones(p, dtype=values.dtype)
        if len(part["D"].row):
            scale[part["D"].to] = values[part["D"].row]
        return Implied(means[:p], total[:p, :p], total, e, means, values[part["T"].row], scale)

    def jacobian(self, implied: Implied, group: int = 0) -> Jacobian:
        """Derivatives by the free parameters (q of all groups; zero for those of other groups)."""
        return self._derivatives(implied, group, self._free_slots[group])

    def row_jacobian(self, implied: Implied, group: int = 0) -> Jacobian:
        """Derivatives by every single row of the table, fixed ones too, each on its own (q = number of rows)."""
        return self._derivatives(implied, group, self._row_slots[group])

    @cached_property
    def _free_slots(self) -> list[_Slots]:
        return [self._slots(part, {m: part[m].free for m in part}, self.n_free) for part in self._parts]

    @cached_property
    def _row_slots(self) -> list[_Slots]:
        return [self._slots(part, {m: part[m].row for m in part}, len(self.table.rows)) for part in self._parts]

    def _slots(self, part: dict[str, _Part], into: dict[str, np.ndarray], q: int) -> _Slots:
        """Rows with `into` of at least 0, in the order of that."""
        v = len(self.variables)
        a, s, m = part["A"], part["S"], part["M"]
        nothing = np.full(len(m.to), 3 * v)
        left = np.concatenate([a.to, s.to, m.to])
        right = np.concatenate([v + a.of, np.where(s.to == s.of, 2 * v, 0) + s.of, nothing])
        of = np.concatenate([a.of, np.full(len(s.to), v + 1), np.full(len(m.to), v)])
        number = np.concatenate([into["A"], into["S"], into["M"]])
        order = np.argsort(number, kind="stable")
        order = order[number[order] >= 0]
        sums = None
        if not np.array_equal(number[order], np.arange(q)):
            sums = np.zeros((len(order), q))
            sums[np.arange(len(order)), number[order]] = 1.0
        loose = {name: np.flatnonzero(into[name] >= 0) for name in "TD"}
        cuts, scales = ((into[name][loose[name]], part[name].to[loose[name]]) for name in "TD")
        return _Slots(left[order], right[order], of[order], q, sums, cuts, scales)

    def _derivatives(self, implied: Implied, group: int, slots: _Slots) -> Jacobian:
        p, dtype, q = self.n_observed, implied.cov.dtype, slots.q
        g = implied.paths_inverse[:p].T  # row i: what a unit in variable i does to the observed ones
        stack = np.concatenate([g, implied.total[:, :p], 0.5 * g, np.zeros((1, p))])
        left, sums = g[slots.left], slots.sums
        mean = np.zeros((q, p), dtype=dtype)
        if len(self._parts[group]["M"].row):
            mean = left * np.append(implied.means, (1.0, 0.0))[slots.of][:, None]
            mean = mean if sums is None else sums.T @ mean
        moves = Moves(left, stack[slots.right], sums)
        thresholds, scale = np.zeros((q, len(implied.thresholds)), dtype=dtype), np.zeros((q, p), dtype=dtype)
        for target, (into, place) in ((thresholds, slots.cuts), (scale, slots.scales)):
            if len(into):
                np.add.at(target, (into, place), 1.0)
        if len(self._derived[group][1]):
            moves = self._with_rest(implied, group, moves, scale)
        effects = np.zeros((q, p, self.n_given), dtype=dtype)
        if self.n_given:
            last = implied.paths_inverse[:, -self.n_given :]
            reach = np.vstack([last, np.zeros((2, self.n_given))])[slots.of]  # only paths carry them
            effects = left[:, :, None] * reach[:, None, :]
            effects = effects if sums is None else np.tensordot(sums.T, effects, 1)
        return Jacobian(mean, moves, thresholds, scale, effects)

    def _with_rest(self, implied: Implied, group: int, moves: Moves, scale: np.ndarray) -> Moves:
        """The residual variances that follow from the others move too."""
        items = self._derived[group][1]
        sums = np.eye(len(moves.left)) if moves.sums is None else moves.sums
        e, p = implied.paths_inverse, self.n_observed
        moved = 2 * sums.T @ (moves.left[:, items] * moves.right[:, items])
        moved += 2 * implied.scale[items] ** -3 * scale[:, items]
        by_rest = -moved @ np.linalg.inv(e[np.ix_(items, items)] ** 2).T
        g = e[:p].T[items]
        return Moves(np.vstack([moves.left, g]), np.vstack([moves.right, 0.5 * g]), np.vstack([sums, by_rest.T]))

    def constraint_values(self, theta: np.ndarray, ops: tuple[str, ...] = ("==",)) -> np.ndarray:
        """left - right of each constraint with one of the operators (zero where `==` holds)."""
        wanted = [c for c in self.table.constraints if c.op in ops]
        if not wanted:
            return np.zeros(0, dtype=np.result_type(theta, float))
        labels = self.table.label_values(self.row_values(theta))
        sides = [(c.left.value(labels) if c.left is not None else 0.0) - c.right.value(labels) for c in wanted]
        return np.array(sides, dtype=np.result_type(theta, float))


@lru_cache(maxsize=128)
def layout_of(table: ParameterTable) -> Layout:
    """The layout of a table, made once."""
    return Layout(table)


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
