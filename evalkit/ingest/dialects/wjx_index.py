"""问卷星 export by index (按序号): n is the n-th option, a multiple response has one 0/1 column an option.

Headers are `第6题(运动)` in old files, `4. 题干(智能手机)` and then `4(平板电脑)` in new ones. A ranking has one
column an option with its place. -3 = skipped by logic, -2 = left blank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.ingest.dialects.wenjuanxing import MARKS, is_wenjuanxing, share_text
from evalkit.ingest.layout import Guess, Layout, lay_out

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

NAME = "wjx_index"
INDEX_MARKS = MARKS | {"-3": "not_asked", "-2": "no_answer"}


def detect(sheet: Sheet, file_name: str) -> Guess:
    """How well the sheet fits, judged from file name, meta columns, headers and answers."""
    sure, reasons = is_wenjuanxing(sheet, file_name)
    text, why = share_text(sheet, file_name) if sure else (0.5, "")
    return Guess(NAME, sure * (1 - text), (*reasons, why) if why else reasons)


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Header in the first row; one column a question, row or option."""
    return lay_out(sheet, 0, dialect=NAME, by="index", lists="columns", marks=INDEX_MARKS)
