"""Units as people write them: behind a number, in brackets behind a heading, in a row of their own."""

from __future__ import annotations

import re

from evalkit.ingest.wording import clean

_SAME = {
    "岁": ("岁", "周岁"),
    "人": ("人", "口", "口人", "名", "位"),
    "个": ("个", "家", "件", "项"),
    "户": ("户",),
    "元": ("元", "块", "块钱", "元/月", "元人民币"),
    "万元": ("万元", "万"),
    "年": ("年",),
    "个月": ("个月",),
    "次": ("次",),
    "天": ("天", "日"),
    "小时": ("小时", "个小时"),
    "分钟": ("分钟",),
    "平方米": ("平方米", "平米", "平方", "m2", "m²"),
    "米": ("米", "m"),
    "公里": ("公里", "千米", "km"),
    "亩": ("亩",),
    "层": ("层", "楼"),
    "栋": ("栋", "幢"),
    "%": ("%", "百分比"),
    "分": ("分",),
}
_CANONICAL = {spelling: unit for unit, spellings in _SAME.items() for spelling in spellings}
_WORDS = "|".join(sorted(map(re.escape, _CANONICAL), key=len, reverse=True))

UNIT = re.compile(rf"^[(\[]?\s*(?:单位\s*:\s*|unit\s*:\s*)?(?P<unit>{_WORDS})\s*[)\]]?$", re.IGNORECASE)
"""A cleaned cell that holds nothing but a unit: `(元)`, `单位:平方米`."""
_AFTER_HEADING = re.compile(rf"^(?P<bare>.*\S)\s*[(（\[【]\s*(?:单位\s*[:：]\s*)?(?P<unit>{_WORDS}|㎡)\s*[)）\]】]\s*$")
_AFTER_NUMBER = re.compile(rf"^(?P<number>[+-]?\d[\d,]*(?:\.\d+)?)\s*(?P<unit>{_WORDS})$")


def same_unit(one: str, other: str) -> bool:
    """Whether two spellings mean one unit: `平米` and `㎡`."""
    a, b = clean(one).casefold(), clean(other).casefold()
    return _CANONICAL.get(a, a) == _CANONICAL.get(b, b)


def unit_in(heading: str) -> tuple[str, str]:
    """A heading without the unit in brackets at its end, and that unit; `("住房面积", "平方米")`."""
    found = _AFTER_HEADING.match(heading)
    return (found["bare"], found["unit"]) if found else (heading, "")


def number_and_unit(line: str) -> tuple[str, str]:
    """`("45", "岁")` of the cleaned text `45岁`; empty texts where it is no number with a known unit."""
    found = _AFTER_NUMBER.match(line)
    return (found["number"], found["unit"]) if found else ("", "")
