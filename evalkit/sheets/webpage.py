"""An HTML page that calls itself a spreadsheet in, the cells of its tables out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from evalkit.contract.problems import InputError
from evalkit.sheets.cells import MAX_COLUMN
from evalkit.sheets.contents import Contents
from evalkit.sheets.delimited import encoding_of
from evalkit.sheets.markup import oversized
from evalkit.sheets.store import SheetBuilder, Texts, too_much
from evalkit.sheets.values import plain_text

MAX_BYTES = 1 << 28
MAX_SPAN = 1000

_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_-]+)""", re.IGNORECASE)
_CHINESE = ("gb2312", "gbk", "gb18030", "cp936", "gb_2312-80")


class _Tables:
    """Target of the HTML parser: rows of all tables, one below the other, with merged ranges."""

    def __init__(self, builder: SheetBuilder) -> None:
        self.builder = builder
        self.row, self.column = 0, 0
        self._taken: dict[int, int] = {}  # column -> last row a cell above reaches down to
        self._pieces: list[str] | None = None
        self._span = (1, 1)
        self._cells: list[tuple[int, int, int]] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "tr":
            self.row, self.column = self.row + 1, 0
        elif tag in ("td", "th"):
            self._finish_cell()
            self._span = (_span(attributes.get("rowspan")), _span(attributes.get("colspan")))
            self._pieces = []
        elif tag == "br" and self._pieces is not None:
            self._pieces.append("\n")

    def end(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._finish_cell()

    def data(self, text: str) -> None:
        if self._pieces is not None:
            self._pieces.append(re.sub(r"[ \t\r\n]+", " ", text))

    def close(self) -> None:
        self._finish_cell()
        if self._cells:
            rows, columns, tokens = (np.array(part) for part in zip(*self._cells, strict=True))
            self.builder.add(rows.astype(np.int32), columns.astype(np.int16), tokens.astype(np.int32))

    def _finish_cell(self) -> None:
        if self._pieces is None:
            return
        text = "\n".join(line.strip(" ") for line in "".join(self._pieces).split("\n"))
        self._pieces = None
        self.row = max(self.row, 1)
        self.column += 1
        while self._taken.get(self.column, 0) >= self.row:
            self.column += 1
        down, across = self._span
        if self.column + across - 1 > MAX_COLUMN:
            raise too_much(self.builder.file)
        if text:
            self._cells.append((self.row, self.column, self.builder.texts.add(*plain_text(text))))
        if down > 1 or across > 1:
            last = (self.row + down - 1, self.column + across - 1)
            self.builder.merged.append((self.row, self.column, *last))
            self._taken.update(dict.fromkeys(range(self.column, last[1] + 1), last[0]))
        self.column += across - 1


def read_webpage(path: Path, encoding: str | None = None) -> Contents:
    """Read every table of an HTML file as one sheet of texts.

    Raises
    ------
    InputError
        E106, E109, E114, E115, E118.
    """
    from lxml import etree

    if path.stat().st_size > MAX_BYTES:
        raise InputError(oversized(path.name, MAX_BYTES))
    raw = path.read_bytes()
    declared = _CHARSET.search(raw[:4096])
    chinese = declared is not None and declared.group(1).decode().lower() in _CHINESE
    used = encoding_of(path, encoding or ("gb18030" if chinese else None))
    builder = SheetBuilder(path.name, path.stem, Texts(path.name))
    parser = etree.HTMLParser(target=_Tables(builder), encoding="utf-8", no_network=True, huge_tree=False)
    etree.fromstring(raw.decode(used).encode("utf-8"), parser)
    sheet = builder.finish()
    return Contents("html", (sheet,) if sheet else ())


def _span(text: str | None) -> int:
    return min(int(text), MAX_SPAN) if text and text.isascii() and text.isdigit() and 0 < len(text) < 6 else 1
