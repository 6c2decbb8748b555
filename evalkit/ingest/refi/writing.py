"""A casebook in, a REFI-QDA project or codebook out: the same bytes for the same casebook and name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from evalkit.contract import Problem, UsageError
from evalkit.ingest.casebook.book import Casebook
from evalkit.ingest.casebook.schema import SHEETS, title_of
from evalkit.ingest.refi.export import Export, rows
from evalkit.ingest.refi.markup import Lines
from evalkit.ingest.refi.written_codes import write_codes
from evalkit.ingest.refi.written_sources import write_notes, write_sources
from evalkit.ingest.refi.written_variables import Variables, write_cases
from evalkit.sheets import rewrite_zip

PROJECT, CODEBOOK = "urn:QDA-XML:project:1.0", "urn:QDA-XML:codebook:1.0"
_SCHEMA = f"{PROJECT} http://schema.qdasoftware.org/versions/Project/v1.0/Project.xsd"
_HELD = ("sources", "codebook", "codings", "cases")


def project_bytes(book: Casebook, name: str) -> tuple[bytes, tuple[Problem, ...]]:
    """A .qdpx: `project.qde` and a text a source.

    Returns
    -------
    bytes
    tuple of Problem
        W2168 for each sheet of which the format holds nothing, N2171 for codings of sources without a text.
    """
    export = Export(book, name)
    lines = Lines()
    variables = Variables(export)
    names = {"xmlns": PROJECT, "xmlns_xsi": "http://www.w3.org/2001/XMLSchema-instance", "xsi_schemaLocation": _SCHEMA}
    lines.open("Project", name=name, origin="evalkit", **names)
    if export.coders:
        lines.open("Users")
        for coder in export.coders:
            lines.empty("User", guid=export.guid("user", coder), name=coder)
        lines.close()
    codes = _codes(export)
    if codes:
        lines.open("CodeBook")
        write_codes(lines, codes, export.guid)
        lines.close()
    variables.write(lines)
    write_cases(lines, export, variables)
    notes, textless = write_sources(lines, export, variables)
    write_notes(lines, notes)
    lines.close()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("project.qde", lines.content())
        for source, text in book.texts.items():
            if text:
                archive.writestr(f"sources/{export.guid('source', source)}.txt", text.encode("utf-8", "replace"))
    told = _left_out(book, _HELD)
    if textless:
        told.append(Problem("N2171", params={"n": textless}))
    return rewrite_zip(stream.getvalue()), tuple(told)


def codebook_bytes(book: Casebook, name: str) -> tuple[bytes, tuple[Problem, ...]]:
    """A .qdc: the codes alone.

    Raises
    ------
    UsageError
        E2170 without any: the format wants one.
    """
    export = Export(book, name)
    codes = rows(book.codebook)
    if not codes:
        raise UsageError(Problem("E2170"))
    lines = Lines()
    lines.open("CodeBook", xmlns=CODEBOOK, origin="evalkit")
    write_codes(lines, codes, export.guid)
    lines.close()
    return lines.content(), tuple(_left_out(book, ("codebook",)))


FORMATS: dict[str, Callable[[Casebook, str], tuple[bytes, tuple[Problem, ...]]]] = {
    ".qdpx": project_bytes,
    ".qdc": codebook_bytes,
}


def _codes(export: Export) -> list[dict[str, Any]]:
    """Codes of the codebook, and those that are used without standing there."""
    found = rows(export.book.codebook)
    known = {row["code_id"] for row in found}
    used = dict.fromkeys(row["code_id"] for row in export.codings)
    return found + [{"code_id": code} for code in used if code not in known]


def _left_out(book: Casebook, held: Sequence[str]) -> list[Problem]:
    return [
        Problem("W2168", params={"sheet": title_of(name), "n": len(book.frame(name))})
        for name in SHEETS
        if name not in held and len(book.frame(name))
    ]
