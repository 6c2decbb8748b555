"""The workbook `write_entry_workbook` makes: a mark in A1, wordings beside it, names of columns in the second row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.ingest.entry_workbook import is_entry
from evalkit.ingest.layout import Guess, Layout, lay_out

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

NAME = "entry"


def detect(sheet: Sheet, file_name: str) -> Guess:
    """The mark says it."""
    found = is_entry(sheet)
    return Guess(NAME, 1.0 if found else 0.0, (sheet.text(0, 0),) if found else ())


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Option texts as the drop-downs hold them; a multiple response has a column an option."""
    return lay_out(sheet, 1, dialect=NAME, by="text", lists="columns", marks={})
