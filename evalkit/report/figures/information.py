"""How much a test and each of its items tell at each place of the latent scale.

Frame: part (test, error or item), item, theta, estimate. The test's information and standard error stand above, the
items share a scale below. Labels: item ids, `test` and `error`.
"""

from __future__ import annotations

import pandas as pd

from evalkit.report.figures import axes
from evalkit.report.figures.canvas import MARGIN, Canvas
from evalkit.report.figures.panels import Panel, axis_title, columns_for, curve_of, panels, tick_text
from evalkit.report.figures.wording import Wording

COLUMNS = ("part", "item", "theta", "estimate")
HEIGHTS, ITEM_HEIGHTS = {"test": 84.0, "error": 50.0}, {2: 90.0, 3: 60.0, 4: 42.0}


def draw(wording: Wording) -> Canvas:
    """Test and standard error, each with a scale of its own, then the items."""
    frame = wording.figure.frame
    canvas, top = Canvas(), MARGIN
    for part in ("test", "error"):
        mine = frame[frame["part"] == part]
        if len(mine):
            panel = Panel(wording.label(part), (curve_of(mine["theta"], mine["estimate"]),))
            top = _row(canvas, wording, top, [panel], 1, HEIGHTS[part]) + 2
    items = frame[frame["part"] == "item"]
    shown = [
        Panel(wording.label(item), (curve_of(one["theta"], one["estimate"]),))
        for item, one in items.groupby("item", sort=False)
    ]
    if shown:
        columns = columns_for(len(shown))
        top = _row(canvas, wording, top, shown, columns, ITEM_HEIGHTS[columns])
    top = axis_title(canvas, top, wording.say("category_curves.axis"))
    canvas.height = canvas.notes(top + 3, wording.notes(wording.say("information.note"))) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """Where the test tells most, how much, and which item does."""
    frame = wording.figure.frame
    test = _peak(frame[frame["part"] == "test"])
    item = _peak(frame[frame["part"] == "item"])
    return wording.say(
        "information.alt",
        n=frame.loc[frame["part"] == "item", "item"].nunique(),
        theta=wording.number(test["theta"], "mean"),
        value=wording.number(test["estimate"], "estimate"),
        item=wording.label(item["item"]),
        item_theta=wording.number(item["theta"], "mean"),
        item_value=wording.number(item["estimate"], "estimate"),
    )


def _row(canvas: Canvas, wording: Wording, top: float, shown: list[Panel], columns: int, height: float) -> float:
    most = max((y for panel in shown for curve in panel.curves for _, y in curve.points), default=1.0)
    upright = axes.spanning(0.0, most, 0.0, height, widest_tick=22.0)
    return panels(canvas, top, shown, upright, columns, tick_text(wording, upright.places()))


def _peak(part: pd.DataFrame) -> pd.Series:
    return part.loc[part["estimate"].idxmax()]
