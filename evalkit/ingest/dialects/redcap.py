"""REDCap: variable names or labels, checkboxes as one column an option (`need___1`, 0 and 1).

A negative code is written `need____9`. A checkbox that branching logic hid says 0 like one that nobody ticked; the
instrument's own `ask_if` tells the two apart.
"""

from __future__ import annotations

import dataclasses
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from evalkit.ingest.dialects.ticks import respell
from evalkit.ingest.headers import Header, parse_header
from evalkit.ingest.layout import Guess, HeaderColumn, Layout, header_texts, used_texts
from evalkit.ingest.wording import clean, normal, tidy

if TYPE_CHECKING:
    from evalkit.sheets import Column, Sheet

NAME = "redcap"

_META = MappingProxyType(
    {
        "record_id": "respondent_id",
        "record id": "respondent_id",
        "study_id": "respondent_id",
        "redcap_event_name": "event",
        "event name": "event",
        "redcap_repeat_instrument": "repeat_instrument",
        "repeat instrument": "repeat_instrument",
        "redcap_repeat_instance": "repeat_instance",
        "repeat instance": "repeat_instance",
        "redcap_survey_identifier": "user_id",
        "survey identifier": "user_id",
        "redcap_data_access_group": "release",
        "data access group": "release",
    }
)
_CHECKBOX = re.compile(r"^(.+?)___(_?)(\w+)$")
_CHOICE = re.compile(r"^(.*\S)\s*\(choice=(.+)\)$", re.DOTALL)
_STAMP, _COMPLETE = re.compile(r"^\w+_timestamp$"), re.compile(r"^\w+_complete$")
_TICKS = frozenset(["checked", "unchecked"])


def detect(sheet: Sheet, file_name: str) -> Guess:
    """Columns REDCap adds, and headings of checkboxes."""
    headers = [tidy(text) for text in header_texts(sheet, 0)] if len(sheet.rows) else []
    own = [t for t in headers if t.casefold() in _META and ("redcap" in t.casefold() or t.casefold() != "study_id")]
    boxes = [t for t in headers if re.match(r"^[a-z]\w*?___\w+$", t) or _CHOICE.match(t)][:1]
    done = [t for t in headers if _COMPLETE.match(t)][:1]
    redcap = any("redcap" in text.casefold() for text in own)
    signs = bool(own) + bool(boxes) + bool(done) + redcap
    sure = {0: 0.0, 1: 0.2, 2: 0.85}.get(signs, 0.97)
    return Guess(NAME, sure, (*own, *boxes, *done) if signs > 1 else ())


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Header in the first row; codes, or labels where the export has them."""
    headers = tuple(tidy(text) for text in header_texts(sheet, 0))
    meta: dict[int, str] = {}
    for k, text in enumerate(headers):
        name = _META.get(text.casefold()) or _form_column(text)
        if name and name not in meta.values():
            meta[k] = name
    columns: list[HeaderColumn] = []
    respelt: dict[int, Column] = {}
    group, before = -1, ""
    for k in (k for k, text in enumerate(headers) if text and k not in meta):
        header = _header(headers[k], wanted)
        stem = header.splits[0][0] if header.splits else ""
        group += not (stem and stem == before)
        before = stem
        columns.append(HeaderColumn(k, sheet.columns[k].letter, header, group))
        texts = {clean(text).casefold() for text in used_texts(sheet, k, slice(1, None))} - {""}
        if header.splits and texts and texts <= _TICKS:
            respelt[k] = respell(sheet.columns[k], 0, lambda text: str(int(clean(text).casefold() == "checked")))
    return Layout(
        NAME, 0, tuple(columns), MappingProxyType(meta), headers, "code", "either", MappingProxyType({}),
        MappingProxyType(respelt),
    )  # fmt: skip


def _form_column(text: str) -> str:
    """`<form>_timestamp` and `<form>_complete`: of several forms, the first counts as the respondent's own."""
    if _STAMP.match(text):
        return "submitted_at"
    return f"status_{text}" if _COMPLETE.match(text) else ""


def _header(text: str, wanted: frozenset[str]) -> Header:
    """A checkbox gets the name of its answers' column: `need___1` is `need__1`, `need____9` is `need__-9`.

    A ranking is a matrix with one field an option; a field named like the question and the option is that column.
    """
    box, choice = _CHECKBOX.match(text), _CHOICE.match(text)
    if box:
        code = f"-{box[3]}" if box[2] else box[3]
        header = parse_header(box[1])
        splits = ((box[1], code),)
        return dataclasses.replace(header, text=f"{box[1]}__{code}", splits=splits, bracketed=True, dashed=False)
    if choice:
        header = parse_header(f"{choice[1]}—{choice[2]}")
        return dataclasses.replace(header, text=text, splits=((choice[1], choice[2]),), bracketed=True, dashed=False)
    stem, mark, code = text.rpartition("_")
    if mark and code and normal(stem) in wanted and normal(text) not in wanted:
        header = parse_header(stem)
        return dataclasses.replace(
            header, text=f"{stem.rstrip('_')}__{code}", splits=((stem, code),), bracketed=True, dashed=False
        )
    return parse_header(text)
