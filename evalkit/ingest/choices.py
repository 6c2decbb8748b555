"""One answer text and an option list in, the option meant out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from evalkit.ingest.targets import code_text
from evalkit.ingest.wording import clean, loose, take_off

if TYPE_CHECKING:
    from evalkit.instrument import Option

_PREFIX = re.compile(r"^[(（]?(?:[A-Za-z]|[0-9]{1,2})\s*[.、．)）:]\s*(?=\S)")
_FILL_MARK = re.compile(r"^[:,;(—_\- ]+")
_INDEX = re.compile(r"^\d{1,3}(?:\.0+)?$")


@dataclass(frozen=True)
class Choice:
    """The option meant: its position in the list, and the text written beside it, if any."""

    position: int
    fill: str | None = None


class Choices:
    """An option list made searchable.

    Parameters
    ----------
    options : sequence of Option
        In list order; of two options with the same wording the first counts.
    """

    def __init__(self, options: Sequence[Option]) -> None:
        self.options = tuple(options)
        self.codes: dict[str, int] = {}
        self.names: dict[str, int] = {}
        self.folded: dict[str, int] = {}
        for k, option in enumerate(self.options):
            self.codes.setdefault(code_text(option.code), k)
        for texts in ([(o.zh,) for o in self.options], [(o.en, *o.alias) for o in self.options]):
            for k, wordings in enumerate(texts):
                for text in filter(None, map(clean, wordings)):
                    self.names.setdefault(text, k)
                    self.folded.setdefault(loose(text), k)
        self._fillable = [(name, k) for name, k in self.names.items() if self.options[k].fill]

    def find(self, text: str, by: str) -> Choice | None:
        """The option a text means, else None.

        Parameters
        ----------
        text : str
            As in the cell; `〖…〗` holds what was written beside the option.
        by : str
            `index`: n is the n-th option whatever its code. `text`: wording first, then code. `code`: code first.
        """
        base, fill = take_off(text)
        line = clean(base)
        position = self._index(line) if by == "index" else self._named(line, code_first=by == "code")
        if position is not None:
            return Choice(position, fill)
        return None if fill is not None or by == "index" else self._written_beside(line)

    def knows(self, text: str) -> bool:
        """Whether a text is the wording of an option."""
        return text in self.names or loose(text) in self.folded

    def nearest(self, text: str) -> str:
        """The option worded most like a text; empty if none is like it."""
        found = difflib.get_close_matches(clean(text), list(self.names), n=1, cutoff=0.4)
        return found[0] if found else ""

    def _index(self, line: str) -> int | None:
        if not _INDEX.match(line):
            return None
        n = int(float(line))
        return n - 1 if 1 <= n <= len(self.options) else None

    def _named(self, line: str, *, code_first: bool) -> int | None:
        code = self.codes.get(line[:-2] if re.match(r"^-?\d+\.0$", line) else line)
        if code_first and code is not None:
            return code
        for found in (self.names.get(line), self.folded.get(loose(line)), code):
            if found is not None:
                return found
        rest = _PREFIX.sub("", line)
        if rest == line:
            return None
        found = self.names.get(rest)
        return found if found is not None else self.folded.get(loose(rest))

    def _written_beside(self, line: str) -> Choice | None:
        """`其他：种菜` where `其他` takes a text."""
        for name, k in sorted(self._fillable, key=lambda pair: -len(pair[0])):
            if line.startswith(name):
                rest = line[len(name) :]
                mark = _FILL_MARK.match(rest)
                if mark and rest[mark.end() :]:
                    inside = rest[mark.end() :]
                    return Choice(k, inside.removesuffix(")").strip() if "(" in mark[0] else inside.strip())
        return None


@lru_cache(maxsize=512)
def choices_of(options: tuple[Option, ...]) -> Choices:
    """The searchable form of an option list, made once a list."""
    return Choices(options)


def date_forms(text: str) -> list[str]:
    """What a cell may have held before a spreadsheet made a date of it.

    `2025-01-02` (or `1月2日`, `Jan-02`) gives `1-2`, `2-1`, `01-02`, `1/2`, `1月2日` and so on.
    """
    line = clean(text)
    found = re.match(r"^\d{4}[-/](\d{1,2})[-/](\d{1,2})(?: 00:00:00)?$", line) or re.match(
        r"^(\d{1,2})月(\d{1,2})日$", line
    )
    if found:
        month, day = int(found[1]), int(found[2])
    else:
        named = re.match(r"^(?:(\d{1,2})-([A-Za-z]{3})|([A-Za-z]{3})-(\d{1,2}))$", line)
        months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        name = (named[2] or named[3]).lower() if named else ""
        if not named or name not in months:
            return []
        month, day = months.index(name) + 1, int(named[1] or named[4])
    pairs = [(f"{month}", f"{day}"), (f"{day}", f"{month}"), (f"{month:02}", f"{day:02}"), (f"{day:02}", f"{month:02}")]
    return [*(one + mark + two for mark in ("-", "/", "~", "至", "到") for one, two in pairs), f"{month}月{day}日"]
