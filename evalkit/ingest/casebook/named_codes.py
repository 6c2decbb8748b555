"""The text of a comment in, the codes it names and its memo out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evalkit.ingest.casebook.schema import folded

COLONS = ":："
_BETWEEN = re.compile(r"[;；、\n]")
_ENDS = " \t\n.。,，"
_NEAR = 0.75
LONGEST = 200
"""Characters in which the codes of a comment stand; what lies behind them is memo, and a longer word no code."""


@dataclass(frozen=True)
class Named:
    """One code that a comment names: what it says, the codes that this may mean, and the memo beside it."""

    said: str
    codes: tuple[str, ...]
    memo: str = ""


class Codes:
    """The codes that comments may name, by id or by name.

    Parameters
    ----------
    codes : iterable of (id, name)
        None, or an empty name, where a code has no name.
    """

    def __init__(self, codes: Iterable[tuple[str, str | None]]) -> None:
        self._alike: dict[tuple[str, float], list[str]] = {}
        self._exact: dict[str, dict[str, None]] = {}
        self._folded: dict[str, dict[str, None]] = {}
        for code, name in codes:
            for word in filter(None, (code, name)):
                self._exact.setdefault(word, {})[code] = None
                self._folded.setdefault(folded(word), {})[code] = None
        for code in [c for found in self._exact.values() for c in found]:
            self._exact[code] = {code: None}  # an id is stronger than a name

    def find(self, said: str, *, exact: bool = False) -> tuple[str, ...]:
        """The codes of this id or name; several where a name stands for several."""
        found = self._exact.get(said)
        if found is None and not exact and len(said) <= LONGEST:
            found = self._folded.get(folded(said)) or self._folded.get(folded(said.strip(_ENDS)))
        return tuple(found or ())

    def near(self, said: str, cutoff: float = 0.5) -> list[str]:
        """The ids and names most like a word that is neither."""
        if len(said) > LONGEST:
            return []
        word = folded(said)
        if (word, cutoff) not in self._alike:
            self._alike[word, cutoff] = difflib.get_close_matches(word, self._folded, 3, cutoff)
        return [self._called(one) for one in self._alike[word, cutoff]]

    def is_near(self, said: str) -> bool:
        return bool(said.strip()) and bool(self.near(said, _NEAR))

    def examples(self) -> list[str]:
        return list(self._exact)[:3]

    def _called(self, word: str) -> str:
        return next(name for name in self._exact if folded(name) == word)


def named_codes(lines: Sequence[str], codes: Codes) -> tuple[Named, ...]:
    """What the paragraphs of a comment say.

    Each paragraph names codes, several with `;`, `；`, `、` or line breaks between them, and after a colon a memo. A
    code that holds such marks itself is found as it stands. A paragraph after a memo that names no code, and nothing
    like one, goes on with the memo.
    """
    found: list[Named] = []
    group = 0  # where the codes of the paragraph before begin
    memo_open = False
    for line in lines:
        if not line.strip():
            continue
        head, memo = _split(line, codes)
        known = all(codes.find(part) for part in head)
        if memo_open and not known and not any(codes.is_near(part) for part in head):
            longer = f"{found[-1].memo}\n{line.strip()}"
            found[group:] = [Named(one.said, one.codes, longer) for one in found[group:]]
            continue
        group = len(found)
        found += [_named(part, codes, memo) for part in head]
        memo_open = bool(memo)
    return tuple(dict.fromkeys(found))


def _named(said: str, codes: Codes, memo: str) -> Named:
    """What one word means; a word that is no code without the marks at its ends."""
    found = codes.find(said)
    return Named(said if found else said.strip(_ENDS) or said, found, memo)


def _split(line: str, codes: Codes) -> tuple[list[str], str]:
    """Codes and memo: at the last colon before which all are codes, to the letter if possible; else at the first."""
    line = line.strip()
    at = [k for k, c in enumerate(line[:LONGEST]) if c in COLONS]
    for exact in (True, False):
        for k in (len(line), *reversed(at)):
            head = _parts(line[:k], codes, exact)
            if head and all(codes.find(part, exact=exact) for part in head):
                return head, line[k + 1 :].strip()
    first = at[0] if at else len(line)
    return _parts(line[:first], codes, False) or [line], line[first + 1 :].strip()


def _parts(head: str, codes: Codes, exact: bool) -> list[str]:
    whole = head.strip()
    if codes.find(whole, exact=exact):
        return [whole]
    return [part.strip() for part in _BETWEEN.split(whole) if part.strip(_ENDS)]
