"""The first bytes of an SPSS or Stata file in, its number of variables out: the library slows down by its square."""

from __future__ import annotations

import re
import struct
from pathlib import Path

_LONG = 255
"""Width from which a text of SPSS is stored as several variables."""
_STATA_K = re.compile(rb"<release>(\d{3})</release><byteorder>(LSF|MSF)</byteorder><K>(.{2,4}?)</K>", re.DOTALL)
_MOST_BYTES = 1 << 26


def declared_columns(path: Path, form: str, most: int) -> int:
    """Variables declared, as far as they can be counted; counting ends beyond `most`. Long texts of SPSS count 0."""
    with open(path, "rb") as stream:
        head = stream.read(512 if form == "dta" else _MOST_BYTES)
    return _stata(head) if form == "dta" else _spss(head, most)


def _stata(head: bytes) -> int:
    found = _STATA_K.search(head)
    if found:
        return int.from_bytes(found[3], "little" if found[2] == b"LSF" else "big")
    if head.startswith(b"<"):
        return 0  # damaged: the library says so
    return int.from_bytes(head[4:6], "little" if head[1:2] == b"\x02" else "big")  # formats up to 115


def _spss(head: bytes, most: int) -> int:
    """Walk the records of variables; any other record ends them."""
    order = "<" if head[64:68] in (b"\x02\0\0\0", b"\x03\0\0\0") else ">"
    record = struct.Struct(f"{order}4i")
    at, n = 176, 0
    while n <= most and at + 32 <= len(head):
        kind, width, labelled, missing = record.unpack_from(head, at)
        if kind != 2:
            break
        n += 0 <= width < _LONG
        at += 32
        if labelled == 1 and at + 4 <= len(head):
            at += 4 + (struct.unpack_from(f"{order}i", head, at)[0] + 3) // 4 * 4
        at += 8 * min(abs(missing), 3)
        if at < 176:
            break
    return n
