"""Answers to items of one answer scale: stacked bars that part at the middle of the scale.

Frame: item, code, percent (0-100 of the valid answers), n_obs, mean; optional level (place of the code on the
scale, else its size decides) and missing_share (0-100 of the asked who answered "don't know").
Labels: item ids, codes ("1"), optional "missing_share" (the wording of that answer).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from evalkit.report.figures import axes, lettering, palette
from evalkit.report.figures.canvas import BODY, LEADING, MARGIN, SMALL, WIDTH, Box, Canvas, block_height
from evalkit.report.figures.legend import Sign, legend
from evalkit.report.figures.wording import Wording, number_or_nan

COLUMNS = ("item", "code", "percent", "n_obs", "mean")
COLUMN_GAP = 8.0
MANY = 20  # items; beyond, rows are set closer, so that a whole scale battery fits on a page


@dataclass(frozen=True)
class Row:
    """Measures of a row in points (label size, bar, gap), and the share of the width that labels may take."""

    label: float
    bar: float
    gap: float
    share: float


LOOSE, CLOSE = Row(BODY, 15.0, 6.0, 0.37), Row(SMALL, 11.0, 2.5, 0.45)


@dataclass(frozen=True)
class Item:
    """One bar: shares in per cent, from the lowest level to the highest, and what stands beside it."""

    id: str
    shares: tuple[float, ...]
    n_obs: float
    mean: float
    missing: float

    @property
    def left(self) -> float:
        """Per cents on the left of the zero line: all below the middle and half of a middle level."""
        half = len(self.shares) // 2
        return sum(self.shares[:half]) + (self.shares[half] / 2 if len(self.shares) % 2 else 0.0)


def items(frame: pd.DataFrame) -> tuple[list[float | str], list[Item]]:
    """Codes from the lowest level to the highest, and the items from the highest mean to the lowest."""
    order = frame.sort_values("level" if "level" in frame else "code", kind="stable")
    codes = list(dict.fromkeys(order["code"]))
    found = []
    for name, rows in frame.groupby("item", sort=False):
        share = dict(zip(rows["code"], rows["percent"], strict=True))
        shares = tuple(_share(share.get(code)) for code in codes)
        n_obs, mean = (number_or_nan(rows[column].iloc[0]) for column in ("n_obs", "mean"))
        missing = number_or_nan(rows["missing_share"].iloc[0]) if "missing_share" in rows else math.nan
        found.append(Item(str(name), shares, n_obs, mean, missing))
    found.sort(key=lambda item: math.inf if math.isnan(item.mean) else -item.mean)
    return codes, found


def _share(value: object) -> float:
    """A level that nobody chose, or of an item without answers, has no bar."""
    return 0.0 if pd.isna(value) else float(value)  # type: ignore[arg-type, call-overload]


def draw(wording: Wording) -> Canvas:
    """Item wording, bar, n, mean and the share of don't know, one row an item."""
    codes, bars = items(wording.figure.frame)
    colours = palette.levels(len(codes))
    canvas = Canvas()
    row = LOOSE if len(bars) <= MANY else CLOSE
    labels = {bar.id: lettering.wrap(wording.label(bar.id), WIDTH * row.share, row.label) for bar in bars}
    columns = _columns(wording, bars)
    left = MARGIN + max(lettering.widest(lines, row.label) for lines in labels.values()) + COLUMN_GAP
    right = WIDTH - MARGIN - sum(wide + COLUMN_GAP for _, _, wide in columns)
    signs = [(_swatch(colour), wording.label(code)) for code, colour in zip(codes, colours, strict=True)]
    top = legend(canvas, MARGIN, WIDTH - MARGIN, MARGIN, signs) + 4
    top = _heads(canvas, columns, right, top)
    heights = [max(block_height(labels[bar.id], row.label), row.bar) + row.gap for bar in bars]
    axis = _axis(bars, left, right)
    bottom = top + sum(heights)
    end = axis.draw(canvas, top, bottom, wording.say("likert.axis"), lambda tick: wording.whole(abs(tick)))
    canvas.path(((axis.at(0), top), (axis.at(0), bottom)), palette.INK, 0.9)
    y = top
    for i, (bar, height) in enumerate(zip(bars, heights, strict=True)):
        canvas.block(left - COLUMN_GAP, y + height / 2, labels[bar.id], size=row.label, align="right")
        _bar(canvas, wording, axis, bar, colours, y + height / 2, row.bar)
        x = right
        for _, texts, wide in columns:
            x += COLUMN_GAP + wide
            canvas.text(x, y + height / 2, texts[i], size=SMALL, align="right")
        y += height
    canvas.height = canvas.notes(end + 2, wording.notes(wording.say("likert.note"))) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """What is shown, with the highest and the lowest mean."""
    codes, bars = items(wording.figure.frame)
    known = [bar for bar in bars if not math.isnan(bar.mean)]
    if not known:
        return wording.say("likert.alt_plain", n=len(bars), k=len(codes))
    first, last = known[0], known[-1]
    return wording.say(
        "likert.alt",
        n=len(bars),
        k=len(codes),
        top=wording.label(first.id),
        top_mean=wording.number(first.mean, "mean"),
        low=wording.label(last.id),
        low_mean=wording.number(last.mean, "mean"),
    )


def _columns(wording: Wording, bars: list[Item]) -> list[tuple[tuple[str, ...], list[str], float]]:
    """Head lines, texts and width of the columns at the right."""
    columns = [
        (wording.say("likert.n"), [wording.number(bar.n_obs, "n_obs") for bar in bars]),
        (wording.say("likert.mean"), [wording.number(bar.mean, "mean") for bar in bars]),
    ]
    if not all(math.isnan(bar.missing) for bar in bars):
        word = wording.label("missing_share") if wording.has("missing_share") else wording.say("likert.dont_know")
        texts = [wording.number(None if math.isnan(bar.missing) else bar.missing, "percent") for bar in bars]
        columns.append((wording.say("likert.percent", word=word), texts))
    out = []
    for head, texts in columns:
        lines = lettering.wrap(head, 46, SMALL)
        out.append((lines, texts, max(lettering.widest(lines, SMALL), lettering.widest(texts, SMALL))))
    return out


def _heads(canvas: Canvas, columns: list[tuple[tuple[str, ...], list[str], float]], x: float, top: float) -> float:
    """Column heads, standing on one line; gives the y below them."""
    bottom = top + max(len(lines) for lines, _, _ in columns) * SMALL * LEADING
    for lines, _, wide in columns:
        x += COLUMN_GAP + wide
        middle = bottom - block_height(lines, SMALL) / 2
        canvas.block(x, middle, lines, size=SMALL, align="right", colour=palette.SOFT)
    return bottom + 3


def _axis(bars: list[Item], left: float, right: float) -> axes.Axis:
    low = max(bar.left for bar in bars)
    high = max(sum(bar.shares) - bar.left for bar in bars)
    tight = axes.spanning(-low, high, left, right, widest_tick=22.0)
    # The axis ends where the longest bar does: room is short, and a round end says nothing here.
    return axes.Axis(-max(low, 1.0), max(high, 1.0), tight.step, left, right)


def _bar(
    canvas: Canvas, wording: Wording, axis: axes.Axis, bar: Item, colours: list[str], y: float, thick: float
) -> None:
    if not sum(bar.shares):
        canvas.text(axis.at(0) + 3, y, wording.say("no_answers"), size=SMALL, colour=palette.SOFT)
        return
    start = -bar.left
    for share, colour in zip(bar.shares, colours, strict=True):
        if share <= 0:
            continue
        box = Box(axis.at(start), y - thick / 2, axis.at(start + share), y + thick / 2)
        canvas.rect(box, colour, palette.PAPER, 0.6)
        text = wording.whole(share)
        if lettering.width(text, SMALL) + 3 <= box.x1 - box.x0:
            canvas.text(box.cx, y, text, size=SMALL, align="center", colour=palette.ink_on(colour))
        start += share


def _swatch(colour: str) -> Sign:
    def sign(canvas: Canvas, x: float, y: float) -> None:
        canvas.rect(Box(x - 4, y - 4, x + 4, y + 4), colour, palette.RULE, 0.4)

    return sign
