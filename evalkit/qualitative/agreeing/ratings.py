"""Values that coders gave to units, as the distinct rows of codes and how often each occurs."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
        The pattern of each unit; -1 for a unit left out.
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
        codes = self.codes[:, list(columns)]
        return self._derived(codes, (codes >= 0).any(axis=1))

    def complete(self) -> Patterns:
        """The units that every coder coded."""
        return self._derived(self.codes, (self.codes >= 0).all(axis=1))

    def several(self) -> Patterns:
        """The units with two values or more: the others pair with nothing."""
        return self._derived(self.codes, self.sizes >= 2)

    def against_the_rest(self, category: int) -> Patterns:
        """Two categories: the one named (1), and every other (0)."""
        codes = np.where(self.codes < 0, -1, (self.codes == category).astype(int))
        return replace(self._derived(codes, np.ones(len(codes), dtype=bool)), categories=(0.0, 1.0))

    def _derived(self, codes: np.ndarray, keep: np.ndarray) -> Patterns:
        """Other rows of codes for the patterns kept."""
        found, place = np.unique(codes[keep], axis=0, return_inverse=True)
        new = np.full(len(codes), -1)
        new[keep] = place.ravel()
        counts = np.bincount(place.ravel(), weights=self.counts[keep], minlength=len(found))
        return Patterns(found, counts, self.categories, np.where(self.row < 0, -1, new[self.row]))


def patterns_of(codes: np.ndarray, categories: tuple[str | float, ...], lengths: np.ndarray | None = None) -> Patterns:
    """Gather equal rows of a units x coders table of places in `categories`.

    Parameters
    ----------
    codes : ndarray of int, shape (n, r)
    lengths : ndarray, shape (n,), optional
        How many units a row stands for; default one.
    """
    found, row = np.unique(codes.astype(np.int64), axis=0, return_inverse=True)
    counts = np.bincount(row.ravel(), weights=lengths, minlength=len(found)).astype(float)
    return Patterns(found, counts, categories, row.ravel())
