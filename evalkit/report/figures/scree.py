"""Eigenvalues in falling order beside those of random data: how many stand above chance.

Frame: basis, number, estimate, reference; one row an eigenvalue. Labels: the bases, `reference` for the random data.
Observed eigenvalues are joined by a line, filled where they beat the random ones; the random ones are dashed.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evalkit.report.figures import axes, lettering, palette
from evalkit.report.figures.canvas import LEADING, MARGIN, SMALL, WIDTH, Canvas
from evalkit.report.figures.coefficients import marker
from evalkit.report.figures.legend import Sign, legend
from evalkit.report.figures.wording import Wording

COLUMNS = ("basis", "number", "estimate", "reference")
HEIGHT, MOST = 190.0, 30


@dataclass(frozen=True)
class Series:
    """The eigenvalues of one basis, their references, and how many of the first stand above them."""

    basis: str
    values: tuple[float, ...]
    references: tuple[float, ...]

    @property
    def n_above(self) -> int:
        pairs = zip(self.values, self.references, strict=True)
        return next((k for k, (own, bar) in enumerate(pairs) if not own > bar), len(self.values))


def series(frame: pd.DataFrame) -> tuple[Series, ...]:
    """One series a basis in order of appearance; of many eigenvalues the first `MOST`."""
    found = []
    for basis, part in frame.groupby("basis", sort=False):
        rows = part.sort_values("number").head(MOST)
        found.append(Series(str(basis), tuple(map(float, rows["estimate"])), tuple(map(float, rows["reference"]))))
    return tuple(found)


def draw(wording: Wording) -> Canvas:
    """Lines over the number of the eigenvalue, the legend above, the title of the axis below."""
    found = series(wording.figure.frame)
    canvas = Canvas()
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN, _signs(wording, found)) + 8 + SMALL * LEADING
    every = [value for one in found for value in (*one.values, *one.references)]
    upright = axes.spanning(min(0.0, min(every)), max(every), 0.0, HEIGHT)

    def level(value: float) -> float:
        return top + HEIGHT - upright.at(value)

    marks = [_tick(wording, upright, tick) for tick in upright.ticks()]
    left = MARGIN + max(lettering.widest(marks, SMALL), 14.0) + 6
    longest = max(len(one.values) for one in found)
    wide = (WIDTH - MARGIN - left) / longest
    canvas.text(MARGIN, top - SMALL * LEADING, wording.say("scree.vertical"), size=SMALL, colour=palette.SOFT)
    for tick, text in zip(upright.ticks(), marks, strict=True):
        y, zero = level(tick), abs(tick) < 1e-12
        canvas.path(((left, y), (WIDTH - MARGIN, y)), palette.RULE if zero else palette.GRID, 0.9 if zero else 0.6)
        canvas.text(left - 4, y, text, size=SMALL, align="right", colour=palette.SOFT)
    every_nth = max(1, -(-longest // 15))
    for k in range(0, longest, every_nth):
        x = left + (k + 0.5) * wide
        canvas.text(x, top + HEIGHT + SMALL, str(k + 1), size=SMALL, align="center", colour=palette.SOFT)
    for i, one in enumerate(found):
        places = [left + (k + 0.5) * wide for k in range(len(one.values))]
        colour = _colour(i)
        random = [(x, level(v)) for x, v in zip(places, one.references, strict=True)]
        own = [(x, level(v)) for x, v in zip(places, one.values, strict=True)]
        canvas.path(random, colour, 0.9, (3.0, 2.4))
        canvas.path(own, colour, 1.1)
        for k, (x, y) in enumerate(own):
            marker(canvas, x, y, i, colour, one.values[k] > one.references[k])
    y = top + HEIGHT + SMALL * (1 + LEADING)
    canvas.text((left + WIDTH) / 2, y, wording.say("scree.axis"), size=SMALL, align="center", colour=palette.SOFT)
    canvas.height = canvas.notes(y + SMALL * LEADING, wording.notes(wording.label("reference"))) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """How many eigenvalues of each basis stand above those of random data."""
    found = series(wording.figure.frame)
    parts = [
        wording.say(
            "scree.item",
            basis=wording.label(one.basis),
            k=one.n_above,
            first=wording.number(one.values[0], "estimate"),
        )
        for one in found
    ]
    return wording.say("scree.alt", n=max(len(one.values) for one in found), parts=wording.listing(parts))


def _signs(wording: Wording, found: tuple[Series, ...]) -> list[tuple[Sign, str]]:
    def sign(i: int, filled: bool, colour: str) -> Sign:
        return lambda canvas, x, y: marker(canvas, x, y, i, colour, filled)

    def dashes(canvas: Canvas, x: float, y: float) -> None:
        canvas.path(((x - 5, y), (x + 5, y)), palette.INK, 0.9, (3.0, 2.4))

    own = [(sign(i, True, _colour(i)), wording.label(one.basis)) for i, one in enumerate(found)]
    return [
        *own,
        (sign(0, False, palette.INK), wording.say("scree.below")),
        (dashes, wording.say("scree.random")),
    ]


def _colour(i: int) -> str:
    return palette.LINES[i % len(palette.LINES)]


def _tick(wording: Wording, axis: axes.Axis, value: float) -> str:
    return (wording.style.minus if value < -1e-12 else "") + f"{abs(value):.{axis.places()}f}"
