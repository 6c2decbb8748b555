"""Shapes and lines of text, in points: what a figure kind lays out and `render` turns into bytes.

The origin is the upper left corner, y grows downwards, one unit is a point (1/72 inch).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from evalkit.report.figures import lettering, palette

WIDTH = 440.0
"""Points: the text width of an A4 page (15.6 cm). A drawing that needs more room is wider."""
BODY, SMALL = 8.5, 7.5
"""Font sizes in points: labels; numbers, legend and notes."""
LEADING = 1.32
MARGIN = 4.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle in points: left, top, right, bottom."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def cx(self) -> float:
        return (self.x0 + self.x1) / 2

    @property
    def cy(self) -> float:
        return (self.y0 + self.y1) / 2

    def overlaps(self, other: Box, slack: float = 0.0) -> bool:
        """Whether the two come nearer than `slack`."""
        apart = self.x1 + slack <= other.x0 or other.x1 + slack <= self.x0
        return not (apart or self.y1 + slack <= other.y0 or other.y1 + slack <= self.y0)


@dataclass(frozen=True)
class Shape:
    """An outline, filled or stroked; `curved` points are those of cubic curves (a circle)."""

    points: tuple[Point, ...]
    fill: str | None = None
    stroke: str | None = None
    line: float = 0.8
    dash: tuple[float, float] | None = None
    curved: bool = False


@dataclass(frozen=True)
class Line:
    """One line of text; `x` its left end, `y` its baseline, `box` the room it takes."""

    text: str
    x: float
    y: float
    size: float
    colour: str
    box: Box


@dataclass
class Canvas:
    """What is drawn, in order. Whoever lays a figure out sets the height when he knows it."""

    width: float = WIDTH
    height: float = 0.0
    shapes: list[Shape | Line] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)  # character the font lacks -> text it stands in

    @property
    def lines(self) -> list[Line]:
        """The texts only."""
        return [shape for shape in self.shapes if isinstance(shape, Line)]

    def rect(self, box: Box, fill: str | None = None, stroke: str | None = None, line: float = 0.8) -> None:
        corners = ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1), (box.x0, box.y0))
        self.shapes.append(Shape(corners, fill, stroke, line))

    def path(
        self,
        points: Sequence[Point],
        stroke: str = palette.INK,
        line: float = 0.8,
        dash: tuple[float, float] | None = None,
    ) -> None:
        """An open line through the points; `dash` is mark and gap in points."""
        self.shapes.append(Shape(tuple(points), None, stroke, line, dash))

    def polygon(self, points: Sequence[Point], fill: str, stroke: str | None = None, line: float = 1.0) -> None:
        self.shapes.append(Shape((*points, points[0]), fill, stroke, line))

    def circle(self, x: float, y: float, radius: float, fill: str, stroke: str, line: float = 1.0) -> None:
        self.shapes.append(Shape(_circle(x, y, radius), fill, stroke, line, curved=True))

    def text(
        self, x: float, y: float, text: str, *, size: float = BODY, align: str = "left", colour: str = palette.INK
    ) -> Box:
        """One line whose optical middle lies at `y`; `align` says which end, or the middle, `x` is. Gives its box."""
        shown, missing = lettering.drawable(text)
        for character in missing:
            self.missing.setdefault(character, shown)
        wide = lettering.width(shown, size)
        if align == "right" and shown.endswith(lettering.HANGING):
            x += size * 0.45  # the empty half of a full-width mark hangs over the edge
        left = x - wide * {"left": 0.0, "center": 0.5, "right": 1.0}[align]
        base = y + lettering.MIDDLE * size
        box = Box(left, base - lettering.ASCENT * size, left + wide, base + lettering.DESCENT * size)
        self.shapes.append(Line(shown, left, base, size, colour, box))
        return box

    def block(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        *,
        size: float = BODY,
        align: str = "left",
        colour: str = palette.INK,
    ) -> None:
        """Several lines, centred as a block about `y`."""
        for i, line in enumerate(lines):
            offset = (i - (len(lines) - 1) / 2) * size * LEADING
            self.text(x, y + offset, line, size=size, align=align, colour=colour)

    def notes(self, y: float, paragraphs: Sequence[str]) -> float:
        """Notes across the whole width from `y` downwards; gives the y below them."""
        for paragraph in paragraphs:
            for line in lettering.wrap(paragraph, self.width - 2 * MARGIN, SMALL, even=False):
                self.text(MARGIN, y + SMALL * LEADING / 2, line, size=SMALL, colour=palette.SOFT)
                y += SMALL * LEADING
        return y


def block_height(lines: Sequence[str], size: float = BODY) -> float:
    """Room a block of lines takes, in points."""
    return len(lines) * size * LEADING


def _circle(x: float, y: float, r: float) -> tuple[Point, ...]:
    """Start point and four cubic arcs; 0.5523 keeps a cubic within 0.03 % of the quarter circle."""
    k = 0.5523 * r
    return (
        (x + r, y), (x + r, y + k), (x + k, y + r), (x, y + r), (x - k, y + r), (x - r, y + k), (x - r, y),
        (x - r, y - k), (x - k, y - r), (x, y - r), (x + k, y - r), (x + r, y - k), (x + r, y),
    )  # fmt: skip
