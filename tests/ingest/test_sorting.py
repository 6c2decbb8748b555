"""Respondents and rows that are none; routing; persons; time."""

import numpy as np
import pytest

from evalkit.contract import MISSING_KINDS
from evalkit.contract.identities import identity_number
from evalkit.ingest import read_responses
from evalkit.ingest.meta import moments_in_time, seconds
from evalkit.ingest.privacy import names_person, private_header


def codes(responses):
    return [problem.code for problem in responses.problems]


def test_totals_repeated_headers_and_blank_rows_are_set_aside(workbook, village):
    rows = [
        ["2026年调查", None, None],
        ["您的年龄", "您去过互助站吗？", "您的建议"],
        [30, "是", "合计一下"],
        [None, None, None],
        ["您的年龄", "您去过互助站吗？", "您的建议"],
        ["小计", 1, None],
        [None, "合计：", 12],
        [50, "否", "好"],
        ["平均", 40, 0.5],
    ]
    found = read_responses(workbook(rows), village)
    assert found.frame["age"].tolist() == [30, 50]
    assert found.source["row"].tolist() == [3, 8]
    assert list(zip(found.rejected["row"], found.rejected["reason"], strict=True)) == [
        (1, "above_header"),
        (4, "blank"),
        (5, "header"),
        (6, "total"),
        (7, "total"),
        (9, "total"),
    ]
    assert found.counts()["rows_in"] == 8
    assert {"N244", "N245", "N247"} <= set(codes(found))


def test_an_option_called_total_is_an_answer(ask, workbook):
    asked = ask("""
[choices]
level = [{code = 1, zh = "平均"}, {code = 2, zh = "较高"}]
[[items]]
id = "level"
type = "single"
choices = "level"
zh = "水平"
""")
    assert read_responses(workbook([["水平"], ["平均"], ["较高"]]), asked).frame["level"].tolist() == [1, 2]


def test_routing_sets_not_asked_and_names_contradictions(read):
    header = ["您去过互助站吗？", "2 您对互助站的看法—服务及时", "态度友好"]
    rows = [["是", 5, None], ["否", None, None], ["否", 4, "(跳过)"], ["是", "(跳过)", 3], [None, 2, None]]
    found = read(header, rows)
    kinds = [[MISSING_KINDS[k] for k in found.missing[name]] for name in ("v1", "v2")]
    assert kinds[0] == ["answered", "not_asked", "answered", "not_asked", "answered"]
    assert kinds[1] == ["no_answer", "not_asked", "not_asked", "answered", "not_asked"]
    assert found.frame.loc[3, "v1"] == 4
    # Row 5 did not answer the filter: nothing is a contradiction there.
    assert [(p.code, p.at.cell) for p in found.problems if p.code[1:] in ("233", "234")] == [
        ("W233", "B4"),
        ("W234", "B5"),
    ]


def test_routing_on_a_question_that_is_not_there_is_not_checked(read):
    found = read(["2 您对互助站的看法—服务及时", "态度友好"], [[5, None]])
    assert found.missing.loc[1, ["v1", "v2"]].tolist() == [0, 2]
    (note,) = [p for p in found.problems if p.code == "N318"]
    assert note.params["item"] == ["v1", "v2"] and note.params["names"] == ["used"]


def test_a_condition_that_asks_whether_a_question_was_answered_does_without_it(ask, workbook):
    asked = ask("""
[[items]]
id = "stage"
type = "integer"
form = "register"
zh = "阶段"
[[items]]
id = "noise"
type = "integer"
form = "R"
ask_if = "stage > 3 or not answered(stage)"
zh = "噪声"
[[items]]
id = "cost"
type = "integer"
ask_if = "stage > 3 and answered(stage)"
zh = "费用"
""")
    rows = [[1, 5, None], [2, None, None], [3, "(跳过)", None]]
    found = read_responses(workbook([["序号", "噪声", "费用"], *rows]), asked)
    assert found.missing["noise"].tolist() == [0, 2, 1] and found.missing["cost"].tolist() == [1, 1, 1]
    assert codes(found) == ["N311"]


def test_routing_by_chosen_answered_and_end(ask, workbook):
    asked = ask("""
[choices]
needs = [{code = 1, zh = "停车"}, {code = 2, zh = "电梯"}]
yes = [{code = 1, zh = "是"}, {code = 0, zh = "否"}]
[[items]]
id = "need"
type = "multi"
choices = "needs"
zh = "需要"
[[items]]
id = "lift"
type = "integer"
ask_if = "chosen(need, 2) and answered(need)"
zh = "几层"
[[items]]
id = "stay"
type = "single"
choices = "yes"
end_if = "stay == 0"
zh = "住在这里吗"
[[items]]
id = "again"
type = "multi"
choices = "needs"
zh = "还需要"
""")
    header = ["需要", "几层", "住在这里吗", "还需要(停车)", "还需要(电梯)"]
    rows = [["电梯", 6, "是", 1, 0], ["停车", None, "否", 0, 0], ["停车", 3, "否", 1, 0]]
    found = read_responses(workbook([header, *rows]), asked)
    assert found.missing["lift"].tolist() == [0, 1, 0]
    # Boxes of a question that was not asked are often written as 0; they are no answers.
    assert found.missing["again__1"].tolist() == [0, 1, 0] and np.isnan(found.frame.loc[2, "again__1"])
    assert [(p.code, p.params["item"]) for p in found.problems] == [("W233", "lift"), ("W233", "again")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("123秒", 123), ("2分钟30秒", 150), ("0:02:30", 150), ("1小时2分3秒", 3723), ("95", 95), ("1:35", 95),
        ("３分", 180), ("1天2小时", 93600), ("12.5", 12.5), ("2 min 5 s", 125),
    ],
)  # fmt: skip
def test_durations(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "很快", "秒", "-5", "1:2:3:4"])
def test_what_is_no_duration_is_nan(text):
    assert np.isnan(seconds(text))


def test_times_in_mixed_forms():
    texts = ["2026/09/03 12:00:00", "2026-09-03", "2026年9月3日 08:05", "02-Feb-2021 20:26:58", "昨天", ""]
    found = moments_in_time(texts)
    assert found[0] == np.datetime64("2026-09-03T12:00") and found[1] == np.datetime64("2026-09-03")
    assert found[2] == np.datetime64("2026-09-03T08:05") and found[3] == np.datetime64("2021-02-02T20:26:58")
    assert np.isnat(found[4:]).all()


def test_identity_numbers_need_a_right_check_digit():
    # 110105 19491231 002X is the worked example of GB 11643-1999.
    assert identity_number("11010519491231002X") and identity_number("11010519491231002x")
    assert not identity_number("110105194912310021") and not identity_number("440106199001011")


def test_persons_are_recognised_by_value_and_by_whole_header():
    assert all(names_person(t) for t in ("13812345678", "+86 138-1234-5678", "a@b.cn", "10.0.0.1(北京-北京)"))
    assert not any(names_person(t) for t in ("12812345678", "138", "3.5", "2026-09-03"))
    assert private_header("7、您的手机号码：") and private_header("姓名") and not private_header("手机部数")


def test_unmapped_columns_with_personal_numbers_are_kept_apart(workbook, village):
    rows = [["您的年龄", "备注", "姓名"], [30, "13812345678", "甲"], [31, "13912345678", "乙"], [32, None, "丙"]]
    found = read_responses(workbook(rows), village)
    assert found.counts()["private"] == 2 and found.unmapped == ()
    assert found.private["column_B"].tolist()[:2] == ["13812345678", "13912345678"]
    assert not any("138" in str(p.params) for p in found.problems)
