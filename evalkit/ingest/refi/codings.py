"""Stretches as a project states them in, codings with offsets into the texts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from evalkit.contract import Problem
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.schema import SHEETS, Field
from evalkit.ingest.casebook.sheets import column_of
from evalkit.ingest.casebook.values import Fault, value_of
from evalkit.ingest.refi import offsets
from evalkit.ingest.refi.outline import Node
from evalkit.ingest.refi.particulars import fitting, heard
from evalkit.ingest.refi.project import Project, said, unique
from evalkit.ingest.refi.sources import Source, Stretch
from evalkit.sheets import TEXT, Cell

_Span = tuple[float, float]
_FIRM = ("source_id", "code_id", "coder", "memo")
"""What the elements themselves say."""
_DATE = Field("date", "moment")
_NOWHERE: _Span = (float("nan"), float("nan"))


def read_codings(project: Project, sources: Sequence[Source], ids: Sequence[str], codes: Mapping[str, str]) -> Table:
    """Every coding, with its offsets in the text of its source.

    Faults: E2156 for a selection that lies in no text, E2157 for a coding whose code is not in the codebook. N2160
    says how positions were counted, W2162 which selections were moved to where their name stands, N2163 how many
    names are not the text. Offsets into a text that is not at hand stay as stated.
    """
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    spans = _spans(project, sources, ids)
    for number, (source, source_id) in enumerate(zip(sources, ids, strict=True)):
        for stretch, span in zip(source.stretches, spans[number], strict=True):
            common = _common(project, source, stretch, span)
            for coding in stretch.codings:
                row = _row(project, stretch, coding, common, codes)
                if row is not None:
                    rows.append({"source_id": source_id, **row})
                    lines.append(coding.line)
    given = unique([str(row["coding_id"]) for row in rows], "row")
    for row, coding_id in zip(rows, given, strict=True):
        row["coding_id"] = coding_id
    fields = SHEETS["codings"].fields
    columns = {f.name: column_of([row.get(f.name) for row in rows], f.kind) for f in fields}
    return project.table(columns, lines, given=bool(rows))


def _spans(project: Project, sources: Sequence[Source], ids: Sequence[str]) -> list[list[_Span]]:
    """Offsets of every stretch of every source."""
    at_hand = [source for source in sources if source.stored is not None]
    placed = offsets.place([source.marked() for source in at_hand])
    n = sum(len(starts) for starts, _ in placed.spans)
    if n:
        how = [said(f"refi.way.{part}") for part in placed.way.parts]
        project.reading.fault("N2160", None, how=how, equal=placed.n_equal, named=placed.n_named, n=n)
    quoting = 2 * placed.n_equal >= placed.n_named
    where = {id(s): k for k, s in enumerate(at_hand)}
    found, odd = [], 0
    for source, source_id in zip(sources, ids, strict=True):
        k = where.get(id(source))
        if k is None:
            found.append([(float(s.start), float(s.end)) if s.start >= 0 else _NOWHERE for s in source.stretches])
            continue
        starts, ends = (part.tolist() for part in placed.spans[k])
        spans = list(zip(starts, ends, strict=True))
        for j, fits in enumerate(placed.fits[k].tolist()):
            if not fits and (source.stretches[j].name or not starts[j] < ends[j]):
                spans[j], strange = _mended(project, source, source_id, source.stretches[j], spans[j], quoting)
                odd += strange
        found.append(spans + [_NOWHERE] * (len(source.stretches) - len(spans)))
    if odd:
        project.reading.fault("N2163", None, n=odd)
    return found


def _mended(
    project: Project, source: Source, source_id: str, stretch: Stretch, span: _Span, quoting: bool
) -> tuple[_Span, bool]:
    """Offsets of a stretch whose name is not its text, and whether that stays so.

    It is moved where the names of the project are mostly the text, and its own stands there just once.
    """
    text = source.stored.text if source.stored else ""
    inside = span[0] < span[1]
    name = offsets.whole_name(stretch.name)
    first = -1
    if name and (quoting or not inside) and project.may_seek(len(text)):
        first = text.find(name)
    at = project.at(stretch.node)
    if first >= 0 and text.find(name, first + 1) < 0:
        now = f"{first}–{first + len(name)}"
        project.reading.fault("W2162", at, source=source_id, was=f"{stretch.start}–{stretch.end}", now=now)
        return (float(first), float(first + len(name))), False
    if inside:
        return span, True
    params = {"source": source_id, "start": stretch.start, "end": stretch.end, "n": len(text)}
    project.reading.problems.append(Problem("E2156", at, params))
    return _NOWHERE, False


def _common(project: Project, source: Source, stretch: Stretch, span: _Span) -> dict[str, Any]:
    """What all codings of a stretch have: offsets, quote, memo, coder, and what an export of ours says of it."""
    memo, particulars = heard(stretch.node.word("Description"))
    quote = None
    if span[0] < span[1]:
        whole = offsets.whole_name(stretch.name) or None
        quote = source.stored.text[int(span[0]) : int(span[1])] if source.stored else whole
    notes = project.notes(stretch.node) if stretch.start >= 0 else []
    start, end = (None if v != v else v for v in span)
    common = {"start": start, "end": end, "quote": quote, "memo": [part for part in (memo, *notes) if part]}
    return common | {"particulars": particulars}


def _row(
    project: Project, stretch: Stretch, coding: Node, common: Mapping[str, Any], codes: Mapping[str, str]
) -> dict[str, Any] | None:
    ref = next(coding.each("CodeRef"), None)
    code = codes.get(ref.guid("targetGUID")) if ref else None
    if code is None:
        project.reading.problems.append(
            Problem("E2157", project.at(coding), {"guid": ref.guid("targetGUID") if ref else "–"})
        )
        return None
    memos = list(common["memo"])
    particulars = dict(common["particulars"])
    for note in project.notes(coding):
        text, own = heard(note)
        memos += [text] if text else []
        particulars |= own
    project.copied(len(common["quote"] or ""))
    row = {name: common[name] for name in ("start", "end", "quote")}
    row |= fitting(particulars, (f for f in SHEETS["codings"].fields if f.name not in _FIRM))
    row["coding_id"] = row.get("coding_id") or coding.guid()
    row["coder"] = project.coder(coding, stretch.node)
    row.setdefault("date", _moment(coding.get("creationDateTime") or stretch.node.get("creationDateTime")))
    return row | {"code_id": code, "memo": "\n\n".join(memos) or None}


@lru_cache(maxsize=4096)
def _moment(text: str) -> str | None:
    """When it was made, as exact as can be told."""
    try:
        return value_of(Cell("", "", "", text, text, TEXT), _DATE) if text else None
    except Fault:
        return None
