"""Workbooks typed by hand: titles, headers on several rows, units, ticks, 同上, subtotals and notes."""

from __future__ import annotations

import dataclasses
import re
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.answers import NUMBER
from evalkit.ingest.dialects.hand_rows import rows_aside, units_of
from evalkit.ingest.dialects.headings import chains, header_rows, headings
from evalkit.ingest.dialects.ticks import TICKS, bare, respell, ticker
from evalkit.ingest.dittos import DITTOS
from evalkit.ingest.layout import ByHand, Guess, HeaderColumn, Layout, used_texts
from evalkit.ingest.meta import meta_name
from evalkit.ingest.rows import sort_rows
from evalkit.ingest.units import unit_in
from evalkit.ingest.wording import clean, loose, tidy

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

NAME = "hand_typed"
MARKS = MappingProxyType(
    {
        "(跳过)": "not_asked",
        "跳过": "not_asked",
        "不适用": "not_applicable",
        "拒答": "refused",
        "拒绝回答": "refused",
        "(空)": "no_answer",
        "未答": "no_answer",
        "未填": "no_answer",
        "未填写": "no_answer",
        "漏填": "no_answer",
        "缺失": "no_answer",
        "/": "no_answer",
        "-": "no_answer",
        "—": "no_answer",
        "--": "no_answer",
        "——": "no_answer",
    }
)
"""What people write where there is no answer; an option of the same wording comes first."""
_MARKS = frozenset("√✓✔☑✅○●◯")
_OTHER = re.compile(r"^其他|^其它|^other", re.IGNORECASE)
_PLACE = re.compile(r"(?:社区|居委会|村委会|村|街道|小区|网格|片区|镇|乡|组)$")
_CLEAR, _SURE, _WEAK = 0.9, 0.8, 0.3


def detect(sheet: Sheet, file_name: str) -> Guess:
    """What a hand leaves behind and no platform writes; one sign is enough, a title above the header is not."""
    if len(sheet.rows) < 2 or not sheet.columns:
        return Guess(NAME, 0.0)
    rows = header_rows(sheet, frozenset())
    aside = rows_aside(sheet, rows)
    signs = []
    if len(rows) > 1:
        signs.append(f"{sheet.rows[rows[0]]}-{sheet.rows[rows[-1]]}")
    for reason in ("unit", "note", "header"):
        row = next((k for k, why in aside.items() if why == reason), None)
        if row is not None:
            signs.append(next(text for k in range(len(sheet.columns)) if (text := tidy(sheet.text(row, k)))))
    for marks in (DITTOS, _MARKS):
        found = _first_cell(sheet, marks, rows[-1])
        if found:
            signs.append(found)
    if _PLACE.search(tidy(sheet.name)):
        signs.append(sheet.name)
    if not signs:
        return Guess(NAME, _WEAK if rows[0] else 0.0)
    return Guess(NAME, _CLEAR if len(signs) > 1 else _SURE, tuple(signs))


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """The header wherever it stands, on one to three rows; every row that is no answer is set aside with its reason.

    Parameters
    ----------
    wanted : frozenset of str
        Normalised ids and wordings of the instrument; they tell headings over a question from headings of sections.
    """
    rows = header_rows(sheet, wanted)
    aside = rows_aside(sheet, rows)
    found = chains(sheet, rows)
    meta: dict[int, str] = {}
    for k, chain in enumerate(found):
        name = meta_name(chain[-1]) if chain else None
        if name and name not in meta.values():
            meta[k] = name
    asked = [k for k, chain in enumerate(found) if chain and k not in meta]
    columns = tuple(
        HeaderColumn(k, sheet.columns[k].letter, header, group)
        for k, (header, group) in zip(asked, headings([found[k] for k in asked], wanted), strict=True)
    )
    units = {k: unit for k in asked if (unit := unit_in(found[k][-1])[1])}
    for row in (k for k, why in aside.items() if why == "unit"):
        units = units_of(sheet, row) | units
    layout = Layout(
        NAME,
        rows[-1],
        columns,
        MappingProxyType(meta),
        tuple("—".join(chain) for chain in found),
        by="code",
        lists="spread",
        marks=MARKS,
        hand=ByHand(MappingProxyType(aside), MappingProxyType(units)),
    )
    return layout if wanted else _with_ticks(sheet, layout)


def _with_ticks(sheet: Sheet, layout: Layout) -> Layout:
    """Columns of options respelt as ticks, for drafting; subtotals and printed headers between them do not count."""
    others = np.ones(len(sheet.rows), dtype=bool)
    others[: layout.header_row + 1] = False
    others[sort_rows(sheet, layout)[0]] = False
    columns = tuple(dataclasses.replace(c, index=np.where(others, 0, c.index)) for c in sheet.columns)
    answers, respelt = dataclasses.replace(sheet, columns=columns), {}
    for _, group in groupby(layout.columns, key=lambda column: column.group):
        question = list(group)
        if _are_options(answers, layout, question):
            respelt |= {
                c.position: respell(answers.columns[c.position], layout.header_row, ticker(c.header.part))
                for c in question
            }
    return dataclasses.replace(layout, respelt=MappingProxyType(respelt))


def _are_options(sheet: Sheet, layout: Layout, group: list[HeaderColumn]) -> bool:
    """Whether the columns of one question are ticked where they apply; under 其他 people write what they mean."""
    if len(group) < 2 or not all(column.header.splits for column in group):
        return False
    closed = [column for column in group if not _OTHER.search(column.header.part)]
    held = [{bare(t) for t in used_texts(sheet, c.position, layout.data_rows) if clean(t)} for c in closed]
    ticked = [texts <= TICKS | {loose(c.header.part)} for c, texts in zip(closed, held, strict=True)]
    return any(held) and all(ticked)


def _first_cell(sheet: Sheet, marks: frozenset[str], header: int) -> str:
    """The first cell below the header that holds one of these marks, as `C5 √`."""
    for column in sheet.columns:
        wanted = np.array([0 < len(text) <= 4 and clean(text) in marks for text in column.distinct])
        if wanted.any():
            rows = np.flatnonzero(wanted[column.index] & (column.kinds != NUMBER))
            rows = rows[rows > header]
            if len(rows):
                text = column.distinct[column.index[rows[0]]].strip()
                return f"{column.letter}{sheet.rows[rows[0]]} {text}"
    return ""
