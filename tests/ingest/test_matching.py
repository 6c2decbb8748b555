"""Which column goes to which question."""

import pytest

from evalkit.contract import InputError, UsageError
from evalkit.contract.words import say
from evalkit.ingest import read_responses


def fates(responses, what="target"):
    return responses.columns.set_index("letter")[what].to_dict()


def codes(responses):
    return [problem.code for problem in responses.problems]


def test_rows_of_two_matrices_with_the_same_titles_are_told_apart_by_their_order(read):
    found = read(["2 您对互助站的看法—服务及时", "态度友好", "3 您对党支部的看法—服务及时", "态度友好"], [[1, 2, 3, 4]])
    assert list(fates(found).values())[:4] == ["v1", "v2", "p1", "p2"]
    assert found.frame.loc[1, ["v1", "v2", "p1", "p2"]].tolist() == [1, 2, 3, 4]


def test_a_matrix_that_lacks_a_row_does_not_shift_the_next(read):
    found = read(["2 您对互助站的看法—服务及时", "3 您对党支部的看法—服务及时", "态度友好"], [[1, 3, 4]])
    assert list(fates(found).values())[:3] == ["v1", "p1", "p2"]
    assert (found.missing["v2"] == 7).all()


def test_the_second_matrix_alone_is_known_by_its_title(read):
    found = read(["3 您对党支部的看法—服务及时", "态度友好"], [[3, 4]])
    assert list(fates(found).values())[:2] == ["p1", "p2"]


def test_bare_titles_that_fit_two_matrices_are_not_guessed(read):
    found = read(["服务及时", "您的年龄"], [[3, 40]])
    assert fates(found, "fate")["A"] == "unmapped" and "W305" in codes(found)
    assert found.unmapped == ("A 服务及时",)


def test_headers_can_be_ids_in_any_order(read):
    found = read(["age", "p2", "V1", "need__1"], [[30, 4, 5, 1]])
    assert found.frame.loc[1, ["age", "p2", "v1", "need__1"]].tolist() == [30, 4, 5, 1]
    assert set(fates(found, "how").values()) == {"id", "meta"}


def test_a_moved_question_is_found_by_its_exact_wording(read):
    found = read(["您的年龄", "您去过互助站吗？", "家庭人数"], [[30, "是", "6人以上"]])
    assert found.frame.loc[1, ["used", "age", "household"]].tolist() == [1, 30, 3]
    assert "N314" in codes(found)


def test_a_similar_wording_is_proposed_and_not_loaded(read):
    found = read(["您去过互助站吗", "您对社区有什么建议和意见吗"], [["是", "无"]])
    assert fates(found)["A"] == "used"
    assert fates(found, "fate")["B"] == "unmapped"
    found = read(["请问您去过互助站么", "家庭人数"], [["是", "1-2"]])
    (proposal,) = [p for p in found.problems if p.code == "W306"]
    assert proposal.params["item"] == "used" and proposal.at.cell == "A1"


def test_an_option_set_of_its_own_makes_up_for_the_wording(read):
    found = read(["您家庭人数", "您的年龄"], [["1-2", 30], ["6人以上", 40]])
    assert fates(found)["A"] == "household" and fates(found, "how")["A"] in ("options", "similar")
    found = read(["您家里的家庭人数", "您的年龄"], [["1-2", 30], ["6人以上", 40]])
    assert fates(found)["A"] == "household" and "N308" in codes(found)


def test_a_doubled_header_is_read_once_and_said(read):
    found = read(["您的年龄", "您的年龄"], [[30, 31]])
    assert found.frame["age"].tolist() == [30] and "W315" in codes(found)
    assert fates(found, "fate")["B"] == "unmapped"


def test_the_english_wording_counts_too(read):
    found = read(["Your age", "Have you been to the station?"], [[30, "Yes"]])
    assert found.frame.loc[1, ["age", "used"]].tolist() == [30, 1]


def test_no_matching_column_is_an_error_that_names_headers_and_questions(workbook, village):
    with pytest.raises(InputError) as caught:
        read_responses(workbook([["苹果", "梨"], [1, 2]]), village)
    said = say(caught.value.problems[0], "en")
    assert "苹果" in said and "village" in said


def test_an_empty_sheet_is_an_error(workbook, village):
    with pytest.raises(InputError) as caught:
        read_responses(workbook([["您的年龄"]]), village)
    assert caught.value.problems[0].code == "E302"


def test_unknown_dialect_and_form(workbook, village):
    path = workbook([["您的年龄"], [30]])
    with pytest.raises(UsageError, match="wjx_index"):
        read_responses(path, village, dialect="spss")
    with pytest.raises(UsageError):
        read_responses([], village)


def test_questions_the_file_lacks_have_columns_of_kind_not_in_file(read):
    found = read(["您的年龄"], [[30]])
    assert (found.missing["p1"] == 7).all() and found.frame["p1"].isna().all()
    (lacking,) = [p for p in found.problems if p.code == "W309"]
    assert lacking.params["n"] == 11


def test_forms_of_which_nothing_is_there_are_set_aside(ask, workbook):
    asked = ask("""
[[items]]
id = "age"
type = "integer"
form = "R"
zh = "年龄"
[[items]]
id = "staff"
type = "integer"
form = "O"
zh = "职工人数"
[[items]]
id = "town"
type = "text"
zh = "街道"
""")
    found = read_responses(workbook([["年龄", "街道"], [30, "甲"]]), asked)
    assert list(found.frame.columns) == ["age", "town"] and "N311" in codes(found)
    found = read_responses(workbook([["职工人数", "街道"], [30, "甲"]]), asked, form="O")
    assert list(found.frame.columns) == ["staff", "town"] and codes(found) == []
    with pytest.raises(UsageError):
        read_responses(workbook([["年龄"], [30]]), asked, form="Z")


def test_several_blanks_and_a_question_that_takes_names(ask, workbook):
    asked = ask("""
[[items]]
id = "friends"
type = "text"
max_choices = 3
zh = "请写出三位邻居"
""")
    found = read_responses(workbook([["5、请写出三位邻居—1", "2", "3"], ["甲", "乙", None]]), asked)
    assert found.frame.loc[1, ["friends__1", "friends__2"]].tolist() == ["甲", "乙"]
    assert found.missing.loc[1].tolist() == [0, 0, 2]
    found = read_responses(workbook([["请写出三位邻居"], ["甲、乙"], ["甲，乙；丙、丁"]]), asked)
    assert found.frame["friends__2"].tolist() == ["乙", "乙"]
    assert [p.params["n"] for p in found.problems if p.code == "E228"] == [4]


def test_a_sheet_of_too_many_columns_is_matched_by_exact_names_only(workbook, village, monkeypatch):
    monkeypatch.setattr("evalkit.ingest.matching.MOST_PAIRS", 10)
    header = ["2 您对互助站的看法—服务及时", "您的年龄（周岁）", "您的年龄", "家庭人数", "家庭人数"]
    found = read_responses(workbook([header, [5, 30, 31, "1-2", "1-2"]]), village)
    assert fates(found) == {"A": "v1", "B": "", "C": "age", "D": "", "E": ""}


def test_doubled_headers_without_an_instrument_are_columns_of_their_own(workbook):
    found = read_responses(workbook([["分数", "分数", "a", "a"], [1, 2, 3, 4], [2, 3, 4, 5]]))
    assert list(found.frame.columns) == ["c1", "c2", "a", "c4"]
    assert found.frame.loc[1].tolist() == [1, 2, 3, 4] and found.counts()["mapped"] == 4


def test_columns_that_name_options_are_not_taken_for_the_whole_list(read):
    found = read(["您需要什么[停车]", "您需要什么[电梯]"], [["停车", None], [None, "电梯"]])
    assert list(fates(found).values())[:2] == ["need__1", "need__2"]
    assert found.frame[["need__1", "need__2"]].to_numpy().tolist() == [[1, 0], [0, 1]]


def test_an_id_before_the_wording_counts_as_the_id(read):
    found = read(["p1 服务及时", "age、您的年龄", "p2 您的电话"], [[4, 30, 1]])
    assert list(fates(found).values())[:3] == ["p1", "age", ""]


def test_of_two_dialects_the_one_whose_answers_decode_is_taken(workbook, village):
    header = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP", "1、您去过互助站吗？", "7、您的年龄"]
    path = workbook(
        [header, [1, None, "5秒", None, None, None, "是", 30], [2, None, "5秒", None, None, None, "否", 40]]
    )
    assert read_responses(path, village).dialect == "wjx_text"


def test_a_longer_wording_that_holds_the_question_is_taken(read):
    assert fates(read(["您的年龄（周岁）", "家庭人数"], [[30, "1-2"]]))["A"] == "age"
