"""A workbook or a folder of tables in, the sheets of a casebook as frames out, every cell read and placed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import InputError, Place, Problem
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.matrix import matrix_ties
from evalkit.ingest.casebook.schema import SHEETS, Field, Form, column_words, folded, sheet_words, title_of
from evalkit.ingest.casebook.values import Fault, as_number, cleaned, half_width, value_of
from evalkit.sheets import Cell, Sheet, read_book
from evalkit.sheets.cells import column_letter

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods", ".xlsb")
SEARCHED_ROWS = 10
_NEAR, _NEAR_ATTRIBUTE = 0.75, 0.87


@dataclass
class Reading:
    """What is found while a casebook is read."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def fault(self, code: str, at: Place | None, /, **params: Any) -> None:
        self.problems.append(Problem(code, at, params))


def found_sheets(path: Path, reading: Reading, *, needed: bool = True) -> dict[str, Sheet]:
    """Sheet of a casebook -> sheet of a file.

    Raises
    ------
    InputError
        What `read_book` finds; E2100 where nothing is called as a sheet of a casebook is, and one is needed.
    """
    found: dict[str, Sheet] = {}
    others: list[tuple[str, Place]] = []
    words = sheet_words()
    for title, sheet in _all_sheets(path, reading):
        name = words.get(folded(title))
        if name is None or name in found:
            others.append((title, Place(sheet.book, sheet.name)))
        else:
            found[name] = sheet
            reading.problems += sheet.problems
    if not found and needed:
        raise InputError(Problem("E2100", Place(path.name), {"known": list(SHEETS)}))
    for title, at in others:
        near = difflib.get_close_matches(folded(title), words, 1, _NEAR)
        if near:
            reading.fault("W2101", at, sheet=title, near=title_of(words[near[0]]))
        else:
            reading.fault("N2102", at, sheet=title)
    return found


def _all_sheets(path: Path, reading: Reading) -> Iterator[tuple[str, Sheet]]:
    if not path.is_dir():
        book = read_book(path)
        reading.files[path.name] = book.sha256
        reading.problems += book.problems
        yield from ((sheet.name if len(book.sheets) > 1 else _single(sheet, path), sheet) for sheet in book.sheets)
        return
    words = sheet_words()
    for file in sorted(path.iterdir()):
        known = file.suffix.lower() in SUFFIXES and not file.name.startswith((".", "~"))
        if known and (folded(file.stem) in words or difflib.get_close_matches(folded(file.stem), words, 1, _NEAR)):
            book = read_book(file)
            reading.files[file.name] = book.sha256
            reading.problems += book.problems
            yield file.stem, book.sheets[0]


def _single(sheet: Sheet, path: Path) -> str:
    """The title of the only sheet of a file, or the file's name where the title says nothing."""
    return sheet.name if folded(sheet.name) in sheet_words() else path.stem


def read_sheet(name: str, sheet: Sheet | None, reading: Reading) -> Table:
    """One sheet as a frame; what is wrong with its headings and cells is told."""
    form = SHEETS[name]
    if sheet is None:
        return Table(pd.DataFrame({f.name: column_of([], f.kind) for f in form.fields}))
    matrix = matrix_ties(sheet, reading.problems) if name == "ties" else None
    if matrix is not None:
        return matrix
    top = _top(name, sheet)
    heads = _heads(name, form, sheet, top, reading)
    letters = {column: column_letter(sheet.columns[at].number) for column, at in heads.items()}
    rows = (np.flatnonzero(_filled(sheet)[top + 1 :]) + top + 1).tolist()
    columns: dict[str, pd.Series] = {}
    for f in form.fields:
        at = heads.pop(f.name, None)
        columns[f.name] = column_of([None] * len(rows), f.kind) if at is None else _read(sheet, rows, at, f, reading)
        if at is None and f.required and not _told(f.name, reading):
            head = Place(sheet.book, sheet.name, f"A{sheet.rows[top]}")
            reading.fault("E2106", head, column=f.name, sheet=title_of(name))
    columns |= {title: _attribute(title, sheet, rows, at) for title, at in heads.items()}
    numbers = tuple(int(sheet.rows[r]) for r in rows)
    return Table(pd.DataFrame(columns), sheet.book, sheet.name, numbers, letters, True)


def _filled(sheet: Sheet) -> np.ndarray:
    """Whether each row has a cell that says something."""
    found = np.zeros(sheet.n_rows, dtype=bool)
    for column in sheet.columns:
        found |= np.array([bool(cleaned(text)) for text in column.distinct], dtype=bool)[column.index]
    return found


def _told(column: str, reading: Reading) -> bool:
    """Whether a heading was already said to be meant for this column."""
    return any(p.code == "E2103" and p.params["near"] == column for p in reading.problems)


def _top(name: str, sheet: Sheet) -> int:
    """The row of the headings: of the first ones that which holds most of them, for a title may stand above."""
    words = column_words(name)
    named = [
        sum(folded(sheet.text(row, p)) in words for p in range(sheet.n_columns))
        for row in range(min(SEARCHED_ROWS, sheet.n_rows))
    ]
    return named.index(max(named)) if named else 0


def _heads(name: str, form: Form, sheet: Sheet, top: int, reading: Reading) -> dict[str, int]:
    """Column -> position; what is no column of a closed sheet is left out."""
    words = column_words(name)
    found: dict[str, int] = {}
    unknown: list[tuple[str, int]] = []
    for position in range(sheet.n_columns):
        title = half_width(sheet.text(top, position))
        column = words.get(folded(title))
        if not title:
            continue
        if column is None:
            unknown.append((title, position))
        elif column in found:
            first = sheet.cell(top, found[column]).a1
            reading.fault("E2107", sheet.cell(top, position).place, column=column, other=first)
        else:
            found[column] = position
    for title, position in unknown:
        lacking = {word: column for word, column in words.items() if column not in found}
        near = difflib.get_close_matches(folded(title), lacking, 1, _NEAR_ATTRIBUTE if form.open else _NEAR)
        at = sheet.cell(top, position).place
        if near and (not form.open or _required(form, lacking[near[0]])):
            reading.fault("E2103", at, column=title, near=lacking[near[0]])
        elif form.open:
            if near:
                reading.fault("W2105", at, column=title, near=lacking[near[0]])
            if title in found:
                reading.fault("E2107", at, column=title, other=sheet.cell(top, found[title]).a1)
            found.setdefault(title, position)
        else:
            reading.fault("N2104", at, column=title, known=list(form.names))
    return found


def _required(form: Form, column: str) -> bool:
    return any(f.required for f in form.fields if f.name == column)


def _read(sheet: Sheet, rows: list[int], at: int, f: Field, reading: Reading) -> pd.Series:
    """The values of a column, each distinct cell read once; None where it is empty or at fault."""
    column = sheet.columns[at]
    known: dict[tuple[int, int], Any] = {}
    values = []
    imprecise = {row for row, number in sheet.imprecise if number == column.number} if f.kind == "id" else set()
    kinds = column.kinds[rows].tolist()
    for row, key in zip(rows, zip(column.index[rows].tolist(), kinds, strict=True), strict=True):
        if key not in known:
            known[key] = _value(sheet.cell(row, at), f)
        value = known[key]
        if isinstance(value, Fault):
            reading.problems.append(value.problem(sheet.cell(row, at), f.name))
            value = None
        elif value is None and f.required:
            reading.fault("E2108", sheet.cell(row, at).place, column=f.name)
        elif imprecise and int(sheet.rows[row]) in imprecise:
            reading.problems.append(Fault("E2110").problem(sheet.cell(row, at), f.name))
        values.append(value)
    return column_of(values, f.kind)


def _value(cell: Cell, f: Field) -> Any:
    if not cleaned(cell.text):
        return None
    try:
        return value_of(cell, f)
    except Fault as fault:
        return fault


def _attribute(title: str, sheet: Sheet, rows: list[int], at: int) -> pd.Series:
    """A column of numbers where every cell is one (and no leading zero or title says it is an id), else of texts."""
    texts = [half_width(sheet.text(row, at)) for row in rows]
    told = [text for text in texts if text]
    coded = folded(title).endswith(("id", "编号", "代码")) or any(t[0] == "0" and t[1:2].isdigit() for t in told)
    if told and not coded and all(as_number(text) == as_number(text) for text in told):
        return column_of([as_number(text) if text else None for text in texts], "number")
    return column_of([text or None for text in texts], "text")


def column_of(values: list[Any], kind: str) -> pd.Series:
    """Values of a column, None where there is none: floats, or texts; both only where a `value` is either."""
    if kind in ("whole", "number", "share", "flag"):
        return pd.Series([float("nan") if v is None else v for v in values], dtype=float)
    if kind == "value":
        plain = [v for v in values if v is not None]
        if plain and all(isinstance(v, float) for v in plain):
            return column_of(values, "number")
        if any(isinstance(v, float) for v in plain):
            return pd.Series(values, dtype=object)
    return pd.Series(values, dtype="str")


def tables_of(path: Path, reading: Reading, *, needed: bool = True) -> Mapping[str, Table]:
    """Every sheet of a casebook as a table; where none is needed, there may be no sheet at all."""
    found = found_sheets(path, reading, needed=needed) if needed or path.is_dir() else {}
    return {name: read_sheet(name, found.get(name), reading) for name in SHEETS}
