"""A sheet and a saved mapping in; the columns where the author put them, with the answers corrected, out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import InputError, InstrumentError, Place, Problem
from evalkit.ingest.answers import NUMBER, TEXT, Answers
from evalkit.ingest.choices import choices_of
from evalkit.ingest.dialects import dialect as dialect_named
from evalkit.ingest.findings import HIDDEN, Decoded, shown
from evalkit.ingest.headers import parse_header
from evalkit.ingest.layout import HeaderColumn, Layout
from evalkit.ingest.mapping import Code, ColumnMapping, MappedColumn, MappedTable, fingerprint_of
from evalkit.ingest.matching import Match
from evalkit.ingest.targets import Target, code_text, targets_of
from evalkit.ingest.wording import clean, tidy

if TYPE_CHECKING:
    from evalkit.instrument import Instrument
    from evalkit.sheets import Book, Sheet

MOST_NAMED = 8
"""Headings that differ, named in one message."""
ALIKE = 0.5
"""A sheet that shares this part of a table's headings was meant to agree with it."""


@dataclass(frozen=True)
class Settled:
    """One table of a mapping, ready for a sheet: `name` of the file, `fates` of columns without an item or meta."""

    name: str
    table: MappedTable
    targets: Mapping[str, Target]


def settled(mapping: ColumnMapping, instrument: Instrument, form: str | None) -> dict[str, Settled]:
    """Fingerprint -> table, held against the instrument.

    Raises
    ------
    InstrumentError
        E333 another instrument; E334 an item and E335 a code the instrument does not have, each with its line.
    """
    at = Place(file=mapping.source)
    if mapping.instrument and mapping.instrument != instrument.id:
        raise InstrumentError(Problem("E333", at, {"found": mapping.instrument, "wanted": instrument.id}))
    faults: list[Problem] = []
    found = {}
    for table in mapping.tables:
        lists = {"hand_typed": "spread", "statistics": "sets"}.get(table.dialect, "either")
        targets = {target.name: target for target in targets_of(instrument, lists=lists, form=form)}
        for column in table.columns:
            faults += _faults(column, targets, mapping.source)
        found[table.fingerprint] = Settled(mapping.source, table, targets)
    if faults:
        raise InstrumentError(faults)
    return found


def _faults(column: MappedColumn, targets: Mapping[str, Target], file: str) -> Iterable[Problem]:
    at = Place(file=file, line=column.line)
    if column.item and column.item not in targets:
        yield Problem("E334", at, {"item": column.item, "known": list(targets)[:MOST_NAMED]})
    elif column.item and targets[column.item].item.options and targets[column.item].kind != "option":
        known = [code_text(option.code) for option in targets[column.item].item.options]
        for text, meant in column.values.items():
            wrong = [code_text(c) for c in _codes(meant) if c != "" and code_text(c) not in known]
            if wrong:
                yield Problem("E335", at, {"value": text, "codes": wrong, "item": column.item, "known": known})


def _codes(meant: Code | tuple[Code, ...]) -> tuple[Code, ...]:
    return meant if isinstance(meant, tuple) else (meant,)


def agreeing(
    book: Book, sheets: Sequence[Sheet], tables: Mapping[str, Settled], wanted: frozenset[str], dialect: str
) -> list[tuple[Sheet, Layout, Settled]]:
    """The sheets whose headings are those of a table, with the layout they were mapped in.

    Raises
    ------
    InputError
        E336 for a sheet that nearly agrees, or where none does, with the headings that differ.
    """
    found, apart = [], []
    usable = [one for one in tables.values() if dialect in ("auto", one.table.dialect)]
    for sheet in sheets:
        layouts = [
            (dialect_named(one.table.dialect).read(sheet, texts), one)
            for one in usable
            for texts in (wanted, frozenset[str]())
        ]
        same = [(lay, one) for lay, one in layouts if fingerprint_of(lay.headers) == one.table.fingerprint]
        if same:
            found.append((sheet, *same[0]))
        elif layouts:
            nearest = max(layouts, key=lambda pair: _shared(pair[0].headers, pair[1].table.headers))
            apart.append((sheet, *nearest))
    meant = [one for one in apart if _shared(one[1].headers, one[2].table.headers) >= ALIKE]
    if meant or not found:
        if not apart:
            raise InputError(Problem("E337", Place(file=book.name), {"dialect": dialect}))
        raise InputError([_difference(*one) for one in (meant or apart[:1])])
    return found


def _folded(headers: Sequence[str]) -> list[str]:
    return [text for text in (clean(header).casefold() for header in headers) if text]


def _shared(one: Sequence[str], other: Sequence[str]) -> float:
    mine, theirs = set(_folded(one)), set(_folded(other))
    return len(mine & theirs) / max(1, len(mine | theirs))


def _difference(sheet: Sheet, layout: Layout, one: Settled) -> Problem:
    """Which headings are new, gone or elsewhere."""
    here, there = layout.headers, one.table.headers
    known, present = set(_folded(there)), set(_folded(here))
    new = [h for h in here if clean(h) and clean(h).casefold() not in known]
    gone = [h for h in there if clean(h) and clean(h).casefold() not in present]
    moved = [
        h
        for k, h in enumerate(here)
        if clean(h).casefold() in known and (k >= len(there) or clean(there[k]).casefold() != clean(h).casefold())
    ]
    at = Place(file=sheet.book, sheet=sheet.name)
    return Problem("E336", at, {"mapping": one.name, "new": _some(new), "gone": _some(gone), "moved": _some(moved)})


def _some(headers: list[str]) -> list[object]:
    texts: list[object] = [shown(tidy(header)) for header in headers[:MOST_NAMED]]
    return [*texts, "…"] if len(headers) > MOST_NAMED else texts or ["—"]


def place_columns(sheet: Sheet, layout: Layout, one: Settled) -> tuple[list[Match], dict[int, str], dict[int, str]]:
    """Matches of question columns, meta columns by position, and fates of the others the mapping names."""
    at = {column.letter: k for k, column in enumerate(sheet.columns)}
    known = {column.position: column for column in layout.columns}
    matches, meta, fates = [], {}, {}
    for column in one.table.columns:
        position = at[column.letter]
        if column.meta:
            meta[position] = column.meta
        elif column.item:
            header = known.get(position) or HeaderColumn(
                position, column.letter, parse_header(layout.headers[position]), -1 - position
            )
            matches.append(Match(header, one.targets[column.item], "mapping", 1.0))
        else:
            fates[position] = column.fate
    return matches, meta, fates


def corrected(sheet: Sheet, one: Settled, rows: np.ndarray, by: str, out: Decoded) -> Sheet:
    """The sheet with the mapping's values in place of the texts it corrects; N338 for each that occurs."""
    columns, at = list(sheet.columns), {column.letter: k for k, column in enumerate(sheet.columns)}
    for mapped in one.table.columns:
        target = one.targets.get(mapped.item)
        if not mapped.values or target is None:
            continue
        answers = Answers(sheet, at[mapped.letter], rows)
        column = answers.column
        meant = {clean(text): value for text, value in mapped.values.items()}
        distinct, index, kinds = list(column.distinct), column.index.copy(), column.kinds.copy()
        for t, text in enumerate(answers.texts):
            if clean(text) not in meant or not clean(text):
                continue
            value = meant[clean(text)]
            cells = column.index == column.distinct.index(text)
            index[cells] = len(distinct)
            kinds[cells] = TEXT if isinstance(value, (str, tuple)) else NUMBER
            distinct.append(_spelt(value, target, by))
            said = HIDDEN if target.item.private else "、".join(code_text(code) for code in _codes(value))
            first = int(answers.rows_of([t])[0]) if len(answers.rows_of([t])) else 0
            out.note(
                "N338",
                answers,
                first,
                target.item,
                value=tidy(text),
                meant=said,
                n=int(answers.counts[t]),
                mapping=one.name,
            )
        columns[at[mapped.letter]] = dataclasses.replace(column, distinct=tuple(distinct), index=index, kinds=kinds)
    return dataclasses.replace(sheet, columns=tuple(columns))


def _spelt(value: Code | tuple[Code, ...], target: Target, by: str) -> str:
    """What a corrected cell would say for this column to be read so."""
    options = target.item.options
    if not options or target.kind in ("option", "tick", "place"):
        return code_text(value) if not isinstance(value, tuple) else "┋".join(map(code_text, value))
    choices = choices_of(options)
    texts = []
    for code in _codes(value):
        if code == "":
            continue
        position = choices.codes[code_text(code)]
        option = options[position]
        spellings = [str(position + 1)] if by == "index" else [option.zh, option.en, code_text(code)]
        fitting = [s for s in spellings if s and (hit := choices.find(s, by)) and hit.position == position]
        texts.append(fitting[0] if fitting else code_text(code))
    return ("→" if target.kind == "places" else "┋").join(texts)
