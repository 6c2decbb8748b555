"""Columns in, a workbook out: the data as a tidy table, and a codebook that says what each column is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Problem
from evalkit.contract.words import text_of
from evalkit.report.data_files.cells import cells, mark_text
from evalkit.report.data_files.fields import DataTable, Field, missing_label, note
from evalkit.sheets import safe_cell, workbook_bytes

HEADS = ("codebook.id", "codebook.wording", "data_file.measure", "codebook.codes", "codebook.missing",
         "data_file.range", "codebook.reverse", "codebook.scale")  # fmt: skip
LONGEST = 32_767
"""UTF-16 units a cell can hold."""


def content(table: DataTable) -> tuple[bytes, tuple[Problem, ...]]:
    """The bytes of the file, the same every time; W747 names columns with texts too long for a cell."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    data = book.create_sheet("data")
    data.freeze_panes = "A2"
    data.append([safe_cell(data, one.name) for one in table.fields])
    columns = [cells(one, table.lang) for one in table.fields]
    for row in zip(*columns, strict=True):
        data.append([safe_cell(data, value) for value in row])
    codes = book.create_sheet("codebook")
    codes.freeze_panes = "A2"
    for letter, width in zip("ABCDEFGH", (22, 48, 10, 48, 30, 12, 14, 30), strict=True):
        codes.column_dimensions[letter].width = width
    for line in _codebook(table):
        codes.append([safe_cell(codes, value) for value in line])
    long = [
        one.name
        for one, column in zip(table.fields, columns, strict=True)
        if any(isinstance(value, str) and len(value.encode("utf-16-le")) // 2 > LONGEST for value in column)
    ]
    return workbook_bytes(book), note("W747", long, longest=LONGEST)


def _codebook(table: DataTable) -> Iterator[list[Any]]:
    lang = table.lang
    yield [text_of(head, lang) for head in HEADS]
    scales = _scales(table)
    for one in table.fields:
        yield [
            one.name,
            one.label,
            text_of(f"data_file.{one.measure}", lang)
            if one.values.dtype.kind != "M"
            else text_of("data_file.date", lang),
            _listed([f"{_code(code)} = {text}" for code, text in one.labels.items() if text], lang),
            _listed([_missing(kind, one, lang) for kind in one.used_kinds], lang),
            _range(one),
            one.variable.reversed_from,
            _listed(scales.get(one.name, []), lang),
        ]
    if table.codebook.decoded_by:
        yield []
        yield [text_of("data_file.decoded_by", lang), table.codebook.decoded_by]


def _missing(kind: str, one: Field, lang: str) -> str:
    cell = text_of("data_file.empty", lang) if kind == "no_answer" else mark_text(kind, lang)
    return f"{cell} = {missing_label(kind, one.own, lang)}"


def _scales(table: DataTable) -> dict[str, list[str]]:
    """Column -> the scales it counts in."""
    found: dict[str, list[str]] = {}
    for scale in table.codebook.scales.values():
        for column in (*scale.columns, *scale.parts):
            found.setdefault(column, []).append(scale.label.text(table.lang))
    return found


def _range(one: Field) -> str:
    low, high = one.variable.low, one.variable.high
    ends = "" if low is None and high is None else f"{_end(low)}–{_end(high)}"
    return f"{ends} {one.variable.unit}".strip()


def _end(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _code(code: float | str) -> str:
    return code if isinstance(code, str) else f"{code:g}"


def _listed(texts: list[str], lang: str) -> str | None:
    return ("；" if lang == "zh" else "; ").join(texts) or None
