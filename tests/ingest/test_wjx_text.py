"""问卷星 by text: a real export, and the details of newer ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.ingest import read_responses
from evalkit.instrument import load_instrument

DATA = Path(__file__).parent.parent / "data" / "wjx"
NEWER = [
    "1、您去过互助站吗？", "2、您对互助站的看法—服务及时", "态度友好", "3、您对党支部的看法—服务及时", "态度友好",
    "4、您需要什么[多选题]", "5、请排序", "6、家庭人数", "7、您的年龄", "8、入住日期", "9、联系方式", "10、您的建议",
]  # fmt: skip
FIRST = [
    "是", "一般", "不清楚", "非常同意", "比较同意", "停车┋其他〖长椅〗", "快速→公平→省钱", "6人以上", "35", "2020/5/1",
    "13812345678", "加油",
]  # fmt: skip
SECOND = [
    "否", "(跳过)", "（跳过）", "非常同意", "(空)", "(空)", "(空)", "1-2", "36", "(空)", "(空)", "(空)",
]  # fmt: skip
META = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]


@pytest.fixture(scope="module")
def phone():
    return load_instrument(DATA / "phone.toml")


@pytest.fixture(scope="module")
def by_text(phone):
    return read_responses(DATA / "800_800_0.xls", phone)


def test_a_real_export_loads_whole(by_text):
    assert by_text.dialect == "wjx_text"
    assert by_text.counts() == {
        "rows_in": 800, "loaded": 800, "rejected": 0, "columns_in": 14,
        "mapped": 8, "meta": 4, "private": 2, "ignored": 0, "unmapped": 0,
    }  # fmt: skip
    assert not [p for p in by_text.problems if p.severity != "note"]


def test_its_counts_are_those_of_the_file(by_text):
    frame = by_text.frame
    assert frame["price"].value_counts().to_dict() == {
        8: 246, 5: 115, 7: 105, 6: 99, 4: 90, 3: 88, 2: 35, 1: 15, 9: 5, 10: 2,
    }  # fmt: skip
    assert sorted(frame["price__10__text"].dropna()) == ["亲友赠送的", "我妈买的。"]
    assert frame["hobbies__4"].sum() == 492 and frame["news__9"].sum() == 131
    assert frame["news__10__text"].notna().sum() == 5 and frame["hobbies__14__text"].notna().sum() == 2
    assert set(frame["hobbies__14__text"].dropna()) | set(frame["news__10__text"].dropna()) == {
        "军事国防", "育儿", "无目的", "社会", "新闻", "宠物", "电影，餐饮",
    }  # fmt: skip
    # Two people would not say what they earn: missing, with the kind kept.
    assert (by_text.missing["income"] == 3).sum() == 2 and frame["income"].count() == 798
    assert not by_text.missing.drop(columns="income").to_numpy().any()


def test_both_exports_of_the_same_answers_give_the_same_table(by_text, phone):
    by_index = read_responses(DATA / "800_800_2.xls", phone)
    assert by_index.dialect == "wjx_index" and by_index.counts()["mapped"] == 30
    answers = [name for name in by_text.frame if not name.endswith("__text")]
    pd.testing.assert_frame_equal(by_text.frame[answers], by_index.frame[answers], check_flags=False)
    assert by_text.missing.equals(by_index.missing)
    assert not [p for p in by_index.problems if p.severity != "note"]


def test_meta_columns_marks_and_fill_ins_of_a_newer_export(workbook, village):
    header = [*META, *NEWER]
    rows = [
        [1, "2026/09/03 12:00:00", "123秒", "微信", "小王[广东]", "1.2.3.4(广东-深圳)", *FIRST],
        [2, "2026/09/03 12:05:00", "2分钟30秒", "微信", "小李[广东]", "1.2.3.5(广东-深圳)", *SECOND],
    ]
    found = read_responses(workbook([header, *rows]), village)
    assert found.dialect == "wjx_text"
    assert found.frame["duration_s"].tolist() == [123, 150]
    assert found.frame["submitted_at"].tolist() == [pd.Timestamp("2026-09-03 12:00"), pd.Timestamp("2026-09-03 12:05")]
    assert found.frame["channel"].tolist() == ["微信", "微信"]
    assert set(found.private) == {"nickname", "ip", "phone"}
    assert found.frame.loc[1, ["used", "v1", "p1", "p2", "age", "household"]].tolist() == [1, 3, 5, 4, 35, 3]
    assert found.frame.loc[1, "need__9__text"] == "长椅" and found.frame.loc[1, "order__b"] == 1
    assert found.missing.loc[1, "v2"] == 3
    assert found.missing.loc[2, ["v1", "v2", "p2", "need__1", "order__a", "since", "remark"]].tolist() == [
        1,
        1,
        2,
        2,
        2,
        2,
        2,
    ]
    assert not found.problems


def test_points_of_a_scale_stand_as_numbers_in_an_export_by_text(workbook, village):
    rows = [[1, None, "5秒", None, None, None, 5, 4], [2, None, "6秒", None, None, None, 1, 2]]
    header = [*META, "3、您对党支部的看法—服务及时", "态度友好"]
    found = read_responses(workbook([header, *rows]), village, dialect="wjx_text")
    assert found.frame[["p1", "p2"]].to_numpy().tolist() == [[5, 4], [1, 2]]


def test_options_with_a_missing_kind_shift_nothing_by_index(workbook, village):
    """不清楚 is the sixth option, whatever its code."""
    rows = [[1, None, "5秒", None, None, None, 6, 5], [2, None, "6秒", None, None, None, 1, -2]]
    header = [*META, "3、您对党支部的看法—服务及时", "态度友好"]
    found = read_responses(workbook([header, *rows]), village, dialect="wjx_index")
    assert found.missing["p1"].tolist() == [3, 0] and found.frame["p2"].tolist()[0] == 5
    assert found.missing["p2"].tolist() == [0, 2] and np.isnan(found.frame["p1"].iloc[0])
