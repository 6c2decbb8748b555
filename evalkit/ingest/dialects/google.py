"""Google Forms: a timestamp first, `题干 [行]` for grids, and several choices in one cell joined by `, `."""

from __future__ import annotations

import dataclasses
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from evalkit.ingest.dialects.lists import marked_lists
from evalkit.ingest.dialects.moments import iso, plain_times
from evalkit.ingest.labelled import ANYTHING
from evalkit.ingest.layout import Guess, Layout, header_texts, lay_out, used_texts
from evalkit.ingest.meta import moments_in_time
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

NAME = "google_forms"

_STAMPS = frozenset(["timestamp", "时间戳记", "时间戳", "時間戳記"])
_OWN_META = MappingProxyType(
    {
        **dict.fromkeys(_STAMPS, "submitted_at"),
        "email address": "email",
        "username": "email",
        "电子邮件地址": "email",
        "电子邮件": "email",
        "score": "total_score",
        "得分": "total_score",
    }
)


def detect(sheet: Sheet, file_name: str) -> Guess:
    """The first column is a timestamp, by its name and by what it holds."""
    headers = [clean(text) for text in header_texts(sheet, 0)] if len(sheet.rows) else []
    if not headers or headers[0].casefold() not in _STAMPS:
        return Guess(NAME, 0.0)
    texts = used_texts(sheet, 0, slice(1, None))[:50]
    times = bool(texts) and not np.isnat(moments_in_time([iso(text, True) for text in texts])).any()
    grids = [text for text in headers if re.search(r"\S \[.+\]$", text)]
    sure = 0.9 if times else 0.6
    return Guess(NAME, min(0.97, sure + 0.05 * bool(grids)), (headers[0], *grids[:1]))


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Header in the first row; option texts, several of them in one cell."""
    layout = lay_out(sheet, 0, dialect=NAME, by="text", lists="joined", marks={}, own_meta=_OWN_META)
    respelt = plain_times(sheet, layout)
    if not wanted:
        respelt |= marked_lists(sheet, layout, ", ")
    return dataclasses.replace(layout, respelt=MappingProxyType(respelt), other=ANYTHING + ", ")
