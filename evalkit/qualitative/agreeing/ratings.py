"""Values that coders gave to units, as the distinct rows of codes and how often each occurs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Patterns:
    """Distinct rows of a units x coders table; every coefficient is a function of how often each occurs.

    Parameters
    ----------
    codes : ndarray of int, shape (P, r)
        Place of the value in `categories`; -1 where the coder gave none.
    counts : ndarray of float, shape (P,)
        Units with the row.
    categories : tuple
        Values in order: texts, or numbers in ascending order.
    row : ndarray of int, shape (n,)
        The pattern of each unit.
    """

    codes: np.ndarray
    counts: np.ndarray
    categories: tuple[str | float, ...]
    row: np.ndarray

    @property
    def n_coders(self) -> int:
        return self.codes.shape[1]

    @property
    def n_categories(self) -> int:
        return len(self.categories)

    @property
    def n_units(self) -> int:
        return int(self.counts.sum())

    @cached_property
    def indicators(self) -> np.ndarray:
        """1 where a coder gave the category, shape (P, r, q)."""
        return (self.codes[:, :, None] == np.arange(self.n_categories)).astype(float)

    @cached_property
    def tallies(self) -> np.ndarray:
        """Coders who gave each category, shape (P, q)."""
        return self.indicators.sum(axis=1)

    @cached_property
    def sizes(self) -> np.ndarray:
        """Values a pattern has, shape (P,)."""
        return self.tallies.sum(axis=1)

    @property
    def scores(self) -> np.ndarray | None:
        """The categories as numbers; None where they are texts."""
        return None if any(isinstance(c, str) for c in self.categories) else np.array(self.categories, dtype=float)

    def of_coders(self, columns: tuple[int, ...]) -> Patterns:
        """The same units with some of the coders, without units that none of them coded."""
        codes = self.codes[:, list(columns)][self.row]
        return patterns_of(codes[(codes >= 0).any(axis=1)], self.categories)

    def complete(self) -> Patterns:
        """The units that every coder coded."""
        codes = self.codes[self.row]
        return patterns_of(codes[(codes >= 0).all(axis=1)], self.categories)

    def against_the_rest(self, category: int) -> Patterns:
        """Two categories: the one named (1), and every other (0)."""
        codes = self.codes[self.row]
        return patterns_of(np.where(codes < 0, -1, (codes == category).astype(int)), (0.0, 1.0))


def patterns_of(codes: np.ndarray, categories: tuple[str | float, ...]) -> Patterns:
    """Gather equal rows of a units x coders table of places in `categories`.

    Parameters
    ----------
    codes : ndarray of int, shape (n, r)
    """
    found, row, counts = np.unique(codes.astype(np.int64), axis=0, return_inverse=True, return_counts=True)
    return Patterns(found, counts.astype(float), categories, row.ravel())
