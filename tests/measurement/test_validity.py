"""Convergent and discriminant validity against the reference numbers, its tables, and bad input."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import AnalysisError
from evalkit.contract.words import say
from evalkit.measurement.validation import htmt
from evalkit.report.sentences import sentences

GOLDEN = Path(__file__).parent.parent / "golden"
SIZES = {"OB": 4, "OE": 4, "MO": 4, "SV": 4, "CW": 4, "CC": 4, "SAT": 5, "PAR": 5}
MODELS = {"m3": ("OB", "OE", "MO"), "m8": tuple(SIZES)}


def items(names) -> dict[str, list[str]]:
    return {name: [f"{name}{i}" for i in range(1, SIZES[name] + 1)] for name in names}


@cache
def rows(model: str) -> pd.DataFrame:
    frame = pd.read_csv(GOLDEN / "residents_scored.csv")
    return frame[[item for own in items(MODELS["m8"]).values() for item in own]].dropna(
        subset=[item for own in items(MODELS[model]).values() for item in own]
    )


@cache
def result(model: str, **options):
    return ek.validity(rows(model), items(MODELS[model]), **{"resamples": 0} | options)


def codes(caught) -> list[str]:
    assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))
    return [p.code for p in caught.value.problems]


@pytest.mark.parametrize("model", MODELS)
class TestAgainstLavaan:
    @pytest.mark.parametrize(
        ("record", "term"),
        [("ave_std", "ave"), ("cr_std", "composite_reliability"), ("semTools_AVE", "ave_raw"),
         ("semTools_compRelSEM", "reliability_raw")],
    )  # fmt: skip
    def test_factors(self, golden, model, record, term):
        tidy = result(model).tidy()
        got = tidy[tidy["term"] == term].set_index("outcome")["estimate"].to_dict()
        assert got == golden("cfa", f"{model}.ML.{record}").approx()

    def test_shared_variance(self, golden, model):
        got = pd.DataFrame({f.name: {"MSV": f.msv, "ASV": f.asv} for f in result(model).factors})
        assert got == golden("cfa", f"{model}.ML.msv_asv").approx()

    def test_fornell_and_larcker(self, golden, model):
        record = golden("cfa", f"{model}.ML.fornell_larcker_ok")
        assert {f.name: f.distinct for f in result(model).factors} == record.approx()

    def test_latent_correlations(self, golden, model):
        names = [f.name for f in result(model).factors]
        got = pd.DataFrame(result(model).latent, index=names, columns=names)
        assert got == golden("cfa", f"{model}.ML.factor_cor").approx()

    @pytest.mark.parametrize("kind", htmt.KINDS)
    def test_ratios(self, golden, model, kind):
        assert result(model).ratios[kind].estimate == golden("cfa", f"{model}.{kind}").approx()


@pytest.mark.parametrize("model", MODELS)
class TestOrdinal:
    """Ordered items by WLSMV, through thresholds and polychoric correlations."""

    @pytest.mark.parametrize(
        ("record", "term"), [("ave_std", "ave"), ("cr_std", "composite_reliability"), ("semTools_AVE", "ave_raw"),
         ("semTools_compRelSEM", "reliability_raw")],
    )  # fmt: skip
    def test_factors(self, golden, model, record, term):
        tidy = result(model, ordinal=True).tidy()
        got = tidy[tidy["term"] == term].set_index("outcome")["estimate"].to_dict()
        assert got == golden("cfa", f"{model}.WLSMV.{record}").approx()

    def test_what_factors_share(self, golden, model):
        found = result(model, ordinal=True)
        names = [f.name for f in found.factors]
        shared = pd.DataFrame({f.name: {"MSV": f.msv, "ASV": f.asv} for f in found.factors})
        assert shared == golden("cfa", f"{model}.WLSMV.msv_asv").approx()
        latent = pd.DataFrame(found.latent, index=names, columns=names)
        assert latent == golden("cfa", f"{model}.WLSMV.factor_cor").approx()
        verdict = golden("cfa", f"{model}.WLSMV.fornell_larcker_ok").approx()
        assert {f.name: f.distinct for f in found.factors} == verdict
        assert found.estimator == "WLSMV"
        assert found.measures["chisq"] == golden("cfa", f"{model}.WLSMV.fit").approx("chisq.scaled")
        assert "corrected" in found.table("T5").notes[2].text("en")


def test_coefficient_h(golden):
    got = {f.name: f.maximal_reliability for f in result("m3").factors}
    assert got == golden("cfa", "m3.maximal_reliability_H").approx()


@pytest.mark.parametrize("record", ["m3.htmt_formula_OB_OE", "m3.htmt_formula_abs_OB_OE"])
def test_the_ratio_of_two_factors(golden, record):
    assert result("m3").ratios["htmt"].estimate[0, 1] == golden("cfa", record).approx()


def test_ratios_of_polychorics(golden):
    found = result("m3", correlation="polychoric")
    assert found.ratios["htmt"].estimate == golden("cfa", "m3.htmt_polychoric").approx()
    low, high = found.ratios["htmt"].low[1, 0], found.ratios["htmt"].high[1, 0]
    assert low < found.ratios["htmt"].estimate[1, 0] < high


def test_the_intervals_are_those_of_a_plain_loop():
    """Every resample recomputed from its rows."""
    from evalkit.resample import counts

    x = rows("m3")[[i for own in items(MODELS["m3"]).values() for i in own]].to_numpy()[:200]
    member = htmt.membership(items(MODELS["m3"]), [i for own in items(MODELS["m3"]).values() for i in own])
    found = htmt.bootstrapped(htmt.Rows(x), member, "htmt", 40, 7, 0.9)
    values = [
        htmt.ratios(np.corrcoef(np.repeat(x, w, axis=0), rowvar=False), member)
        for block in counts(200, resamples=40, seed=7)
        for w in block
    ]
    low, high = np.quantile(values, [0.05, 0.95], axis=0)
    assert found.low[1, 0] == pytest.approx(low[1, 0], abs=1e-12)
    assert found.high[2, 1] == pytest.approx(high[2, 1], abs=1e-12)


def test_the_delta_interval_is_near_the_bootstrap():
    """Of polychorics over Pearson's: the widths of the two kinds lie within a fifth of each other."""
    boot = ek.validity(rows("m3"), items(MODELS["m3"]), resamples=600, seed=3).ratios["htmt"]
    delta = result("m3", correlation="polychoric").ratios["htmt"]
    one, other = (r.high[1, 0] - r.low[1, 0] for r in (boot, delta))
    assert one == pytest.approx(other, rel=0.2)


def test_the_slopes_of_the_logarithm_are_its_derivatives():
    """A weighted copy of a row moves the ratio by its influence: doubling the data leaves the interval's root-n law."""
    x = rows("m3")[[i for own in items(MODELS["m3"]).values() for i in own]].to_numpy()
    member = htmt.membership(items(MODELS["m3"]), [i for own in items(MODELS["m3"]).values() for i in own])
    for kind in htmt.KINDS:
        one = htmt.of_polychorics(x, member, kind, 0.95)
        two = htmt.of_polychorics(np.vstack([x, x]), member, kind, 0.95)
        width = [np.log(r.high[1, 0] / r.estimate[1, 0]) for r in (one, two)]
        assert width[0] / width[1] == pytest.approx(np.sqrt(2), rel=1e-3)


def test_views():
    found = result("m8", appendix=True)
    assert found.templates == ("T5", "T9", "latent", "htmt")
    t5 = found.table("T5")
    assert [row.indent for row in t5.rows].count(1) == 34
    first = t5.rows[1].cells
    assert first[2].value is None
    assert first[1].value == pytest.approx(found.loadings["beta"][0])
    t9 = found.table("T9")
    below, above = t9.rows[1].cells[3], t9.rows[0].cells[4]
    assert below.value == pytest.approx(found.scores.r[1, 0])
    assert below.p < 1e-10
    assert above.value == pytest.approx(found.ratios["htmt"].estimate[0, 1])
    assert t9.rows[0].cells[3].bold
    assert len(found.table("htmt").rows) == 28
    assert result("m8").templates == ("T5", "T9")
    text = " ".join(s.text("en") for s in sentences("validity", found))
    assert "PAR" in text
    assert "below 0.85" in text
    assert found.figure().frame.shape == (64, 4)
    glance = found.glance().iloc[0]
    assert glance["htmt"] == pytest.approx(found.pairs("htmt").max())


def test_scores_are_those_of_the_item_means():
    found = result("m3")
    means = rows("m3")[items(["OB"])["OB"]].mean(axis=1)
    assert found.scores.mean[0] == pytest.approx(means.mean())
    assert found.scores.sd[0] == pytest.approx(means.std())


def test_seeds_and_designs():
    frame = pd.read_csv(GOLDEN / "residents_scored.csv")
    own = items(["OB", "OE"])
    plain = [ek.validity(frame, own, resamples=50, seed=s).ratios["htmt"].low[1, 0] for s in (1, 1, 2)]
    assert plain[0] == plain[1] != plain[2]
    design = ek.Design(weights="weight", clusters="community_id", strata="stratum")
    weighted = ek.validity(frame, own, resamples=50, seed=1, design=design)
    assert weighted.estimator == "MLR"
    assert weighted.ratios["htmt"].estimate[1, 0] != result("m3").ratios["htmt"].estimate[1, 0]
    assert weighted.ratios["htmt"].low[1, 0] < weighted.ratios["htmt"].estimate[1, 0]
    with pytest.raises(AnalysisError) as caught:
        ek.validity(frame, own, cluster="community_id", correlation="polychoric")
    assert codes(caught) == ["E711"]


def test_one_scale_and_a_single_item():
    one = ek.validity(rows("m3"), items(["OB"]))
    assert one.templates == ("T5",)
    assert one.figure() is None
    assert len(sentences("validity", one)) == 1
    single = ek.validity(rows("m3"), items(["OB", "OE"]) | {"lone": ["MO1"]}, resamples=10)
    assert [p.code for p in single.notices if p.code == "W778"] == ["W778"]
    tidy = single.tidy().set_index(["outcome", "term"])["estimate"]
    assert np.isnan(tidy["lone", "ave"]).all()
    assert np.isnan(single.ratios["htmt"].estimate[2, 0])
    assert single.ratios["htmt"].estimate[1, 0] == pytest.approx(
        ek.validity(rows("m3"), items(["OB", "OE"]), resamples=0).ratios["htmt"].estimate[1, 0]
    )


def test_turned_items_are_named():
    turned = rows("m3").assign(OB1=lambda d: 6 - d["OB1"])
    found = ek.validity(turned, items(["OB", "OE"]), resamples=0)
    assert "W779" in [p.code for p in found.notices]


def broken(change: str) -> pd.DataFrame:
    frame = rows("m3").copy()
    if change == "constant":
        frame["OB1"] = 3.0
    elif change == "unanswered":
        frame["OB1"] = np.nan
    elif change == "twins":
        frame["OB2"] = frame["OB1"]
    elif change == "few":
        frame = frame.head(6)
    return frame


@pytest.mark.parametrize(
    ("change", "options", "code"),
    [("constant", {}, "E921"), ("unanswered", {}, "E924"), ("twins", {}, "E923"), ("few", {}, "E922"),
     ("", {"scales": {"OB": []}}, "E770"), ("", {"correlation": "kendall"}, "E614"), ("", {"conf_level": 1}, "E614"),
     ("", {"resamples": -1}, "E614"), ("", {"scales": "a =~ OB1+OB2+OB3\nb =~ OB3+OE1+OE2"}, "E710"),
     ("", {"scales": "a =~ OB1+OB9"}, "E913"), ("", {"scales": "trust"}, "E600")],
)  # fmt: skip
def test_bad_input(change, options, code):
    with pytest.raises(AnalysisError.__base__) as caught:
        ek.validity(broken(change), **{"scales": items(["OB", "OE"])} | options)
    assert codes(caught) == [code]
