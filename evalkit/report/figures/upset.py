"""Patterns of missing answers: a column a pattern, its bar above, a filled dot at each item it lacks.

Frame: pattern, count (respondents), item, n_missing (of the item), missing (1 or 0); one row a pattern and item.
Labels: item ids.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import BODY, MARGIN, SMALL, WIDTH, Box, Canvas, block_height
from evalkit.report.figures.wording import Wording

COLUMNS = ("pattern", "count", "item", "n_missing", "missing")
LABEL_SHARE = 0.42
BAR_ROOM, DOT, ROW, WIDEST_COLUMN = 74.0, 3.6, 15.0, 34.0


@dataclass(frozen=True)
class Matrix:
    """Items with their gaps, patterns with their respondents, and which pattern lacks which items (places)."""

    items: tuple[tuple[str, float], ...]
    patterns: tuple[tuple[str, float], ...]
    lacking: tuple[tuple[int, ...], ...]


def matrix(frame: pd.DataFrame) -> Matrix:
    """Items and patterns in order of appearance, patterns by falling count."""
    items = frame.drop_duplicates("item")
    names = [str(name) for name in items["item"]]
    patterns = frame.drop_duplicates("pattern").sort_values("count", ascending=False, kind="stable")
    keys = [str(key) for key in patterns["pattern"]]
    gaps = frame[frame["missing"] > 0]
    pairs = set(zip(gaps["pattern"].map(str), gaps["item"].map(str), strict=True))
    return Matrix(
        tuple(zip(names, map(float, items["n_missing"]), strict=True)),
        tuple(zip(keys, map(float, patterns["count"]), strict=True)),
        tuple(tuple(i for i, name in enumerate(names) if (key, name) in pairs) for key in keys),
    )


def draw(wording: Wording) -> Canvas:
    """Bars with counts on top, below them the matrix; at its left each item's wording and number of gaps."""
    found = matrix(wording.figure.frame)
    labels = [lettering.wrap(wording.label(name), WIDTH * LABEL_SHARE, BODY) for name, _ in found.items]
    gaps = [wording.number(n, "count") for _, n in found.items]
    counts = [wording.number(n, "count") for _, n in found.patterns]
    label_end = MARGIN + 3 + max(lettering.widest(lines, BODY) for lines in labels)
    heading = wording.say("upset.gaps")
    gaps_end = label_end + 10 + max(lettering.widest(gaps, SMALL), lettering.width(heading, SMALL))
    left = gaps_end + 10
    need = lettering.widest(counts, SMALL) + 5
    wide = max(min((WIDTH - MARGIN - left) / len(found.patterns), WIDEST_COLUMN), need, 3 * DOT)
    canvas = Canvas(width=max(WIDTH, left + wide * len(found.patterns) + MARGIN))
    base = MARGIN + SMALL + BAR_ROOM
    right = left + wide * len(found.patterns)
    _bars(canvas, found, counts, left, wide, base)
    for k, line in enumerate(lettering.wrap(wording.say("upset.axis"), gaps_end - MARGIN, SMALL)):
        canvas.text(gaps_end, MARGIN + SMALL * (1 + 1.3 * k), line, size=SMALL, align="right", colour=palette.SOFT)
    canvas.text(gaps_end, base - SMALL * 0.2, heading, size=SMALL, align="right", colour=palette.SOFT)
    y = base + 8
    middles = []
    for i, (lines, gap) in enumerate(zip(labels, gaps, strict=True)):
        height = max(block_height(lines) + 3, ROW)
        if i % 2 == 0:
            canvas.rect(Box(MARGIN, y, right, y + height), palette.BLANK)
        middles.append(y + height / 2)
        canvas.block(label_end, middles[-1], lines, align="right")
        canvas.text(gaps_end, middles[-1], gap, size=SMALL, align="right")
        y += height
    for j, lacking in enumerate(found.lacking):
        _column(canvas, left + (j + 0.5) * wide, middles, lacking)
    canvas.height = canvas.notes(y + 6, wording.notes(wording.say("upset.note"))) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """What is shown, with the most frequent pattern and the item with most gaps."""
    found = matrix(wording.figure.frame)
    most, count = found.patterns[0]
    names = [wording.label(found.items[i][0]) for i in found.lacking[0]]
    item, gaps = max(found.items, key=lambda pair: pair[1])
    return wording.say(
        "upset.alt",
        patterns=len(found.patterns),
        items=len(found.items),
        names=wording.listing(names) or most,
        n=wording.number(count, "count"),
        item=wording.label(item),
        gaps=wording.number(gaps, "count"),
    )


def _bars(canvas: Canvas, found: Matrix, counts: list[str], left: float, wide: float, base: float) -> None:
    most = max(n for _, n in found.patterns)
    thick = min(wide * 0.62, 16.0)
    for j, ((_, n), text) in enumerate(zip(found.patterns, counts, strict=True)):
        x, height = left + (j + 0.5) * wide, (BAR_ROOM - SMALL) * n / most
        if height:
            canvas.rect(Box(x - thick / 2, base - height, x + thick / 2, base), palette.FILLS[0], palette.INK, 0.4)
        canvas.text(x, base - height - SMALL * 0.8, text, size=SMALL, align="center")
    canvas.path(((left, base), (left + wide * len(counts), base)), palette.INK, 0.9)


def _column(canvas: Canvas, x: float, middles: list[float], lacking: tuple[int, ...]) -> None:
    """Dots of one pattern; the filled ones joined by a line."""
    for i, y in enumerate(middles):
        if i not in lacking:
            canvas.circle(x, y, DOT * 0.8, palette.PAPER, palette.GRID, 0.8)
    if len(lacking) > 1:
        canvas.path(((x, middles[lacking[0]]), (x, middles[lacking[-1]])), palette.INK, 1.2)
    for i in lacking:
        canvas.circle(x, middles[i], DOT, palette.FILLS[0], palette.INK, 0.6)
