"""LimeSurvey: headings are codes (`G2Q1[SQ001]`), question texts, or both; answers are codes or texts.

A multiple response has one column an option with Y; `-oth-` is the answer other, whose text stands in `q[other]`. A
ranking has one column a place, `q[1]` or `… [Rank 1]`, that holds the option.
"""

from __future__ import annotations

import dataclasses
import re
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

from evalkit.ingest.dialects.ticks import respell
from evalkit.ingest.headers import Header, parse_header
from evalkit.ingest.layout import Guess, HeaderColumn, Layout, header_texts, used_texts
from evalkit.ingest.wording import clean, normal, tidy

if TYPE_CHECKING:
    from evalkit.sheets import Column, Sheet

NAME = "limesurvey"

_META = MappingProxyType(
    {
        "id": "respondent_id",
        "response id": "respondent_id",
        "submitdate": "submitted_at",
        "date submitted": "submitted_at",
        "lastpage": "last_page",
        "last page": "last_page",
        "startlanguage": "language",
        "start language": "language",
        "seed": "seed",
        "startdate": "started_at",
        "date started": "started_at",
        "datestamp": "recorded_at",
        "date last action": "recorded_at",
        "ipaddr": "ip",
        "ip address": "ip",
        "refurl": "referrer",
        "referrer url": "referrer",
        "token": "user_id",
        "access code": "user_id",
        "interviewtime": "duration_s",
        "total time": "duration_s",
    }
)
_TELLING = frozenset(
    ["submitdate", "lastpage", "startlanguage", "seed", "date submitted", "last page", "start language"]
)
_CODE = re.compile(r"^([A-Za-z][A-Za-z0-9]*)(?:\[([A-Za-z0-9_]+)\])?(?:\.\s+(\S.*))?$", re.DOTALL)
_OTHER = re.compile(r"^(.*?)\s*\[(?:other|其他|其它)\]$", re.IGNORECASE | re.DOTALL)
OTHER = "-oth-"
_YES = frozenset(["y", "yes", "是", "1", ""])
_NO = frozenset(["n", "no", "否", "0"])


def detect(sheet: Sheet, file_name: str) -> Guess:
    """The columns it puts first, and headings such as `G2Q1[SQ001]`."""
    headers = [tidy(text) for text in header_texts(sheet, 0)] if len(sheet.rows) else []
    found = [text for text in headers if text.casefold() in _TELLING]
    coded = [text for text in headers if re.match(r"^[A-Za-z][A-Za-z0-9]*\[\w+\]", text)][:1]
    sure = {0: 0.0, 1: 0.1, 2: 0.7}.get(len(found), 0.97)
    return Guess(NAME, min(0.97, sure + 0.15 * bool(coded)) if sure else 0.0, (*found, *coded) if found else ())


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Header in the first row.

    Parameters
    ----------
    wanted : frozenset of str
        Normalised ids and wordings of the instrument: a subquestion's code may be the id of a row.
    """
    headers = tuple(tidy(text) for text in header_texts(sheet, 0))
    meta: dict[int, str] = {}
    for k, text in enumerate(headers):
        name = _META.get(text.casefold().rstrip("."))
        if name and name not in meta.values():
            meta[k] = name
    columns: list[HeaderColumn] = []
    group, before = -1, ""
    for k in (k for k, text in enumerate(headers) if text and k not in meta):
        header, stem = _header(headers[k], wanted)
        other = _OTHER.match(headers[k])
        group += stem != before
        before = stem
        last = columns[-1] if columns else None
        single = other and last and last.group == group and not last.header.splits
        columns.append(
            HeaderColumn(k, sheet.columns[k].letter, header, group, last.position if single and last else -1)
        )
    respelt: dict[int, Column] = {}
    for _, same in groupby(columns, key=lambda column: column.group):
        respelt |= _other_texts(sheet, list(same))
    ordered = tuple(sorted(columns, key=lambda column: column.beside >= 0))
    return Layout(
        NAME, 0, ordered, MappingProxyType(meta), headers, "code", "ranked", MappingProxyType({}),
        MappingProxyType(respelt), OTHER,
    )  # fmt: skip


def _header(text: str, wanted: frozenset[str]) -> tuple[Header, str]:
    """One heading, and the question it belongs to: `need[1]`, `need[1]. 您需要什么 [停车]`, `您需要什么 [停车]`."""
    found = _CODE.match(text)
    if not found:
        header = parse_header(text)
        return header, header.splits[0][0] if header.splits else text
    code, sub, words = found[1], found[2], found[3]
    header = parse_header(words or text)
    if sub:
        name = sub if normal(sub) in wanted else f"{code}__{sub}"
        splits = tuple(pair for pair in header.splits if words) or ((code, sub),)
        return dataclasses.replace(header, text=name, number=None, splits=splits, bracketed=True), code
    return dataclasses.replace(header, text=code, number=None), code


def _other_texts(sheet: Sheet, group: list[HeaderColumn]) -> dict[int, Column]:
    """The column of the option other, which holds only its text: written beside a tick."""
    boxes = [c for c in group if c.beside < 0 and c.header.splits]
    other = [c for c in boxes if _OTHER.match(tidy(header_texts(sheet, 0)[c.position]))]
    rest = [c for c in boxes if c not in other]
    held = {clean(t).casefold() for c in rest for t in used_texts(sheet, c.position, slice(1, None))}
    if not other or not rest or not held <= _YES | _NO:
        return {}
    column = sheet.columns[other[0].position]
    return {other[0].position: respell(column, 0, lambda text: f"1〖{text.strip()}〗" if clean(text) else text)}
