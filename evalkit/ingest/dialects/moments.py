"""Times of platforms that write them as a reader's country does: with AM and PM, zones, days before or after months."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from evalkit.ingest.dialects.ticks import respell
from evalkit.ingest.layout import Layout, used_texts
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.sheets import Column, Sheet

TIMES = ("started_at", "submitted_at", "recorded_at")
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*(AM|PM)?\s*(?:(?:GMT|UTC)[+-]?[\d:]*|[+-]\d\d:?\d\d|Z)?$"
_YEAR_FIRST = re.compile(r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})[ T]" + _CLOCK, re.IGNORECASE)
_YEAR_LAST = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4}|\d{2}),? " + _CLOCK, re.IGNORECASE)


def plain_times(sheet: Sheet, layout: Layout) -> dict[int, Column]:
    """The layout's columns of times in ISO form.

    A day or month before the year is told by the column itself (a number above 12); where nothing tells, the texts
    stay as they are, and are listed as unread.
    """
    out = {}
    for position, name in layout.meta.items():
        if name in TIMES:
            month_first = _month_first(used_texts(sheet, position, layout.data_rows))
            spelt = lambda text, first=month_first: iso(text, first)  # noqa: E731
            out[position] = respell(sheet.columns[position], layout.header_row, spelt)
    return out


def iso(text: str, month_first: bool | None) -> str:
    """One time as `2024-03-01 15:04:05`; the text itself where it is in no known form."""
    line = clean(text)
    found = _YEAR_FIRST.match(line)
    if found:
        year, month, day = found[1], found[2], found[3]
    else:
        found = _YEAR_LAST.match(line)
        if not found or month_first is None:
            return text
        month, day = (found[1], found[2]) if month_first else (found[2], found[1])
        year = found[3] if len(found[3]) == 4 else f"20{found[3]}"
    hour = int(found[4])
    if found[7]:
        hour = hour % 12 + (12 if found[7].upper() == "PM" else 0)
    return f"{year}-{int(month):02}-{int(day):02} {hour:02}:{found[5]}:{found[6] or '00'}"


def _month_first(texts: Iterable[str]) -> bool | None:
    """Whether the month stands before the day; None where the column does not tell."""
    pairs = [(int(m[1]), int(m[2])) for m in (_YEAR_LAST.match(clean(text)) for text in texts) if m]
    if any(one > 12 for one, _ in pairs):
        return False
    return True if any(two > 12 for _, two in pairs) else None
