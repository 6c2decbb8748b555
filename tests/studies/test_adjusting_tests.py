"""Tests of several analyses adjusted as one family."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

import evalkit as ek
from evalkit.contract import GLOSSARY, AnalysisError, Label, Result, quantity
from evalkit.contract.words import say
from evalkit.studies.families import ADJUSTMENTS

NAMES = {"holm": "holm", "hochberg": "simes-hochberg", "hommel": "hommel", "bonferroni": "bonferroni", "bh": "fdr_bh"}


@pytest.fixture(scope="module")
def results():
    rng = np.random.default_rng(4)
    n = 200
    data = pd.DataFrame({name: rng.normal(size=n) for name in ("x", "m", "c")})
    data["y"] = 0.18 * data["x"] + 0.1 * data["m"] + rng.normal(size=n)
    data["g"] = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    data["b"] = (data["y"] + rng.normal(size=n) > 0).astype(float)
    return {
        "reg": ek.regress(data, "y ~ c | + x + m"),
        "groups": ek.compare(data, outcome=["y", "x"], by="g"),
        "med": ek.mediate(data, x="x", m="m", y="y", resamples=200, seed=1),
        "logit": ek.outcome_model(data, "b ~ x | + m", family="logit"),
    }


def test_every_test_that_an_analysis_asks(results):
    found = ek.adjust_tests(results)
    rows = found.tests
    assert isinstance(found, Result)
    paths = {(s, o, t) for s, o, t in zip(rows["step"], rows["outcome"], rows["term"], strict=True)}
    assert {(s, t) for s, _, t in paths} == {
        ("reg", "c"), ("reg", "x"), ("reg", "m"), ("groups", "test"), ("logit", "x"), ("logit", "m"),
        ("med", "total"), ("med", "direct"), ("med", "indirect.m"), ("med", "indirect.total"),
    }  # fmt: skip
    assert set(rows.loc[rows["step"] == "reg", "model"]) == {"2"}
    assert ("groups", "y", "test") in paths and ("groups", "x", "test") in paths


@pytest.mark.parametrize("method", NAMES)
def test_p_is_adjusted_over_all_of_them(results, method):
    found = ek.adjust_tests(results, method=method)
    expected = multipletests(found.tests["p_value"], method=NAMES[method])[1]
    assert found.tests["p_adjusted"].to_numpy() == pytest.approx(expected)
    assert set(NAMES) < set(ADJUSTMENTS)


def test_p_values_are_those_of_the_analyses(results):
    rows = ek.adjust_tests(results, terms=["x", "indirect.m"]).tests
    own = results["reg"].tidy()
    p = own.loc[(own["model"] == "2") & (own["term"] == "x"), "p_value"].iloc[0]
    assert rows.loc[rows["step"] == "reg", "p_value"].tolist() == [p]
    assert rows["step"].tolist() == ["reg", "med", "med", "med", "med", "logit"]  # the paths from x, and the effect


def test_terms_and_paths(results):
    one = {"reg": results["reg"]}
    assert ek.adjust_tests(one, terms=["1/y/c"]).tests["model"].tolist() == ["1"]
    assert ek.adjust_tests(one, terms=["c"]).tests["model"].tolist() == ["2"]
    assert ek.adjust_tests(one, terms=["*/y/c"]).tests["model"].tolist() == ["1", "2"]
    assert ek.adjust_tests(one, terms=["intercept"]).tests["term"].tolist() == ["intercept"]
    without = ek.adjust_tests(one, terms=["x", "model.sigma"])
    assert [p.code for p in without.notices] == ["N6782"]
    assert without.notices[0].params["terms"] == ["reg/2/y/model.sigma"]


def test_its_views(results):
    titles = {"reg": Label(zh="回归", en="Regression")}
    found = ek.adjust_tests(results, method="bh", titles=titles)
    tidy, table = found.tidy(), found.table()
    assert set(tidy.columns) <= set(GLOSSARY)
    assert "reg/2" in set(tidy["model"]) and "med" in set(tidy["model"])
    assert not tidy[["model", "outcome", "group", "term", "level"]].astype(str).duplicated().any()
    assert len(table.rows) == len(tidy)
    assert all(quantity(c.kind) for row in table.rows for c in row.cells)
    assert table.rows[0].cells[0].value.text("zh") == "回归"
    assert table.rows[1].cells[0].value == ""
    for lang in ("zh", "en"):
        assert all(note.text(lang) for note in table.notes)
        assert str(len(tidy)) in found.label.text(lang)
    assert found.glance()["count"].iloc[0] == len(tidy)
    with pytest.raises(AnalysisError, match="E652"):
        found.table("T1")


def test_what_is_lost_is_named():
    rng = np.random.default_rng(0)
    x = rng.normal(size=100)
    z = (x - x.mean()) / x.std()
    noise = rng.normal(size=100)
    noise -= noise.mean() + z * (noise @ z) / 100
    data = pd.DataFrame({"x": z, "y": 0.21 * z + noise / noise.std(), "n": rng.normal(size=100)})
    found = ek.adjust_tests({"a": ek.regress(data, "y ~ x"), "b": ek.regress(data, "n ~ x")}, method="bonferroni")
    first = found.tests.iloc[0]
    assert first["p_value"] < 0.05 < first["p_adjusted"]
    assert "No longer significant" in " ".join(n.text("en") for n in found.table().notes)


def test_faults(results):
    for change, code in (({"method": "none"}, "E6783"), ({"terms": ["nothing"]}, "E6781")):
        with pytest.raises(AnalysisError, match=code) as caught:
            ek.adjust_tests(results, **change)
        assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))


def test_a_bootstrapped_regression_brings_the_p_of_its_bootstrap():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"x": rng.normal(size=60), "place": np.repeat(np.arange(12), 5)})
    data["y"] = 0.4 * data["x"] + rng.normal(size=60) + rng.normal(size=12)[data["place"]]
    result = ek.regress(data, "y ~ x", cluster="place", bootstrap="wild_cluster", resamples=199, seed=1)
    own = result.tidy().set_index("term")["p_boot"]["x"]
    assert ek.adjust_tests({"a": result}).tests["p_value"].tolist() == [own]
