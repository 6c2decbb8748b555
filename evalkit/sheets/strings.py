"""The shared strings of a workbook in, one token each out."""

from __future__ import annotations

import re
from array import array

import numpy as np

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets.markup import Attributes, Markup
from evalkit.sheets.package import MAX_STRINGS, Package
from evalkit.sheets.records import feed_records
from evalkit.sheets.scan import NotPlain, decoded
from evalkit.sheets.store import Texts, too_much
from evalkit.sheets.values import stored_text
from evalkit.sheets.worksheet import MAX_PIECES

MAX_SHARED = 8_000_000

_OPENING = re.compile(rb"<(\w+:)?sst(?: [^<>]*)?>")
_PLAIN = re.compile(rb'<si><t( xml:space="preserve")?>([^<>]*)</t></si>')


class _Strings:
    """Takes the events of the part: the runs of a rich text are joined, phonetic guides passed over."""

    def __init__(self, file: str, part: str, texts: Texts) -> None:
        self.file, self.part, self.texts = file, part, texts
        self.tokens = array("i")
        starts = {"sst": self._open, "si": self._open_string, "t": self._open_text, "rPh": self._open_guide}
        ends = {"t": self._close_text, "rPh": self._close_guide, "si": self._close_string}
        self.markup = Markup(file, part, starts, ends, self._data)
        self.inside = self._reading = self._phonetic = False
        self._pieces: list[str] = []

    def add(self, text: str) -> None:
        if len(self.tokens) >= MAX_SHARED:
            raise too_much(self.file)
        self.tokens.append(self.texts.add(*stored_text(text)))

    def take(self, records: bytes) -> bool:
        """Read strings without runs; False (and nothing read) if there is anything else among them."""
        found = _PLAIN.findall(records)
        length = sum(len(space) + len(raw) for space, raw in found) + len(b"<si><t></t></si>") * len(found)
        if length != len(records):
            return False
        try:
            texts = [decoded(raw) for _, raw in found]
        except NotPlain:
            return False
        for text in texts:
            self.add(text)
        return True

    def _open(self, _: Attributes) -> None:
        self.inside = True

    def _open_string(self, _: Attributes) -> None:
        self._pieces.clear()

    def _open_text(self, _: Attributes) -> None:
        self._reading = not self._phonetic

    def _open_guide(self, _: Attributes) -> None:
        self._phonetic = True

    def _close_text(self) -> None:
        self._reading = False

    def _close_guide(self) -> None:
        self._phonetic = False

    def _close_string(self) -> None:
        self.add("".join(self._pieces))

    def _data(self, text: str) -> None:
        if self._reading:
            if len(self._pieces) > MAX_PIECES:
                raise InputError(Problem("E108", Place(self.file), {"part": self.part}))
            self._pieces.append(text)


def read_strings(package: Package, part: str, texts: Texts) -> np.ndarray:
    """Token of each shared string, in order; empty if the workbook has none.

    Raises
    ------
    InputError
        E106 beyond MAX_STRINGS bytes, E118 beyond MAX_SHARED strings; E107, E108.
    """
    if not part or part not in package:
        return np.zeros(0, dtype=np.int32)
    strings = _Strings(package.file, part, texts)
    blocks = package.blocks(part, MAX_STRINGS)
    feed_records(blocks, strings.markup, _OPENING, b"si", lambda: strings.inside, strings.take)
    return np.array(strings.tokens, dtype=np.int32)
