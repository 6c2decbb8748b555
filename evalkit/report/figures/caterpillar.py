"""Effects of groups, sorted, with their intervals: a small chart a random effect.

Frame: effect, unit, estimate, conf_low, conf_high. Labels: effects and units (groups). Up to 60 units are named; with
more, each is a thin line. A filled marker leaves 0 outside its interval.
"""

from __future__ import annotations

import math

import pandas as pd

from evalkit.report.figures import axes, lettering, palette
from evalkit.report.figures.canvas import BODY, LEADING, MARGIN, SMALL, WIDTH, Canvas
from evalkit.report.figures.coefficients import marker
from evalkit.report.figures.legend import legend
from evalkit.report.figures.plane import tick_text
from evalkit.report.figures.wording import Wording, significant

COLUMNS = ("effect", "unit", "estimate", "conf_low", "conf_high")
NAMED = 60
STEPS = {True: 10.2, False: 3.2}
"""Points from one group to the next: named, and not."""
GAP = 16.0


def draw(wording: Wording) -> Canvas:
    """The effects side by side, each sorted by its own size."""
    frame = wording.figure.frame
    effects = list(frame["effect"].unique())
    canvas = Canvas()
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN, _signs(wording)) + 4
    wide = (WIDTH - 2 * MARGIN - GAP * (len(effects) - 1)) / len(effects)
    ends = [
        _chart(canvas, wording, frame[frame["effect"] == effect], MARGIN + k * (wide + GAP), wide, top)
        for k, effect in enumerate(effects)
    ]
    canvas.height = canvas.notes(max(ends) + 2, wording.notes()) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """How many groups there are, how many leave 0 outside, and the two at the ends, of the first effect."""
    frame = wording.figure.frame
    first = frame[frame["effect"] == frame["effect"].iloc[0]].sort_values("estimate", kind="stable")
    clear = sum(
        significant(math.nan, low, high) for low, high in zip(first["conf_low"], first["conf_high"], strict=True)
    )
    return wording.say(
        "caterpillar.alt",
        n=len(first),
        k=clear,
        lowest=wording.label(first["unit"].iloc[0]),
        low=wording.number(first["estimate"].iloc[0], "estimate"),
        highest=wording.label(first["unit"].iloc[-1]),
        high=wording.number(first["estimate"].iloc[-1], "estimate"),
    )


def _chart(canvas: Canvas, wording: Wording, part: pd.DataFrame, left: float, wide: float, top: float) -> float:
    rows = part.sort_values("estimate", kind="stable", ascending=False)
    named = len(rows) <= NAMED
    title = lettering.wrap(wording.label(rows["effect"].iloc[0]), wide, BODY)
    canvas.block(left + wide / 2, top + len(title) * BODY * LEADING / 2, title, align="center")
    top += len(title) * BODY * LEADING + 3
    labels = [_short(wording.label(group), wide / 3) if named else "" for group in rows["unit"]]
    begin = left + max(lettering.widest(labels, SMALL), 6.0) + 5
    ends = [v for name in COLUMNS[2:] for v in rows[name] if math.isfinite(v)]
    axis = axes.spanning(min([0.0, *ends]), max([0.0, *ends]), begin, left + wide - 6)
    bottom = top + STEPS[named] * len(rows) + 4
    end = axis.draw(canvas, top, bottom, wording.say("caterpillar.axis"), lambda v: tick_text(wording, axis, v))
    y = top + STEPS[named] / 2 + 2
    for label, estimate, low, high in zip(labels, *(rows[name] for name in COLUMNS[2:]), strict=True):
        if named:
            canvas.text(begin - 5, y, label, size=SMALL, align="right", colour=palette.SOFT)
        if math.isfinite(low) and math.isfinite(high):
            canvas.path(((axis.at(low), y), (axis.at(high), y)), palette.LINES[0], 0.8)
        filled = significant(math.nan, low, high)
        if named:
            marker(canvas, axis.at(estimate), y, 0, palette.LINES[0], filled)
        else:
            canvas.circle(
                axis.at(estimate), y, 1.3, palette.LINES[0] if filled else palette.PAPER, palette.LINES[0], 0.7
            )
        y += STEPS[named]
    return end


def _short(text: str, room: float) -> str:
    """A name cut to the room it has."""
    while text and lettering.width(text, SMALL) > room:
        text = text.removesuffix("…")[:-1] + "…"
    return text


def _signs(wording: Wording):  # type: ignore[no-untyped-def]
    return [
        (
            lambda c, x, y, filled=filled: marker(c, x, y, 0, palette.LINES[0], filled),
            wording.say(f"caterpillar.{name}"),
        )
        for name, filled in (("filled", True), ("hollow", False))
    ]
