"""Spreadsheet files and an instrument in, `Responses` out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.contract import InputError, Place, Problem, UsageError, attach
from evalkit.contract.masking import masked_text
from evalkit.ingest.dialects import CONFIRMED_ONLY
from evalkit.ingest.entry_workbook import is_option_list, made_for_another
from evalkit.ingest.findings import shown
from evalkit.ingest.layout import Layout
from evalkit.ingest.mapped import Settled, agreeing, settled
from evalkit.ingest.mapping import ColumnMapping, load_mapping
from evalkit.ingest.opening import TYPED_FORMATS, filled_sheets, layouts, open_books, wanted_texts
from evalkit.ingest.parts import Part, read_part
from evalkit.ingest.repeats import apart, is_repeat, repeats_of
from evalkit.ingest.responses import Responses
from evalkit.ingest.union import alike, lacking_beside_others, unite

if TYPE_CHECKING:
    from evalkit.instrument import Instrument
    from evalkit.sheets import Book, Sheet

ENOUGH = 0.5
"""A sheet with at least this share of the best sheet's matched columns counts as matching."""
_SUMMARY = re.compile(r"汇总|合计|总表|统计|说明|summary", re.IGNORECASE)
"""Names of sheets that repeat what others hold."""
FEW, MANY = 0.01, 0.1
"""Shares of answers that cannot be read: with up to the first a dialect is right, from the second on it is wrong."""


def read_responses(
    path: str | Path | Sequence[str | Path] | Mapping[str, str | Path | Sequence[str | Path]],
    instrument: Instrument | str | Mapping[str, Instrument | str] | None = None,
    *,
    sheet: str | None = None,
    dialect: str = "auto",
    form: str | None = None,
    encoding: str | None = None,
    mapping: ColumnMapping | str | Path | None = None,
) -> Responses:
    """Read answers to a questionnaire.

    Parameters
    ----------
    path : path, sequence of paths, or mapping
        One file or several; several are stacked, with `source_file` and `source_sheet`. A mapping wave -> file or
        files adds a column `wave`. Of a workbook typed by hand
        every sheet that matches is read (one sheet a community).
    instrument : Instrument, str, mapping or None
        What was asked: an instrument, a shipped id or a path. None: one is drafted from the columns (ids from
        the headers where they can be ids). A mapping wave -> instrument: what each wave was asked; questions of one id
        must be the same question in all of them.
    sheet : str, optional
        Sheet to read; by default the first visible one that matches the instrument.
    dialect : str
        `auto`, or a name in `dialects.DIALECTS`.
    form : str, optional
        Form of the questionnaire the file belongs to (`R`, `O`, `register`): only its items are expected.
    encoding : str, optional
        Of a text file, where it cannot be told.
    mapping : path, optional
        A saved mapping (`evalkit-mapping/1`), which decides what every column holds; the headings must agree.

    Returns
    -------
    Responses
        A cell that cannot be read is missing (`invalid`) and listed with its address; it stops nothing.

    Raises
    ------
    InputError
        A file that cannot be read; E302 an empty sheet; E310 an export by score; E312 two dialects that fit alike
        but read differently; E317 no column that matches the instrument; E336 headings that differ from
        the mapping's; E339 a platform whose layout a person must confirm in a mapping.
    InstrumentError
        E326-E335 a mapping that cannot be used.
    UsageError
        E301 no file, E303 unknown dialect, E319 unknown form, E362 a wave without its instrument.
    """
    if isinstance(path, Mapping) or isinstance(instrument, Mapping):
        from evalkit.ingest.waves import read_waves

        if not isinstance(path, Mapping):
            raise UsageError(Problem("E363"))
        given = {"form": form, "sheet": sheet, "encoding": encoding, "dialect": dialect, "mapping": mapping}
        waves = read_waves(path, instrument, **given)
        return waves if instrument is not None else _labels_covered(waves)
    books = open_books(path, sheet=sheet, encoding=encoding)
    mains, beside = apart(books)
    asked, parts, notes = read_parts(mains, instrument, dialect=dialect, form=form, mapping=mapping)
    repeats, found = repeats_of([*mains, *beside], parts)
    sha256 = {book.name: book.sha256 for book in books}
    together = replace(unite(parts, asked, form=form, before=[*notes, *found], sha256=sha256), repeats=repeats)
    return together if instrument is not None else _labels_covered(together)


def _labels_covered(responses: Responses) -> Responses:
    """With personal data covered in the labels that were drafted from answers: they are printed in every table."""
    variables = [
        replace(v, categories=tuple(replace(c, zh=masked_text(c.zh), en=masked_text(c.en)) for c in v.categories))
        for v in responses.codebook.variables.values()
        if any(masked_text(text) != text for c in v.categories for text in (c.zh, c.en))
    ]
    if not variables:
        return responses
    book = responses.codebook.with_variables(variables)
    return replace(responses, frame=attach(responses.frame, book), codebook=book)


def read_parts(
    books: Sequence[Book],
    instrument: Instrument | str | None,
    *,
    dialect: str = "auto",
    form: str | None = None,
    mapping: ColumnMapping | str | Path | None = None,
) -> tuple[Instrument, list[Part], list[Problem]]:
    """The parts of the books that answer the instrument, and notes on what lies beside them.

    One sheet a book, but every alike sheet of a workbook typed by hand.

    Raises
    ------
    InputError, UsageError
        As `read_responses`.
    """
    read: list[list[Part]] = []
    settled_by = load_mapping(mapping) if isinstance(mapping, (str, Path)) else mapping
    if instrument is None:
        if settled_by is not None:
            raise UsageError(Problem("E342", params={"mapping": settled_by.source}))
        asked, part = _drafted(books[0], dialect)
        read.append([part])
    else:
        asked = _loaded(instrument)
    _check_form(asked, form)
    notes: list[Problem] = []
    if settled_by is not None:
        tables = settled(settled_by, asked, form)
        read = [_mapped_parts(book, asked, dialect, form, tables) for book in books]
        if not settled_by.confirmed:
            notes.append(Problem("W341", Place(file=settled_by.source)))
    else:
        read += [best_parts(book, asked, dialect, form) for book in books[len(read) :]]
    for part in [part for parts in read for part in parts]:
        if part.layout.dialect in CONFIRMED_ONLY and not (settled_by and settled_by.confirmed):
            at = Place(file=part.sheet.book, sheet=part.sheet.name)
            raise InputError(Problem("E339", at, {"dialect": part.layout.dialect, "file": part.sheet.book}))
    for book, parts in zip(books, read, strict=True):
        notes += [*book.problems, *_sheets_read(book, parts)]
        notes += [problem for part in parts for problem in part.sheet.problems]
        notes += lacking_beside_others(parts)
        notes += [problem for part in parts for problem in made_for_another(part.sheet, asked)]
    return asked, [part for parts in read for part in parts], notes


def _sheets_read(book: Book, parts: Sequence[Part]) -> list[Problem]:
    """Which sheets were read, where a book has several: typed by hand, they are often one a community."""
    names = [part.sheet.name for part in parts]
    beside = [one for one in book.sheets if one.name not in names and not is_repeat(one)]
    others = [one.name for one in beside if not is_option_list(one)]
    notes = [Problem("N323", Place(file=book.name), {"n": len(names), "sheets": names})] if len(names) > 1 else []
    if others:
        notes.append(Problem("N320", Place(file=book.name), {"sheet": "、".join(names), "others": others}))
    return notes


def _loaded(instrument: Instrument | str | Path) -> Instrument:
    if isinstance(instrument, (str, Path)):
        from evalkit.instrument import load_instrument

        return load_instrument(instrument)
    return instrument


def _drafted(book: Book, dialect: str) -> tuple[Instrument, Part]:
    """An instrument drafted from the first sheet with answers, and that sheet read with it."""
    from evalkit.ingest.draft.choosing import clear_draft

    first = filled_sheets(book)[0]
    _, found, part = clear_draft(first, dialect, typed=book.format in TYPED_FORMATS, ids="header")
    return found.instrument, part


def _check_form(instrument: Instrument, form: str | None) -> None:
    known = sorted({one for item in instrument.items for one in item.form})
    if form and known and form not in known:
        raise UsageError(Problem("E319", params={"form": form, "known": known}))


def best_parts(book: Book, instrument: Instrument, dialect: str, form: str | None, *, least: int = 1) -> list[Part]:
    """The first sheet that matches nearly as well as the best one; typed by hand, every such sheet but summaries.

    InputError E317 if none has `least` columns that match.
    """
    wanted = wanted_texts(instrument)
    typed = book.format in TYPED_FORMATS
    filled = filled_sheets(book)
    read = [_read_sheet(one, layouts(one, dialect, wanted), instrument, form, typed) for one in filled]
    most = max(part.mapped for part in read)
    if most < least:
        headers = [shown(text) for text in read[0].layout.headers if text.strip()][:6]
        params = {
            "headers": headers,
            "instrument": instrument.id,
            "questions": [i.text("zh") for i in instrument.items[:3]],
        }
        raise InputError(Problem("E317", Place(file=book.name, sheet=filled[0].name), params))
    fitting = [part for part in read if part.mapped >= ENOUGH * most]
    named = [part for part in fitting if not _SUMMARY.search(part.sheet.name)]
    if len(named) < 2 or all(part.layout.hand is None for part in named):
        return fitting[:1]
    return [_by_hand(part, instrument, form, typed) for part in named]


def _mapped_parts(
    book: Book, instrument: Instrument, dialect: str, form: str | None, tables: Mapping[str, Settled]
) -> list[Part]:
    """The sheets a saved mapping has a table for: the first, and typed by hand all of them."""
    typed = book.format in TYPED_FORMATS
    found = agreeing(book, filled_sheets(book), tables, wanted_texts(instrument), dialect)
    found = found if found[0][1].hand is not None else found[:1]
    return [read_part(sheet, layout, instrument, form=form, typed=typed, mapped=one) for sheet, layout, one in found]


def _by_hand(part: Part, instrument: Instrument, form: str | None, typed: bool) -> Part:
    """A sheet read like the others of its book: where one shows that it was typed by hand, all were."""
    if part.layout.hand is not None or part.layout.dialect != "plain":
        return part
    layout = layouts(part.sheet, "hand_typed", wanted_texts(instrument))[0][0]
    return read_part(part.sheet, layout, instrument, form=form, typed=typed)


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
