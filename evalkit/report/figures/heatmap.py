"""A matrix of correlations as a lower triangle: value and stars in each field, its ground by sign and size.

Frame: row, column, estimate (-1 to 1), p_value; each pair once or twice, in either order.
Labels: variable ids.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import BODY, LEADING, MARGIN, SMALL, WIDTH, Box, Canvas
from evalkit.report.figures.wording import Wording, number_or_nan, significant
from evalkit.report.formatting import stars

COLUMNS = ("row", "column", "estimate", "p_value")
LABEL_SHARE = 0.34
FIELD_HEIGHT = 23.0
WIDEST_FIELD = 60.0


@dataclass(frozen=True)
class Pair:
    """One field below the diagonal: places of its two variables, coefficient and p-value."""

    row: int
    column: int
    estimate: float
    p_value: float


def pairs(frame: pd.DataFrame) -> tuple[list[str], list[Pair]]:
    """Variables in order of appearance and each pair once, with the later variable as the row."""
    names = list(dict.fromkeys([*frame["column"].map(str), *frame["row"].map(str)]))
    first = list(dict.fromkeys(frame["row"].map(str)))
    if set(first) == set(names):
        names = first
    found: dict[tuple[int, int], Pair] = {}
    for row, column, estimate, p in frame[list(COLUMNS)].itertuples(index=False, name=None):
        i, j = names.index(str(row)), names.index(str(column))
        if i != j:
            key = (max(i, j), min(i, j))
            found.setdefault(key, Pair(*key, number_or_nan(estimate), number_or_nan(p)))
    return names, [found[key] for key in sorted(found)]


def draw(wording: Wording) -> Canvas:
    """Numbered variables at the left, their numbers below the columns, the key in the empty corner."""
    names, fields = pairs(wording.figure.frame)
    numbers = [f"{i + 1}" for i in range(len(names))]
    number_room = lettering.widest(numbers, BODY) + 6
    labels = [lettering.wrap(wording.label(name), WIDTH * LABEL_SHARE, BODY) for name in names]
    left = MARGIN + number_room + max(lettering.widest(lines, BODY) for lines in labels) + 8
    values = {pair: wording.number(pair.estimate, "correlation") for pair in fields}
    need = lettering.widest(list(values.values()), SMALL) + 5
    wide = min(max((WIDTH - MARGIN - left) / max(len(names) - 1, 1), need), WIDEST_FIELD)
    canvas = Canvas(width=max(WIDTH, left + wide * (len(names) - 1) + MARGIN))
    heights = [max(FIELD_HEIGHT, len(lines) * BODY * LEADING + 4) for lines in labels]
    heights[0] = max(heights[0], 30.0)
    tops = [MARGIN + sum(heights[:i]) for i in range(len(names))]
    for i, lines in enumerate(labels):
        middle = tops[i] + heights[i] / 2
        canvas.text(MARGIN + number_room - 6, middle, numbers[i], align="right", colour=palette.SOFT)
        canvas.block(MARGIN + number_room, middle, lines)
    for pair in fields:
        x, y = left + pair.column * wide, tops[pair.row]
        _field(canvas, wording, pair, values[pair], Box(x, y, x + wide, y + heights[pair.row]))
    bottom = tops[-1] + heights[-1]
    for j in range(len(names) - 1):
        canvas.text(left + (j + 0.5) * wide, bottom + 8, numbers[j], align="center", colour=palette.SOFT)
    _key(canvas, wording, canvas.width - MARGIN, MARGIN)
    end = bottom + 8 + BODY
    canvas.height = canvas.notes(end, wording.notes(wording.say("heatmap.note"), stars=True)) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """What is shown, with the strongest coefficient and how many are significant."""
    names, fields = pairs(wording.figure.frame)
    known = [pair for pair in fields if pair.estimate == pair.estimate]
    if not known:
        return wording.say("heatmap.alt_empty", n=len(names))
    strongest = max(known, key=lambda pair: abs(pair.estimate))
    return wording.say(
        "heatmap.alt",
        n=len(names),
        k=sum(significant(pair.p_value) for pair in known),
        total=len(fields),
        a=wording.label(names[strongest.column]),
        b=wording.label(names[strongest.row]),
        value=wording.number(strongest.estimate, "correlation", p=strongest.p_value),
    )


def _field(canvas: Canvas, wording: Wording, pair: Pair, value: str, box: Box) -> None:
    """Value, and its stars on a line of their own: so twelve variables fit across a page."""
    known = pair.estimate == pair.estimate
    ground = palette.signed(pair.estimate) if known else palette.BLANK
    canvas.rect(box, ground, palette.PAPER, 0.8)
    marks = stars(pair.p_value, wording.style)
    ink = palette.ink_on(ground)
    canvas.text(box.cx, box.cy - (3.4 if marks else 0), value, size=SMALL, align="center", colour=ink)
    if marks:
        canvas.text(box.cx, box.cy + 6.2, marks, size=SMALL, align="center", colour=ink)


def _key(canvas: Canvas, wording: Wording, right: float, top: float) -> None:
    """Five fields from -1 to 1."""
    ends = (-1.0, -0.5, 0.0, 0.5, 1.0)
    left = right - 26 * len(ends)
    for i, value in enumerate(ends):
        box = Box(left + 26 * i, top, left + 26 * (i + 1), top + 9)
        canvas.rect(box, palette.signed(value), palette.GRID, 0.5)
        text = (
            wording.number(value, "correlation")
            if value % 1
            else wording.style.minus * (value < 0) + f"{abs(value):.0f}"
        )
        canvas.text(
            box.cx, top + 16, text.rstrip("0") if value % 1 else text, size=SMALL, align="center", colour=palette.SOFT
        )
