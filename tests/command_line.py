"""A small survey as 问卷星 exports it, a plan for it, and what the command line says about them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from openpyxl import Workbook, load_workbook

from evalkit.contract.words import catalogue

N = 60
SHEET = "Sheet1"
LANGUAGES = ("zh", "en")

INSTRUMENT = """format = "evalkit-instrument/1"
id = "estate"
version = "1.0"
languages = ["zh", "en"]
title = {zh = "小区问卷", en = "The estate"}

[choices]
sex = [{code = 1, zh = "男", en = "Male"}, {code = 2, zh = "女", en = "Female"}]
needs = [
  {code = 1, zh = "停车", en = "Parking"},
  {code = 2, zh = "绿化", en = "Green space"},
  {code = 3, zh = "其他", en = "Other", fill = true},
]
A5 = [
  {code = 1, zh = "非常不同意", en = "Strongly disagree"}, {code = 2, zh = "不同意", en = "Disagree"},
  {code = 3, zh = "一般", en = "Neither"}, {code = 4, zh = "同意", en = "Agree"},
  {code = 5, zh = "非常同意", en = "Strongly agree"},
]

[[items]]
id = "house"
type = "meta"
role = "respondent_id"
zh = "住户编号"
en = "Household number"

[[items]]
id = "sex"
type = "single"
choices = "sex"
zh = "您的性别"
en = "Your sex"

[[items]]
id = "age"
type = "integer"
min = 16
max = 99
unit = "岁"
zh = "您的年龄"
en = "Your age"

[[items]]
id = "need"
type = "multi"
choices = "needs"
zh = "最需要改善什么"
en = "What needs doing most"

[[items]]
id = "V"
type = "matrix"
choices = "A5"
zh = "您是否同意以下关于邻里的说法"
en = "Do you agree about the neighbours"
rows = [
  {id = "V1", zh = "邻居看重同样的事", en = "Neighbours care for the same things"},
  {id = "V2", zh = "邻居各顾各的", en = "Everyone minds their own business", reverse = true},
  {id = "V3", zh = "大家愿意互相帮忙", en = "People help one another"},
]

[[items]]
id = "E"
type = "matrix"
choices = "A5"
zh = "您是否同意以下关于居委会的说法"
en = "Do you agree about the committee"
rows = [
  {id = "E1", zh = "居委会常来走访", en = "The committee visits often"},
  {id = "E2", zh = "居委会听取意见", en = "The committee listens"},
  {id = "E3", zh = "居委会办事公道", en = "The committee is fair"},
]

[[items]]
id = "S"
type = "matrix"
choices = "A5"
zh = "您是否同意以下关于改造的说法"
en = "Do you agree about the renovation"
rows = [
  {id = "S1", zh = "我对改造满意", en = "I am satisfied"},
  {id = "S2", zh = "改造值得", en = "It was worth it"},
  {id = "S3", zh = "我会推荐给别的小区", en = "I would recommend it"},
]

[[items]]
id = "tel"
type = "text"
private = true
zh = "您的联系电话"
en = "Your telephone number"

[[items]]
id = "card"
type = "text"
private = true
zh = "您的身份证号"
en = "Your identity card number"

[[scales]]
id = "values"
items = ["V1", "V2", "V3"]
score = "mean"
min_valid = 2
zh = "共享价值"
en = "Shared values"

[[scales]]
id = "embedding"
items = ["E1", "E2", "E3"]
score = "mean"
min_valid = 2
zh = "组织嵌入"
en = "Embedding"

[[scales]]
id = "satisfaction"
items = ["S1", "S2", "S3"]
score = "mean"
min_valid = 2
zh = "满意度"
en = "Satisfaction"
"""

PLAN = """format = "evalkit-plan/1"
title = {zh = "小区调查", en = "The estate"}
language = ["LANGUAGE"]
seed = 7
instrument = "estate.toml"

[data]
file = "answers.xlsx"

[[exclude]]
when = "duration_s < 30"
reason = {zh = "过快", en = "too fast"}

[[step]]
id = "sample"
do = "profile"
items = ["sex", "need"]

[[step]]
id = "alpha"
do = "reliability"
items = ["values", "satisfaction"]

[[step]]
id = "reg"
do = "regress"
formula = "满意度 ~ age | + embedding"

[[output]]
"""
PLAN = PLAN.replace("[[output]]", '[output]\nformats = ["md"]')

MEDIATION = """
[[step]]
id = "med"
do = "mediate"
x = "embedding"
m = ["values"]
y = "satisfaction"
covariates = ["age"]
resamples = 100
hypothesis = "H1"

[[hypothesis]]
id = "H1"
zh = "嵌入经共享价值影响满意度"
en = "Embedding works by way of shared values"
confirm_if = 'med["indirect.values"].conf_low > 0'
"""

WORDS = ("非常不同意", "不同意", "一般", "同意", "非常同意")
HEADERS = (
    "序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP",
    "1、住户编号", "2、您的性别", "3、您的年龄", "4、最需要改善什么",
    "5、您是否同意以下关于邻里的说法—邻居看重同样的事", "邻居各顾各的", "大家愿意互相帮忙",
    "6、您是否同意以下关于居委会的说法—居委会常来走访", "居委会听取意见", "居委会办事公道",
    "7、您是否同意以下关于改造的说法—我对改造满意", "改造值得", "我会推荐给别的小区",
    "8、您的联系电话", "9、您的身份证号",
)  # fmt: skip
NAMES = (
    "number", "time", "seconds", "channel", "nickname", "ip", "house", "sex", "age", "need",
    "V1", "V2", "V3", "E1", "E2", "E3", "S1", "S2", "S3", "tel", "card",
)  # fmt: skip
COLUMN = dict(zip(NAMES, "ABCDEFGHIJKLMNOPQRSTU", strict=True))
"""Item -> letter of its column."""


def private_values() -> tuple[str, ...]:
    """Everything in the file that no message may quote."""
    return tuple(
        value for k in range(N) for value in (_nickname(k), _address(k), _telephone(k), _card(k), _card(k)[:14])
    )


def _nickname(k: int) -> str:
    return f"昵称{k:03d}号"


def _address(k: int) -> str:
    return f"10.37.{k}.201"


def _telephone(k: int) -> str:
    return f"1390571{k:04d}"


def _card(k: int) -> str:
    body = f"33010219700101{k:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11]


def _answers() -> list[list[object]]:
    rng = np.random.default_rng(20260101)
    level = rng.normal(size=N)
    rows: list[list[object]] = []
    for k in range(N):
        scales = []
        for turned in ((False, True, False), (False,) * 3, (False,) * 3):
            place = 0.6 * level[k] + 0.5 * rng.normal()
            points = [int(np.clip(round(3 + place + 0.7 * rng.normal()), 1, 5)) for _ in turned]
            scales += [WORDS[(6 - p if r else p) - 1] for p, r in zip(points, turned, strict=True)]
        rows.append(
            [k + 1, f"2026/03/{1 + k % 28:02d} 12:00:00", f"{20 if k == 5 else 100 + k}秒", "链接", _nickname(k),
             f"{_address(k)}(浙江-杭州)", f"H{k + 1:03d}", ("男", "女")[k % 2], 20 + k,
             ("停车", "绿化", "停车┋绿化")[k % 3], *scales, _telephone(k), _card(k)]
        )  # fmt: skip
    return rows


@cache
def export() -> bytes:
    """The clean export: 60 respondents in rows 2 to 61."""
    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    sheet.append(HEADERS)
    for row in _answers():
        sheet.append(row)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


@dataclass(frozen=True)
class Study:
    """A folder with `answers.xlsx`, `estate.toml`, `plan.toml` and the run folder `out` of an earlier run."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "answers.xlsx"

    @property
    def instrument(self) -> Path:
        return self.folder / "estate.toml"

    @property
    def plan(self) -> Path:
        return self.folder / "plan.toml"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def cells(self, values: dict[str, object]) -> None:
        """Overwrite cells of the export: `{"V1:7": "满意吧"}`, by item and spreadsheet row."""
        book = load_workbook(self.data)
        for place, value in values.items():
            name, row = place.split(":")
            book[SHEET][f"{COLUMN[name]}{row}"] = value
        book.save(self.data)

    def change(self, old: str, new: str, *, file: str = "plan.toml") -> int:
        """Replace the one occurrence of a text in a file; the line where it stood."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (old, text.count(old))
        path.write_text(text.replace(old, new), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def add(self, text: str) -> None:
        self.plan.write_text(self.plan.read_text(encoding="utf-8") + text, encoding="utf-8")


def make_study(folder: Path, language: str = "zh") -> Study:
    """Write the study, whose report has one language; its `out` looks as a run left it."""
    folder.mkdir()
    study = Study(folder)
    study.data.write_bytes(export())
    study.instrument.write_text(INSTRUMENT, encoding="utf-8")
    study.plan.write_text(PLAN.replace("LANGUAGE", language), encoding="utf-8")
    study.out.mkdir()
    (study.out / "tables.md").write_text("上次的表", encoding="utf-8")
    listed = {"tables.md": sha256((study.out / "tables.md").read_bytes()).hexdigest()}
    (study.out / "run.json").write_text(json.dumps({"outputs": listed}), encoding="utf-8")
    return study


def contents(folder: Path) -> dict[str, str]:
    """Hash of every file below a folder, and every empty folder."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(folder.rglob("*"))
        if path.is_file() or path.is_dir()
    }


@dataclass(frozen=True)
class Said:
    """What a command left behind: exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()

    def all(self, code: str) -> list[str]:
        """The lines that carry a message's code."""
        return [line for line in self.lines if re.search(rf"[（(]{code}[）)]", line)]

    def the(self, code: str) -> str:
        """The one line with that code."""
        (line,) = self.all(code)
        return line


Say = Callable[..., Said]


def sentence(code: str, lang: str) -> Iterator[re.Pattern[str]]:
    """What is wrong and what to do, as the catalogue has them, with any parameters."""
    entry = catalogue()["messages"][code]
    for key in (lang, f"{lang}_fix"):
        text = entry.get(key, "")
        parts = re.split(r"\{[^{}]*\}", text.replace("{{", "\0").replace("}}", "\1"))
        yield re.compile(".*?".join(re.escape(p.replace("\0", "{").replace("\1", "}")) for p in parts))


def is_clear(line: str, code: str, lang: str, *place: str) -> bool:
    """Whether a line says where (in this order, in front), what is wrong and what to do."""
    where = r".*?".join(map(re.escape, place))
    return bool(re.match(where, line)) and all(pattern.search(line) for pattern in sentence(code, lang))
