"""Spreadsheet files and an instrument in, `Responses` out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.contract import InputError, Place, Problem, UsageError
from evalkit.ingest.findings import shown
from evalkit.ingest.layout import Layout
from evalkit.ingest.opening import TYPED_FORMATS, filled_sheets, layouts, open_books, wanted_texts
from evalkit.ingest.parts import Part, read_part
from evalkit.ingest.repeats import apart, is_repeat, repeats_of
from evalkit.ingest.responses import Responses
from evalkit.ingest.union import alike, unite

if TYPE_CHECKING:
    from evalkit.instrument import Instrument
    from evalkit.sheets import Book, Sheet

ENOUGH = 0.5
"""A sheet with at least this share of the best sheet's matched columns counts as matching."""
FEW, MANY = 0.01, 0.1
"""Shares of answers that cannot be read: with up to the first a dialect is right, from the second on it is wrong."""


def read_responses(
    path: str | Path | Sequence[str | Path],
    instrument: Instrument | str | None = None,
    *,
    sheet: str | None = None,
    dialect: str = "auto",
    form: str | None = None,
    encoding: str | None = None,
) -> Responses:
    """Read answers to a questionnaire.

    Parameters
    ----------
    path : path or sequence of paths
        One file or several; several are stacked, with `source_file` and `source_sheet`.
    instrument : Instrument, str or None
        What was asked: an instrument, a shipped id or a path. None: one is drafted from the columns (ids from
        the headers where they can be ids).
    sheet : str, optional
        Sheet to read; by default the first visible one that matches the instrument.
    dialect : str
        `auto`, or a name in `dialects.DIALECTS`.
    form : str, optional
        Form of the questionnaire the file belongs to (`R`, `O`, `register`): only its items are expected.
    encoding : str, optional
        Of a text file, where it cannot be told.

    Returns
    -------
    Responses
        A cell that cannot be read is missing (`invalid`) and listed with its address; it stops nothing.

    Raises
    ------
    InputError
        A file that cannot be read; E302 an empty sheet; E310 an export by score; E312 two dialects that fit alike
        but read differently; E317 no column that matches the instrument.
    UsageError
        E301 no file, E303 unknown dialect, E319 unknown form.
    """
    books = open_books(path, sheet=sheet, encoding=encoding)
    mains, beside = apart(books)
    asked, parts, notes = read_parts(mains, instrument, dialect=dialect, form=form)
    repeats, found = repeats_of([*mains, *beside], parts)
    sha256 = {book.name: book.sha256 for book in books}
    return replace(unite(parts, asked, form=form, before=[*notes, *found], sha256=sha256), repeats=repeats)


def read_parts(
    books: Sequence[Book],
    instrument: Instrument | str | None,
    *,
    dialect: str = "auto",
    form: str | None = None,
) -> tuple[Instrument, list[Part], list[Problem]]:
    """The part of each book that answers the instrument, and notes on what lies beside it.

    Raises
    ------
    InputError, UsageError
        As `read_responses`.
    """
    parts: list[Part] = []
    if instrument is None:
        asked, part = _drafted(books[0], dialect)
        parts.append(part)
    else:
        asked = _loaded(instrument)
    _check_form(asked, form)
    parts += [_best_part(book, asked, dialect, form) for book in books[len(parts) :]]
    notes: list[Problem] = []
    for book, part in zip(books, parts, strict=True):
        notes += [*book.problems, *part.sheet.problems]
        others = [one.name for one in book.sheets if one.name != part.sheet.name and not is_repeat(one)]
        if others:
            notes.append(Problem("N320", Place(file=book.name), {"sheet": part.sheet.name, "others": others}))
    return asked, parts, notes


def _loaded(instrument: Instrument | str | Path) -> Instrument:
    if isinstance(instrument, (str, Path)):
        from evalkit.instrument import load_instrument

        return load_instrument(instrument)
    return instrument


def _drafted(book: Book, dialect: str) -> tuple[Instrument, Part]:
    """An instrument drafted from the first sheet with answers, and that sheet read with it."""
    from evalkit.ingest.draft.questions import drafted

    first = filled_sheets(book)[0]
    layout = layouts(first, dialect, frozenset())[0][0]
    found = drafted(first, layout, ids="header")
    typed = book.format in TYPED_FORMATS
    return found.instrument, read_part(first, layout, found.instrument, typed=typed, assigned=found.columns)


def _check_form(instrument: Instrument, form: str | None) -> None:
    known = sorted({one for item in instrument.items for one in item.form})
    if form and known and form not in known:
        raise UsageError(Problem("E319", params={"form": form, "known": known}))


def _best_part(book: Book, instrument: Instrument, dialect: str, form: str | None) -> Part:
    """The first sheet that matches nearly as well as the best one."""
    wanted = wanted_texts(instrument)
    typed = book.format in TYPED_FORMATS
    filled = filled_sheets(book)
    read = [_read_sheet(one, layouts(one, dialect, wanted), instrument, form, typed) for one in filled]
    most = max(part.mapped for part in read)
    if most == 0:
        headers = [shown(text) for text in read[0].layout.headers if text.strip()][:6]
        params = {
            "headers": headers,
            "instrument": instrument.id,
            "questions": [i.text("zh") for i in instrument.items[:3]],
        }
        raise InputError(Problem("E317", Place(file=book.name, sheet=filled[0].name), params))
    return next(part for part in read if part.mapped >= ENOUGH * most)


def _read_sheet(
    sheet: Sheet, candidates: Sequence[tuple[Layout, object]], instrument: Instrument, form: str | None, typed: bool
) -> Part:
    """Read a sheet; where two dialects fit nearly alike, both must give the same answers, or one none at all."""
    parts = [read_part(sheet, layout, instrument, form=form, typed=typed) for layout, _ in candidates]
    different = [part for part in parts[1:] if parts[0].mapped and not alike(parts[0], part)]
    if not different:
        return parts[0]
    doubtful = sorted([parts[0], *different], key=lambda part: part.unread)
    if doubtful[0].unread <= FEW and doubtful[1].unread >= MANY:
        return doubtful[0]
    names = [part.layout.dialect for part in (parts[0], *different)]
    place = Place(file=sheet.book, sheet=sheet.name)
    raise InputError(Problem("E312", place, {"dialects": names, "first": names[0]}))
