"""Columns of cases and sources in, variables and cases of a project out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from evalkit.ingest.refi.export import Export, rows
from evalkit.ingest.refi.markup import Lines
from evalkit.ingest.refi.particulars import described
from evalkit.ingest.refi.written_codes import as_id

_FLAGS = ("held_out", "quotable")
_OWN = {"sources": ("source_id", "path", "sha256", "n_chars"), "cases": ("case_id", "label")}
"""Columns that have another place."""


def is_memo(frame: pd.DataFrame) -> bool:
    """Whether a column `memo` holds texts: those are descriptions."""
    return "memo" in frame and not pd.api.types.is_numeric_dtype(frame["memo"])


class Variables:
    """The variables of cases and sources: one for each name and type."""

    def __init__(self, export: Export) -> None:
        self._export = export
        book = export.book
        self.of = {name: dict(self._kinds(name, book.frame(name))) for name in ("cases", "sources")}
        if book.tables["cases"].given:
            self.of["sources"].pop("case_id", None)

    def _kinds(self, sheet: str, frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
        for column in map(str, frame.columns):
            own = column in _OWN[sheet] or (column == "memo" and is_memo(frame))
            if own or not frame[column].notna().any():
                continue
            number = pd.api.types.is_numeric_dtype(frame[column])
            yield column, "Boolean" if column in _FLAGS else "Float" if number else "Text"

    def _guid(self, name: str, kind: str) -> str:
        return self._export.guid("variable", f"{kind}:{name}")

    def write(self, lines: Lines) -> None:
        known = dict.fromkeys(pair for kinds in self.of.values() for pair in kinds.items())
        if known:
            lines.open("Variables")
            for name, kind in known:
                lines.empty("Variable", guid=self._guid(name, kind), name=name, typeOfVariable=kind)
            lines.close()

    def write_values(self, lines: Lines, sheet: str, row: Mapping[str, Any]) -> None:
        for name, kind in self.of[sheet].items():
            if name in row:
                lines.open("VariableValue")
                lines.empty("VariableRef", targetGUID=self._guid(name, kind))
                lines.text(f"{kind}Value", _value(row[name], kind))
                lines.close()


def _value(value: Any, kind: str) -> str:
    if kind == "Boolean":
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    number = Decimal(repr(float(value)))  # a decimal has no exponent
    return f"{number:f}".removesuffix(".0")


def write_cases(lines: Lines, export: Export, variables: Variables) -> None:
    """The cases with their sources; a case without a label has its id as its name."""
    cases = rows(export.book.cases)
    if not cases:
        return
    of: dict[str, list[str]] = {}
    for row in rows(export.book.sources):
        of.setdefault(row.get("case_id", ""), []).append(row["source_id"])
    names = {row["case_id"]: str(row.get("label", row["case_id"])) for row in cases}
    shared = Counter(as_id(name) for name in names.values())
    memos = is_memo(export.book.cases)
    lines.open("Cases")
    for row in cases:
        case = row["case_id"]
        told = as_id(names[case]) != case or shared[as_id(names[case])] > 1
        lines.open("Case", guid=export.guid("case", case), name=names[case])
        text = described(row.get("memo", "") if memos else "", {"case_id": case} if told else {})
        if text:
            lines.text("Description", text)
        variables.write_values(lines, "cases", row)
        for source in of.get(case, []):
            lines.empty("SourceRef", targetGUID=export.guid("source", source))
        lines.close()
    lines.close()
