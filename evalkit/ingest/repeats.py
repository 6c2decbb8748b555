"""Sheets of repeated questions (household members, visits) in, tables keyed by the respondent's row out.

KoboToolbox puts a repeat on a sheet with `_parent_index` and `_parent_table_name`, ODK Central in a file with
`PARENT_KEY`; a repeat inside a repeat names that one as its parent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import Codebook, Place, Problem, attach
from evalkit.ingest.dialects import kobo
from evalkit.ingest.layout import header_texts
from evalkit.ingest.opening import TYPED_FORMATS
from evalkit.ingest.parts import Part, read_part
from evalkit.ingest.union import unite
from evalkit.ingest.variables import META_KINDS
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.instrument import Instrument
    from evalkit.sheets import Book, Sheet

_OWN = ("_index", "key")
_PARENT = ("_parent_index", "parent_key")
_SERVER = ("_parent_", "_submission_", "parent_key", "set-of-")
MOST_ROWS = 10
"""Rows named of those without a respondent."""


@dataclass(frozen=True)
class _Rows:
    """One sheet's rows: where they stand, the number of each, its parent's number and the parent's table."""

    part: Part
    own: list[str]
    parent: list[str]
    table: list[str]

    @property
    def name(self) -> str:
        return self.part.sheet.name


def is_repeat(sheet: Sheet) -> bool:
    """Whether a sheet holds repeated questions: its rows name a parent."""
    headers = header_texts(sheet, 0) if len(sheet.rows) else ()
    return any(clean(text).casefold() in _PARENT for text in headers)


def apart(books: Sequence[Book]) -> tuple[list[Book], list[Book]]:
    """Books of respondents, and books that hold repeats only; the latter count with a book of respondents alone."""
    alone = [book for book in books if book.sheets and all(is_repeat(s) for s in book.sheets if s.n_rows > 1)]
    alone = [book for book in alone if any(s.n_rows > 1 for s in book.sheets)]
    others = [book for book in books if book not in alone]
    return (others, alone) if others else (list(books), [])


def repeats_of(books: Sequence[Book], parts: Sequence[Part]) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """Every repeat of the books.

    Parameters
    ----------
    parts : sequence of Part
        The respondents' sheets in the order of the frame.

    Returns
    -------
    tables : dict
        Name of the sheet -> the answers, decoded as of a table without an instrument; the index (`row`) is that of
        the respondent in `Responses.frame`, once for each of his rows. Personal data are left out.
    problems : list of Problem
        N368 with the tables and their rows; W369 for rows whose respondent was not loaded; what was found in cells.
    """
    sheets = [(book, sheet) for book in books for sheet in book.sheets if is_repeat(sheet) and sheet.n_rows > 1]
    read: dict[str, list[_Rows]] = {}
    asked: dict[str, Instrument] = {}
    for book, sheet in sheets:
        part, asked[sheet.name] = _read(book, sheet, asked.get(sheet.name))
        read.setdefault(sheet.name, []).append(_rows(part))
    labels = _labels(parts, [rows for group in read.values() for rows in group])
    tables, problems = {}, []
    for name, group in read.items():
        found = unite([rows.part for rows in group], asked[name], form=None, before=(), sha256={})
        row = np.concatenate([labels[id(rows)] for rows in group])
        problems += [*found.problems, *_orphans(group, labels)]
        tables[name] = _table(found.frame, row, found.codebook)
    if tables:
        shown = [f"{name} ({len(table)})" for name, table in tables.items()]
        problems.insert(0, Problem("N368", Place(file=sheets[0][0].name), {"tables": shown}))
    return tables, problems


def _read(book: Book, sheet: Sheet, known: Instrument | None) -> tuple[Part, Instrument]:
    """A repeat read with an instrument drafted from the first sheet of its name."""
    from evalkit.ingest.draft.questions import drafted

    layout = kobo.read(sheet)
    columns = tuple(c for c in layout.columns if not clean(c.header.text).casefold().startswith(_SERVER))
    layout = dataclasses.replace(layout, columns=columns)
    typed = book.format in TYPED_FORMATS
    if known is not None:
        return read_part(sheet, layout, known, typed=typed), known
    found = drafted(sheet, layout, ids="header", name="repeat")
    return read_part(sheet, layout, found.instrument, typed=typed, assigned=found.columns), found.instrument


def _rows(part: Part) -> _Rows:
    return _Rows(part, _texts(part, _OWN), _texts(part, _PARENT), _texts(part, ("_parent_table_name",)))


def _texts(part: Part, names: Sequence[str]) -> list[str]:
    """The cells of the first column of one of these names; empty texts without one."""
    headers = [clean(text).casefold() for text in header_texts(part.sheet, 0)]
    position = next((headers.index(name) for name in names if name in headers), -1)
    if position < 0:
        return [""] * len(part.rows)
    column = part.sheet.columns[position]
    return [clean(column.distinct[k]) for k in column.index[part.rows]]


def _labels(parts: Sequence[Part], repeats: Sequence[_Rows]) -> dict[int, np.ndarray]:
    """Row of the respondent behind each row of each repeat, 0 where there is none; a parent before its children."""
    numbers: dict[tuple[str, str], dict[str, int]] = {}
    first, mains = 1, {}
    for part in parts:
        mains.setdefault(part.sheet.book, part.sheet.name)
        own = numbers.setdefault((part.sheet.book, part.sheet.name), {})
        own |= {text: first + k for k, text in enumerate(_texts(part, _OWN)) if text}
        first += len(part.rows)
    found: dict[int, np.ndarray] = {}
    waiting = list(repeats)
    while waiting:
        names = {rows.name for rows in waiting}
        # A table that waits for itself or for a circle of others finds no respondent, but is read.
        ready = [rows for rows in waiting if not (set(rows.table) & names) and not _inside(rows, waiting)] or waiting
        for rows in ready:
            found[id(rows)] = np.array(list(_parents(rows, numbers, mains)), dtype=np.int64)
            own = numbers.setdefault((rows.part.sheet.book, rows.name), {})
            own |= {text: int(row) for text, row in zip(rows.own, found[id(rows)], strict=True) if text and row}
        done = {id(rows) for rows in ready}
        waiting = [rows for rows in waiting if id(rows) not in done]
    return found


def _inside(rows: _Rows, waiting: Sequence[_Rows]) -> bool:
    """Whether the parents are rows of a table that is still to come (ODK Central names no tables)."""
    if any(rows.table):
        return False
    wanted = set(rows.parent) - {""}
    return any(wanted & set(other.own) for other in waiting if other is not rows)


def _parents(
    rows: _Rows, numbers: Mapping[tuple[str, str], Mapping[str, int]], mains: Mapping[str, str]
) -> Iterator[int]:
    """The respondent of each row: by the parent's table in the same book, else by keys that are unique anywhere."""
    book = rows.part.sheet.book
    anywhere = {text: row for own in numbers.values() for text, row in own.items()} if book not in mains else {}
    for table, parent in zip(rows.table, rows.parent, strict=True):
        own = numbers.get((book, table)) or numbers.get((book, mains.get(book, "")), anywhere)
        yield own.get(parent, 0)


def _orphans(group: Sequence[_Rows], labels: Mapping[int, np.ndarray]) -> Iterator[Problem]:
    for rows in group:
        lost = [str(int(rows.part.sheet.rows[rows.part.rows[k]])) for k in np.flatnonzero(labels[id(rows)] == 0)]
        if lost:
            at = Place(file=rows.part.sheet.book, sheet=rows.name, cell=f"A{lost[0]}")
            shown = lost if len(lost) <= MOST_ROWS else [*lost[:MOST_ROWS], "…"]
            yield Problem("W369", at, {"n": len(lost), "rows": shown})


def _table(frame: pd.DataFrame, row: np.ndarray, book: Codebook) -> pd.DataFrame:
    """Answers alone, by respondent; the missing kinds, which are kept by row, stay behind."""
    kept = frame.drop(columns=[name for name in frame if name in META_KINDS]).set_axis(row, axis=0)
    kept.index.name = "row"
    variables = [variable for variable in book.variables.values() if variable.name in kept]
    return attach(kept[row > 0], Codebook().with_variables(variables))
