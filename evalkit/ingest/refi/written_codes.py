"""The rows of a codebook in, a tree of codes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evalkit.ingest.casebook.values import half_width
from evalkit.ingest.refi.codes import KEPT
from evalkit.ingest.refi.markup import Lines
from evalkit.ingest.refi.particulars import described


def write_codes(lines: Lines, codes: Sequence[Mapping[str, Any]], guid: Callable[[str, str], str]) -> None:
    """The codes, those below a code inside it. A code without a name has its id as its name."""
    known = {row["code_id"] for row in codes}
    below: dict[str | None, list[Mapping[str, Any]]] = {}
    for row in codes:
        parent = row.get("parent_id")
        below.setdefault(parent if parent in known else None, []).append(row)
    names = {row["code_id"]: str(row.get("name", row["code_id"])) for row in codes}
    shared = Counter(as_id(name) for name in names.values())
    lines.open("Codes")
    waiting: list[Mapping[str, Any] | None] = list(reversed(below.get(None, [])))
    while waiting:
        row = waiting.pop()
        if row is None:
            lines.close()
            continue
        code = row["code_id"]
        kept = {name: row[name] for name in KEPT if name in row and (name, row[name]) != ("status", "active")}
        if as_id(names[code]) != code or shared[as_id(names[code])] > 1:
            kept = {"code_id": code} | kept
        codable = "true" if row.get("status", "active") == "active" else "false"
        lines.open("Code", guid=guid("code", code), name=names[code], isCodable=codable)
        text = described(str(row.get("definition", "")), kept)
        if text:
            lines.text("Description", text)
        waiting += [None, *reversed(below.get(code, []))]
    lines.close()


def as_id(name: str) -> str:
    """The id that a reader makes of a name."""
    return " ".join(half_width(name).split())
