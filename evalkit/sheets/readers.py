"""How the values of a workbook's cells are read: once for each distinct value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np

from evalkit.sheets.store import Texts
from evalkit.sheets.values import boolean, date_reader, error, iso_date, number, stored_text


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
