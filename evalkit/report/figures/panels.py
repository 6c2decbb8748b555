"""Small charts of curves over one number axis, in rows that share their scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.axes import Axis
from evalkit.report.figures.canvas import LEADING, MARGIN, SMALL, WIDTH, Canvas
from evalkit.report.figures.legend import Sign
from evalkit.report.figures.wording import Wording

GAP = 13.0
LOW, HIGH, TICKS = -4.0, 4.0, (-3.0, 0.0, 3.0)
"""The part of the latent scale that is drawn, and where it is marked."""
Across = tuple[float, float, tuple[float, ...]]
LATENT: Across = (LOW, HIGH, TICKS)
"""Ends of the horizontal axis, and where it is marked."""
DASHES = (None, (5.0, 2.0), (2.0, 1.6), (8.0, 2.6), (1.0, 1.8))


@dataclass(frozen=True)
class Curve:
    """Points (place, value) joined by a line; `look` numbers its colour and dashes."""

    points: tuple[tuple[float, float], ...]
    look: int = 0


@dataclass(frozen=True)
class Panel:
    """One chart: its title and its curves."""

    title: str
    curves: tuple[Curve, ...]


def colour(look: int) -> str:
    """Colour of a line."""
    return palette.LINES[look % len(palette.LINES)]


def dashes(look: int) -> tuple[float, float] | None:
    """Dashes of a line; no two of the first 25 looks share both colour and dashes."""
    return DASHES[(look + look // len(palette.LINES)) % len(DASHES)]


def line_sign(look: int) -> Sign:
    """A legend's sign for a line."""
    return lambda canvas, x, y: canvas.path(((x - 6, y), (x + 5, y)), colour(look), 1.2, dashes(look))


def columns_for(n: int) -> int:
    """Charts a row, so that a full figure keeps to one page."""
    return 2 if n <= 4 else 3 if n <= 12 else 4


def panels(
    canvas: Canvas,
    top: float,
    shown: Sequence[Panel],
    upright: Axis,
    columns: int,
    spoken: Callable[[float], str],
    across: Across = LATENT,
) -> float:
    """Charts from left to right in rows of `columns`; gives the y below them.

    Parameters
    ----------
    upright : Axis
        The scale of the values; its length in points is the height of a chart.
    spoken : callable
        Number -> text, for the marks of both axes.
    across : tuple
        The horizontal axis; that of the latent scale unless said otherwise.
    """
    marks = [spoken(tick) for tick in upright.ticks()]
    left = MARGIN + lettering.widest(marks, SMALL) + 5
    wide = (WIDTH - MARGIN - left - GAP * (columns - 1)) / columns
    height = upright.right - upright.left
    for start in range(0, len(shown), columns):
        row = shown[start : start + columns]
        titles = [lettering.wrap(panel.title, wide, SMALL) for panel in row]
        top += max(map(len, titles)) * SMALL * LEADING + 3
        for k, (panel, lines) in enumerate(zip(row, titles, strict=True)):
            axis = Axis(across[0], across[1], 1.0, left + k * (wide + GAP), left + k * (wide + GAP) + wide)
            middle = (axis.left + axis.right) / 2
            canvas.block(middle, top - 3 - len(lines) * SMALL * LEADING / 2, lines, size=SMALL, align="center")
            _frame(canvas, axis, top, upright, spoken, across[2])
            for curve in panel.curves:
                at = [(axis.at(x), top + height - upright.at(y)) for x, y in curve.points]
                canvas.path(at, colour(curve.look), 1.1, dashes(curve.look))
        for tick, text in zip(upright.ticks(), marks, strict=True):
            y = top + height - upright.at(tick)
            canvas.text(left - 4, y, text, size=SMALL, align="right", colour=palette.SOFT)
        top += height + SMALL * (0.9 + LEADING) + 2
    return top


def curve_of(places: Sequence[float], values: Sequence[float], look: int = 0) -> Curve:
    """A curve cut to the part of the scale that is drawn."""
    pairs = zip(map(float, places), map(float, values), strict=True)
    return Curve(tuple(sorted((x, y) for x, y in pairs if LOW <= x <= HIGH and y == y)), look)


def tick_text(wording: Wording, places: int) -> Callable[[float], str]:
    """Numbers at the axes: whole ones without decimals."""

    def spoken(value: float) -> str:
        sign = wording.style.minus if value < -1e-12 else ""
        return sign + (f"{abs(value):.0f}" if float(value).is_integer() else f"{abs(value):.{places}f}")

    return spoken


def axis_title(canvas: Canvas, y: float, text: str) -> float:
    """The words below the last row; gives the y below them."""
    canvas.text(WIDTH / 2, y + SMALL * LEADING / 2, text, size=SMALL, align="center", colour=palette.SOFT)
    return y + SMALL * LEADING


def _frame(
    canvas: Canvas, axis: Axis, top: float, upright: Axis, spoken: Callable[[float], str], marks: Sequence[float]
) -> None:
    bottom = top + upright.right - upright.left
    for tick in upright.ticks():
        y = bottom - upright.at(tick)
        canvas.path(((axis.left, y), (axis.right, y)), palette.RULE if tick == 0 else palette.GRID, 0.6)
    for tick in marks:
        canvas.path(((axis.at(tick), top), (axis.at(tick), bottom)), palette.GRID, 0.6)
        canvas.text(axis.at(tick), bottom + SMALL * 0.9, spoken(tick), size=SMALL, align="center", colour=palette.SOFT)
