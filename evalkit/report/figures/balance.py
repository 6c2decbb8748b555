"""How far two arms stand apart in each covariate, before and after adjustment (love plot).

Frame: term, stage, estimate; a row a covariate and stage, the absolute standardised difference. Labels: terms, stages.
The dashed line stands at 0.1, below which a covariate is commonly taken as balanced.
"""

from __future__ import annotations

import math

import pandas as pd

from evalkit.report.figures import axes, lettering, palette
from evalkit.report.figures.canvas import BODY, MARGIN, WIDTH, Box, Canvas, block_height
from evalkit.report.figures.coefficients import LABEL_SHARE, marker
from evalkit.report.figures.legend import Sign, legend
from evalkit.report.figures.wording import Wording, number_or_nan

COLUMNS = ("term", "stage", "estimate")
LIMIT = 0.1
ROW_GAP, COLUMN_GAP = 6.0, 8.0


def draw(wording: Wording) -> Canvas:
    """Terms at the left, a marker a stage on each line."""
    frame = wording.figure.frame
    terms, stages = (list(dict.fromkeys(map(str, frame[name]))) for name in ("term", "stage"))
    found = values(frame)
    canvas = Canvas()
    labels = {term: lettering.wrap(wording.label(term), WIDTH * LABEL_SHARE, BODY) for term in terms}
    left = MARGIN + max(lettering.widest(lines, BODY) for lines in labels.values()) + COLUMN_GAP
    signs = [(_sign(i), wording.label(stage)) for i, stage in enumerate(stages)]
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN, signs) + 4
    heights = [block_height(labels[term]) + ROW_GAP for term in terms]
    bottom = top + sum(heights)
    y = top
    for i, height in enumerate(heights):
        if i % 2 == 0:
            canvas.rect(Box(MARGIN, y, WIDTH - MARGIN, y + height), palette.BLANK)
        y += height
    axis = axes.spanning(
        0.0, max([LIMIT * 1.5, *(v for v in found.values() if math.isfinite(v))]), left + 4, WIDTH - 14
    )
    title = wording.say("balance.axis")
    end = axis.draw(canvas, top, bottom, title, lambda v: f"{v:.{axis.places()}f}")
    canvas.path(((axis.at(0), top), (axis.at(0), bottom)), palette.INK, 0.9)
    canvas.path(((axis.at(LIMIT), top), (axis.at(LIMIT), bottom)), palette.INK, 0.8, (3.0, 2.4))
    y = top
    for term, height in zip(terms, heights, strict=True):
        middle = y + height / 2
        canvas.block(left - COLUMN_GAP, middle, labels[term], align="right")
        for i, stage in enumerate(stages):
            value = found.get((term, stage), math.nan)
            if math.isfinite(value):
                marker(canvas, axis.at(value), middle, i, palette.LINES[i % len(palette.LINES)], i > 0)
        y += height
    canvas.height = canvas.notes(end + 2, wording.notes(wording.say("balance.note"))) + MARGIN
    return canvas


def values(frame: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Difference by term and stage."""
    rows = frame[list(COLUMNS)].itertuples(index=False, name=None)
    return {(str(term), str(stage)): number_or_nan(value) for term, stage, value in rows}


def alt(wording: Wording) -> str:
    """The largest difference of each stage."""
    found = values(wording.figure.frame)
    parts = []
    for stage in dict.fromkeys(stage for _, stage in found):
        own = [v for (_, s), v in found.items() if s == stage and math.isfinite(v)]
        text = wording.number(max(own), "estimate") if own else wording.style.not_computed
        parts.append(wording.say("balance.item", stage=wording.label(stage), value=text))
    terms = len({term for term, _ in found})
    return wording.say("balance.alt", n=terms, parts=wording.listing(parts))


def _sign(i: int) -> Sign:
    colour = palette.LINES[i % len(palette.LINES)]
    return lambda canvas, x, y: marker(canvas, x, y, i, colour, i > 0)
