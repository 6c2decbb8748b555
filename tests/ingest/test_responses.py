"""Nothing of a file is lost: the identities, the addresses, several files and sheets."""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.contract import AnalysisError, InputError, codebook_of
from evalkit.contract.words import say
from evalkit.ingest import read_responses
from evalkit.ingest.responses import FATES

HEADERS = [
    "您的年龄",
    "您去过互助站吗？",
    "v1",
    "您需要什么",
    "请排序",
    "入住日期",
    "联系方式",
    "序号",
    "来自IP",
    "所用时间",
    "",
    "其它列",
    "服务及时",
]
VALUES = st.one_of(
    st.none(),
    st.integers(-5, 1000),
    st.floats(-10, 1e6, allow_nan=False).map(lambda x: round(x, 3)),
    st.sampled_from(
        [
            "是",
            "否",
            "停车┋电梯",
            "快速→公平",
            "非常同意",
            "合计",
            "(跳过)",
            "(空)",
            "13812345678",
            "您的年龄",
            " ",
            "瞎填",
            "２５",
            "30岁",
        ]
    ),
    st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 1, 1)),
    st.booleans(),
    st.text("ab甲乙1、,┋→〖〗 ", max_size=6),
)


@st.composite
def sheets(draw):
    header = draw(st.lists(st.sampled_from(HEADERS), min_size=1, max_size=7))
    rows = draw(st.lists(st.lists(VALUES, min_size=len(header), max_size=len(header) + 1), min_size=1, max_size=8))
    return [[text or None for text in header], *rows]


@given(content=sheets(), dialect=st.sampled_from(["plain", "wjx_text", "wjx_index"]))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_and_column_of_any_sheet_has_one_fate(workbook, village, content, dialect):
    path = workbook(content)
    try:
        found = read_responses(path, village, dialect=dialect)
    except InputError as caught:
        assert {problem.code for problem in caught.problems} <= {"E317", "E302", "E113", "E112", "E110"}
        return
    assert not [p for p in found.problems if "{" in say(p, "zh") + say(p, "en")]
    counts = found.counts()
    assert counts["rows_in"] == counts["loaded"] + counts["rejected"]
    assert counts["columns_in"] == sum(counts[fate] for fate in FATES) == len(found.columns)
    assert found.columns["letter"].is_unique
    rows = sorted([*found.source["row"], *found.rejected["row"]])
    assert len(set(rows)) == len(rows) == counts["rows_in"]
    targets = found.columns.loc[found.columns["fate"] == "mapped", "target"]
    assert targets.is_unique
    assert found.frame.index.is_unique and found.frame.index.equals(found.missing.index)
    for name in found.missing:
        assert (found.frame[name].isna() == (found.missing[name] != 0)).all()
    assert not set(found.private.columns) & set(found.frame.columns)


def test_where_leads_back_to_the_cell(read):
    found = read(
        ["2 您对互助站的看法—服务及时", "您需要什么", "联系方式"], [[1, "停车", "甲"], [2, "其他〖种菜〗", "乙"]]
    )
    assert found.where(2, "v1").cell == "A3" and found.where(2, "need__3").cell == "B3"
    assert found.where(2, "need__9__text").cell == "B3" and found.where(1, "phone").cell == "C2"
    assert found.where(1, "respondent_id").cell == "D2"
    assert found.where(1, "age").cell == "" and found.where(1, "age").sheet == "Sheet1"
    with pytest.raises(AnalysisError):
        found.where(9, "v1")
    with pytest.raises(AnalysisError):
        found.where(1, "nonsense")


def test_doubled_ids_are_all_loaded_and_flagged(workbook, village):
    found = read_responses(workbook([["序号", "您的年龄"], ["a", 30], ["b", 31], ["a", 32]]), village)
    assert found.frame["respondent_id"].tolist() == ["a", "b", "a"]
    (double,) = [p for p in found.problems if p.code == "W232"]
    assert double.at.cell == "A4" and list(double.params["rows"]) == ["2", "4"]


def test_an_id_that_the_spreadsheet_rounded_is_never_a_key(workbook, village):
    path = workbook([["序号", "您的年龄"], [440106199001011234, 30], [12, 31]])
    found = read_responses(path, village)
    assert found.frame["respondent_id"].tolist()[1] == "12" and pd.isna(found.frame["respondent_id"].iloc[0])
    assert [p.at.cell for p in found.problems if p.code == "E231"] == ["A2"]


def test_the_instruments_own_id_comes_first(ask, workbook):
    asked = ask("""
[[items]]
id = "person"
type = "meta"
role = "respondent_id"
zh = "受访者编号"
[[items]]
id = "place"
type = "meta"
role = "cluster"
zh = "社区编号"
[[items]]
id = "age"
type = "integer"
zh = "年龄"
""")
    found = read_responses(
        workbook([["序号", "受访者编号", "社区编号", "年龄"], [1, "007", "A", 30], [2, "007", 12, 31]]), asked
    )
    assert found.frame["respondent_id"].tolist() == ["007", "007"] and found.frame["sequence"].tolist() == ["1", "2"]
    assert found.frame["place"].tolist() == ["A", "12"] and codebook_of(found.frame).variables["place"].kind == "id"
    assert [p.code for p in found.problems] == ["W232"] and "person" not in found.missing


def test_several_files_are_stacked_with_their_sources(workbook, village):
    one = workbook([["序号", "您的年龄", "v1"], [1, 30, 5], [2, 31, 4]], "north.xlsx")
    two = workbook([["序号", "您的年龄", "备注"], [1, 50, "好"]], "south.xlsx")
    found = read_responses([one, two], village)
    assert found.frame["age"].tolist() == [30, 31, 50] and found.frame.index.tolist() == [1, 2, 3]
    assert found.frame["respondent_id"].tolist() == ["1-1", "1-2", "2-1"]
    assert found.frame["source_file"].tolist() == ["north.xlsx", "north.xlsx", "south.xlsx"]
    assert found.missing["v1"].tolist() == [0, 0, 7]
    assert found.where(3, "age").file == "south.xlsx" and found.where(3, "age").cell == "B2"
    assert found.counts()["rows_in"] == 3 and found.counts()["columns_in"] == 6
    assert not [p for p in found.problems if p.code == "W232"]


def test_files_of_one_name_are_told_apart_by_their_folder(workbook, village):
    one = workbook([["您的年龄"], [30]], "north/answers.xlsx")
    two = workbook([["您的年龄"], [300]], "south/answers.xlsx")
    found = read_responses([one, two], village)
    assert found.source["file"].tolist() == ["north/answers.xlsx", "south/answers.xlsx"]
    assert [p.at.file for p in found.problems if p.code == "E223"] == ["south/answers.xlsx"]


def test_the_sheet_that_matches_is_taken_and_the_others_are_named(workbook, village):
    path = workbook({"说明": [["问卷说明", "请勿改动"], ["一", "二"]], "答卷": [["您的年龄", "v1"], [30, 5]]})
    found = read_responses(path, village)
    assert found.source["sheet"].tolist() == ["答卷"]
    (note,) = [p for p in found.problems if p.code == "N320"]
    assert list(note.params["others"]) == ["说明"]
    assert read_responses(path, village, sheet="答卷").frame["age"].tolist() == [30]


def test_columns_without_a_header(workbook, village):
    found = read_responses(workbook([["您的年龄", None, None, "v1"], [30, None, "悄悄话", 5]]), village)
    assert found.columns["fate"].tolist() == ["mapped", "ignored", "unmapped", "mapped"]
    assert found.unmapped == ("C",)


def test_the_codebook_describes_the_columns(read):
    found = read(
        ["2 您对互助站的看法—服务及时", "您需要什么", "家庭人数", "您的年龄", "请排序"],
        [[5, "停车", "1-2", 30, "公平→快速"]],
    )
    book = codebook_of(found.frame)
    v1 = book.variables["v1"]
    assert (v1.kind, v1.low, v1.high, v1.block, v1.zh) == ("item", 1, 5, "view", "服务及时")
    assert [c.missing for c in v1.categories if c.code == 8] == ["dont_know"]
    assert (book.variables["need__3"].kind, book.variables["need__3"].item) == ("option", "need")
    assert book.variables["need"].zh == "您需要什么" and "need" not in found.frame
    assert book.variables["household"].kind == "nominal" and book.variables["age"].unit == "岁"
    assert book.variables["order__a"].kind == "number" and book.variables["respondent_id"].kind == "id"
    assert book.missing is not None and set(book.missing) == set(found.missing) and not book.simulated
    assert {str(c) for c in found.frame} <= set(book.variables)


def test_ordinal_and_text_codes_and_checks(ask, workbook):
    asked = ask("""
[choices]
edu = [{code = 1, zh = "小学"}, {code = 2, zh = "中学"}]
zone = [{code = "n", zh = "北区"}, {code = "s", zh = "南区"}]
A5 = [{code = 1, zh = "不同意"}, {code = 2, zh = "一般"}, {code = 3, zh = "同意"}]
[[items]]
id = "edu"
type = "single"
choices = "edu"
measure = "ordinal"
zh = "学历"
[[items]]
id = "zone"
type = "single"
choices = "zone"
zh = "片区"
[[items]]
id = "m"
type = "matrix"
choices = "A5"
zh = "看法"
rows = [{id = "m1", zh = "一"}, {id = "att", zh = "此题请选同意", check = {equals = 3}}]
""")
    found = read_responses(workbook([["学历", "片区", "看法—一", "此题请选同意"], ["中学", "南区", 1, "同意"]]), asked)
    book = codebook_of(found.frame)
    assert found.frame.loc[1, ["edu", "zone", "att"]].tolist() == [2, "s", 3]
    assert book.variables["edu"].kind == "ordinal" and book.variables["zone"].kind == "nominal"
    assert book.variables["att"].check == 3 and book.variables["zone"].categories[0].code == "n"


def test_a_simulated_file_says_so(workbook, village):
    assert codebook_of(read_responses(workbook({"模拟数据": [["您的年龄"], [30]]}), village).frame).simulated


def test_reading_changes_nothing_when_done_twice(workbook, village):
    path = workbook([["您的年龄", "您需要什么"], [30, "停车┋电梯"], [300, "飞碟"]])
    one, two = read_responses(path, village), read_responses(path, village)
    assert one.frame.equals(two.frame) and one.missing.equals(two.missing) and one.problems == two.problems
    assert np.array_equal(one.columns["how"], two.columns["how"])
