"""A series with an interruption: what was observed, the fitted segments, and what would have been expected.

Frame: time, series (1 interrupted, 0 control), observed, fitted, without, start. Labels: outcome, time, 1, 0.
Points are observed, lines fitted; dashed is what the model expects had nothing happened.
"""

from __future__ import annotations

import math

import pandas as pd

from evalkit.report.figures import palette
from evalkit.report.figures.canvas import MARGIN, WIDTH, Canvas
from evalkit.report.figures.coefficients import marker
from evalkit.report.figures.legend import Sign, legend
from evalkit.report.figures.plane import Plane, plane
from evalkit.report.figures.wording import Wording

COLUMNS = ("time", "series", "observed", "fitted", "without", "start")
HEIGHT = 190.0
DASH = (3.0, 2.4)


def draw(wording: Wording) -> Canvas:
    """The control series below the interrupted one, in the same plane."""
    frame = wording.figure.frame
    start = float(frame["start"].iloc[0])
    canvas = Canvas()
    names = sorted(frame["series"].unique(), reverse=True)
    signs: list[tuple[Sign, str]] = [(_points(_look(name)), wording.label(float(name))) for name in names]
    signs += [
        (_line(None), wording.say("interrupted_series.fitted")),
        (_line(DASH), wording.say("interrupted_series.without")),
    ]
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN, signs) + 2
    values = [float(v) for name in ("observed", "fitted", "without") for v in frame[name] if math.isfinite(v)]
    titles = (wording.label("time"), wording.label("outcome"))
    field, end = plane(canvas, wording, top, HEIGHT, list(map(float, frame["time"])), values, titles)
    before = float(frame.loc[frame["time"] < start, "time"].max())
    x = field.across.at((before + start) / 2)
    canvas.path(((x, field.top), (x, field.bottom)), palette.INK, 0.8, (1.2, 2.0))
    for name in sorted(names):
        _series(canvas, field, frame[frame["series"] == name].sort_values("time"), start, _look(name))
    canvas.height = canvas.notes(end, wording.notes(wording.say("interrupted_series.note"))) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """How many times before and after, and the last observed and expected values."""
    frame = wording.figure.frame
    own = frame[frame["series"] == 1].sort_values("time")
    last = own.iloc[-1]
    return wording.say(
        "interrupted_series.alt",
        before=int((own["time"] < own["start"]).sum()),
        after=int((own["time"] >= own["start"]).sum()),
        observed=wording.number(float(last["observed"]), "mean"),
        expected=wording.number(float(last["without"]), "mean"),
    )


def _series(canvas: Canvas, field: Plane, rows: pd.DataFrame, start: float, look: int) -> None:
    colour = palette.LINES[look]
    for _, part in rows.groupby(rows["time"] >= start):
        canvas.path([field.at(*pair) for pair in zip(part["time"], part["fitted"], strict=True)], colour, 1.3)
    expected = rows[rows["without"].notna()]
    if len(expected):
        points = [field.at(*pair) for pair in zip(expected["time"], expected["without"], strict=True)]
        canvas.path(points, colour, 1.1, DASH)
    for time, value in zip(rows["time"], rows["observed"], strict=True):
        marker(canvas, *field.at(time, value), look, colour, False)


def _look(name: float) -> int:
    return 0 if name == 1 else 1


def _points(look: int) -> Sign:
    return lambda canvas, x, y: marker(canvas, x, y, look, palette.LINES[look], False)


def _line(dash: tuple[float, float] | None) -> Sign:
    return lambda canvas, x, y: canvas.path(((x - 6, y), (x + 5, y)), palette.INK, 1.2, dash)
