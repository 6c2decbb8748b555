"""Text that every office format can hold."""

from __future__ import annotations

import re
from math import ceil

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for the start of a formula."""
CELL_LIMIT = 32_767  # UTF-16 units a cell can hold; openpyxl cuts there without a word

_NONCHARACTERS = "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
_ILLEGAL = re.compile(f"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def clean_text(text: str, limit: int | None = None) -> str:
    """Text that every office format can hold.

    Parameters
    ----------
    text : str
    limit : int, optional
        Longest allowed text in UTF-16 units; a longer one is cut and ends in `…`.

    Returns
    -------
    str
        Without C0 control characters (except TAB and LF; CR LF and CR become LF), lone surrogates and
        noncharacters. Bidirectional marks stay: they are somebody's text.
    """
    if _ILLEGAL.search(text):
        text = _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text if limit is None or 2 * len(text) <= limit or utf16_units(text) <= limit else _cut(text, limit)


def escaped(text: str) -> str:
    """Text in which a literal `_x000D_` survives the decoding that spreadsheets do."""
    return _ESCAPE.sub("_x005F_", text)


def utf16_units(text: str) -> int:
    """Length as a spreadsheet counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text: str, limit: int) -> str:
    units = 0
    for position, character in enumerate(text):
        units += 2 if character > "\uffff" else 1
        if units > limit - 1:
            return text[:position] + "…"
    return text


def guarded(text: str) -> str:
    """Text for a csv file that a spreadsheet shows and does not run: a quote before what could be a formula."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA_STARTS) else text


def lines_in(text: str, width: float) -> int:
    """How many lines a wrapped text takes in a column of `width` digits; a Chinese character is two digits wide."""
    wide = [sum(2 if ord(c) > 0x2E7F else 1.1 for c in line) for line in text.split("\n")]
    return sum(max(1, ceil(one / (width - 1))) for one in wide)
