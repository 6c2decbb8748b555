"""The text of a plan in, the lines of its tables, keys and names out."""

from __future__ import annotations

from evalkit.instrument.source import Source, Span
from evalkit.plan.schema import REPEATED


class Lines:
    """Where the n-th table of a name, a key in it and a quoted name under that key stand (1 = first line)."""

    def __init__(self, text: str, file: str) -> None:
        self._source = Source(text, file)

    def table(self, name: str, index: int = 0) -> int:
        return self._span(name, index).first

    def key(self, name: str, index: int, key: str) -> int:
        """The line of a key; of its table where the key cannot be found."""
        return self._source.key(key, self._span(name, index))

    def value(self, name: str, index: int, key: str, value: str) -> int:
        """The line where a quoted name stands from the key on; the key's line where it is part of a longer text."""
        return self._source.value(value, Span(self.key(name, index, key), self._span(name, index).last))

    def _span(self, name: str, index: int) -> Span:
        if not name:
            return self._source.whole
        return self._source.table(f"[[{name}]]" if name in REPEATED else f"[{name}]", index)
