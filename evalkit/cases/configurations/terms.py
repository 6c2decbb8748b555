"""Conjunctions of conditions: what they mean as text, as rows of a truth table, as memberships."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

ANY = -1
_LITERAL = re.compile(r"\s*(~?)\s*([^\s~*+\[\]{}]+?)\s*(?:[\[{]\s*(\d+)\s*[\]}])?\s*$")

Term = tuple[int, ...]
"""For each condition the value it must have, or ANY."""


@dataclass(frozen=True, eq=False)
class Conditions:
    """Memberships of cases in conditions.

    Parameters
    ----------
    names : tuple of str
    values : ndarray, shape (n, k)
        Memberships from 0 to 1; of a multi-value condition its values 0, 1, 2, ...
    levels : tuple of int
        Values a condition may take; 2 for crisp and fuzzy ones.
    """

    names: tuple[str, ...]
    values: np.ndarray
    levels: tuple[int, ...]

    @property
    def k(self) -> int:
        return len(self.names)

    @cached_property
    def literals(self) -> tuple[np.ndarray, ...]:
        """For each condition the membership of each case in each value, shape (n, levels)."""
        return tuple(self._of(j) for j in range(self.k))

    def _of(self, j: int) -> np.ndarray:
        x = self.values[:, j]
        if self.levels[j] == 2:
            return np.column_stack([1 - x, x])
        return (x[:, None] == np.arange(self.levels[j])).astype(float)

    @cached_property
    def corners(self) -> np.ndarray:
        """Every combination of values, first condition slowest, shape (rows, k); row i is combination i."""
        return np.indices(self.levels).reshape(self.k, -1).T

    @cached_property
    def corner_memberships(self) -> np.ndarray:
        """Membership of each case in each corner, shape (n, rows)."""
        found = np.ones((len(self.values), 1))
        for literal in self.literals:
            found = np.minimum(found[:, :, None], literal[:, None, :]).reshape(len(self.values), -1)
        return found

    def membership(self, term: Term) -> np.ndarray:
        """Membership in a conjunction: the least of its literals; of the empty one 1."""
        chosen = [literal[:, v] for literal, v in zip(self.literals, term, strict=True) if v != ANY]
        return np.min(chosen, axis=0) if chosen else np.ones(len(self.values))

    def memberships(self, terms: Sequence[Term]) -> np.ndarray:
        """A column a term, shape (n, terms)."""
        return np.column_stack([self.membership(t) for t in terms]) if terms else np.empty((len(self.values), 0))

    def covers(self, term: Term) -> np.ndarray:
        """Which rows of the truth table a term holds, shape (rows,)."""
        wanted = np.array(term)
        return np.asarray(((self.corners == wanted) | (wanted == ANY)).all(axis=1))

    def text(self, term: Term) -> str:
        """`A*~B`, multi-value `A[2]*B`."""
        return "*".join(self.literal(j, v) for j, v in enumerate(term) if v != ANY) or "1"

    def literal(self, j: int, value: int) -> str:
        if self.levels[j] > 2 or max(self.levels) > 2:
            return f"{self.names[j]}[{value}]"
        return self.names[j] if value else f"~{self.names[j]}"

    def parse(self, text: str) -> tuple[Term, ...] | None:
        """Terms of `A*~B + C`; None where it cannot be read."""
        terms = []
        for part in text.split("+"):
            term = [ANY] * self.k
            for piece in part.split("*"):
                match = _LITERAL.match(piece)
                if not match or match[2] not in self.names:
                    return None
                j = self.names.index(match[2])
                value = int(match[3]) if match[3] else int(not match[1])
                if value >= self.levels[j] or term[j] not in (ANY, value):
                    return None
                term[j] = value
            terms.append(tuple(term))
        return tuple(terms)


def union(columns: np.ndarray) -> np.ndarray:
    """Membership in a disjunction: the greatest; of the empty one 0."""
    return columns.max(axis=1) if columns.shape[1] else np.zeros(len(columns))


def within(narrow: Term, wide: Term) -> bool:
    """Whether every literal of `wide` stands in `narrow`."""
    return all(w in (ANY, n) for n, w in zip(narrow, wide, strict=True))
