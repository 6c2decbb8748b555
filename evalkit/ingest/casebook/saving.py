"""A casebook in, a file out that `read_casebook` reads as the same casebook: REFI-QDA, a workbook, a folder of csv."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit.contract import OutputError, Problem, UsageError
from evalkit.contract.words import LANGUAGES, has_text, text_of
from evalkit.ingest.casebook.book import Casebook, Table
from evalkit.ingest.casebook.schema import SHEETS, title_of
from evalkit.ingest.casebook.texts import FOLDER
from evalkit.sheets import clean_text, guarded, save_workbook, write_bytes
from evalkit.sheets.text import CELL_LIMIT

SUFFIXES = (".qdpx", ".qdc", ".xlsx", "")
_FILE_NAME = re.compile(r"(?![.~])[\w.-]{1,80}(?<!\.)")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_WIDTHS = {"quote": 60, "definition": 50, "memo": 40, "claim": 50, "evidence": 50, "rationale": 40, "sha256": 12}


def save_casebook(
    casebook: Casebook, path: str | os.PathLike[str], *, lang: str = "zh", force: bool = False
) -> tuple[Problem, ...]:
    """Write a casebook, for another program or to go on with by hand.

    Parameters
    ----------
    casebook : Casebook
    path : path
        The suffix chooses the format. `.qdpx`: a REFI-QDA project for NVivo, MAXQDA, ATLAS.ti or QualCoder, with
        sources, texts, codes, codings and cases. `.qdc`: the codebook alone. `.xlsx`: a workbook with every sheet,
        the texts in the folder `texts` beside it. Without a suffix: a folder with one csv a sheet, and `texts`.
    lang : {"zh", "en"}
        Of headings in `.xlsx` and folders.
    force : bool
        Write over files that are there: they may hold somebody's work.

    Returns
    -------
    tuple of Problem
        What the format has no place for (W2168, N2171); N207 for texts that a cell cannot hold.

    Raises
    ------
    UsageError
        E705 for another suffix, E707 for another language, E2170 for a .qdc without codes.
    OutputError
        E2169 if a file is there, E131 if it cannot be written.

    Notes
    -----
    The same casebook and name give the same bytes. Identifiers of a project are made of its name and the ids of the
    casebook, so that a program recognises what it has read before.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(Problem("E705", params={"suffix": suffix, "known": [s for s in SUFFIXES if s]}))
    if lang not in LANGUAGES:
        raise UsageError(Problem("E707", params={"lang": lang}))
    if suffix in (".qdpx", ".qdc"):
        from evalkit.ingest.refi.writing import FORMATS

        content, told = FORMATS[suffix](casebook, path.stem)
        _write({path: content}, force)
        return told
    folder = path.parent if suffix else path
    files, names = _texts(casebook, folder)
    tables = {name: list(_columns(casebook, name, names, lang)) for name, t in casebook.tables.items() if _is_kept(t)}
    if suffix:
        _refuse([path, *files], files, force)
        _write(files, force)
        return _save_workbook(tables, path, lang)
    files = {folder / f"{name}.csv": _csv(columns) for name, columns in tables.items()} | files
    _write(files, force)
    return ()


def _is_kept(table: Table) -> bool:
    return table.given or len(table.frame) > 0


def _texts(casebook: Casebook, folder: Path) -> tuple[dict[Path, bytes], dict[str, str]]:
    """File -> text; and source -> name of its file."""
    files: dict[Path, bytes] = {}
    names: dict[str, str] = {}
    used: set[str] = set()
    for number, (source, text) in enumerate(casebook.texts.items(), 1):
        name = f"{source}.txt"
        if not _FILE_NAME.fullmatch(source) or _DEVICES.fullmatch(source) or name.casefold() in used:
            name = f"text-{number}.txt"
        used.add(name.casefold())
        names[source] = name
        files[folder / FOLDER / name] = text.encode("utf-8", "replace")
    return files, names


def _columns(casebook: Casebook, sheet: str, names: Mapping[str, str], lang: str) -> Iterator[tuple[str, list[Any]]]:
    """Heading and values of every column that holds something, or that its sheet must have."""
    frame = casebook.frame(sheet)
    needed = {f.name for f in SHEETS[sheet].fields if f.required}
    for name in map(str, frame.columns):
        values: list[Any] = [None if v != v else v for v in frame[name].astype(object)]
        if sheet == "sources" and name == "path":
            values = [names.get(source) for source in frame["source_id"]]
        if sheet == "codings" and name == "quote":
            at_hand = frame["source_id"].isin(list(casebook.texts)) & frame["start"].notna()
            values = [_holdable(q, hand) for q, hand in zip(values, at_hand, strict=True)]
        if name in needed or any(v is not None for v in values):
            yield _heading(sheet, name, lang), [_plain(v) for v in values]


def _holdable(quote: str | None, at_hand: bool) -> str | None:
    """A quote as a cell can hold it; none where it could not, for the text tells it to the letter."""
    if quote is None or not at_hand or clean_text(quote, CELL_LIMIT) == quote:
        return quote
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return value
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _heading(sheet: str, name: str, lang: str) -> str:
    """The first word that the catalogue has for a column; an attribute is called as it is."""
    if name not in SHEETS[sheet].names or lang == "en":
        return name
    own = f"casebook.column.{sheet}.{name}"
    key = own if has_text(own) else f"casebook.column.{name}"
    return text_of(key, lang).split("/")[0] if has_text(key) else name


def _refuse(paths: list[Path], texts: Mapping[Path, bytes], force: bool) -> None:
    """E2169 for a file that is there, unless it is the same text."""
    for path in paths:
        if not force and path.exists() and not (path.is_file() and path in texts and path.read_bytes() == texts[path]):
            raise OutputError(Problem("E2169", params={"path": path.name}))


def _write(files: Mapping[Path, bytes], force: bool) -> None:
    _refuse(list(files), files, force)
    for path, content in files.items():
        try:
            path.parent.mkdir(parents=path.parent.name == FOLDER, exist_ok=True)
        except OSError as fault:
            raise OutputError(Problem("E131", params={"file": path.parent.name})) from fault
        write_bytes(path, content)


def _csv(columns: list[tuple[str, list[Any]]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([guarded(heading) for heading, _ in columns])
    for row in zip(*(values for _, values in columns), strict=True):
        writer.writerow(["" if v is None else guarded(clean_text(v)) if isinstance(v, str) else repr(v) for v in row])
    return stream.getvalue().encode("utf-8-sig")


def _save_workbook(tables: Mapping[str, list[tuple[str, list[Any]]]], path: Path, lang: str) -> tuple[Problem, ...]:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    made = Workbook()
    made.remove(made.active)
    more = {}
    for name, columns in tables.items():
        title = title_of(name)[lang]
        sheet = made.create_sheet(title)
        sheet.append([heading for heading, _ in columns])
        sheet.freeze_panes = "A2"
        for number, (heading, _) in enumerate(columns, 1):
            sheet.cell(row=1, column=number).font = Font(bold=True)
            width = next((w for n, w in _WIDTHS.items() if heading in (n, _heading(name, n, lang))), 14)
            sheet.column_dimensions[get_column_letter(number)].width = width
        more[title] = list(zip(*(values for _, values in columns), strict=True))
    return save_workbook(made, path, rows=more)
