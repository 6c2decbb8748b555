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
from evalkit.ingest.targets import choice_column, choice_text
from evalkit.ingest.wording import normal

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
    asked = [k for k in range(len(sheet.columns)) if k not in meta and headers[k]]
    sets = _headers_of_sets(sheet, headers, asked, wanted)
    columns = tuple(
        HeaderColumn(k, sheet.columns[k].letter, sets.get(k) or _header(headers[k], sheet.columns[k]), k) for k in asked
    )
    marks: dict[str, str] = {}
    for column in sheet.columns:
        if column.described:
            marks |= dict(mark_of(text, column.described) for text in column.described.missing)
    respelt = {k: ticked(marked(column)) for k, column in enumerate(sheet.columns) if column.described}
    return Layout(
        NAME, 0, columns, MappingProxyType(meta), headers, "code", "sets", MappingProxyType(marks),
        MappingProxyType(respelt),
    )  # fmt: skip


def _headers_of_sets(
    sheet: Sheet, headers: tuple[str, ...], asked: list[int], wanted: frozenset[str]
) -> dict[int, Header]:
    """Headings of the variables of a multiple response that the instrument asks: its question, then the option.

    A variable that the instrument itself has by name, or of an option by id, is left to its name.
    """
    groups: dict[str, list[int]] = {}
    for k in asked:
        said = sheet.columns[k].described
        if said is not None and said.group and normal(headers[k]) not in wanted:
            groups.setdefault(said.group, []).append(k)
    found = {}
    for name, positions in groups.items():
        first = sheet.columns[positions[0]].described
        label = first.group_label if first else ""
        if wanted.isdisjoint({normal(name), normal(label)}):
            continue
        for number, k in enumerate(positions, 1):
            found[k] = _in_set(name, label, headers[k], sheet.columns[k], number)
    return found


def _in_set(name: str, label: str, own: str, column: Column, number: int) -> Header:
    """The heading of one variable of a set; its id too, where the name of the set and a number make one."""
    said = column.described
    stem = label or name
    if said is not None and not said.counted:
        header = parse_header(f"{stem}—{choice_text(number)}")
        return dataclasses.replace(header, text=choice_column(name, number), number=None)
    wording = (said.label if said else "").removeprefix(label).lstrip("：: ")
    end = re.fullmatch(rf"{re.escape(name)}_?(\d+)", own, re.IGNORECASE)
    header = parse_header(f"{stem}—{wording or own}")
    return dataclasses.replace(header, text=f"{name}__{end[1]}" if end else own, number=None)


def _header(name: str, column: Column) -> Header:
    """The name is the text, the label what is compared with wordings; a colon may part question and option."""
    label = column.described.label if column.described else ""
    header = parse_header(label or name)
    cuts = [(header.body[: m.start()].strip(), header.body[m.end() :].strip()) for m in _CUT.finditer(header.body)]
    splits = (*header.splits, *((stem, part) for stem, part in cuts if stem and part))
    return dataclasses.replace(header, text=name, number=None, splits=splits)
