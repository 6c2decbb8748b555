"""Prime implicants, their chart, and every smallest model made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalkit.cases.configurations.covers import smallest_covers
from evalkit.cases.configurations.terms import ANY, Conditions, Term


def prime_implicants(conditions: Conditions, positive: np.ndarray, allowed: np.ndarray) -> tuple[Term, ...]:
    """The most general terms that hold a positive row and none that is not allowed.

    Quine (1952) and McCluskey (1956), by counting: one array has a cell for every term (each axis: the values of a
    condition, then "any"), and a sum along each axis says how many rows of a kind a term holds.

    Parameters
    ----------
    positive, allowed : ndarray of int
        Places of rows that must be explained; of rows that may be held besides.
    """
    held = np.zeros(len(conditions.corners), dtype=np.int64)
    banned = np.ones(len(conditions.corners), dtype=np.int64)
    held[positive] = 1
    banned[positive] = 0
    banned[allowed] = 0
    fits = (_counts(held, conditions.levels) > 0) & (_counts(banned, conditions.levels) == 0)
    prime = fits.copy()
    for axis, size in enumerate(conditions.levels):
        wider = np.take(fits, [size], axis=axis)
        fixed = [slice(None)] * fits.ndim
        fixed[axis] = slice(0, size)
        prime[tuple(fixed)] &= ~wider
    places = np.argwhere(prime)
    top = np.array(conditions.levels)
    return tuple(tuple(int(v) if v < t else ANY for v, t in zip(row, top, strict=True)) for row in places)


def _counts(rows: np.ndarray, levels: Sequence[int]) -> np.ndarray:
    """How many of the marked rows each term holds; shape (levels + 1, ...)."""
    found = rows.reshape(levels)
    for axis in range(len(levels)):
        found = np.concatenate([found, found.sum(axis=axis, keepdims=True)], axis=axis)
    return found


def chart(conditions: Conditions, primes: Sequence[Term], positive: np.ndarray) -> np.ndarray:
    """Which prime implicant holds which positive row, shape (primes, positive rows)."""
    return np.array([conditions.covers(p)[positive] for p in primes], dtype=bool).reshape(len(primes), len(positive))


def models(
    conditions: Conditions, positive: np.ndarray, allowed: np.ndarray
) -> tuple[tuple[Term, ...], tuple[tuple[Term, ...], ...], bool]:
    """Prime implicants, every tied model, and whether there were more models than are kept."""
    primes = prime_implicants(conditions, positive, allowed)
    covers, more = smallest_covers(chart(conditions, primes, positive))
    return primes, tuple(tuple(primes[i] for i in cover) for cover in covers), more
