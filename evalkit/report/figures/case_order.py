"""Cases one under the other in their order, each with its score and interval; the marker tells its role and outcome.

Frame: case, estimate, conf_low, conf_high, role, outcome (both may be empty). Labels: cases, roles, `axis` (the
score), `outcome_head`. Where there are two outcomes the marker is filled for the one met first; the outcome also stands
at the right.
"""

from __future__ import annotations

import math

from evalkit.report.figures import axes, lettering, palette
from evalkit.report.figures.canvas import LEADING, MARGIN, SMALL, Canvas
from evalkit.report.figures.coefficients import marker
from evalkit.report.figures.legend import Sign, legend
from evalkit.report.figures.plane import tick_text
from evalkit.report.figures.wording import Wording

COLUMNS = ("case", "estimate", "conf_low", "conf_high", "role", "outcome")
STEP, LEAST = 15.0, 6.0
"""Points from one case to the next, and where there are very many."""
NAMED = 60


def draw(wording: Wording) -> Canvas:
    """A line a case, the axis of the score below."""
    frame = wording.figure.frame
    canvas = Canvas()
    roles = [r for r in dict.fromkeys(frame["role"].map(str)) if r]
    outcomes = [o for o in dict.fromkeys(frame["outcome"].map(str)) if o]
    signs = _signs(wording, roles, outcomes)
    top = legend(canvas, MARGIN, canvas.width - MARGIN, MARGIN, signs) + 6 if signs else MARGIN
    named = len(frame) <= NAMED
    step = STEP if named else LEAST
    names = [_short(wording.label(c), canvas.width / 3) if named else "" for c in frame["case"]]
    begin = MARGIN + max(lettering.widest(names, SMALL), 6.0) + 8
    said = [wording.label("outcome_head"), *frame["outcome"].map(str)] if outcomes and named else []
    room = lettering.widest(said, SMALL) + 12 if said else 6.0
    ends = [v for name in COLUMNS[1:4] for v in frame[name] if math.isfinite(v)]
    axis = axes.spanning(min(ends), max(ends), begin, canvas.width - MARGIN - room)
    if said:
        top += SMALL * LEADING
        canvas.text(canvas.width - MARGIN, top - 4, said[0], size=SMALL, align="right", colour=palette.SOFT)
    bottom = top + step * len(frame) + 4
    end = axis.draw(canvas, top, bottom, wording.label("axis"), lambda v: tick_text(wording, axis, v))
    y = top + step / 2 + 2
    for name, (_, estimate, low, high, role, outcome) in zip(
        names, frame[list(COLUMNS)].itertuples(index=False, name=None), strict=True
    ):
        shape = roles.index(str(role)) if str(role) in roles else 0
        colour = palette.LINES[shape % len(palette.LINES)]
        if named:
            canvas.text(begin - 8, y, name, size=SMALL, align="right", colour=palette.SOFT)
        if math.isfinite(low) and math.isfinite(high):
            canvas.path(((axis.at(low), y), (axis.at(high), y)), colour, 0.9)
        marker(canvas, axis.at(estimate), y, shape, colour, _filled(str(outcome), outcomes))
        if said:
            canvas.text(canvas.width - MARGIN, y, str(outcome), size=SMALL, align="right", colour=palette.SOFT)
        y += step
    canvas.height = canvas.notes(end + 2, wording.notes()) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """How many cases, and the two at the ends of the order."""
    frame = wording.figure.frame
    first, last = frame.iloc[0], frame.iloc[-1]
    return wording.say(
        "case_order.alt",
        n=len(frame),
        score=wording.label("axis"),
        first=wording.label(first["case"]),
        high=wording.number(first["estimate"], "mean"),
        last=wording.label(last["case"]),
        low=wording.number(last["estimate"], "mean"),
    )


def _filled(outcome: str, outcomes: list[str]) -> bool:
    return len(outcomes) != 2 or outcome == outcomes[0]


def _short(text: str, room: float) -> str:
    """A name cut to the room it has."""
    while text and lettering.width(text, SMALL) > room:
        text = text.removesuffix("…")[:-1] + "…"
    return text


def _signs(wording: Wording, roles: list[str], outcomes: list[str]) -> list[tuple[Sign, str]]:
    def sign(i: int, filled: bool, colour: str) -> Sign:
        return lambda canvas, x, y: marker(canvas, x, y, i, colour, filled)

    colours = palette.LINES
    shown = [(sign(i, True, colours[i % len(colours)]), wording.label(role)) for i, role in enumerate(roles)]
    if len(outcomes) == 2:
        head = wording.label("outcome_head")
        shown += [
            (sign(0, k == 0, palette.SOFT), wording.say("case_order.outcome", head=head, outcome=o))
            for k, o in enumerate(outcomes)
        ]
    return shown
