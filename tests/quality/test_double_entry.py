"""Two clerks, the same papers: every planted difference is found at its cell, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from openpyxl import Workbook

from evalkit.contract import InputError
from evalkit.contract.words import say
from evalkit.ingest import read_responses
from evalkit.instrument import parse_instrument
from evalkit.quality import compare_entries

INSTRUMENT = parse_instrument(
    """format = "evalkit-instrument/1"
id = "paper"
version = "1"
languages = ["zh", "en"]
title = {zh = "纸质问卷", en = "Paper"}
[choices]
yes = [
  {code = 1, zh = "是", en = "Yes"}, {code = 0, zh = "否", en = "No"},
  {code = 8, zh = "不清楚", en = "Don't know", missing = "dont_know"},
]
[[items]]
id = "used"
type = "single"
choices = "yes"
zh = "用过吗"
en = "Used"
[[items]]
id = "age"
type = "integer"
zh = "年龄"
en = "Age"
[[items]]
id = "phone"
type = "text"
private = true
zh = "联系方式"
en = "Phone"
""",
    "paper.toml",
)
ROWS = [["P1", "是", 30, "13800000001"], ["P2", "否", 41, "13800000002"], ["P3", "不清楚", 52, "13800000003"]]


@pytest.fixture
def entry(tmp_path):
    """`entry("a", rows)`: one clerk's file, read."""

    def make(name: str, rows: list[list[object]]):
        book = Workbook()
        book.active.append(["编号", "用过吗", "年龄", "联系方式"])
        for row in rows:
            book.active.append(row)
        book.save(tmp_path / f"{name}.xlsx")
        return read_responses(tmp_path / f"{name}.xlsx", INSTRUMENT)

    return make


def test_every_difference_is_found_at_its_cell(entry):
    second = [list(row) for row in ROWS[::-1]]  # typed in another order
    second[0][1] = None  # don't know against blank
    second[1][2] = 14
    second[2][3] = "13800000009"
    second.append(["P4", "是", 20, None])
    found = compare_entries(entry("a", ROWS), entry("b", second))
    told = [(p.code, p.at.file, p.at.cell, p.params["item"], p.params["there"]) for p in found.notices[:-1]]
    assert told == [
        ("W827", "a.xlsx", "D2", "phone", "D4"),
        ("W825", "a.xlsx", "C3", "age", "C3"),
        ("W825", "a.xlsx", "B4", "used", "B2"),
    ]
    assert (found.notices[-1].code, found.notices[-1].params["ids"]) == ("W826", ["P4"])
    assert (found.n_obs, found.only_first, found.only_second) == (3, (), ("P4",))
    assert found.by_column["count"].to_dict() == {"used": 1, "age": 1, "phone": 1}
    assert found.rate == pytest.approx(3 / 9)
    said = " ".join(say(p, lang) for p in found.notices for lang in ("zh", "en"))
    assert "13800000" not in said and "41" in said and "14" in said


def test_equal_entries_have_no_difference(entry):
    found = compare_entries(entry("a", ROWS), entry("b", ROWS))
    assert not found.notices and found.rate == 0
    assert found.tidy()["estimate"].tolist() == [0, 0, 0]
    assert len(found.table().rows) == 1  # the total


def test_no_common_paper_has_no_rate(entry):
    found = compare_entries(entry("a", ROWS[:1]), entry("b", ROWS[1:]))
    assert np.isnan(found.rate) and found.tidy()["estimate"].isna().all() and found.n_obs == 0


@pytest.mark.parametrize(("change", "cell"), [(("P1", "P1"), "A3"), (("P1", None), "A3")])
def test_papers_without_a_number_of_their_own_are_refused(entry, change, cell):
    rows = [list(row) for row in ROWS]
    rows[0][0], rows[1][0] = change
    with pytest.raises(InputError) as caught:
        compare_entries(entry("a", rows), entry("b", ROWS))
    assert [(p.code, p.at.cell) for p in caught.value.problems] == [("E829", cell)]
    with pytest.raises(InputError) as caught:
        compare_entries(entry("a", ROWS), entry("b", ROWS), by="household")
    assert caught.value.problems[0].code == "E828"
