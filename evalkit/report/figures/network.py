"""A network map: marks sized by degree and shaped by kind, ties as lines.

Frame: part (actor or tie), a, b, x, y (0 to 1), size, kind (of a tie: both or one). Labels: actors; kinds as
`kind:<kind>`, for an actor may have the name of a kind.
"""

from __future__ import annotations

import math
from dataclasses import replace

from evalkit.report.figures import palette
from evalkit.report.figures.beside import Named, names_beside
from evalkit.report.figures.canvas import MARGIN, WIDTH, Box, Canvas
from evalkit.report.figures.coefficients import marker
from evalkit.report.figures.legend import Sign, legend
from evalkit.report.figures.wording import Wording

COLUMNS = ("part", "a", "b", "x", "y", "size", "kind")
HEIGHT, PAD, SMALLEST, LARGEST = 330.0, 34.0, 2.6, 8.0
ROOMY, GROWTH, HIGHEST = 30, 5.0, 560.0
"""Beyond so many actors the map grows by this much an actor, up to a page, and names only so many."""
CROWDED, PALE = 60, "#B4B4B4"
"""Beyond so many ties their lines are finer and paler, so that marks and names stand out."""


def draw(wording: Wording) -> Canvas:
    """Ties first, then marks, then names where they do not touch."""
    frame = wording.figure.frame
    actors, ties = frame[frame["part"] == "actor"], frame[frame["part"] == "tie"]
    kinds = [k for k in dict.fromkeys(actors["kind"].map(str)) if k]
    canvas, top = Canvas(), MARGIN
    if kinds:
        top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN, _signs(wording, kinds)) + 6
    high = min(HEIGHT + GROWTH * max(len(actors) - ROOMY, 0), HIGHEST)
    largest_mark = LARGEST * math.sqrt(min(1.0, ROOMY / max(len(actors), 1)))
    left, across = MARGIN + PAD, WIDTH - 2 * (MARGIN + PAD)
    at = {
        str(row.a): (left + float(row.x) * across, top + PAD + float(row.y) * (high - 2 * PAD))
        for row in actors.itertuples(index=False)
    }
    least, most = (float(ties["size"].min()), float(ties["size"].max())) if len(ties) else (0.0, 1.0)
    fine, colour = (0.7, PALE) if len(ties) > CROWDED else (1.0, palette.RULE)
    lines = [(at[str(row.a)], at[str(row.b)]) for row in ties.itertuples(index=False)]
    for row, line in zip(ties.itertuples(index=False), lines, strict=True):
        wide = fine * (0.8 + (1.4 * (float(row.size) - least) / (most - least) if most > least else 0.0))
        canvas.path(line, colour, wide, None if row.kind == "both" else (2.4, 1.8))
    largest = math.sqrt(max(float(actors["size"].max()), 1.0))
    points = []
    for row in actors.itertuples(index=False):
        x, y = at[str(row.a)]
        radius = SMALLEST + max(largest_mark - SMALLEST, 1.0) * math.sqrt(max(float(row.size), 0.0)) / largest
        shape = kinds.index(str(row.kind)) if kinds else 0
        marker(canvas, x, y, shape, _colour(shape), True, radius)
        points.append(Named(wording.label(str(row.a)), x, y, radius))
    points.sort(key=lambda p: -p.radius)
    said = [wording.say("network.note")]
    if len(points) > ROOMY:
        said.append(wording.say("network.named", n=ROOMY))
    room = Box(MARGIN, top, WIDTH - MARGIN, top + high)
    names_beside(canvas, [*points[:ROOMY], *(replace(p, name="") for p in points[ROOMY:])], room, lines, ground=True)
    canvas.height = canvas.notes(top + high + 4, wording.notes(*said)) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """Actors, ties, and who has the most."""
    frame = wording.figure.frame
    actors = frame[frame["part"] == "actor"]
    top = actors.loc[actors["size"].idxmax(), "a"]
    return wording.say(
        "network.alt", n=len(actors), ties=int((frame["part"] == "tie").sum()), top=wording.label(str(top))
    )


def _colour(shape: int) -> str:
    # One shape more than colours: a pair comes again only after 20 kinds.
    return palette.LINES[shape % (len(palette.LINES) - 1)]


def _signs(wording: Wording, kinds: list[str]) -> list[tuple[Sign, str]]:
    def sign(i: int) -> Sign:
        return lambda canvas, x, y: marker(canvas, x, y, i, _colour(i), True)

    return [
        (sign(i), wording.label(key if wording.has(key := f"kind:{kind}") else kind)) for i, kind in enumerate(kinds)
    ]
