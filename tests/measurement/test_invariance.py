"""invariance(): the ladder against lavaan, its rules, what it proposes, and bad input."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import AnalysisError
from evalkit.measurement.ladder.levels import RULES, rule_of
from evalkit.report.sentences import sentences

M3 = "OB =~ OB1 + OB2 + OB3 + OB4\nOE =~ OE1 + OE2 + OE3 + OE4\nMO =~ MO1 + MO2 + MO3 + MO4"
ONE = "OB =~ OB1 + OB2 + OB3 + OB4"
LADDER = {"ML": ("metric", "scalar", "strict"), "MLR": ("metric", "scalar", "strict")}
LADDER["WLSMV"] = ("thresholds", *LADDER["ML"])


@cache
def survey() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).parent.parent / "golden" / "residents_scored.csv")


@cache
def ladder(estimator: str, rule: str = "none", partial: tuple[str, ...] = ()):
    ordinal = estimator == "WLSMV"
    return ek.invariance(
        survey(), M3, by="gender", estimator=estimator, ordinal=ordinal, rule=rule, partial=partial
    )  # fmt: skip


def step(result, level: str):
    return next(s for s in result.steps if s.level == level)


@pytest.mark.parametrize(("estimator", "level"), [(e, name) for e, names in LADDER.items() for name in names])
def test_differences_agree_with_lavaan(golden, estimator, level):
    found = step(ladder(estimator), level)
    id = f"{estimator}.lrt.{level}" if estimator != "WLSMV" else f"WLSMV.lrt.{level}"
    record = golden("invariance", id)
    got = {"chisq_diff": found.chisq_diff, "df_diff": found.df_diff, "p": found.p_diff}
    assert got == record.approx()


@pytest.mark.parametrize(("estimator", "level"), [(e, name) for e in ("ML", "MLR") for name in LADDER[e]])
def test_changes_agree_with_lavaan(golden, estimator, level):
    found, record = step(ladder(estimator), level), golden("invariance", f"{estimator}.delta.{level}")
    end = ".robust" if estimator == "MLR" else ""
    for name in ("cfi", "rmsea"):
        assert found.changes[name] == record.approx(name + end)
    assert found.changes["srmr"] == record.approx("srmr")


@pytest.mark.parametrize("level", ["configural", *LADDER["WLSMV"]])
def test_fit_of_ordinal_levels_agrees_with_lavaan(golden, level):
    found, record = step(ladder("WLSMV"), level), golden("invariance", f"WLSMV.{level}.fit")
    for name, other in (("chisq", "chisq.scaled"), ("cfi", "cfi.scaled"), ("rmsea", "rmsea.scaled"), ("srmr", "srmr")):
        assert found.values[name] == record.approx(other)
    assert found.values["npar"] == record.value("npar")


@pytest.mark.parametrize("estimator", ["MLR", "WLSMV"])
def test_the_planted_intercept_is_named_and_not_freed(estimator):
    found = ladder(estimator, "chisq")
    assert found.steps[-1].level == "scalar"
    assert found.steps[-1].verdict == "broken"
    assert found.skipped == ("strict",)
    assert found.held.level == "metric"
    assert found.proposals[0].item == "MO2"
    assert found.proposals[0].parameters == ("MO2~1",)
    assert found.partial == ()
    freed = ladder(estimator, "chisq", ("MO2~1",))
    assert freed.held.level == "strict"
    assert not freed.proposals
    gain = step(found, "scalar").chisq_diff - step(freed, "scalar").chisq_diff
    assert found.proposals[0].statistic == pytest.approx(gain, rel=0.1)


def test_partial_invariance_agrees_with_lavaan(golden):
    found = step(ladder("ML", "none", ("MO2~1",)), "scalar")
    assert {"chisq_diff": found.chisq_diff, "df_diff": found.df_diff, "p": found.p_diff} == golden(
        "invariance", "ML.partial_scalar.lrt_vs_metric"
    ).approx()


def test_rules_differ_and_can_be_set():
    steps = ladder("MLR").steps[1:]
    assert {RULES["cfi"].judge(s.level, s.changes, s.p_diff) for s in steps} == {"held"}  # CFI falls by .0055 only
    own = ek.invariance(survey(), M3, by="gender", rule={"cfi": 0.005})
    assert own.steps[-1].level == "scalar"
    assert "0.005" in "".join(note.text("en") for note in own.table().notes)
    small, large = {"cfi": -0.011, "rmsea": 0.001, "srmr": 0.02}, {"cfi": -0.011, "rmsea": 0.016, "srmr": 0.0}
    chen = RULES["chen"]
    assert [chen.judge("metric", small, 1.0), chen.judge("scalar", small, 1.0)] == ["held", "broken"]
    assert chen.judge("metric", large, 1.0) == "broken"
    assert chen.judge("metric", {**large, "cfi": 0.0}, 0.0) == "held"
    assert RULES["chisq"].judge("metric", large, float("nan")) == "unjudged"
    assert rule_of({"rmsea": 0.015, "p": 0.01}).judge("metric", small, 0.001) == "broken"


def test_views_and_sentences():
    found = ladder("MLR", "chisq")
    tidy = found.tidy()
    row = tidy[(tidy["level"] == "scalar") & (tidy["term"] == "difference")].iloc[0]
    assert row["df"] == 9
    assert row["p_value"] == pytest.approx(0.0018166, rel=1e-3)
    assert found.glance().loc[0, "level"] == "metric"
    table = found.table("T10")
    assert [row.cells[-1].value.key for row in table.rows] == [
        "invariance.verdict_reference", "invariance.verdict_held", "invariance.verdict_broken",
    ]  # fmt: skip
    said = {lang: [s.text(lang) for s in sentences("invariance", found)] for lang in ("zh", "en")}
    assert "Metric invariance holds over gender" in said["en"][0]
    assert "MO2" in said["en"][2]
    assert "弱不变成立" in said["zh"][0]
    partial = [s.text("en") for s in sentences("invariance", ladder("MLR", "chisq", ("MO2~1",)))]
    assert any("partial invariance" in text for text in partial)


def test_a_negative_scaling_factor_is_said(monkeypatch):
    from evalkit.contract import Problem
    from evalkit.measurement.ladder import analysis
    from evalkit.structure import Comparison

    nan = float("nan")

    def negative(one, other, method):
        return Comparison(nan, other.df - one.df, nan, -0.2, "sb2001", (Problem("W939", params={"value": -0.2}),))

    monkeypatch.setattr(analysis, "compare", negative)
    found = ek.invariance(survey(), ONE, by="gender", rule="chisq")
    assert [s.verdict for s in found.steps] == ["reference", "unjudged"]
    assert {"W939", "W951"} <= {n.code for n in found.notices}
    assert found.held.level == "configural"
    assert [s.text("en") for s in sentences("invariance", found)][1].endswith("there is no difference statistic.")


def test_the_other_scaled_difference_may_be_asked_for():
    first, other = (ek.invariance(survey(), ONE, by="gender", difference=d, rule="none") for d in ("auto", "sb2010"))
    assert other.steps[1].chisq_diff == pytest.approx(first.steps[1].chisq_diff, rel=0.1)
    assert other.steps[1].chisq_diff != first.steps[1].chisq_diff
    for result, year in ((first, "2001"), (other, "2010")):
        assert year in " ".join(note.text("en") for note in result.table().notes)


def test_the_scale_of_the_factors_changes_nothing():
    for ordinal in (False, True):
        unit, marker = (
            ek.invariance(survey(), ONE, by="gender", ordinal=ordinal, std_lv=s, rule="none") for s in (True, False)
        )
        for one, other in zip(unit.steps, marker.steps, strict=True):
            assert other.values["chisq"] == pytest.approx(one.values["chisq"], rel=1e-5)
            assert other.values["df"] == one.values["df"]


def test_waves_of_the_same_people_take_their_clusters():
    data = survey()[["OB1", "OB2", "OB3", "OB4"]].dropna()
    rng = np.random.default_rng(5)
    later = (data + rng.integers(-1, 2, data.shape)).clip(1, 5)
    both = pd.concat([data.assign(wave=1, who=data.index), later.assign(wave=2, who=data.index)], ignore_index=True)
    apart = ek.invariance(both, ONE, by="wave", rule="none")
    tied = ek.invariance(both, ONE, by="wave", rule="none", cluster="who")
    assert [s.values["df"] for s in tied.steps] == [4, 7, 10, 14]
    assert tied.steps[2].chisq_diff > 1.05 * apart.steps[2].chisq_diff


def test_bad_input_says_what_to_do():
    data = survey()
    cases = (
        ("E928", {"levels": ["weak"]}, data),
        ("E928", {"rule": "bollen"}, data),
        ("E928", {"rule": {"aic": 2.0}}, data),
        ("E928", {"levels": ["thresholds"]}, data),
        ("E943", {}, data[data["gender"] == "male"]),
        ("E942", {}, pd.concat([data[data["gender"] == "male"].head(12), data[data["gender"] == "female"]])),
        ("E947", {"ordinal": True}, data[~((data["gender"] == "male") & (data["OB2"] == 5))]),
    )
    for code, options, rows in cases:
        with pytest.raises(AnalysisError) as error:
            ek.invariance(rows, ONE, by="gender", **options)
        assert error.value.problems[0].code == code, options


def coarse(cuts: list[float]) -> pd.DataFrame:
    data = survey()
    items = ["OB1", "OB2", "OB3", "OB4"]
    coded = pd.DataFrame(np.digitize(data[items], cuts) + 1.0, index=data.index, columns=items)
    return coded.where(data[items].notna()).assign(gender=data["gender"])


def test_few_categories_leave_less_to_test():
    two = ek.invariance(coarse([3.5]), ONE, by="gender", ordinal=True, rule="none")
    assert [s.level for s in two.steps] == ["configural", "scalar", "strict"]
    assert "N969" in [n.code for n in two.notices]
    three = ek.invariance(coarse([2.5, 3.5]), ONE, by="gender", ordinal=True, rule="none")
    first, second = three.steps[:2]
    assert second.level == "thresholds"
    assert second.values["chisq"] == pytest.approx(first.values["chisq"], rel=1e-4)
    assert np.isnan(second.p_diff)
    assert "N944" in [n.code for n in three.notices]


def test_a_continuous_item_may_stand_among_ordinal_ones():
    data = survey().assign(OB4=lambda d: d["OB4"] + np.random.default_rng(2).normal(0, 0.3, len(d)))
    found = ek.invariance(data, ONE, by="gender", ordinal=["OB1", "OB2", "OB3"], rule="none")
    assert [s.values["df"] for s in found.steps] == [4, 10, 13, 16, 20]
    assert [n.code for n in found.notices] == ["N954"]
