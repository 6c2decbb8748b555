"""Comparisons with a reference and within strata: views, sentences, and calls that cannot be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError
from evalkit.contract.words import say
from evalkit.descriptive import compare
from evalkit.report.sentences import sentences


def said(result):
    return [label.text("en") for label in sentences("compare", result)]


def test_means_against_a_reference(categorical, views):
    result = compare(categorical, outcome=["SAT", "PAR"], reference=3)
    assert views(result)
    assert [c.method for c in result.comparisons] == ["one_sample_t"] * 2
    assert said(result)[0].startswith("SAT differs from the reference (t(1199)")
    assert [row.cells[1].value.text("en") for row in result.table().rows] == ["All", "All"]
    assert result.figure() is not None
    same = compare(categorical, outcome="SAT", reference=float(categorical["SAT"].mean()))
    assert said(same)[0].startswith("No statistical evidence was found that SAT differs from the reference")


def test_shares_against_a_reference(categorical, views):
    shares = {"danwei": 4, "commodity": 3, "resettlement": 2, "urban_village": 1}
    result = compare(categorical, outcome="stratum", test="goodness_of_fit", reference=shares)
    assert views(result)
    cells = result.tidy().query("term == 'cell'")
    assert cells["expected"].to_numpy() == pytest.approx(len(categorical) * np.array([0.4, 0.3, 0.2, 0.1]))
    assert cells["count"].sum() == len(categorical)


def test_a_category_that_nobody_chose_counts(categorical):
    rows = categorical[categorical["stratum"] != "danwei"]
    rows.attrs = categorical.attrs
    shares = {"danwei": 0.25, "commodity": 0.25, "resettlement": 0.25, "urban_village": 0.25}
    result = compare(rows, outcome="stratum", test="goodness_of_fit", reference=shares)
    assert result.tidy().query("term == 'cell'")["count"].iloc[0] == 0


def test_strata_that_say_nothing(categorical, views):
    result = compare(categorical, outcome="signed_agreement", by="renter", test="mantel_haenszel", strata="tenure")
    assert views(result)
    assert [p.code for p in result.notices] == ["W877"]
    assert np.isnan(result.glance()["p_value"].iloc[0])


def test_one_stratum_is_the_table_itself(categorical):
    data = categorical.assign(one=1)
    result = compare(data, outcome="signed_agreement", by="renter", test="mantel_haenszel", strata="one")
    plain = compare(data, outcome="signed_agreement", by="renter", test="chi2")
    rows = [r.tidy().set_index("term") for r in (result, plain)]
    assert rows[0].loc["common_odds_ratio", "estimate"] == pytest.approx(rows[1].loc["odds_ratio", "estimate"])
    n = plain.n_obs
    assert rows[0].loc["test", "statistic"] == pytest.approx(rows[1].loc["test", "statistic"] * (n - 1) / n)


def test_shares_of_none_and_all_have_intervals():
    data = pd.DataFrame({"y": [0.0] * 20 + [1.0] * 20, "g": ["a"] * 20 + ["b"] * 20})
    for interval in ("wilson", "exact", "agresti", "wald"):
        rows = compare(data, outcome="y", by="g", test="chi2", share_interval=interval).tidy().query("term == 'share'")
        assert rows["conf_low"].notna().all()
        assert (rows["conf_low"] <= rows["estimate"] + 1e-9).all()


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ({"outcome": "SAT"}, ["E897"]),
        ({"outcome": "SAT", "test": "one_sample_t"}, ["E6324"]),
        ({"outcome": "SAT", "reference": {"a": 1}}, ["E6324"]),
        ({"outcome": "gender", "test": "goodness_of_fit", "reference": 0.5}, ["E6324"]),
        ({"outcome": "gender", "test": "goodness_of_fit", "reference": {"female": 1}}, ["E6324"]),
        ({"outcome": "gender", "test": "goodness_of_fit", "reference": {"female": 1, "male": 0}}, ["E6324"]),
        ({"outcome": "SAT", "by": "gender", "reference": 3}, ["E876"]),
        ({"outcome": "SAT", "by": "gender", "test": "one_sample_t", "reference": 3}, ["E897"]),
        ({"outcome": "signed_agreement", "by": "renter", "test": "mantel_haenszel"}, ["E876"]),
        ({"outcome": "SAT", "by": "gender", "strata": "tenure"}, ["E876"]),
        ({"outcome": "stratum", "by": "renter", "test": "mantel_haenszel", "strata": "gender"}, ["E875"]),
        ({"outcome": "SAT", "by": "gender", "share_interval": "guess"}, ["E614"]),
    ],
)
def test_calls_that_cannot_be(options, codes, categorical):
    with pytest.raises(AnalysisError) as caught:
        compare(categorical, **options)
    assert [p.code for p in caught.value.problems] == codes
    assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))


def test_one_answer_has_no_test(views):
    result = compare(pd.DataFrame({"y": [3.0]}), outcome="y", reference=2)
    assert views(result)
    assert [p.code for p in result.notices] == ["W877"]
    assert [p.code for p in compare(pd.DataFrame({"y": [3.0, 3.0]}), outcome="y", reference=2).notices] == ["W877"]


def test_two_factors_crossed(categorical, views):
    result = compare(categorical, outcome=["SAT", "PAR"], by=["gender", "tenure"], test="two_way")
    assert views(result)
    assert result.templates == ("T11", "factors")
    assert result.comparisons[0].levels[:3] == ("female:owner", "female:renter", "female:public")
    rows = [row for row in result.table("factors").rows if row.role != "section"]
    assert [row.cells[0].value.text("en") for row in rows[:3]] == ["gender", "tenure", "gender x tenure"]
    texts = said(result)
    assert "interact in SAT (F(2, 1194)" in texts[0]
    shares = result.tidy().query("outcome == 'SAT' and term == 'partial_eta_squared'")
    own = shares[shares["level"].isna()]["estimate"].iloc[0]
    assert result.table().rows[0].cells[-1].value == result.comparisons[0].effect["estimate"] == own
    assert "main effect" in texts[1]


def test_an_empty_cell_has_no_two_way_test(categorical, views):
    gone = (categorical["gender"] == "male") & (categorical["tenure"] == "public")
    rows = categorical[~gone]
    rows.attrs = categorical.attrs
    result = compare(rows, outcome="SAT", by=["gender", "tenure"], test="two_way")
    assert views(result)
    assert {"W877", "N879"} == {p.code for p in result.notices}
    with pytest.raises(AnalysisError) as caught:
        compare(categorical, outcome="SAT", by="gender", test="two_way")
    assert caught.value.problems[0].code == "E876"
