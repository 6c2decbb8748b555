"""Qualtrics: names, question texts and, in newer exports, a row of `{"ImportId":"QID1"}` stand above the data.

Columns are told by the first row or the ImportId, never by the second row, which is in the reader's language.
"""

from __future__ import annotations

import dataclasses
import json
import re
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.dialects.ticks import ticked_columns
from evalkit.ingest.headers import Header, parse_header
from evalkit.ingest.layout import Guess, HeaderColumn, Layout, header_texts
from evalkit.ingest.meta import moments_in_time
from evalkit.ingest.wording import clean, normal, tidy

if TYPE_CHECKING:
    from evalkit.sheets import Column, Sheet

NAME = "qualtrics"

_META = MappingProxyType(
    {
        "StartDate": "started_at",
        "EndDate": "submitted_at",
        "Status": "status",
        "IPAddress": "ip",
        "Progress": "progress",
        "Duration (in seconds)": "duration_s",
        "Finished": "finished",
        "RecordedDate": "recorded_at",
        "ResponseId": "respondent_id",
        "RecipientLastName": "last_name",
        "RecipientFirstName": "first_name",
        "RecipientEmail": "email",
        "ExternalReference": "custom_field",
        "LocationLatitude": "latitude",
        "LocationLongitude": "longitude",
        "LocationAccuracy": "location_accuracy",
        "DistributionChannel": "channel",
        "UserLanguage": "language",
    }
)
_LEGACY = MappingProxyType(
    {
        "ResponseID": "respondent_id",
        "ResponseSet": "release",
        "Name": "nickname",
        "ExternalDataReference": "custom_field",
        "Email": "email",
        "EmailAddress": "email",
        "IPAddress": "ip",
        "Status": "status",
        "StartDate": "started_at",
        "EndDate": "submitted_at",
        "Finished": "finished",
        "LocationLatitude": "latitude",
        "LocationLongitude": "longitude",
    }
)
_IMPORTED = MappingProxyType(
    {
        "startDate": "started_at",
        "endDate": "submitted_at",
        "status": "status",
        "ipAddress": "ip",
        "progress": "progress",
        "duration": "duration_s",
        "finished": "finished",
        "recordedDate": "recorded_at",
        "_recordId": "respondent_id",
        "recipientLastName": "last_name",
        "recipientFirstName": "first_name",
        "recipientEmail": "email",
        "externalDataReference": "custom_field",
        "locationLatitude": "latitude",
        "locationLongitude": "longitude",
        "distributionChannel": "channel",
        "userLanguage": "language",
    }
)
_MARKS = MappingProxyType({"-99": "no_answer"})
_TEXT = re.compile(r"^(.+?)(?:_(\d+))?_TEXT$")
_TAG = re.compile(r"<[^<>]{1,400}>")
_CUT = re.compile(r"\s[-–]\s")
_ALL = (" - Selected Choice", " - 已选选项", " - 所选选项")


def detect(sheet: Sheet, file_name: str) -> Guess:
    """The third row's ImportIds, or the names of the platform's own columns."""
    rows = _heads(sheet)
    ids = [text for text in rows[2] if '"ImportId"' in text]
    named = [text for text in rows[0] if text in _META]
    old = [text for text in rows[1] if text in _LEGACY]
    if ids and len(ids) >= 0.5 * sum(bool(text) for text in rows[0]):
        return Guess(NAME, 0.99, (ids[0], *named))
    if len(named) >= 4:
        return Guess(NAME, 0.95, tuple(named))
    if len(old) >= 5 and rows[0][0] == "V1":
        return Guess(NAME, 0.95, tuple(old))
    return Guess(NAME, 0.0)


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Three, two or one header rows; -99 is a question that was seen and not answered."""
    names, texts, ids = _heads(sheet)
    keys = [_import_id(text) for text in ids]
    rows = 3 if any(keys) else 2 if _is_second_header(names, texts) else 1
    keys = keys if rows == 3 else [""] * len(names)
    texts = texts if rows > 1 else [""] * len(names)
    meta: dict[int, str] = {}
    for k, name in enumerate(names):
        own = _META.get(name) or _IMPORTED.get(keys[k]) or (_LEGACY.get(texts[k]) if re.match(r"^V\d", name) else None)
        if own and own not in meta.values():
            meta[k] = own
    asked = [k for k, name in enumerate(names) if name and k not in meta]
    headers = [_header(names[k], texts[k], keys[k], wanted) for k in asked]
    groups = _groups([names[k] for k in asked])
    at = {names[k]: k for k in asked}
    columns = tuple(
        HeaderColumn(k, sheet.columns[k].letter, header, group, _owner(names[k], at))
        for k, header, group in zip(asked, headers, groups, strict=True)
    )
    columns = tuple(sorted(columns, key=lambda column: column.beside >= 0))
    respelt: dict[int, Column] = {}
    for _, group in groupby(columns, key=lambda column: column.group):
        respelt |= ticked_columns(sheet, rows - 1, list(group))
    return Layout(
        NAME, rows - 1, columns, MappingProxyType(meta), tuple(names), "code", "either", _MARKS,
        MappingProxyType(respelt),
    )  # fmt: skip


def _heads(sheet: Sheet) -> tuple[list[str], list[str], list[str]]:
    rows = [[tidy(t) for t in header_texts(sheet, k)] if k < len(sheet.rows) else [] for k in range(3)]
    return rows[0], rows[1] or [""] * len(rows[0]), rows[2] or [""] * len(rows[0])


def _import_id(text: str) -> str:
    """`QID20_3` of `{"ImportId":"QID20_3"}`; empty for a cell that is none."""
    if '"ImportId"' not in text:
        return ""
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    value = found.get("ImportId") if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def _is_second_header(names: list[str], texts: list[str]) -> bool:
    """Whether the second row is no respondent: its start is no moment in time."""
    at = next((k for k, name in enumerate(names) if name in ("StartDate", "EndDate")), None)
    if at is None:
        return any(text in _LEGACY for text in texts)
    return bool(np.isnat(moments_in_time([texts[at]]))[0]) and bool(texts[at])


def _header(name: str, text: str, key: str, wanted: frozenset[str]) -> Header:
    """The key where the instrument knows it, else the name; the question text is what wordings are compared with."""
    words = clean(_TAG.sub(" ", text))
    for end in _ALL:
        words = words.removesuffix(end)
    body = parse_header(words or name)
    cuts = [(words[: m.start()].strip(), words[m.end() :].strip()) for m in _CUT.finditer(words)]
    splits = (*((stem, part) for stem, part in reversed(cuts) if stem and part), *body.splits)
    known = key if key and normal(key) in wanted else name
    return dataclasses.replace(body, text=known, number=None, splits=splits, bracketed=bool(splits))


def _groups(names: list[str]) -> list[int]:
    """Columns of one question: `Q2_1`, `Q2_2`; a text beside an option is a group of its own."""
    stems: dict[str, int] = {}
    return [stems.setdefault(n if n.endswith("_TEXT") else re.sub(r"_\d+$", "", n), len(stems)) for n in names]


def _owner(name: str, at: dict[str, int]) -> int:
    """Position of the column beside which a `_TEXT` column was written: `Q2_4_TEXT` belongs to `Q2_4`, else to `Q2`."""
    found = _TEXT.match(name)
    if not found:
        return -1
    option = f"{found[1]}_{found[2]}" if found[2] else found[1]
    return at.get(option, at.get(found[1], -1))
