"""How wide a text prints, in half-ems (a digit is 1, a Chinese character 2), and how columns share a page."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_WIDE = frozenset("—…①②③④⑤⑥⑦⑧⑨⑩→←×")
_NARROW = frozenset(".,:;'|!il()[] ")


class _Widths(dict[str, float]):
    """Width of each character met so far; a report asks for the same few thousand a million times."""

    def __missing__(self, c: str) -> float:
        self[c] = _character_width(c)
        return self[c]


_WIDTHS = _Widths()


def text_width(text: str) -> float:
    """Width of one line in half-ems, measured for a serif text face; combining marks count nothing."""
    return sum(map(_WIDTHS.__getitem__, text))


def _character_width(c: str) -> float:
    if unicodedata.east_asian_width(c) in "WF" or c in _WIDE:
        return 2.0
    if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Cc"):
        return 0.0
    if c in _NARROW:
        return 0.65
    if c in "MWmw":
        return 1.7
    return 1.35 if c.isupper() else 1.0


def longest_word(text: str) -> float:
    """Width of the longest stretch that cannot be broken: a Latin word or a run of digits.

    Chinese breaks anywhere, but no column should be narrower than four characters of it.
    """
    best = current = chinese = 0.0
    for c in text:
        width = _WIDTHS[c]
        if c in " \n-–/" or unicodedata.east_asian_width(c) in "WF":
            chinese += width if width == 2.0 else 0.0
            current = 0.0
        else:
            current += width
        best = max(best, current)
    return max(best, min(chinese, 8.0))


def share_width(natural: Sequence[float], least: Sequence[float], available: float) -> list[float] | None:
    """Column widths that fill `available`, or None where even the least widths do not fit.

    Columns get their natural width and an equal share of what is left; if there is too little, the ones
    that may wrap give way in proportion to what they can spare.
    """
    spare = available - sum(natural)
    if spare >= 0:
        return [w + spare / len(natural) for w in natural]
    give = [n - m for n, m in zip(natural, least, strict=True)]
    if sum(give) < -spare - 1e-9:
        return None
    return [n + spare * g / sum(give) for n, g in zip(natural, give, strict=True)]
