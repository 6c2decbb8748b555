"""腾讯问卷 (wj.qq.com): option texts with letters (`A.男`), a multiple response with one column an option.

A non-empty cell under `21.题干:选项` means chosen. Blanks are `3.题干_填空1`. What was written beside 其他 stands in a
second column of the same name. Every line of a csv export ends in a comma: an empty last column.
"""

from __future__ import annotations

import dataclasses
import re
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

from evalkit.ingest.dialects.ticks import LETTER, respell, ticked_columns
from evalkit.ingest.headers import Header, parse_header
from evalkit.ingest.layout import Guess, HeaderColumn, Layout, header_texts, lay_out
from evalkit.ingest.wording import clean

if TYPE_CHECKING:
    from evalkit.sheets import Column, Sheet

NAME = "tencent"

_META = ("编号", "开始答题时间", "结束答题时间", "答题时长")
_OWN_META = MappingProxyType(
    {
        "语言": "language",
        "清洗数据结果": "status",
        "智能清洗数据无效概率": "invalid_probability",
        "地理位置国家和地区": "country",
        "地理位置省": "province",
        "地理位置市": "city",
        "用户类型": "user_type",
        "自定义字段": "custom_field",
        "ua": "agent",
        "referrer": "referrer",
        "中奖时间": "rewarded_at",
        "中奖金额": "reward_amount",
        "审核状态": "status",
    }
)
_BLANK = re.compile(r"^(.*)_填空(\d{1,3})$", re.DOTALL)
_COLON = re.compile("[:：]")


def detect(sheet: Sheet, file_name: str) -> Guess:
    """How many of the four columns every export begins with are there."""
    headers = {clean(text) for text in header_texts(sheet, 0)} if len(sheet.rows) else set()
    found = [name for name in _META if name in headers]
    own = [name for name in ("开始答题时间", "结束答题时间") if name in found]
    sure = {0: 0.0, 1: 0.2, 2: 0.5, 3: 0.85}.get(len(found), 0.97) if own else 0.0
    reasons = found if own else []
    options = [text for text in headers if re.match(r"^\d{1,3}\.\S.*[:：]\S", text)]
    if reasons and options:
        sure, reasons = min(0.97, sure + 0.1), [*reasons, options[0]]
    return Guess(NAME, sure, tuple(reasons))


def read(sheet: Sheet, wanted: frozenset[str] = frozenset()) -> Layout:
    """Header in the first row; options, blanks and texts beside an option get the readings of this platform.

    Parameters
    ----------
    wanted : frozenset of str
        Without an instrument (empty), letters before option texts are taken off too.
    """
    layout = lay_out(sheet, 0, dialect=NAME, by="text", lists="either", marks={}, own_meta=_OWN_META, parse=_parse)
    columns: list[HeaderColumn] = []
    respelt: dict[int, Column] = {}
    for _, group in groupby(_companions_apart(layout.columns), key=lambda column: column.group):
        question = _common_stem(list(group))
        columns += question
        options = ticked_columns(sheet, 0, question)
        if options:
            respelt |= options
        elif not wanted:
            respelt |= {c.position: _unlettered(sheet.columns[c.position]) for c in question if c.beside < 0}
    return dataclasses.replace(layout, columns=tuple(columns), respelt=MappingProxyType(respelt))


def _parse(text: str) -> Header:
    """One header with every colon as a possible cut; a blank's number is its part."""
    header = parse_header(text)
    blank = _BLANK.match(header.body)
    if blank:
        return dataclasses.replace(header, splits=((blank[1].strip(), blank[2]),), dashed=False, bracketed=True)
    cuts = [(header.body[: m.start()].strip(), header.body[m.end() :].strip()) for m in _COLON.finditer(header.body)]
    cuts = [(stem, part) for stem, part in cuts if stem and part]
    return dataclasses.replace(header, splits=tuple(cuts), dashed=False, bracketed=bool(cuts))


def _companions_apart(columns: tuple[HeaderColumn, ...]) -> list[HeaderColumn]:
    """The second of two neighbours of one name holds what was written beside the first; a group of its own.

    They go to the end, so that the columns of a question stand together.
    """
    out: list[HeaderColumn] = []
    for column in columns:
        before = out[-1] if out else None
        numbered = column.header.number is not None
        if before and numbered and before.beside < 0 and before.header.text == column.header.text:
            column = dataclasses.replace(column, group=-1 - column.position, beside=before.position)
        out.append(column)
    return sorted(out, key=lambda column: column.beside >= 0)


def _common_stem(group: list[HeaderColumn]) -> list[HeaderColumn]:
    """Cut the headers of one question where they agree; a lone column is a whole question, colons and all."""
    stems = [{stem for stem, _ in column.header.splits} for column in group]
    common = max(set.intersection(*stems), key=len, default="") if len(group) > 1 and group[0].header.number else ""
    out = []
    for column in group:
        header = column.header
        cut = tuple(pair for pair in header.splits if pair[0] == common) if common else ()
        lone = _BLANK.match(header.body) if len(group) == 1 else None
        body = lone[1].strip() if lone else header.body
        header = dataclasses.replace(header, body=body, splits=cut, bracketed=bool(cut))
        out.append(dataclasses.replace(column, header=header))
    return out


def _unlettered(column: Column) -> Column:
    """A column of option texts without their letters; left alone where a letter stands for two texts."""
    answers = [clean(text) for text in column.distinct[2:]]
    letters = [LETTER.match(text) for text in answers if text]
    if not letters or not all(letters) or len({m[1] for m in letters if m}) < len(letters):
        return column
    return respell(column, 0, lambda text: LETTER.sub("", clean(text)))
