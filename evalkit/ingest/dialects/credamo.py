"""见数 (Credamo): columns of the platform are told by their whole names, since 城市 is also a part of real questions.

How it writes multiple responses and matrices is not documented: both forms (one cell, a column an option) are read.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from evalkit.ingest.layout import Guess, Layout, header_texts, lay_out
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

NAME = "credamo"

_OWN_META = MappingProxyType(
    {
        "作答id": "respondent_id",
        "用户id": "user_id",
        "开始时间": "started_at",
        "结束时间": "submitted_at",
        "作答总时长(秒)": "duration_s",
        "作答渠道": "channel",
        "发布id": "release",
        "问卷发布名称": "release_name",
        "ip": "ip",
        "经度": "longitude",
        "纬度": "latitude",
        "省份": "province",
        "城市": "city",
        "设备类型": "device",
        "操作系统类型": "system",
        "浏览器类型": "browser",
        "屏幕分辨率": "screen",
    }
)
_TELLING = frozenset(["作答id", "作答总时长(秒)", "作答渠道", "发布id", "问卷发布名称", "操作系统类型"])
"""Names that other platforms do not use."""


def detect(sheet: Sheet, file_name: str) -> Guess:
    """How many of the platform's columns are there, three of its very own at least."""
    headers = [clean(text) for text in header_texts(sheet, 0)] if len(sheet.rows) else []
    found = [text for text in headers if text.casefold() in _OWN_META]
    telling = sum(text.casefold() in _TELLING for text in found)
    sure = {0: 0.0, 1: 0.2, 2: 0.6}.get(telling, 0.97)
    return Guess(NAME, sure, tuple(found) if sure else ())


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Header in the first row; option texts, or codes where they stand for themselves."""
    return lay_out(sheet, 0, dialect=NAME, by="code", lists="either", marks={}, own_meta=_OWN_META)
