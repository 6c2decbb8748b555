"""问卷星 by index: old and new headers, marks, rankings; which export a file is."""

import pytest

from evalkit.contract import InputError
from evalkit.ingest import read_responses

META = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]
BLANK = [None, "5秒", None, None, None]


@pytest.mark.parametrize(
    "options",
    [
        ["第4题(停车)", "第4题(电梯)", "第4题(绿化、照明)", "第4题(其他)", "第4题(都不需要)"],
        ["4. 您需要什么(停车)", "4(电梯)", "4 (绿化、照明)", "4(其他)", "4(都不需要)"],
        ["您需要什么（停车）", "4（电梯）", "4（绿化、照明）", "4（其他）", "4（都不需要）"],
    ],
)
def test_options_in_columns(workbook, village, options):
    rows = [
        [1, *BLANK, 1, 1, 0, 0, 1, 0],
        [2, *BLANK, 2, 0, 0, 0, 0, 1],
        [3, *BLANK, 2, -3, -3, -3, -3, -3],
        [4, *BLANK, 1, -2, -2, -2, -2, -2],
    ]
    found = read_responses(workbook([[*META, "1、您去过互助站吗？", *options], *rows]), village)
    assert found.dialect == "wjx_index"
    assert found.frame["used"].tolist() == [1, 0, 0, 1]
    columns = ["need__1", "need__2", "need__3", "need__9", "need__0"]
    assert found.frame[columns].to_numpy()[:2].tolist() == [[1, 0, 0, 1, 0], [0, 0, 0, 0, 1]]
    assert (found.missing.loc[3, columns] == 1).all() and (found.missing.loc[4, columns] == 2).all()
    assert [p.code for p in found.problems] == ["W309"]


def test_rows_of_a_matrix_in_the_old_form(workbook, village):
    header = [*META, "1、您去过互助站吗？", "第2题(服务及时)", "第2题(态度友好)", "第3题(服务及时)", "第3题(态度友好)"]
    found = read_responses(workbook([header, [1, *BLANK, 1, 3, 4, 5, 2]]), village, dialect="wjx_index")
    assert found.frame.loc[1, ["v1", "v2", "p1", "p2"]].tolist() == [3, 4, 5, 2]


def test_old_rows_of_the_second_matrix_alone_are_placed_by_their_number_and_said(workbook, village):
    header = [*META, "第3题(服务及时)", "第3题(态度友好)"]
    found = read_responses(workbook([header, [1, *BLANK, 5, 2]]), village, dialect="wjx_index")
    assert found.columns.loc[found.columns["fate"] == "mapped", "target"].tolist() == ["p1", "p2"]
    assert [p.code for p in found.problems if p.code == "W307"]


def test_places_of_a_ranking(workbook, village):
    header = [*META, "1、您去过互助站吗？", "5. 请排序(公平)", "5(快速)", "5(省钱)"]
    rows = [
        [1, *BLANK, 1, 2, 1, 3],
        [2, *BLANK, 1, 1, -2, -2],
        [3, *BLANK, 1, 1, 1, 2],
        [4, *BLANK, 1, 7, 1, 2],
        [5, *BLANK, 1, -3, -3, -3],
    ]
    found = read_responses(workbook([header, *rows]), village, dialect="wjx_index")
    table = found.frame[["order__a", "order__b", "order__c"]]
    assert table.loc[1].tolist() == [2, 1, 3] and table.loc[2, "order__a"] == 1
    assert found.missing.loc[2, ["order__b", "order__c"]].tolist() == [2, 2]
    assert found.missing.loc[5, ["order__a", "order__c"]].tolist() == [1, 1]
    assert [(p.code, p.at.cell) for p in found.problems if p.code[0] == "E"] == [("E223", "H5"), ("E230", "H4")]


def test_an_option_number_past_the_list_is_invalid(workbook, village):
    found = read_responses(
        workbook([[*META, "6、家庭人数", "1、您去过互助站吗？"], [1, *BLANK, 4, 1]]), village, dialect="wjx_index"
    )
    assert found.missing.loc[1, "household"] == 6 and [p.code for p in found.problems if p.code == "E220"]


def test_the_file_name_tells_the_export(workbook, village):
    header = [*META, "6、家庭人数", "1、您去过互助站吗？"]
    path = workbook([header, [1, *BLANK, 2, 1]], "386540716_按序号_村庄_79_78.xlsx")
    assert read_responses(path, village).dialect == "wjx_index"
    with pytest.raises(InputError) as caught:
        read_responses(workbook([header, [1, *BLANK, 2, 1]], "386540716_按分数_村庄_79_78.xlsx"), village)
    assert caught.value.problems[0].code == "E310"


def test_two_dialects_that_read_differently_are_not_guessed(ask, workbook):
    asked = ask("""
[choices]
c = [{code = 3, zh = "丙"}, {code = 1, zh = "甲"}]
[[items]]
id = "a"
type = "single"
choices = "c"
zh = "第一问"
[[items]]
id = "b"
type = "text"
zh = "第二问"
""")
    header = [*META, "1、第一问", "2、第二问"]
    rows = [[1, *BLANK, 1, "好"], [2, *BLANK, 1, "不好"]]
    path = workbook([header, *rows])
    with pytest.raises(InputError) as caught:
        read_responses(path, asked)
    (problem,) = caught.value.problems
    assert problem.code == "E312" and set(problem.params["dialects"]) == {"wjx_text", "wjx_index"}
    assert read_responses(path, asked, dialect="wjx_text").frame["a"].tolist() == [1, 1]
    assert read_responses(path, asked, dialect="wjx_index").frame["a"].tolist() == [3, 3]


def test_two_dialects_that_read_alike_need_no_answer(workbook, village):
    path = workbook([[*META, "7、您的年龄", "10、您的建议"], [1, *BLANK, 30, "好"], [2, *BLANK, 31, "不好"]])
    assert read_responses(path, village).frame["age"].tolist() == [30, 31]
