"""Means of the imputed values after each sweep: one small chart a variable, one line a chain.

Frame: variable, imputation, iteration, estimate (in standard deviations of the answers from their mean). Labels:
variables.
"""

from __future__ import annotations

from evalkit.report.figures import axes
from evalkit.report.figures.canvas import MARGIN, Canvas
from evalkit.report.figures.panels import Curve, Panel, axis_title, columns_for, panels, tick_text
from evalkit.report.figures.wording import Wording

COLUMNS = ("variable", "imputation", "iteration", "estimate")
HEIGHTS = {2: 84.0, 3: 60.0, 4: 46.0}


def draw(wording: Wording) -> Canvas:
    """Variables in rows, all on one scale."""
    frame = wording.figure.frame
    shown = []
    for variable, part in frame.groupby("variable", sort=False):
        lines = []
        for chain, one in part.groupby("imputation"):
            points = sorted(zip(one["iteration"].astype(float), one["estimate"].astype(float), strict=True))
            lines.append(Curve(tuple(points), int(chain) - 1))
        shown.append(Panel(wording.label(variable), tuple(lines)))
    columns = columns_for(len(shown))
    low, high = float(frame["estimate"].min()), float(frame["estimate"].max())
    upright = axes.spanning(min(low, 0.0), max(high, 0.0), 0.0, HEIGHTS[columns], widest_tick=16.0)
    last = float(frame["iteration"].max())
    marks = (1.0, last) if last < 4 else (1.0, float(round((1 + last) / 2)), last)
    across = (1.0, max(last, 2.0), tuple(dict.fromkeys(marks)))
    canvas = Canvas()
    top = panels(canvas, MARGIN, shown, upright, columns, tick_text(wording, upright.places()), across)
    top = axis_title(canvas, top, wording.say("traces.axis"))
    canvas.height = canvas.notes(top + 3, wording.notes(wording.say("traces.note"))) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """How many variables, chains and sweeps, and how far the chains end from one another."""
    frame = wording.figure.frame
    last = frame[frame["iteration"] == frame["iteration"].max()]
    ends = last.groupby("variable", sort=False)["estimate"]
    spread = ends.max() - ends.min()
    return wording.say(
        "traces.alt",
        n=frame["variable"].nunique(),
        m=frame["imputation"].nunique(),
        k=int(frame["iteration"].max()),
        widest=wording.label(spread.idxmax()),
        value=wording.number(float(spread.max()), "mean"),
    )
