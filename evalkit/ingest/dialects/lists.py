"""Lists in one cell whose separator may stand in any sentence: which columns hold them, for drafting a questionnaire.

With an instrument nothing is needed: cells are cut along its options, whatever stands between them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.dialects.ticks import respell
from evalkit.ingest.layout import Layout, used_texts

if TYPE_CHECKING:
    from evalkit.sheets import Column, Sheet

MOST_PIECES, MOST_TEXTS = 30, 2000
LIST, ORDER = "┋", "→"


def marked_lists(sheet: Sheet, layout: Layout, separator: str) -> dict[int, Column]:
    """Columns of multiple responses and rankings, with the separators drafting knows.

    A list is a column in which some cells have several pieces, and every piece comes back; a ranking names the same
    pieces in every cell.
    """
    found = {}
    for column in layout.columns:
        cells = used_texts(sheet, column.position, layout.data_rows)
        pieces = [_pieces(text, separator) for text in cells[:MOST_TEXTS]]
        if max(map(len, pieces), default=0) < 2 or len(cells) > MOST_TEXTS:
            continue
        times: Counter[str] = Counter()
        for one, n in zip(pieces, _counts(sheet, column.position, layout), strict=True):
            times.update(dict.fromkeys(one, n))
        if len(times) > MOST_PIECES or min(times.values()) < 2:
            continue
        mark = ORDER if len({frozenset(one) for one in pieces}) == 1 and len(pieces) > 1 else LIST

        def spell(text: str, mark: str = mark) -> str:
            return mark.join(_pieces(text, separator))

        found[column.position] = respell(sheet.columns[column.position], layout.header_row, spell)
    return found


def _counts(sheet: Sheet, position: int, layout: Layout) -> list[int]:
    """How often each of `used_texts` occurs."""
    column = sheet.columns[position]
    n = np.bincount(column.index[layout.data_rows], minlength=len(column.distinct))
    return [int(n[k]) for k in np.flatnonzero(n) if column.distinct[k]]


def _pieces(text: str, separator: str) -> list[str]:
    return [piece.strip() for piece in text.split(separator) if piece.strip()]
