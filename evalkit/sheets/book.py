"""Any spreadsheet file in, a Book out. What a file is, its first bytes say, not its name."""

from __future__ import annotations

import hashlib
import mmap
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets.cells import Book
from evalkit.sheets.contents import Contents, Listed, choose
from evalkit.sheets.package import Package
from evalkit.sheets.parquet import MAGIC as PARQUET
from evalkit.sheets.parquet import read_parquet
from evalkit.sheets.statistics import read_statistics, statistics_format
from evalkit.sheets.xlsx import damage_told, read_xlsx, workbook_part

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")

_HEAD = 1 << 13
_OWN_SUFFIXES = {
    "xlsx": (".xlsx", ".xlsm", ".xltx", ".xltm"),
    "csv": (".csv", ".txt", ".tsv", ".tab", ".dat", ""),
    "tsv": (".csv", ".txt", ".tsv", ".tab", ".dat", ""),
    "html": (".html", ".htm"),
    "sav": (".sav", ".zsav"),
}
_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00")  # 2 to 5, bare
_HTML_SIGNS = (b"<html", b"<table", b"<!doctype html", b"<meta", b"<head", b"<body", b"<div", b"<style")


def read_book(
    path: str | os.PathLike[str], *, sheet: str | Sequence[str] | None = None, encoding: str | None = None
) -> Book:
    """Read a spreadsheet or delimited text file.

    Parameters
    ----------
    path : path
        xlsx, xlsm, xls, xlsb, ods, csv, tsv, SPSS sav, Stata dta, parquet (with pyarrow); also HTML tables
        saved as .xls.
    sheet : str or list of str, optional
        Sheets to read, hidden or not; by default all visible ones. Sheets without a value are left out.
    encoding : str, optional
        Of a text file or SPSS file; by default recognised.

    Returns
    -------
    Book
        Its `problems` are about the file, those of its sheets about their cells.

    Raises
    ------
    InputError
        With a Problem E101-E116 that says what is wrong and what to do.
    """
    path = Path(path)
    place = Place(path.name)
    require_regular(path)
    try:
        with open(path, "rb") as stream:
            head = stream.read(_HEAD)
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        contents = _read(path, head, sheet, encoding)
    except PermissionError as fault:
        raise InputError(Problem("E103", place)) from fault
    if not contents.sheets:
        raise InputError(Problem("E110", place))
    suffix = path.suffix.lower()
    problems = contents.problems
    if suffix in _WORKBOOKS and contents.format in ("csv", "tsv") and all(s.n_columns < 2 for s in contents.sheets):
        raise InputError(Problem("E104", place))  # lines of prose under a workbook's name are no table
    if suffix not in _OWN_SUFFIXES.get(contents.format, (f".{contents.format}",)):
        problems = (Problem("N120", place, {"suffix": suffix, "format": contents.format}), *problems)
    return Book(path, path.name, contents.sheets, contents.hidden, problems, contents.format, digest)


def require_regular(path: Path) -> None:
    """Look before opening: opening a pipe would wait for ever.

    Raises
    ------
    InputError
        E101 if there is no such file, E102 if it is no regular one, E103 without permission.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError) as fault:
        raise InputError(Problem("E101", Place(path.name))) from fault
    except PermissionError as fault:
        raise InputError(Problem("E103", Place(path.name))) from fault
    except (OSError, ValueError) as fault:  # a loop of links, a name too long, a null byte
        raise InputError(Problem("E101", Place(path.name))) from fault
    if not stat.S_ISREG(mode):
        raise InputError(Problem("E102", Place(path.name)))


def _read(path: Path, head: bytes, sheet: str | Sequence[str] | None, encoding: str | None) -> Contents:
    from evalkit.sheets.legacy import read_legacy

    if not head.strip():
        raise InputError(Problem("E110", Place(path.name)))
    if head.startswith(ZIP):
        form = _zip_format(path)
        return read_xlsx(path, sheet) if form == "xlsx" else read_legacy(path, form, sheet)
    if head.startswith(OLE):
        _check_ole(path)
        return read_legacy(path, "xls", sheet)
    if head.startswith(PARQUET):
        contents = read_parquet(path)
        choose(path.name, [Listed(s.name, True) for s in contents.sheets], sheet)
        return contents
    form = statistics_format(head)
    if form:
        contents = read_statistics(path, form, encoding)
        choose(path.name, [Listed(s.name, True) for s in contents.sheets], sheet)
        return contents
    if head.startswith(_OLD_EXCEL):
        raise InputError(Problem("E112", Place(path.name)))
    contents = _read_text(path, head, encoding)
    if contents.sheets:
        choose(path.name, [Listed(s.name, True) for s in contents.sheets], sheet)
    return contents


def _zip_format(path: Path) -> str:
    """`xlsx`, `xlsb` or `ods`."""
    with damage_told(path.name), Package(path) as package:
        if any(name.endswith(".iwa") for name in package) or "index.zip" in package:
            raise InputError(Problem("E112", Place(path.name)))
        if "mimetype" in package:
            kind = b"".join(package.blocks("mimetype")).strip()
            if kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
                return "ods"
        workbook = workbook_part(package)
    if not workbook:
        raise InputError(Problem("E104", Place(path.name)))
    return "xlsb" if workbook.lower().endswith(".bin") else "xlsx"


def _check_ole(path: Path) -> None:
    """A compound file is an old workbook, an encrypted new one, or something else; its stream names say."""
    with open(path, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        names = {n: content.find(n.encode("utf-16-le")) >= 0 for n in ("Workbook", "Book", "EncryptedPackage")}
    if names["EncryptedPackage"] and not names["Workbook"]:
        raise InputError(Problem("E105", Place(path.name)))
    if path.suffix.lower() == ".et":
        raise InputError(Problem("E112", Place(path.name)))
    if not names["Workbook"] and not names["Book"]:
        raise InputError(Problem("E104", Place(path.name)))


def _read_text(path: Path, head: bytes, encoding: str | None) -> Contents:
    from evalkit.sheets.delimited import read_delimited
    from evalkit.sheets.webpage import read_webpage

    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<?xml", b"<workbook", b"mime-version:")):
        # Excel 2003 XML and saved web archives: Excel opens them, nothing else should have to.
        raise InputError(Problem("E112", Place(path.name)))
    if start.startswith(b"<") and any(sign in start for sign in _HTML_SIGNS):
        return read_webpage(path, encoding)
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) and encoding is None:
        raise InputError(Problem("E104", Place(path.name)))
    return read_delimited(path, encoding)
