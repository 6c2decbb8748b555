"""Cells of a plain table in, codes, missing kinds and findings out."""

import datetime

import numpy as np
import pytest

from evalkit.contract import MISSING_KINDS
from evalkit.contract.words import say
from evalkit.ingest.choices import choices_of, date_forms
from evalkit.ingest.quantities import number_in, spelt_out
from evalkit.ingest.segments import cut

KIND = {name: k for k, name in enumerate(MISSING_KINDS)}


def problems_of(responses, code):
    return [problem for problem in responses.problems if problem.code == code]


def test_single_choice_by_code_text_alias_and_letter(read):
    answers = ["5", "非常同意", "Strongly agree", "不确定", "D. 比较同意", "４", " 一般 "]
    found = read(["p1"], [[a] for a in answers])
    assert found.frame["p1"].tolist() == [5, 5, 5, 3, 4, 4, 3]
    (note,) = problems_of(found, "N235")
    assert note.params["n"] == 2 and note.at.cell == "A7"


def test_codes_come_first_only_where_they_explain_every_answer(ask, workbook):
    from evalkit.ingest import read_responses

    asked = ask("""
[choices]
rooms = [{code = 1, zh = "2"}, {code = 2, zh = "3"}, {code = 3, zh = "没有"}]
[[items]]
id = "rooms"
type = "single"
choices = "rooms"
zh = "几间房"
""")
    assert read_responses(workbook([["rooms"], [2], [3], [1]]), asked).frame["rooms"].tolist() == [2, 3, 1]
    assert read_responses(workbook([["rooms"], [2], [3], ["没有"]]), asked).frame["rooms"].tolist() == [1, 2, 3]


def test_an_answer_that_is_no_option_is_invalid_and_named_with_its_cell(read):
    found = read(["p1", "p2"], [["比较同意", "一般"], ["同意吧", "一般"], ["同意吧", "很好"]])
    assert np.isnan(found.frame["p1"].iloc[1]) and found.missing["p1"].tolist() == [0, KIND["invalid"], KIND["invalid"]]
    listed = [(p.at.cell, p.params["value"]) for p in problems_of(found, "E220")]
    assert listed == [("A3", "同意吧"), ("A4", "同意吧"), ("B4", "很好")]
    assert "同意吧" in say(problems_of(found, "E220")[0], "zh") and "p1" in say(problems_of(found, "E220")[0], "en")


def test_options_that_mean_no_answer_keep_their_kind(read):
    found = read(["p1"], [["不清楚"], [8], [None], ["(空)"], ["（跳过）"]])
    kinds = [MISSING_KINDS[k] for k in found.missing["p1"]]
    assert kinds == ["dont_know", "dont_know", "no_answer", "no_answer", "not_asked"]
    assert found.frame["p1"].isna().all()


def test_an_option_that_became_a_date_is_proposed_back(read):
    cells = [[datetime.datetime(2025, 1, 2)], [datetime.datetime(2025, 3, 5)], ["6人以上"], ["3月5日"], ["2-Jan"]]
    found = read(["household"], cells)
    assert found.missing["household"].tolist() == [6, 6, 0, 6, 6]
    listed = {p.at.cell: p.params["proposal"] for p in problems_of(found, "E226")}
    assert listed == {"A2": "1-2", "A3": "3-5", "A5": "3-5", "A6": "1-2"}


def test_numbers_with_bounds_units_and_missing_codes(read):
    found = read(["age"], [[35], ["40岁"], ["４２"], [999], [15], [36.5], ["三十五"], ["老"], [None]])
    assert found.frame["age"].tolist()[:3] == [35, 40, 42]
    kinds = [MISSING_KINDS[k] for k in found.missing["age"]]
    assert kinds == ["answered"] * 3 + ["refused"] + ["invalid"] * 4 + ["no_answer"]
    by_cell = {p.at.cell: p.code for p in found.problems if p.code.startswith("E")}
    assert by_cell == {"A6": "E223", "A7": "E224", "A8": "E241", "A9": "E222"}
    assert problems_of(found, "E241")[0].params["proposal"] == 35
    assert problems_of(found, "N237")[0].params["n"] == 1
    assert problems_of(found, "N236")[0].params["n"] == 2


def test_chinese_numerals_and_thousands():
    assert [spelt_out(t) for t in ("三十五", "十", "一百零二", "两千", "二〇", "岁")] == [35, 10, 102, 2000, None, None]
    assert number_in("1,200.5") == 1200.5 and number_in("1,20") is None and number_in("35岁", "岁") == 35
    assert [number_in(t) for t in ("nan", "inf", "1_000", "0x10", "1e3", "1e999", "")] == [None] * 4 + [
        1000,
        None,
        None,
    ]


def test_dates_as_text_and_cells_and_serial_numbers(read):
    found = read(["since"], [[datetime.datetime(2020, 5, 1)], ["2020年5月2日"], ["2020/5/3"], [43956], ["去年"]])
    assert found.frame["since"].dt.day.tolist()[:3] == [1, 2, 3]
    assert found.missing["since"].tolist() == [0, 0, 0, 6, 6]
    assert problems_of(found, "E243")[0].params["proposal"] == "2020-05-05"
    assert problems_of(found, "E225")[0].at.cell == "A6"


def test_a_multiple_response_in_one_cell(read):
    found = read(
        ["need"],
        [["停车┋电梯"], ["绿化、照明、停车"], ["1,2"], ["其他〖种菜〗┋停车"], ["停车┋飞碟"], [None], ["其他：长椅"]],
    )
    columns = ["need__1", "need__2", "need__3", "need__9", "need__0"]
    table = found.frame[columns].to_numpy()
    assert table[:4].tolist() == [[1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 1, 0, 0, 0], [1, 0, 0, 1, 0]]
    assert found.frame["need__9__text"].tolist()[3] == "种菜" and found.frame["need__9__text"].tolist()[6] == "长椅"
    # Of a cell with an unknown piece only what was read is sure.
    assert table[4, 0] == 1 and np.isnan(table[4, 1:]).all()
    assert found.missing.loc[5, columns].tolist() == [0, 6, 6, 6, 6]
    assert (found.missing.loc[6, columns] == KIND["no_answer"]).all()
    assert problems_of(found, "E220")[0].params["value"] == "飞碟"


def test_exclusive_options_and_the_limit_of_choices(read):
    found = read(["need"], [["都不需要"], ["停车┋都不需要"], ["停车┋电梯┋绿化、照明┋其他"]])
    assert [p.at.cell for p in problems_of(found, "E227")] == ["A3"]
    limit = problems_of(found, "E228")[0]
    assert (limit.at.cell, limit.params["n"], limit.params["max"]) == ("A4", 4, 3)
    assert found.frame.loc[2, "need__1"] == 1


def test_a_multiple_response_in_columns_of_ticks(read):
    header = ["您需要什么(停车)", "您需要什么(电梯)", "您需要什么(其他)"]
    found = read(header, [["√", None, "长椅〖坏〗"], [None, None, None], [None, "√", "其他〖长椅〗"]])
    assert found.frame["need__1"].tolist()[0] == 1 and found.frame["need__2"].tolist()[0] == 0
    assert found.missing.loc[2, ["need__1", "need__2"]].tolist() == [2, 2]
    assert found.frame.loc[3, "need__9__text"] == "长椅" and problems_of(found, "E240")[0].at.cell == "C2"
    assert (found.missing["need__3"] == KIND["not_in_file"]).all()


def test_ticks_with_zeros_leave_a_blank_unanswered(read):
    found = read(["need__1", "need__2"], [[1, 0], [1, None], [0, 0]])
    assert found.frame["need__1"].tolist() == [1, 1, 0]
    assert found.missing["need__2"].tolist() == [0, KIND["no_answer"], 0]


def test_a_ranking_gives_places(read):
    found = read(["order"], [["快速→公平→省钱"], ["公平→快速"], ["公平→公平"], [None]])
    table = found.frame[["order__a", "order__b", "order__c"]].to_numpy()
    assert table[0].tolist() == [2, 1, 3]
    assert table[1, :2].tolist() == [1, 2] and np.isnan(table[1, 2])
    assert problems_of(found, "E230")[0].at.cell == "A4"
    assert found.missing.loc[4].filter(like="order__").tolist() == [2, 2, 2]


def test_error_cells_are_invalid_and_keep_their_address(read):
    found = read(["age", "p1"], [["=1/0", 3], ["#N/A", "#N/A"], [20, 4]])
    assert found.missing["age"].tolist() == [6, 6, 0] and found.missing["p1"].tolist() == [0, 6, 0]
    assert {"A2", "A3", "B3"} <= {p.at.cell for p in found.problems if p.at}


def test_private_values_are_kept_apart_and_never_quoted(read):
    found = read(["p1", "联系方式"], [[3, "13812345678"], [4, "李四"]])
    assert "phone" not in found.frame and found.private["phone"].tolist() == ["13812345678", "李四"]
    assert "phone" not in found.missing
    said = " ".join(say(problem, lang) for problem in found.problems for lang in ("zh", "en"))
    assert "13812345678" not in said and "李四" not in said


def test_a_private_choice_is_not_quoted_either(ask, workbook):
    from evalkit.ingest import read_responses

    asked = ask("""
[choices]
illness = [{code = 1, zh = "有"}, {code = 2, zh = "无"}]
[[items]]
id = "illness"
type = "single"
choices = "illness"
private = true
zh = "有无慢性病"
""")
    found = read_responses(workbook([["illness"], ["有"], ["高血压"]]), asked)
    assert found.private["illness"].tolist()[0] == 1 and "illness" not in found.frame
    (problem,) = problems_of(found, "E220")
    assert problem.at.cell == "A3" and "高血压" not in say(problem, "zh") + repr(problem.params)


def test_cutting_along_options_wins_over_separators(village):
    options = village.item("need").options
    assert [c.position for c in cut("绿化、照明、停车", options, "text", "joined").choices] == [2, 0]
    assert cut("停车、飞碟", options, "text", "joined").unknown == ("飞碟",)
    assert [c.position for c in cut("停车，电梯；", options, "text", "joined").choices] == [0, 1]


def test_a_hostile_cell_is_cut_in_no_time(ask):
    options = (
        ask("""
[choices]
c = [{code = 1, zh = "甲"}, {code = 2, zh = "甲、甲"}, {code = 3, zh = "甲、甲、甲"}]
[[items]]
id = "q"
type = "multi"
choices = "c"
zh = "q"
""")
        .item("q")
        .options
    )
    assert cut("甲、" * 1200 + "乙", options, "text", "joined").unknown == ("乙",)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_by_index_n_is_the_nth_option_whatever_its_code(village, n):
    choices = choices_of(village.item("need").options)
    assert choices.find(str(n), "index").position == n - 1
    assert choices.find("6", "index") is None and choices.find("0", "index") is None


def test_date_forms_name_both_orders():
    assert {"1-2", "2-1", "01-02", "1/2", "1月2日"} <= set(date_forms("2025-01-02"))
    assert date_forms("2-Jan")[0] == "1-2" and date_forms("去年") == []


def test_findings_past_the_limit_are_counted(read):
    found = read(["p1"], [["瞎填"]] * 2005)
    assert len(problems_of(found, "E220")) == 2000
    assert problems_of(found, "W246")[0].params["n"] == 5
