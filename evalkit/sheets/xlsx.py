"""An xlsx or xlsm file in, its sheets out: a streaming reader that keeps addresses, errors and formula flags."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets.cells import Sheet
from evalkit.sheets.contents import Contents, Listed, choose, skipped
from evalkit.sheets.markup import Attributes, parse_part
from evalkit.sheets.package import MAX_PART, Package, Relationship
from evalkit.sheets.readers import Readers
from evalkit.sheets.records import feed_records
from evalkit.sheets.scan import PlainRows
from evalkit.sheets.store import SheetBuilder, Texts
from evalkit.sheets.strings import read_strings
from evalkit.sheets.values import EPOCH_1900, EPOCH_1904, format_class
from evalkit.sheets.worksheet import Worksheet

_OPENING = re.compile(rb"<(\w+:)?sheetData>")


@contextmanager
def damage_told(file: str) -> Iterator[None]:
    """Turn what zipfile and zlib raise over a broken container into E108."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as fault:
        raise InputError(Problem("E108", Place(file), {"part": ""})) from fault


def workbook_part(package: Package) -> str:
    """The part that lists the sheets; empty if the container is no workbook."""
    targets = [r.target for r in package.relationships().values() if r.kind == "officeDocument"]
    return targets[0] if targets else ""


def read_xlsx(path: Path, sheet: str | Sequence[str] | None = None) -> Contents:
    """Read the visible sheets (or those named).

    Raises
    ------
    InputError
        E104-E108, E111: see `words/sheets.toml`.
    """
    with damage_told(path.name), Package(path) as package:
        workbook = workbook_part(package)
        listed, epoch = _sheets(package, workbook)
        related = package.relationships(workbook)
        names = choose(path.name, [entry for entry, _ in listed], sheet)
        parts = {entry.name: related[key].target for entry, key in listed if _is_worksheet(related, key)}
        texts = Texts(path.name)
        n_shared = read_strings(package, _part(related, "sharedStrings"), texts)
        readers = Readers(texts, n_shared, _style_classes(package, _part(related, "styles")), epoch)
        read = [_read_sheet(package, parts[name], name, readers) for name in names if name in parts]
        hidden, problems = skipped(path.name, [entry for entry, _ in listed], names)
        return Contents("xlsx", tuple(s for s in read if s is not None), hidden, problems)


def sheet_names(path: Path) -> list[str]:
    """Names of the visible sheets of an xlsx or xlsm file, its cells unread; empty for any other file.

    Raises
    ------
    InputError
        E104 to E108 for a damaged or hostile one.
    """
    if not path.is_file() or not zipfile.is_zipfile(path):
        return []
    with damage_told(path.name), Package(path) as package:
        part = workbook_part(package)
        if not part or part.lower().endswith(".bin"):
            return []
        return [entry.name for entry, _ in _sheets(package, part)[0] if entry.visible]


def _part(related: Mapping[str, Relationship], kind: str) -> str:
    return next((r.target for r in related.values() if r.kind == kind), "")


def _is_worksheet(related: Mapping[str, Relationship], key: str) -> bool:
    return key in related and related[key].kind == "worksheet"


def _sheets(package: Package, part: str) -> tuple[list[tuple[Listed, str]], datetime]:
    """Each sheet with its relationship id, and the day from which dates are counted."""
    listed: list[tuple[Listed, str]] = []
    system = {"epoch": EPOCH_1900}

    def sheet(attributes: Attributes) -> None:
        visible = attributes.get("state", "visible") == "visible"
        key = next((value for name, value in attributes.items() if name.endswith(" id")), "")
        listed.append((Listed(attributes.get("name", ""), visible), key))

    def properties(attributes: Attributes) -> None:
        if attributes.get("date1904", "0") in ("1", "true"):
            system["epoch"] = EPOCH_1904

    root = parse_part(package.blocks(part), package.file, part, {"sheet": sheet, "workbookPr": properties})
    if root != "workbook":
        raise InputError(Problem("E104", Place(package.file)))
    return listed, system["epoch"]


def _style_classes(package: Package, part: str) -> list[str]:
    """What the number format of each cell style shows, by style index."""
    codes: dict[int, str] = {}
    formats: list[int] = []
    state = {"inside": False}  # <xf> also stands in <cellStyleXfs>

    def number_format(attributes: Attributes) -> None:
        codes[_integer(attributes.get("numFmtId"))] = attributes.get("formatCode", "")

    def style(attributes: Attributes) -> None:
        if state["inside"]:
            formats.append(_integer(attributes.get("numFmtId")))

    if part in package:
        starts = {"numFmt": number_format, "cellXfs": lambda _: state.update(inside=True), "xf": style}
        ends = {"cellXfs": lambda: state.update(inside=False)}
        parse_part(package.blocks(part), package.file, part, starts, ends)
    classes = {number: format_class(number, codes.get(number)) for number in set(formats)}
    return [classes[number] for number in formats]


def _integer(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0


def _read_sheet(package: Package, part: str, name: str, readers: Readers) -> Sheet | None:
    builder = SheetBuilder(package.file, name, readers.texts)
    worksheet = Worksheet(package.file, part, builder, readers)
    plain = PlainRows(builder, readers)

    def take(rows: bytes) -> bool:
        taken = plain.take(rows)
        worksheet.row = plain.last_row if taken else worksheet.row
        return taken

    blocks = package.blocks(part, MAX_PART)
    feed_records(blocks, worksheet.markup, _OPENING, b"row", lambda: worksheet.inside, take)
    worksheet.finish()
    return builder.finish()
