"""Codes so far as sources accumulate: the order of work, its expectation, the band of random orders; a panel a level.

Frame: level, number, estimate, expected, conf_low, conf_high. Labels: levels.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from evalkit.report.figures import axes, lettering, palette
from evalkit.report.figures.canvas import BODY, LEADING, MARGIN, SMALL, WIDTH, Canvas
from evalkit.report.figures.wording import Wording

COLUMNS = ("level", "number", "estimate", "expected", "conf_low", "conf_high")
GAP, HEIGHTS = 16.0, {1: 170.0, 2: 140.0, 3: 120.0}


def draw(wording: Wording) -> Canvas:
    """Panels side by side, at most three; each has an upright axis of its own that starts at 0."""
    frame = wording.figure.frame
    parts = [(str(level), part.sort_values("number")) for level, part in frame.groupby("level", sort=False)]
    canvas, columns = Canvas(), min(len(parts), 3)
    wide, height = (WIDTH - 2 * MARGIN - GAP * (columns - 1)) / columns, HEIGHTS[columns]
    top = bottom = MARGIN
    for i, (level, part) in enumerate(parts):
        if i and i % columns == 0:
            top = bottom + 10
        left = MARGIN + (i % columns) * (wide + GAP)
        bottom = max(bottom, _panel(canvas, wording, wording.label(level), part, left, top, wide, height))
    canvas.height = canvas.notes(bottom + 3, wording.notes()) + MARGIN
    return canvas


def _panel(
    canvas: Canvas,
    wording: Wording,
    title: str,
    part: pd.DataFrame,
    left: float,
    top: float,
    wide: float,
    height: float,
) -> float:
    """Title, grid, band, curves; gives the y below the axis title."""
    canvas.text(left, top + BODY * 0.7, title, size=BODY)
    top += BODY * LEADING + 3
    most = float(part[["estimate", "conf_high"]].max().max())
    upright = _whole(axes.spanning(0.0, most, 0.0, height, widest_tick=24.0))
    marks = [wording.number(tick, "count") for tick in upright.ticks()]
    room = lettering.widest(marks, SMALL) + 5
    across = _whole(axes.spanning(0.0, float(part["number"].max()), left + room, left + wide))

    def at(column: str) -> list[tuple[float, float]]:
        values = part[["number", column]].dropna().itertuples(index=False, name=None)
        return [(across.at(float(k)), top + height - upright.at(float(v))) for k, v in values]

    low, high = at("conf_low"), at("conf_high")
    if low:  # below the grid, so that its lines stay visible
        canvas.polygon([*low, *reversed(high)], palette.BLANK)
    for tick, text in zip(upright.ticks(), marks, strict=True):
        y = top + height - upright.at(tick)
        canvas.path(((left + room, y), (left + wide, y)), palette.RULE if not tick else palette.GRID, 0.6)
        canvas.text(left + room - 4, y, text, size=SMALL, align="right", colour=palette.SOFT)
    axis = wording.say("accumulation.axis")
    below = across.draw(canvas, top, top + height, axis, lambda v: wording.number(v, "count"))
    canvas.path(at("expected"), palette.SOFT, 0.9, (3.0, 2.4))
    canvas.path(at("estimate"), palette.LINES[0], 1.3)
    for x, y in at("estimate"):
        canvas.circle(x, y, 1.6, palette.LINES[0], palette.LINES[0])
    return below


def _whole(axis: axes.Axis) -> axes.Axis:
    """The axis with ticks at whole numbers: half a code says nothing."""
    step = float(math.ceil(axis.step))
    return replace(axis, step=step, high=math.ceil(axis.high / step - 1e-9) * step)


def alt(wording: Wording) -> str:
    """Codes of each level, and how many came late."""
    items = []
    for level, part in wording.figure.frame.groupby("level", sort=False):
        totals = part.sort_values("number")["estimate"].to_numpy()
        half = totals[(len(totals) + 1) // 2 - 1]
        items.append(
            wording.say(
                "accumulation.item", n=len(totals), total=int(totals[-1]), level=wording.label(str(level)),
                late=int(totals[-1] - half),
            )
        )  # fmt: skip
    return wording.say("accumulation.alt", parts=wording.listing(items))
