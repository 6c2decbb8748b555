"""Configurations as radars: an axis a condition, the rim its presence, the middle its absence, halfway no matter.

Frame: path, condition, estimate (1 present, 0 absent, 0.5 does not matter), core (1 where the parsimonious solution
has it too). Labels: paths, conditions.
"""

from __future__ import annotations

import math

import pandas as pd

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import BODY, LEADING, MARGIN, SMALL, Canvas, Point
from evalkit.report.figures.rows import in_rows
from evalkit.report.figures.wording import Wording

COLUMNS = ("path", "condition", "estimate", "core")
GAP, MOST_ACROSS, RADIUS, CENTRE = 14.0, 2, 50.0, 0.12
RINGS = (0.5, 1.0)


def draw(wording: Wording) -> Canvas:
    """A radar a path, in rows of two; core conditions have filled corners."""
    parts = [(str(name), part) for name, part in wording.figure.frame.groupby("path", sort=False)]
    canvas = Canvas()

    def one(i: int, left: float, top: float, wide: float) -> float:
        return _radar(canvas, wording, *parts[i], left, top, wide)

    bottom = in_rows(len(parts), MOST_ACROSS, GAP, one)
    canvas.height = canvas.notes(bottom + 3, wording.notes(wording.say("radar.note"))) + MARGIN
    return canvas


def _radar(
    canvas: Canvas, wording: Wording, name: str, part: pd.DataFrame, left: float, top: float, wide: float
) -> float:
    """One path below its name; gives the y below it."""
    for line in lettering.wrap(wording.label(name), wide, BODY):
        canvas.text(left + wide / 2, top + BODY * 0.7, line, size=BODY, align="center")
        top += BODY * LEADING
    names = [wording.label(c) for c in part["condition"]]
    turns = [2 * math.pi * k / len(names) for k in range(len(names))]
    said = [lettering.wrap(text, _room(turn, wide), SMALL) for text, turn in zip(names, turns, strict=True)]
    head = max(len(lines) for lines, t in zip(said, turns, strict=True) if _upright(t)) * SMALL * LEADING + 9
    x, y = left + wide / 2, top + head + RADIUS

    def at(turn: float, share: float) -> Point:
        reach = RADIUS * (CENTRE + (1 - CENTRE) * share)
        return x + reach * math.sin(turn), y - reach * math.cos(turn)

    for ring in RINGS:
        canvas.path([at(t, ring) for t in (*turns, turns[0])], palette.RULE if ring == 1 else palette.GRID, 0.7)
    for turn in turns:
        canvas.path(((x, y), at(turn, 1.0)), palette.GRID, 0.6)
    corners = [at(turn, float(value)) for turn, value in zip(turns, part["estimate"], strict=True)]
    fill = palette.between((palette.PAPER, palette.LINES[0]), 0.18)
    if len(corners) > 2:
        canvas.polygon(corners, fill, palette.LINES[0], 1.1)
    else:
        canvas.path(corners, palette.LINES[0], 1.1)
    for (px, py), value, core in zip(corners, part["estimate"], part["core"], strict=True):
        if float(value) != 0.5:
            canvas.circle(px, py, 2.6, palette.LINES[0] if core else palette.PAPER, palette.LINES[0], 0.9)
    for turn, lines in zip(turns, said, strict=True):
        _name(canvas, lines, at(turn, 1.0), turn)
    return y + RADIUS + head


def _upright(turn: float) -> bool:
    """Whether an axis runs so steeply that its name stands above or below it."""
    return abs(math.sin(turn)) < 0.3


def _room(turn: float, wide: float) -> float:
    """How wide the name of an axis may be."""
    return wide - 10 if _upright(turn) else wide / 2 - RADIUS * abs(math.sin(turn)) - 7


def _name(canvas: Canvas, lines: list[str], rim: Point, turn: float) -> None:
    """A condition's name outside the rim, on the side where its axis ends."""
    side, up = math.sin(turn), math.cos(turn)
    align = "center" if _upright(turn) else "left" if side > 0 else "right"
    shift = len(lines) * SMALL * LEADING / 2
    away = 5 if align != "center" else 0
    y = rim[1] - up * (shift + 5) if align == "center" else rim[1] - up * 4
    canvas.block(rim[0] + math.copysign(away, side), y, lines, size=SMALL, align=align)


def alt(wording: Wording) -> str:
    """Each path with its conditions, present and absent."""
    parts = []
    for name, part in wording.figure.frame.groupby("path", sort=False):
        given = zip(part["condition"], part["estimate"], strict=True)
        said = [
            wording.say(f"radar.{'present' if v > 0.5 else 'absent'}", name=wording.label(c))
            for c, v in given
            if v != 0.5
        ]
        parts.append(
            wording.say("radar.item", path=wording.label(str(name)), parts=wording.say("radar.and").join(said))
        )
    return wording.listing(parts) + wording.say("radar.end")
