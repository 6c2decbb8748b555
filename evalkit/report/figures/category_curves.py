"""How likely each answer is at each place of the latent scale: one small chart an item.

Frame: item, code, theta, estimate; one row an item, answer and place. Labels: item ids, codes of the answers.
"""

from __future__ import annotations

import pandas as pd

from evalkit.report.figures.axes import Axis
from evalkit.report.figures.canvas import MARGIN, WIDTH, Canvas
from evalkit.report.figures.legend import legend
from evalkit.report.figures.panels import (
    Panel,
    axis_title,
    columns_for,
    curve_of,
    line_sign,
    panels,
    tick_text,
)
from evalkit.report.figures.wording import Wording

COLUMNS = ("item", "code", "theta", "estimate")
HEIGHTS = {2: 110.0, 3: 78.0, 4: 56.0}
"""Points a chart is high, by how many stand in a row."""


def draw(wording: Wording) -> Canvas:
    """The answers' lines in the legend, the items below."""
    frame = wording.figure.frame
    codes = sorted(frame["code"].unique())
    shown = [
        Panel(
            wording.label(item),
            tuple(curve_of(one["theta"], one["estimate"], codes.index(code)) for code, one in part.groupby("code")),
        )
        for item, part in frame.groupby("item", sort=False)
    ]
    canvas = Canvas()
    entries = [(line_sign(look), wording.label(float(code))) for look, code in enumerate(codes)]
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN, entries) + 4
    columns = columns_for(len(shown))
    upright = Axis(0.0, 1.0, 0.5, 0.0, HEIGHTS[columns])
    top = panels(canvas, top, shown, upright, columns, tick_text(wording, 1))
    top = axis_title(canvas, top, wording.say("category_curves.axis"))
    canvas.height = canvas.notes(top + 3, wording.notes(wording.say("category_curves.note"))) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """How many items, and in how many of them each answer is the likeliest somewhere."""
    frame = wording.figure.frame
    every = [_each_leads(part) for _, part in frame.groupby("item", sort=False)]
    return wording.say("category_curves.alt", n=len(every), k=frame["code"].nunique(), m=sum(every))


def _each_leads(part: pd.DataFrame) -> bool:
    wide = part.pivot_table(index="theta", columns="code", values="estimate", sort=False)
    return bool(wide.idxmax(axis=1).nunique() == wide.shape[1])
