"""Word files of a casebook: sources of their own where no sheet lists them, and their comments as codings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from evalkit.contract import Place, Problem
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.named_codes import LONGEST, Codes, Named, named_codes
from evalkit.ingest.casebook.schema import SHEETS, folded, sheet_words
from evalkit.ingest.casebook.sheets import Reading, column_of
from evalkit.ingest.casebook.values import cleaned, half_width
from evalkit.ingest.word_comments import Document, Remark
from evalkit.ingest.word_comments.document import SUFFIXES

_MOST = 40
"""Characters of an unknown code that a message repeats."""


def word_files(path: Path) -> dict[str, Path]:
    """Name of a source -> its Word file: the file itself, or those of a folder that are not called as a sheet is."""
    if not path.is_dir():
        return {path.stem: path} if path.suffix.lower() in SUFFIXES else {}
    words = sheet_words()
    return {
        file.stem: file
        for file in sorted(path.iterdir())
        if file.suffix.lower() in SUFFIXES and not file.name.startswith((".", "~")) and folded(file.stem) not in words
    }


def listed(files: Mapping[str, Path]) -> Table:
    """A sheet of sources made of Word files."""
    columns = {f.name: column_of([None] * len(files), f.kind) for f in SHEETS["sources"].fields}
    columns |= {"source_id": column_of(list(files), "id"), "path": column_of([f.name for f in files.values()], "text")}
    places = {row: Place(file.name) for row, file in enumerate(files.values())}
    return Table(pd.DataFrame(columns), given=True, places=places)


@dataclass(frozen=True)
class _Coded:
    """One code of one comment."""

    source: str
    document: Document
    remark: Remark
    named: Named
    rank: int  # among the codes of its comment

    @property
    def place(self) -> Place:
        return place_of(self.document, self.remark)


def place_of(document: Document, remark: Remark) -> Place:
    return Place(document.file, paragraph=remark.anchor.paragraph, comment=remark.number)


def with_comments(
    tables: Mapping[str, Table], documents: Mapping[str, Document], reading: Reading
) -> Mapping[str, Table]:
    """The tables with a coding for each code of each comment; where no sheet has codes, with a codebook of those used.

    Parameters
    ----------
    documents : mapping
        Source -> its Word file.

    Notes
    -----
    A comment that marks no text codes its paragraph (N2179). Faults: E2175 for a code that the codebook does not
    have, E2196 for a name that several have. W2176 for a comment without text, W2180 for one whose text is not in the
    main text, N2178 counts what a file's text leaves out, N2185 comments without author, N2195 all comments.
    """
    if not documents:
        return tables
    for document in documents.values():
        _account(document, reading)
    codes = _codes_of(tables, documents)
    coded = list(_coded(documents, codes, reading))
    for one in coded:
        if len(one.named.codes) > 1:
            params = {"value": one.named.said, "near": list(one.named.codes)}
            reading.problems.append(Problem("E2196", one.place, params))
        elif not one.named.codes:
            near = codes.near(one.named.said) or codes.examples() or ["–"]
            reading.problems.append(Problem("E2175", one.place, {"value": one.named.said[:_MOST], "near": near}))
    added = [one for one in coded if len(one.named.codes) == 1]
    found = dict(tables) | {"codings": _joined(tables["codings"], added)}
    if not tables["codebook"].given:
        found["codebook"] = _made_codebook(found["codings"], reading)
    return found


def _account(document: Document, reading: Reading) -> None:
    """What was read of a file, and what was left out."""
    at = Place(document.file)
    if document.lost:
        said = {lang: _list(document.lost, lang) for lang in LANGUAGES}
        reading.problems.append(Problem("N2178", at, {"parts": said}))
    n, answers = len(document.remarks), sum(len(r.answers) for r in document.remarks)
    resolved = sum(r.resolved for r in document.remarks)
    reading.problems.append(Problem("N2195", at, {"n": n, "answers": answers, "resolved": resolved}))
    nobody = sum(not r.author for r in document.remarks)
    if nobody:
        reading.problems.append(Problem("N2185", at, {"n": nobody}))


def _list(lost: Mapping[str, int], lang: str) -> str:
    parts = [text_of(f"casebook.lost.{kind}", lang, n=n) for kind, n in sorted(lost.items())]
    return ("、" if lang == "zh" else ", ").join(parts)


def _codes_of(tables: Mapping[str, Table], documents: Mapping[str, Document]) -> Codes:
    """The codes of the codebook; without one, those of the codings' sheet and all that comments name."""
    book = tables["codebook"].frame
    if tables["codebook"].given:
        names = [None if pd.isna(name) else str(name) for name in book["name"]]
        return Codes((str(c), n) for c, n in zip(book["code_id"], names, strict=True) if not pd.isna(c))
    used = [str(code) for code in tables["codings"].frame["code_id"].dropna()]
    known = Codes((code, None) for code in used)
    first: dict[str, str] = {folded(code): code for code in used}
    for document in documents.values():
        for remark in document.remarks:
            for named in named_codes(remark.lines, known):
                short = len(named.said) <= LONGEST
                first.setdefault(*((folded(named.said), half_width(named.said)) if short else (named.said,) * 2))
    return Codes((code, None) for code in first.values())


def _coded(documents: Mapping[str, Document], codes: Codes, reading: Reading) -> Iterator[_Coded]:
    for source, document in documents.items():
        for remark in document.remarks:
            at = place_of(document, remark)
            named = named_codes(remark.lines, codes)
            if not named:
                reading.fault("W2176", at)
            elif remark.anchor.start < 0:
                reading.fault("W2180", at)
            elif remark.anchor.point:
                reading.fault("N2179", at)
            yield from (_Coded(source, document, remark, one, rank) for rank, one in enumerate(named, 1))


def _joined(codings: Table, coded: Sequence[_Coded]) -> Table:
    """The sheet's codings, then those of the comments."""
    if not coded:
        return codings
    rows = [_row(one) for one in coded]
    form = SHEETS["codings"]
    fresh = pd.DataFrame({f.name: column_of([row.get(f.name) for row in rows], f.kind) for f in form.fields})
    n = len(codings.frame)
    places = {n + k: one.place for k, one in enumerate(coded)}
    frame = pd.concat([codings.frame, fresh], ignore_index=True) if n else fresh
    return replace(codings, frame=frame, rows=(*codings.rows, *[0] * len(rows)), given=True, places=places)


def _row(one: _Coded) -> dict[str, object]:
    remark, anchor = one.remark, one.remark.anchor
    placed = anchor.start >= 0
    answers = [f"{author}: {text}" if author else text for author, text in remark.answers]
    return {
        "coding_id": f"{one.source}#{remark.number}" + (f".{one.rank}" if one.rank > 1 else ""),
        "source_id": one.source,
        "start": float(anchor.start) if placed else None,
        "end": float(anchor.end) if placed else None,
        "quote": one.document.text[anchor.start : anchor.end] if placed else None,
        "code_id": one.named.codes[0],
        "coder": half_width(remark.author) or None,
        "memo": cleaned("\n".join(filter(None, (one.named.memo, *answers)))) or None,
        "date": remark.date.removesuffix("Z").removesuffix("T00:00:00") or None,
    }


def _made_codebook(codings: Table, reading: Reading) -> Table:
    """One code a row, named as it is called (N2192)."""
    codes = list(dict.fromkeys(codings.frame["code_id"].dropna()))
    columns = {f.name: column_of([None] * len(codes), f.kind) for f in SHEETS["codebook"].fields}
    columns |= {"code_id": column_of(codes, "id"), "name": column_of(codes, "text")}
    reading.fault("N2192", None, n=len(codes))
    first = {str(code): row for row, code in reversed(list(enumerate(codings.frame["code_id"])))}
    places = {row: codings.place(first[code]) for row, code in enumerate(codes)}
    return Table(pd.DataFrame(columns), given=bool(codes), places=places)
