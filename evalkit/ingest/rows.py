"""The rows of a sheet in, the respondents and the rows that are none out (totals, repeated headers, blank rows)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.answers import EMPTY, ERROR, NUMBER
from evalkit.ingest.layout import Layout
from evalkit.ingest.quantities import number_in
from evalkit.ingest.units import number_and_unit
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
_HAND_TOTAL = re.compile(
    r"^(?:本页|本组|本社区|本村|全村|全社区|社区|全体|各项|男|女|第?[\d一二三四五六七八九十]{1,3}(?:页|组|村民小组|网格)|\w{0,8}(?=小计|合计|平均))?"
    r"(?:合计|总计|小计|总和|共计|累计|平均(?:值|数|分)?|均值|最大值|最小值|最高分?|最低分?|标准差|人数合计|百分比|占比)"
    r"(?:[(（].{0,10}[)）])?:?(?:\d[\d.]*\S{0,3})?$"
)
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
        Reason is `above_header`, `blank`, `total`, `header`, `unit` or `note`. Header row,
        respondents and these are all the rows.
    """
    n = len(sheet.rows)
    is_total = _is_hand_total if layout.hand else _is_total
    reason = np.full(n, "", dtype=object)
    below = np.arange(n) > layout.header_row
    filled = np.zeros(n, dtype=bool)
    totals = np.zeros(n, dtype=bool)
    repeats = np.zeros(n, dtype=int)
    for column in sheet.columns:
        words = np.array([bool(text) and not text.isspace() for text in column.distinct])
        here = words[column.index] | (column.kinds == ERROR)
        sums = np.array([is_total(text, options) for text in column.distinct])
        totals |= ~filled & here & sums[column.index]
        filled |= here
        title = column.distinct[column.index[layout.header_row]] if n else ""
        # Rows of a table without a header may well repeat its first row of numbers.
        if title.strip() and number_in(clean(title)) is None:
            repeats += column.index == column.index[layout.header_row]
    headed = int(repeats[layout.header_row]) if n else 0
    reason[below & (repeats >= max(2, REPEATED_SHARE * headed))] = "header"
    for k in np.flatnonzero(below & totals):
        if _rest_is_numbers(sheet, int(k), by_hand=layout.hand is not None):
            reason[k] = "total"
    for k, why in layout.hand.aside.items() if layout.hand else ():
        reason[k] = why
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


def _is_hand_total(text: str, options: frozenset[str]) -> bool:
    """`本页小计`, `合计（5户）`, `全村平均：`."""
    if len(text) > 24 or text.isascii():
        return _is_total(text, options)
    return bool(_HAND_TOTAL.match("".join(clean(text).split()))) and loose(text) not in options


def _rest_is_numbers(sheet: Sheet, row: int, *, by_hand: bool = False) -> bool:
    """Whether the cells after the first filled one are numbers or empty: a respondent has words too, or an id.

    In a table typed by hand, numbers may have units, and the word a line of its own behind a running number.
    """
    cells = [(c.distinct[c.index[row]], int(c.kinds[row])) for c in sheet.columns if c.kinds[row] != EMPTY]
    return all(
        kind in (NUMBER, ERROR)
        or not clean(text)
        or number_in(clean(text), "%") is not None
        or (by_hand and bool(number_and_unit(clean(text))[0] or _is_hand_total(text, frozenset())))
        for text, kind in cells[1:]
    )
