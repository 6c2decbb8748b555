"""A casebook's path in, a checked `Casebook` out; every fault with its cell, all at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from evalkit.contract import InputError, Problem
from evalkit.ingest.casebook import quotes
from evalkit.ingest.casebook.book import Casebook, Table
from evalkit.ingest.casebook.documents import listed, with_comments, word_files
from evalkit.ingest.casebook.references import check_references
from evalkit.ingest.casebook.schema import SHEETS
from evalkit.ingest.casebook.sheets import Reading, tables_of
from evalkit.ingest.casebook.texts import read_texts
from evalkit.ingest.casebook.tree import check_tree, settle

PROJECTS = (".qdpx", ".qde", ".qdc")
"""Files of programs for qualitative analysis: REFI-QDA projects and codebooks."""


def read_casebook(path: str | os.PathLike[str]) -> Casebook:
    """Read what was gathered about cases: interviews, codes, codings, conditions, ties, evidence, findings.

    Parameters
    ----------
    path : path
        A workbook with sheets, or a folder with one table a file (csv, xlsx, ...), called sources, codebook, codings,
        units, cases, conditions, actors, ties, evidence, ledger, findings, fit, or their Chinese names. Any may be
        missing. Texts of the sources stand in the folder `texts` beside the workbook, or in the folder itself; a
        text may be a Word file, whose comments are codings. A Word file, or a folder of them without a sheet of
        sources, is a casebook too: each file is a source of its name.
        Or what NVivo, MAXQDA, ATLAS.ti or QualCoder write as REFI-QDA: a project .qdpx (or its .qde), a codebook .qdc.

    Returns
    -------
    Casebook
        Ids are texts; numbers float; dates ISO texts. Codings of merged codes stand under the code that they were
        merged into. A quote is a checksum: ``text[start:end]`` equals it, or the offsets are moved to the one place
        where the text has it. `quotable` of codings says whether there is consent to quote them.

    Raises
    ------
    InputError
        With every error of the sheets, cells, references, codes and quotes (E2100 to E2140), of a project (E2150 to
        E2173), and what `read_book` finds wrong with a file.

    Notes
    -----
    A Word comment is a coding: its author the coder, its text the code (name or id; `code: memo`, or several codes
    with `;`, `、` or lines between them), answers to it are memos. See `with_comments`.
    Of a project, users are coders, and variables called as a column of the sheet are that column, all others
    attributes. Positions are counted in the way by which most names of selections are the text (N2160 says it). N2161
    counts what is left out.
    """
    found = inspect_casebook(path)
    errors = [problem for problem in found.problems if problem.severity == "error"]
    if errors:
        raise InputError(errors)
    return found


def inspect_casebook(path: str | os.PathLike[str]) -> Casebook:
    """The casebook as it stands, errors among its problems: to be mended, not to be analysed.

    Raises
    ------
    InputError
        Where there is nothing to look at: no file, no sheet of a casebook, a damaged file.
    """
    path = Path(path)
    reading = Reading(path if path.is_dir() else path.parent)
    if path.suffix.lower() in PROJECTS:
        from evalkit.ingest.refi import read_project

        tables, texts = read_project(path, reading)
        check_tree(tables["codebook"], reading)
    else:
        tables, texts = _sheets(path, reading)
    sources, codings = tables["sources"], tables["codings"]
    quotes.check_doubles(codings, reading)
    _consent(sources, codings, reading)
    codings.frame["coding_id"] = _numbered(codings)
    told = tuple(sorted(reading.problems, key=_order))
    return Casebook(
        path.name, MappingProxyType(dict(tables)), MappingProxyType(texts), told, MappingProxyType(reading.files)
    )


def _sheets(path: Path, reading: Reading) -> tuple[Mapping[str, Table], dict[str, str]]:
    """The tables of a workbook, a folder or a Word file, checked, and the texts beside them."""
    own = word_files(path)
    tables = tables_of(path, reading, needed=not own)
    if tables["sources"].given:
        own = {}
    elif own:
        tables = dict(tables) | {"sources": listed(own)}
    texts = read_texts(tables["sources"], reading, own)
    if own and not texts.of:  # no Word file can be read, and there is nothing else
        raise InputError(reading.problems)
    tables = with_comments(tables, texts.documents, reading)
    check_references(tables, reading)
    sources, codebook, codings, units = (tables[n] for n in ("sources", "codebook", "codings", "units"))
    settle(codings, codebook, check_tree(codebook, reading), reading)
    quotes.check_quotes(codings, sources, texts, reading)
    for table in (codings, units):  # of codings those that no quote put right
        quotes.check_offsets(table, reading)
    quotes.check_ends(units, sources.frame, reading)
    quotes.check_units(units, reading)
    return tables, texts.of


def _consent(sources: Table, codings: Table, reading: Reading) -> None:
    """Carry the sources' consent to their codings; N2136 where nothing in the casebook speaks of it."""
    silent = sources.frame["quotable"].isna().all() and codings.frame["quotable"].isna().all()
    if silent and codings.frame["quote"].notna().any():
        reading.fault("N2136", None)
    codings.frame["quotable"] = quotes.with_consent(codings.frame, sources.frame)


def _numbered(codings: Table) -> list[str]:
    """Ids of the codings; one without has the number of its row."""
    given = codings.frame["coding_id"]
    return [f"row{n}" if missing else str(v) for v, missing, n in zip(given, given.isna(), codings.rows, strict=True)]


def _order(problem: Problem) -> tuple[int, str, int]:
    """In the order of the sheets and their rows; what has no cell stands last."""
    at = problem.at
    if at is None or not (at.cell or at.line or at.comment):
        return len(SHEETS), at.sheet if at else "", 0
    digits = "".join(c for c in at.cell if c.isdigit())
    return 0, f"{at.file} {at.sheet}", int(digits or at.line or at.comment)
