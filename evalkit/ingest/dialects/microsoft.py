"""Microsoft Forms: `ID, Start time, Completion time, Email, Name`, then questions; several choices joined by `;`."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import TYPE_CHECKING

from evalkit.ingest.dialects.lists import marked_lists
from evalkit.ingest.dialects.moments import plain_times
from evalkit.ingest.labelled import ANYTHING
from evalkit.ingest.layout import Guess, Layout, header_texts, lay_out
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

NAME = "microsoft_forms"

_OWN_META = MappingProxyType(
    {
        "id": "respondent_id",
        "start time": "started_at",
        "completion time": "submitted_at",
        "开始时间": "started_at",
        "完成时间": "submitted_at",
        "email": "email",
        "电子邮件": "email",
        "name": "nickname",
        "名称": "nickname",
        "last modified time": "recorded_at",
        "上次修改时间": "recorded_at",
        "total points": "total_score",
        "总分": "total_score",
    }
)
_FIRST = (("id", "start time", "completion time"), ("id", "开始时间", "完成时间"))


def detect(sheet: Sheet, file_name: str) -> Guess:
    """The first three columns, in their order."""
    headers = [clean(text) for text in header_texts(sheet, 0)[:5]] if len(sheet.rows) else []
    if tuple(text.casefold() for text in headers[:3]) not in _FIRST:
        return Guess(NAME, 0.0)
    more = [text for text in headers[3:] if text.casefold() in _OWN_META]
    return Guess(NAME, 0.97 if more else 0.9, (*headers[:3], *more))


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Header in the first row; the order of columns need not be that of the questions."""
    layout = lay_out(sheet, 0, dialect=NAME, by="text", lists="joined", marks={}, own_meta=_OWN_META)
    respelt = plain_times(sheet, layout)
    if not wanted:
        respelt |= marked_lists(sheet, layout, ";")
    return dataclasses.replace(layout, respelt=MappingProxyType(respelt), other=ANYTHING + ";")
