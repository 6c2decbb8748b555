import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.ingest.similarity import OPPOSED, similarity
from evalkit.ingest.wording import clean, loose, normal, take_off


def one(a: str, b: str) -> float:
    return float(similarity([normal(a)], [normal(b)])[0, 0])


def test_number_punctuation_width_and_type_hint_do_not_count():
    assert one("3、您的性别： [单选题]", "您的性别") == 1.0
    assert one("Ｑ１２．您的年龄（必填）", "您的年龄") == 1.0
    assert one("*您的年龄", "您的年龄?") == 1.0


def test_dice_on_bigrams():
    # ab bc cd against ab bc cx: two of three shared.
    assert one("abcd", "abcx") == pytest.approx(2 * 2 / 6)


def test_a_contained_text_scores_by_the_share_it_covers():
    assert one("性别", "您的性别") == pytest.approx(0.70 + 0.30 * 2 / 4)
    assert one("服务", "您对社区提供的养老服务") < 0.85


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("我认为社区工作人员提供的服务是很及时的", "我认为社区工作人员提供的服务是很不及时的"),
        ("我认识本小区的多数邻居并且经常来往", "我认识本小区的少数邻居并且经常来往"),
        ("过去12个月您参加议事会的情况是怎样的", "过去6个月您参加议事会的情况是怎样的"),
        ("改造前您对小区环境的总体满意程度", "改造后您对小区环境的总体满意程度"),
        ("I am satisfied with the service of the station", "I am not satisfied with the service of the station"),
    ],
)
def test_one_word_that_turns_the_sense_keeps_two_long_texts_apart(a, b):
    assert one(a, b) <= OPPOSED


@given(
    st.lists(st.text("服务及时满意ab12", max_size=8), max_size=5),
    st.lists(st.text("服务及时满意ab12", max_size=8), max_size=5),
)
def test_scores_are_symmetric_and_between_0_and_1(left, right):
    table = similarity(left, right)
    assert table.shape == (len(left), len(right))
    assert np.allclose(table, similarity(right, left).T)
    assert ((table >= 0) & (table <= 1)).all()
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            assert table[i, j] == 1.0 or a != b or not a


def test_a_text_of_digits_alone_keeps_them():
    assert normal("2") == "2" and normal("(3)") == "3" and normal("1、") == "1"


def test_cleaning_folds_width_and_drops_what_cannot_be_seen():
    assert clean("\u200b１２ 岁\xa0 ") == "12 岁"
    assert loose("20～24 岁") == loose("20~24岁") == loose("20—24岁")
    assert take_off("其他【请注明】〖育儿〗") == ("其他【请注明】", "育儿")
    assert take_off("其他") == ("其他", None)
