"""A chart with two number axes: where it stands, its grid, bands, lines and the strokes at its foot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.axes import Axis, spanning
from evalkit.report.figures.canvas import LEADING, MARGIN, SMALL, WIDTH, Box, Canvas, Point
from evalkit.report.figures.wording import Wording

GAP, FOOT = 16.0, 12.0
HEIGHTS = {1: 210.0, 2: 165.0, 3: 135.0}
SHADE = palette.between((palette.PAPER, palette.INK), 0.09)


@dataclass(frozen=True)
class Area:
    """One chart in points: `across` runs rightwards, `upright` upwards from `bottom`."""

    across: Axis
    upright: Axis
    bottom: float

    @property
    def top(self) -> float:
        return self.bottom - (self.upright.right - self.upright.left)

    def at(self, x: float, y: float) -> Point:
        return self.across.at(x), self.bottom - self.upright.at(y)

    def grid(self, canvas: Canvas, wording: Wording, marks: bool) -> None:
        """Lines at round numbers, with the numbers at the left where `marks`."""
        for tick in self.upright.ticks():
            y = self.bottom - self.upright.at(tick)
            zero = abs(tick) < 1e-12
            canvas.path(((self.across.left, y), (self.across.right, y)), palette.RULE if zero else palette.GRID, 0.6)
        if marks:
            self.grid_marks(canvas, wording)

    def grid_marks(self, canvas: Canvas, wording: Wording) -> None:
        """The numbers of the vertical axis."""
        for tick in self.upright.ticks():
            text = tick_text(wording, self.upright, tick)
            y = self.bottom - self.upright.at(tick)
            canvas.text(self.across.left - 4, y, text, size=SMALL, align="right", colour=palette.SOFT)

    def feet(self, canvas: Canvas, labels: Sequence[tuple[float, str]]) -> float:
        """Marks of the horizontal axis, wrapped where they are long; gives the y below them."""
        canvas.path(((self.across.left, self.bottom), (self.across.right, self.bottom)), palette.RULE, 0.8)
        room = (self.across.right - self.across.left) / max(len(labels), 1) - 4
        wrapped = [(value, lettering.wrap(text, max(room, 24.0), SMALL)) for value, text in labels]
        high = max((len(lines) for _, lines in wrapped), default=1) * SMALL * LEADING
        for value, lines in wrapped:
            x = self.across.at(value)
            canvas.path(((x, self.bottom), (x, self.bottom + 2)), palette.RULE, 0.6)
            y = self.bottom + 3 + len(lines) * SMALL * LEADING / 2
            canvas.block(x, y, lines, size=SMALL, align="center", colour=palette.SOFT)
        return self.bottom + 3 + high

    def band(self, canvas: Canvas, x: Sequence[float], low: Sequence[float], high: Sequence[float], fill: str) -> None:
        """The ground between two lines."""
        up = [self.at(a, b) for a, b in zip(x, high, strict=True) if math.isfinite(b)]
        down = [self.at(a, b) for a, b in zip(x, low, strict=True) if math.isfinite(b)]
        if up and down:
            canvas.polygon((*up, *reversed(down)), fill)

    def line(
        self,
        canvas: Canvas,
        x: Sequence[float],
        y: Sequence[float],
        colour: str,
        width: float = 1.2,
        dash: tuple[float, float] | None = None,
    ) -> None:
        points = [self.at(a, b) for a, b in zip(x, y, strict=True) if math.isfinite(b)]
        if len(points) > 1:
            canvas.path(points, colour, width, dash)

    def rug(self, canvas: Canvas, frame: pd.DataFrame, x: str) -> None:
        """Strokes at the foot, as high as many cases have the value."""
        most = float(frame["estimate"].max()) if len(frame) else 0.0
        for value, share in zip(frame[x], frame["estimate"], strict=True):
            place = self.across.at(float(value))
            high = max(FOOT * float(share) / most, 1.0)
            canvas.path(((place, self.bottom), (place, self.bottom - high)), palette.SOFT, 1.0)

    def ground(self, canvas: Canvas, start: float, end: float) -> None:
        """A light ground from one value to another."""
        canvas.rect(Box(self.across.at(start), self.top, self.across.at(end), self.bottom), SHADE)


def areas(
    canvas: Canvas,
    wording: Wording,
    titles: Sequence[str],
    top: float,
    across: tuple[float, float],
    upright: tuple[float, float],
    lines: int = 1,
) -> list[Area]:
    """Charts of one scale, up to three in a row, with their titles; the lowest ends where the last area's bottom is.

    Parameters
    ----------
    across, upright : (float, float)
        What the axes must hold; the horizontal one ends there, the vertical one at round numbers.
    lines : int
        Lines of text below each chart.
    """
    columns = columns_for(len(titles))
    height = HEIGHTS[columns]
    scale = spanning(*upright, 0.0, height)
    marks = [tick_text(wording, scale, tick) for tick in scale.ticks()]
    left = MARGIN + lettering.widest(marks, SMALL) + 6
    wide = (WIDTH - MARGIN - 6 - left - GAP * (columns - 1)) / columns
    found = []
    for start in range(0, len(titles), columns):
        row = [lettering.wrap(title, wide, SMALL) if title else () for title in titles[start : start + columns]]
        head = max(map(len, row)) * SMALL * LEADING
        for k, words in enumerate(row):
            x = left + k * (wide + GAP)
            canvas.block(x + wide / 2, top + head / 2, words, size=SMALL, align="center")
            axis = spanning(*across, x, x + wide)
            axis = Axis(*across, axis.step, x, x + wide) if across[1] > across[0] else axis
            found.append(Area(axis, scale, top + head + 3 + height))
        top += head + 3 + height + 8 + lines * SMALL * LEADING
    return found


def columns_for(n: int) -> int:
    """Charts a row: up to three, four as two and two."""
    return 2 if n == 4 else min(n, 3)


def number_labels(wording: Wording, axis: Axis) -> list[tuple[float, str]]:
    """The round numbers of an axis."""
    return [(tick, tick_text(wording, axis, tick)) for tick in axis.ticks()]


def tick_text(wording: Wording, axis: Axis, value: float) -> str:
    """A number at an axis."""
    return (wording.style.minus if value < -1e-12 else "") + f"{abs(value):.{axis.places()}f}"


def tint(colour: str) -> str:
    """The ground of a band in the colour of its line."""
    return palette.between((palette.PAPER, colour), 0.16)
