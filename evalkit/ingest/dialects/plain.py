"""Any table with one header row of item ids or question wordings; answers are codes or option texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.ingest.dialects.wenjuanxing import MARKS, is_wenjuanxing
from evalkit.ingest.labelled import OWN_MARKS
from evalkit.ingest.layout import Guess, Layout, lay_out
from evalkit.ingest.wording import clean, normal

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

NAME = "plain"
SEARCHED_ROWS = 10
"""A title may stand above the header, within this many rows."""


def detect(sheet: Sheet, file_name: str) -> Guess:
    """What is left when no platform fits."""
    sure, reasons = is_wenjuanxing(sheet, file_name)
    heads = tuple(text for text in sheet.header([header_row(sheet, frozenset())])[:3] if text) if sheet.n_rows else ()
    return Guess(NAME, 1 - sure, reasons or heads)


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """One column a variable.

    Parameters
    ----------
    wanted : frozenset of str
        Normalised ids and wordings of the instrument; they tell the header from a title above it.
    """
    return lay_out(sheet, header_row(sheet, wanted), dialect=NAME, by="code", lists="either", marks=MARKS | OWN_MARKS)


def header_row(sheet: Sheet, wanted: frozenset[str]) -> int:
    """Position of the header among the first rows.

    The row that holds most of the wanted texts; without any, the first that is filled nearly as far as the fullest
    (a title above it has one cell, and a header may lack a cell or two).
    """
    first = range(min(SEARCHED_ROWS, len(sheet.rows)))
    texts = [[t for t in (sheet.text(k, c) for c in range(len(sheet.columns))) if clean(t)] for k in first]
    known = [sum(normal(t) in wanted for t in row) for row in texts]
    if max(known, default=0) > 0:
        return known.index(max(known))
    fullest = max(map(len, texts), default=0)
    return next((k for k, row in enumerate(texts) if len(row) >= max(1, 0.7 * fullest)), 0)
