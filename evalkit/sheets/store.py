"""Cells in any order in, columnar Sheets out. One int32 a cell is all that stays in memory while reading."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets.cells import EMPTY, ERROR, MAX_COLUMN, NUMBER, Column, Sheet, address, column_letter
from evalkit.sheets.values import is_imprecise

MAX_CELLS = 60_000_000  # cells with a value in one sheet
MAX_BOX = 120_000_000  # rows with a value x columns with a value: 5 bytes each in the finished sheet
MAX_TEXTS = 5_000_000  # distinct texts of a book
FAR_ROWS, FAR_COLUMNS = 1000, 100  # a longer gap makes what follows a stray
LISTED = 1000  # problems of one kind named cell by cell in one sheet

_SETTLE = 1 << 20


class Texts:
    """The distinct values of a book. A token stands for (text, kind); equal texts share one text id.

    Attributes
    ----------
    texts : list of str
        By text id; `texts[0]` is the empty text.
    blank, no_value : int
        Tokens of the empty cell and of a formula without a stored value.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.texts: list[str] = [""]
        self._ids: dict[str, int] = {"": 0}
        self.text_of = array("i")
        self.kind_of = array("b")
        self.imprecise: list[int] = []
        self.blank, self.no_value = 0, 1
        for kind in (EMPTY, ERROR):
            self.text_of.append(0)
            self.kind_of.append(kind)

    def add(self, text: str, kind: int) -> int:
        """A new token; that of the empty cell for kind EMPTY."""
        if kind == EMPTY:
            return self.blank
        identity = self._ids.setdefault(text, len(self.texts))
        if identity == len(self.texts):
            if identity >= MAX_TEXTS:
                raise too_much(self.file)
            self.texts.append(text)
        token = len(self.text_of)
        self.text_of.append(identity)
        self.kind_of.append(kind)
        if kind == NUMBER and is_imprecise(text):
            self.imprecise.append(token)
        return token


def too_much(file: str) -> InputError:
    """E118: more cells, columns or distinct texts than this program will hold."""
    limits = {"cells": f"{MAX_CELLS:,}", "columns": f"{MAX_COLUMN:,}", "texts": f"{MAX_TEXTS:,}"}
    return InputError(Problem("E118", Place(file), limits))


@dataclass
class SheetBuilder:
    """Collects the cells of one sheet.

    Attributes
    ----------
    hidden_rows : set of int
    hidden_columns : list of (first, last)
    merged : list of (first row, first column, last row, last column)
    """

    file: str
    name: str
    texts: Texts
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    _pending: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    _waiting: int = 0
    _n_cells: int = 0
    _formulas: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    _settled: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    _used_rows: np.ndarray = field(default_factory=lambda: np.zeros(1 << 16, dtype=bool))
    _used_columns: np.ndarray = field(default_factory=lambda: np.zeros(MAX_COLUMN + 1, dtype=bool))

    def add(self, rows: np.ndarray, columns: np.ndarray, tokens: np.ndarray) -> None:
        """Take cells: int32 row numbers, int16 column numbers, int32 tokens, all of one length.

        Blank tokens are dropped; of two values for one address the later stays.

        Raises
        ------
        InputError
            E118 beyond MAX_CELLS.
        """
        keep = tokens != self.texts.blank
        if not keep.all():
            rows, columns, tokens = rows[keep], columns[keep], tokens[keep]
        last = int(rows.max(initial=0))
        if last >= len(self._used_rows):
            self._used_rows = np.concatenate([self._used_rows, np.zeros(last, dtype=bool)])
        self._used_rows[rows] = True
        self._used_columns[columns] = True
        self._pending.append((columns, rows, tokens))
        self._waiting += len(rows)
        self._n_cells += len(rows)
        if self._n_cells > MAX_CELLS:
            raise too_much(self.file)
        if self._waiting >= _SETTLE:
            self._settle()

    def add_formulas(self, rows: np.ndarray, columns: np.ndarray) -> None:
        """Note which cells hold a formula."""
        if len(rows):
            self._formulas.append((rows, columns))

    def _settle(self) -> None:
        """Sort what is waiting by column, so that a column is one slice of each settled piece."""
        if not self._pending:
            return
        columns, rows, tokens = (np.concatenate(part) for part in zip(*self._pending, strict=True))
        order = np.argsort(columns, kind="stable")
        starts = np.searchsorted(columns[order], np.arange(MAX_COLUMN + 2))
        self._settled.append((starts, rows[order], tokens[order]))
        self._pending, self._waiting = [], 0

    def finish(self) -> Sheet | None:
        """The finished sheet; None if no cell holds a value.

        Raises
        ------
        InputError
            E118 if the values lie so scattered that the table would be larger than MAX_BOX.
        """
        self._settle()
        if not self._used_rows.any():
            return None
        self._used_columns[1] = True
        rows, far_row = _with_small_gaps(np.flatnonzero(self._used_rows), FAR_ROWS)
        columns, far_column = _with_small_gaps(np.flatnonzero(self._used_columns), FAR_COLUMNS)
        if len(rows) * np.count_nonzero(self._used_columns) > MAX_BOX:
            raise too_much(self.file)
        tables = _Tables(self, rows)
        finished = tuple(tables.column(int(number)) for number in columns)
        strays = tables.strays(far_row, far_column)
        present, used = frozenset(rows.tolist()), frozenset(columns.tolist())
        hidden_columns = frozenset(c for first, last in self.hidden_columns for c in used if first <= c <= last)
        hidden_rows = frozenset(self.hidden_rows) & present
        notes = self._notes(strays, hidden_rows, hidden_columns)
        return Sheet(
            self.file,
            self.name,
            rows,
            finished,
            hidden_rows,
            hidden_columns,
            tuple(self.merged),
            (*tables.cell_problems(), *notes),
            frozenset(tables.imprecise),
        )

    def _notes(self, strays: set[str], hidden_rows: frozenset[int], hidden_columns: frozenset[int]) -> list[Problem]:
        here = Place(self.file, self.name)
        notes = [Problem("W204", Place(self.file, self.name, a1)) for a1 in sorted(strays)]
        if hidden_rows:
            notes.append(Problem("N205", here, {"n": len(hidden_rows), "first": min(hidden_rows)}))
        if hidden_columns:
            letters = [column_letter(c) for c in sorted(hidden_columns)[:10]]
            notes.append(Problem("N206", here, {"n": len(hidden_columns), "columns": letters}))
        return notes


class _Tables:
    """Turns settled pieces into Columns; holds the arrays every column needs."""

    def __init__(self, builder: SheetBuilder, rows: np.ndarray) -> None:
        self.builder, self.rows = builder, rows
        self.position = np.zeros(int(rows[-1]) + 1, dtype=np.int32)
        self.position[rows] = np.arange(len(rows), dtype=np.int32)
        texts = builder.texts
        self.text_of = np.array(texts.text_of, dtype=np.int32)
        self.kind_of = np.array(texts.kind_of, dtype=np.int8)
        self.imprecise_token = np.zeros(len(self.text_of), dtype=bool)
        self.imprecise_token[texts.imprecise] = True
        self.first = np.full(len(texts.texts), len(rows), dtype=np.int32)
        self.local = np.zeros(len(texts.texts), dtype=np.int32)
        self.nothing = _frozen(np.zeros(len(rows), dtype=np.int32))
        self.no_kinds = _frozen(np.zeros(len(rows), dtype=np.int8))
        self.no_formula = _frozen(np.zeros(len(rows), dtype=bool))
        self.pieces = builder._settled
        self.formulas = _by_column(builder._formulas)
        self.errors: list[tuple[int, int, str]] = []
        self.imprecise: list[tuple[int, int]] = []

    def column(self, number: int) -> Column:
        slices = [
            (rows[s[number] : s[number + 1]], tokens[s[number] : s[number + 1]]) for s, rows, tokens in self.pieces
        ]
        letter = column_letter(number)
        if not any(len(rows) for rows, _ in slices):
            return Column(letter, number, ("",), self.nothing, self.no_kinds, self._formula(number))
        where = self.position[np.concatenate([rows for rows, _ in slices])]
        tokens = np.concatenate([tokens for _, tokens in slices])
        identity, kinds = np.zeros(len(self.rows), dtype=np.int32), np.zeros(len(self.rows), dtype=np.int8)
        identity[where] = self.text_of[tokens]
        kinds[where] = self.kind_of[tokens]
        self._note_cells(number, where, tokens, identity, kinds)
        distinct, index = self._by_appearance(identity)
        return Column(letter, number, distinct, _frozen(index), _frozen(kinds), self._formula(number))

    def _by_appearance(self, identity: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
        """Distinct texts in order of first appearance and each row's position among them."""
        place = np.arange(len(identity), dtype=np.int32)
        np.minimum.at(self.first, identity, place)
        opening = np.flatnonzero((self.first[identity] == place) & (identity != 0))
        found = identity[opening]
        self.local[found] = np.arange(1, len(found) + 1, dtype=np.int32)
        index = self.local[identity]
        self.first[identity] = len(self.rows)
        texts = self.builder.texts.texts
        return ("", *(texts[k] for k in found.tolist())), index

    def _note_cells(
        self, number: int, where: np.ndarray, tokens: np.ndarray, identity: np.ndarray, kinds: np.ndarray
    ) -> None:
        texts = self.builder.texts.texts
        for at in np.flatnonzero(kinds == ERROR).tolist():
            self.errors.append((int(self.rows[at]), number, texts[identity[at]]))
        if self.imprecise_token.any():
            self.imprecise += [(int(self.rows[at]), number) for at in where[self.imprecise_token[tokens]]]

    def _formula(self, number: int) -> np.ndarray:
        rows = self.formulas.get(number)
        if rows is None:
            return self.no_formula
        flags = np.zeros(len(self.rows), dtype=bool)
        flags[self.position[rows[np.isin(rows, self.rows)]]] = True
        return _frozen(flags)

    def strays(self, far_row: int, far_column: int) -> set[str]:
        """A1 of the first cell in a row and in a column that lie beyond a long gap (0: there is none)."""
        found = set()
        if far_row:
            columns = [np.searchsorted(s, np.flatnonzero(rows == far_row), "right") - 1 for s, rows, _ in self.pieces]
            found.add(address(far_row, int(np.concatenate(columns).min())))
        if far_column:
            rows_of = [rows[s[far_column] : s[far_column + 1]] for s, rows, _ in self.pieces]
            found.add(address(int(np.concatenate(rows_of).min()), far_column))
        return found

    def cell_problems(self) -> list[Problem]:
        """E201 imprecise, E202 error cell, E203 formula without value: in sheet order, LISTED of each kind."""
        kinds: dict[str, list[tuple[int, int, dict[str, str]]]] = {"E201": [], "E202": [], "E203": []}
        kinds["E201"] = [(row, column, {}) for row, column in sorted(self.imprecise)]
        for row, column, text in sorted(self.errors):
            kinds["E202" if text else "E203"].append((row, column, {"error": text} if text else {}))
        book, name = self.builder.file, self.builder.name
        problems = []
        for code, cells in kinds.items():
            problems += [Problem(code, Place(book, name, address(r, c)), params) for r, c, params in cells[:LISTED]]
            if len(cells) > LISTED:
                problems.append(Problem("N208", Place(book, name), {"n": len(cells) - LISTED, "code": code}))
        return problems


def _with_small_gaps(used: np.ndarray, far: int) -> tuple[np.ndarray, int]:
    """All numbers from the first used one to the last, but none of a gap longer than `far`.

    Also the first used number beyond such a gap, 0 if there is none.
    """
    strays = np.flatnonzero(np.diff(used) > far) + 1
    spans = [np.arange(piece[0], piece[-1] + 1, dtype=np.int32) for piece in np.split(used, strays)]
    return _frozen(np.concatenate(spans)), int(used[strays[0]]) if len(strays) else 0


def _by_column(cells: list[tuple[np.ndarray, np.ndarray]]) -> dict[int, np.ndarray]:
    """(rows, columns) pieces -> column number -> its rows."""
    if not cells:
        return {}
    rows, columns = (np.concatenate(part) for part in zip(*cells, strict=True))
    order = np.argsort(columns, kind="stable")
    numbers, starts = np.unique(columns[order], return_index=True)
    return dict(zip(numbers.tolist(), np.split(rows[order], starts[1:]), strict=True))


def _frozen(values: np.ndarray) -> np.ndarray:
    values.flags.writeable = False
    return values
