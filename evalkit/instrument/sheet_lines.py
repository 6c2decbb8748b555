"""A sheet with one header row in, its lines by column name out; and lines in, a workbook's sheets out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.contract.problems import InstrumentError, Place, Problem
from evalkit.sheets import Sheet, clean_text, safe_cell
from evalkit.sheets.cells import column_letter
from evalkit.sheets.text import CELL_LIMIT

TEXTS = "evalkit_texts"
"""Sheet of the texts that no spreadsheet cell can hold as they are (control characters): address, exact text."""


@dataclass(frozen=True)
class Line:
    """One row below the header: column name -> text (columns without a text are left out)."""

    file: str
    sheet: str
    row: int
    cells: Mapping[str, str]
    letters: Mapping[str, str]

    def get(self, column: str) -> str:
        """The text of a column; empty if there is none."""
        return self.cells.get(column, "")

    def place(self, column: str = "") -> Place:
        """The cell of a column, else of the first one."""
        letter = self.letters.get(column) or next(iter(self.letters.values()), "A")
        return Place(self.file, self.sheet, f"{letter}{self.row}")


def read_lines(sheet: Sheet, heading: Callable[[str], str], exact: Mapping[str, str] | None = None) -> list[Line]:
    """Every row with a text below the first one that has any.

    Parameters
    ----------
    heading : callable
        Header text -> column name.
    exact : mapping, optional
        A1 address -> exact text (see `TEXTS`), taken where the cell still holds what was written for it.
    """
    rows = [[sheet.text(r, c) for c in range(sheet.n_columns)] for r in range(sheet.n_rows)]
    top = next((r for r, texts in enumerate(rows) if any(text.strip() for text in texts)), len(rows))
    if top == len(rows):
        return []
    letters: dict[str, str] = {}
    for column, text in zip(sheet.columns, rows[top], strict=True):
        if text.strip():
            letters.setdefault(heading(text), column.letter)
    named = {letter: name for name, letter in letters.items()}
    lines = []
    for r in range(top + 1, len(rows)):
        row = int(sheet.rows[r])
        cells = {}
        for column, text in zip(sheet.columns, rows[r], strict=True):
            whole = (exact or {}).get(f"{column.letter}{row}")
            found = whole if whole is not None and clean_text(whole) == text else text
            if found and column.letter in named:
                cells[named[column.letter]] = found
        if any(text.strip() or text for text in cells.values()):
            lines.append(Line(sheet.book, sheet.name, row, cells, letters))
    return lines


def exact_texts(sheet: Sheet | None) -> dict[str, dict[str, str]]:
    """Sheet title -> A1 address -> exact text."""
    found: dict[str, dict[str, str]] = {}
    for line in read_lines(sheet, str) if sheet is not None else []:
        try:
            whole = json.loads(line.get("text"))
        except ValueError:
            continue  # the cell itself holds the readable part
        if isinstance(whole, str):
            found.setdefault(line.get("sheet"), {})[line.get("cell")] = whole
    return found


@dataclass(frozen=True)
class _Planned:
    """A sheet before it is made."""

    title: str
    columns: Sequence[str]
    lines: Sequence[Mapping[str, Any]]
    widths: Mapping[str, float]
    dress: Callable[[Any], None] | None


class LineWriter:
    """Collects sheets of lines and makes a workbook of them.

    Parameters
    ----------
    file : str
        Its name, for messages.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._planned: list[_Planned] = []

    def sheet(
        self,
        title: str,
        columns: Sequence[str],
        lines: Iterable[Mapping[str, Any]],
        widths: Mapping[str, float],
        dress: Callable[[Any], None] | None = None,
    ) -> None:
        """One sheet: a bold header row that stays in sight, then the lines; `dress` may add to the empty sheet."""
        self._planned.append(_Planned(title, columns, list(lines), widths, dress))

    def workbook(self) -> Any:
        """The workbook, with the sheet of exact texts where there are any.

        Raises
        ------
        InstrumentError
            E480 for each text longer than a cell can hold.
        """
        from openpyxl import Workbook

        texts = [
            (planned.title, f"{column_letter(position)}{row}", value)
            for planned in self._planned
            for row, line in enumerate(planned.lines, start=2)
            for position, column in enumerate(planned.columns, start=1)
            if isinstance(value := line.get(column), str)
        ]
        if long := [place for *place, value in texts if len(json.dumps(value)) > CELL_LIMIT]:
            places = [Place(self._file, sheet, a1) for sheet, a1 in long]
            raise InstrumentError([Problem("E480", place, {"limit": CELL_LIMIT}) for place in places])
        exact = [{"sheet": s, "cell": a1, "text": json.dumps(v)} for s, a1, v in texts if clean_text(v) != v]
        if exact:
            self.sheet(TEXTS, ("sheet", "cell", "text"), exact, {"sheet": 18, "text": 40})
        workbook = Workbook(write_only=True)
        for planned in self._planned:
            _make(workbook, planned)
        return workbook


def _make(workbook: Any, planned: _Planned) -> None:
    from openpyxl.styles import Font
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet = workbook.create_sheet(planned.title)
    sheet.freeze_panes = "A2"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for position, column in enumerate(planned.columns, start=1):
        sheet.column_dimensions[column_letter(position)].width = planned.widths.get(column, 14)
    if planned.dress is not None:
        planned.dress(sheet)
    header = [safe_cell(sheet, column) for column in planned.columns]
    for cell in header:
        cell.font = Font(bold=True)
    sheet.append(header)
    for line in planned.lines:
        values = [line.get(column) for column in planned.columns]
        sheet.append([None if value == "" else safe_cell(sheet, value) for value in values])


def blank(text: str) -> str:
    """A header with single spaces, for comparing."""
    return re.sub(r"\s+", " ", text.strip())
