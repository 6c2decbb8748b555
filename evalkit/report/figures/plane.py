"""Two number axes with their grid: what figures of points and lines over time are drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.report.figures import axes, lettering, palette
from evalkit.report.figures.canvas import LEADING, MARGIN, SMALL, WIDTH, Canvas, Point
from evalkit.report.figures.wording import Wording

GAP = 8.0


@dataclass(frozen=True)
class Plane:
    """Where numbers stand: `across` in points from the left, `upright` in points above `bottom`."""

    across: axes.Axis
    upright: axes.Axis
    top: float
    bottom: float

    def at(self, x: float, y: float) -> Point:
        return self.across.at(x), self.bottom - self.upright.at(y)


def plane(
    canvas: Canvas,
    wording: Wording,
    top: float,
    height: float,
    places: Sequence[float],
    values: Sequence[float],
    titles: tuple[str, str],
    *,
    whole: bool = False,
    zero: bool = False,
) -> tuple[Plane, float]:
    """The grid, the numbers and the titles; gives the plane and the y below the title.

    Parameters
    ----------
    places, values : sequence of float
        Everything that is to fit in, across and upright.
    titles : (across, upright)
    whole : bool
        Marks across at whole numbers only.
    zero : bool
        The upright axis holds 0.
    """
    upright = axes.spanning(
        min([*values, *([0.0] if zero else [])]), max([*values, *([0.0] if zero else [])]), 0, height
    )
    marks = [tick_text(wording, upright, tick) for tick in upright.ticks()]
    left = MARGIN + max(lettering.widest(marks, SMALL), 14.0) + 6
    canvas.text(MARGIN, top + SMALL * LEADING / 2, titles[1], size=SMALL, colour=palette.SOFT)
    top += SMALL * LEADING + GAP
    bottom = top + height
    for tick, text in zip(upright.ticks(), marks, strict=True):
        y, base = bottom - upright.at(tick), abs(tick) < 1e-12
        canvas.path(((left, y), (WIDTH - MARGIN, y)), palette.RULE if base else palette.GRID, 0.9 if base else 0.6)
        canvas.text(left - 4, y, text, size=SMALL, align="right", colour=palette.SOFT)
    across = _across(min(places), max(places), left + GAP, WIDTH - MARGIN - GAP, whole)
    for tick in across.ticks():
        x = across.at(tick)
        text = tick_text(wording, across, tick)
        canvas.path(((x, bottom), (x, bottom + 2.5)), palette.RULE, 0.6)
        canvas.text(x, bottom + 2.5 + SMALL * 0.8, text, size=SMALL, align="center", colour=palette.SOFT)
    end = bottom + 2.5 + SMALL * (0.8 + LEADING)
    canvas.text((left + WIDTH) / 2, end, titles[0], size=SMALL, align="center", colour=palette.SOFT)
    return Plane(across, upright, top, bottom), end + SMALL * LEADING


def tick_text(wording: Wording, axis: axes.Axis, value: float) -> str:
    """A number at an axis."""
    return (wording.style.minus if value < -1e-12 else "") + f"{abs(value):.{axis.places()}f}"


def _across(low: float, high: float, left: float, right: float, whole: bool) -> axes.Axis:
    """An axis that begins and ends at the first and last number, marked at round ones."""
    found = axes.spanning(low, high, left, right)
    if not high > low:
        return found
    step = max(1.0, found.step) if whole else found.step
    return axes.Axis(low, high, float(round(step)) if whole else step, left, right)
