"""SPSS and Stata files: one column a variable, found by name or label; what the user declared missing is typed."""

from __future__ import annotations

import dataclasses
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from evalkit.ingest.headers import Header, parse_header
from evalkit.ingest.labelled import mark_of, marked, ticked
from evalkit.ingest.layout import Guess, HeaderColumn, Layout, header_texts
from evalkit.ingest.meta import meta_name

if TYPE_CHECKING:
    from evalkit.sheets import Column, Sheet

NAME = "statistics"
_CUT = re.compile(r"[:：]")


def detect(sheet: Sheet, file_name: str) -> Guess:
    """Only such files describe their variables."""
    described = [column.described for column in sheet.columns if column.described]
    if not described:
        return Guess(NAME, 0.0)
    labels, values = sum(bool(one.label) for one in described), sum(bool(one.values) for one in described)
    missing = sum(bool(one.missing) for one in described)
    return Guess(NAME, 1.0, (f"variable labels: {labels}", f"value labels: {values}", f"user-missing: {missing}"))


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Names in the first row, wordings in the descriptions.

    Parameters
    ----------
    wanted : frozenset of str
        Without an instrument (empty) every variable is a question; with one, names such as `submitted_at` are meta.
    """
    headers = header_texts(sheet, 0)
    names = {k: meta_name(text) for k, text in enumerate(headers)} if wanted else {}
    meta: dict[int, str] = {}
    for position, name in names.items():
        if name and name not in meta.values():
            meta[position] = name
    columns = tuple(
        HeaderColumn(k, column.letter, _header(headers[k], column), k)
        for k, column in enumerate(sheet.columns)
        if k not in meta and headers[k]
    )
    marks: dict[str, str] = {}
    for column in sheet.columns:
        if column.described:
            marks |= dict(mark_of(text, column.described) for text in column.described.missing)
    respelt = {k: ticked(marked(column)) for k, column in enumerate(sheet.columns) if column.described}
    return Layout(
        NAME, 0, columns, MappingProxyType(meta), headers, "code", "either", MappingProxyType(marks),
        MappingProxyType(respelt),
    )  # fmt: skip


def _header(name: str, column: Column) -> Header:
    """The name is the text, the label what is compared with wordings; a colon may part question and option."""
    label = column.described.label if column.described else ""
    header = parse_header(label or name)
    cuts = [(header.body[: m.start()].strip(), header.body[m.end() :].strip()) for m in _CUT.finditer(header.body)]
    splits = (*header.splits, *((stem, part) for stem, part in cuts if stem and part))
    return dataclasses.replace(header, text=name, number=None, splits=splits)
