"""Estimates of many specifications in order of size, and below them what each one chose.

Frame: position, base, panel, choice, estimate, conf_low, conf_high, p_value, a row a specification and choice that it
makes. Labels: panels and choices. Filled markers are significant, the ringed one is the base model.
"""

from __future__ import annotations

import math

from evalkit.report.figures import lettering, palette
from evalkit.report.figures.axes import spanning
from evalkit.report.figures.canvas import BODY, MARGIN, SMALL, WIDTH, Canvas
from evalkit.report.figures.legend import legend
from evalkit.report.figures.plot_area import Area, tick_text
from evalkit.report.figures.wording import Wording, significant

COLUMNS = ("position", "base", "panel", "choice", "estimate", "conf_low", "conf_high", "p_value")
HEIGHT, STEP, LABEL_SHARE = 150.0, 11.0, 0.34
COLOUR = palette.LINES[0]


def draw(wording: Wording) -> Canvas:
    """The curve, then a line of marks a choice."""
    frame = wording.figure.frame
    lines = frame.drop_duplicates("position").sort_values("position")
    canvas = Canvas()
    options = _options(wording)
    wide = WIDTH * LABEL_SHARE
    words = {choice: lettering.wrap(wording.label(choice), wide, SMALL) for _, choice in options}
    left = MARGIN + max(lettering.widest(part, SMALL) for part in words.values()) + 8
    left = max(left, MARGIN + 40)
    radius = min(2.6, max(0.8, (WIDTH - left) / len(lines) / 2.6))
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN, _signs(wording)) + 4
    ends = [float(v) for name in ("estimate", "conf_low", "conf_high") for v in lines[name] if math.isfinite(v)]
    upright = spanning(min([0.0, *ends]), max([0.0, *ends]), 0.0, HEIGHT)
    across = spanning(0.0, float(len(lines) + 1), left, WIDTH - MARGIN - 4)
    across = type(across)(0.0, float(len(lines) + 1), across.step, across.left, across.right)
    area = Area(across, upright, top + HEIGHT)
    for tick in upright.ticks():
        y = area.bottom - upright.at(tick)
        canvas.path(((left, y), (across.right, y)), palette.INK if abs(tick) < 1e-12 else palette.GRID, 0.6)
        canvas.text(left - 4, y, tick_text(wording, upright, tick), size=SMALL, align="right", colour=palette.SOFT)
    for row in lines.itertuples():
        _mark(canvas, area, row, radius)
    y = area.bottom + 8
    panel = ""
    for kind, choice in options:
        if kind != panel:
            canvas.text(MARGIN, y + STEP / 2, wording.label(kind), size=SMALL, colour=palette.INK)
            canvas.path(((left, y + STEP / 2), (across.right, y + STEP / 2)), palette.GRID, 0.5)
            y, panel = y + STEP, kind
        high = max(STEP, len(words[choice]) * SMALL * 1.32 + 1)
        canvas.block(left - 4, y + high / 2, words[choice], size=SMALL, align="right", colour=palette.SOFT)
        for row in frame[(frame["panel"] == kind) & (frame["choice"] == choice)].itertuples():
            x = across.at(float(row.position))
            stroke = min(3.2, high / 2 - 1)
            canvas.path(((x, y + high / 2 - stroke), (x, y + high / 2 + stroke)), _colour(row), max(radius, 1.0))
        y += high
    canvas.height = canvas.notes(y + BODY / 2, wording.notes()) + MARGIN
    return canvas


def _options(wording: Wording) -> list[tuple[str, str]]:
    """Panels in order of appearance, their choices in the order of the labels."""
    frame = wording.figure.frame
    found = list(dict.fromkeys(zip(frame["panel"], frame["choice"], strict=True)))
    panels, known = list(dict.fromkeys(frame["panel"])), list(wording.figure.labels)
    return sorted(found, key=lambda o: (panels.index(o[0]), known.index(o[1]) if o[1] in known else len(known)))


def alt(wording: Wording) -> str:
    """How many specifications, from where to where, and how many are significant on each side."""
    lines = wording.figure.frame.drop_duplicates("position")
    clear = [_clear(row) for row in lines.itertuples()]
    estimates = lines["estimate"]
    up = sum(c and v > 0 for c, v in zip(clear, estimates, strict=True))
    down = sum(c and v < 0 for c, v in zip(clear, estimates, strict=True))
    low, high = (wording.number(float(v), "estimate") for v in (estimates.min(), estimates.max()))
    return wording.say("specification_curve.alt", n=len(lines), low=low, high=high, up=up, down=down)


def _clear(row: object) -> bool:
    return significant(row.p_value, row.conf_low, row.conf_high)  # type: ignore[attr-defined]


def _colour(row: object) -> str:
    return COLOUR if _clear(row) else palette.RULE


def _mark(canvas: Canvas, area: Area, row: object, radius: float) -> None:
    place, value = float(row.position), float(row.estimate)  # type: ignore[attr-defined]
    low, high = float(row.conf_low), float(row.conf_high)  # type: ignore[attr-defined]
    colour = _colour(row)
    if math.isfinite(low) and math.isfinite(high):
        canvas.path((area.at(place, low), area.at(place, high)), palette.between((palette.PAPER, colour), 0.55), 0.8)
    x, y = area.at(place, value)
    canvas.circle(x, y, radius, colour if _clear(row) else palette.PAPER, colour, 0.8)
    if bool(row.base):  # type: ignore[attr-defined]
        _ring(canvas, x, y)


def _ring(canvas: Canvas, x: float, y: float) -> None:
    points = [(x + 5 * math.cos(math.pi * k / 12), y + 5 * math.sin(math.pi * k / 12)) for k in range(25)]
    canvas.path(points, palette.LINES[1], 1.2)


def _signs(wording: Wording) -> list:  # type: ignore[type-arg]
    return [
        (lambda c, x, y: c.circle(x, y, 2.4, COLOUR, COLOUR, 0.8), wording.say("specification_curve.filled")),
        (
            lambda c, x, y: c.circle(x, y, 2.4, palette.PAPER, palette.RULE, 0.8),
            wording.say("specification_curve.hollow"),
        ),
        (_ring, wording.say("specification_curve.base")),
    ]
