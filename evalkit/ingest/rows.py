"""The rows of a sheet in, the respondents and the rows that are none out (totals, repeated headers, blank rows)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.answers import EMPTY, ERROR, NUMBER
from evalkit.ingest.layout import Layout
from evalkit.ingest.quantities import number_in
from evalkit.ingest.wording import clean, loose

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

TOTALS = frozenset(
    [
        "合计",
        "总计",
        "小计",
        "总和",
        "共计",
        "平均",
        "平均值",
        "平均数",
        "均值",
        "平均分",
        "最大值",
        "最小值",
        "标准差",
        "total",
        "subtotal",
        "grandtotal",
        "sum",
        "average",
        "mean",
    ]  # fmt: skip
)
_STARTS = frozenset(letter for word in TOTALS for letter in (word[0], word[0].upper()))
REPEATED_SHARE = 0.6
"""Share of header texts a row must repeat, in their columns, to be a repeated header (two at least)."""


def sort_rows(
    sheet: Sheet, layout: Layout, options: frozenset[str] = frozenset()
) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """Tell respondents from other rows.

    Parameters
    ----------
    options : frozenset of str
        Wordings of answer options (`wording.loose`): a row that begins with one is no total.

    Returns
    -------
    respondents : ndarray of int
        Positions in `Sheet.rows`, ascending.
    rejected : list of (position, reason)
        Reason is `above_header`, `blank`, `total` or `header`. Header row, respondents and these are all the rows.
    """
    n = len(sheet.rows)
    reason = np.full(n, "", dtype=object)
    below = np.arange(n) > layout.header_row
    filled = np.zeros(n, dtype=bool)
    totals = np.zeros(n, dtype=bool)
    repeats = np.zeros(n, dtype=int)
    for column in sheet.columns:
        words = np.array([bool(text) and not text.isspace() for text in column.distinct])
        here = words[column.index] | (column.kinds == ERROR)
        sums = np.array([_is_total(text, options) for text in column.distinct])
        totals |= ~filled & here & sums[column.index]
        filled |= here
        title = column.distinct[column.index[layout.header_row]] if n else ""
        # Rows of a table without a header may well repeat its first row of numbers.
        if title.strip() and number_in(clean(title)) is None:
            repeats += column.index == column.index[layout.header_row]
    headed = int(repeats[layout.header_row]) if n else 0
    reason[below & (repeats >= max(2, REPEATED_SHARE * headed))] = "header"
    for k in np.flatnonzero(below & totals):
        if _rest_is_numbers(sheet, int(k)):
            reason[k] = "total"
    reason[below & ~filled] = "blank"
    reason[: layout.header_row] = "above_header"
    if n:
        reason[layout.header_row] = "-"
    rejected = [(int(k), str(reason[k])) for k in np.flatnonzero((reason != "") & (reason != "-"))]
    return np.flatnonzero(reason == ""), rejected


def _is_total(text: str, options: frozenset[str]) -> bool:
    if not text or (text[0] not in _STARTS and not text[0].isspace()) or len(text) > 16:
        return False
    word = "".join(text.split()).rstrip(":：").casefold()
    return word in TOTALS and loose(text) not in options


def _rest_is_numbers(sheet: Sheet, row: int) -> bool:
    """Whether the cells after the first filled one are numbers or empty: a respondent has words too, or an id."""
    cells = [(c.distinct[c.index[row]], int(c.kinds[row])) for c in sheet.columns if c.kinds[row] != EMPTY]
    return all(
        kind in (NUMBER, ERROR) or not clean(text) or number_in(clean(text), "%") is not None
        for text, kind in cells[1:]
    )
