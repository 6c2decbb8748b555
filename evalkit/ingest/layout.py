"""What a dialect finds out about a sheet: where the header is, which columns hold answers, how they are written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.headers import Header, group_headers, parse_header
from evalkit.ingest.meta import meta_name
from evalkit.ingest.wording import clean, tidy

if TYPE_CHECKING:
    from evalkit.sheets import Column, Sheet


@dataclass(frozen=True)
class Guess:
    """How well a dialect fits a sheet: `score` from 0 to 1, `reasons` as short facts (header texts, separators)."""

    name: str
    score: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeaderColumn:
    """One column that may hold answers: `position` in `Sheet.columns`, `group` = number of its question block.

    `beside`: position of the column beside whose option or answer these texts were written; -1 for answers.
    """

    position: int
    letter: str
    header: Header
    group: int
    beside: int = -1


@dataclass(frozen=True)
class ByHand:
    """What a sheet typed by hand has around its answers.

    `aside`: position of a row below the header that is no answer -> `unit`, `note` or `header`. `units`: position of
    a column -> the unit its heading or the unit row names.
    """

    aside: Mapping[int, str]
    units: Mapping[int, str]


@dataclass(frozen=True)
class Layout:
    """How to read one sheet.

    Attributes
    ----------
    header_row : int
        Position of the header in `Sheet.rows`.
    columns : tuple of HeaderColumn
        Columns with a header that are not meta, left to right.
    meta : mapping
        Position -> name of a meta or private column (`meta.PRIVATE_META`).
    by : str
        `text` (wording first), `index` (n = n-th option) or `code` (code first).
    lists : str
        Where a multiple response or ranking stands: `joined` in one cell, in `columns`, `either`, or `spread`: as
        `either`, and a single choice may have a column an option too; `sets`: as `either`, and each of several columns
        may name one of the options chosen.
    marks : mapping
        Cleaned cell text -> missing kind: the platform's own marks.
    respelt : mapping
        Position -> the column with its answers as other platforms write them (a tick as `1`), where this one has a
        way of its own.
    other : str
        The platform's own code for the answer "other"; `*` and what separates several answers where a text of the
        respondent's own takes its place; empty where there is none.
    hand : ByHand, optional
        Of a sheet typed by hand: ditto marks are filled, answers respelt, and all alike sheets of the book read.
    """

    dialect: str
    header_row: int
    columns: tuple[HeaderColumn, ...]
    meta: Mapping[int, str]
    headers: tuple[str, ...]
    by: str = "text"
    lists: str = "joined"
    marks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    respelt: Mapping[int, Column] = field(default_factory=lambda: MappingProxyType({}))
    other: str = ""
    hand: ByHand | None = None

    def seen(self, sheet: Sheet) -> Sheet:
        """The sheet with its respelt columns; addresses stay."""
        if not self.respelt:
            return sheet
        columns = tuple(self.respelt.get(k, column) for k, column in enumerate(sheet.columns))
        return dataclasses.replace(sheet, columns=columns)

    @property
    def data_rows(self) -> slice:
        """Positions of the rows below the header."""
        return slice(self.header_row + 1, None)


def lay_out(
    sheet: Sheet,
    header_row: int,
    *,
    dialect: str,
    by: str,
    lists: str,
    marks: Mapping[str, str],
    own_meta: Mapping[str, str] = MappingProxyType({}),
    parse: Callable[[str], Header] = parse_header,
) -> Layout:
    """Sort the columns of a sheet into meta columns and grouped question columns.

    Parameters
    ----------
    own_meta : mapping
        Whole header (`clean`, case folded) -> meta name, for columns only this platform adds.
    parse : callable
        Reads one header cell.
    """
    headers = header_texts(sheet, header_row)
    meta, seen = {}, set()
    for position, text in enumerate(headers):
        name = own_meta.get(clean(text).casefold()) or meta_name(text)
        if name and name not in seen:
            meta[position] = name
            seen.add(name)
    asked = [k for k, text in enumerate(headers) if tidy(text) and k not in meta]
    parsed = [parse(headers[k]) for k in asked]
    groups = group_headers(parsed)
    columns = tuple(
        HeaderColumn(k, sheet.columns[k].letter, header, group)
        for k, header, group in zip(asked, parsed, groups, strict=True)
    )
    return Layout(
        dialect, header_row, columns, MappingProxyType(meta), headers, by, lists, MappingProxyType(dict(marks))
    )


def header_texts(sheet: Sheet, row: int) -> tuple[str, ...]:
    """Texts of one row, one a column; a merged cell counts for each column it spans."""
    if not len(sheet.rows):
        return ()
    at = int(sheet.rows[row])
    if any(top <= at <= bottom for top, _, bottom, _ in sheet.merged):
        return tuple(sheet.header([row]))
    return tuple(sheet.text(row, k) for k in range(len(sheet.columns)))


def used_texts(sheet: Sheet, position: int, rows: slice) -> list[str]:
    """Distinct non-empty texts of one column in these rows, in order of first appearance in the column."""
    column = sheet.columns[position]
    present = np.zeros(len(column.distinct), dtype=bool)
    present[column.index[rows]] = True
    return [column.distinct[k] for k in np.flatnonzero(present) if column.distinct[k]]
