"""Tables without a platform: csv and xlsx, with and without an instrument."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from evalkit.contract import codebook_of
from evalkit.ingest import read_responses

DATA = Path(__file__).parent.parent / "data"
GOLDEN = Path(__file__).parent.parent / "golden"


def test_a_csv_of_codes_without_an_instrument_stays_numbers(residents):
    found = read_responses(GOLDEN / "residents.csv")
    assert found.dialect == "plain" and len(found.frame) == 1200 and not found.unmapped
    for name in ("SAT1", "SV4", "age", "meetings"):
        assert np.array_equal(found.frame[name].to_numpy(), residents[name].to_numpy(float), equal_nan=True)
        assert codebook_of(found.frame).variables[name].kind == "number"
    tenure = codebook_of(found.frame).variables["tenure"]
    assert tenure.kind == "nominal" and len(tenure.categories) == residents["tenure"].nunique()


def test_the_two_forms_of_one_survey_agree():
    sheet = read_responses(DATA / "residents_zh.xlsx", sheet="问卷")
    text = read_responses(DATA / "residents_zh_gb18030.csv")
    assert list(sheet.frame.columns) == list(text.frame.columns)
    assert (len(sheet.frame), len(text.frame)) == (600, 200)
    items = [f"c{k}" for k in range(7, 41)]
    assert sheet.frame.loc[:200, items].equals(text.frame[items])
    assert sheet.missing.loc[:200, items].equals(text.missing[items])
    assert not [p for p in (*sheet.problems, *text.problems) if p.severity == "error"]


def test_headers_that_cannot_be_ids_become_the_wording(workbook):
    found = read_responses(workbook([["年龄", "SAT1", "a b", "x__y"], [30, 5, "好", 1.5], [31, 4, "好", 2.5]]))
    assert list(found.frame.columns) == ["c1", "SAT1", "c3", "c4"]
    book = codebook_of(found.frame)
    assert book.variables["c1"].zh == "年龄" and book.variables["c4"].zh == "x__y"
    assert found.frame["c4"].tolist() == [1.5, 2.5]


def test_ids_in_a_file_of_texts_are_no_news(tmp_path, village):
    path = tmp_path / "a.csv"
    path.write_text("序号,您的年龄,v1\n001,30,5\n002,31,4\n", encoding="utf-8")
    found = read_responses(path, village)
    assert found.frame["respondent_id"].tolist() == ["001", "002"]
    assert not [p for p in found.problems if p.code == "N236"]


def test_a_copy_reads_the_same_wherever_it_lies(tmp_path):
    copy = tmp_path / "b" / "residents_zh.xlsx"
    copy.parent.mkdir()
    shutil.copy(DATA / "residents_zh.xlsx", copy)
    assert read_responses(copy).frame.equals(read_responses(DATA / "residents_zh.xlsx").frame)


@pytest.mark.parametrize("title", [["社区问卷 2026"], ["社区问卷 2026", None, None]])
def test_a_title_above_the_header_is_passed_over(workbook, village, title):
    found = read_responses(workbook([title, ["您的年龄", "v1", "v2"], [30, 5, 4]]), village)
    assert found.frame["age"].tolist() == [30] and found.where(1, "age").cell == "A3"
