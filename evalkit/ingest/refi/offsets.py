"""Positions as a project's writer counted them in, offsets into the text out.

The standard counts characters of the text, the first being 0, the end exclusive. Writers differ: a line break of two
characters may count as one or two, a byte order mark may count, and programs that hold text as UTF-16 count an emoji
twice. The names of selections, mostly their text, tell which way it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

_LF, _CR, _ASTRAL = 0x0A, 0x0D, 0xFFFF
_SHORTENED = ("…", "...")
_BLANKS = 200
"""Blanks more than its name has that a stretch may hold, to be compared with it."""
_TRIED = 5000
_LONG = 20
"""Signs from which on a name that breaks off without a mark tells its stretch, too."""
_FEW = 3
"""Signs that a shortened name must show at least, before it can be told from chance."""


@dataclass(frozen=True)
class Way:
    """One way to count.

    Attributes
    ----------
    breaks : str
        A line break counts `stored` as many characters as the file has, `one` or `two`.
    mark : bool
        A byte order mark counts.
    utf16 : bool
        A character beyond U+FFFF counts two.
    """

    breaks: Literal["stored", "one", "two"] = "stored"
    mark: bool = False
    utf16: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """What is said of it: keys `refi.way.<part>` of the catalogue."""
        return (self.breaks, *(("mark",) if self.mark else ()), *(("utf16",) if self.utf16 else ()))


WAYS = (
    Way(),
    Way("one"),
    Way("two"),
    Way(mark=True),
    Way(utf16=True),
    *(Way(breaks, mark, True) for breaks in ("one", "two") for mark in (False, True)),
    *(Way(breaks, True, False) for breaks in ("one", "two")),
    Way("stored", True, True),
)
"""In the order in which they are tried."""


@dataclass(frozen=True, eq=False)
class Stored:
    """A text as stored.

    Attributes
    ----------
    text : str
        LF, no byte order mark.
    marked : bool
        It had a byte order mark.
    breaks : tuple of int
        Places in `text` of line breaks that were CR LF; None: none known, for XML makes one of two.
    """

    text: str
    marked: bool = False
    breaks: np.ndarray | None = None

    @classmethod
    def of(cls, raw: str) -> Stored:
        """A text as it was decoded."""
        marked = raw.startswith("\ufeff")
        raw = raw.removeprefix("\ufeff")
        if "\r" not in raw:
            return cls(raw, marked)
        codes = _codes(raw)
        double = np.flatnonzero((codes[:-1] == _CR) & (codes[1:] == _LF))
        text = raw.replace("\r\n", "\n").replace("\r", "\n")
        return cls(text, marked, double - np.arange(len(double)))

    def offsets(self, positions: np.ndarray, way: Way) -> np.ndarray:
        """Offsets into the text of positions counted that way; nan for one inside a pair or out of the text."""
        wide = self._wide(way)
        found = positions.astype(float) - (way.mark and self.marked)
        before = np.searchsorted(wide + np.arange(len(wide)), found, side="left")
        inside = np.zeros(len(found), dtype=bool)
        if len(wide):
            last = np.maximum(before - 1, 0)
            inside = (before > 0) & (wide[last] + last + 1 == found)
        found -= before
        return np.where(inside | (found < 0) | (found > len(self.text)), np.nan, found)

    def _wide(self, way: Way) -> np.ndarray:
        """Places of the characters that count two."""
        parts = []
        if way.breaks == "two":
            parts.append(np.flatnonzero(_codes(self.text) == _LF))
        elif way.breaks == "stored" and self.breaks is not None:
            parts.append(self.breaks)
        if way.utf16 and not self.text.isascii():
            parts.append(np.flatnonzero(_codes(self.text) > _ASTRAL))
        return np.sort(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)


def _codes(text: str) -> np.ndarray:
    """Code point of every character."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


@dataclass(frozen=True, eq=False)
class Marked:
    """Stretches of one text, as stated.

    Attributes
    ----------
    starts, ends : int arrays
    names : sequence of str
        What the writer calls each stretch; empty where it does not.
    """

    stored: Stored
    starts: np.ndarray
    ends: np.ndarray
    names: Sequence[str]


@dataclass(frozen=True, eq=False)
class Placed:
    """How the positions of a project are counted, and where they lie.

    Attributes
    ----------
    spans : list of (starts, ends)
        One pair of arrays a text; nan where a position cannot be one of the text.
    fits : list of bool arrays
        Whether the name is the stretch's text.
    n_equal, n_named : int
        Stretches whose name is their text, and stretches with a name.
    """

    way: Way
    spans: list[tuple[np.ndarray, np.ndarray]]
    fits: list[np.ndarray]
    n_equal: int
    n_named: int


def place(marked: Sequence[Marked]) -> Placed:
    """The first of the ways by which most names are the text of their stretch and most positions lie in it.

    Of many stretches the other ways are tried on `_TRIED` that fit the standard and `_TRIED` that do not, each sort
    evenly chosen and counting for all of its sort.
    """
    standard = _placed(WAYS[0], marked)
    out = sum((~(starts < ends)).sum() for starts, ends in standard.spans)
    if standard.n_equal == standard.n_named and not out:
        return standard
    tried, steps = _chosen(marked, standard.fits)
    best: tuple[tuple[int, int], Way] | None = None
    seen = set()
    for way in WAYS:
        spans = [(one.stored.offsets(one.starts, way), one.stored.offsets(one.ends, way)) for one in tried]
        same = b"".join(part.tobytes() for span in spans for part in span)
        if same in seen:
            continue  # without CR LF, marks or emoji several ways are one
        seen.add(same)
        n_equal = n_out = 0
        for one, step, span in zip(tried, steps, spans, strict=True):
            n_equal += int((_fits(one, *span) * step).sum())
            n_out += int((~(span[0] < span[1]) * step).sum())
        if best is None or (n_equal, -n_out) > best[0]:
            best = ((n_equal, -n_out), way)
    return standard if best is None or best[1] == WAYS[0] else _placed(best[1], marked)


def _placed(way: Way, marked: Sequence[Marked]) -> Placed:
    spans = [(one.stored.offsets(one.starts, way), one.stored.offsets(one.ends, way)) for one in marked]
    fits = [_fits(one, *span) for one, span in zip(marked, spans, strict=True)]
    n_named = sum(bool(name) for one in marked for name in one.names)
    return Placed(way, spans, fits, int(sum(f.sum() for f in fits)), n_named)


def _chosen(marked: Sequence[Marked], fits: Sequence[np.ndarray]) -> tuple[list[Marked], list[np.ndarray]]:
    """Some stretches of each text, and for how many each of them counts."""
    fitting = int(sum(f.sum() for f in fits))
    steps = [1 + n // _TRIED for n in (sum(map(len, fits)) - fitting, fitting)]
    passed = [0, 0]
    found, counts = [], []
    for one, fit in zip(marked, fits, strict=True):
        taken = []
        for sort, step in enumerate(steps):
            rows = np.flatnonzero(fit == bool(sort))
            taken.append(rows[(np.arange(len(rows)) + passed[sort]) % step == 0])
            passed[sort] += len(rows)
        rows = np.concatenate(taken)
        found.append(Marked(one.stored, one.starts[rows], one.ends[rows], [one.names[k] for k in rows.tolist()]))
        counts.append(np.repeat(steps, [len(part) for part in taken]))
    return found, counts


def _fits(one: Marked, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    text = one.stored.text
    return np.array(
        [
            bool(name) and a < b and says(name, text, int(a), int(b))
            for name, a, b in zip(one.names, starts.tolist(), ends.tolist(), strict=True)
        ],
        dtype=bool,
    )


def says(name: str, text: str, start: int, end: int) -> bool:
    """Whether a name is the text of its stretch; blanks and shortening apart, for XML and writers change them."""
    if len(name) == end - start and text.startswith(name, start):
        return True
    near = min(end, start + 2 * len(name) + _BLANKS)  # a stretch may be a whole book: its start tells enough
    told, stretch = _folded(name), _folded(text[start:near])
    if (told == stretch and near == end) or (len(told) >= _LONG and stretch.startswith(told)):
        return True
    for mark in _SHORTENED:
        begun = told.removesuffix(mark).rstrip()
        if told.endswith(mark) and len(begun) >= _FEW and stretch.startswith(begun):
            return True
    return False


def whole_name(name: str) -> str:
    """A name that could be the whole text of its stretch; empty for a shortened one."""
    return "" if name.rstrip().endswith(_SHORTENED) else name


_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def _folded(text: str) -> str:
    """Without what XML cannot hold, every run of blanks one."""
    return " ".join(_UNWRITABLE.sub("", text).split())
