"""The text of a cell in, the value that its column wants out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from evalkit.contract import Problem
from evalkit.ingest.casebook.schema import LEVELS, Field, choice_words, folded
from evalkit.sheets import DATE, Cell

_YES = ("1", "是", "yes", "y", "true", "√", "✓")
_NO = ("0", "否", "no", "n", "false", "×")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?)?月?)?年?")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?Z?")
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
_BLANK = re.compile(r"[^\S\n]")
_MOST = 40


@dataclass(frozen=True)
class Fault(Exception):
    """A cell that cannot be what its column wants."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def problem(self, cell: Cell, column: str) -> Problem:
        return Problem(self.code, cell.place, {"column": column, "value": cell.text[:_MOST], **self.params})


def cleaned(text: str) -> str:
    """Text without blanks at its ends and without marks that nobody sees; every blank an ordinary one."""
    plain = _INVISIBLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _BLANK.sub(" ", plain).strip()


def half_width(text: str) -> str:
    """Cleaned, and full-width letters, digits and marks as their half-width twins."""
    return cleaned(unicodedata.normalize("NFKC", text))


def value_of(cell: Cell, column: Field) -> Any:
    """The value of a cell that is not empty.

    Raises
    ------
    Fault
        E2110 for an id that a spreadsheet made a date, E2111 to E2114 for what is no number, share, flag, choice or
        day.
    """
    return _READERS[column.kind](cell, column)


def _id(cell: Cell, column: Field) -> str:
    if cell.kind == DATE:
        raise Fault("E2110")
    return half_width(cell.text)


def _ids(cell: Cell, column: Field) -> str:
    parts = re.split(r"[;、,\n]", half_width(cell.text))
    return "; ".join(part.strip() for part in parts if part.strip())


def _text(cell: Cell, column: Field) -> str:
    return cleaned(cell.text)


def _quote(cell: Cell, column: Field) -> str:
    return cell.text.replace("\r\n", "\n").replace("\r", "\n")


def as_number(text: str) -> float:
    """A number as people write it: full-width digits, blanks and thousands' commas understood; nan for any other."""
    if len(text) < 16 and text.isascii() and text.isdecimal():
        return float(text)
    plain = half_width(text).replace(" ", "").replace("−", "-")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        found = float(plain) if plain[:1] in "+-.0123456789" else float("nan")
    except ValueError:
        return float("nan")
    return found if abs(found) < float("inf") else float("nan")


def _whole(cell: Cell, column: Field) -> float:
    number = as_number(cell.text)
    if not number >= column.low or number % 1:
        raise Fault("E2111")
    return number


def _number(cell: Cell, column: Field) -> float:
    number = as_number(cell.text)
    if not number >= column.low:
        raise Fault("E2112", {"range": "" if column.low == float("-inf") else f">= {column.low:g}"})
    return number


def _share(cell: Cell, column: Field) -> float:
    text = half_width(cell.text)
    number = as_number(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= number <= 1:
        raise Fault("E2112", {"range": "0 … 1"})
    return number


def _flag(cell: Cell, column: Field) -> float:
    said = folded(cell.text)
    if said not in (*_YES, *_NO):
        raise Fault("E2113", {"known": ["0", "1"]})
    return float(said in _YES)


def _date(cell: Cell, column: Field) -> str:
    """ISO day, month or year, as exact as it was given."""
    found = _DAY.fullmatch(half_width(cell.text).replace("T", " ").split(" ")[0])
    if found is None:
        raise Fault("E2114")
    year, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        whole = date(year, month or 1, day or 1).isoformat()
    except ValueError:
        raise Fault("E2114") from None
    return whole[: 10 if day else 7 if month else 4]


def _moment(cell: Cell, column: Field) -> str:
    """ISO day and time, where a time was given."""
    found = _MOMENT.fullmatch(half_width(cell.text))
    day = _date(cell, column)
    return f"{day}T{found.group(2)}" if found else day


def _choice(cell: Cell, column: Field) -> str:
    said = folded(cell.text)
    if column.name == "level":  # a codebook may have levels of its own
        return choice_words("level", LEVELS).get(said, half_width(cell.text))
    if column.name == "round":
        number = as_number(cell.text)
        if number >= 1 and not number % 1:
            return f"{number:g}"
        known: tuple[str, ...] = ("1", "2", "consensus")
        found = choice_words("round", ("consensus",)).get(said)
    else:
        known = column.choices
        found = choice_words(column.name, known).get(said)
    if found is None:
        raise Fault("E2113", {"known": list(known)})
    return found


def _value(cell: Cell, column: Field) -> Any:
    number = as_number(cell.text)
    return half_width(cell.text) if number != number else number


_READERS: Mapping[str, Callable[[Cell, Field], Any]] = {
    "id": _id,
    "ids": _ids,
    "text": _text,
    "quote": _quote,
    "whole": _whole,
    "number": _number,
    "share": _share,
    "flag": _flag,
    "date": _date,
    "moment": _moment,
    "choice": _choice,
    "value": _value,
}
