"""Indirect effects along a moderator, each in a chart of its own: a line in its interval, against 0.

Frame: from, to, by (the mediators), moderator, theta (its value), estimate, conf_low, conf_high. Labels: every id.
"""

from __future__ import annotations

import pandas as pd

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.canvas import BODY, LEADING, MARGIN, WIDTH, Canvas
from evalkit.report.figures.plane import plane
from evalkit.report.figures.wording import Wording

COLUMNS = ("from", "to", "by", "moderator", "theta", "estimate", "conf_low", "conf_high")
KEYS = ["from", "to", "by", "moderator"]
HEIGHT = 130.0


def draw(wording: Wording) -> Canvas:
    """One chart an effect, from top to bottom."""
    canvas = Canvas()
    top = MARGIN
    for keys, part in wording.figure.frame.groupby(KEYS, sort=False):
        for line in lettering.wrap(_title(wording, tuple(map(str, keys))), WIDTH - 2 * MARGIN, BODY):
            canvas.text(MARGIN, top + BODY * LEADING / 2, line)
            top += BODY * LEADING
        places = part["theta"].tolist()
        values = [v for name in COLUMNS[5:] for v in part[name].dropna()]
        titles = (wording.label(str(keys[3])), wording.say("conditional_effects.upright"))
        field, top = plane(canvas, wording, top + 2, HEIGHT, places, values or [0.0], titles, zero=True)
        band = part.dropna(subset=["conf_low", "conf_high"])
        low = [field.at(x, y) for x, y in zip(band["theta"], band["conf_low"], strict=True)]
        high = [field.at(x, y) for x, y in zip(band["theta"], band["conf_high"], strict=True)]
        if low:
            canvas.polygon((*low, *reversed(high)), palette.GRID)
            for edge in (low, high):
                canvas.path(tuple(edge), palette.SOFT, 0.6)
        zero = (field.at(min(places), 0.0), field.at(max(places), 0.0))
        canvas.path(zero, palette.RULE, 0.9)
        canvas.path(
            tuple(field.at(x, y) for x, y in zip(part["theta"], part["estimate"], strict=True)), palette.INK, 1.2
        )
        top += 6
    canvas.height = canvas.notes(top, wording.notes()) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """Each effect at both ends of its moderator, and on what share of it the interval leaves out 0."""
    said = []
    for keys, part in wording.figure.frame.groupby(KEYS, sort=False):
        said.append(
            wording.say(
                "conditional_effects.alt",
                path=_title(wording, tuple(map(str, keys))),
                w=wording.label(str(keys[3])),
                first=wording.number(float(part["estimate"].iloc[0]), "estimate"),
                last=wording.number(float(part["estimate"].iloc[-1]), "estimate"),
                share=wording.number(100 * _clear(part), "percent"),
            )
        )
    return " ".join(said)


def _clear(part: pd.DataFrame) -> float:
    return float(((part["conf_low"] > 0) | (part["conf_high"] < 0)).mean())


def _title(wording: Wording, keys: tuple[str, ...]) -> str:
    return " → ".join(wording.label(name) for name in (keys[0], keys[2], keys[1]))
