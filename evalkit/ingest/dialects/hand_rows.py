"""Rows of a hand-typed sheet that are no answers: units below the header, notes, headers on every printed page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.answers import EMPTY, NUMBER
from evalkit.ingest.dialects.headings import NOTE, own_texts
from evalkit.ingest.units import UNIT
from evalkit.ingest.wording import clean, tidy

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

MOST_IN_A_NOTE = 8
"""A line of notes has no more cells than this (`填表人：`, a name, `审核人：`, a name, a date)."""
_NUMBERING = re.compile(r"^$|序号|编号|号$|^no\.?$|^id$", re.IGNORECASE)
"""Headings of a column that numbers the rows: a text alone in it is no answer."""
REPEATED = 0.6
MOSTLY = 0.8


def rows_aside(sheet: Sheet, header: Sequence[int]) -> dict[int, str]:
    """Rows below the header that are no answers.

    Returns
    -------
    dict
        Position in `Sheet.rows` -> `unit`, `note` or `header`.
    """
    last = header[-1]
    aside: dict[int, str] = {}
    if last + 1 < len(sheet.rows) and _is_unit_row(sheet, last + 1):
        aside[last + 1] = "unit"
    for row in _repeats(sheet, [*header, *aside]):
        aside[row] = "header"
    filled = _filled(sheet)
    for row in np.flatnonzero((filled > 0) & (filled <= MOST_IN_A_NOTE)).tolist():
        if row > last and row not in aside and _is_note(sheet, row, last, int(filled[row])):
            aside[row] = "note"
    return aside


def units_of(sheet: Sheet, row: int) -> dict[int, str]:
    """Position of a column -> the unit a unit row names for it."""
    found = {k: UNIT.match(clean(text)) for k, text in enumerate(own_texts(sheet, row))}
    return {k: match["unit"] for k, match in found.items() if match}


def _is_unit_row(sheet: Sheet, row: int) -> bool:
    texts = [clean(text) for text in own_texts(sheet, row) if text]
    return bool(texts) and all(UNIT.match(text) for text in texts)


def _filled(sheet: Sheet) -> np.ndarray:
    total = np.zeros(len(sheet.rows), dtype=int)
    for column in sheet.columns:
        words = np.array([bool(text) and not text.isspace() for text in column.distinct])
        total += words[column.index]
    return total


def _repeats(sheet: Sheet, templates: Sequence[int]) -> list[int]:
    """Rows below that repeat a row of the header (or the units, or a title above), cell by cell."""
    last, found = max(templates), set()
    for row in [k for k in range(last + 1) if k in templates or k < min(templates)]:
        same = np.zeros(len(sheet.rows), dtype=int)
        cells = 0
        for column in sheet.columns:
            here = int(column.index[row])
            if tidy(column.distinct[here]):
                cells += 1
                same += column.index == here
        numbers = any(column.kinds[row] == NUMBER for column in sheet.columns)
        if cells and not numbers:
            enough = same >= max(min(2, cells), REPEATED * cells)
            if cells == 1:
                enough &= _filled(sheet) == 1
            found |= set(np.flatnonzero(enough).tolist())
    return sorted(row for row in found if row > last)


def _is_note(sheet: Sheet, row: int, header: int, n_filled: int) -> bool:
    """A line that begins like a note, or one text alone where it cannot be an answer."""
    cells = [(k, tidy(sheet.text(row, k))) for k in range(len(sheet.columns)) if tidy(sheet.text(row, k))]
    position, first = cells[0]
    if NOTE.match(first):
        return True
    if n_filled > 1:
        return False
    number = int(sheet.rows[row])
    if any(top == number and right > left for top, left, _, right in sheet.merged):
        return sheet.columns[position].kinds[row] != NUMBER
    column = sheet.columns[position]
    if not _NUMBERING.search(tidy(column.distinct[column.index[header]])):
        return False
    below = np.delete(column.kinds[header + 1 :], row - header - 1)
    numbers = np.count_nonzero(below == NUMBER)
    leading = all(not other.distinct[other.index[header]] for other in sheet.columns[:position])
    return bool(
        leading and column.kinds[row] != NUMBER and numbers and numbers >= MOSTLY * np.count_nonzero(below != EMPTY)
    )
