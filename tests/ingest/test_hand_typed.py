"""Workbooks typed by hand: a twin with all the mess, and every kind of mess by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from twins import invented, same
from typed_by_hand import Mess, type_workbook

from evalkit.contract import MISSING_KINDS, InputError
from evalkit.ingest import read_responses
from evalkit.ingest.dialects import guesses
from evalkit.ingest.draft import draft
from evalkit.instrument import parse_instrument
from evalkit.sheets import read_book

messes = st.builds(
    Mess,
    title=st.booleans(),
    merged=st.booleans(),
    section=st.booleans(),
    units=st.booleans(),
    spread=st.booleans(),
    boxes=st.booleans(),
    polite=st.booleans(),
    pages=st.booleans(),
    totals=st.booleans(),
    notes=st.booleans(),
    scales=st.sampled_from(["words", "points", "both", "codes"]),
    ages=st.sampled_from(["{}", "{}岁", "{} 岁", "wide{}", "wide{}岁"]),
)


def codes(found, *kinds):
    return [p.code for p in found.problems if not kinds or p.code[0] in kinds]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), mess=messes)
def test_what_was_typed_is_read(tmp_path, village, seed, mess):
    answers = invented(village, seed)
    path = tmp_path / "幸福社区.xlsx"
    told = type_workbook(path, {"居民": (answers, mess)}, village, seed)["居民"]
    found = read_responses(path, village, dialect="hand_typed")
    same(found, answers)
    assert dict(zip(found.rejected["row"], found.rejected["reason"], strict=True)) == told.rejected
    assert {p.at.cell for p in found.problems if p.code == "N249"} == told.dittos
    assert codes(found, "E") == [] and found.unmapped == ()
    assert found.counts()["rows_in"] == len(answers) + len(told.rejected)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), mess=messes)
def test_sheets_that_drift_become_one_table(tmp_path, village, seed, mess):
    answers = {name: invented(village, seed + k, 5) for k, name in enumerate(("幸福社区", "和平村", "阳光里"))}
    drifting = {
        "幸福社区": mess,
        "和平村": Mess(shuffled=True, extra=True, polite=True),
        "阳光里": Mess(lacking=frozenset(["since"]), title=False, scales="both"),
    }
    path = tmp_path / "全部.xlsx"
    type_workbook(path, {name: (answers[name], drifting[name]) for name in answers}, village, seed)
    found = read_responses(path, village)
    assert found.dialect == "hand_typed"
    assert found.frame["source_sheet"].tolist() == [name for name in answers for _ in range(5)]
    same(found, [one for some in answers.values() for one in some], without=["since"])
    assert [MISSING_KINDS[k] for k in found.missing["since"].iloc[-5:]] == ["not_in_file"] * 5
    (lacks,) = [p for p in found.problems if p.code == "W324"]
    assert lacks.at.sheet == "阳光里" and lacks.params["items"] == ["since"]
    assert [text.split()[1] for text in found.unmapped] == ["天气"] and "N323" in codes(found)


@pytest.fixture
def typed(tmp_path):
    """`typed(rows, merged=["A1:C1"])`: a workbook as given."""

    def write(rows, merged=(), sheet="表1", name="登记表.xlsx"):
        book = Workbook()
        book.active.title = sheet
        for row in rows:
            book.active.append(list(row))
        for area in merged:
            book.active.merge_cells(area)
        path = tmp_path / name
        book.save(path)
        return path

    return write


HOME = """
[choices]
sat = [{code = 1, zh = "很不满意"}, {code = 4, zh = "比较满意"}, {code = 5, zh = "非常满意"}]
yes = [{code = 1, zh = "是"}, {code = 0, zh = "否"}]
sex = [{code = 1, zh = "男"}, {code = 2, zh = "女"}]
[[items]]
id = "sex"
type = "single"
choices = "sex"
zh = "您的性别"
[[items]]
id = "sat"
type = "single"
choices = "sat"
zh = "您对物业满意吗？"
[[items]]
id = "poor"
type = "single"
choices = "yes"
zh = "是否低保户"
[[items]]
id = "area"
type = "decimal"
unit = "平方米"
zh = "您家的住房面积是多少"
[[items]]
id = "people"
type = "integer"
zh = "家庭人口"
"""


@pytest.fixture
def home(ask):
    return ask(HOME)


def test_answers_as_people_type_them(typed, home):
    header = ["序号", "性别", "对物业满意吗", "是否低保户", "住房面积（㎡）", "家庭人口"]
    rows = [
        [1, "男", "4分", "√", "８０", "3人"],
        [2, "女", "4(比较满意)", "×", "95平米", "４口人"],
        [3, "男", "非常满意5", "是", 70.5, 2],
        [4, "女", "4（非常满意）", None, "约60", "5万"],
        [5, "男", "3分", "否", "1亩", "3"],
    ]
    found = read_responses(typed([header, *rows]), home, dialect="hand_typed")
    assert found.frame["sex"].tolist() == [1, 2, 1, 2, 1]
    np.testing.assert_array_equal(found.frame["sat"], [4, 4, 5, np.nan, np.nan])
    np.testing.assert_array_equal(found.frame["poor"], [1, 0, 1, np.nan, 0])
    np.testing.assert_array_equal(found.frame["area"], [80, 95, 70.5, np.nan, np.nan])
    np.testing.assert_array_equal(found.frame["people"], [3, 4, 2, np.nan, 3])
    # What cannot be read is an error at its cell; code and words that disagree are not reconciled.
    errors = {p.at.cell: p.code for p in found.problems if p.code[0] == "E"}
    assert errors == {"C5": "E220", "C6": "E220", "E5": "E222", "E6": "E222", "F5": "E222"}
    respelt = {p.at.cell: p.params["meant"] for p in found.problems if p.code == "N251"}
    assert respelt == {"C2": "比较满意", "C3": "比较满意", "C4": "非常满意", "D2": "是", "D3": "否"}
    assert {p.at.cell: p.params["unit"] for p in found.problems if p.code == "N252"} == {
        "E3": "平米", "F2": "人", "F3": "口人",
    }  # fmt: skip
    assert {p.at.cell for p in found.problems if p.code == "N322"} == {"B1", "C1", "E1"}


def test_a_unit_that_is_not_the_instruments_is_told_and_not_converted(typed, home):
    rows = [["序号", "性别", "住房面积"], [None, None, "（亩）"], [1, "男", 80], [2, "女", 95]]
    found = read_responses(typed(rows), home)
    (told,) = [p for p in found.problems if p.code == "W325"]
    assert (told.at.cell, told.params["unit"], told.params["wanted"]) == ("C1", "亩", "平方米")
    assert found.frame["area"].tolist() == [80, 95]
    assert [(p.code, p.at.cell) for p in found.problems if p.code == "N253"] == [("N253", "A2")]


def test_ditto_marks_stay_in_their_column_and_need_an_answer_above(typed, home):
    header = ["序号", "性别", "对物业满意吗", "家庭人口"]
    rows = [
        [1, "〃", "比较满意", 3],
        [2, "男", "同上", '"'],
        ["小计", None, None, 6],
        [3, "同上", "〃", "″"],
        [4, None, None, None],
        [5, "同上", "非常满意", "同上"],
    ]
    found = read_responses(typed([header, *rows]), home)
    assert found.dialect == "hand_typed"
    np.testing.assert_array_equal(found.frame["sex"], [np.nan, 1, 1, np.nan, np.nan])
    np.testing.assert_array_equal(found.frame["sat"], [4, 4, 4, np.nan, 5])
    np.testing.assert_array_equal(found.frame["people"], [3, 3, 3, np.nan, np.nan])
    assert {p.at.cell for p in found.problems if p.code == "N249"} == {"C3", "D3", "B5", "C5", "D5"}
    assert {p.at.cell for p in found.problems if p.code == "E250"} == {"B2", "B7", "D7"}
    assert MISSING_KINDS[found.missing.loc[1, "sex"]] == "invalid"
    assert MISSING_KINDS[found.missing.loc[4, "sex"]] == "no_answer"


def test_a_single_choice_spread_over_columns(typed, home):
    rows = [
        ["序号", "性别", None, "对物业满意吗", None, None, "家庭人口"],
        [None, "男", "女", "很不满意", "比较满意", "非常满意", None],
        [1, "√", None, None, "✓", None, 3],
        [2, None, "○", None, None, None, 2],
        [3, "√", "√", "大概", None, None, 2],
    ]
    merged = ["A1:A2", "B1:C1", "D1:F1", "G1:G2"]
    found = read_responses(typed(rows, merged), home)
    np.testing.assert_array_equal(found.frame["sex"], [1, 2, np.nan])
    np.testing.assert_array_equal(found.frame["sat"], [4, np.nan, np.nan])
    assert [(p.code, p.at.cell) for p in found.problems if p.code[0] == "E"] == [("E248", "C5"), ("E240", "D5")]
    assert [MISSING_KINDS[k] for k in found.missing["sat"]] == ["answered", "no_answer", "invalid"]
    assert set(found.columns["target"]) == {"respondent_id", "sex", "sat", "people"}
    assert found.where(1, "sex").cell == "B3"


def test_three_header_rows(typed, village):
    rows = [
        ["互助站调查", None, None, None, None],
        ["序号", "一、评价", None, None, None],
        [None, "您对互助站的看法", None, "您对党支部的看法", None],
        [None, "服务及时", "态度友好", "服务及时", "态度友好"],
        [1, "非常同意", "一般", "比较同意", "不清楚"],
        [2, 1, 2, 3, 4],
        ["注：", "1—5 为同意程度", None, None, None],
    ]
    found = read_responses(typed(rows, ["A1:E1", "A2:A4", "B2:E2", "B3:C3", "D3:E3"]), village)
    assert found.frame[["v1", "v2", "p1"]].to_numpy().tolist() == [[5, 3, 4], [1, 2, 3]]
    assert dict(zip(found.rejected["row"], found.rejected["reason"], strict=True)) == {
        1: "above_header", 2: "above_header", 3: "above_header", 7: "note",
    }  # fmt: skip


def test_totals_of_every_kind_are_listed_and_respondents_are_not(typed, home):
    header = ["序号", "性别", "家庭人口", "备注"]
    rows = [
        [1, "男", 3, "合计约三千"],
        ["第一组小计", None, 3, None],
        [2, "女", 2, None],
        [None, "合计（2户）", "5人", None],
        ["平均", None, 2.5, None],
        ["占比", None, "50%", None],
        ["备注：", "数据未核", None, None],
    ]
    found = read_responses(typed([header, *rows]), home, dialect="hand_typed")
    assert found.frame["people"].tolist() == [3, 2]
    assert found.rejected["reason"].tolist() == ["total", "total", "total", "total", "note"]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([["序号", "性别"], [1, "男"], [2, "同上"]], "B3 同上"),
        ([["序号", "性别"], [1, "男"], ["填表人：王", None]], "填表人：王"),
        ([["序号", "面积"], [None, "（元）"], [1, 3]], "（元）"),
        ([["序号", "低保"], [1, "√"], [2, None]], "B2 √"),
        ([["序号", "性别"], [1, "男"], ["序号", "性别"], [2, "女"]], "序号"),
    ],
)
def test_the_detector_says_why(typed, rows, why):
    guess = guesses(read_book(typed(rows)).sheets[0], "a.xlsx")[0]
    assert guess.name == "hand_typed" and guess.score >= 0.8 and why in guess.reasons


def test_a_clean_table_is_plain_and_an_export_keeps_its_platform(typed):
    clean = read_book(typed([["id", "age"], [1, 30], [2, 40]])).sheets[0]
    assert [(g.name, g.score) for g in guesses(clean, "a.xlsx") if g.name in ("plain", "hand_typed")] == [
        ("plain", 1.0), ("hand_typed", 0.0),
    ]  # fmt: skip
    meta = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP", "1、性别"]
    export = [meta, [1, "2026/09/03 12:00:00", "60秒", "微信", "N/A", "1.1.1.1", "√"], ["合计"] + [None] * 6]
    assert guesses(read_book(typed(export)).sheets[0], "a.xlsx")[0].name.startswith("wjx")


def test_summaries_and_notes_are_not_read_beside_communities(tmp_path, village):
    answers = invented(village, 4, 4)
    path = tmp_path / "a.xlsx"
    type_workbook(path, {name: (answers, Mess()) for name in ("幸福社区", "和平村", "汇总")}, village, 1)
    found = read_responses(path, village)
    assert set(found.frame["source_sheet"]) == {"幸福社区", "和平村"}
    (left,) = [p for p in found.problems if p.code == "N320"]
    assert left.params["others"] == ["汇总"]


def test_nothing_to_match_is_an_error(typed, home):
    with pytest.raises(InputError) as raised:
        read_responses(typed([["甲", "乙"], ["√", None], [None, "√"]]), home)
    assert raised.value.problems[0].code == "E317"


def test_a_draft_from_a_hand_typed_workbook_reads_its_file(tmp_path, village):
    answers = invented(village, 11, 40)
    path = tmp_path / "幸福社区.xlsx"
    type_workbook(path, {"居民": (answers, Mess(ages="{}岁"))}, village, 2)
    drafted = draft(path)
    matrix = next(block for block in drafted.instrument.blocks if block.type == "matrix")
    assert matrix.zh == "您对互助站的看法" and [item.zh for item in matrix.items] == ["服务及时", "态度友好"]
    by_wording = {item.zh: item for item in drafted.instrument.items}
    assert by_wording["您去过互助站吗？"].type == "single" and by_wording["您需要什么"].type == "multi"
    assert by_wording["您的年龄"].type == "integer"
    again = parse_instrument(drafted.instrument_text, "draft.toml")
    found = read_responses(path, again)
    assert found.dialect == "hand_typed" and len(found.frame) == 40 and found.unmapped == ()
    ages = found.frame[by_wording["您的年龄"].id]
    np.testing.assert_array_equal(ages, [np.nan if a["age"] is None else a["age"] for a in answers])
    need = by_wording["您需要什么"].id
    parking = [None if a["need"] is None else float(1 in a["need"]) for a in answers]
    np.testing.assert_array_equal(found.frame[f"{need}__1"].tolist(), [np.nan if p is None else p for p in parking])


def test_merged_answers_and_lone_ticks_are_not_stretched(typed, home):
    rows = [
        ["住户登记", None, None, None],
        ["序号", "性别", "是否低保户", "家庭人口"],
        [1, "男", "√", 3],
        [2, None, None, 4],
        [3, "女", None, 2],
    ]
    found = read_responses(typed(rows, ["A1:D1", "B3:B4"]), home, dialect="hand_typed")
    np.testing.assert_array_equal(found.frame["sex"], [1, np.nan, 2])
    np.testing.assert_array_equal(found.frame["poor"], [1, np.nan, np.nan])
    told = {p.code: (p.at.cell, p.params["n"]) for p in found.problems if p.code in ("W255", "W256", "N257")}
    assert told == {"W255": ("B3", 1), "W256": ("C4", 2), "N257": ("A1", 1)}


@pytest.mark.parametrize("merged", [["A1:A3", "B1:M1", "B2:G2", "H2:M2"], []])
def test_a_matrix_spread_over_its_points(typed, village, merged):
    points = ["非常不同意", "比较不同意", "一般", "比较同意", "非常同意", "不清楚"]
    rows = [
        ["序号", "您对互助站的看法", *[None] * 11],
        [None, "服务及时", *[None] * 5, "态度友好", *[None] * 5],
        [None, *points, *points],
        [1, None, None, None, None, "√", None, "√", *[None] * 5],
        [2, *[None] * 5, "√", None, "√", *[None] * 4],
    ]
    found = read_responses(typed(rows, merged), village)
    np.testing.assert_array_equal(found.frame["v1"], [5, np.nan])
    np.testing.assert_array_equal(found.frame["v2"], [1, 2])
    assert MISSING_KINDS[found.missing.loc[2, "v1"]] == "dont_know"


def test_a_text_file_typed_by_hand_is_read_too(tmp_path, home):
    path = tmp_path / "a.csv"
    path.write_text("登记表,,\n序号,性别,家庭人口\n1,男,3人\n2,同上,２\n合计,,5\n备注：入户,,\n", encoding="gb18030")
    found = read_responses(path, home)
    assert found.dialect == "hand_typed" and found.frame[["sex", "people"]].to_numpy().tolist() == [[1, 3], [1, 2]]
    assert found.rejected["reason"].tolist() == ["above_header", "total", "note"]
