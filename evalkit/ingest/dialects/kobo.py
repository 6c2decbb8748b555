"""KoboToolbox and ODK: names or labels behind the path of their groups, several choices in one cell or a column each.

Kobo parts the path with `/`, ODK Central with `-`. Options of a question are `q/option` with 1 and 0. Repeats stand on
sheets of their own: see `ingest.repeats`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

from evalkit.ingest.dialects.moments import plain_times
from evalkit.ingest.headers import Header, parse_header
from evalkit.ingest.layout import Guess, HeaderColumn, Layout, header_texts, used_texts
from evalkit.ingest.wording import clean, normal, tidy

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

NAME = "kobo"

_META = MappingProxyType(
    {
        "start": "started_at",
        "end": "submitted_at",
        "today": "today",
        "deviceid": "agent",
        "phonenumber": "custom_field",
        "username": "user_id",
        "_submitted_by": "user_id",
        "_id": "respondent_id",
        "_uuid": "uuid",
        "_submission_time": "recorded_at",
        "_validation_status": "status",
        "_status": "server_status",
        "_notes": "notes",
        "_tags": "tags",
        "__version__": "form_version",
        "_index": "sequence",
        "meta/instanceid": "instance",
        "meta/rootuuid": "root_uuid",
        "submissiondate": "recorded_at",
        "submitterid": "user_id",
        "submittername": "nickname",
        "key": "uuid",
        "instanceid": "respondent_id",
        "meta-instanceid": "respondent_id",
        "meta-instancename": "instance",
        "attachmentspresent": "attachments_present",
        "attachmentsexpected": "attachments_expected",
        "status": "server_status",
        "reviewstate": "status",
        "edits": "edits",
        "formversion": "form_version",
    }
)
_KOBO = frozenset(["_id", "_uuid", "_submission_time", "_validation_status", "_submitted_by", "__version__", "_index"])
_ODK = frozenset(["submissiondate", "meta-instanceid", "key", "submitterid", "submittername", "formversion"])
_PLACE = re.compile(r"^_.+_(latitude|longitude)$")
_FILL = re.compile(r"^(.+)_fill_(m?\d+(?:_\d+)?|[A-Za-z]\w*)$")
_TICKS = frozenset(["0", "1", "true", "false"])


def detect(sheet: Sheet, file_name: str) -> Guess:
    """How many of the columns Kobo or ODK Central adds are there."""
    headers = [tidy(text) for text in header_texts(sheet, 0)] if len(sheet.rows) else []
    kobo = [text for text in headers if text.casefold() in _KOBO]
    central = [text for text in headers if text.casefold() in _ODK]
    found = kobo if len(kobo) >= len(central) else central
    paths = [text for text in headers if "/" in text][:1]
    sure = {0: 0.0, 1: 0.1, 2: 0.75}.get(len(found), 0.97)
    return Guess(NAME, sure, (*found, *paths) if len(found) > 1 else ())


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Header in the first row.

    Parameters
    ----------
    wanted : frozenset of str
        Normalised ids and wordings of the instrument: they tell where a path ends and whether an option follows.
    """
    headers = tuple(tidy(text) for text in header_texts(sheet, 0))
    marks = "-/" if any(text.casefold() in _ODK - {"key"} for text in headers) else "/"
    meta: dict[int, str] = {}
    for k, text in enumerate(headers):
        place = _PLACE.match(text)
        name = place[1] if place else _META.get(text.casefold())
        if name and name not in meta.values() and normal(text) not in wanted:
            meta[k] = name
    asked = [k for k, text in enumerate(headers) if text and k not in meta]
    lists = _lists(sheet, headers, asked, marks)
    columns: list[HeaderColumn] = []
    group, before = -1, ""
    for k in asked:
        stem, part = _read_path(headers[k], marks, wanted, lists)
        group += not (part and stem == before)
        before = stem if part else ""
        columns.append(HeaderColumn(k, sheet.columns[k].letter, _header(headers[k], stem, part), group))
    layout = Layout(NAME, 0, tuple(columns), MappingProxyType(meta), headers, "code", "either")
    return dataclasses.replace(layout, respelt=MappingProxyType(plain_times(sheet, layout)))


def _cuts(text: str, marks: str) -> Iterator[tuple[str, str]]:
    """The text cut at each mark, the last part longest first."""
    for k, character in enumerate(text):
        if character in marks and text[:k].strip() and text[k + 1 :].strip():
            yield text[:k].strip(), text[k + 1 :].strip()


def _lists(sheet: Sheet, headers: tuple[str, ...], asked: list[int], marks: str) -> frozenset[str]:
    """Paths whose columns are options, judged without an instrument: 0 and 1 only, beside a column of that path."""
    paths = {k: headers[k].rpartition("/")[0] for k in asked}
    found = set()
    for path, positions in groupby(sorted(paths, key=lambda k: (paths[k], k)), key=lambda k: paths[k]):
        group = list(positions)
        texts = {clean(t).casefold() for k in group for t in used_texts(sheet, k, slice(1, None))} - {""}
        if path and texts and texts <= _TICKS and path in headers:
            found.add(path)
    return frozenset(found)


def _read_path(text: str, marks: str, wanted: frozenset[str], lists: frozenset[str]) -> tuple[str, str]:
    """Question and option (may be empty) of one header."""
    whole = [text, *(last for _, last in _cuts(text, marks))]
    known = next((last for last in whole if normal(last) in wanted), "")
    if known:
        return known, ""
    for head, part in _cuts(text, "/"):
        for stem in [head, *(last for _, last in _cuts(head, marks))]:
            if normal(stem) in wanted:
                return stem, part
    path, _, last = text.rpartition("/")
    if path in lists:
        return next(iter([stem for _, stem in _cuts(path, marks)][-1:]), path), last
    return whole[-1], ""


def _header(text: str, stem: str, part: str) -> Header:
    """Names become those of the answers' columns: `need/1` is `need__1`, `need_fill_9` is `need__9__text`."""
    if part:
        header = parse_header(f"{stem} {part}")
        return dataclasses.replace(
            header, text=f"{stem}__{part}", number=None, splits=((stem, part),), bracketed=True, dashed=False
        )
    header = parse_header(stem)
    fill = _FILL.match(stem)
    if fill:
        code = re.sub(r"^m(?=\d)", "-", fill[2]).replace("_", ".")
        header = dataclasses.replace(header, text=f"{fill[1]}__{code}__text")
    return header
