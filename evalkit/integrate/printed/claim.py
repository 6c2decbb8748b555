"""One row of a sheet of claims with what it names, and what a rule finds in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from evalkit.contract import Label, Place, Problem
from evalkit.integrate.printed.numbers import Printed, half_width, printed

OK, REMARK, FLAG, NONE = "ok", "remark", "flag", "none"
VERDICTS = (FLAG, REMARK, OK, NONE)
"""From the worst to none: a contradiction or a missing base; worth a remark; fits; nothing to check."""

LISTED = 12
"""Values named one by one in a sentence; the rest is counted."""

MOST_DECIMALS = 12
"""Digits behind the point that are read."""

_LIST = re.compile(r"[;、\n|]")


class Unclear(Exception):
    """A row that its rule cannot be applied to; carries the Problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True)
class Finding:
    """What a rule says of a claim: the verdict, the sentences, and the value it computed (nan-able: None)."""

    verdict: str
    says: tuple[Label, ...]
    estimate: Fraction | None = None


@dataclass(frozen=True)
class Claim:
    """One row: texts by column, and the printed values of all claims, so that cells may name them.

    Attributes
    ----------
    cells : mapping
        Column -> text; blank cells are left out.
    printed_by : mapping
        Claim id -> (value, decimals) of the whole sheet; an id that could be a number or a date is left out.
    places : mapping
        Column -> where the cell stands; may be empty.
    """

    id: str
    rule: str
    cells: Mapping[str, str]
    printed_by: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)

    def has(self, column: str) -> bool:
        return column in self.cells

    def text(self, column: str) -> str:
        """The cell's text, half-width.

        Raises
        ------
        Unclear
            W6531 where the cell is blank.
        """
        if not self.has(column):
            raise Unclear(self.problem("W6531", column))
        return half_width(self.cells[column])

    def texts(self, column: str) -> tuple[str, ...]:
        """The entries of a cell, separated by ; or 、 or |, claims' ids replaced by their values."""
        return tuple(self._value(entry)[0] for entry in self.entries(column))

    def entries(self, column: str) -> tuple[str, ...]:
        """The entries as they stand in the cell."""
        return tuple(entry.strip() for entry in _LIST.split(self.text(column)) if entry.strip())

    def numbers(self, column: str) -> tuple[Printed, ...]:
        """Printed numbers of a cell.

        Raises
        ------
        Unclear
            W6532 for an entry that is no number.
        """
        found = []
        for entry in self.entries(column):
            text, decimals = self._value(entry)
            number = printed(text, self._decimals(decimals if entry in self.printed_by else self.cells.get("decimals")))
            if number is None:
                raise Unclear(self.problem("W6532", column, text=entry))
            found.append(number)
        return tuple(found)

    def number(self, column: str) -> Printed:
        """The one printed number of a cell."""
        numbers = self.numbers(column)
        if len(numbers) != 1:
            raise Unclear(self.problem("W6532", column, text=self.text(column)))
        return numbers[0]

    def count(self, column: str) -> int:
        """A whole number of 1 or more.

        Raises
        ------
        Unclear
            W6533 for anything else.
        """
        number = self.number(column)
        if number.mark or number.number.denominator != 1 or number.number < 1:
            raise Unclear(self.problem("W6533", column, text=number.text))
        return int(number.number)

    def names(self) -> frozenset[str]:
        """Ids of the claims that this row uses."""
        used = ("count", "n", "total", "parts", "low", "high", "sd", "date")
        return frozenset(e for c in used if self.has(c) for e in self.entries(c) if e in self.printed_by) - {self.id}

    def problem(self, code: str, column: str, **params: str) -> Problem:
        """A problem of one cell of this row."""
        heading = {lang: Label(f"claims.column.{column}").text(lang) for lang in ("zh", "en")}
        return Problem(
            code, self.places.get(column), {"claim": self.id, "rule": self.rule, "column": heading, **params}
        )

    def _value(self, entry: str) -> tuple[str, str]:
        return self.printed_by.get(entry, (entry, ""))

    def _decimals(self, text: str | None) -> int | None:
        if not text:
            return None
        plain = half_width(text)
        if not plain.isdecimal() or int(plain) > MOST_DECIMALS:
            raise Unclear(self.problem("W6532", "decimals", text=text))
        return int(plain)


def listed(values: list[str]) -> str:
    """Values for a sentence, at most LISTED of them."""
    return ", ".join(values[:LISTED]) + (f" … ({len(values)})" if len(values) > LISTED else "")
