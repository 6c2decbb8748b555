"""Sentences about checks of respondents, missing answers and estimates: the table's numbers, no verdict too far."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import Category, Codebook, Variable, attach
from evalkit.quality import interviewer_checks, item_checks, missing_answers, respondent_checks
from evalkit.report import sentences
from evalkit.sampling import Design, estimates
from evalkit.scoring import score

RESIDENTS = Path(__file__).parent.parent / "golden" / "residents.csv"
ITEMS = ["SAT1", "SAT2", "SAT3", "SAT4", "SAT5"]


@pytest.fixture(scope="module")
def residents():
    scale = {"id": "sat", "items": ITEMS, "reverse": ["SAT4"], "range": [1, 5], "min_valid": 0.5, "zh": "满意度"}
    return score(pd.read_csv(RESIDENTS), [scale])


def said(do, result, lang="zh"):
    return [sentence.text(lang) for sentence in sentences(do, result, step="s")]


def test_checks_say_how_many_have_a_flag_and_what_was_found_most(residents):
    result = respondent_checks(residents, items=ITEMS)
    whole = result.glance().iloc[0]
    first, most, unjudged = said("respondent_checks", result)
    share = f"{whole['count']:.0f}份（{whole['percent']:.1f}%）"
    assert first == f"1200份答卷逐一检查，{share}至少有一项计入标记；本步骤不剔除答卷。"
    counts = result.tidy().query("level.isna()").set_index("term")["count"].sort_values(ascending=False)
    assert most.startswith("发现最多的3项是") and f"n={counts.iloc[0]:.0f}" in most
    assert "无法判断" in unjudged
    assert "1200 responses checked" in said("respondent_checks", result, "en")[0]


def test_checks_without_a_finding_say_so():
    answers = np.array(
        [[1, 3, 2, 5, 4], [2, 4, 1, 5, 3], [5, 1, 4, 2, 3], [3, 5, 1, 2, 4], [4, 2, 5, 3, 1], [5, 3, 1, 4, 2]]
    )
    frame = pd.DataFrame(np.vstack([answers] * 3).astype(float), columns=ITEMS)
    result = respondent_checks(frame, items=ITEMS, thresholds={"sd_lowest": 1e-9, "sd_highest": 1 - 1e-9})
    assert result.glance()["count"].iloc[0] == 0
    assert said("respondent_checks", result)[0] == "18份答卷逐一检查，没有一份有计入的标记。"


def test_checks_of_nobody_say_so(residents):
    assert said("respondent_checks", respondent_checks(residents.iloc[:0], items=ITEMS)) == ["没有可检查的答卷。"]


def test_missing_answers_have_shares_and_a_hedged_test(residents):
    result = missing_answers(residents, variables=ITEMS)
    whole, most, little = said("missing_answers", result)
    assert whole == "应答6000处，缺失166处（2.8%）；159份答卷（13.3%）至少缺一处。"
    assert most == "缺失比例最高的是“SAT3”占3.5%（n=42）、“SAT1”占2.9%（n=35）和“SAT4”占2.8%（n=33）。"
    assert (
        little == "未发现偏离完全随机缺失的统计证据（Little检验，χ²(35)=32.086，p=0.610）；但不能据此断定缺失完全随机。"
    )
    assert [s.params.get("ref") for s in sentences("missing_answers", result, step="s")] == [
        "s/all.cells#percent",
        "s/SAT3#estimate",
        "s/all.little#statistic",
    ]


def test_answers_missing_by_design_of_the_data_are_told(residents):
    gaps = residents[ITEMS].astype(float).dropna().reset_index(drop=True)
    gaps.loc[gaps["SAT1"] >= 4, "SAT2"] = np.nan
    assert any(
        s.startswith("Little检验拒绝完全随机缺失")
        for s in said("missing_answers", missing_answers(gaps, variables=ITEMS))
    )
    whole = residents[ITEMS].astype(float).dropna()
    assert said("missing_answers", missing_answers(whole, variables=ITEMS)) == [f"应答{5 * len(whole)}处，没有缺失。"]


def test_estimates_have_intervals_and_the_price_of_the_design(residents):
    weighted = residents.assign(w=1.0 + residents["age"] / 50, town=np.arange(len(residents)) % 30)
    result = estimates(weighted, ["age"], design=Design(weights="w", clusters="town"))
    row = result.tidy().iloc[0]
    first, price = said("estimates", result)
    assert (
        first
        == f"总体估计：age的均值为{row['estimate']:.2f}，95%置信区间为[{row['conf_low']:.2f}, {row['conf_high']:.2f}]。"
    )
    assert price.startswith("设计效应最大为") and f"{row['deff']:.2f}" in price
    assert "Population estimate of age: Mean" in said("estimates", result, "en")[0]


def test_many_estimates_are_told_by_their_largest(residents):
    result = estimates(residents, ["gender", "tenure"], statistic="proportion", by="renovated")
    told = said("estimates", result)
    assert told[-1] == "其余6个估计见表。"
    assert len(told) == 5
    share = 100 * result.tidy().query("term == 'tenure' and level == 'owner'")["estimate"].iloc[0]
    assert f"为{share:.1f}，" in told[1]


def test_differences_count_those_whose_interval_leaves_zero_out(residents):
    result = estimates(residents, ["tenure"], statistic="proportion", by="renovated", difference=True)
    rows = result.tidy().query("p_value.notna()")
    clear = int(((rows["conf_low"] > 0) | (rows["conf_high"] < 0)).sum())
    (line,) = (s for s in said("estimates", result) if "差值" in s)
    assert f"{len(rows)}个差值" in line
    assert f"{clear}个的95%置信区间不包含0" in line
    assert ("未发现" in line) == (clear == 0)


def test_an_estimate_of_nothing_says_so(residents):
    empty = residents.assign(nothing=np.nan)
    assert any("无法计算" in s for s in said("estimates", estimates(empty, ["nothing"])))


@pytest.fixture
def asked():
    points = tuple(Category(float(k), str(k), str(k)) for k in range(1, 6))
    yes = (Category(1.0, "是", "yes"), Category(0.0, "否", "no"))
    frame = pd.DataFrame({"a": [5.0] * 9 + [4], "b": [1.0] * 10, "c": [1.0, 0] * 5, "d": [np.nan] * 10})
    variables = [
        Variable("a", "item", "满意", "Content", points, low=1, high=5),
        Variable("b", "nominal", "住在本地", "Local", yes),
        Variable("c", "nominal", "参加过", "Took part", yes),
        Variable("d", "nominal", "其他", "Else", yes),
    ]
    return attach(frame, Codebook({one.name: one for one in variables}))


def test_questions_are_named_by_finding(asked):
    assert said("item_checks", item_checks(asked)) == [
        "4道封闭题逐一检查，2道有发现；发现只是提示，不是判定。",
        "天花板效应：“满意”（共1道）。",
        "有选项无人选：“满意”和“住在本地”（共2道）。",
        "只有一种答案：“住在本地”（共1道）。",
        "没有答案、无法判断的题：“其他”（共1道）。",
    ]
    assert "With ceiling:" in said("item_checks", item_checks(asked), "en")[1]
    assert said("item_checks", item_checks(asked, items=["c"])) == ["1道封闭题逐一检查，没有发现。"]
    assert said("item_checks", item_checks(asked, items=[])) == ["没有可检查的封闭题。"]


def test_interviewers_outside_are_to_be_looked_at_not_blamed(residents):
    frame = residents.assign(who=[f"w{k % 6}" for k in range(len(residents))])
    frame.loc[frame["who"] == "w2", ITEMS] = 5.0
    frame.loc[0, "who"] = "few"
    result = interviewer_checks(frame, interviewer="who", items=ITEMS)
    first, most, unjudged = said("interviewer_checks", result)
    outside = result.tidy().query("count == 1")
    assert first.startswith("7名访员、1200份答卷") and f"{outside['group'].nunique()}名访员至少" in first
    assert "不能据此认定作假" in first and "w2的" in most and unjudged.startswith("1名访员")
    assert "no proof of invented answers" in said("interviewer_checks", result, "en")[0]


def test_interviewers_within_the_limits(residents):
    frame = residents.assign(who=[f"w{k % 3}" for k in range(len(residents))])
    result = interviewer_checks(frame, interviewer="who", items=ITEMS)
    assert result.glance()["count"].iloc[0] == 0
    assert said("interviewer_checks", result) == ["3名访员、1200份答卷，没有一名访员超出由其余访员得出的界限。"]
