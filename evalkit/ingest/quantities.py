"""Numbers, dates and times of day: what a cell says in units, or why it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.answers import DATE, TEXT, Answers
from evalkit.ingest.findings import KIND, Decoded, Rules
from evalkit.ingest.meta import moments_in_time, seconds
from evalkit.ingest.targets import Target
from evalkit.ingest.wording import clean, tidy

if TYPE_CHECKING:
    from evalkit.instrument import Item

_NUMBER = re.compile(r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$")
_THOUSANDS = re.compile(r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
_DIGITS = {c: k for k, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_PLACES = {"十": 10, "百": 100, "千": 1000}
SERIAL_DATES = (20000, 80000)
"""A bare number in this range in a date column may be a date without its format (1954 to 2119)."""
Part = tuple[Target, Answers]


def decode_number(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """Whole or decimal numbers within `min`, `max` and `step`; the item's own missing values; else invalid."""
    answers = parts[0][1]
    values = np.full(len(answers.texts), np.nan)
    kinds = np.zeros(len(answers.texts), dtype=np.int8)
    bad: dict[int, tuple[str, dict[str, object]]] = {}
    with_unit, dates = [], answers.of_kind(DATE)
    for k, text in enumerate(answers.texts):
        line = clean(text)
        number = None if k in dates else number_in(line, item.unit)
        mark = rules.mark(line) if not _is_answer(number, item) else 0
        if not line or mark:
            kinds[k] = mark or KIND["no_answer"]
        elif number is None:
            bad[k] = ("E222", {"value": tidy(text)}) if spelt_out(line) is None else (
                "E241", {"value": tidy(text), "proposal": spelt_out(line)})  # fmt: skip
        elif number in item.missing:
            kinds[k] = KIND[item.missing[number]]
        else:
            fault = _out_of_bounds(number, item)
            values[k] = number if fault is None else np.nan
            if fault:
                bad[k] = (fault[0], {"value": tidy(text), **fault[1]})
            elif item.unit and line.endswith(clean(item.unit)):
                with_unit.append(k)
        kinds[k] = KIND["invalid"] if k in bad else kinds[k]
    _keep(item, answers, values, kinds, out)
    _note_bad(item, answers, bad, out)
    _note_texts(item, answers, rules, [k for k in range(len(values)) if np.isfinite(values[k])], with_unit, out)


def number_in(line: str, unit: str = "") -> float | None:
    """The number a cleaned text stands for: `35`, `1,200`, `35岁` where the unit is 岁; else None."""
    if unit:
        line = line.removesuffix(clean(unit)).strip()
    if _THOUSANDS.match(line):
        line = line.replace(",", "")
    if not _NUMBER.match(line):
        return None
    number = float(line)
    return number if np.isfinite(number) else None


def spelt_out(line: str) -> int | None:
    """A whole number below 10,000 in Chinese characters (`三十五`), else None."""
    if not line or any(c not in _DIGITS and c not in _PLACES for c in line):
        return None
    total, digit = 0, None
    for c in line:
        if c in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[c]
        else:
            total += (1 if digit is None else digit) * _PLACES[c]
            digit = None
    return total + (digit or 0)


def decode_date(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """Calendar dates; a bare number that could be a date without its format is proposed, not converted."""
    answers = parts[0][1]
    values = moments_in_time(answers.texts)
    kinds = np.zeros(len(values), dtype=np.int8)
    bad: dict[int, tuple[str, dict[str, object]]] = {}
    for k in np.flatnonzero(np.isnat(values)):
        line = clean(answers.texts[k])
        mark = rules.mark(line) if line else KIND["no_answer"]
        kinds[k] = mark or KIND["invalid"]
        if not mark:
            serial = number_in(line)
            bad[int(k)] = ("E225", {"value": tidy(answers.texts[k])})
            if serial is not None and SERIAL_DATES[0] <= serial <= SERIAL_DATES[1]:
                day = np.datetime64("1899-12-30") + int(serial)
                bad[int(k)] = ("E243", {"value": tidy(answers.texts[k]), "proposal": str(day)})
    column = values[answers.index]
    column[answers.faulty] = np.datetime64("NaT")
    missing = kinds[answers.index]
    missing[answers.faulty] = KIND["invalid"]
    out.put(item.id, column, missing, answers)
    _note_bad(item, answers, bad, out)


def decode_time(item: Item, parts: Sequence[Part], rules: Rules, out: Decoded) -> None:
    """Times of day and durations, in seconds (`14:30` is 52200)."""
    answers = parts[0][1]
    values = np.array([_clock(clean(text)) for text in answers.texts])
    kinds = np.zeros(len(values), dtype=np.int8)
    bad = []
    for k in np.flatnonzero(np.isnan(values)):
        line = clean(answers.texts[k])
        kinds[k] = (rules.mark(line) if line else KIND["no_answer"]) or KIND["invalid"]
        if kinds[k] == KIND["invalid"]:
            bad.append(int(k))
    _keep(item, answers, values, kinds, out)
    out.note_texts("E225", answers, bad, item, lambda k: {"value": tidy(answers.texts[k])})


def _clock(line: str) -> float:
    """`14:30` is hours and minutes here, unlike in a duration; a date before the time is dropped."""
    line = re.sub(r"^\d{4}-\d{1,2}-\d{1,2}\s+", "", line)
    return seconds(line + ":00") if re.match(r"^\d{1,2}:\d{2}$", line) else seconds(line)


def _is_answer(number: float | None, item: Item) -> bool:
    """Whether -2 or -3 can be an answer here: only where the item's own bounds say so."""
    return number is not None and item.min is not None and item.min <= number


def _out_of_bounds(number: float, item: Item) -> tuple[str, dict[str, object]] | None:
    if (item.min is not None and number < item.min) or (item.max is not None and number > item.max):
        low, high = ("−∞" if item.min is None else f"{item.min:g}"), ("∞" if item.max is None else f"{item.max:g}")
        return "E223", {"low": low, "high": high}
    step = item.step or (1.0 if item.type == "integer" else None)
    steps = (number - (item.min or 0.0)) / step if step else 0.0
    if abs(steps - round(steps)) > 1e-9 * max(1.0, abs(steps)):
        return "E224", {"step": step}
    return None


def _note_bad(item: Item, answers: Answers, bad: Mapping[int, tuple[str, dict[str, object]]], out: Decoded) -> None:
    """List the cells of texts that were refused; `bad[position] = (code, params)`."""
    for code in dict.fromkeys(code for code, _ in bad.values()):
        texts = [k for k, (why, _) in bad.items() if why == code]
        out.note_texts(code, answers, texts, item, lambda k: bad[k][1])


def _keep(item: Item, answers: Answers, values: np.ndarray, kinds: np.ndarray, out: Decoded) -> None:
    column, missing = values[answers.index], kinds[answers.index]
    column[answers.faulty], missing[answers.faulty] = np.nan, KIND["invalid"]
    out.put(item.id, column, missing, answers)


def _note_texts(
    item: Item, answers: Answers, rules: Rules, read: list[int], with_unit: list[int], out: Decoded
) -> None:
    """Say so where a column mixes numbers and texts, or repeats the unit; a file of texts only is no news."""
    as_text = answers.kinds == TEXT
    wanted = np.zeros(len(answers.texts), dtype=bool)
    wanted[read] = True
    cells = np.flatnonzero(wanted[answers.index] & as_text)
    if rules.typed and len(cells) and not as_text[wanted[answers.index]].all():
        out.note("N236", answers, int(cells[0]), item, n=len(cells))
    if with_unit:
        rows = answers.rows_of(with_unit)
        out.note("N237", answers, int(rows[0]), item, n=len(rows), unit=item.unit)
