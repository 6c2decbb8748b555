"""Columns of ordered categories in; codes, thresholds and the tables of every pair out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtri

ZERO_ADD = (0.5, 0.0)
"""What an empty cell gets: in a 2 x 2 table (all margins kept), and in a larger one."""


@dataclass(frozen=True, eq=False)
class Categories:
    """Ordered columns as positions in their own observed categories.

    Parameters
    ----------
    values : tuple of ndarray
        Observed codes of each column, ascending.
    positions : ndarray of int, shape (n, p)
        Place of each answer in `values`; `widest` where missing or left out.
    weights : ndarray, shape (n,)
        Zero in rows left out; they sum to the number of rows used.
    widest : int
        Categories of the column that has most.
    """

    values: tuple[np.ndarray, ...]
    positions: np.ndarray
    weights: np.ndarray
    widest: int
    n_obs: int

    @cached_property
    def totals(self) -> np.ndarray:
        """Weighted answers to each category, shape (p, widest)."""
        p, k = self.positions.shape[1], self.widest
        out = np.zeros((p, k))
        for j in range(p):
            out[j] = np.bincount(self.positions[:, j], self.weights, minlength=k + 1)[:k]
        return out

    @cached_property
    def thresholds(self) -> np.ndarray:
        """Normal quantiles of the cumulative shares, shape (p, widest + 1), from -inf to inf.

        Places beyond a column's own categories hold inf, so that their cells have no probability.
        """
        p, k = self.totals.shape
        tau = np.full((p, k + 1), np.inf)
        tau[:, 0] = -np.inf
        for j, codes in enumerate(self.values):
            # Shares from both ends: the upper ones lose no digits.
            below = np.cumsum(self.totals[j])[: len(codes) - 1]
            whole = self.totals[j].sum()
            above = np.cumsum(self.totals[j][::-1])[::-1][1 : len(codes)]
            tau[j, 1 : len(codes)] = np.where(below <= above, ndtri(below / whole), -ndtri(above / whole))
        return tau

    def tables(self, pairs: np.ndarray) -> np.ndarray:
        """Weighted counts of each pair of columns over the rows that have both, shape (n_pairs, widest, widest)."""
        p, k = self.totals.shape
        answered = np.zeros((len(self.positions), p * (k + 1)))
        rows = np.arange(len(self.positions))[:, None]
        answered[rows, self.positions + np.arange(p) * (k + 1)] = 1.0
        joint = (answered.T @ (answered * self.weights[:, None])).reshape(p, k + 1, p, k + 1)
        return np.ascontiguousarray(joint[pairs[:, 0], :k, pairs[:, 1], :k])

    def rows_of_pairs(self) -> np.ndarray:
        """Rows (not weights) that have both columns, shape (p, p)."""
        seen = ((self.positions < self.widest) & (self.weights > 0)[:, None]).astype(float)
        return np.rint(seen.T @ seen).astype(int)


def categories(x: np.ndarray, weights: np.ndarray | None, listwise: bool) -> Categories:
    """Code a matrix of ordered answers, shape (n, p), nan where missing.

    Raises
    ------
    ValueError
        For an infinite value, a negative or missing weight, or weights of another length (a fault of the caller).
    """
    x = np.asarray(x, dtype=float)
    if np.isinf(x).any():
        raise ValueError("ordered categories are finite numbers")
    used = ~np.isnan(x).any(axis=1) if listwise else ~np.isnan(x).all(axis=1)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if w.shape != (len(x),) or not (np.isfinite(w) & (w >= 0)).all():
        raise ValueError("one weight of zero or more a row")
    used &= w > 0
    n_obs = int(used.sum())
    w = np.where(used, w, 0.0)
    w = w * (n_obs / w.sum()) if n_obs else w
    values = tuple(np.unique(column[used & ~np.isnan(column)]) for column in x.T)
    widest = max((len(v) for v in values), default=0)
    positions = np.full(x.shape, widest, dtype=np.int64)
    for j, known in enumerate(values):
        there = used & ~np.isnan(x[:, j])
        positions[there, j] = np.searchsorted(known, x[there, j])
    return Categories(values, positions, w, widest, n_obs)


def filled(tables: np.ndarray, zero_add: tuple[float, float], sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tables with something in their empty cells, and how many of these each had.

    In a 2 x 2 table with one empty cell, `zero_add[0]` is added to it and to its opposite and taken from the other
    two, so that the margins stay. In a larger table `zero_add[1]` is added to each empty cell.

    Parameters
    ----------
    tables : ndarray, shape (n_pairs, k, k)
    sizes : ndarray of int, shape (n_pairs, 2)
        Categories of the two columns; cells beyond them do not count.
    """
    k = tables.shape[1]
    own = (np.arange(k) < sizes[:, :1])[:, :, None] & (np.arange(k) < sizes[:, 1:])[:, None, :]
    empty = own & (tables == 0)
    n_empty = empty.sum(axis=(1, 2))
    square = (sizes == 2).all(axis=1)
    out = np.where(empty & ~square[:, None, None], zero_add[1], tables)
    for i in np.flatnonzero(square & (n_empty == 1)):
        on_diagonal = bool(empty[i, 0, 0] or empty[i, 1, 1])
        sign = np.array([[1.0, -1.0], [-1.0, 1.0]]) * (1 if on_diagonal else -1)
        out[i, :2, :2] += zero_add[0] * sign
    return out, n_empty
