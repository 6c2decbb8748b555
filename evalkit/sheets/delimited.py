"""A csv, tsv or other delimited text file in, one sheet out. Every cell is text: the file holds no types."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from itertools import chain
from pathlib import Path

import numpy as np

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets.cells import MAX_COLUMN
from evalkit.sheets.contents import Contents
from evalkit.sheets.markup import oversized
from evalkit.sheets.readers import Tokens
from evalkit.sheets.store import SheetBuilder, Texts, too_much
from evalkit.sheets.text import unguarded
from evalkit.sheets.values import plain_text

MAX_BYTES = 1 << 30
MAX_LINE = 1 << 26  # bytes: a line is held whole, several times over, while it is cut into cells
DELIMITERS = ",\t;|"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before utf-16: it starts with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LADDER = ("utf-8", "gb18030")
_SEP = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)
# So many Chinese characters before the first fault are UTF-8 that was meant: in GB18030 they would be chance.
_MEANT = re.compile("(?:[\u4e00-\u9fff][^\u4e00-\u9fff]*){4}")
_SAMPLE, _SAMPLE_ROWS = 1 << 16, 100
_BLOCK = 1 << 20
_ROWS_AT_ONCE = 2000


def read_delimited(path: Path, encoding: str | None = None) -> Contents:
    """Read a text file. Cells are addressed as in a spreadsheet: the row number counts records, not lines.

    Parameters
    ----------
    path : Path
    encoding : str, optional
        Otherwise: byte order mark, else UTF-8, else GB18030, each strictly.

    Raises
    ------
    InputError
        E106 (of the file, or of a line), E109 (with the line of the first byte that is not UTF-8; also where only
        the lines before it are), E114-E116, E118.
    """
    used = encoding_of(path, encoding)
    with open(path, encoding=used, newline="") as stream:
        sample = stream.read(_SAMPLE)
        named = _SEP.match(sample)
        delimiter = named.group(1) if named else sniff_delimiter(sample)
    texts = Texts(path.name)
    builder = SheetBuilder(path.name, path.stem, texts)
    skip = named.end() if named else 0
    loose = _fill(builder, path, used, delimiter, skip, strict=True)
    if loose:
        builder = SheetBuilder(path.name, path.stem, texts)
        _fill(builder, path, used, delimiter, skip, strict=False)
    sheet = builder.finish()
    problems = [Problem("W117", Place(path.name, line=loose))] if loose else []
    if used == "gb18030" and encoding is None:
        problems.append(Problem("N121", Place(path.name), {"encoding": "GB18030"}))
    form = "tsv" if delimiter == "\t" else "csv"
    return Contents(form, (sheet,) if sheet else (), (), tuple(problems))


def encoding_of(path: Path, encoding: str | None = None) -> str:
    """The encoding a text file can be read in to its end; errors as for read_delimited."""
    place = Place(path.name)
    if path.stat().st_size > MAX_BYTES:
        raise InputError(oversized(path.name, MAX_BYTES))
    _check_lines(path)
    with open(path, "rb") as stream:
        mark = next((name for bom, name in _BOMS if stream.peek(4).startswith(bom)), None)
    if encoding is not None:
        try:
            known = codecs.lookup(encoding).name
            "".encode(known)
        except LookupError as fault:
            raise InputError(Problem("E114", place, {"encoding": encoding})) from fault
        known = mark if mark and known == "utf-8" else known
        if _first_fault(path, known) is not None:
            raise InputError(Problem("E115", place, {"encoding": encoding}))
        return known
    first = 0  # line of the fault in the first encoding tried
    for name in [mark] if mark else _LADDER:
        line = _first_fault(path, name)
        if line is None and not (first and _starts_as_utf8(path, first)):
            return name
        first = first or line or 0
    raise InputError(Problem("E109", Place(path.name, line=first)))


def _check_lines(path: Path) -> None:
    """E106 for a line beyond MAX_LINE."""
    if path.stat().st_size <= MAX_LINE:
        return
    open_line, number = 0, 1
    with open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            ends = block.count(b"\n")
            open_line = len(block) - 1 - block.rfind(b"\n") if ends else open_line + len(block)
            number += ends
            if open_line > MAX_LINE:
                raise InputError(oversized(path.name, MAX_LINE, line=number))


def _starts_as_utf8(path: Path, fault_line: int) -> bool:
    """Whether the lines before the first fault hold Chinese in UTF-8: two encodings in one file."""
    with open(path, "rb") as stream:
        lines = (line for line, _ in zip(stream, range(fault_line - 1), strict=False))
        return any(_MEANT.search(line.decode("utf-8")) for line in lines)


def _first_fault(path: Path, encoding: str) -> int | None:
    """Line of the first byte that cannot be decoded; None if there is none."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    lines = 1
    with open(path, "rb") as stream:
        while True:
            block = stream.read(_BLOCK)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as fault:
                return lines + fault.object[: fault.start].count(b"\n")
            if not block:
                return None
            lines += block.count(b"\n")


def sniff_delimiter(sample: str) -> str:
    """Of comma, tab, semicolon and bar the one that cuts most rows into the same number (above 1) of cells."""
    whole = sample.rpartition("\n")[0] or sample
    best, delimiter = (0.0, 0), ","
    for candidate in DELIMITERS:
        reader = csv.reader(io.StringIO(whole, newline=""), delimiter=candidate)
        try:
            widths = Counter(len(row) for row, _ in zip(reader, range(_SAMPLE_ROWS), strict=False) if row)
        except csv.Error:
            continue
        width, n = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        if width > 1 and (n / widths.total(), width) > best:
            best, delimiter = (n / widths.total(), width), candidate
    return delimiter


def _fill(builder: SheetBuilder, path: Path, encoding: str, delimiter: str, skip: int, *, strict: bool) -> int:
    """Add all cells; 0, or the line of the first cell that breaks the quoting rules if `strict`."""
    tokens = Tokens(builder.texts, lambda raw: plain_text(unguarded(raw.replace("\r\n", "\n"))))
    with open(path, encoding=encoding, newline="") as stream:
        stream.read(skip)
        reader = csv.reader(stream, delimiter=delimiter, strict=strict)
        first, opened, rows, row = 1, 1, [], [""]
        try:
            for row in reader:
                opened = reader.line_num + 1
                rows.append(row)
                if len(rows) == _ROWS_AT_ONCE:
                    _add(builder, first, rows, tokens)
                    first, rows = first + len(rows), []
        except csv.Error as fault:
            if strict and "end of data" not in str(fault) and "field larger" not in str(fault):
                return opened
            raise InputError(Problem("E116", Place(path.name, line=opened))) from fault
    if not strict and row and row[-1].endswith(("\n", "\r")):  # an open quote swallowed the end of the file
        raise InputError(Problem("E116", Place(path.name, line=opened - row[-1].count("\n"))))
    _add(builder, first, rows, tokens)
    return 0


def _add(builder: SheetBuilder, first: int, rows: list[list[str]], tokens: Tokens) -> None:
    widths = np.array([len(row) for row in rows], dtype=np.int64)
    total = int(widths.sum())
    if not total:
        return
    if widths.max() > MAX_COLUMN:
        raise too_much(builder.file)
    starts = np.cumsum(widths) - widths
    builder.add(
        np.repeat(np.arange(first, first + len(rows), dtype=np.int32), widths),
        (np.arange(total) - np.repeat(starts, widths) + 1).astype(np.int16),
        np.fromiter(map(tokens.__getitem__, chain.from_iterable(rows)), dtype=np.int32, count=total),
    )
