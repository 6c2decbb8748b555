"""A file and its instrument in, a drafted mapping out: every column with what it seems to hold and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.contract import Label, Problem
from evalkit.ingest.mapping import ColumnMapping, MappedColumn, MappedTable, dump_mapping, fingerprint_of
from evalkit.ingest.opening import open_books
from evalkit.ingest.parts import Part
from evalkit.ingest.reading import best_parts
from evalkit.ingest.wording import clean
from evalkit.instrument import Instrument

_REFUSED = ("W305", "W306", "W315")
"""Findings that name an item a column may stand for."""


@dataclass(frozen=True)
class DraftedMapping:
    """A mapping that is not confirmed yet, its text, and what was found on the way."""

    mapping: ColumnMapping
    text: str
    problems: tuple[Problem, ...]


def draft_mapping(
    path: str | Path | Sequence[str | Path],
    instrument: Instrument,
    *,
    sheet: str | None = None,
    dialect: str = "auto",
    form: str | None = None,
    lang: str = "zh",
) -> DraftedMapping:
    """Draft a mapping by matching a file, or several of one wave, to an instrument.

    Parameters
    ----------
    lang : str
        Language that stands first in comments.

    Returns
    -------
    DraftedMapping
        One table for every set of headings. Columns that match nothing have ``fate = "unmapped"``.
    """
    parts = [
        part for book in open_books(path, sheet=sheet) for part in best_parts(book, instrument, dialect, form, least=0)
    ]
    mapping, text = mapping_of(parts, instrument, lang)
    return DraftedMapping(mapping, text, tuple(problem for part in parts for problem in part.problems))


def mapping_of(parts: Sequence[Part], instrument: Instrument, lang: str) -> tuple[ColumnMapping, str]:
    """The mapping that says of these parts what was found, and its text with the evidence as comments."""
    tables: dict[str, MappedTable] = {}
    said: dict[tuple[int, str], list[Label]] = {(-1, ""): [Label("draft.mapping_head")]}
    for part in parts:
        fingerprint = fingerprint_of(part.layout.headers)
        if fingerprint not in tables:
            said |= {(len(tables), letter): [label] for letter, label in _evidence(part).items()}
            tables[fingerprint] = MappedTable(part.layout.dialect, _columns(part), fingerprint, part.sheet.name)
    mapping = ColumnMapping(tuple(tables.values()), instrument.id, instrument.version)
    order = ("en", "zh") if lang == "en" else ("zh", "en")
    comments = {key: "\n".join(label.text(one) for label in labels for one in order) for key, labels in said.items()}
    return mapping, dump_mapping(mapping, comments)


def _columns(part: Part) -> tuple[MappedColumn, ...]:
    at = {column.letter: k for k, column in enumerate(part.sheet.columns)}
    found = []
    for fate in part.fates:
        letter, header = fate["letter"], part.layout.headers[at[fate["letter"]]]
        if not clean(header):
            continue
        if fate["fate"] == "mapped":
            found.append(MappedColumn(letter, header, item=part.placed[at[letter]]))
        elif fate["how"] == "meta":
            found.append(MappedColumn(letter, header, meta=fate["target"]))
        else:
            found.append(MappedColumn(letter, header, fate=fate["fate"]))
    return tuple(found)


def _evidence(part: Part) -> dict[str, Label]:
    """Letter -> why a column was mapped so, where its heading is not the question's own wording."""
    found = {}
    for fate in part.fates:
        score = f"{fate['score']:.2f}"
        if fate["how"] in ("similar", "options"):
            found[fate["letter"]] = Label("draft.mapping_like", score=score)
        elif fate["how"] in ("order", "moved"):
            found[fate["letter"]] = Label("draft.mapping_place", score=score)
    for problem in part.problems:
        if problem.code in _REFUSED and problem.at is not None:
            letter = problem.at.cell.rstrip("0123456789")
            found[letter] = Label("draft.mapping_open", item=str(problem.params["item"]))
    return found
