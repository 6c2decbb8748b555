"""Columns that stand for options and repeat the option's text where it was chosen: respelt as ticks."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.layout import HeaderColumn, used_texts
from evalkit.ingest.wording import clean, loose

if TYPE_CHECKING:
    from evalkit.sheets import Column, Sheet

LETTER = re.compile(r"^([A-Z]{1,2})\s*[.．、]\s*(?=\S)")
"""What 腾讯问卷 writes before the text of an option."""
TICKS = frozenset(["1", "√", "✓", "✔", "☑", "✅", "○", "●", "◯", "是"])


def respell(column: Column, header_row: int, spell: Callable[[str], str]) -> Column:
    """The column with every answer below the header spelt otherwise; the header and addresses stay."""
    distinct = list(column.distinct)
    table = np.arange(len(distinct), dtype=column.index.dtype)
    for k, text in enumerate(column.distinct):
        other = spell(text) if text else text
        if other != text:
            table[k] = len(distinct)
            distinct.append(other)
    index = column.index.copy()
    index[header_row + 1 :] = table[index[header_row + 1 :]]
    return dataclasses.replace(column, distinct=tuple(distinct), index=index)


def ticked_columns(sheet: Sheet, header_row: int, group: Sequence[HeaderColumn]) -> dict[int, Column]:
    """The columns of one question with `1` for chosen, if they are its options; else none.

    They are where every column in use names itself, or holds one and the same text and another names itself. Rows of
    a matrix are headed alike, but hold options of another list. Any other text was written beside the option.
    """
    if len(group) < 2 or not all(column.header.splits for column in group) or group[0].header.part == "1":
        return {}
    below = slice(header_row + 1, None)
    texts = [used_texts(sheet, column.position, below) for column in group]
    held = [{bare(text) for text in column if clean(text)} for column in texts]
    filled = [(column, answers) for column, answers in zip(group, held, strict=True) if answers]
    own = [loose(column.header.part) in answers for column, answers in filled]
    single = [len(answers) == 1 for _, answers in filled]
    multiple = (
        all(one or two for one, two in zip(own, single, strict=True))
        if any(own)
        else bool(filled) and all(answers <= TICKS for _, answers in filled)
    )
    if not multiple:
        return {}
    return {c.position: respell(sheet.columns[c.position], header_row, ticker(c.header.part)) for c in group}


def bare(text: str) -> str:
    """An option's text without its letter, for comparison."""
    return loose(LETTER.sub("", clean(text)))


def ticker(option: str) -> Callable[[str], str]:
    def tick(text: str) -> str:
        found = bare(text)
        if not found:
            return text
        return "1" if found in TICKS or found == loose(option) else f"1〖{text.strip()}〗"

    return tick
