"""Predictions along a variable at values of a moderator: a line each, with its band.

Frame: level, x, estimate, conf_low, conf_high. Labels: levels, `x`, `w` and `outcome`.
Lines differ in colour and dashes; bands are drawn by their edges only, so that they can be told apart in grey.
"""

from __future__ import annotations

from evalkit.report.figures import palette
from evalkit.report.figures.canvas import MARGIN, SMALL, WIDTH, Canvas
from evalkit.report.figures.legend import legend
from evalkit.report.figures.panels import colour, dashes, line_sign
from evalkit.report.figures.plane import plane
from evalkit.report.figures.wording import Wording

COLUMNS = ("level", "x", "estimate", "conf_low", "conf_high")
HEIGHT = 190.0
EDGE = 0.45
"""How far the colour of a band's edges is from that of its line, towards white."""


def draw(wording: Wording) -> Canvas:
    """Edges of the bands first, lines above them."""
    frame = wording.figure.frame
    levels = list(frame["level"].unique())
    canvas = Canvas()
    heading = wording.label("w") + ("：" if wording.lang == "zh" else ":")
    canvas.text(WIDTH / 2, MARGIN + SMALL / 2 + 1, heading, size=SMALL, align="center", colour=palette.SOFT)
    entries = [(line_sign(i), wording.label(level)) for i, level in enumerate(levels)]
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN + SMALL + 4, entries) + 4
    values = [v for name in COLUMNS[2:] for v in frame[name]]
    titles = (wording.label("x"), wording.label("outcome"))
    field, end = plane(canvas, wording, top, HEIGHT, list(frame["x"]), values, titles)
    parts = [frame[frame["level"] == level] for level in levels]
    for i, part in enumerate(parts):
        upper = [field.at(x, y) for x, y in zip(part["x"], part["conf_high"], strict=True)]
        lower = [field.at(x, y) for x, y in zip(part["x"], part["conf_low"], strict=True)]
        for edge in (upper, lower):
            canvas.path(edge, palette.between((colour(i), palette.PAPER), EDGE), 0.5, dashes(i))
    for i, part in enumerate(parts):
        points = [field.at(x, y) for x, y in zip(part["x"], part["estimate"], strict=True)]
        canvas.path(points, colour(i), 1.5, dashes(i))
    canvas.height = canvas.notes(end + 2, wording.notes()) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """From where to where each line runs."""
    frame = wording.figure.frame
    parts = [
        wording.say(
            "cross_level.item",
            level=wording.label(level),
            first=wording.number(part["estimate"].iloc[0], "mean"),
            last=wording.number(part["estimate"].iloc[-1], "mean"),
        )
        for level, part in frame.groupby("level", sort=False)
    ]
    return wording.say(
        "cross_level.alt",
        outcome=wording.label("outcome"),
        x=wording.label("x"),
        w=wording.label("w"),
        lines=wording.listing(parts),
    )
