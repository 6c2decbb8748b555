"""金数据 (jinshuju.net): one header row, `序号` first, `提交人, 提交时间, 修改时间, 填写设备` and the like at the end.

No real export was at hand, so this reading is a proposal: it is used only behind a mapping that a person confirmed.
"""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import TYPE_CHECKING

from evalkit.ingest.dialects.lists import marked_lists
from evalkit.ingest.dialects.moments import plain_times
from evalkit.ingest.layout import Guess, Layout, header_texts, lay_out
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

NAME = "jinshuju"

_OWN_META = MappingProxyType(
    {
        "提交人": "nickname",
        "修改时间": "recorded_at",
        "填写设备": "device",
        "操作系统": "system",
        "浏览器": "browser",
        "扩展属性": "custom_field",
        "总分": "total_score",
    }
)
_TELLING = ("提交人", "修改时间", "填写设备")


def detect(sheet: Sheet, file_name: str) -> Guess:
    """序号 and 提交时间, and two of the three columns that stand beside them."""
    headers = [clean(text) for text in header_texts(sheet, 0)] if len(sheet.rows) else []
    told = [text for text in _TELLING if text in headers]
    if not {"序号", "提交时间"} <= set(headers) or len(told) < 2:
        return Guess(NAME, 0.0)
    return Guess(NAME, 0.97 if len(told) == 3 else 0.9, ("序号", "提交时间", *told))


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Header in the first row; several choices joined by commas, as far as is known."""
    layout = lay_out(sheet, 0, dialect=NAME, by="text", lists="either", marks={}, own_meta=_OWN_META)
    respelt = plain_times(sheet, layout)
    if not wanted:
        respelt |= marked_lists(sheet, layout, ",")
    return dataclasses.replace(layout, respelt=MappingProxyType(respelt))
