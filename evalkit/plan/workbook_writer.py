"""The tables of a plan in, a workbook out that reads back as the same plan, with drop-downs for every closed choice."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evalkit.contract import Place, PlanError, Problem
from evalkit.contract.words import text_of
from evalkit.plan import workbook_layout as layout
from evalkit.plan.canonical import Key
from evalkit.plan.catalogue import NAMES
from evalkit.plan.cells import CellFault, shown
from evalkit.plan.recipe import ROLES
from evalkit.plan.schema import TABLES, TOP_KINDS
from evalkit.sheets.cells import column_letter

ROOM = 200
"""Empty rows below the last entry that have drop-downs too."""

_FONT = "Calibri"
_LINE, _MOST_LINES = 14, 24
"""Points of a line, and the most lines a row shows."""

_WIDE = {
    "x": 26,
    "y": 26,
    "covariates": 26,
    "formula": 46,
    "when": 34,
    "confirm_if": 50,
    "where": 26,
    "compute": 34,
    "items": 34,
    "variables": 34,
    "m": 26,
}
_OF_NAMES = frozenset({"weights", "strata", "clusters", "fpc", "fpc2", "rake", "community", "from", "controls"}) | NAMES
_STRICT = frozenset({"do", "template", "score", "aggregate"})
"""Choices that take one of the words and nothing else; where several may stand or more is known, the list is a help."""

_ONE_OR_SEVERAL = frozenset(
    {("data", "file"), ("", "language"), ("step", "hypothesis"), *(("roles", role) for role in ROLES)}
)
"""A text and a list with that text are one thing here, so that the cell need not tell them apart."""


@dataclass(frozen=True)
class Name:
    """A column or scale of the data, for the list of names."""

    id: str
    label: str


def write_workbook(raw: Mapping[str, Any], path: Path, *, lang: str, names: Sequence[Name] = ()) -> None:
    """Write the tables of a valid plan as a workbook.

    Parameters
    ----------
    raw : mapping
        As `tomllib` gives them.
    lang : {"zh", "en"}
        Of headings, words and comments; the reader takes both.
    names : sequence of Name
        Offered in the cells that take names of columns and scales.

    Raises
    ------
    PlanError
        E544 for a value longer than a cell.
    OutputError
        E131 if the file cannot be written.
    """
    from evalkit.sheets import save_workbook

    save_workbook(_Writing(path.name, lang, names).workbook(raw), path)


class _Writing:
    def __init__(self, file: str, lang: str, names: Sequence[Name]) -> None:
        from openpyxl import Workbook

        self.file, self.lang, self.names = file, lang, names
        self.book = Workbook()
        self.problems: list[Problem] = []
        self.lists: dict[Key, str] = {}  # (table, 0, key) of a choice -> its range

    def workbook(self, raw: Mapping[str, Any]) -> Any:
        rest = {name: [dict(entry) for entry in raw.get(name, ())] for name in layout.tables()}
        groups = [row for entry in rest["derive"] for row in _groups(entry)]
        self._choices_first()
        self._settings(raw)
        for table in layout.tables():
            self._table(table, rest[table])
            if table == "derive":
                self._categories(groups)
        self._names()
        choices = self.book[layout.sheet_title(layout.CHOICES, self.lang)]
        choices.sheet_state = "hidden"
        self.book.move_sheet(choices, len(self.book.sheetnames))
        self.book.active = 0
        if self.problems:
            raise PlanError(self.problems)
        return self.book

    # -- the sheets ---------------------------------------------------------------------------

    def _choices_first(self) -> None:
        """The hidden lists behind the drop-downs: a formula of a validation can hold 255 characters only."""
        sheet = self.book.active
        sheet.title = layout.sheet_title(layout.CHOICES, self.lang)
        found: dict[tuple[str, ...], str] = {}
        yes_no = tuple(text_of(key, self.lang) for key in ("plan.yes", "plan.no"))
        keys = [*(("", key) for key in TOP_KINDS), *((t, k) for t, known in TABLES.items() for k in known)]
        keys += [("step", key) for key in layout.columns("step")]
        for table, key in dict.fromkeys(keys):
            words = tuple(layout.word_of(key, value, self.lang) for value in layout.choices(table, key))
            if layout.shape_of(table, key).kinds == {"bool"}:
                words = yes_no
            if words and words not in found:
                found[words] = self._list(sheet, len(found) + 1, key, words)
            if words:
                self.lists[table, 0, key] = found[words]

    def _list(self, sheet: Any, position: int, title: str, words: Sequence[str]) -> str:
        for row, word in enumerate((title, *words), start=1):
            _put(sheet.cell(row, position), word)
        letter = column_letter(position)
        return f"'{sheet.title}'!${letter}$2:${letter}${len(words) + 1}"

    def _settings(self, raw: Mapping[str, Any]) -> None:
        sheet = self._sheet(layout.SETTINGS, (34, 60, 70))
        self._head(sheet, [text_of(key, self.lang) for key in ("plan.setting", "plan.value", "plan.notes")], [""] * 3)
        row = 1
        part = ""
        for table, column in layout.settings():
            if table != part:
                row += 1
                part = table
                _section(sheet, row, layout.sheet_title(table, self.lang))
            row += 1
            _put(sheet.cell(row, 1), layout.heading(table, column, self.lang))
            _put(sheet.cell(row, 3), layout.explanation(table, column, self.lang))
            sheet.cell(row, 3).style = "Explanatory Text"
            _wrap(sheet.cell(row, 3))
            entry = raw.get(table, {}) if table else raw
            self._value(sheet.cell(row, 2), entry, table, column)
            self._drop_down(sheet, table, column, f"B{row}")
        _fit_heights(sheet)

    def _table(self, table: str, entries: Sequence[Mapping[str, Any]]) -> None:
        used = sorted({key for entry in entries for key in entry})
        columns = layout.columns(table, used)
        held = {key for entry in entries for key, value in entry.items() if value is not None}
        sheet = self._sheet(table, [_width(column, column.partition(".")[0] in held) for column in columns])
        self._head(
            sheet,
            [layout.heading(table, column, self.lang) for column in columns],
            [layout.explanation(table, column, self.lang) for column in columns],
        )
        for row, entry in enumerate(entries, start=2):
            for position, column in enumerate(columns, start=1):
                self._value(sheet.cell(row, position), entry, table, column)
        for position, column in enumerate(columns, start=1):
            letter = column_letter(position)
            self._drop_down(sheet, table, column, f"{letter}2:{letter}{len(entries) + ROOM}")
        _fit_heights(sheet)

    def _categories(self, groups: Sequence[Mapping[str, Any]]) -> None:
        columns = layout.CATEGORY_KEYS
        sheet = self._sheet(layout.CATEGORIES, [20, 14, 18, 30, 30])
        self._head(
            sheet,
            [layout.heading(layout.CATEGORIES, column, self.lang) for column in columns],
            [layout.explanation(layout.CATEGORIES, column, self.lang) for column in columns],
        )
        for row, group in enumerate(groups, start=2):
            for position, column in enumerate(columns, start=1):
                self._value(sheet.cell(row, position), group, layout.CATEGORIES, column)
        _fit_heights(sheet)

    def _names(self) -> None:
        """Every name that a step may use, to look up and to choose from."""
        if not self.names:
            return
        sheet = self._sheet(layout.NAMES, (34, 60))
        self._head(sheet, [text_of(key, self.lang) for key in ("plan.key.id", "plan.label")], [""] * 2)
        for row, name in enumerate(self.names, start=2):
            _put(sheet.cell(row, 1), name.id)
            _put(sheet.cell(row, 2), name.label)
        _fit_heights(sheet)

    # -- the parts of a sheet -----------------------------------------------------------------

    def _sheet(self, name: str, widths: Sequence[float]) -> Any:
        sheet = self.book.create_sheet(layout.sheet_title(name, self.lang))
        for position, width in enumerate(widths, start=1):
            sheet.column_dimensions[column_letter(position)].width = width
        sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        return sheet

    def _head(self, sheet: Any, words: Sequence[str], comments: Sequence[str]) -> None:
        from openpyxl.comments import Comment
        from openpyxl.styles import Font, PatternFill

        sheet.freeze_panes = "B2"
        for position, (word, comment) in enumerate(zip(words, comments, strict=True), start=1):
            cell = sheet.cell(1, position)
            _put(cell, word)
            cell.font, cell.fill = Font(name=_FONT, bold=True), PatternFill("solid", fgColor="DDE6EE")
            _wrap(cell)
            if comment:
                cell.comment = Comment(comment, "evalkit", width=320, height=110)

    def _value(self, cell: Any, entry: Mapping[str, Any], table: str, column: str) -> None:
        key, _, lang = column.partition(".")
        value = entry.get(key)
        if lang:
            value = value.get(lang) if isinstance(value, Mapping) else None
        if value is None:
            return
        if (table, key) in _ONE_OR_SEVERAL and isinstance(value, str):
            value = [value]
        shape = layout.shape_of(table, column, str(entry.get("do", "")) if table == "step" else "")
        try:
            found = shown(value, shape, self.lang)
        except CellFault:
            place = Place(self.file, cell.parent.title, cell.coordinate)
            self.problems.append(Problem("E544", place, {"key": layout.heading(table, column, self.lang)}))
            return
        _put(cell, found)

    def _drop_down(self, sheet: Any, table: str, column: str, cells: str) -> None:
        from openpyxl.worksheet.datavalidation import DataValidation

        source = self.lists.get((table, 0, column))
        if source is None and self.names and column in _OF_NAMES and table != "scales":
            source = f"'{layout.sheet_title(layout.NAMES, self.lang)}'!$A$2:$A${len(self.names) + 1}"
        if source is None:
            return
        strict = column in _STRICT or layout.shape_of(table, column).kinds == {"bool"}
        rule = DataValidation("list", formula1=source, allow_blank=True, showErrorMessage=strict)
        rule.add(cells)
        sheet.add_data_validation(rule)


def _groups(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of named bands or merged groups; taken out of the entry where they all fit the categories' sheet."""
    keys = [key for key in ("bands", "merge") if key in entry]
    if len(keys) != 1 or not isinstance(entry[keys[0]], list) or not entry[keys[0]]:
        return
    bands = keys == ["bands"]
    known = {"below", "zh", "en"} if bands else {"codes", "zh", "en"}
    listed = entry[keys[0]]
    if not all(isinstance(g, Mapping) and g and g.keys() <= known and (bands or _codes(g)) for g in listed):
        return
    if not all(isinstance(g.get(lang, ""), str) for g in listed for lang in ("zh", "en")):
        return
    del entry[keys[0]]
    yield from ({"id": entry["id"], **group} for group in listed)


def _codes(group: Mapping[str, Any]) -> bool:
    return isinstance(group.get("codes"), list)


def _width(column: str, held: bool) -> float:
    """Columns that hold nothing are narrow, so that the others are seen together."""
    key, _, lang = column.partition(".")
    wide = _WIDE.get(column, 26 if lang or key in ("zh", "en") else 18)
    return wide if held or column in ("id", "do") else 14


def _fit_heights(sheet: Any) -> None:
    """Rows as high as their longest text needs: not every program finds that out when it opens the file."""
    for row, cells in enumerate(sheet.iter_rows(), start=1):
        lines = [
            sum(
                max(1, math.ceil(_drawn_width(line) / (sheet.column_dimensions[cell.column_letter].width - 1)))
                for line in text.split("\n")
            )
            for cell in cells
            if (text := "" if cell.value is None else str(cell.value))
        ]
        if max(lines, default=1) > 1:
            sheet.row_dimensions[row].height = _LINE * min(1.2 * max(lines), _MOST_LINES)


def _drawn_width(text: str) -> float:
    """In digits of the default font: a Chinese character is two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _put(cell: Any, value: str | int | float) -> None:
    """A number as a number; text as text, whatever it begins with."""
    if value != "":
        cell.value = value
        _wrap(cell)
    if isinstance(value, str) and value:
        cell.data_type = "s"  # not a formula, not an error code


def _wrap(cell: Any) -> None:
    cell.alignment = _wrapped()


@cache
def _wrapped() -> Any:
    from openpyxl.styles import Alignment

    return Alignment(horizontal="left", vertical="top", wrap_text=True)


def _section(sheet: Any, row: int, title: str) -> None:
    from openpyxl.styles import Font, PatternFill

    for position in (1, 2, 3):
        sheet.cell(row, position).fill = PatternFill("solid", fgColor="EEF2F6")
    _put(sheet.cell(row, 1), title)
    sheet.cell(row, 1).font = Font(name=_FONT, bold=True)
