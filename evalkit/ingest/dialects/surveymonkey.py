"""SurveyMonkey: two header rows, the question and below it the option, row or `Response`.

A blank in the first row continues the question before it. A multiple response repeats the option's text.
"""

from __future__ import annotations

import dataclasses
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

from evalkit.ingest.dialects.moments import plain_times
from evalkit.ingest.dialects.ticks import ticked_columns
from evalkit.ingest.headers import parse_header
from evalkit.ingest.layout import Guess, HeaderColumn, Layout, header_texts
from evalkit.ingest.wording import tidy

if TYPE_CHECKING:
    from evalkit.sheets import Column, Sheet

NAME = "surveymonkey"

_META = MappingProxyType(
    {
        "respondent id": "respondent_id",
        "respondentid": "respondent_id",
        "collector id": "release",
        "collectorid": "release",
        "start date": "started_at",
        "startdate": "started_at",
        "end date": "submitted_at",
        "enddate": "submitted_at",
        "ip address": "ip",
        "email address": "email",
        "first name": "first_name",
        "last name": "last_name",
        "custom data 1": "custom_field",
        "custom data": "custom_field",
    }
)
_WHOLE = frozenset(["response", "open-ended response"])
"""Second-row texts of a question of one column."""
_OTHER = "other (please specify)"


def detect(sheet: Sheet, file_name: str) -> Guess:
    """Respondent ID and Collector ID, and what stands in the second row."""
    if len(sheet.rows) < 2:
        return Guess(NAME, 0.0)
    first, second = _heads(sheet)
    named = [text for text in first if text.casefold() in _META]
    below = [text for text in second if text.casefold() in _WHOLE or text.casefold() == _OTHER]
    if {"respondent id", "collector id"} <= {text.casefold() for text in named}:
        return Guess(NAME, 0.97 if below or "" in first else 0.9, tuple(dict.fromkeys([*named, *below])))
    return Guess(NAME, 0.85 if len(named) >= 3 and below else 0.0, tuple(dict.fromkeys([*named, *below])))


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Header in the first two rows; answers as texts, or codes where they stand for themselves."""
    first, second = _heads(sheet)
    meta: dict[int, str] = {}
    for k, text in enumerate(first):
        name = _META.get(text.casefold())
        if name and name not in meta.values() and not second[k]:
            meta[k] = name
    columns = _columns(sheet, first, second, meta)
    respelt: dict[int, Column] = {}
    for _, group in groupby((c for c in columns if c.beside < 0), key=lambda column: column.group):
        respelt |= ticked_columns(sheet, 1, list(group))
    heads = tuple(f"{a}—{b}" if a and b else a or b for a, b in zip(first, second, strict=True))
    layout = Layout(NAME, 1, columns, MappingProxyType(meta), heads, "code", "either")
    return dataclasses.replace(layout, respelt=MappingProxyType(respelt | plain_times(sheet, layout)))


def _heads(sheet: Sheet) -> tuple[list[str], list[str]]:
    first, second = ([tidy(text) for text in header_texts(sheet, k)] for k in (0, 1))
    return first, second


def _columns(sheet: Sheet, first: list[str], second: list[str], meta: dict[int, str]) -> tuple[HeaderColumn, ...]:
    """One entry a column with a question; texts beside an option belong to the column before, and stand last."""
    columns: list[HeaderColumn] = []
    question, group = "", -1
    for k, (stem, part) in enumerate(zip(first, second, strict=True)):
        if k in meta or not (stem or part):
            question = "" if k in meta else question
            continue
        if stem:
            question, group = stem, group + 1
        if not question:
            continue
        header = parse_header(question)
        alone = not part or part.casefold() in _WHOLE
        if not alone:
            splits = ((header.body, part),)
            header = dataclasses.replace(header, body=f"{header.body}—{part}", splits=splits, bracketed=True)
        before = columns[-1] if columns else None
        beside = before.position if before and before.group == group and part.casefold() == _OTHER else -1
        own = group if beside < 0 else -1 - k
        columns.append(HeaderColumn(k, sheet.columns[k].letter, header, own, beside))
    return tuple(sorted(columns, key=lambda column: column.beside >= 0))
