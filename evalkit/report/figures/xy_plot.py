"""Membership in a solution against membership in the outcome, cases named; above the diagonal is consistent.

Frame: case, x, y, kind. Labels: cases, kinds, `x`, `y` (the titles of the axes).
"""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.report.figures import palette
from evalkit.report.figures.beside import Named, names_beside
from evalkit.report.figures.canvas import MARGIN, SMALL, Box, Canvas
from evalkit.report.figures.coefficients import marker
from evalkit.report.figures.legend import Sign, legend
from evalkit.report.figures.wording import Wording

COLUMNS = ("case", "x", "y", "kind")
SIDE, MOST_NAMED = 300.0, 60
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Point:
    """A case with its place and the shape of its kind."""

    name: str
    x: float
    y: float
    shape: int


def draw(wording: Wording) -> Canvas:
    """A square with its diagonal and the lines at 0.5; names beside the points, moved apart where they would touch."""
    frame = wording.figure.frame
    kinds = list(dict.fromkeys(frame["kind"].map(str)))
    canvas = Canvas()
    top = legend(canvas, MARGIN, canvas.width - MARGIN, MARGIN, _signs(wording, kinds)) + 10
    left = (canvas.width - SIDE) / 2

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * SIDE, top + (1 - y) * SIDE

    for tick in TICKS:
        colour = palette.RULE if tick == 0.5 else palette.GRID
        canvas.path((at(tick, 0), at(tick, 1)), colour, 0.7)
        canvas.path((at(0, tick), at(1, tick)), colour, 0.7)
        x, y = at(tick, 0)
        canvas.text(x, y + SMALL, f"{tick:g}", size=SMALL, align="center", colour=palette.SOFT)
        x, y = at(0, tick)
        canvas.text(x - 5, y, f"{tick:g}", size=SMALL, align="right", colour=palette.SOFT)
    canvas.path((at(0, 0), at(1, 1)), palette.SOFT, 0.9, (3.0, 2.4))
    points = [
        Point(wording.label(case), *at(float(x), float(y)), kinds.index(str(kind)))
        for case, x, y, kind in frame[list(COLUMNS)].itertuples(index=False, name=None)
    ]
    for p in points:
        marker(canvas, p.x, p.y, p.shape, palette.LINES[p.shape % len(palette.LINES)], True)
    if len(points) <= MOST_NAMED:
        room = Box(MARGIN, top - 4, canvas.width - MARGIN, top + SIDE + 4)
        names_beside(canvas, [Named(p.name, p.x, p.y) for p in points], room)
    bottom = top + SIDE + SMALL * 2.6
    canvas.text(left + SIDE / 2, bottom, wording.label("x"), size=SMALL, align="center", colour=palette.SOFT)
    canvas.text(left, top - SMALL * 0.7, wording.label("y"), size=SMALL, colour=palette.SOFT)
    canvas.height = canvas.notes(bottom + SMALL, wording.notes(wording.say("xy_plot.note"))) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """How many cases there are of each kind."""
    counts = wording.figure.frame["kind"].map(str).value_counts(sort=False)
    parts = [wording.say("xy_plot.item", kind=wording.label(str(kind)), n=int(n)) for kind, n in counts.items()]
    return wording.say("xy_plot.alt", x=wording.label("x"), y=wording.label("y"), parts=wording.listing(parts))


def _signs(wording: Wording, kinds: list[str]) -> list[tuple[Sign, str]]:
    def sign(i: int) -> Sign:
        return lambda canvas, x, y: marker(canvas, x, y, i, palette.LINES[i % len(palette.LINES)], True)

    return [(sign(i), wording.label(kind)) for i, kind in enumerate(kinds)]
