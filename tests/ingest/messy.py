"""Thirty communities' workbooks as field staff send them, and the list of everything that is wrong with them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from evalkit.instrument import Instrument, parse_instrument

INSTRUMENT = """
format = "evalkit-instrument/1"
id = "desk-test"
version = "1"
languages = ["zh", "en"]
title = {zh = "互助站调查", en = "Station survey"}

[choices]
yes_no = [{code = 1, zh = "是", en = "Yes", alias = ["√"]}, {code = 0, zh = "否", en = "No"}]
A5x = [
  {code = 1, zh = "非常不同意", en = "Strongly disagree"},
  {code = 2, zh = "比较不同意", en = "Disagree"},
  {code = 3, zh = "一般", en = "Neither", alias = ["不确定"]},
  {code = 4, zh = "比较同意", en = "Agree"},
  {code = 5, zh = "非常同意", en = "Strongly agree"},
]

[[items]]
id = "rid"
type = "meta"
role = "respondent_id"
zh = "问卷编号"
en = "Form number"

[[items]]
id = "village"
type = "text"
role = "cluster"
zh = "所在社区"
en = "Community of residence"

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
zh = "您对互助站的看法"
en = "Your view of the station"
rows = [
  {id = "v1", zh = "服务及时", en = "Service is timely"},
  {id = "v2", zh = "态度友好", en = "Staff are friendly"},
  {id = "v3", zh = "地点方便", en = "The place is convenient"},
]

[[items]]
id = "age"
type = "integer"
min = 16
max = 100
zh = "您的年龄"
en = "Your age"

[[items]]
id = "remark"
type = "text"
zh = "您的建议"
en = "Your suggestions"
"""
HEADER = {
    "rid": "问卷编号", "village": "所在社区", "used": "您去过互助站吗？", "v1": "服务及时", "v2": "态度友好",
    "v3": "地点方便", "age": "您的年龄", "remark": "您的建议",
}  # fmt: skip
AGREE = ("非常不同意", "比较不同意", "一般", "比较同意", "非常同意")
NAMES = [a + b for a, b in zip(
    "幸和光团新建解胜红前东向朝春青翠银桃柳荷龙虎凤鹤石北南西东古",
    "福平明结华设放利旗进风阳阳晖松竹杏园林塘泉丘台鸣桥塔湖山门井",
    strict=True,
)]  # fmt: skip
ROWS = 6
Finding = tuple[str, str, str]
"""Code, file, cell."""


@dataclass
class Messy:
    """The folder, its roster, what was planted in it, and the answers a right reading gives."""

    folder: Path
    roster: Path
    instrument: Instrument
    planted: set[Finding] = field(default_factory=set)
    answers: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    n: dict[str, int] = field(default_factory=dict)


def name_of(k: int) -> str:
    return f"{NAMES[k]}社区"


def id_of(k: int) -> str:
    return f"C{k + 1:02}"


def messy(tmp_path: Path) -> Messy:
    """Write everything."""
    made = Messy(tmp_path / "收件", tmp_path / "收件" / "名册.xlsx", parse_instrument(INSTRUMENT, "desk.toml"))
    made.folder.mkdir()
    luck = random.Random(20261121)
    for k in range(30):
        rows = [_person(luck, k, n) for n in range(1, ROWS + 1)]
        made.n[id_of(k)] = ROWS
        _SPECIAL.get(k, _clean)(made, k, rows)
        for row in rows if k != MISSING and k not in UNUSABLE else ():
            made.answers.setdefault((id_of(k), row["rid"]), row)
    _strays(made)
    _roster(made)
    return made


def _person(luck: random.Random, k: int, n: int) -> dict[str, Any]:
    return {
        "rid": f"{id_of(k)}-{n:03}",
        "village": name_of(k),
        "used": luck.choice((0, 1)),
        **{v: luck.randint(1, 5) for v in ("v1", "v2", "v3")},
        "age": luck.randint(18, 90),
        "remark": luck.choice(("多办活动", "很好", None)),
    }


def _cells(row: dict[str, Any], order: list[str]) -> list[Any]:
    words = {"used": ("否", "是"), "v1": AGREE, "v2": AGREE, "v3": AGREE}
    shown = {name: row[name] for name in order}
    for name, texts in words.items():
        if name in shown and isinstance(row[name], int):
            shown[name] = texts[row[name] - (name != "used")]
    return [shown[name] for name in order]


def write(path: Path, rows: list[list[Any]], sheet: str = "居民") -> Any:
    """A workbook; the sheet is given back to be spoilt before `save`."""
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return book


def _table(rows: list[dict[str, Any]], order: list[str], header: dict[str, str] | None = None) -> list[list[Any]]:
    return [[(header or HEADER)[name] for name in order], *(_cells(row, order) for row in rows)]


ORDER = list(HEADER)


def _clean(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    """Nothing wrong, but columns drift from file to file; what stands out of order is noted."""
    shift = k % 3
    order = [*ORDER[:2], *ORDER[2 + shift :], *ORDER[2 : 2 + shift]] if k % 4 == 0 else ORDER
    write(made.folder / f"{name_of(k)}.xlsx", _table(rows, order))
    made.planted |= {
        ("N314", f"{name_of(k)}.xlsx", cell) for cell in {0: (), 1: ("H1",), 2: ("G1", "H1")}[shift * (order != ORDER)]
    }


MISSING, UNUSABLE = 5, (6, 7, 8)


def _missing(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    made.n[id_of(k)] = 0
    made.planted.add(("W399", "名册.xlsx", f"A{k + 2}"))


def _damaged(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    """A zip that breaks off in the middle."""
    path = made.folder / f"{name_of(k)}.xlsx"
    write(path, _table(rows, ORDER))
    path.write_bytes(path.read_bytes()[:2000])
    made.n[id_of(k)] = 0
    made.planted.add(("E108", path.name, ""))


def _word(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    (made.folder / f"{name_of(k)}.docx").write_bytes(b"PK\x03\x04 no spreadsheet")
    made.n[id_of(k)] = 0
    made.planted.add(("W385", f"{name_of(k)}.docx", ""))


def _other_questionnaire(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    head = ["您的年龄", "家里有几口人", "用什么取暖", "月收入", "对物业满意吗"]
    write(made.folder / f"{name_of(k)}.xlsx", [head, *([row["age"], 3, "煤", 2000, "满意"] for row in rows)])
    made.n[id_of(k)] = 0
    made.planted.add(("E388", f"{name_of(k)}.xlsx", ""))


def _resubmitted(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    """Two files: in the second one answer differs and one person is new."""
    write(made.folder / f"{name_of(k)}.xlsx", _table(rows, ORDER))
    later = [dict(row) for row in rows]
    later[2]["age"] += 1
    new = _person(random.Random(k), k, ROWS + 1)
    write(made.folder / f"{name_of(k)}_v2.xlsx", _table([*later, new], ORDER))
    made.answers[id_of(k), new["rid"]] = new
    made.n[id_of(k)] = ROWS + 1
    made.planted |= {
        ("W391", f"{name_of(k)}.xlsx", ""),
        ("W392", f"{name_of(k)}_v2.xlsx", "G4"),
        ("N397", f"{name_of(k)}_v2.xlsx", ""),
        ("W378", "名册.xlsx", f"A{k + 2}"),
        ("W232", f"{name_of(k)}_v2.xlsx", "A4"),
    }


def _copied(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    """The same bytes twice, once in a sub-folder."""
    path = made.folder / f"{name_of(k)}.xlsx"
    write(path, _table(rows, ORDER))
    twin = made.folder / "补报" / path.name
    twin.parent.mkdir(exist_ok=True)
    twin.write_bytes(path.read_bytes())
    made.planted.add(("N390", f"补报/{path.name}", ""))


def _misspelt(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    """A file name and two cells with a wrong character: the community counts as missing, nothing is guessed."""
    wrong = f"{NAMES[k][0]}复社区"
    path = made.folder / f"{wrong}.xlsx"
    for row in rows[:2]:
        row["village"] = wrong
    write(path, _table(rows, ORDER))
    made.planted |= {("W387", path.name, cell) for cell in ("", "B2", "B3")}
    made.n[id_of(k)] = ROWS - 2
    made.planted.add(("W379", "名册.xlsx", f"A{k + 2}"))


def _alias(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    """Aliases in the file name and in the cells."""
    for n, row in enumerate(rows):
        row["village"] = (f"{NAMES[k]}居委会", f"{NAMES[k]}社区 ", id_of(k).lower())[n % 3]
    write(made.folder / f"{NAMES[k]}居委会居民问卷汇总表2026-09.xlsx", _table(rows, ORDER))


def _wrong_rows(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    """One row of the neighbouring community."""
    rows[4]["village"] = name_of(k - 1)
    write(made.folder / f"{name_of(k)}.xlsx", _table(rows, ORDER))
    stray = rows.pop(4)
    made.answers[id_of(k - 1), stray["rid"]] = stray
    made.n[id_of(k)] -= 1
    made.n[id_of(k - 1)] += 1
    made.planted |= {
        ("W393", f"{name_of(k)}.xlsx", "B6"),
        ("W379", "名册.xlsx", f"A{k + 2}"),
        ("W378", "名册.xlsx", f"A{k + 1}"),
    }


def _bad_cells(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    """A word that is no option, an age out of bounds, an error cell."""
    path = made.folder / f"{name_of(k)}.xlsx"
    table = _table(rows, ORDER)
    table[2][3], table[3][6], table[4][4] = "满意吧", 230, "#N/A"
    write(path, table)
    for row, name in zip(rows[1:4], ("v1", "age", "v2"), strict=True):
        row[name] = None
    made.planted |= {("E220", path.name, "D3"), ("E223", path.name, "G4"), ("E202", path.name, "E5")}


def _furnished(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    """A title row, renamed headings, hidden columns, a subtotal row, an empty row."""
    path = made.folder / "南片" / f"{name_of(k)}.xlsx"
    header = HEADER | {"used": "3. 您去过互助站吗？（单选）", "v1": "1、服务及时", "age": "您的年龄："}
    table = _table(rows, ORDER, header)
    book = write(
        path, [["互助站调查表"], *table[:4], [None] * 8, *table[4:], ["合计", None, None, None, None, None, 300]]
    )
    book.active.column_dimensions["C"].hidden = True
    book.save(path)
    place = f"南片/{name_of(k)}.xlsx"
    made.planted |= {("N244", place, "A10"), ("N247", place, "A6"), ("N206", place, "")}


def _dittos(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    """Typed by hand: 同上 and 〃 for the answer above."""
    rows[2]["used"], rows[3]["v1"] = rows[1]["used"], rows[2]["v1"]
    table = _table(rows, ORDER)
    table[3][2], table[4][3] = "同上", "〃"
    write(made.folder / f"{name_of(k)}.xlsx", table)
    made.planted |= {("N249", f"{name_of(k)}.xlsx", cell) for cell in ("C4", "D5")}


def _ticks(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    """A tick for yes, spelt as an alias of the option."""
    for row in rows:
        row["used"] = 1
    table = _table(rows, ORDER)
    for line in table[1:]:
        line[2] = "√"
    write(made.folder / f"{id_of(k)}.xlsx", table)


def _few(made: Messy, k: int, rows: list[dict[str, Any]]) -> None:
    del rows[4:]
    write(made.folder / name_of(k) / "问卷.xlsx", _table(rows, ORDER))
    made.n[id_of(k)] = 4
    made.planted.add(("W379", "名册.xlsx", f"A{k + 2}"))


_SPECIAL = {
    5: _missing, 6: _damaged, 7: _word, 8: _other_questionnaire, 9: _resubmitted, 10: _copied, 0: _misspelt,
    12: _alias, 14: _wrong_rows, 15: _bad_cells, 17: _furnished, 18: _ticks, 19: _few, 21: _dittos,
}  # fmt: skip


def _strays(made: Messy) -> None:
    """What else lies in such a folder."""
    (made.folder / "~$和平社区.xlsx").write_bytes(b"\x08user")
    (made.folder / ".DS_Store").write_bytes(b"\0")
    (made.folder / "通知.pdf").write_bytes(b"%PDF-1.4")
    made.planted |= {("N389", "~$和平社区.xlsx", ""), ("N389", ".DS_Store", ""), ("W385", "通知.pdf", "")}


def _roster(made: Messy) -> None:
    head = ["社区编号", "社区名称", "别名", "应收份数", "联系人"]
    lines = [[id_of(k), name_of(k), f"{NAMES[k]}居委会；{NAMES[k]}小区", ROWS, "略"] for k in range(30)]
    write(made.roster, [head, *lines], "名册")
    made.planted.add(("N384", "名册.xlsx", "E1"))
