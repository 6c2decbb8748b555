"""One spreadsheet column below its header: which distinct texts it holds, and where each stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Place

if TYPE_CHECKING:
    from evalkit.sheets import Column, Sheet

EMPTY, TEXT, NUMBER, BOOL, ERROR, DATE = range(6)
"""Kinds of cells, as in `sheets`."""


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers of one column.

    Attributes
    ----------
    sheet : Sheet
    position : int
        Of the column in `Sheet.columns`.
    rows : ndarray of int, shape (n,)
        Positions in `Sheet.rows` of the respondents.
    """

    sheet: Sheet
    position: int
    rows: np.ndarray

    @property
    def column(self) -> Column:
        return self.sheet.columns[self.position]

    @property
    def letter(self) -> str:
        return self.column.letter

    @property
    def n(self) -> int:
        return len(self.rows)

    @cached_property
    def index(self) -> np.ndarray:
        """Position of each answer in `texts`, shape (n,)."""
        return self._compact[1]

    @cached_property
    def texts(self) -> list[str]:
        """Distinct texts in use; `""` stands for an empty cell."""
        distinct = self.column.distinct
        return [distinct[k] for k in self._compact[0].tolist()]

    @cached_property
    def counts(self) -> np.ndarray:
        """How often each of `texts` occurs."""
        return np.bincount(self.index, minlength=len(self.texts))

    @cached_property
    def _compact(self) -> tuple[np.ndarray, np.ndarray]:
        raw = self.column.index[self.rows]
        used = np.zeros(len(self.column.distinct), dtype=bool)
        used[raw] = True
        new = np.cumsum(used) - 1
        return np.flatnonzero(used), new[raw]

    @cached_property
    def kinds(self) -> np.ndarray:
        return self.column.kinds[self.rows]

    @cached_property
    def faulty(self) -> np.ndarray:
        """Where the cell holds an error or a formula without a value; `sheets` has listed them."""
        return self.kinds == ERROR

    def of_kind(self, kind: int) -> frozenset[int]:
        """Positions in `texts` that occur as cells of this kind."""
        return frozenset(np.unique(self.index[self.kinds == kind]).tolist())

    def place(self, k: int) -> Place:
        """The cell of the k-th respondent."""
        row = int(self.sheet.rows[self.rows[k]])
        return Place(file=self.sheet.book, sheet=self.sheet.name, cell=f"{self.letter}{row}")

    def rows_of(self, texts: Iterable[int]) -> np.ndarray:
        """Respondents whose cell holds one of these texts (positions in `texts`), top down; faulty cells apart."""
        wanted = np.zeros(len(self.texts), dtype=bool)
        wanted[list(texts)] = True
        return np.flatnonzero(wanted[self.index] & ~self.faulty)
