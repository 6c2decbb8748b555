import pytest

from evalkit.ingest.headers import group_headers, parse_header


@pytest.mark.parametrize(
    ("text", "number", "body", "splits"),
    [
        ("1、手机部数", 1, "手机部数", ()),
        ("3、性别 ", 3, "性别", ()),
        ("12. 您的年龄", 12, "您的年龄", ()),
        ("１２．您的年龄", 12, "您的年龄", ()),
        ("7 您的年龄", 7, "您的年龄", ()),
        ("您的年龄", None, "您的年龄", ()),
        ("12个月内去过几次", None, "12个月内去过几次", ()),
        ("3.5元以上的早餐", None, "3.5元以上的早餐", ()),
        ("105、第一百零五题", 105, "第一百零五题", ()),
        ("第6题(运动)", 6, "(运动)", (("", "运动"),)),
        ("第8题(ACG文化(动漫、游戏等))", 8, "(ACG文化(动漫、游戏等))", (("", "ACG文化(动漫、游戏等)"),)),
        ("4. 您有什么(智能手机)", 4, "您有什么(智能手机)", (("您有什么", "智能手机"),)),
        ("4 (平板电脑)", 4, "(平板电脑)", (("", "平板电脑"),)),
        ("26(更精炼的短剧集（如8-12集）)", 26, "(更精炼的短剧集（如8-12集）)", (("", "更精炼的短剧集（如8-12集）"),)),
        ("20 您的看法—服务及时", 20, "您的看法—服务及时", (("您的看法", "服务及时"),)),
        ("他——还是那样", None, "他——还是那样", ()),
        ("9、家庭成员\n姓名—1", 9, "家庭成员 姓名—1", (("家庭成员 姓名", "1"),)),
        ("", None, "", ()),
    ],
)
def test_a_header_gives_number_body_and_parts(text, number, body, splits):
    header = parse_header(text)
    assert (header.number, header.body, header.splits) == (number, body, splits)


def groups(*texts):
    return group_headers([parse_header(text) for text in texts])


def test_bare_rows_join_the_matrix_before_them_until_the_next_number():
    assert groups("3、性别", "20 看法—及时", "友好", "收费", "21 年龄") == [0, 1, 1, 1, 2]


def test_two_matrices_with_the_same_rows_stay_apart():
    assert groups("1 站—及时", "友好", "2 支部—及时", "友好") == [0, 0, 1, 1]


def test_options_of_one_number_stand_together():
    assert groups("第6题(运动)", "第6题(阅读)", "7、收入", "8. 关注(财经)", "8(时尚)") == [0, 0, 1, 2, 2]


def test_an_unnumbered_first_option_joins_the_numbered_ones_behind_it():
    assert groups("3、性别", "您有什么(手机)", "4(电脑)", "4(电视)") == [0, 1, 1, 1]


def test_options_of_one_stem_stand_together_without_numbers_too():
    assert groups("年龄", "需求[停车]", "需求[电梯]", "用途[停车]", "收入") == [0, 1, 1, 2, 3]


def test_headers_without_numbers_are_questions_of_their_own():
    assert groups("年龄", "性别", "收入") == [0, 1, 2]
