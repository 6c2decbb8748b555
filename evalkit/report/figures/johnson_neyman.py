"""A slope along a moderator with its band, the zero line, where it becomes significant, and the spread of the cases.

Frame: panel, role (`line`; `bound`: a value of the moderator; `rug` with per cent of the cases), at, estimate,
conf_low, conf_high. Labels: `axis` (the moderator), `outcome` (the slope), `panel.<panel>`.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import LEADING, MARGIN, SMALL, WIDTH, Canvas
from evalkit.report.figures.panels import colour
from evalkit.report.figures.plot_area import Area, areas, columns_for, number_labels, tint
from evalkit.report.figures.wording import Wording

COLUMNS = ("panel", "role", "at", "estimate", "conf_low", "conf_high")


def draw(wording: Wording) -> Canvas:
    """The charts, the axis and the notes."""
    frame = wording.figure.frame
    lines = frame[frame["role"] == "line"]
    canvas = Canvas()
    top = MARGIN
    for text in lettering.wrap(wording.label("outcome"), WIDTH - 2 * MARGIN, SMALL):
        canvas.text(MARGIN, top + SMALL / 2, text, size=SMALL, colour=palette.SOFT)
        top += SMALL * LEADING
    ends = lines[["estimate", "conf_low", "conf_high"]].to_numpy(float)
    ends = ends[np.isfinite(ends)]
    across = float(lines["at"].min()), float(lines["at"].max())
    panels = list(dict.fromkeys(lines["panel"]))
    titles = [wording.label(f"panel.{p}") if p else "" for p in panels]
    upright = (min(0.0, float(ends.min())), max(0.0, float(ends.max())))
    found = areas(canvas, wording, titles, top + 3, across, upright)
    y = top
    for k, (panel, area) in enumerate(zip(panels, found, strict=True)):
        part = frame[frame["panel"] == panel]
        _chart(canvas, wording, area, part, marks=k % columns_for(len(panels)) == 0)
        area.rug(canvas, frame[frame["role"] == "rug"], "at")
        y = area.feet(canvas, number_labels(wording, area.across)) + SMALL * LEADING / 2
    for text in lettering.wrap(wording.label("axis"), WIDTH - 2 * MARGIN, SMALL):
        canvas.text((found[0].across.left + WIDTH) / 2, y, text, size=SMALL, align="center", colour=palette.SOFT)
        y += SMALL * LEADING
    canvas.height = canvas.notes(y, wording.notes()) + MARGIN
    return canvas


def _chart(canvas: Canvas, wording: Wording, area: Area, part: pd.DataFrame, marks: bool) -> None:
    line = part[part["role"] == "line"].sort_values("at")
    bounds = sorted(float(v) for v in part.loc[part["role"] == "bound", "at"])
    for start, end in pairwise([area.across.low, *bounds, area.across.high]):
        middle = line.iloc[int((line["at"] - (start + end) / 2).abs().to_numpy().argmin())]
        if middle["conf_low"] > 0 or middle["conf_high"] < 0:
            area.ground(canvas, start, end)
    look = colour(0)
    area.band(canvas, line["at"], line["conf_low"], line["conf_high"], tint(look))
    area.grid(canvas, wording, marks)
    for edge in ("conf_low", "conf_high"):
        area.line(canvas, line["at"], line[edge], look, 0.5, (1.0, 1.6))
    area.line(canvas, line["at"], line["estimate"], look, 1.6)
    area.line(canvas, [area.across.low, area.across.high], [0.0, 0.0], palette.INK, 0.9)
    for bound in bounds:
        x = area.across.at(bound)
        canvas.path(((x, area.top), (x, area.bottom)), palette.INK, 0.9, (4.0, 2.4))
        text = wording.number(bound, "moderator_value")
        left = x + 3 + lettering.width(text, SMALL) > area.across.right or (len(bounds) > 1 and bound == bounds[0])
        canvas.text(x + (-3 if left else 3), area.top + SMALL, text, size=SMALL, align="right" if left else "left")


def alt(wording: Wording) -> str:
    """The bounds of each chart, and the slope at both ends."""
    frame = wording.figure.frame
    parts = []
    for panel, part in frame[frame["role"] != "rug"].groupby("panel", sort=False):
        line = part[part["role"] == "line"].sort_values("at")
        ends = [wording.number(float(v), "estimate") for v in line["estimate"].iloc[[0, -1]]]
        found = [wording.number(float(v), "moderator_value") for v in part.loc[part["role"] == "bound", "at"]]
        bounds = wording.listing(found) if found else wording.say("johnson_neyman.none")
        where = f"{wording.label(f'panel.{panel}')}: " if panel else ""
        item = wording.say("johnson_neyman.item", start=ends[0], end=ends[1], bounds=bounds)
        parts.append(where + item)
    words = {"slope": wording.label("outcome"), "moderator": wording.label("axis")}
    return wording.say("johnson_neyman.alt", parts=wording.listing(parts), **words)
