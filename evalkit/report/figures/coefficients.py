"""Coefficients with their intervals: a dot and a whisker for each term and model.

Frame: model, term, estimate, conf_low, conf_high, p_value. Labels: term ids, model ids (else "Model 1").
A filled marker is significant, a hollow one is not; the models differ by the marker's shape and colour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from evalkit.contract import Label
from evalkit.report.figures import axes, lettering, palette
from evalkit.report.figures.canvas import BODY, MARGIN, SMALL, WIDTH, Box, Canvas, block_height
from evalkit.report.figures.legend import Sign, legend
from evalkit.report.figures.wording import ALPHA, Wording, number_or_nan, significant
from evalkit.report.formatting import stars

COLUMNS = ("model", "term", "estimate", "conf_low", "conf_high", "p_value")
STEP, ROW_GAP, COLUMN_GAP, RADIUS = 11.5, 7.0, 8.0, 2.9
LABEL_SHARE = 0.32


@dataclass(frozen=True)
class Dot:
    """One coefficient."""

    model: str
    term: str
    estimate: float
    low: float
    high: float
    p_value: float

    @property
    def significant(self) -> bool:
        return significant(self.p_value, self.low, self.high)


@dataclass(frozen=True)
class _Numbers:
    """The column at the right: coefficients end at one x, stars hang behind it, intervals begin at one x."""

    estimate: float
    interval: float
    width: float

    @classmethod
    def of(cls, wording: Wording, shown: list[Dot]) -> _Numbers:
        estimate = lettering.widest([wording.number(dot.estimate, "estimate") for dot in shown], SMALL)
        marks = lettering.widest([stars(dot.p_value, wording.style) for dot in shown], SMALL)
        intervals = [wording.number((dot.low, dot.high), "interval") for dot in shown]
        begin = estimate + marks + 4
        return cls(estimate, begin, begin + lettering.widest(intervals, SMALL))

    def draw(self, canvas: Canvas, wording: Wording, dot: Dot, x: float, y: float) -> None:
        canvas.text(x + self.estimate, y, wording.number(dot.estimate, "estimate"), size=SMALL, align="right")
        canvas.text(x + self.estimate, y, stars(dot.p_value, wording.style), size=SMALL)
        if math.isfinite(dot.estimate):
            canvas.text(x + self.interval, y, wording.number((dot.low, dot.high), "interval"), size=SMALL)


def dots(frame: pd.DataFrame) -> tuple[list[str], list[str], dict[tuple[str, str], Dot]]:
    """Models and terms in order of appearance, and the coefficients by term and model."""
    found: dict[tuple[str, str], Dot] = {}
    for model, term, *numbers in frame[list(COLUMNS)].itertuples(index=False, name=None):
        name = "" if pd.isna(model) else f"{model:g}" if isinstance(model, float) else str(model)
        found[str(term), name] = Dot(name, str(term), *(number_or_nan(v) for v in numbers))
    models = list(dict.fromkeys(dot.model for dot in found.values()))
    return models, list(dict.fromkeys(term for term, _ in found)), found


def draw(wording: Wording) -> Canvas:
    """Term, whiskers about the zero line, and the numbers at the right."""
    models, terms, found = dots(wording.figure.frame)
    canvas = Canvas()
    labels = {term: lettering.wrap(wording.label(term), WIDTH * LABEL_SHARE, BODY) for term in terms}
    numbers = _Numbers.of(wording, list(found.values()))
    left = MARGIN + max(lettering.widest(lines, BODY) for lines in labels.values()) + COLUMN_GAP
    head = wording.say("coefficients.column")
    right = WIDTH - MARGIN - COLUMN_GAP - max(numbers.width, lettering.width(head, SMALL))
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN, _signs(wording, models)) + 3
    canvas.text(right + COLUMN_GAP, top + SMALL / 2 + 1, head, size=SMALL, colour=palette.SOFT)
    top += SMALL + 5
    heights = [max(block_height(labels[term]), STEP * len(models)) + ROW_GAP for term in terms]
    bottom = top + sum(heights)
    y = top
    for i, height in enumerate(heights):
        if i % 2 == 0:
            canvas.rect(Box(MARGIN, y, WIDTH - MARGIN, y + height), palette.BLANK)
        y += height
    ends = [v for dot in found.values() for v in (dot.estimate, dot.low, dot.high) if math.isfinite(v)]
    axis = axes.spanning(min([0.0, *ends]), max([0.0, *ends]), left + 4, right - 4)
    end = axis.draw(canvas, top, bottom, wording.say("coefficients.axis"), lambda v: _tick(wording, axis, v))
    canvas.path(((axis.at(0), top), (axis.at(0), bottom)), palette.INK, 0.9)
    y = top
    for term, height in zip(terms, heights, strict=True):
        canvas.block(left - COLUMN_GAP, y + height / 2, labels[term], align="right")
        for i, model in enumerate(models):
            if (term, model) in found:
                middle = y + height / 2 + (i - (len(models) - 1) / 2) * STEP
                _whisker(canvas, axis, found[term, model], i, middle)
                numbers.draw(canvas, wording, found[term, model], right + COLUMN_GAP, middle)
        y += height
    canvas.height = canvas.notes(end + 2, wording.notes(stars=True)) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """What is shown, with the significant coefficients of the last model."""
    models, terms, found = dots(wording.figure.frame)
    last = [found[term, models[-1]] for term in terms if (term, models[-1]) in found]
    strong = sorted((dot for dot in last if dot.significant), key=lambda dot: -abs(dot.estimate))[:3]
    parts = [
        wording.say("coefficients.item", term=wording.label(dot.term), value=_numbers(wording, dot)) for dot in strong
    ]
    key = "coefficients.alt" if strong else "coefficients.alt_none"
    return wording.say(
        key,
        models=len(models),
        terms=len(terms),
        model=_model(wording, models[-1]),
        k=sum(dot.significant for dot in last),
        first=wording.listing(parts),
    )


def marker(canvas: Canvas, x: float, y: float, shape: int, colour: str, filled: bool, radius: float = RADIUS) -> None:
    """Circle, square, diamond, triangle up or down, in turn."""
    fill, r = (colour if filled else palette.PAPER), radius
    outlines = (
        (),
        ((x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)),
        ((x, y - 1.35 * r), (x + 1.35 * r, y), (x, y + 1.35 * r), (x - 1.35 * r, y)),
        ((x, y - 1.2 * r), (x + 1.2 * r, y + r), (x - 1.2 * r, y + r)),
        ((x, y + 1.2 * r), (x + 1.2 * r, y - r), (x - 1.2 * r, y - r)),
    )
    outline = outlines[shape % len(outlines)]
    if outline:
        canvas.polygon(outline, fill, colour, 1.1)
    else:
        canvas.circle(x, y, r, fill, colour, 1.1)


def _model(wording: Wording, model: str) -> str:
    return wording.label(model) if wording.has(model) else Label("model_n", n=model).text(wording.lang).strip()


def _signs(wording: Wording, models: list[str]) -> list[tuple[Sign, str]]:
    def sign(i: int, filled: bool, colour: str) -> Sign:
        return lambda canvas, x, y: marker(canvas, x, y, i, colour, filled)

    shown = [(sign(i, True, _colour(i)), _model(wording, model)) for i, model in enumerate(models)]
    bound = wording.number(ALPHA, "p_value").rstrip("0")
    meaning = [
        (sign(0, True, palette.INK), wording.say("coefficients.filled", bound=bound)),
        (sign(0, False, palette.INK), wording.say("coefficients.hollow", bound=bound)),
    ]
    return [*(shown if len(models) > 1 else []), *meaning]


def _colour(i: int) -> str:
    # One shape more than colours would be a pair seen before; 5 shapes and 4 colours repeat only after 20.
    return palette.LINES[i % (len(palette.LINES) - 1)]


def _numbers(wording: Wording, dot: Dot) -> str:
    estimate = wording.number(dot.estimate, "estimate", p=dot.p_value)
    return estimate + " " + wording.number((dot.low, dot.high), "interval")


def _tick(wording: Wording, axis: axes.Axis, value: float) -> str:
    return (wording.style.minus if value < -1e-12 else "") + f"{abs(value):.{axis.places()}f}"


def _whisker(canvas: Canvas, axis: axes.Axis, dot: Dot, i: int, y: float) -> None:
    if not math.isfinite(dot.estimate):
        return
    colour = _colour(i)
    if math.isfinite(dot.low) and math.isfinite(dot.high):
        low, high = axis.at(dot.low), axis.at(dot.high)
        canvas.path(((low, y), (high, y)), colour, 1.1)
        for x in (low, high):
            canvas.path(((x, y - 2), (x, y + 2)), colour, 1.1)
    marker(canvas, axis.at(dot.estimate), y, i, colour, dot.significant)
