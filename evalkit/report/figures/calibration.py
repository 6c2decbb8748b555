"""Membership over the measure it was made of, a panel a set, with the cases and the crossover.

Frame: set, x, y, middle (nan where there is none). Labels: sets.
"""

from __future__ import annotations

import math
from itertools import pairwise

import pandas as pd

from evalkit.report.figures import axes, lettering, palette
from evalkit.report.figures.canvas import BODY, LEADING, MARGIN, SMALL, Canvas
from evalkit.report.figures.rows import in_rows
from evalkit.report.figures.wording import Wording

COLUMNS = ("set", "x", "y", "middle")
GAP, COLUMNS_MOST, HEIGHT = 16.0, 3, 100.0


def draw(wording: Wording) -> Canvas:
    """Panels in rows of three; cases joined in order of the measure."""
    frame = wording.figure.frame
    parts = [(str(name), part.sort_values("x")) for name, part in frame.groupby("set", sort=False)]
    canvas = Canvas()

    def one(i: int, left: float, top: float, wide: float) -> float:
        return _panel(canvas, wording, *parts[i], left, top, wide)

    bottom = in_rows(len(parts), COLUMNS_MOST, GAP, one)
    canvas.height = canvas.notes(bottom + 3, wording.notes(wording.say("calibration.note"))) + MARGIN
    return canvas


def _panel(
    canvas: Canvas, wording: Wording, name: str, part: pd.DataFrame, left: float, top: float, wide: float
) -> float:
    for line in lettering.wrap(wording.label(name), wide, BODY):
        canvas.text(left, top + BODY * 0.7, line, size=BODY)
        top += BODY * LEADING
    top += 3
    most = max(1.0, float(part["y"].max()))
    upright = axes.spanning(0.0, most, 0.0, HEIGHT, widest_tick=24.0)
    room = lettering.widest([_tick(v) for v in upright.ticks()], SMALL) + 5
    across = axes.spanning(float(part["x"].min()), float(part["x"].max()), left + room, left + wide)

    def at(x: float, y: float) -> tuple[float, float]:
        return across.at(x), top + HEIGHT - upright.at(y)

    for tick in upright.ticks():
        y = at(0, tick)[1]
        canvas.path(((left + room, y), (left + wide, y)), palette.GRID, 0.6)
        canvas.text(left + room - 4, y, _tick(tick), size=SMALL, align="right", colour=palette.SOFT)
    below = across.draw(canvas, top, top + HEIGHT, "", _tick)
    middle = float(part["middle"].iloc[0])
    if math.isfinite(middle) and across.low <= middle <= across.high:
        canvas.path((at(middle, 0), at(middle, most)), palette.SOFT, 0.9, (3.0, 2.4))
    points = [at(float(x), float(y)) for x, y in zip(part["x"], part["y"], strict=True)]
    canvas.path([at(x, y) for x, y in _line(part, middle)], palette.LINES[0], 0.7)
    for x, y in points:
        canvas.circle(x, y, 1.8, palette.LINES[0], palette.LINES[0])
    return below


def _line(part: pd.DataFrame, middle: float) -> list[tuple[float, float]]:
    """Through the cases; a set of whole values has no way between them, so it steps where they change."""
    points = [(float(x), float(y)) for x, y in zip(part["x"], part["y"], strict=True)]
    if any(y % 1 for _, y in points):
        return points
    found = points[:1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if y0 != y1:
            edge = middle if x0 <= middle <= x1 else x1
            found += [(edge, y0), (edge, y1)]
        found.append((x1, y1))
    return found


def _tick(value: float) -> str:
    return f"{round(value, 9):g}"


def alt(wording: Wording) -> str:
    """How many cases are more in each set than out."""
    parts = [
        wording.say("calibration.item", name=wording.label(str(name)), n=len(part), inside=int((part["y"] > 0.5).sum()))
        for name, part in wording.figure.frame.groupby("set", sort=False)
    ]
    return wording.say("calibration.alt", parts=wording.listing(parts))
