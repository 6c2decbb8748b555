"""Imputed values beside the answers: one small chart a variable.

Frame: variable, part (answers or imputed), place (in standard deviations of the answers from their mean), estimate
(height, the higher peak being 1). Labels: variables, `answers` and `imputed`.
"""

from __future__ import annotations

from evalkit.report.figures.axes import Axis
from evalkit.report.figures.canvas import MARGIN, WIDTH, Canvas
from evalkit.report.figures.legend import legend
from evalkit.report.figures.panels import Panel, axis_title, columns_for, curve_of, line_sign, panels, tick_text
from evalkit.report.figures.wording import Wording

COLUMNS = ("variable", "part", "place", "estimate")
HEIGHTS = {2: 84.0, 3: 60.0, 4: 46.0}
PARTS = ("answers", "imputed")


def draw(wording: Wording) -> Canvas:
    """Both lines in the legend, the variables below."""
    frame = wording.figure.frame
    shown = [
        Panel(
            wording.label(variable),
            tuple(curve_of(one["place"], one["estimate"], PARTS.index(name)) for name, one in part.groupby("part")),
        )
        for variable, part in frame.groupby("variable", sort=False)
    ]
    canvas = Canvas()
    entries = [(line_sign(look), wording.label(name)) for look, name in enumerate(PARTS)]
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN, entries) + 4
    columns = columns_for(len(shown))
    upright = Axis(0.0, 1.0, 0.5, 0.0, HEIGHTS[columns])
    top = panels(canvas, top, shown, upright, columns, tick_text(wording, 1))
    top = axis_title(canvas, top, wording.say("imputed_density.axis"))
    canvas.height = canvas.notes(top + 3, wording.notes(wording.say("imputed_density.note"))) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """How many variables, and in which the two differ most."""
    frame = wording.figure.frame
    wide = frame.pivot_table(index=["variable", "place"], columns="part", values="estimate", sort=False)
    gap = (wide["answers"] - wide["imputed"]).abs().groupby(level="variable", sort=False).max()
    return wording.say("imputed_density.alt", n=frame["variable"].nunique(), widest=wording.label(gap.idxmax()))
