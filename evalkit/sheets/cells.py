"""What a spreadsheet file becomes: a Book of Sheets of Columns, columnar and interned; a Cell only on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from evalkit.contract.problems import Place, Problem

EMPTY, TEXT, NUMBER, BOOL, ERROR, DATE = range(6)

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384


@cache
def column_letter(number: int) -> str:
    """`1` -> `A`, `27` -> `AA`, `16384` -> `XFD`."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@lru_cache(maxsize=MAX_COLUMN)
def column_number(letters: str) -> int:
    """`A` -> 1, `XFD` -> 16384; 0 for what is no column of a worksheet."""
    number = 0
    for letter in letters:
        if not "A" <= letter <= "Z" or number > MAX_COLUMN:
            return 0
        number = number * 26 + ord(letter) - 64
    return number if number <= MAX_COLUMN else 0


def address(row: int, column: int) -> str:
    """A1 name of a cell, both numbers counted from 1."""
    return f"{column_letter(column)}{row}"


def split_address(a1: str) -> tuple[int, int]:
    """`C17` (also `$C$17`) -> (17, 3); (0, 0) for what is no cell address."""
    plain = a1.replace("$", "")
    letters = plain.rstrip("0123456789")
    digits = plain[len(letters) :]
    if not 0 < len(digits) < 9:
        return 0, 0
    row, column = int(digits), column_number(letters)
    return (row, column) if 0 < row <= MAX_ROW and column else (0, 0)


@dataclass(frozen=True)
class Cell:
    """One cell, made only where somebody asks for it.

    Attributes
    ----------
    value : float, bool, str, datetime or None
        A clock time or duration (kind DATE, text `h:mm:ss`) keeps its text.
    kind : int
        EMPTY, TEXT, NUMBER, BOOL, ERROR or DATE.
    """

    book: str
    sheet: str
    a1: str
    value: float | bool | str | datetime | None
    text: str
    kind: int

    @property
    def place(self) -> Place:
        """Where the cell stands, for a Problem."""
        return Place(file=self.book, sheet=self.sheet, cell=self.a1)


@dataclass(frozen=True)
class Description:
    """What a file of a statistics package says about a variable.

    Attributes
    ----------
    label : str
        The question's wording; may be empty.
    values : mapping
        Cell text -> value label.
    missing : frozenset of str
        Cell texts declared missing by the user.
    measure : str
        `nominal`, `ordinal`, `scale`, or empty where the file does not say.
    group, group_label : str
        The multiple response that the variable is a part of, and its wording.
    counted : str
        In a set of dichotomies the cell text that means chosen; empty in a set of which every variable names an option.
    """

    label: str = ""
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    missing: frozenset[str] = frozenset()
    measure: str = ""
    group: str = ""
    group_label: str = ""
    counted: str = ""


@dataclass(frozen=True, eq=False)
class Column:
    """One spreadsheet column.

    Attributes
    ----------
    letter, number : str, int
        `C` and 3.
    distinct : tuple of str
        Distinct texts in order of first appearance; `distinct[0]` is always the empty text.
    index : int32 array, shape (n_rows,)
        Position in `distinct`, one per entry of `Sheet.rows`.
    kinds : int8 array, shape (n_rows,)
    formula : bool array, shape (n_rows,)
        The cell holds a formula (always False where the format does not tell: xls, xlsb, ods, text files).
    described : Description, optional
        Of a variable of a statistics package; None in a spreadsheet.
    """

    letter: str
    number: int
    distinct: tuple[str, ...]
    index: np.ndarray
    kinds: np.ndarray
    formula: np.ndarray
    described: Description | None = None

    def numbers(self) -> np.ndarray:
        """Float64 array: the value where the kind is NUMBER, otherwise nan."""
        out = np.full(len(self.index), np.nan)
        where = self.kinds == NUMBER
        used = np.unique(self.index[where])
        values = np.full(len(self.distinct), np.nan)
        values[used] = [float(self.distinct[k]) for k in used]
        out[where] = values[self.index[where]]
        return out

    def dates(self) -> np.ndarray:
        """`datetime64[ms]` array: the day and time where the kind is DATE, otherwise (and for durations) NaT."""
        out = np.full(len(self.index), np.datetime64("NaT"), dtype="datetime64[ms]")
        where = self.kinds == DATE
        used = np.unique(self.index[where])
        values = np.full(len(self.distinct), np.datetime64("NaT"), dtype="datetime64[ms]")
        texts = [self.distinct[k] for k in used]
        values[used] = [np.datetime64(text if _is_moment(text) else "NaT", "ms") for text in texts]
        out[where] = values[self.index[where]]
        return out


@dataclass(frozen=True, eq=False)
class Sheet:
    """The cells of one worksheet.

    Attributes
    ----------
    rows : int32 array
        Spreadsheet row numbers (1 = first), ascending, from the first row with a value to the last; blank rows
        in between are there too, except in a gap so long that the rows behind it are strays (W204).
    columns : tuple of Column
        From column A to the last used one, empty ones included; a gap so wide that what follows is a stray
        is left out, so look at `Column.number`, not at the position.
    merged : tuple of (first row, first column, last row, last column)
    imprecise : frozenset of (row number, column number)
        Whole numbers of 16 and more digits: a spreadsheet has rounded them, they can be no key.
    problems : tuple of Problem
        What was found while reading (codes 201-219).
    """

    book: str
    name: str
    rows: np.ndarray
    columns: tuple[Column, ...]
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()
    problems: tuple[Problem, ...] = ()
    imprecise: frozenset[tuple[int, int]] = field(default=frozenset())

    @property
    def n_rows(self) -> int:
        return len(self.rows)

    @property
    def n_columns(self) -> int:
        return len(self.columns)

    def text(self, row_position: int, column_position: int) -> str:
        """Raw text of a cell, by positions in `rows` and `columns`."""
        column = self.columns[column_position]
        return column.distinct[int(column.index[row_position])]

    def cell(self, row_position: int, column_position: int) -> Cell:
        """A cell with its address and value, by positions in `rows` and `columns`."""
        column = self.columns[column_position]
        text, kind = column.distinct[column.index[row_position]], int(column.kinds[row_position])
        a1 = f"{column.letter}{self.rows[row_position]}"
        return Cell(self.book, self.name, a1, cell_value(text, kind), text, kind)

    def cells(self, column_position: int, distinct_position: int) -> tuple[Cell, ...]:
        """Every cell of a column that holds one of its distinct texts, top down."""
        where = np.flatnonzero(self.columns[column_position].index == distinct_position)
        return tuple(self.cell(int(k), column_position) for k in where)

    def header(self, row_positions: list[int]) -> list[str]:
        """Header text of every column; a merged header cell counts for each column (and row) it spans.

        Several rows are joined by `—`, the mark between stem and row title that survey platforms use; a
        text merged over several rows stands once.
        """
        spans = self._spans([int(self.rows[p]) for p in row_positions])
        return [self._header_of(k, row_positions, spans) for k in range(self.n_columns)]

    def _header_of(self, position: int, row_positions: list[int], spans: dict[tuple[int, int], tuple[int, int]]) -> str:
        column = self.columns[position]
        parts: list[str] = []
        sources: set[tuple[int, int]] = set()
        for row_position in row_positions:
            row = int(self.rows[row_position])
            source = spans.get((row, column.number), (row, column.number))
            text = self._text_at(*source)
            if text and source not in sources:
                parts.append(text)
            sources.add(source)
        return "—".join(parts)

    def _spans(self, rows: list[int]) -> dict[tuple[int, int], tuple[int, int]]:
        """(row, column) of each header cell inside a merged range -> the range's first cell."""
        numbers = [column.number for column in self.columns]
        return {
            (row, number): (top, left)
            for top, left, bottom, right in self.merged
            for row in rows
            if top <= row <= bottom
            for number in numbers
            if left <= number <= right
        }

    def _text_at(self, row: int, column: int) -> str:
        row_position = int(np.searchsorted(self.rows, row))
        column_position = self._positions.get(column)
        if column_position is None or row_position >= self.n_rows or self.rows[row_position] != row:
            return ""
        return self.text(row_position, column_position)

    @cached_property
    def _positions(self) -> dict[int, int]:
        """Column number -> position in `columns`."""
        return {column.number: position for position, column in enumerate(self.columns)}


@dataclass(frozen=True, eq=False)
class Book:
    """A spreadsheet or text file as read.

    Attributes
    ----------
    name : str
        File name without folders: the only part of the path that appears in outputs.
    sheets : tuple of Sheet
        Visible sheets that hold a value (or those asked for by name).
    hidden_sheets : tuple of str
        Names of hidden and very hidden sheets: not read unless asked for.
    problems : tuple of Problem
        What concerns the file (codes 101-149); each sheet has its own.
    format : str
        `xlsx xls xlsb ods csv tsv html sav dta`, by content, not by file name.
    sha256 : str
        Hash of the file's bytes.
    """

    path: Path
    name: str
    sheets: tuple[Sheet, ...]
    hidden_sheets: tuple[str, ...]
    problems: tuple[Problem, ...]
    format: str
    sha256: str


def cell_value(text: str, kind: int) -> float | bool | str | datetime | None:
    """The Python value of a cell's text and kind."""
    if kind == NUMBER:
        return float(text)
    if kind == BOOL:
        return text == "TRUE"
    if kind == DATE and _is_moment(text):
        return datetime.fromisoformat(text)
    return text if kind != EMPTY else None


def _is_moment(text: str) -> bool:
    """A day, with or without time: `2026-09-03`; a clock time or duration has no hyphen but a leading minus."""
    return "-" in text[1:]
