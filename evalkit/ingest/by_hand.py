"""Answers as people type them (`4分`, `4(比较满意)`, `45岁`, √ for yes) in, spelt as the instrument does out."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Place, Problem
from evalkit.ingest.answers import NUMBER, TEXT, Answers
from evalkit.ingest.choices import Choices, choices_of
from evalkit.ingest.findings import HIDDEN, Decoded, shown
from evalkit.ingest.quantities import number_in
from evalkit.ingest.targets import code_text
from evalkit.ingest.units import number_and_unit, same_unit
from evalkit.ingest.wording import clean, normal, tidy

if TYPE_CHECKING:
    from evalkit.ingest.layout import Layout
    from evalkit.ingest.matching import Match
    from evalkit.instrument import Item
    from evalkit.sheets import Column, Sheet

_POINTS = re.compile(r"^(\d{1,3})\s*(?:分|级|星|号)$")
_CODE_FIRST = re.compile(r"^(\d{1,3})\s*[(\[:、.\-—=\s]\s*(\S.*?)\s*[)\]]?$")
_CODE_LAST = re.compile(r"^(\D.*?)\s*[(\[:\-—=\s]?\s*(\d{1,3})\s*(?:分)?\s*[)\]]?$")
_YES, _NO = frozenset(["是", "有", "对", "yes"]), frozenset(["否", "没有", "无", "不是", "no"])
_TICKED, _CROSSED = frozenset("√✓✔☑✅○●◯"), frozenset("×✗✘")
_MULTIPLES = frozenset(["万", "万元", "%", "百分比"])
"""Units that change the number: never taken off where the instrument names none."""


def as_meant(sheet: Sheet, layout: Layout, matches: Sequence[Match], rows: np.ndarray, out: Decoded) -> Sheet:
    """Respell answers by what their column was matched to.

    Parameters
    ----------
    rows : ndarray of int
        Positions of the respondents.
    out : Decoded
        Takes N251 and N252 for answers that were respelt (one a text and column), N322 for headings that differ
        from the wording, W325 for a unit that is not the instrument's.
    """
    columns = list(sheet.columns)
    for one in matches:
        if one.target is None:
            continue
        _note_heading(sheet, layout, one, out)
        answers = Answers(sheet, one.column.position, rows)
        spelling = _spelling(answers, one.target.kind, one.target.item)
        if spelling:
            columns[one.column.position] = _respelt(answers.column, spelling, one.target.kind)
            _note_answers(answers, spelling, one.target.kind, one.target.item, out)
    return dataclasses.replace(sheet, columns=tuple(columns))


def _spelling(answers: Answers, kind: str, item: Item) -> dict[str, str]:
    """Cell text -> the text it stands for, where that is not what the cell says."""
    if kind == "single":
        choices = choices_of(item.options)
        found = {text: _option_meant(clean(text), choices) for text in answers.texts}
    elif kind in ("integer", "decimal"):
        found = {text: _number_meant(clean(text), item.unit) for text in answers.texts}
    else:
        return {}
    return {text: meant for text, meant in found.items() if meant}


def _option_meant(line: str, choices: Choices) -> str:
    """The option of `4分`, of `4(比较满意)` where code and words agree, of √ under a question of yes and no."""
    if not line or choices.knows(line) or line in choices.codes:
        return ""
    points = _POINTS.match(line)
    if points:
        return _said(choices, choices.codes.get(str(int(points[1]))))
    for pattern, code, words in ((_CODE_FIRST, 1, 2), (_CODE_LAST, 2, 1)):
        pair = pattern.match(line)
        if pair:
            named = choices.find(pair[words], "text")
            position = choices.codes.get(str(int(pair[code])))
            if named is not None and named.position == position:
                return _said(choices, position)
    if line in _TICKED | _CROSSED and len(choices.options) == 2:
        meant = _YES if line in _TICKED else _NO
        named_so = [k for k, o in enumerate(choices.options) if {clean(o.zh), clean(o.en).casefold()} & meant]
        return _said(choices, named_so[0]) if len(named_so) == 1 else ""
    return ""


def _said(choices: Choices, position: int | None) -> str:
    """A text that means this option however the column is read: its wording, or its code."""
    if position is None:
        return ""
    option = choices.options[position]
    for text in (option.zh, option.en, code_text(option.code)):
        found = [choices.find(text, by) for by in ("text", "code")] if text else [None]
        if all(one is not None and one.position == position for one in found):
            return text
    return ""


def _number_meant(line: str, unit: str) -> str:
    """The number of `45岁`, `3人`; empty for a plain number, the instrument's own spelling or another unit."""
    if not line or number_in(line, unit) is not None:
        return ""
    number, written = number_and_unit(line)
    fits = same_unit(written, unit) if unit else written not in _MULTIPLES
    return number if number and fits and number_in(number) is not None else ""


def _respelt(column: Column, spelling: dict[str, str], kind: str) -> Column:
    distinct, index, kinds = list(column.distinct), column.index.copy(), column.kinds.copy()
    for text, meant in spelling.items():
        cells = column.index == column.distinct.index(text)
        index[cells] = len(distinct)
        kinds[cells] = TEXT if kind == "single" else NUMBER
        distinct.append(meant)
    return dataclasses.replace(column, distinct=tuple(distinct), index=index, kinds=kinds)


def _note_answers(answers: Answers, spelling: dict[str, str], kind: str, item: Item, out: Decoded) -> None:
    """One note a text (options) or a unit (numbers), with its first cell and how many there are.

    Where nothing but ticks stands under a question of yes and no, what a blank means is open, and said to be.
    """
    blank = [t for t, text in enumerate(answers.texts) if not clean(text)]
    if kind == "single" and blank and all(clean(text) in _TICKED for text in answers.texts if clean(text)):
        rows = answers.rows_of(blank)
        if len(rows):
            out.note("W256", answers, int(rows[0]), item, n=len(rows))
    groups: dict[str, list[int]] = {}
    for t, text in enumerate(answers.texts):
        if text in spelling:
            key = text if kind == "single" else number_and_unit(clean(text))[1]
            groups.setdefault(key, []).append(t)
    for key, texts in groups.items():
        rows = answers.rows_of(texts)
        if not len(rows):
            continue
        if kind == "single":
            meant = HIDDEN if item.private else spelling[key]
            out.note("N251", answers, int(rows[0]), item, value=tidy(key), meant=meant, n=len(rows))
        else:
            out.note("N252", answers, int(rows[0]), item, unit=key, n=len(rows))


def _note_heading(sheet: Sheet, layout: Layout, one: Match, out: Decoded) -> None:
    target, position = one.target, one.column.position
    if target is None or layout.hand is None:
        return
    row = int(sheet.rows[layout.header_row])
    at = Place(file=sheet.book, sheet=sheet.name, cell=f"{sheet.columns[position].letter}{row}")
    heading = layout.headers[position]
    own = normal(heading.rsplit("—", 1)[-1])
    known = {normal(text) for text in (target.name, target.item.id, *target.texts)}
    known |= {normal(stem + text) for stem in target.stems for text in target.texts}
    if one.how in ("exact", "similar") and own not in known and normal(heading) not in known:
        out.problems.append(Problem("N322", at, {"header": shown(heading), "item": target.name}))
    unit, wanted = layout.hand.units.get(position, ""), target.item.unit
    if unit and wanted and not same_unit(unit, wanted):
        out.problems.append(Problem("W325", at, {"unit": unit, "wanted": wanted, "item": target.name}))
