"""Elements and texts in, lines of XML out: nothing that XML 1.0 cannot hold, one element a line."""

from __future__ import annotations

import re
from collections.abc import Mapping

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_VALUE = _TEXT | {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
_IN_TEXT, _IN_VALUE = str.maketrans(_TEXT), str.maketrans(_VALUE)


class Lines:
    """XML line by line."""

    def __init__(self) -> None:
        self._lines = ['<?xml version="1.0" encoding="utf-8"?>']
        self._open: list[str] = []

    def open(self, name: str, /, **attributes: str | None) -> None:
        self._lines.append(f"<{name}{_told(attributes)}>")
        self._open.append(name)

    def close(self) -> None:
        self._lines.append(f"</{self._open.pop()}>")

    def empty(self, name: str, /, **attributes: str | None) -> None:
        self._lines.append(f"<{name}{_told(attributes)}/>")

    def text(self, name: str, content: str) -> None:
        """An element that holds nothing but text."""
        self._lines.append(f"<{name}>{_UNWRITABLE.sub('', content).translate(_IN_TEXT)}</{name}>")

    def content(self) -> bytes:
        return ("\n".join(self._lines) + "\n").encode()


def _told(attributes: Mapping[str, str | None]) -> str:
    """Attributes in the order given; one without a value is left out. `_` stands for the colon of a prefix."""
    return "".join(
        f' {name.replace("_", ":")}="{_UNWRITABLE.sub("", value).translate(_IN_VALUE)}"'
        for name, value in attributes.items()
        if value is not None
    )
