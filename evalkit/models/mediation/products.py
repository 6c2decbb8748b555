"""Columns of a linear system and a resampling plan in, the coefficients of every resample out.

Least-squares coefficients are functions of cross-products of the design columns, so a resample is a count-weighted sum
of the units' cross-products. Only the pairs of columns that meet in an equation are formed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from evalkit.models.mediation.system import System, Term, design
from evalkit.resample import Plan

SINGULAR = 1e-10
"""A pivot below this share of its full-sample variance: the resample has no solution."""

CHUNK = 1024
"""Resamples solved at a time."""

MOST_CELLS = 16_000_000
"""Cross-products kept at a time (128 MB); with more units each resample is multiplied anew."""


@dataclass(frozen=True, eq=False)
class LinearSystem:
    """A linear system on its rows, ready to be resampled.

    Attributes
    ----------
    columns : ndarray, shape (n, p)
        Constant first, then every term and outcome, standardised.
    sd : ndarray, shape (p,)
    pairs : ndarray of int, shape (2, r)
        Columns whose products are needed.
    equations : tuple of (ndarray of int, int)
        Columns of the terms (the constant first) and of the outcome.
    spread : ndarray of int
        Columns whose standard deviation is needed.
    weights : ndarray, shape (n,), optional
    units : ndarray of int, shape (n,), optional
        Unit of each row; by default each row is one.
    """

    columns: np.ndarray
    sd: np.ndarray
    pairs: np.ndarray
    equations: tuple[tuple[np.ndarray, int], ...]
    spread: np.ndarray
    weights: np.ndarray | None = None
    units: np.ndarray | None = None

    @property
    def n_units(self) -> int:
        return len(self.columns) if self.units is None else int(self.units.max()) + 1


def linear_system(
    system: System,
    values: np.ndarray,
    spread: tuple[str, ...],
    *,
    weights: np.ndarray | None = None,
    units: np.ndarray | None = None,
) -> LinearSystem:
    """Columns of all equations, each once.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        Base columns of `system`.
    spread : tuple of str
        Base columns whose standard deviation every resample gives too.
    """
    terms = {Term(): 0}
    for equation in system.equations:
        for term in (*equation.terms, Term((equation.outcome,))):
            terms.setdefault(Term(tuple(sorted(term.factors))), len(terms))
    for name in spread:
        terms.setdefault(Term((name,)), len(terms))
    raw = np.ones((len(values), len(terms)))
    for term, j in terms.items():
        for name in term.factors:
            raw[:, j] *= values[:, system.places[name]]
    sd = raw.std(axis=0)
    raw[:, 1:] = (raw[:, 1:] - raw[:, 1:].mean(axis=0)) / np.where(sd > 0, sd, 1.0)[1:]

    def place(factors: tuple[str, ...]) -> int:
        return terms[Term(tuple(sorted(factors)))]

    equations = []
    needed: dict[tuple[int, int], None] = {(0, 0): None}
    for equation in system.equations:
        used = [0, *(place(t.factors) for t in equation.terms if t.factors)]
        equations.append((np.array(used), place((equation.outcome,))))
        needed |= dict.fromkeys(
            (min(i, j), max(i, j)) for i, j in combinations_with_replacement([*used, equations[-1][1]], 2)
        )
    own = [place((name,)) for name in spread]
    needed |= dict.fromkeys(pair for j in own for pair in ((0, j), (j, j)))
    return LinearSystem(raw, sd, np.array(list(needed)).T, tuple(equations), np.array(own, dtype=int), weights, units)


@dataclass(frozen=True, eq=False)
class Solved:
    """Coefficients (q, B) without intercepts, nan where a resample is singular; SDs (s, B) of `spread`."""

    coefficients: np.ndarray
    sd: np.ndarray


def sample_solution(linear: LinearSystem) -> Solved:
    """The sample itself (B = 1), by the arithmetic of the resamples."""
    return _solve(_total(linear)[None], linear)


def bootstrap_solutions(linear: LinearSystem, plan: Plan) -> Solved:
    """Every resample of the plan."""
    return _joined([_solve(sums, linear) for sums in _in_chunks(_bootstrap_sums(linear, plan))])


def jackknife_solutions(linear: LinearSystem) -> Solved:
    """Without each unit in turn (B = n_units), by subtraction."""
    total = _total(linear)
    parts = (total - block for block in _unit_products(linear))
    return _joined([_solve(sums, linear) for sums in _in_chunks(parts)])


def _row_products(linear: LinearSystem, rows: slice) -> np.ndarray:
    columns = linear.columns[rows]
    out = columns[:, linear.pairs[0]] * columns[:, linear.pairs[1]]
    if linear.weights is not None:
        out *= linear.weights[rows, None]
    return np.asarray(out)


def _unit_products(linear: LinearSystem) -> Iterator[np.ndarray]:
    """Cross-products of each unit, in blocks of units; one block of all for clusters."""
    n, width = len(linear.columns), linear.pairs.shape[1]
    step = max(1, MOST_CELLS // (4 * width))
    if linear.units is None:
        yield from (_row_products(linear, slice(i, i + step)) for i in range(0, n, step))
        return
    sums = np.zeros((linear.n_units, width))
    order = np.argsort(linear.units, kind="stable")
    for i in range(0, n, step):
        rows = order[i : i + step]
        units = linear.units[rows]
        starts = np.flatnonzero(np.diff(units, prepend=-1))
        sums[units[starts]] += np.add.reduceat(_row_products(linear, rows), starts, axis=0)
    yield sums


def _total(linear: LinearSystem) -> np.ndarray:
    return np.asarray(sum(block.sum(axis=0) for block in _unit_products(linear)))


def _bootstrap_sums(linear: LinearSystem, plan: Plan) -> Iterator[np.ndarray]:
    if linear.n_units * linear.pairs.shape[1] <= MOST_CELLS:
        products = np.concatenate(list(_unit_products(linear)))
        for counts in plan.blocks():
            yield counts @ products
        return
    columns, (left, right) = linear.columns, linear.pairs
    for counts in plan.blocks(1):
        drawn = counts[0] if linear.units is None else counts[0][linear.units]
        scaled = columns * (drawn if linear.weights is None else drawn * linear.weights)[:, None]
        yield (columns.T @ scaled)[left, right][None]


def _in_chunks(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    held: list[np.ndarray] = []
    for block in blocks:
        held.append(block)
        if sum(len(b) for b in held) >= CHUNK:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)


def _joined(parts: list[Solved]) -> Solved:
    return Solved(
        np.concatenate([p.coefficients for p in parts], axis=1), np.concatenate([p.sd for p in parts], axis=1)
    )


def _solve(sums: np.ndarray, linear: LinearSystem) -> Solved:
    """All equations of every row of sums, shape (B, r)."""
    p = linear.columns.shape[1]
    place = np.zeros((p, p), dtype=int)
    place[linear.pairs[0], linear.pairs[1]] = place[linear.pairs[1], linear.pairs[0]] = np.arange(linear.pairs.shape[1])
    by_pair = np.ascontiguousarray(sums.T)
    total = by_pair[place[0, 0]]
    found = []
    for used, outcome in linear.equations:
        rows = np.append(used, outcome)
        matrix = by_pair[place[np.ix_(used, rows)]]
        slopes = _eliminate(matrix, SINGULAR * total)[1:]
        found.append(slopes * (linear.sd[outcome] / linear.sd[used[1:]])[:, None])
    mean = by_pair[place[0, linear.spread]] / total
    squares = by_pair[place[linear.spread, linear.spread]] / total - mean**2
    sd = np.sqrt(np.clip(squares, 0, None)) * linear.sd[linear.spread][:, None]
    return Solved(np.concatenate(found), sd)


def _eliminate(matrix: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Solve B systems at once: Gaussian elimination of shape (k, k + 1, B), resamples last; nan where singular."""
    k = len(matrix)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for j in range(k):
            pivot = np.where(matrix[j, j] > least, matrix[j, j], np.nan)
            row = matrix[j, j + 1 :] / pivot
            matrix[j + 1 :, j + 1 :] -= matrix[j + 1 :, j, None] * row[None]
            matrix[j, j + 1 :] = row
        out = np.empty((k, matrix.shape[2]))
        for j in range(k - 1, -1, -1):
            out[j] = matrix[j, k] - np.einsum("ib,ib->b", matrix[j, j + 1 : k], out[j + 1 :])
    return out


def fitted_columns(system: System, values: np.ndarray) -> Iterator[tuple[str, tuple[str, ...], np.ndarray, np.ndarray]]:
    """Outcome, ids of the terms, design without the constant, and outcome values of every equation."""
    for equation in system.equations:
        kept = [j for j, term in enumerate(equation.terms) if term.factors]
        columns = design(equation, system.places, values)[:, kept]
        terms = tuple(str(equation.terms[j]) for j in kept)
        yield equation.outcome, terms, columns, values[:, system.places[equation.outcome]]
