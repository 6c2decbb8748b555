"""The header of an SPSS or Stata file in; how much it says it holds, and whether the file can hold that, out.

The library makes room for all rows a header declares before it reads the first one, slows down by the square of the
number of variables, and runs in this program: so headers are held against the size of the file first.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

EASY = 600 << 20
"""Bytes up to which a file is read at once; one that may need more is first tried in a process with a limit."""
_LONG = 255
"""Width from which a text of SPSS is stored as several variables."""
_STATA_K = re.compile(
    rb"<release>(\d{3})</release><byteorder>(LSF|MSF)</byteorder><K>(.{2,4}?)</K>(?:<N>(.{4,8}?)</N>)?", re.DOTALL
)
_MOST_BYTES = 1 << 24
_RECORDS = frozenset([3, 4, 6, 7, 999])
"""What may follow where no variable does."""
_DEFLATED = 1032
"""What deflate packs into one byte at most."""
_TEXT_BYTES = 72
"""Of a text in memory, without its letters."""


@dataclass(frozen=True)
class Declared:
    """What a header says: `columns` (texts of SPSS beyond 255 bytes count 0), `rows` (-1 where it is
    silent), bytes it may `need` in memory, and whether a file of this size `holds` it."""

    columns: int
    rows: int
    need: int
    holds: bool

    @property
    def easy(self) -> bool:
        return self.need <= EASY


def declared(path: Path, form: str, most: int) -> Declared | None:
    """What a file of format `sav` or `dta` declares; None where it has no such header. Counting ends beyond `most`."""
    size = path.stat().st_size
    with open(path, "rb") as stream:
        head = stream.read(512 if form == "dta" else _MOST_BYTES)
    return _stata(head, size) if form == "dta" else _spss(head, size, most)


def _stata(head: bytes, size: int) -> Declared | None:
    found = _STATA_K.search(head)
    if found:
        order = "little" if found[2] == b"LSF" else "big"
        columns, rows = (int.from_bytes(found[k] or b"", order) for k in (3, 4))
        if found[4] is None:
            return Declared(columns, 0, 0, False)
    elif head.startswith(b"<") or len(head) < 10:
        return None
    else:
        order = "little" if head[1:2] == b"\x02" else "big"  # formats up to 115
        columns, rows = int.from_bytes(head[4:6], order), int.from_bytes(head[6:10], order)
    return Declared(columns, rows, rows * columns * _TEXT_BYTES, rows * columns <= size)


def _spss(head: bytes, size: int, most: int) -> Declared | None:
    """Walk the records of variables; any other record ends them."""
    if len(head) < 176:
        return None
    order = "<" if head[64:68] in (b"\x02\0\0\0", b"\x03\0\0\0") else ">"
    packed, _, rows = struct.unpack_from(f"{order}3i", head, 72)
    record = struct.Struct(f"{order}4i")
    at, columns, texts, parts = 176, 0, 0, 0
    while columns <= most and at + 32 <= len(head):
        kind, width, labelled, missing = record.unpack_from(head, at)
        if kind != 2:
            break
        parts += 1  # eight bytes of a row; the parts of a text after the first have width -1
        columns += 0 <= width < _LONG
        texts += width > 0
        at += 32
        if labelled == 1 and at + 4 <= len(head):
            at += 4 + max(0, struct.unpack_from(f"{order}i", head, at)[0] + 3) // 4 * 4
        at += 8 * min(abs(missing), 3)
    if not parts:
        follows = struct.unpack_from(f"{order}i", head, 176)[0] if len(head) >= 180 else 0
        return Declared(0, 0, 0, True) if follows in _RECORDS else None
    # A packed value takes a byte at least, one in a deflated file a part of that.
    room = size * (_DEFLATED if head[:4] == b"$FL3" else 1) // (1 if packed else 8)
    holds = rows * parts <= room
    most_rows = rows if rows >= 0 else room // parts
    # What the letters take stands in the file, eight times as much where blanks are packed.
    letters = min(8 * room if packed else size, 8 * most_rows * parts) if texts else 0
    return Declared(columns, rows, most_rows * (8 * columns + _TEXT_BYTES * texts) + letters, holds)
