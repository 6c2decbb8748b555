"""The sheet of claims as a file, and the command that checks it."""

from __future__ import annotations

import json

import openpyxl
import pytest

import evalkit as ek
from evalkit.cli import main
from evalkit.contract import InputError
from evalkit.contract.words import say

ROWS = [
    ["编号", "规则", "内容", "数值", "分项", "频数", "基数"],
    ["N-27", "R1", "受理问题", "4616", "1604；2657；353", None, None],
    ["N-14", "R2", "占比", "93.8", None, "45", "48"],
    [None] * 7,
    ["x", "R9", "范畴", "24", None, "20", None],
]


@pytest.fixture
def book(tmp_path):
    def make(rows, name="claims.xlsx"):
        found = openpyxl.Workbook()
        found.active.title = "论断"
        for row in rows:
            found.active.append(row)
        found.save(tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def run(capsys, monkeypatch):
    monkeypatch.setenv("EVALKIT_DEBUG", "1")

    def call(*words):
        code = main([*map(str, words)])
        return code, *capsys.readouterr()

    return call


def test_headings_in_chinese_below_a_title(book):
    frame = ek.read_claims(book([["某文印刷数字"], *ROWS]))
    assert list(frame.columns) == ["claim", "rule", "label", "value", "parts", "count", "n"]
    assert frame.index.tolist() == [3, 4, 6]
    assert frame.attrs["letters"]["value"] == "D"
    assert dict(ek.check_claims(frame).verdicts) == {"N-27": "flag", "N-14": "ok", "x": "flag"}


def test_headings_in_english_in_a_csv_that_keeps_its_zeros(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("Claim,Rule,Label,Value,Count,N\na,R2,share,93.80,45,48\n", encoding="utf-8")
    result = ek.check_claims(ek.read_claims(path))
    assert result.rows[0].finding.verdict == "flag"  # 93.75 is not 93.80


def test_number_cells_with_decimals_are_told_unless_the_digits_are_given(book):
    rows = [["claim", "value", "decimals"], ["a", 93.8, None], ["b", 5, None], ["c", 41.7, "2"]]
    (problem,) = ek.read_claims(book(rows)).attrs["problems"]
    assert (problem.code, problem.at.cell, problem.params["n"]) == ("N6543", "B2", 1)
    assert "小数位" in say(problem, "zh")


def test_problems_name_the_cell(book):
    rows = [["claim", "rule", "value", "n"], ["a", "GRIM", "3.14", "many"]]
    (problem,) = ek.check_claims(ek.read_claims(book(rows))).notices
    assert (problem.code, problem.at.sheet, problem.at.cell) == ("W6532", "论断", "D2")


def test_a_heading_given_twice_and_an_unknown_one_are_refused(book):
    rows = [["claim", "value", "数值", "vlaue"], ["a", "1", "2", "3"]]
    with pytest.raises(InputError) as stopped:
        ek.check_claims(ek.read_claims(book(rows)))
    assert stopped.value.problems[0].params["names"] == ["数值 (C)", "vlaue (D)"]


def test_a_book_without_claims_is_refused(book):
    with pytest.raises(InputError) as stopped:
        ek.read_claims(book([["id", "score"], ["a", 1]]))
    assert stopped.value.problems[0].code == "E6542"


def test_the_command_tells_what_does_not_fit_and_writes_the_table(book, run, tmp_path):
    path = book(ROWS)
    code, out, err = run("claims", path, "-o", tmp_path / "found.xlsx", "--lang", "zh")
    lines = out.splitlines()
    assert (code, err) == (1, "")
    assert lines[0].startswith("【不符】N-27 受理问题 4616（R1）：分项合计 4614")
    assert lines[2].startswith("共3条论断：不符2")
    assert len(lines) == 4
    book = openpyxl.load_workbook(tmp_path / "found.xlsx")
    texts = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any("4616 → 4614" in text for text in texts)
    assert any("93.75%" in text for text in texts)


def test_the_command_in_english_as_json(book, run):
    code, out, _ = run("claims", book(ROWS), "--json", "--lang", "en")
    records = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [r["verdict"] for r in records] == ["flag", "ok", "flag"]
    assert records[0]["finding"].startswith("the parts sum to 4614")


def test_exit_codes(book, run, tmp_path):
    assert run("claims", book([ROWS[0], ROWS[2]]))[0] == 0
    assert run("claims", tmp_path / "none.xlsx")[0] == 3
    assert run("claims", book(ROWS), "-o", tmp_path / "x.pdf")[0] == 2
    code, _, err = run("claims", book([["claim", "rule", "value"], ["a", "R99", "1"]]), "--lang", "en")
    assert code == 0
    assert "W6539" in err and "B2" in err
