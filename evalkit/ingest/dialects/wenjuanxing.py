"""What the exports of 问卷星 have in common: how to tell them, and by text from by index.

Columns, separators and marks were taken from real export files; see the two dialects that use this.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evalkit.ingest.headers import parse_header
from evalkit.ingest.layout import header_texts, used_texts
from evalkit.ingest.meta import meta_name
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.sheets import Sheet

LIST = "┋"
ORDER = "→"
MARKS = {"(跳过)": "not_asked", "(空)": "no_answer"}
"""Marks of every 问卷星 export after width folding."""

_META = ("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP")
_BY_TEXT = re.compile(r"_按文本_|^\d+_\d+_0\.\w+$")
_BY_INDEX = re.compile(r"_按序号_|^\d+_\d+_2\.\w+$")
_INTEGER = re.compile(r"^-?\d{1,3}$")
_SAMPLE = 400  # distinct texts a column; enough to tell words from numbers


def is_wenjuanxing(sheet: Sheet, file_name: str) -> tuple[float, tuple[str, ...]]:
    """How sure it is that 问卷星 wrote this sheet (0 to 1), and why."""
    if not len(sheet.rows):
        return 0.0, ()
    headers = [clean(text) for text in header_texts(sheet, 0)]
    found = [name for name in _META if name in headers]
    sure = {0: 0.0, 1: 0.2, 2: 0.6, 3: 0.85}.get(len(found), 0.97)
    reasons = list(found)
    if any(re.match(r"^第\d+题[(（].+[)）]$", text) for text in headers):
        sure, reasons = max(sure, 0.9), [*reasons, "第N题(…)"]
    if _BY_TEXT.search(file_name) or _BY_INDEX.search(file_name):
        sure, reasons = max(sure, 0.9), [*reasons, file_name]
    if not found and sure < 0.9 and any(LIST in text for k in range(len(headers)) for text in _texts(sheet, k)):
        sure, reasons = 0.8, [*reasons, LIST]
    return sure, tuple(reasons)


def share_text(sheet: Sheet, file_name: str) -> tuple[float, str]:
    """How sure it is that answers stand as option texts, not as option numbers (0 to 1), and why."""
    if _BY_TEXT.search(file_name):
        return 0.97, file_name
    if _BY_INDEX.search(file_name):
        return 0.03, file_name
    headers = header_texts(sheet, 0)
    asked = [k for k, text in enumerate(headers) if clean(text) and not meta_name(text)]
    texts = {k: _texts(sheet, k) for k in asked}
    if any(LIST in text for values in texts.values() for text in values):
        return 0.97, LIST
    ticks = {"0", "1", "-2", "-3"}
    for k, following in zip(asked, asked[1:], strict=False):
        one, two = parse_header(headers[k]), parse_header(headers[following])
        pair = two.bracketed and one.bracketed and one.number is not None and one.number == two.number
        if pair and all(texts[c] and {clean(t) for t in texts[c]} <= ticks for c in (k, following)):
            return 0.03, "4(…) 0/1"
    judged = [all(_INTEGER.match(clean(t)) for t in values) for values in texts.values() if values]
    if not judged:
        return 0.5, ""
    numeric = sum(judged) / len(judged)
    return (0.9, "") if numeric <= 0.4 else (0.1, "1..k") if numeric >= 0.9 else (0.5, "")


def _texts(sheet: Sheet, position: int) -> list[str]:
    return used_texts(sheet, position, slice(1, None))[:_SAMPLE]
