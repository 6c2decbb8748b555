"""The text of a file in, line numbers of its tables, keys and ids out.

`tomllib` forgets where things stood, so they are looked for again in the text with comments (and for keys also
strings) blanked out. A line that cannot be found falls back to the start of its table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_STRINGS_AND_COMMENTS = re.compile(
    r'"""(?:\\.|[^\\])*?"""|' + r"'''.*?'''" + r'|"(?:\\.|[^"\\\n])*"' + r"|'[^'\n]*'" + r"|#[^\n]*", re.DOTALL
)
_HEADER = re.compile(r"^\s*(\[\[?[^\[\]]+\]\]?)\s*$")


@dataclass(frozen=True)
class Span:
    """Lines of one table, first and last, counted from 1."""

    first: int
    last: int


class Source:
    """The lines of one file."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self._ids = _blanked(text, keep_strings=True)
        self._keys = _blanked(text, keep_strings=False)
        self.whole = Span(1, len(self._keys))
        self._headers = [
            (i, m.group(1).replace(" ", "")) for i, s in enumerate(self._keys, 1) if (m := _HEADER.match(s))
        ]

    def table(self, header: str, index: int = 0) -> Span:
        """The lines of the n-th table with this header (`[[items]]`), or the whole file."""
        starts = [line for line, found in self._headers if found == header]
        if index >= len(starts):
            return self.whole
        later = [line for line, _ in self._headers if line > starts[index]]
        return Span(starts[index], min(later) - 1 if later else self.whole.last)

    def key(self, key: str, span: Span) -> int:
        """The line where a key is set, or a table of that name begins, inside these lines."""
        name = re.escape(key)
        return self._find(rf"(?:^|[{{,.\s])[\"']?{name}[\"']?\s*=|^\s*\[+{name}[].]", span, self._keys)

    def value(self, value: str, span: Span) -> int:
        """The line where a quoted text stands inside these lines."""
        return self._find(rf"[\"']{re.escape(value)}[\"']", span, self._ids)

    def entries(self, span: Span, depth: int = 0) -> list[int]:
        """The lines where the tables in braces begin that lie inside `depth` other ones."""
        found: list[int] = []
        inside = 0
        for line in range(span.first, span.last + 1):
            for sign in re.findall(r"[{}]", self._keys[line - 1]):
                if sign == "{" and inside == depth:
                    found.append(line)
                inside += 1 if sign == "{" else -1
        return found

    def _find(self, pattern: str, span: Span, lines: list[str]) -> int:
        wanted = re.compile(pattern)
        return next((i for i in range(span.first, span.last + 1) if wanted.search(lines[i - 1])), span.first)


def _blanked(text: str, *, keep_strings: bool) -> list[str]:
    def blank(match: re.Match[str]) -> str:
        found = match.group()
        if keep_strings and not found.startswith(("#", '"""', "'''")):
            return found
        return re.sub(r"[^\n\"']", " ", found)

    return _STRINGS_AND_COMMENTS.sub(blank, text).split("\n")
