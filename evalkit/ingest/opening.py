"""File names in, sheets with a layout out: which sheet, which dialect, and why."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.contract import InputError, Place, Problem, UsageError
from evalkit.ingest.dialects import DIALECTS, dialect, guesses
from evalkit.ingest.layout import Guess, Layout
from evalkit.ingest.wording import normal

if TYPE_CHECKING:
    from evalkit.instrument import Instrument
    from evalkit.sheets import Book, Sheet

MARGIN = 0.2
"""Two dialects nearer than this are not told apart without reading both."""
TYPED_FORMATS = ("xlsx", "xls", "xlsb", "ods", "sav", "dta", "parquet")
"""Formats whose cells know numbers from texts."""


def open_books(
    path: str | Path | Sequence[str | Path], *, sheet: str | None = None, encoding: str | None = None
) -> list[Book]:
    """Read every file; files of the same name get their folder's name in front, so that addresses stay clear.

    Raises
    ------
    UsageError
        E301 if no file is given.
    InputError
        From `sheets`, if one cannot be read.
    """
    from evalkit.sheets import read_book

    paths = [Path(path)] if isinstance(path, (str, Path)) else [Path(one) for one in path]
    if not paths:
        raise UsageError(Problem("E301"))
    books = [read_book(one, sheet=sheet, encoding=encoding) for one in paths]
    names = Counter(book.name for book in books)
    taken: Counter[str] = Counter()
    out = []
    for one, book in zip(paths, books, strict=True):
        if names[book.name] > 1:
            name = f"{one.resolve().parent.name}/{book.name}"
            taken[name] += 1
            book = renamed(book, name if taken[name] == 1 else f"{name} ({taken[name]})")
        out.append(book)
    return out


def renamed(book: Book, name: str) -> Book:
    """The book under another name, in every address too."""

    def here(problems: Sequence[Problem]) -> tuple[Problem, ...]:
        return tuple(
            dataclasses.replace(p, at=dataclasses.replace(p.at, file=name)) if p.at and p.at.file == book.name else p
            for p in problems
        )

    sheets = tuple(dataclasses.replace(s, book=name, problems=here(s.problems)) for s in book.sheets)
    return dataclasses.replace(book, name=name, sheets=sheets, problems=here(book.problems))


def wanted_texts(instrument: Instrument | None) -> frozenset[str]:
    """Normalised ids and wordings of an instrument: what a header row would hold."""
    if instrument is None:
        return frozenset()
    asked = [(one.id, one.zh, one.en) for block in instrument.blocks for one in block.items]
    asked += [(block.id, block.zh, block.en) for block in instrument.blocks]
    texts = [text for wordings in asked for text in wordings if text]
    return frozenset(map(normal, texts)) - {""}


def filled_sheets(book: Book) -> list[Sheet]:
    """Sheets with a header row and a row below it; InputError E302 if there is none."""
    filled = [sheet for sheet in book.sheets if sheet.n_rows >= 2 and sheet.n_columns]
    if not filled:
        raise InputError(Problem("E302", Place(file=book.name, sheet=book.sheets[0].name if book.sheets else "")))
    return filled


def layouts(sheet: Sheet, name: str, wanted: frozenset[str]) -> list[tuple[Layout, Guess]]:
    """The layouts worth reading: one for a dialect that was named or is clear, several for a close call.

    Raises
    ------
    UsageError
        E303 for an unknown dialect.
    InputError
        E310 for an export by score, from which answers cannot be restored.
    """
    if name != "auto":
        if name not in DIALECTS:
            raise UsageError(Problem("E303", params={"dialect": name, "known": list(DIALECTS)}))
        return [(dialect(name).read(sheet, wanted), Guess(name, 1.0))]
    if "_按分数_" in sheet.book:
        raise InputError(Problem("E310", Place(file=sheet.book, sheet=sheet.name)))
    found = guesses(sheet, sheet.book)
    close = [guess for guess in found if guess.score > found[0].score - MARGIN]
    return [(dialect(guess.name).read(sheet, wanted), guess) for guess in close]
