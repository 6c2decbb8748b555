"""What a newer file brought in; a workbook of it out: the account, every row, every cell that differs, the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evalkit.contract import Label, Place
from evalkit.contract.words import place_text, text_of
from evalkit.ingest.desk.appending import Appended
from evalkit.ingest.desk.paper import RED, YELLOW, data_sheets, listing
from evalkit.sheets import save_workbook

_COLOURS = {"conflict": RED, "changed": YELLOW}


def write_appended(found: Appended, path: Path, lang: str) -> None:
    """Write one workbook; its sheet `data` holds the merged answers and can be read again.

    Raises
    ------
    OutputError
        E131 if the file cannot be written.
    """
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    data_sheets(workbook, found.responses, lang)
    table = found.table()
    counts = [[_said(cell.value, lang) for cell in row.cells] for row in table.rows]
    heads = [head.text(lang) for head in table.header[0]]
    listing(workbook, table.title.text(lang), heads, counts, (30, 12, 14), [None] * len(counts))
    rows = [
        [one.id, text_of(f"append.{one.status}", lang), _reason(one.reason, lang), one.n_cells]
        for one in found.rows.itertuples()
    ]
    heads = [text_of(f"append.head.{key}", lang) for key in ("id", "status", "reason", "cells")]
    colours = [_COLOURS.get(status) for status in found.rows["status"]]
    listing(workbook, text_of("append.rows", lang), heads, rows, (16, 26, 30, 14), colours)
    cells = [
        [
            _quoted(one.id, lang),
            one.column,
            _quoted(one.old, lang),
            _quoted(one.new, lang),
            text_of("desk.yes", lang) if one.taken else "",
            _place(one.old_place, lang),
            _place(one.new_place, lang),
        ]
        for one in found.cells.itertuples()
    ]
    heads = [
        text_of(f"append.head.{key}", lang) for key in ("id", "column", "old", "new", "taken", "old_place", "new_place")
    ]
    shades = [None if taken else RED for taken in found.cells["taken"]]
    listing(workbook, text_of("append.cells", lang), heads, cells, (16, 16, 20, 20, 8, 34, 34), shades)
    save_workbook(workbook, path)


def _reason(reason: str, lang: str) -> str:
    return text_of(f"append.reason.{reason}", lang) if reason else ""


def _quoted(value: Any, lang: str) -> str:
    return str(value if isinstance(value, str) else value[lang])


def _place(at: Place | None, lang: str) -> str:
    return place_text(at, lang)


def _said(value: Any, lang: str) -> Any:
    return value.text(lang) if isinstance(value, Label) else value
