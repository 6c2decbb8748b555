"""Standardised residuals of a linear model: against the fitted values, and against normal quantiles.

Frame: part (fitted or normal), x, y; one row a point. Residuals beyond 3 are filled. Labels: `outcome`.
"""

from __future__ import annotations

import pandas as pd

from evalkit.report.figures import axes, lettering, palette
from evalkit.report.figures.canvas import LEADING, MARGIN, SMALL, WIDTH, Canvas
from evalkit.report.figures.wording import Wording

COLUMNS = ("part", "x", "y")
HEIGHT, GAP, RADIUS, FAR = 150.0, 26.0, 1.5, 3.0


def draw(wording: Wording) -> Canvas:
    """Two charts side by side over one scale of residuals."""
    frame = wording.figure.frame.dropna(subset=["x", "y"])
    canvas = Canvas()
    top = MARGIN + SMALL * LEADING * 1.6
    ends = [*frame["y"], -2.0, 2.0]
    upright = axes.spanning(min(ends), max(ends), 0.0, HEIGHT, widest_tick=22.0)
    marks = [_tick(wording, upright, tick) for tick in upright.ticks()]
    left = MARGIN + lettering.widest(marks, SMALL) + 6
    wide = (WIDTH - MARGIN - 10 - left - GAP) / 2  # half of the last number hangs over
    canvas.text(MARGIN, MARGIN + SMALL * 0.7, wording.say("residuals.vertical"), size=SMALL, colour=palette.SOFT)
    bottom = top
    for k, part in enumerate(("fitted", "normal")):
        points = frame[frame["part"] == part]
        start = left + k * (wide + GAP)
        end = _chart(canvas, wording, points, upright, top, (start, start + wide), part)
        bottom = max(bottom, end)
    for tick, text in zip(upright.ticks(), marks, strict=True):
        y = top + HEIGHT - upright.at(tick)
        canvas.text(left - 4, y, text, size=SMALL, align="right", colour=palette.SOFT)
    canvas.height = canvas.notes(bottom + 3, wording.notes(wording.say("residuals.note"))) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """How many points, the largest residual, and how many lie beyond 3."""
    frame = wording.figure.frame
    points = frame.loc[frame["part"] == "fitted", "y"].dropna()
    extreme = float(points.loc[points.abs().idxmax()])
    far = int((points.abs() > FAR).sum())
    return wording.say(
        "residuals.alt",
        n=len(points),
        outcome=wording.label("outcome"),
        extreme=wording.number(extreme, "rstandard"),
        far=far,
    )


def _chart(
    canvas: Canvas,
    wording: Wording,
    points: pd.DataFrame,
    upright: axes.Axis,
    top: float,
    sides: tuple[float, float],
    part: str,
) -> float:
    axis = axes.spanning(float(points["x"].min()), float(points["x"].max()), *sides)
    bottom = top + HEIGHT

    def level(value: float) -> float:
        return bottom - upright.at(value)

    for tick in upright.ticks():
        canvas.path(((sides[0], level(tick)), (sides[1], level(tick))), palette.GRID, 0.6)
    end = axis.draw(canvas, top, bottom, wording.say(f"residuals.{part}"), lambda v: _tick(wording, axis, v))
    if part == "normal":  # where the points of normal residuals lie
        low, high = max(axis.low, upright.low), min(axis.high, upright.high)
        canvas.path(((axis.at(low), level(low)), (axis.at(high), level(high))), palette.INK, 0.9)
    else:
        canvas.path(((sides[0], level(0.0)), (sides[1], level(0.0))), palette.INK, 0.9)
    for x, y in zip(points["x"], points["y"], strict=True):
        fill = palette.LINES[0] if abs(y) > FAR else palette.PAPER
        canvas.circle(axis.at(x), level(y), RADIUS, fill, palette.LINES[0], 0.6)
    return end


def _tick(wording: Wording, axis: axes.Axis, value: float) -> str:
    return (wording.style.minus if value < -1e-12 else "") + f"{abs(value):.{axis.places()}f}"
