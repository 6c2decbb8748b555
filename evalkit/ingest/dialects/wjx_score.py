"""问卷星 export by score (按分数): a cell holds the score its author gave the option.

Answers can be restored only where an option's score is its code in the instrument, which nothing in the file proves:
the export is read when it is asked for by name. A multiple response is given as the sum of its options' scores and is
read where one set of options alone makes that sum.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.dialects.wenjuanxing import is_wenjuanxing
from evalkit.ingest.dialects.wjx_index import INDEX_MARKS
from evalkit.ingest.layout import Guess, Layout, header_texts, lay_out
from evalkit.ingest.meta import meta_name
from evalkit.ingest.quantities import number_in
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

NAME = "wjx_score"
_BY_SCORE = re.compile(r"_按分数_")
_SKIPPED = (-3.0, -2.0)


def detect(sheet: Sheet, file_name: str) -> Guess:
    """The file name, or a total (总分) that is the sum of the answers on every row."""
    sure, reasons = is_wenjuanxing(sheet, file_name)
    if _BY_SCORE.search(file_name):
        return Guess(NAME, max(sure, 0.97), (*reasons, file_name))
    if sure and _sums_up(sheet):
        return Guess(NAME, 0.9 * sure, (*reasons, "总分 = Σ"))
    return Guess(NAME, 0.0)


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Header in the first row; a score is the code of its option."""
    return lay_out(sheet, 0, dialect=NAME, by="code", lists="summed", marks=INDEX_MARKS)


def _sums_up(sheet: Sheet) -> bool:
    """Whether every row's numbers add up to its total."""
    headers = [clean(text) for text in header_texts(sheet, 0)]
    if "总分" not in headers or len(sheet.rows) < 3:
        return False
    asked = [k for k, text in enumerate(headers) if text and not meta_name(text)]
    table = np.array([_numbers(sheet, k) for k in asked]).reshape(len(asked), -1)
    total = _numbers(sheet, headers.index("总分"))
    table[np.isin(table, _SKIPPED)] = 0.0
    return bool(len(asked) > 1 and np.isfinite(total).all() and np.allclose(np.nansum(table, axis=0), total))


def _numbers(sheet: Sheet, position: int) -> np.ndarray:
    column = sheet.columns[position]
    read = [number_in(clean(text)) for text in column.distinct]
    values = np.array([np.nan if number is None else number for number in read])
    return np.asarray(values[column.index[1:]], dtype=float)
