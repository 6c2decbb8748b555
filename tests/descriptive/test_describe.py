"""Descriptive statistics against R (psych, stats)."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from evalkit.contract import AnalysisError, codebook_of
from evalkit.descriptive import describe

answers = hnp.arrays(np.int64, st.integers(2, 40), elements=st.integers(1, 5))


def row_of(result, term, group=None):
    tidy = result.tidy()
    mask = (tidy["term"] == term) & (tidy["group"].isna() if group is None else tidy["group"] == group)
    return tidy[mask].iloc[0]


def variables_of(golden, start):
    return [i.removeprefix(start) for i in golden.ids("describe", start)]


def test_every_statistic_of_psych_describe(scored, golden):
    names = variables_of(golden, "describe.")
    assert len(names) == 17
    found = describe(scored, names)
    columns = {"n": "n_obs", "se": "std_error"}
    for name in names:
        record = golden("describe", f"describe.{name}")
        row = row_of(found, name)
        for field in record.fields:
            assert row[columns.get(field, field)] == record.approx(field), (name, field)


@pytest.mark.parametrize("kind", [1, 2])
def test_the_other_kinds_of_skewness(scored, golden, kind):
    names = variables_of(golden, f"moments_type{kind}.")
    found = describe(scored, names, skew_type=kind)
    for name in names:
        record = golden("describe", f"moments_type{kind}.{name}")
        assert row_of(found, name)[["skew", "kurtosis"]] == record.approx()


@pytest.mark.parametrize("kind", [7, 6])
def test_quantiles_of_both_kinds(scored, golden, kind):
    columns = {"5%": "q05", "10%": "q10", "25%": "q25", "50%": "median", "75%": "q75", "90%": "q90", "95%": "q95"}
    names = variables_of(golden, f"quantile{kind}.")
    found = describe(scored, names, quantile_type=kind)
    for name in names:
        record = golden("describe", f"quantile{kind}.{name}")
        for field in record.fields:
            assert row_of(found, name)[columns[field]] == record.approx(field), (name, field)


def test_interval_of_the_mean(scored, golden):
    names = variables_of(golden, "mean_ci95.")
    found = describe(scored, names)
    for name in names:
        record = golden("describe", f"mean_ci95.{name}")
        assert row_of(found, name)[["conf_low", "conf_high"]].to_list() == record.approx()


def test_by_group(scored, golden):
    found = describe(scored, ["SAT", "PAR", "trust_after"], by="gender")
    columns = {"n": "n_obs", "se": "std_error"}
    for name in ("SAT", "PAR", "trust_after"):
        table = golden("describe", f"by_gender.{name}")
        for i, group in enumerate(table.estimate["group1"]):
            row = row_of(found, name, f"gender.{group}")
            for field in ("n", "mean", "sd", "median", "skew", "kurtosis", "se"):
                value = table.estimate[field].iloc[i]
                assert row[columns.get(field, field)] == type(table.approx())(value, table.absolute, table.relative)
        for statistic in ("mean", "sd"):
            record = golden("describe", f"by_stratum_{statistic}.{name}")
            by_stratum = describe(scored, [name], by="stratum").tidy()
            got = dict(zip(by_stratum["group"].str.removeprefix("stratum."), by_stratum[statistic], strict=True))
            assert got == record.approx()


def test_normality_and_spread(scored, golden):
    found = describe(scored, ["SAT", "PAR", "trust_after"], normality=True)
    for name in ("SAT", "PAR", "trust_after"):
        row = row_of(found, name)
        shapiro = golden("describe", f"shapiro.{name}")
        assert row["shapiro_w"] == shapiro.approx("W")
        assert row["shapiro_p"] == shapiro.approx("p")
        for field, column in (("var", "variance"), ("cv", "cv"), ("iqr", "iqr")):
            assert row[column] == golden("describe", f"{field}.{name}").approx()


def test_only_scores_are_described_unless_named(survey):
    assert describe(survey).tidy()["term"].tolist() == ["SAT"]
    plain = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0.5, np.nan]})
    found = describe(plain).tidy()
    assert found["term"].tolist() == ["a", "c"]
    assert found["n_missing"].tolist() == [0, 1]


def test_views_and_words(survey, views):
    assert views(describe(survey, ["SAT", "age"], by="gender", normality=True))
    table = describe(survey, ["SAT1", "SAT"]).table()
    assert [c.value for c in table.rows[0].cells[1:3]] == [7, 1.0]
    assert "1" in table.notes[1].text("zh") and "5" in table.notes[1].text("en")


def test_rows_without_a_group_are_dropped_and_said(survey):
    found = describe(survey, ["SAT"], by="gender")
    assert found.n_obs == 7
    assert [(d.n, "性别" in d.reason.text("zh")) for d in found.dropped] == [(1, True)]


def test_a_mean_of_nominal_codes_is_refused(survey):
    with pytest.raises(AnalysisError) as caught:
        describe(survey, ["gender"])
    assert caught.value.problems[0].code == "E613"
    zero_one = survey.assign(gender=survey["gender"] - 1)
    assert describe(zero_one, ["gender"]).tidy()["estimate"].iloc[0] == pytest.approx(4 / 7)


@pytest.mark.parametrize("option", [{"skew_type": 4}, {"quantile_type": 5}, {"conf_level": 95}])
def test_an_unknown_option_is_an_error(survey, option):
    with pytest.raises(AnalysisError) as caught:
        describe(survey, ["SAT"], **option)
    assert caught.value.problems[0].params["option"] in option


def test_unknown_names_and_text_are_refused(survey):
    with pytest.raises(AnalysisError, match="SAT"):
        describe(survey, ["SATT"])
    with pytest.raises(AnalysisError) as caught:
        describe(survey, ["remark"])
    assert caught.value.problems[0].code == "E610"


@pytest.mark.parametrize("values", [[3.0, 3.0, 3.0], [2.0], []])
def test_what_cannot_be_computed_is_nan_with_a_reason(values):
    data = pd.DataFrame({"x": pd.Series(values, dtype=float), "y": pd.Series(values, dtype=float)})
    found = describe(data, ["x"], normality=True)
    row = found.tidy().iloc[0]
    assert np.isnan(row[["skew", "kurtosis", "shapiro_w"]].astype(float)).all()
    assert row["reason"].startswith("descriptive.reason")
    assert [p.code for p in found.notices] == ["W615"]
    assert row["n_obs"] == len(values)


@settings(max_examples=25)
@given(answers, st.integers(0, 2**32 - 1))
def test_the_order_of_the_rows_does_not_matter(x, seed):
    data = pd.DataFrame({"x": x})
    shuffled = data.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(describe(data).tidy(), describe(shuffled).tidy(), rtol=1e-12)


@settings(max_examples=25)
@given(answers)
def test_turning_the_scale_round_turns_mean_and_skewness(x):
    data = pd.DataFrame({"x": x, "y": 6 - x})
    a, b = describe(data).tidy().to_dict("records")
    assert a["mean"] + b["mean"] == pytest.approx(6)
    assert a["sd"] == b["sd"]
    for form in ("skew", "kurtosis"):
        sign = -1 if form == "skew" else 1
        assert a[form] == pytest.approx(sign * b[form], abs=1e-9, nan_ok=True)


@settings(max_examples=25)
@given(answers)
def test_type_2_is_the_formula_of_the_spreadsheets(x):
    got = describe(pd.DataFrame({"x": x}), skew_type=2).tidy().iloc[0]
    series = pd.Series(x)
    if len(x) > 3 and series.nunique() > 1:
        assert got["skew"] == pytest.approx(series.skew(), abs=1e-9)
        assert got["kurtosis"] == pytest.approx(series.kurtosis(), abs=1e-9)


def test_the_codebook_survives(survey):
    describe(survey)
    assert codebook_of(survey).scales
