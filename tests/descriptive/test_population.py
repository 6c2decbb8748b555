"""The population beside the sample: per cents in T1 and the test of fit, none of which tells a small cell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare

import evalkit as ek
from evalkit.contract import AnalysisError, Category, Codebook, Variable, attach
from evalkit.contract.words import LANGUAGES, say
from evalkit.descriptive.withheld import withheld


def people(men=40, women=60, others=0, missing=5):
    codes = [1.0] * men + [2.0] * women + [3.0] * others + [np.nan] * missing
    words = ((1, "男", "Male"), (2, "女", "Female"), (3, "其他", "Other"))
    gender = Variable("gender", "nominal", "性别", "Gender", tuple(Category(*word) for word in words))
    book = Codebook().with_variables([gender, Variable("age", "number", "年龄", "Age")])
    return attach(pd.DataFrame({"gender": codes, "age": np.arange(len(codes), dtype=float)}), book)


MARGINS = {"gender": {"男": 2600, "2": 2600}}


def test_the_fit_is_pearsons_over_those_who_answered():
    found = ek.profile(people(), items=["gender", "age"], margins=MARGINS)
    expected = chisquare([40, 60], [50, 50])
    row = found.tidy().query("term == 'gender' and level.isna()").iloc[0]
    assert (row["statistic"], row["p_value"]) == pytest.approx((expected.statistic, expected.pvalue))
    assert row["df"] == 1
    assert found.tidy().query("term == 'gender' and level == '1'")["percent_target"].tolist() == [50]
    assert found.notices == ()


@pytest.mark.parametrize(
    "values", [{"1": 0.3, "2": 0.6, "3": 0.1}, {"男": 30, "女": 60, "其他": 10}, {"Male": 3, "Female": 6, "Other": 1}]
)
def test_shares_counts_codes_and_wordings_say_the_same(values):
    found = ek.profile(people(20, 70, 10), items=["gender"], margins={"gender": values}).frequencies[0].fit
    assert found.statistic == pytest.approx(chisquare([20, 70, 10], [30, 60, 10]).statistic)
    assert found.df == 2


def test_table_t1_has_a_column_and_a_note_more():
    table = ek.profile(people(), items=["gender", "age"], margins=MARGINS).table("T1")
    assert [head.text("zh") for head in table.header[0]][-1] == "总体百分比(%)"
    assert [row.cells[-1].value for row in table.rows] == [50, 50, 0, None, None]
    assert {len(row.cells) for row in table.rows} == {6}
    assert table.notes[-1].text("zh") == "性别与总体分布的拟合优度检验：χ²(1) = 4.000，p = 0.046"
    assert table.notes[-1].text("en") == "Gender, fit with the population: χ²(1) = 4.000, p = 0.046"
    assert len(ek.profile(people(), items=["gender"]).table("T1").header[0]) == 5


def test_few_expected_and_people_whom_the_population_has_not_are_said():
    small = ek.profile(people(4, 4), items=["gender"], margins=MARGINS)
    assert [p.code for p in small.notices] == ["W167"]
    assert all(say(p, lang) for p in small.notices for lang in LANGUAGES)
    strange = ek.profile(people(40, 50, 10), items=["gender"], margins={"gender": {"1": 1, "2": 1, "3": 0}})
    assert strange.frequencies[0].fit.statistic == np.inf
    empty = ek.profile(people(0, 0), items=["gender"], margins=MARGINS)
    assert np.isnan(empty.frequencies[0].fit.statistic)


@pytest.mark.parametrize(
    ("margins", "code"),
    [
        ({"gender": {"1": 1, "男": 1, "2": 1}}, "E883"),
        ({"gender": {"1": 1}}, "E890"),
        ({"gender": {"1": 1, "2": 1, "9": 1}}, "E891"),
        ({"gender": {"1": -1, "2": 1}}, "E896"),
        ({"age": {"1": 1}}, "E168"),
    ],
)
def test_margins_that_do_not_fit_are_errors(margins, code):
    with pytest.raises(AnalysisError) as caught:
        ek.profile(people(), items=["gender", "age"], margins=margins)
    assert [p.code for p in caught.value.problems] == [code]


def test_the_test_of_a_variable_with_hidden_cells_is_hidden():
    shown = withheld(ek.profile(people(3, 60), items=["gender"], margins=MARGINS), 5)
    row = shown.tidy().query("term == 'gender' and level.isna()").iloc[0]
    assert np.isnan(row["statistic"])
    assert np.isnan(row["p_value"])
    assert not any("χ²" in note.text("zh") for note in shown.table("T1").notes)
    whole = withheld(ek.profile(people(), items=["gender"], margins=MARGINS), 5)
    assert any("χ²" in note.text("zh") for note in whole.table("T1").notes)
