"""Small workbooks and questionnaires for the ingest tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from evalkit.contract.words import say
from evalkit.ingest import Responses, read_responses
from evalkit.instrument import Instrument, parse_instrument

META = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]

QUESTIONNAIRE = """
format = "evalkit-instrument/1"
id = "village"
version = "1"
languages = ["zh", "en"]
title = {zh = "村庄", en = "Village"}

[choices]
yes_no = [{code = 1, zh = "是", en = "Yes"}, {code = 0, zh = "否", en = "No"}]
A5x = [
  {code = 1, zh = "非常不同意", en = "Strongly disagree"},
  {code = 2, zh = "比较不同意", en = "Disagree"},
  {code = 3, zh = "一般", en = "Neither", alias = ["不确定"]},
  {code = 4, zh = "比较同意", en = "Agree"},
  {code = 5, zh = "非常同意", en = "Strongly agree"},
  {code = 8, zh = "不清楚", en = "Don't know", missing = "dont_know"},
]
needs = [
  {code = 1, zh = "停车", en = "Parking"},
  {code = 2, zh = "电梯", en = "Lift"},
  {code = 3, zh = "绿化、照明", en = "Green and light"},
  {code = 9, zh = "其他", en = "Other", fill = true},
  {code = 0, zh = "都不需要", en = "Nothing", exclusive = true},
]
goods = [
  {code = "a", zh = "公平", en = "Fair"},
  {code = "b", zh = "快速", en = "Fast"},
  {code = "c", zh = "省钱", en = "Cheap"},
]
size = [
  {code = 1, zh = "1-2", en = "1-2"},
  {code = 2, zh = "3-5", en = "3-5"},
  {code = 3, zh = "6人以上", en = "6 or more"},
]

[[items]]
id = "used"
type = "single"
choices = "yes_no"
zh = "您去过互助站吗？"
en = "Have you been to the station?"

[[items]]
id = "view"
type = "matrix"
choices = "A5x"
ask_if = "used == 1"
zh = "您对互助站的看法"
en = "Your view of the station"
rows = [
  {id = "v1", zh = "服务及时", en = "Service is timely"},
  {id = "v2", zh = "态度友好", en = "Staff are friendly"},
]

[[items]]
id = "party"
type = "matrix"
choices = "A5x"
zh = "您对党支部的看法"
en = "Your view of the Party branch"
rows = [
  {id = "p1", zh = "服务及时", en = "Service is timely"},
  {id = "p2", zh = "态度友好", en = "Staff are friendly"},
]

[[items]]
id = "need"
type = "multi"
choices = "needs"
max_choices = 3
zh = "您需要什么"
en = "What do you need"

[[items]]
id = "order"
type = "rank"
choices = "goods"
zh = "请排序"
en = "Please rank"

[[items]]
id = "household"
type = "single"
choices = "size"
zh = "家庭人数"
en = "Household size"

[[items]]
id = "age"
type = "integer"
min = 16
max = 100
unit = "岁"
missing = {999 = "refused"}
zh = "您的年龄"
en = "Your age"

[[items]]
id = "since"
type = "date"
zh = "入住日期"
en = "Date of moving in"

[[items]]
id = "phone"
type = "text"
private = true
zh = "联系方式"
en = "Contact"

[[items]]
id = "remark"
type = "text"
zh = "您的建议"
en = "Your suggestions"

[[scales]]
id = "station"
items = ["v1", "v2"]
min_valid = 1
zh = "互助站评价"
en = "Rating of the station"
"""


@pytest.fixture
def village() -> Instrument:
    """A questionnaire with every kind of question; two matrices have the same row titles."""
    return parse_instrument(QUESTIONNAIRE, "village.toml")


@pytest.fixture
def ask() -> Callable[[str], Instrument]:
    """`ask(items)`: an instrument made of `[choices]` and `[[items]]` tables."""
    head = 'format = "evalkit-instrument/1"\nid = "x"\nversion = "1"\nlanguages = ["zh"]\ntitle = {zh = "x"}\n'
    return lambda tables: parse_instrument(head + tables, "x.toml")


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """`workbook([header, row, ...])` or `workbook({"Sheet1": rows, "Sheet2": rows})` writes an xlsx file."""

    def write(content: Sequence[Sequence[Any]] | Mapping[str, Sequence[Sequence[Any]]], name: str = "a.xlsx") -> Path:
        sheets = content if isinstance(content, Mapping) else {"Sheet1": content}
        book = Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(list(row))
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        book.save(path)
        return path

    return write


@pytest.fixture
def read(workbook: Callable[..., Path], village: Instrument) -> Callable[..., Responses]:
    """`read(header, rows)`: a workbook with a last column 序号, read with the village questionnaire."""

    def go(
        header: Sequence[str], rows: Sequence[Sequence[Any]], instrument: Instrument = village, **keys: Any
    ) -> Responses:
        numbered = [[*row, k] for k, row in enumerate(rows, 1)]
        return spoken(read_responses(workbook([[*header, "序号"], *numbered]), instrument, **keys))

    return go


def spoken(responses: Responses) -> Responses:
    """The same, after every finding was put into words in both languages."""
    for problem in responses.problems:
        for lang in ("zh", "en"):
            assert "{" not in say(problem, lang)
    return responses
