"""问卷星 export by text (按文本): answers are option texts, a multiple response is one cell joined by `┋`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.ingest.dialects.wenjuanxing import MARKS, is_wenjuanxing, share_text
from evalkit.ingest.layout import Guess, Layout, lay_out

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

NAME = "wjx_text"


def detect(sheet: Sheet, file_name: str) -> Guess:
    """How well the sheet fits, judged from file name, meta columns, separators and answers."""
    sure, reasons = is_wenjuanxing(sheet, file_name)
    text, why = share_text(sheet, file_name) if sure else (0.5, "")
    return Guess(NAME, sure * text, (*reasons, why) if why else reasons)


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Header in the first row, one column a question (rows of a matrix one by one)."""
    return lay_out(sheet, 0, dialect=NAME, by="text", lists="joined", marks=MARKS)
