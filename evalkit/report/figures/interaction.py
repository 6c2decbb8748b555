"""An outcome along a predictor, a line for each value of a moderator, with bands and the spread of the answers.

Frame: panel, line, role (`line`, or `rug` with per cent of the cases), x, estimate, conf_low, conf_high; one row a
point. Labels: `axis`, `outcome`, `line` (the moderator), the line ids, `panel.<panel>`, and `tick.<i>` where the
predictor has categories, which stand at 0, 1, ... Lines differ by dashes and shade, not by colour alone.
"""

from __future__ import annotations

import math

import pandas as pd

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import LEADING, MARGIN, SMALL, WIDTH, Canvas
from evalkit.report.figures.coefficients import marker
from evalkit.report.figures.legend import Sign, legend
from evalkit.report.figures.panels import colour, dashes
from evalkit.report.figures.plot_area import Area, areas, columns_for, number_labels, tint
from evalkit.report.figures.wording import Wording

COLUMNS = ("panel", "line", "role", "x", "estimate", "conf_low", "conf_high")
DODGE = 4.0


def draw(wording: Wording) -> Canvas:
    """The legend, the charts, the axis and the notes."""
    frame = wording.figure.frame
    lines = frame[frame["role"] == "line"]
    looks = {name: i for i, name in enumerate(dict.fromkeys(lines["line"]))}
    categories = wording.has("tick.0")
    canvas = Canvas()
    entries = [(_sign(i, categories), wording.label(name)) for name, i in looks.items()]
    canvas.text(MARGIN, MARGIN + SMALL * 0.7, wording.label("line"), size=SMALL, colour=palette.SOFT)
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN + SMALL * LEADING, entries) + 4
    for text in lettering.wrap(wording.label("outcome"), WIDTH - 2 * MARGIN, SMALL):
        canvas.text(MARGIN, top + SMALL / 2, text, size=SMALL, colour=palette.SOFT)
        top += SMALL * LEADING
    low, high = float(lines["x"].min()), float(lines["x"].max())
    ends = lines[["estimate", "conf_low", "conf_high"]].to_numpy(float)
    ends = ends[pd.notna(ends)]
    panels = list(dict.fromkeys(lines["panel"]))
    titles = [wording.label(f"panel.{p}") if p else "" for p in panels]
    spread = 0.4 if categories else 0.0
    across = (low - spread, high + spread)
    deep = 2 if categories else 1
    found = areas(canvas, wording, titles, top + 3, across, (float(ends.min()), float(ends.max())), deep)
    rug, y = frame[frame["role"] == "rug"], top
    for k, (panel, area) in enumerate(zip(panels, found, strict=True)):
        area.grid(canvas, wording, marks=k % columns_for(len(panels)) == 0)
        part = lines[lines["panel"] == panel]
        _points(canvas, area, part, looks) if categories else _lines(canvas, area, part, looks)
        area.rug(canvas, rug, "x")
        y = area.feet(canvas, _ticks(wording, area, categories, high)) + SMALL * LEADING / 2
    for text in lettering.wrap(wording.label("axis"), WIDTH - 2 * MARGIN, SMALL):
        canvas.text((found[0].across.left + WIDTH) / 2, y, text, size=SMALL, align="center", colour=palette.SOFT)
        y += SMALL * LEADING
    canvas.height = canvas.notes(y, wording.notes()) + MARGIN
    return canvas


def _ticks(wording: Wording, area: Area, categories: bool, last: float) -> list[tuple[float, str]]:
    if not categories:
        return number_labels(wording, area.across)
    return [(float(i), wording.label(f"tick.{i}")) for i in range(int(last) + 1)]


def _lines(canvas: Canvas, area: Area, part: pd.DataFrame, looks: dict[str, int]) -> None:
    """Grounds first, then their edges, then the lines, so that overlapping bands stay readable."""
    groups = [(looks[name], one.sort_values("x")) for name, one in part.groupby("line", sort=False)]
    for look, one in groups:
        area.band(canvas, one["x"], one["conf_low"], one["conf_high"], tint(colour(look)))
    for look, one in groups:
        for edge in ("conf_low", "conf_high"):
            area.line(canvas, one["x"], one[edge], colour(look), 0.4, (1.0, 1.6))
    for look, one in groups:
        area.line(canvas, one["x"], one["estimate"], colour(look), 1.5, dashes(look))


def _points(canvas: Canvas, area: Area, part: pd.DataFrame, looks: dict[str, int]) -> None:
    for name, one in part.groupby("line", sort=False):
        look = looks[name]
        shift = (look - (len(looks) - 1) / 2) * DODGE
        places = []
        for row in one.sort_values("x").itertuples():
            if not math.isfinite(row.estimate):
                continue
            x, y = area.at(row.x, row.estimate)
            places.append((x + shift, y))
            if math.isfinite(row.conf_low) and math.isfinite(row.conf_high):
                ends = [(x + shift, area.at(row.x, v)[1]) for v in (row.conf_low, row.conf_high)]
                canvas.path(ends, colour(look), 1.0)
        if len(places) > 1:
            canvas.path(places, colour(look), 1.2, dashes(look))
        for x, y in places:
            marker(canvas, x, y, look, colour(look), True)


def _sign(look: int, categories: bool) -> Sign:
    def draw_sign(canvas: Canvas, x: float, y: float) -> None:
        canvas.path(((x - 8, y), (x + 5, y)), colour(look), 1.5, dashes(look))
        if categories:
            marker(canvas, x - 1.5, y, look, colour(look), True)

    return draw_sign


def alt(wording: Wording) -> str:
    """Each line's values at both ends."""
    frame = wording.figure.frame
    lines = frame[frame["role"] == "line"]
    parts = []
    for (panel, name), one in lines.groupby(["panel", "line"], sort=False):
        ends = one.sort_values("x").iloc[[0, -1]]["estimate"]
        start, end = (wording.number(float(v), "estimate") for v in ends)
        where = f"{wording.label(f'panel.{panel}')} / " if panel else ""
        parts.append(wording.say("interaction.item", line=where + wording.label(name), start=start, end=end))
    words = {"axis": wording.label("axis"), "outcome": wording.label("outcome"), "moderator": wording.label("line")}
    return wording.say("interaction.alt", parts=wording.listing(parts), **words)
