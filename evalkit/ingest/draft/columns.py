"""One spreadsheet column in, what kind of question it looks like out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.answers import Answers
from evalkit.ingest.draft.likert import known_set
from evalkit.ingest.meta import moments_in_time
from evalkit.ingest.privacy import names_person, personal_column
from evalkit.ingest.quantities import number_in
from evalkit.ingest.units import number_and_unit, same_unit
from evalkit.ingest.wording import clean, take_off, tidy

if TYPE_CHECKING:
    from evalkit.ingest.layout import HeaderColumn, Layout
    from evalkit.sheets import Sheet

MOST_OPTIONS = 30
"""More distinct answers than this are an open question."""
LONGEST_OPTION = 60
HIGHEST_POINT = 11
"""Whole numbers up to this may be scale points or option numbers, larger ones are amounts."""


@dataclass(frozen=True)
class Look:
    """What a column looks like.

    Attributes
    ----------
    kind : str
        `empty`, `private`, `multi`, `rank`, `date`, `ticks` (0/1), `points` (few whole numbers), `integer`,
        `decimal`, `choice` or `text`.
    counts : Counter
        Answer text -> how often; without marks and blanks.
    low, high : float
        Of the numbers, where they are numbers.
    unit : str
        What stands behind the numbers, or in their heading, of a table typed by hand.
    """

    column: HeaderColumn
    kind: str
    counts: Counter[str] = field(default_factory=Counter)
    low: float = float("nan")
    high: float = float("nan")
    unit: str = ""

    @property
    def filled(self) -> frozenset[str]:
        """Answers beside which something was written."""
        taken = [take_off(text) for text in self.counts]
        return frozenset(clean(base) for base, fill in taken if fill)


def look_at(sheet: Sheet, column: HeaderColumn, layout: Layout, rows: np.ndarray) -> Look:
    """Judge one column by its header and its answers."""
    answers = Answers(sheet, column.position, rows)
    counts: Counter[str] = Counter()
    for text, n in zip(answers.texts, answers.counts.tolist(), strict=True):
        if clean(text) and clean(text) not in layout.marks:
            counts[tidy(text)] += n
    if not counts:
        return Look(column, "empty")
    if personal_column(column.header.text, counts, counts.values()) is not None:
        return Look(column, "private", counts)
    for mark, kind in (("┋", "multi"), ("→", "rank")):
        if any(mark in text for text in counts):
            return Look(column, kind, counts)
    words = [text for text in counts if number_in(clean(text)) is None]
    if len(words) == len(counts) and not np.isnat(moments_in_time(words)).any():
        return Look(column, "date", counts)
    if layout.hand is not None:
        measured = _measured(counts, layout.hand.units.get(column.position, ""))
        if measured:
            numbers = [number_in(number) or 0.0 for number in measured[0]]
            kind = "integer" if all(number == int(number) for number in numbers) else "decimal"
            return Look(column, kind, counts, min(numbers), max(numbers), measured[1])
    numbers = [number_in(clean(take_off(text)[0])) for text in counts]
    if all(number is not None for number in numbers):
        return _numeric(column, counts, [number for number in numbers if number is not None], layout)
    # By index, options stand as numbers: words are an open answer, however few.
    few = layout.by != "index" and _few(counts) and not any(names_person(clean(text)) for text in counts)
    return Look(column, "choice" if few else "text", counts)


def _measured(counts: Counter[str], unit: str) -> tuple[list[str], str] | None:
    """The numbers and their unit, where every answer is a number and one unit stands behind some of them or above."""
    pairs = [("", text) if number_in(clean(text)) is None else (clean(text), "") for text in counts]
    pairs = [number_and_unit(clean(text)) if not number else (number, unit) for number, text in pairs]
    units = [one for _, one in pairs if one]
    if not units or not all(number for number, _ in pairs) or not all(same_unit(units[0], one) for one in units):
        return None
    return [number for number, _ in pairs], units[0]


def _numeric(column: HeaderColumn, counts: Counter[str], numbers: list[float], layout: Layout) -> Look:
    low, high = min(numbers), max(numbers)
    whole = all(number == int(number) for number in numbers)
    if not whole:
        kind = "decimal"
    elif set(numbers) <= {0.0, 1.0}:
        kind = "ticks"
    else:
        numbers_of_options = layout.by == "index" and low >= 1 and high <= MOST_OPTIONS and len(numbers) >= 0.5 * high
        few = low >= 0 and high < HIGHEST_POINT and len(numbers) >= 2
        kind = "points" if numbers_of_options or few else "integer"
    return Look(column, kind, counts, low, high)


def _few(counts: Counter[str]) -> bool:
    """Whether the answers repeat enough to be options."""
    names = {clean(take_off(text)[0]) for text in counts}
    if max(len(name) for name in names) > LONGEST_OPTION or len(names) > MOST_OPTIONS:
        return False
    return known_set(list(names)) is not None or sum(counts.values()) >= 2 * len(names)
