"""Sheet XML in, cells out: the parser's way, which understands everything, and the choice of the quick way."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable
from datetime import datetime

import numpy as np

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets.cells import MAX_COLUMN, MAX_ROW, split_address
from evalkit.sheets.markup import Attributes, Markup
from evalkit.sheets.store import SheetBuilder, Texts
from evalkit.sheets.values import boolean, date_reader, error, iso_date, number, stored_text

MAX_HEAD = 1 << 20  # bytes before the first record
MAX_RECORD = 1 << 23  # bytes of one row or shared string

_FLUSH = 1 << 16


class Tokens(dict[str, int]):
    """Raw value -> token, read once for each distinct value."""

    def __init__(self, texts: Texts, read: Callable[[str], tuple[str, int]]) -> None:
        super().__init__()
        self.texts, self.read = texts, read

    def __missing__(self, raw: str) -> int:
        token = self[raw] = self.texts.add(*self.read(raw))
        return token


class Readers:
    """How the values of a workbook's cells are read, by cell type and style.

    Parameters
    ----------
    texts : Texts
    shared : int32 array
        Token of each shared string.
    style_classes : list of str
        What the number format of each cell style shows: `number date time elapsed`.
    epoch : datetime
        Day 0 of date serials.
    """

    def __init__(self, texts: Texts, shared: np.ndarray, style_classes: list[str], epoch: datetime) -> None:
        self.texts, self.shared, self.style_classes = texts, shared, style_classes
        self._tokens = {
            "b": Tokens(texts, boolean),
            "d": Tokens(texts, iso_date),
            "e": Tokens(texts, error),
            "str": Tokens(texts, stored_text),
            "number": Tokens(texts, number),
            **{shown: Tokens(texts, date_reader(shown, epoch)) for shown in ("date", "time", "elapsed")},
        }

    def way(self, type_: str, style: str) -> str:
        """`s` for shared strings, otherwise the name of the reader for a cell's type and style attributes."""
        if type_ == "inlineStr":
            return "str"
        if type_ in ("s", "b", "d", "e", "str"):
            return type_
        known = style.isascii() and style.isdigit() and int(style) < len(self.style_classes)
        return self.style_classes[int(style)] if known else "number"

    def tokens(self, way: str) -> Tokens:
        """The reader of that name (any but `s`)."""
        return self._tokens[way]


class Worksheet:
    """Takes a sheet's parser events; also knows merged ranges, hidden rows and columns.

    A cell's own reference counts; without one it stands right of the cell before it, in the row after the
    last one if the row has no number either.
    """

    def __init__(self, file: str, part: str, builder: SheetBuilder, readers: Readers) -> None:
        self.file, self.part, self.builder, self.readers = file, part, builder, readers
        self.markup = Markup(file, part, self._start, self._end, self._data)
        self.inside = False
        self.row = self.column = 0
        self._at = (0, 0)
        self._type = self._style = ""
        self._pieces: list[str] = []
        self._reading = self._valued = self._formula = self._phonetic = False
        self._rows, self._columns, self._tokens = array("i"), array("h"), array("i")
        self._formulas: list[tuple[int, int]] = []

    def finish(self) -> None:
        """All events are in."""
        self._flush()

    def _start(self, tag: str, attributes: Attributes) -> None:
        if not self.inside:
            self._around(tag, attributes)
        elif tag == "c":
            self._open_cell(attributes)
        elif tag == "v" or (tag == "t" and not self._phonetic):
            self._reading = self._valued = True
        elif tag == "f":
            self._formula = True
        elif tag == "row":
            self._open_row(attributes)
        elif tag == "rPh":
            self._phonetic = True

    def _end(self, tag: str) -> None:
        if tag in ("v", "t"):
            self._reading = False
        elif tag == "c" and self.inside:
            self._close_cell()
        elif tag == "rPh":
            self._phonetic = False
        elif tag == "sheetData":
            self.inside = False

    def _data(self, text: str) -> None:
        if self._reading:
            self._pieces.append(text)

    def _around(self, tag: str, attributes: Attributes) -> None:
        if tag == "sheetData":
            self.inside = True
        elif tag == "col" and attributes.get("hidden", "0") in ("1", "true"):
            first, last = (_count(attributes.get(key, ""), MAX_COLUMN) for key in ("min", "max"))
            self.builder.hidden_columns.append((first, last))
        elif tag == "mergeCell":
            first_cell, _, last_cell = attributes.get("ref", "").partition(":")
            (top, left), (bottom, right) = split_address(first_cell), split_address(last_cell or first_cell)
            if top and bottom:
                self.builder.merged.append((top, left, bottom, right))

    def _open_row(self, attributes: Attributes) -> None:
        self.row = _count(attributes["r"], MAX_ROW + 1) if "r" in attributes else self.row + 1
        self.column = 0
        if attributes.get("hidden", "0") in ("1", "true"):
            self.builder.hidden_rows.add(self.row)

    def _open_cell(self, attributes: Attributes) -> None:
        reference = attributes.get("r", "")
        row, column = split_address(reference) if reference else (self.row, self.column + 1)
        if not 0 < row <= MAX_ROW or not 0 < column <= MAX_COLUMN:
            raise InputError(Problem("E108", Place(self.file), {"part": f"{self.part} {reference or row}"}))
        self._at = (row, column)
        self.row, self.column = row, column
        self._type, self._style = attributes.get("t", ""), attributes.get("s", "")
        self._pieces.clear()
        self._reading = self._valued = self._formula = self._phonetic = False

    def _close_cell(self) -> None:
        token = self._token("".join(self._pieces)) if self._valued else self.readers.texts.blank
        if self._formula:
            self._formulas.append(self._at)
            # A formula that gives the empty text has its value stored: <v></v> with type str.
            empty_result = self._valued and self._type == "str"
            if token == self.readers.texts.blank and not empty_result:
                token = self.readers.texts.no_value
        row, column = self._at
        self._rows.append(row)
        self._columns.append(column)
        self._tokens.append(token)
        if len(self._rows) >= _FLUSH:
            self._flush()

    def _token(self, raw: str) -> int:
        way = self.readers.way(self._type, self._style)
        if way != "s":
            return self.readers.tokens(way)[raw]
        if not raw.strip():
            return self.readers.texts.blank
        place = _count(raw.strip(), len(self.readers.shared), -1)
        if not 0 <= place < len(self.readers.shared):
            raise InputError(Problem("E108", Place(self.file), {"part": self.part}))
        return int(self.readers.shared[place])

    def _flush(self) -> None:
        self.builder.add(
            np.array(self._rows, dtype=np.int32),
            np.array(self._columns, dtype=np.int16),
            np.array(self._tokens, dtype=np.int32),
        )
        found = np.array(self._formulas, dtype=np.int32).reshape(-1, 2)
        self.builder.add_formulas(found[:, 0], found[:, 1])
        self._rows, self._columns, self._tokens = array("i"), array("h"), array("i")
        self._formulas.clear()


def feed_records(
    blocks: Iterable[bytes],
    markup: Markup,
    opening: re.Pattern[bytes],
    record: bytes,
    is_open: Callable[[], bool],
    take: Callable[[bytes], bool],
) -> None:
    """Offer whole records to a quick reader; what it does not take, and all around the records, is parsed.

    Parameters
    ----------
    blocks : iterable of bytes
    markup : Markup
        Parser of the part: sees the part as if the records that were taken did not exist.
    opening : pattern
        Start tag before the first record; group 1 is the namespace prefix.
    record : bytes
        Name of the record's element.
    is_open : callable
        Whether the parser has really seen that start tag (it could stand in a comment).
    take : callable
        Gets whole unprefixed records; says whether it took them. If not, they are parsed.
    """
    waiting, stage, prefix = b"", "head", b""
    for block in blocks:
        waiting += block
        if stage == "head":
            found = opening.search(waiting)
            if found:
                markup.feed(waiting[: found.end()])
                waiting, prefix = waiting[found.end() :], found.group(1) or b""
                stage = "records" if is_open() and markup.encoding in ("", "utf-8") else "rest"
            elif len(waiting) > MAX_HEAD:
                stage = "rest"
        if stage == "records":
            closing = b"</" + prefix + record + b">"
            cut = waiting.rfind(closing) + len(closing)
            if cut >= len(closing):
                records, waiting = waiting[:cut], waiting[cut:]
                if not take(_unprefixed(records, prefix)):
                    markup.feed(records)
                    # A comment or section may reach into the next block: from here on the parser alone.
                    stage = "rest" if b"<!" in records or b"<?" in records else "records"
            elif len(waiting) > MAX_RECORD:
                stage = "rest"
        if stage == "rest":
            markup.feed(waiting)
            waiting = b""
    markup.feed(waiting)
    markup.close()


def _unprefixed(records: bytes, prefix: bytes) -> bytes:
    # No text or attribute can hold a `<`, so only tags change.
    return records.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</") if prefix else records


def _count(text: str, limit: int, otherwise: int = 0) -> int:
    """A whole number, at most `limit`; `otherwise` for anything else."""
    return min(int(text), limit) if text.isascii() and text.isdigit() and len(text) < 12 else otherwise
