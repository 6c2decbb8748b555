"""Effects by time since the start of a treatment, with their intervals: what there was before shows the trends.

Frame: time, estimate, conf_low, conf_high; the period of reference has 0 throughout. Labels: none.
A filled marker leaves 0 outside its interval; a dashed line stands between the periods before and after the start.
"""

from __future__ import annotations

import math

from evalkit.report.figures import palette
from evalkit.report.figures.canvas import MARGIN, WIDTH, Canvas
from evalkit.report.figures.coefficients import marker
from evalkit.report.figures.legend import legend
from evalkit.report.figures.plane import plane
from evalkit.report.figures.wording import Wording, number_or_nan, significant

COLUMNS = ("time", "estimate", "conf_low", "conf_high")
HEIGHT = 180.0

Row = tuple[float, float, float, float]


def rows(wording: Wording) -> list[Row]:
    """(time, estimate, low, high) in order of time; periods without an estimate are left out."""
    found = []
    for time, estimate, low, high in wording.figure.frame[list(COLUMNS)].itertuples(index=False, name=None):
        if math.isfinite(number_or_nan(estimate)):
            found.append((float(time), float(estimate), number_or_nan(low), number_or_nan(high)))
    return sorted(found)


def draw(wording: Wording) -> Canvas:
    """Markers with whiskers over time, joined by a line."""
    found = rows(wording)
    canvas = Canvas()
    signs = [
        (lambda c, x, y: marker(c, x, y, 0, palette.LINES[0], True), wording.say("event_study.filled")),
        (lambda c, x, y: marker(c, x, y, 0, palette.LINES[0], False), wording.say("event_study.hollow")),
    ]
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN, signs) + 2
    ends = [v for _, *values in found for v in values if math.isfinite(v)]
    titles = (wording.say("event_study.axis"), wording.say("event_study.upright"))
    times = [row[0] for row in found]
    field, end = plane(
        canvas, wording, top, HEIGHT, [min(times) - 0.3, max(times) + 0.3], ends or [0.0], titles, whole=True, zero=True
    )
    x = field.across.at(-0.5)
    canvas.path(((x, field.top), (x, field.bottom)), palette.INK, 0.8, (3.0, 2.4))
    canvas.path([field.at(time, value) for time, value, *_ in found], palette.LINES[0], 0.7)
    for time, value, low, high in found:
        if math.isfinite(low) and math.isfinite(high) and high > low:
            canvas.path((field.at(time, low), field.at(time, high)), palette.LINES[0], 1.1)
            for edge in (low, high):
                px, py = field.at(time, edge)
                canvas.path(((px - 2.5, py), (px + 2.5, py)), palette.LINES[0], 1.1)
        marker(canvas, *field.at(time, value), 0, palette.LINES[0], significant(math.nan, low, high))
    canvas.height = canvas.notes(end, wording.notes(wording.say("event_study.note"))) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """How many periods before and after differ from 0, and the last effect."""
    found = rows(wording)
    before = [row for row in found if row[0] < -1]
    after = [row for row in found if row[0] >= 0]
    parts = {"before": len(before), "after": len(after)}
    parts |= {
        f"k_{name}": sum(significant(math.nan, low, high) for _, _, low, high in part)
        for name, part in (("before", before), ("after", after))
    }
    last = wording.number(after[-1][1], "estimate") if after else wording.style.not_computed
    return wording.say("event_study.alt", last=last, **parts)
