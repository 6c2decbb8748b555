"""The shared strings of a workbook in, one token each out."""

from __future__ import annotations

import re
from array import array

import numpy as np

from evalkit.sheets.markup import Attributes, Markup
from evalkit.sheets.package import MAX_STRINGS, Package
from evalkit.sheets.scan import NotPlain, decoded
from evalkit.sheets.store import Texts, too_much
from evalkit.sheets.values import stored_text
from evalkit.sheets.worksheet import feed_records

MAX_SHARED = 10_000_000

_OPENING = re.compile(rb"<(\w+:)?sst(?: [^<>]*)?>")
_PLAIN = re.compile(rb'<si><t( xml:space="preserve")?>([^<>]*)</t></si>')


class _Strings:
    """Takes the events of the part: the runs of a rich text are joined, phonetic guides passed over."""

    def __init__(self, file: str, part: str, texts: Texts) -> None:
        self.file, self.texts = file, texts
        self.tokens = array("i")
        self.markup = Markup(file, part, self._start, self._end, self._data)
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

    def _start(self, tag: str, attributes: Attributes) -> None:
        if tag == "sst":
            self.inside = True
        elif tag == "si":
            self._pieces.clear()
        elif tag == "t":
            self._reading = not self._phonetic
        elif tag == "rPh":
            self._phonetic = True

    def _end(self, tag: str) -> None:
        if tag == "t":
            self._reading = False
        elif tag == "rPh":
            self._phonetic = False
        elif tag == "si":
            self.add("".join(self._pieces))

    def _data(self, text: str) -> None:
        if self._reading:
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
