"""Sources and codings in, the sources of a project out, and the notes that say what a coding cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evalkit.ingest.refi.export import Export, rows
from evalkit.ingest.refi.markup import Lines
from evalkit.ingest.refi.particulars import described
from evalkit.ingest.refi.written_variables import Variables, is_memo

LONGEST_NAME = 1000
"""Characters of a quote that the name of its selection holds."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_HELD = ("source_id", "start", "end", "quote", "code_id", "coder", "memo", "quotable", "date")
"""Columns of a coding that have their place."""
_Notes = dict[str, str]


def write_sources(lines: Lines, export: Export, variables: Variables) -> tuple[_Notes, int]:
    """The sources with their codings.

    A coding with a place in its text is a selection. One of the whole source, or of a source whose text is not at
    hand, is a coding of the source, and a note says the rest of it.

    Returns
    -------
    dict
        GUID of a note -> its text.
    int
        How many codings have a quote or offsets in a text that is not at hand.
    """
    sources = {row["source_id"]: row for row in rows(export.book.sources)}
    codings: dict[str, list[dict[str, Any]]] = {}
    for row in export.codings:
        codings.setdefault(row["source_id"], []).append(row)
    memos = is_memo(export.book.sources)
    notes: _Notes = {}
    textless = 0
    names = dict.fromkeys((*sources, *codings))
    if names:
        lines.open("Sources")
    for source in names:
        row = sources.get(source, {"source_id": source})
        text = export.book.texts.get(source)
        kept: dict[str, Any] = {}
        path = f"internal://{export.guid('source', source)}.txt"
        if text is None:
            kept = {"no_text": 1.0} | {name: row[name] for name in ("sha256", "n_chars") if name in row}
        lines.open("TextSource", guid=export.guid("source", source), name=source, plainTextPath=path if text else None)
        told = described(row.get("memo", "") if memos else "", kept)
        if told:
            lines.text("Description", told)
        if not text:
            lines.text("PlainTextContent", "")
        whole = []
        for coding in codings.get(source, []):
            if text and "start" in coding and coding["end"] <= len(text):
                _write_selection(lines, export, coding, text, row)
            else:
                whole.append(coding)
                textless += "start" in coding or "quote" in coding
        for coding in whole:
            _write_whole(lines, export, coding, row, notes)
        variables.write_values(lines, "sources", row)
        lines.close()
    if names:
        lines.close()
    return notes, textless


def _write_selection(
    lines: Lines, export: Export, coding: Mapping[str, Any], text: str, source: Mapping[str, Any]
) -> None:
    start, end = int(coding["start"]), int(coding["end"])
    quote = text[start:end]
    name = quote if len(quote) <= LONGEST_NAME else quote[: LONGEST_NAME - 1] + "…"
    stated = {"startPosition": str(start), "endPosition": str(end)}
    lines.open("PlainTextSelection", guid=export.guid("selection", coding["coding_id"]), name=name, **stated)
    lines.text("Description", described(coding.get("memo", ""), _particulars(coding, source)))
    _open_coding(lines, export, coding)
    lines.close()
    lines.close()


def _write_whole(
    lines: Lines, export: Export, coding: Mapping[str, Any], source: Mapping[str, Any], notes: _Notes
) -> None:
    placed = {name: coding[name] for name in ("start", "end", "quote") if name in coding}
    guid = export.guid("note", coding["coding_id"])
    notes[guid] = described(coding.get("memo", ""), _particulars(coding, source) | placed)
    _open_coding(lines, export, coding)
    lines.empty("NoteRef", targetGUID=guid)
    lines.close()


def _open_coding(lines: Lines, export: Export, coding: Mapping[str, Any]) -> None:
    coder, moment = coding.get("coder"), coding.get("date", "")
    made = f"{moment}Z" if _MOMENT.fullmatch(moment) else None
    user = export.guid("user", coder) if coder else None
    guid = export.guid("coding", coding["coding_id"])
    lines.open("Coding", guid=guid, creatingUser=user, creationDateTime=made)
    lines.empty("CodeRef", targetGUID=export.guid("code", coding["code_id"]))


def _particulars(coding: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """What the format has no place for; consent where it is not the source's."""
    found = {name: value for name, value in coding.items() if name not in _HELD}
    if coding.get("quotable", source.get("quotable", 0.0)) != source.get("quotable", 0.0):
        found["quotable"] = coding["quotable"]
    if coding.get("date") and not _MOMENT.fullmatch(coding["date"]):
        found["date"] = coding["date"]
    return found


def write_notes(lines: Lines, notes: Mapping[str, str]) -> None:
    if notes:
        lines.open("Notes")
        for guid, text in notes.items():
            lines.open("Note", guid=guid)
            lines.text("PlainTextContent", text)
            lines.close()
        lines.close()
