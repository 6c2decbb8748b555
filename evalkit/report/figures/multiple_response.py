"""A question with several answers: one bar an option, the most frequent first, from zero.

Frame: option, count, percent_cases (0-100 of the cases); optional group (bars side by side) and n_obs (cases).
Labels: option ids, group ids, optional "question".
"""

from __future__ import annotations

import pandas as pd

from evalkit.report.figures import axes, lettering, palette
from evalkit.report.figures.canvas import BODY, MARGIN, SMALL, WIDTH, Box, Canvas, block_height
from evalkit.report.figures.legend import Sign, legend
from evalkit.report.figures.wording import Wording

COLUMNS = ("option", "count", "percent_cases")
BAR, GROUPED_BAR, ROW_GAP, COLUMN_GAP = 12.0, 9.5, 7.0, 6.0
LABEL_SHARE = 0.40


def ordered(frame: pd.DataFrame) -> tuple[list[str], list[str], dict[tuple[str, str], pd.Series]]:
    """Options by falling count over all groups, groups as they come, and the rows by option and group."""
    groups = frame["group"] if "group" in frame else pd.Series("", index=frame.index)
    groups = groups.astype(object).where(groups.notna(), "").map(str)
    if groups.nunique() > 1:
        # Rows without a group are the whole sample beside its parts: the bars show the parts.
        frame, groups = frame[groups != ""], groups[groups != ""]
    names = frame["option"].map(str)
    total = frame["count"].groupby(names, sort=False).sum().sort_values(ascending=False, kind="stable")
    rows = {(o, g): row for (_, row), o, g in zip(frame.iterrows(), names, groups, strict=True)}
    return list(total.index), list(dict.fromkeys(groups)), rows


def draw(wording: Wording) -> Canvas:
    """Option wording, bars, per cent of cases and count; n in the legend or the note."""
    options, groups, rows = ordered(wording.figure.frame)
    canvas = Canvas()
    colours = [palette.FILLS[i % len(palette.FILLS)] for i in range(len(groups))]
    labels = {option: lettering.wrap(wording.label(option), WIDTH * LABEL_SHARE, BODY) for option in options}
    values = {key: _value(wording, row) for key, row in rows.items()}
    left = MARGIN + max(lettering.widest(lines, BODY) for lines in labels.values()) + COLUMN_GAP
    right = WIDTH - MARGIN - lettering.widest(list(values.values()), SMALL) - 4
    top = MARGIN
    if len(groups) > 1:
        bases = [_base([rows[key] for key in rows if key[1] == group]) for group in groups]
        words = [_with_n(wording, group, n) for group, n in zip(groups, bases, strict=True)]
        signs = [(_swatch(colour), text) for colour, text in zip(colours, words, strict=True)]
        top = legend(canvas, MARGIN, WIDTH - MARGIN, top, signs) + 5
    thick = BAR if len(groups) == 1 else GROUPED_BAR
    heights = [max(block_height(labels[option]), thick * len(groups)) + ROW_GAP for option in options]
    longest = max(float(row["percent_cases"]) for row in rows.values() if pd.notna(row["percent_cases"]))
    axis = axes.spanning(0.0, max(longest, 1.0), left, right)
    end = axis.draw(canvas, top, top + sum(heights), wording.say("multiple.axis"), lambda v: f"{v:.{axis.places()}f}")
    y = top
    for option, height in zip(options, heights, strict=True):
        canvas.block(left - COLUMN_GAP, y + height / 2, labels[option], align="right")
        for i, group in enumerate(groups):
            if (option, group) in rows:
                middle = y + height / 2 + (i - (len(groups) - 1) / 2) * thick
                share = float(rows[option, group]["percent_cases"])
                _bar(canvas, axis, share, middle, thick, colours[i], values[option, group])
        y += height
    canvas.path(((axis.at(0), top), (axis.at(0), y)), palette.INK, 0.9)
    n = _base(list(rows.values())) if len(groups) == 1 else None
    base = wording.say("multiple.base", n=wording.number(n, "n_obs")) if n else ""
    canvas.height = canvas.notes(end + 2, wording.notes(base, wording.say("multiple.note"))) + MARGIN
    return canvas


def alt(wording: Wording) -> str:
    """What is shown, with the two most frequent options."""
    options, groups, rows = ordered(wording.figure.frame)
    first = [
        wording.say("multiple.item", option=wording.label(option), value=_value(wording, rows[option, group]))
        if len(groups) == 1
        else wording.say(
            "multiple.group_item",
            group=wording.label(group),
            option=wording.label(option),
            value=_value(wording, rows[option, group]),
        )
        for option in options[:2]
        for group in groups
        if (option, group) in rows
    ]
    return wording.say("multiple.alt", n=len(options), first=wording.listing(first))


def _value(wording: Wording, row: pd.Series) -> str:
    percent = wording.number(float(row["percent_cases"]), "percent_cases")
    return wording.say("multiple.value", percent=percent, count=wording.number(float(row["count"]), "count"))


def _base(rows: list[pd.Series]) -> float | None:
    """Cases behind the per cents: as given, else from the largest count and its share."""
    if "n_obs" in rows[0] and pd.notna(rows[0]["n_obs"]):
        return float(rows[0]["n_obs"])
    largest = max(rows, key=lambda row: float(row["count"]))
    share = float(largest["percent_cases"])
    return float(round(100 * float(largest["count"]) / share)) if share > 0 else None


def _with_n(wording: Wording, group: str, n: float | None) -> str:
    name = wording.label(group)
    return wording.say("multiple.group", group=name, n=wording.number(n, "n_obs")) if n else name


def _bar(canvas: Canvas, axis: axes.Axis, share: float, y: float, thick: float, colour: str, value: str) -> None:
    if share > 0:
        box = Box(axis.at(0), y - thick / 2 + 0.5, axis.at(share), y + thick / 2 - 0.5)
        canvas.rect(box, colour, palette.INK, 0.4)
    canvas.text(axis.at(share if share > 0 else 0) + 4, y, value, size=SMALL)


def _swatch(colour: str) -> Sign:
    def sign(canvas: Canvas, x: float, y: float) -> None:
        canvas.rect(Box(x - 4, y - 4, x + 4, y + 4), colour, palette.INK, 0.4)

    return sign
