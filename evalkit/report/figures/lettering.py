"""Text in, glyph outlines and measured widths out: one bundled font, the same letters on every machine."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from typing import Any

import numpy as np

UNITS = 1000
"""Font units an em."""

ASCENT, DESCENT, MIDDLE = 0.84, 0.16, 0.37
"""Height above, depth below the baseline, and the height of the optical middle, in em."""

GETA = "〓"
"""What Chinese printers set where a character is missing."""

HANGING = ("，", "。", "、", "；", "：", "）", "》", "」", "』", "】", "〕")
"""Marks with ink in their left half only."""

_MOST_EVEN_LINES = 8  # beyond, it is running text

_WIDE = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\U00020000-\U0003ffff"
_CLOSING = "，。、；：？！）》〉」』】〕”’…％—,.;:?!)]}%"
_OPENING = "（《〈「『【〔“‘([{"
_O = re.escape(_OPENING)
# A unit never breaks: one ideograph or one Latin word (or `n = 120`), with the marks that must not leave it.
_UNIT = re.compile(
    rf"[{_O}]*(?:[{_WIDE}]|[^\s{_WIDE}{_O}]+(?: [<=>≤≥] [^\s{_WIDE}{_O}]+)*)[{re.escape(_CLOSING)}]*|\S|\s+"
)
_SOFT = re.compile(r"(?<=[_/\-])")


@dataclass(frozen=True, eq=False)
class Glyph:
    """One character: advance in font units, outline as matplotlib path vertices and codes (y up)."""

    advance: float
    vertices: Any
    codes: Any


@cache
def _font() -> Any:
    from matplotlib.ft2font import FT2Font
    from pylopdf_fonts_zh_cn import sans_path

    # From memory, not from an open file: forked processes would share the file's position and read torn glyphs.
    return FT2Font(io.BytesIO(sans_path().read_bytes()))


@cache
def _drawable() -> frozenset[int]:
    return frozenset(_font().get_charmap())


@cache
def glyph(character: str) -> Glyph:
    """Outline and advance of one character, unhinted."""
    from matplotlib.ft2font import LoadFlags

    font = _font()
    loaded = font.load_char(ord(character), LoadFlags.NO_SCALE)
    vertices, codes = font.get_path()
    # Unscaled outlines come as 26.6 fixed point: 64 to a font unit.
    return Glyph(float(loaded.horiAdvance), np.round(vertices * 64), codes)


def plain(text: str) -> str:
    """White space made single blanks, control characters and invisible marks gone."""
    text = " ".join(text.split())
    return "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf"} and not 0xFE00 <= ord(c) <= 0xFE0F)


def drawable(text: str) -> tuple[str, tuple[str, ...]]:
    """The text as it can be drawn, and the characters that the font lacks.

    A missing character becomes the geta mark: never an empty box, never a silent gap.
    """
    text, known = plain(text), _drawable()
    missing = tuple(dict.fromkeys(c for c in text if ord(c) not in known))
    return ("".join(c if ord(c) in known else GETA for c in text) if missing else text), missing


@lru_cache(maxsize=20_000)
def width(text: str, size: float) -> float:
    """Width of a line of text in points at a font size in points (advance widths, no kerning)."""
    return sum(glyph(c).advance for c in drawable(text)[0]) * size / UNITS


@lru_cache(maxsize=2_000)
def wrap(text: str, limit: float, size: float, *, even: bool = True) -> tuple[str, ...]:
    """Lines of at most `limit` points.

    Breaks stand between ideographs and between Latin words; no line begins with a closing mark or ends with
    an opening one, and `n = 120` stays together. A word wider than the limit breaks behind `_`, `-` or `/`, and
    only where it has none of these within itself. `even` takes, of all ways with the fewest lines, the one that
    breaks at marks and brackets and leaves the lines alike; otherwise each line is filled (running text).
    """
    units = _Units(_split(plain(text), limit, size), size)
    breaks = _fill(units, limit)
    if even and 2 < len(breaks) <= _MOST_EVEN_LINES + 1:
        breaks = _fair(units, len(breaks) - 1, limit)
    return tuple("".join(units.texts[a:b]).strip() for a, b in zip(breaks, breaks[1:], strict=False)) or ("",)


def widest(lines: tuple[str, ...] | list[str], size: float) -> float:
    """Width of the widest line in points; 0 without lines."""
    return max((width(line, size) for line in lines), default=0.0)


class _Units:
    """Unbreakable pieces of a text with their widths, so that any run of them is measured at once."""

    def __init__(self, texts: list[str], size: float) -> None:
        self.texts = texts
        blank = glyph(" ").advance * size / UNITS
        self.blank = [text.isspace() for text in texts]
        wide = [blank if self.blank[i] else width(text, size) for i, text in enumerate(texts)]
        self.before = [0.0, *accumulate(wide)]
        opened = accumulate(sum(text.count(c) for c in "（(“") - sum(text.count(c) for c in "）)”") for text in texts)
        self.inside = [0, *opened]

    def width(self, start: int, end: int) -> float:
        """Width of the units from `start` up to `end`, blanks at the ends left out."""
        while end > start and self.blank[end - 1]:
            end -= 1
        while start < end and self.blank[start]:
            start += 1
        return self.before[end] - self.before[start]

    def break_cost(self, at: int) -> float:
        """0 at a blank, a mark or before a bracket; dearer within words, dearest within brackets."""
        last, first = self.texts[at - 1], self.texts[at]
        natural = last.isspace() or first.isspace() or last[-1] in _CLOSING or first[0] in _OPENING
        return (0.0 if natural else 0.15) + (0.3 if self.inside[at] > 0 else 0.0)


def _split(text: str, limit: float, size: float) -> list[str]:
    units = []
    for unit in _UNIT.findall(text):
        if width(unit, size) <= limit:
            units.append(unit)
            continue
        for part in _SOFT.split(unit):
            units.extend([part] if width(part, size) <= limit else list(part))
    return units


def _fill(units: _Units, limit: float) -> list[int]:
    """Where lines begin and end when each takes what it can hold."""
    breaks = [0]
    for end in range(1, len(units.texts) + 1):
        if end - 1 > breaks[-1] and units.width(breaks[-1], end) > limit:
            breaks.append(end - 1)
    return [*breaks, len(units.texts)] if units.texts else [0]


def _fair(units: _Units, n_lines: int, limit: float) -> list[int]:
    """The cheapest way to set the units in `n_lines` lines (dynamic programming over the breaks)."""
    n = len(units.texts)
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, (0,))}
    for _ in range(n_lines):
        reached: dict[int, tuple[float, tuple[int, ...]]] = {}
        for start, (cost, breaks) in best.items():
            for end in range(start + 1, n + 1):
                wide = units.width(start, end)
                if wide > limit:
                    break
                total = cost + (1 - wide / limit) ** 2 + (units.break_cost(end) if end < n else 0.0)
                if end not in reached or total < reached[end][0]:
                    reached[end] = (total, (*breaks, end))
        best = reached
    return list(best[n][1])
