"""Rows of plain values in, the XML of a worksheet that holds them out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from evalkit.sheets.cells import column_letter
from evalkit.sheets.text import CELL_LIMIT, clean_text, escaped

_LAST_ROW = re.compile(rb'<row r="(\d+)"')
_DIMENSION = re.compile(rb'<dimension ref="[^"]*"\s*/>')


def with_rows(sheet: bytes, rows: Sequence[Sequence[Any]]) -> bytes:
    """A worksheet part with rows behind its own.

    Parameters
    ----------
    sheet : bytes
        As openpyxl writes it, with one row or more.
    rows : sequence of sequences
        Finite numbers, texts, booleans; None leaves the cell out.
    """
    first = max((int(number) for number in _LAST_ROW.findall(sheet)), default=0) + 1
    added = "".join(_row(number, row) for number, row in enumerate(rows, start=first)).encode()
    # The stated dimension is wrong now; it is optional, and some readers believe it.
    return _DIMENSION.sub(b"", sheet).replace(b"</sheetData>", added + b"</sheetData>")


def _row(number: int, values: Sequence[Any]) -> str:
    return f'<row r="{number}">{"".join(_cells(number, values))}</row>'


def _cells(number: int, values: Sequence[Any]) -> Iterator[str]:
    for position, value in enumerate(values, start=1):
        if value is None:
            continue
        place = f"{column_letter(position)}{number}"
        if isinstance(value, bool):
            yield f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
        elif isinstance(value, str):
            text = escape(escaped(clean_text(value, CELL_LIMIT)))
            yield f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        elif math.isfinite(value):
            yield f'<c r="{place}"><v>{value!r}</v></c>'
