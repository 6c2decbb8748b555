"""Power along the sample size, a line a series, with its interval where it was simulated and the power wished for.

Frame: series, n, power, conf_low, conf_high (nan for exact power), target (nan for none). Labels: series.
"""

from __future__ import annotations

import math

import pandas as pd

from evalkit.report.figures import palette
from evalkit.report.figures.canvas import MARGIN, Canvas
from evalkit.report.figures.legend import Sign, legend
from evalkit.report.figures.plane import Plane, plane
from evalkit.report.figures.wording import Wording

COLUMNS = ("series", "n", "power", "conf_low", "conf_high", "target")
HEIGHT = 190.0
DASHES = ((), (5.0, 2.5), (1.5, 2.0), (6.0, 2.0, 1.5, 2.0), (9.0, 3.0))
"""Lines differ in print without colour too."""
MOST_MARKED = 20


def draw(wording: Wording) -> Canvas:
    """One chart; the upright axis runs from 0 to 1."""
    frame = wording.figure.frame
    canvas = Canvas()
    parts = [(str(name), part.sort_values("n")) for name, part in frame.groupby("series", sort=False)]
    top = MARGIN
    if len(parts) > 1:
        entries = [(_sign(i), wording.label(name)) for i, (name, _) in enumerate(parts)]
        top = legend(canvas, MARGIN, canvas.width - MARGIN, top, entries) + 4
    titles = (wording.say("power_curve.across"), wording.say("power_curve.upright"))
    places = frame["n"].tolist()
    field, bottom = plane(canvas, wording, top, HEIGHT, places, [0.0, 1.0], titles, whole=True)
    target = float(frame["target"].iloc[0])
    notes = []
    if math.isfinite(target):
        canvas.path((field.at(min(places), target), field.at(max(places), target)), palette.RULE, 0.9, (3.0, 2.4))
        notes.append(wording.say("power_curve.target", power=wording.number(target, "power")))
    for i, (_, part) in enumerate(parts):
        colour = palette.LINES[i % len(palette.LINES)]
        _band(canvas, field, part)
        line = [field.at(float(n), float(p)) for n, p in part[["n", "power"]].dropna().itertuples(index=False)]
        canvas.path(tuple(line), colour, 1.4, DASHES[i % len(DASHES)])
        if len(line) <= MOST_MARKED:
            for x, y in line:
                canvas.circle(x, y, 1.7, colour, colour)
    canvas.height = canvas.notes(bottom, wording.notes(*notes)) + MARGIN
    return canvas


def _band(canvas: Canvas, field: Plane, part: pd.DataFrame) -> None:
    known = part.dropna(subset=["conf_low", "conf_high"])
    if len(known) < 2:
        return
    low = [field.at(x, y) for x, y in zip(known["n"], known["conf_low"], strict=True)]
    high = [field.at(x, y) for x, y in zip(known["n"], known["conf_high"], strict=True)]
    canvas.polygon((*low, *reversed(high)), palette.GRID)


def _sign(i: int) -> Sign:
    def draw_sign(canvas: Canvas, x: float, y: float) -> None:
        canvas.path(((x - 8, y), (x + 5, y)), palette.LINES[i % len(palette.LINES)], 1.5, DASHES[i % len(DASHES)])

    return draw_sign


def alt(wording: Wording) -> str:
    """The power of each series at both ends."""
    items = []
    for name, part in wording.figure.frame.groupby("series", sort=False):
        ends = part.sort_values("n").iloc[[0, -1]]
        (low, first), (high, last) = ends[["n", "power"]].itertuples(index=False)
        values = {"first": wording.number(float(first), "power"), "last": wording.number(float(last), "power")}
        sizes = {"low": wording.whole(float(low)), "high": wording.whole(float(high))}
        items.append(wording.say("power_curve.item", name=wording.label(name), **values, **sizes))
    return wording.say("power_curve.alt", parts=wording.listing(items))
