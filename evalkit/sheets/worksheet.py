"""Sheet XML in, cells out: the parser's way, which understands everything."""

from __future__ import annotations

from array import array

import numpy as np

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets.cells import MAX_COLUMN, MAX_ROW, split_address
from evalkit.sheets.markup import Attributes, Markup
from evalkit.sheets.readers import Readers, Tokens
from evalkit.sheets.store import SheetBuilder

MAX_PIECES = 1000  # of one text; the parser gives up to 8 KB at a time, a cell holds 32,767 characters

_FLUSH = 1 << 16


class Worksheet:
    """Takes a sheet's parser events; also knows merged ranges, hidden rows and columns.

    A cell's own reference counts; without one it stands right of the cell before it, in the row after the
    last one if the row has no number either.
    """

    def __init__(self, file: str, part: str, builder: SheetBuilder, readers: Readers) -> None:
        self.file, self.part, self.builder, self.readers = file, part, builder, readers
        self.inside = False
        self.row = self.column = 0
        self._at = (0, 0)
        self._type = self._style = ""
        self._pieces: list[str] = []
        self._reading = self._valued = self._formula = self._phonetic = False
        self._rows, self._columns, self._tokens = array("i"), array("h"), array("i")
        self._formulas: list[tuple[int, int]] = []
        self._tokens_by_look: dict[tuple[str, str], Tokens | None] = {}
        starts = {
            "sheetData": self._open_data,
            "row": self._open_row,
            "c": self._open_cell,
            "v": self._open_value,
            "t": self._open_text,
            "f": self._open_formula,
            "rPh": self._open_guide,
            "col": self._column_look,
            "mergeCell": self._merge,
        }
        ends = {
            "sheetData": self._close_data,
            "c": self._close_cell,
            "v": self._close_value,
            "t": self._close_value,
            "rPh": self._close_guide,
        }
        self.markup = Markup(file, part, starts, ends, self._data)

    def finish(self) -> None:
        """All events are in."""
        self._flush()

    def _data(self, text: str) -> None:
        if self._reading:
            if len(self._pieces) > MAX_PIECES:
                raise InputError(Problem("E108", Place(self.file), {"part": self.part}))
            self._pieces.append(text)

    def _open_data(self, _: Attributes) -> None:
        self.inside = True

    def _close_data(self) -> None:
        self.inside = False

    def _open_value(self, _: Attributes) -> None:
        self._reading = self._valued = True

    def _open_text(self, _: Attributes) -> None:
        if not self._phonetic:
            self._reading = self._valued = True

    def _close_value(self) -> None:
        self._reading = False

    def _open_formula(self, _: Attributes) -> None:
        self._formula = True

    def _open_guide(self, _: Attributes) -> None:
        self._phonetic = True

    def _close_guide(self) -> None:
        self._phonetic = False

    def _column_look(self, attributes: Attributes) -> None:
        if attributes.get("hidden", "0") in ("1", "true"):
            first, last = (_count(attributes.get(key, ""), MAX_COLUMN) for key in ("min", "max"))
            self.builder.hidden_columns.append((first, last))

    def _merge(self, attributes: Attributes) -> None:
        first_cell, _, last_cell = attributes.get("ref", "").partition(":")
        (top, left), (bottom, right) = split_address(first_cell), split_address(last_cell or first_cell)
        if top and bottom:
            self.builder.merged.append((top, left, bottom, right))

    def _open_row(self, attributes: Attributes) -> None:
        if not self.inside:
            return
        self.row = _count(attributes["r"], MAX_ROW + 1) if "r" in attributes else self.row + 1
        self.column = 0
        if attributes.get("hidden", "0") in ("1", "true"):
            self.builder.hidden_rows.add(self.row)

    def _open_cell(self, attributes: Attributes) -> None:
        if not self.inside:
            return
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
        if not self.inside:
            return
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
        look = (self._type, self._style)
        if look not in self._tokens_by_look:
            way = self.readers.way(*look)
            self._tokens_by_look[look] = None if way == "s" else self.readers.tokens(way)
        tokens = self._tokens_by_look[look]
        if tokens is not None:
            return tokens[raw]
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


def _count(text: str, limit: int, otherwise: int = 0) -> int:
    """A whole number, at most `limit`; `otherwise` for anything else."""
    return min(int(text), limit) if text.isascii() and text.isdigit() and len(text) < 12 else otherwise
