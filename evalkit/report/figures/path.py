"""A mediation model with its estimates: boxes, arrows, coefficients with stars, effects below.

Frame: from, to, estimate, p_value, role; rows of role `total` or `covariate` are not drawn (what they say stands in
the figure's notes, as the indirect effects do). Labels: variable ids. A dashed arrow is not significant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import BODY, LEADING, SMALL, Canvas, Point
from evalkit.report.figures.path_layout import Edge, Layout, arrange, order
from evalkit.report.figures.wording import ALPHA, Wording, number_or_nan, significant

COLUMNS = ("from", "to", "estimate", "p_value", "role")
NOT_DRAWN = frozenset({"total", "covariate"})
HEAD, HALF_HEAD = 6.0, 2.6
DASH = (3.5, 2.4)


@dataclass(frozen=True)
class Arrow:
    """One path with its coefficient."""

    edge: Edge
    estimate: float
    p_value: float


def arrows(frame: pd.DataFrame) -> list[Arrow]:
    """The paths drawn, in the order of the frame."""
    rows = frame[list(COLUMNS)].itertuples(index=False, name=None)
    return [
        Arrow((str(a), str(b)), number_or_nan(estimate), number_or_nan(p))
        for a, b, estimate, p, role in rows
        if role not in NOT_DRAWN
    ]


def layout(wording: Wording) -> Layout:
    """Places of everything in the diagram."""
    paths = arrows(wording.figure.frame)
    nodes = dict.fromkeys(node for arrow in paths for node in arrow.edge)
    return arrange(
        {node: wording.label(node) for node in nodes}, {arrow.edge: _value(wording, arrow) for arrow in paths}
    )


def draw(wording: Wording) -> Canvas:
    """Arrows first, labels on them, boxes over their ends, effects and notes below."""
    plan = layout(wording)
    canvas = Canvas(width=plan.width)
    paths = arrows(wording.figure.frame)
    for arrow in paths:
        _arrow(canvas, plan.routes[arrow.edge], significant(arrow.p_value))
    for arrow in paths:
        box = plan.labels[arrow.edge]
        canvas.rect(box, palette.PAPER)
        canvas.text(box.cx, box.cy, _value(wording, arrow), size=SMALL, align="center")
    for node, box in plan.boxes.items():
        canvas.rect(box, palette.BLANK, palette.INK, 0.9)
        canvas.block(box.cx, box.cy, plan.texts[node], align="center")
    y = plan.height + 4
    for note in wording.figure.notes:
        for line in lettering.wrap(note.text(wording.lang), plan.width * 0.95, BODY):
            canvas.text(plan.width / 2, y + BODY * LEADING / 2, line, align="center")
            y += BODY * LEADING
    below = wording.notes(_arrow_note(wording, paths), results=False, stars=True)
    canvas.height = canvas.notes(y + 4, below) + 4
    return canvas


def alt(wording: Wording) -> str:
    """Start, mediators, end, and the effects named below the diagram (without them, every coefficient)."""
    paths = arrows(wording.figure.frame)
    nodes = list(dict.fromkeys(node for arrow in paths for node in arrow.edge))
    x, mediators, y = order(nodes, [arrow.edge for arrow in paths])
    effects = [note.text(wording.lang) for note in wording.figure.notes] or [
        wording.say("path.item", start=wording.label(a.edge[0]), end=wording.label(a.edge[1]), value=_value(wording, a))
        for a in paths
    ]
    return wording.say(
        "path.alt" if mediators else "path.alt_direct",
        x=wording.label(x),
        y=wording.label(y),
        m=[wording.label(node) for node in mediators],
        n=len(paths),
        k=sum(significant(arrow.p_value) for arrow in paths),
        effects=wording.listing([effect.rstrip("。.") for effect in effects]),
    )


def _value(wording: Wording, arrow: Arrow) -> str:
    return wording.number(arrow.estimate, "estimate", p=arrow.p_value)


def _arrow_note(wording: Wording, paths: list[Arrow]) -> str:
    bound = wording.number(ALPHA, "p_value").rstrip("0")
    dashed = any(not significant(arrow.p_value) for arrow in paths)
    return wording.say("path.dashed", bound=bound) if dashed else ""


def _arrow(canvas: Canvas, route: tuple[Point, ...], solid: bool) -> None:
    """The line up to the arrow head, and the head at the edge of the box."""
    (x0, y0), (x1, y1) = route[-2:]
    length = math.hypot(x1 - x0, y1 - y0)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    base = (x1 - HEAD * ux, y1 - HEAD * uy)
    colour = palette.INK if solid else palette.SOFT
    canvas.path((*route[:-1], base), colour, 1.0, None if solid else DASH)
    left = (base[0] - HALF_HEAD * uy, base[1] + HALF_HEAD * ux)
    right = (base[0] + HALF_HEAD * uy, base[1] - HALF_HEAD * ux)
    canvas.polygon(((x1, y1), left, right), colour)
