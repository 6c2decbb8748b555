"""Method bias and competing models against the reference numbers, what they print and say, and bad input."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import AnalysisError, Label
from evalkit.contract.words import say
from evalkit.measurement.method_effects.competing import _makeup
from evalkit.measurement.method_effects.method_bias import harman
from evalkit.report.sentences import sentences
from evalkit.structure import ModelError

GOLDEN = Path(__file__).parent.parent / "golden"
SIZES = {"OB": 4, "OE": 4, "MO": 4, "SV": 4, "CW": 4, "CC": 4, "SAT": 5, "PAR": 5}
FIT = ["chisq", "df", "cfi", "tli", "rmsea", "srmr"]


def items(*names: str) -> dict[str, list[str]]:
    return {name: [f"{name}{i}" for i in range(1, SIZES[name] + 1)] for name in names}


@cache
def rows() -> pd.DataFrame:
    frame = pd.read_csv(GOLDEN / "residents_scored.csv")
    return frame[[*(i for own in items(*SIZES).values() for i in own), "community_id", "weight"]]


@cache
def bias():
    return ek.method_bias(rows(), items("SV", "CW", "SAT"))


@cache
def marked():
    return ek.method_bias(rows(), items("OB", "OE"), marker=items("MO")["MO"])


def codes(problems) -> list[str]:
    assert all(say(p, lang) for p in problems for lang in ("zh", "en"))
    return [p.code for p in problems]


def said(do, result) -> str:
    found = sentences(do, result)
    assert all(s.text("zh") for s in found)
    return " ".join(s.text("en") for s in found)


class TestHarman:
    @pytest.fixture(scope="class")
    @staticmethod
    def found():
        every = items(*SIZES)
        complete = rows()[[i for own in every.values() for i in own]].dropna()
        return harman(complete.corr().to_numpy())

    def test_components_agree(self, found, golden):
        got = {"first_percent": found.share, "n_eigen_gt_1": found.n_components}
        assert got == golden("validity", "harman.unrotated_pca_all34").approx()

    def test_one_factor_agrees(self, found, golden):
        assert found.factor_share == golden("validity", "harman.unrotated_paf1_all34").approx()

    def test_the_step_uses_the_same_rows(self, golden):
        found = ek.method_bias(rows(), items(*SIZES))
        assert found.harman.share == golden("validity", "harman.unrotated_pca_all34").approx("first_percent")
        assert found.n_obs == len(rows()[[i for own in items(*SIZES).values() for i in own]].dropna())


class TestMethodFactor:
    @pytest.mark.parametrize(("id", "record"), [("measurement", "base"), ("method", "ML")])
    def test_fit_agrees(self, golden, id, record):
        found = {m.id: m.measures for m in bias().models}
        got = {name: found[id][name] for name in FIT}
        assert got == golden("cfa", f"common_latent_factor.{record}.fit").approx()

    def test_the_loading_agrees(self, golden):
        assert bias().method.estimate == golden("cfa", "common_latent_factor.ML.loading_m").approx()

    def test_the_difference_is_that_of_the_chi_squares(self):
        model = bias().models[2]
        assert model.against.chisq == pytest.approx(bias().models[1].measures["chisq"] - model.measures["chisq"])
        assert model.against.df == -1 or model.against.df == 1

    def test_a_method_variance_below_zero_is_named_and_the_fit_stands(self):
        found = ek.method_bias(rows(), items("OB", "OE", "MO"))
        assert codes(found.notices) == ["W716"]
        assert "negative" in say(found.notices[0], "en")
        assert np.isnan(found.method.estimate)
        assert found.models[2].measures["chisq"] < found.models[1].measures["chisq"]
        assert "nan" not in " ".join(note.text("en") for note in found.table().notes)
        assert found.serious is False

    def test_views(self):
        found = bias()
        table = found.table()
        assert len(table.rows) == 3
        assert table.rows[1].cells[-1].value is None
        assert table.rows[2].cells[-2].value == pytest.approx(found.change("cfi"))
        assert found.templates == ("T7",)
        assert found.serious is False
        text = said("method_bias", found)
        assert "no evidence" in text
        glance = found.glance().iloc[0]
        assert glance["vif"] == pytest.approx(max(found.vif.values()))
        assert glance["harman_share"] == found.harman.share

    def test_inflation_is_that_of_regressions(self):
        means = pd.DataFrame({s: rows()[own].mean(axis=1, skipna=False) for s, own in items("SV", "CW", "SAT").items()})
        means = means[rows()[[i for own in items("SV", "CW", "SAT").values() for i in own]].notna().all(axis=1)]
        assert bias().vif == pytest.approx(dict(zip(means, np.diag(np.linalg.inv(means.corr())), strict=True)))

    def test_rules_can_be_changed(self):
        strict = ek.method_bias(rows(), items("SV", "CW", "SAT"), harman_norm=5, fit_norm=1e-9)
        assert strict.serious is True
        assert "5% or more" in said("method_bias", strict)

    def test_a_design(self):
        found = ek.method_bias(rows(), items("OB", "OE"), cluster="community_id")
        assert found.estimator == "MLR"
        assert "N936" in codes(found.notices)


class TestMarker:
    def test_the_series(self):
        models = {m.id: m for m in marked().marker.models}
        assert list(models) == ["marker_cfa", "marker_baseline", "marker_c", "marker_u", "marker_r"]
        df = {id: m.measures["df"] for id, m in models.items()}
        # 12 items; CFA: 51. Baseline: two correlations, four loadings and four errors of the marker are fixed.
        assert (df["marker_cfa"], df["marker_baseline"]) == (51, 51 + 2 + 8)
        assert (df["marker_c"], df["marker_u"]) == (60, 53)
        assert df["marker_r"] == df[marked().marker.chosen] + 1
        gap = models["marker_baseline"].measures["chisq"] - models["marker_c"].measures["chisq"]
        assert models["marker_c"].against.chisq == pytest.approx(gap)
        assert gap > 0

    def test_views(self):
        assert marked().templates == ("T7", "marker")
        assert len(marked().table("marker").rows) == 5
        assert "marker technique" in said("method_bias", marked())
        tidy = marked().tidy()
        own = tidy[(tidy["model"] == marked().marker.chosen) & (tidy["term"] == "method_loading")]
        assert len(own) == 1

    def test_bad_markers(self):
        for marker in (["MO1"], ["MO1", "MO1"], ["OB1", "MO1"]):
            with pytest.raises(AnalysisError) as caught:
                ek.method_bias(rows(), items("OB", "OE"), marker=marker)
            assert codes(caught.value.problems) == ["E713"]


def test_a_model_that_cannot_be_fitted_leaves_the_others():
    small = {"a": ["OB1", "OB2"], "b": ["OE1", "OE2"]}
    found = ek.method_bias(rows(), small, loadings="free")
    assert "W715" in codes(found.notices)
    assert np.isnan(found.change("cfi"))
    assert found.models[1].fitted
    assert "could not be fitted" in said("method_bias", found)


@pytest.mark.parametrize(
    ("change", "options", "code"),
    [({"OB1": 3.0}, {}, "E921"), ({"OB1": np.nan}, {}, "E922"), ({}, {"loadings": "some"}, "E614"),
     ({}, {"scales": {"OB": ["OB1"]}}, "E770"), ({}, {"scales": ["voice"]}, "E600")],
)  # fmt: skip
def test_bad_input(change, options, code):
    with pytest.raises(AnalysisError) as caught:
        ek.method_bias(rows().assign(**change), **{"scales": items("OB", "OE")} | options)
    assert codes(caught.value.problems) == [code]


@cache
def competing():
    return ek.compare_models(rows(), items("OB", "OE", "MO"))


class TestCompeting:
    def test_the_single_factor_agrees_with_lavaan(self, golden):
        models = {m.id: m for m in competing().models}
        record = golden("cfa", "compare.m1_m3.ML")
        found = models["single"].against
        assert {"chisq_diff": found.chisq, "df_diff": found.df, "p": found.p_value} == record.approx()
        reference = golden("cfa", "m1.ML.fit")
        for name in FIT:
            assert models["single"].measures[name] == reference.approx(name)

    def test_the_second_order_model_agrees_with_lavaan(self, golden):
        models = {m.id: m for m in competing().models}
        reference = golden("cfa", "second_order.ML.fit")
        for name in FIT:
            assert models["second_order"].measures[name] == reference.approx(name)
        assert codes(competing().notices) == ["N717"]
        assert competing().target == pytest.approx(1, abs=1e-6)

    def test_a_scaled_difference_that_does_not_exist_is_said(self, golden):
        result = ek.compare_models(rows(), items("OB", "OE", "MO"), estimator="MLR")
        found = {m.id: m for m in result.models}["single"]
        record = golden("cfa", "compare.m1_m3.MLR")
        assert {
            "chisq_diff": found.against.chisq,
            "df_diff": found.against.df,
            "p": found.against.p_value,
        } == record.approx()
        assert "W719" in codes(result.notices)
        assert found.measures["chisq"] != pytest.approx(golden("cfa", "m1.ML.fit").value("chisq"), rel=1e-3)

    def test_ordered_items_agree_with_lavaan(self, golden):
        found = ek.compare_models(rows(), items("OB", "OE", "MO"), ordinal=True, joined=[], second_order=False)
        single = {m.id: m for m in found.models}["single"].against
        record = golden("cfa", "compare.m1_m3.WLSMV")
        assert {"chisq_diff": single.chisq, "df_diff": single.df, "p": single.p_value} == record.approx()
        assert found.estimator == "WLSMV"

    def test_the_closest_factors_are_joined_first(self):
        ids = [m.id for m in competing().models]
        assert ids == ["full", "joined_2+3", "single", "second_order"]
        assert competing().models[1].makeup.text("en") in ("OE + MO; OB", "OB; OE + MO")

    def test_joined_as_asked(self):
        found = ek.compare_models(rows(), items("OB", "OE", "MO"), joined=[["OB", "OE"], ["OB", "MO"]])
        assert [m.id for m in found.models] == ["full", "joined_1+2", "joined_1+3", "single", "second_order"]
        assert [m.against.df for m in found.models[1:4]] == [2, 2, 3]
        with pytest.raises(AnalysisError) as caught:
            ek.compare_models(rows(), items("OB", "OE"), joined=[["OB", "MO"]])
        assert codes(caught.value.problems) == ["E718"]

    def test_views(self):
        table = competing().table()
        assert len(table.rows) == 4
        assert table.rows[0].cells[-1].value is None
        assert table.rows[2].cells[-2].p < 1e-100
        assert "better than its competitors" in said("compare_models", competing())
        assert competing().glance()["model"][0] == "full"

    def test_eight_factors_and_own_models(self):
        own = {"halves": "x =~ OB1 + OB2 + OE1 + OE2\ny =~ OB3 + OB4 + OE3 + OE4"}
        found = ek.compare_models(rows(), items("OB", "OE"), models=own)
        assert [m.id for m in found.models] == ["full", "single", "given1"]
        assert found.models[2].label.text("zh") == "halves"
        assert found.models[2].against.df == 0
        with pytest.raises(ModelError) as caught:
            ek.compare_models(rows(), items("OB", "OE"), models={"typo": "x =~ OB1 + OB9"})
        assert codes(caught.value.problems) == ["E913"]
        few = ek.compare_models(rows(), items("OB", "OE"), models={"loose": "x =~ OB1 + OB2"})
        assert "W715" in codes(few.notices)
        assert not few.models[2].fitted
        big = ek.compare_models(rows(), items(*SIZES), steps=2)
        assert [m.measures["df"] for m in big.models] == [499, 506, 512, 527, 519]
        assert 0.9 < big.target <= 1


def test_of_many_scales_only_the_joined_ones_are_named():
    """Twenty names in one cell of T8 made a table of three pages."""
    labels = {f"s{i}": Label(zh=f"量表{i}", en=f"Scale {i}") for i in range(10)}
    each = [[name] for name in labels]
    said = [_makeup(groups, labels).text("en") for groups in (each, [["s0", "s1"], *each[2:]], [list(labels)])]
    assert said == [
        "a factor for each scale",
        "Scale 0 + Scale 1 joined, a factor for each other scale",
        "all scales joined",
    ]
    few = {name: labels[name] for name in ("s0", "s1", "s2")}
    assert _makeup([["s0", "s1"], ["s2"]], few).text("zh") == "量表0 + 量表1；量表2"
