"""Robustness of key effects: every alternative is the model itself with one thing changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ek
from evalkit.contract import AnalysisError
from evalkit.contract.words import LANGUAGES, say
from evalkit.report import sentences

FORMULA = {"formula": "y ~ age + sex | + x", "cov": "CR1", "cluster": "village"}


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(11)
    n = 300
    x, w = rng.normal(size=n), rng.normal(size=n)
    m = 0.5 * x + rng.normal(size=n)
    y = 0.4 * x + 0.3 * m + 0.3 * x * w + rng.normal(size=n)
    return pd.DataFrame(
        {
            "village": rng.integers(1, 13, n),
            "age": rng.integers(18, 80, n).astype(float),
            "sex": rng.choice(["f", "m"], n),
            "x": x,
            "w": w,
            "m": m,
            "y": y,
            "other": -0.5 * x + rng.normal(size=n),
            "yes": (y > 0).astype(float),
            "step": np.digitize(y, [-1, 0, 1]).astype(float),
        }
    )


def of(result, model):
    tidy = result.tidy()
    return tidy[(tidy["model"] == model) & tidy["group"].isna()].iloc[0]


def last(result, term):
    tidy = result.tidy()
    return tidy[tidy["term"] == term].iloc[-1]


NUMBERS = ["estimate", "std_error", "p_value", "conf_low", "conf_high"]


def same(ours, theirs):
    assert ours[NUMBERS].to_numpy(float) == pytest.approx(theirs[NUMBERS].to_numpy(float), rel=1e-12)


def test_each_alternative_is_the_model_with_one_thing_changed(people):
    found = ek.robustness(
        people,
        of="regress",
        arguments=FORMULA,
        outcomes=["other"],
        estimators=["HC3", "CR2", "logit", "classical"],
        add=[["w", "m"]],
        remove=["age"],
        excluded={"older": people.iloc[:200]},
    )
    same(of(found, "base"), last(ek.regress(people, **FORMULA), "x"))
    changed = {**FORMULA, "formula": "other ~ age + sex | + x"}
    same(of(found, "outcome.other"), last(ek.regress(people, **changed), "x"))
    same(of(found, "estimator.HC3"), last(ek.regress(people, FORMULA["formula"], cov="HC3"), "x"))
    same(of(found, "estimator.classical"), last(ek.regress(people, FORMULA["formula"]), "x"))
    same(of(found, "estimator.CR2"), last(ek.regress(people, **{**FORMULA, "cov": "CR2"}), "x"))
    wider = {**FORMULA, "formula": "y ~ age + sex + w + m | + x"}
    same(of(found, "added.w+m"), last(ek.regress(people, **wider), "x"))
    same(of(found, "removed.age"), last(ek.regress(people, **{**FORMULA, "formula": "y ~ sex | + x"}), "x"))
    same(of(found, "excluded.1"), last(ek.regress(people.iloc[:200], **FORMULA), "x"))
    assert of(found, "outcome.other")["as_expected"] == 0
    assert of(found, "estimator.HC3")["as_expected"] == 1


def test_what_cannot_be_fitted_is_nan_with_its_reason_and_the_others_stand(people):
    found = ek.robustness(people, of="regress", arguments=FORMULA, estimators=["logit", "HC0"])
    assert np.isnan(of(found, "estimator.logit")["estimate"])
    assert of(found, "estimator.HC0")["n_obs"] == 300
    (notice,) = [p for p in found.notices if p.code == "W6378"]
    for lang in LANGUAGES:
        assert "E761" in say(notice, lang)
        assert "Label" not in say(notice, lang)
    assert found.glance().at[0, "n_failed"] == 1


def test_winsorised_and_standardised_variables(people):
    found = ek.robustness(people, of="regress", arguments=FORMULA, winsorise=[0.05, 0.1], standardise=True)
    drawn = people.copy()
    for name in ("y", "age", "x"):
        drawn[name] = drawn[name].clip(*np.quantile(drawn[name], [0.05, 0.95]))
    same(of(found, "winsorised.0.05"), last(ek.regress(drawn, **FORMULA), "x"))
    beta = last(ek.regress(people, **FORMULA), "x")["beta"]
    assert of(found, "standardised")["estimate"] == pytest.approx(beta, rel=1e-10)
    assert len(found.columns) == 4


@pytest.mark.parametrize(
    ("options", "cluster"),
    [
        ({"cov": "CR1", "cluster": "village"}, "village"),
        ({"cov": "CR0", "cluster": "village"}, "village"),
        ({"cov": "CR1p", "cluster": "village", "df": "clusters"}, "village"),
        ({}, "village"),
        ({"cov": "HC3"}, "village"),
        ({}, "sex"),
    ],
)
def test_without_a_cluster_is_the_model_on_the_other_rows(people, options, cluster):
    data = people.copy()
    data.loc[5, "x"] = np.nan
    formula = "y ~ age | + x + x:w" if cluster == "sex" else "y ~ age + sex | + x + x:w"
    found = ek.robustness(data, of="regress", arguments={"formula": formula, **options}, leave_out=cluster)
    tidy = found.tidy()
    assert found.keys == ("x", "x:w")
    for code in data[cluster].unique():
        rest = ek.regress(data[data[cluster] != code], formula, **options)
        for key in found.keys:
            row = tidy[(tidy["group"] == str(code)) & (tidy["term"] == key)].iloc[0]
            assert row[NUMBERS].to_numpy(float) == pytest.approx(last(rest, key)[NUMBERS].to_numpy(float), rel=1e-8)
            assert row["r_squared"] == pytest.approx(rest.glance().at[0, "r_squared"], rel=1e-9)
            assert row["n_obs"] == rest.n_obs
    summary = of(found, "leave_out")
    low = tidy[(tidy["term"] == "x") & tidy["group"].notna()]["estimate"]
    assert (summary["min"], summary["max"], summary["count"]) == (low.min(), low.max(), len(low))


def test_a_cluster_that_alone_determines_a_column_is_refitted(people):
    data = people.assign(only=(people["village"] == 3).astype(float))
    arguments = {"formula": "y ~ only | + x", "cluster": "village"}
    found = ek.robustness(data, of="regress", arguments=arguments, leave_out="village").tidy()
    rest = ek.regress(data[data["village"] != 3], **arguments)
    row = found[found["group"] == "3"].iloc[0]
    assert row["estimate"] == pytest.approx(last(rest, "x")["estimate"], rel=1e-12)


@settings(max_examples=8)
@given(shift=st.floats(-1e4, 1e4), scale=st.floats(0.01, 1e4))
def test_leaving_clusters_out_does_not_depend_on_units(people, shift, scale):
    arguments = {"formula": "y ~ age | + x", "cluster": "village"}
    one = ek.robustness(people, of="regress", arguments=arguments, leave_out="village").tidy()
    moved = people.assign(age=people["age"] * scale + shift)
    two = ek.robustness(moved, of="regress", arguments=arguments, leave_out="village").tidy()
    for name in ("estimate", "std_error"):
        assert two[name].to_numpy(float) == pytest.approx(one[name].to_numpy(float), rel=1e-6, nan_ok=True)


def test_a_mediation_follows_its_indirect_effect(people):
    call = {"x": "x", "m": ["m"], "y": "y", "covariates": ["age"], "resamples": 200, "seed": 3}
    found = ek.robustness(
        people,
        of="mediate",
        arguments=call,
        outcomes=["other"],
        estimators=["bias_corrected", "monte_carlo"],
        add=["sex"],
        leave_out="sex",
    )
    assert found.keys == ("indirect.m",)
    whole = last(ek.mediate(people, **call), "indirect.m")
    assert of(found, "base")["conf_low"] == whole["conf_low"]
    wider = ek.mediate(people, **{**call, "covariates": ["age", "sex"]})
    assert of(found, "added.sex")["estimate"] == last(wider, "indirect.m")["estimate"]
    corrected = ek.mediate(people, **{**call, "ci": ["bias_corrected"]})
    assert of(found, "estimator.bias_corrected")["conf_low"] == last(corrected, "indirect.m")["conf_low"]
    cells = [cell.value for row in found.table().rows for cell in row.cells if isinstance(cell.value, tuple)]
    assert (whole["conf_low"], whole["conf_high"]) in cells


def test_a_moderation_follows_its_product_and_a_binary_outcome_its_slope(people):
    call = {"x": "x", "w": "w", "y": "y"}
    found = ek.robustness(people, of="moderate", arguments=call, estimators=["HC3"], outcomes=["yes"])
    assert found.keys == ("x:w",)
    other = ek.moderate(people, **call, cov="HC3")
    assert of(found, "estimator.HC3")["std_error"] == last(other, "x:w")["std_error"]
    binary = {"formula": "yes ~ x + age", "family": "logit"}
    found = ek.robustness(
        people, of="outcome_model", arguments=binary, estimators=["linear", "probit"], standardise=True
    )
    assert found.keys == ("x",)
    same(of(found, "estimator.linear"), last(ek.regress(people, "yes ~ x + age"), "x"))
    same(of(found, "estimator.probit"), last(ek.outcome_model(people, "yes ~ x + age", family="probit"), "x"))
    assert of(found, "standardised")["p_value"] == pytest.approx(of(found, "base")["p_value"], rel=1e-6)


def test_ordered_logit_instead_of_a_line(people):
    arguments = {"formula": "step ~ age | + x", "precision": None}
    found = ek.robustness(people, of="regress", arguments=arguments, estimators=["ordered_logit"])
    other = ek.outcome_model(people, "step ~ age | + x", family="ordered_logit").tidy()
    row = other[(other["term"] == "x") & (other["model"] == "2")].iloc[0]
    assert of(found, "estimator.ordered_logit")["estimate"] == row["estimate"]
    assert "McFadden" in found.table().notes[1].text("zh")


def test_a_nominal_key_stands_for_its_categories(people):
    found = ek.robustness(people, of="regress", arguments=FORMULA, key=["sex", "x"], estimators=["HC0"])
    assert found.keys == ("sex.m", "x")
    table = found.table("T21.long")
    assert [row.role for row in table.rows].count("section") == 2


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"of": "describe"}, "E6370"),
        ({"remove": ["w"]}, "E6371"),
        ({"estimators": ["median"]}, "E6372"),
        ({"key": "z"}, "E6374"),
        ({"winsorise": 1.0}, "E6375"),
        ({"excluded": "each"}, "E6376"),
        ({"leave_out": "one"}, "E6377"),
        ({}, "E6379"),
        ({"outcomes": ["nothing"]}, "E600"),
    ],
)
def test_a_call_that_means_nothing_is_refused(people, options, code):
    call = {"of": "regress", "arguments": FORMULA} | options
    with pytest.raises(AnalysisError) as error:
        ek.robustness(people.assign(one=1), **call)
    assert error.value.problems[0].code == code
    assert all(say(error.value.problems[0], lang) for lang in LANGUAGES)


def test_sentences_say_what_stays_and_where_not(people):
    found = ek.robustness(
        people, of="regress", arguments=FORMULA, estimators=["HC3", "logit"], outcomes=["other"], leave_out="village"
    )
    told = [s.text("en") for s in sentences("robustness", found)]
    assert told[0].startswith("Of 2 alternatives, 1 give x")
    assert "Other outcome: other" in told[0]
    assert "Leaving out each of 12 clusters (village)" in told[1]
    assert told[2] == "Alternatives that could not be estimated: binary logit."
    assert found.figure().frame["term"].tolist() == ["base", "outcome.other", "estimator.HC3"]
