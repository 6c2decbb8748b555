"""A text in; whether it is no answer (无, 没有, n/a, a full stop) out."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

NO_ANSWER = (
    "无", "没", "没有", "暂无", "暂时没有", "暂时无", "目前没有", "目前无", "现在没有", "都没有", "什么都没有",
    "没有了", "没了", "没有其他", "无其他", "没有别的", "没什么", "没啥", "没想法", "没有想法", "没意见", "没有意见",
    "无意见", "没有任何意见", "没有什么意见", "暂无意见", "没有建议", "无建议", "没建议", "暂无建议", "没有意见和建议",
    "没有什么建议", "无意见建议", "没有问题", "没问题", "不知道", "不清楚", "不了解", "不晓得", "不好说", "说不清",
    "说不清楚", "说不好", "想不出", "没想好", "没想过", "不想说", "不方便说", "不详", "无可奉告", "略", "同上", "不填",
    "空", "其他", "其它", "以上都没有", "na", "n/a", "none", "no", "non", "nope", "nil", "null", "nothing", "no answer",
    "no comment", "no comments", "no idea", "no opinion", "no suggestion", "no suggestions", "not applicable",
    "don't know", "dont know", "do not know", "dk", "idk", "i don't know", "nothing else", "other", "others",
    "see above",
)  # fmt: skip
"""What people write who have nothing to say; blanks, signs, width and case do not count."""


def bare(text: str) -> str:
    """A text reduced to its letters, figures and Chinese characters: half-width, small letters."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def says_nothing(text: str, forms: Collection[str]) -> bool:
    """Whether a text is made of signs alone, or is one of `forms` (which are `bare`)."""
    left = bare(text)
    return not left or left in forms
