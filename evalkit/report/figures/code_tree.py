"""Codes as a tree from left to right, with references in brackets.

Frame: code, parent (empty at the top), depth, count, level; parents before their children. Labels: codes, levels.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import LEADING, MARGIN, SMALL, WIDTH, Canvas
from evalkit.report.figures.wording import Wording

COLUMNS = ("code", "parent", "depth", "count", "level")
GAP, ROOM, TALLEST = 26.0, 5.0, 690.0
"""A tree that is taller than a page loses its lowest level; a note says how many codes that are."""


def draw(wording: Wording) -> Canvas:
    """A column a depth; a code stands in the middle of those below it, brackets lead from one to the other."""
    frame = wording.figure.frame
    tree = _laid_out(wording, frame)
    while tree.bottom > TALLEST and frame["depth"].max() > 0:
        frame = frame[frame["depth"] < frame["depth"].max()]
        tree = _laid_out(wording, frame)
    canvas = Canvas()
    for row in frame.itertuples(index=False):
        code, x = str(row.code), MARGIN + int(row.depth) * (tree.wide + GAP)
        canvas.block(x, tree.at[code], tree.lines[code], size=SMALL)
        ends = [tree.at[c] for c in tree.below.get(code, ())]
        _bracket(canvas, x, tree.at[code], tree.lines[code], ends, x + tree.wide)
    cut = len(wording.figure.frame) - len(frame)
    notes = [wording.say("code_tree.note"), *([wording.say("code_tree.cut", n=cut)] if cut else [])]
    canvas.height = canvas.notes(tree.bottom + 4, wording.notes(*notes)) + MARGIN
    return canvas


@dataclass(frozen=True)
class _Tree:
    """Code -> codes below it, its lines and its middle; width of a column, y below the last code."""

    below: dict[str, list[str]]
    lines: dict[str, tuple[str, ...]]
    at: dict[str, float]
    wide: float
    bottom: float


def _laid_out(wording: Wording, frame: pd.DataFrame) -> _Tree:
    columns = int(frame["depth"].max()) + 1
    wide = (WIDTH - 2 * MARGIN - GAP * (columns - 1)) / columns
    below: dict[str, list[str]] = {}
    lines = {}
    for row in frame.itertuples(index=False):
        below.setdefault(str(row.parent), []).append(str(row.code))
        text = f"{wording.label(str(row.code))} ({wording.number(row.count, 'count')})"
        lines[str(row.code)] = lettering.wrap(text, wide - 2, SMALL)
    at: dict[str, float] = {}
    return _Tree(below, lines, at, wide, _place("", below, lines, at, MARGIN))


def _place(
    code: str, below: dict[str, list[str]], lines: dict[str, tuple[str, ...]], at: dict[str, float], top: float
) -> float:
    """Give every code from `top` downwards its middle; gives the y below the last."""
    own = len(lines[code]) * SMALL * LEADING + ROOM if code else 0.0
    bottom = top
    for child in below.get(code, ()):
        bottom = _place(child, below, lines, at, bottom)
    if code:
        ends = [at[c] for c in below.get(code, ())]
        bottom = max(bottom, top + own)
        at[code] = (ends[0] + ends[-1]) / 2 if ends and bottom > top + own else top + own / 2
    return bottom


def _bracket(canvas: Canvas, x: float, y: float, lines: tuple[str, ...], ends: list[float], right: float) -> None:
    if not ends:
        return
    start, middle, end = x + lettering.widest(lines, SMALL) + 3, right + GAP * 0.45, right + GAP - 3
    canvas.path(((start, y), (middle, y)), palette.RULE, 0.7)
    canvas.path(((middle, min(*ends, y)), (middle, max(*ends, y))), palette.RULE, 0.7)
    for other in ends:
        canvas.path(((middle, other), (end, other)), palette.RULE, 0.7)


def alt(wording: Wording) -> str:
    """How many codes of each level."""
    counts = wording.figure.frame.groupby("level", sort=False).size()
    parts = [
        wording.say(
            "code_tree.item", n=int(n), level=wording.label(str(level)) if level else wording.say("code_tree.codes")
        )
        for level, n in counts.items()
    ]
    return wording.say("code_tree.alt", parts=wording.listing(parts))
