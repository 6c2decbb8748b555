"""Aggregation against R (multilevel, lme4), the verdict and its rule, and what cannot be said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.contract import AnalysisError, Codebook, Label, ScaleEntry, Variable, attach
from evalkit.contract.words import say
from evalkit.measurement import aggregation
from evalkit.measurement.between_groups import between_groups, components, waba
from evalkit.measurement.within_group import SKEWED, null_variance, variance_of, within_groups
from evalkit.report.sentences import sentences
from evalkit.sampling import Design


def keyed(data, scale_items):
    scales = [ScaleEntry(name, tuple(scale_items[name]), zh=f"量表{name}", en=name) for name in ("SAT", "OE")]
    columns = [Variable(i, "item", i, i, low=1, high=5) for s in scales for i in s.columns]
    return attach(data, Codebook().with_variables(columns).with_scales(scales))


@pytest.fixture
def complete(analysis_sample, scale_items):
    """Rows of the analysis sample that answered every item of both scales."""
    items = [*scale_items["SAT"], *scale_items["OE"]]
    return keyed(analysis_sample.dropna(subset=items), scale_items)


def figure(result, name, level, column="estimate"):
    tidy = result.tidy()
    rows = tidy[(tidy["term"] == name) & (tidy["level"] == level) & tidy["group"].isna() & tidy["outcome"].isna()]
    return float(rows[column].iloc[0])


def by_group(result, name, null="uniform"):
    tidy = result.tidy()
    return tidy[(tidy["term"] == name) & (tidy["level"] == null) & tidy["group"].notna()].set_index("group")


@pytest.mark.parametrize("name", ["SAT", "OE", "SV", "CW"])
class TestScoresAgainstR:
    def test_icc1_and_icc2(self, analysis_sample, golden, name):
        found = aggregation(analysis_sample, name, cluster="community_id", points=5)
        record = golden("multilevel", f"icc1_icc2.{name}")
        got = {"ICC1": figure(found, name, "icc1_mean_size"), "ICC2": figure(found, name, "icc2")}
        assert got == record.approx()

    def test_the_adjusted_size_and_f(self, analysis_sample, golden, name):
        found = aggregation(analysis_sample, name, cluster="community_id", points=5)
        got = {
            "MSB": figure(found, name, "ms_between"),
            "MSW": figure(found, name, "ms_within"),
            "k0": figure(found, name, "size_adjusted"),
            "ICC1": figure(found, name, "icc1"),
            "F": figure(found, name, "icc1", "statistic"),
        }
        assert got == golden("multilevel", f"icc1_formula_adjusted_k.{name}").approx()
        low, high = figure(found, name, "icc1", "conf_low"), figure(found, name, "icc1", "conf_high")
        assert low < got["ICC1"] < high

    def test_rwg_of_the_score(self, analysis_sample, golden, name):
        found = aggregation(analysis_sample, name, cluster="community_id", points=5)
        groups = by_group(found, name)
        got = {
            "mean": figure(found, name, "rwg.uniform.mean"),
            "median": figure(found, name, "rwg.uniform.median"),
            "first": groups["rwg"].iloc[0],
            "n_groups": len(groups),
        }
        assert got == golden("multilevel", f"rwg.{name}").approx()


@pytest.mark.parametrize("name", ["SAT", "OE"])
class TestItemsAgainstR:
    def test_rwg_j(self, complete, golden, name):
        assert len(complete) == golden("multilevel", "rwgj.n").approx()
        found = aggregation(complete, ["SAT", "OE"], cluster="community_id")
        groups = by_group(found, name)["estimate"]
        got = {
            "mean": figure(found, name, "rwg_j.uniform.mean"),
            "median": figure(found, name, "rwg_j.uniform.median"),
            "min": groups.min(),
            "max": groups.max(),
        }
        assert got == golden("multilevel", f"rwgj.{name}").approx()
        assert groups.iloc[:6].to_dict() == golden("multilevel", f"rwgj.by_group_first6.{name}").approx()

    def test_lindell_and_average_deviation(self, complete, golden, name):
        found = aggregation(complete, name, cluster="community_id")
        got = {part: figure(found, name, f"rwg_lindell.uniform.{part}") for part in ("mean", "median")}
        assert got == golden("multilevel", f"rwgj_lindell.{name}").approx()
        deviation = {"mean": figure(found, name, "ad_mean.mean"), "first": by_group(found, name)["ad_mean"].iloc[0]}
        assert deviation == golden("multilevel", f"ad_mean.{name}").approx()


def test_reliability_of_group_means(analysis_sample, golden):
    found = by_group(aggregation(analysis_sample, "SAT", cluster="community_id", points=5), "SAT")
    record = golden("multilevel", "group_mean_reliability.SAT_first5")
    assert found["group_reliability"].iloc[:5].to_dict() == record.approx()


def test_within_and_between_analysis(analysis_sample, golden):
    found = aggregation(analysis_sample, ["OE", "SAT"], cluster="community_id", points=5, waba=True)
    rows = found.tidy()
    rows = rows[rows["outcome"] == "SAT"].set_index("level")["estimate"]
    levels = {
        "RawCorr": "raw", "EtaBx": "eta_between_x", "EtaBy": "eta_between_y", "CorrB": "between",
        "EtaWx": "eta_within_x", "EtaWy": "eta_within_y", "CorrW": "within",
    }  # fmt: skip
    got = {theirs: rows[f"waba.{ours}"] for theirs, ours in levels.items()}
    assert got == golden("multilevel", "waba.SAT_OE").approx()
    between = got["EtaBx"] * got["EtaBy"] * got["CorrB"]
    assert got["RawCorr"] == pytest.approx(between + got["EtaWx"] * got["EtaWy"] * got["CorrW"])
    assert len(found.table("T12_waba").rows) == 1


def test_every_record_of_aggregation_is_compared(golden):
    starts = ("icc1_", "rwg", "ad_mean", "group_mean_reliability", "waba")
    named = {
        f"{start}.{n}" for start in ("icc1_icc2", "icc1_formula_adjusted_k", "rwg") for n in ("SAT", "OE", "SV", "CW")
    }
    named |= {f"{s}.{n}" for s in ("rwgj", "rwgj.by_group_first6", "rwgj_lindell", "ad_mean") for n in ("SAT", "OE")}
    named |= {"rwgj.n", "group_mean_reliability.SAT_first5", "waba.SAT_OE"}
    assert {id for id in golden.ids("multilevel") if id.startswith(starts)} == named


class TestVerdict:
    def test_t12_states_the_rule_and_says_yes(self, complete):
        found = aggregation(complete, "SAT", cluster="community_id", rule={"icc2": 0.5})
        table = found.table()
        heads = [h.text("en") for h in table.header[0]]
        assert heads[1:3] == ["rwg(j) mean", "rwg(j) median"] and heads[-1] == "Aggregate?"
        assert heads[3] == "rwg(j) median (slightly skewed)"
        assert table.rows[0].cells[-1].value == Label("aggregation.verdict_yes")
        notes = " ".join(n.text("zh") for n in table.notes)
        assert "共40个" in notes and "均匀分布" in notes and "ICC(2)<0.5" in notes and "LeBreton" in notes
        assert figure(found, "SAT", "verdict") == 1

    @pytest.mark.parametrize(
        ("rule", "verdict"), [({"icc1": 0.5}, "no"), ({"rwg": 0.99}, "no"), ({"icc2": 0.99}, "reserved")]
    )
    def test_another_rule_another_verdict(self, complete, rule, verdict):
        found = aggregation(complete, "SAT", cluster="community_id", rule=rule)
        assert found.variables[0].verdict(found.rule) == verdict
        assert figure(found, "SAT", "verdict") == (0 if verdict == "no" else 1)
        words = [s.text("en") for s in sentences("aggregation", found)]
        assert words[0].startswith("Answers were grouped by")
        wanted = {"no": "did not reach", "reserved": "with caution"}[verdict]
        assert wanted in words[-1]
        assert all(s.text("zh") for s in sentences("aggregation", found))

    def test_glance_counts_what_may_be_averaged(self, complete):
        glance = aggregation(complete, ["SAT", "OE"], cluster="community_id", rule={"icc1": 0, "p": 1}).glance()
        assert (glance["count"].iloc[0], glance["n_clusters"].iloc[0]) == (2, 40)


class TestNullDistributions:
    def test_published_variances_follow_from_their_shares(self):
        shares = {
            "slight_skew": (5, 15, 20, 35, 25), "moderate_skew": (0, 10, 15, 40, 35), "heavy_skew": (0, 0, 10, 40, 50),
            "triangular": (11, 22, 34, 22, 11), "normal": (7, 24, 38, 24, 7),
        }  # fmt: skip
        assert {name: round(variance_of(s), 2) for name, s in shares.items()} == {n: SKEWED[n][5] for n in SKEWED}
        assert null_variance("uniform", 5) == 2 == pytest.approx(variance_of([1] * 5))

    def test_own_variance_and_own_shares(self, complete):
        given = {"mine": 1.5, "shares": [0.2, 0.2, 0.2, 0.2, 0.2]}
        found = aggregation(complete, "SAT", cluster="community_id", null=given)
        plain = aggregation(complete, "SAT", cluster="community_id")
        same = figure(plain, "SAT", "rwg_j.uniform.median")
        assert figure(found, "SAT", "rwg_j.shares.median") == pytest.approx(same)
        assert figure(found, "SAT", "rwg_j.mine.median") < same
        assert found.table().header[0][3].text("en") == "rwg(j) median (shares)"

    def test_skewed_ones_are_not_known_for_four_points(self, complete):
        found = aggregation(complete, "SAT", cluster="community_id", points=4)
        assert [p.code for p in found.notices] == ["W968", "N995"]
        assert np.isnan(figure(found, "SAT", "rwg_j.slight_skew.median"))
        assert np.isfinite(figure(found, "SAT", "rwg_j.uniform.median"))

    def test_unknown_answer_points_are_asked_for(self, complete):
        found = aggregation(complete, "CW", cluster="community_id")
        assert [p.code for p in found.notices] == ["W996"]
        assert found.table().rows[0].cells[1].reason == "aggregation.reason_points"
        assert found.table().rows[0].cells[-1].value == Label("aggregation.verdict_unknown")
        assert np.isfinite(figure(found, "CW", "icc1"))


def groups(*members):
    rows = [(f"g{i}", v) for i, values in enumerate(members) for v in values]
    return pd.DataFrame(rows, columns=["group", "y"])


class TestBadInput:
    @pytest.mark.parametrize(
        ("data", "code", "reason"),
        [
            (groups([1, 2, 3, 4]), "W992", "aggregation.reason_one_group"),
            (groups([1], [2], [5]), "W993", "aggregation.reason_singles"),
            (groups([2, 2], [4, 4, 4]), "W999", "aggregation.reason_no_variance"),
            (groups([3, 3], [3, 3]), "W999", "aggregation.reason_no_variance"),
            (groups([np.nan, np.nan], [np.nan]), "W992", "aggregation.reason_empty"),
        ],
    )
    def test_nan_with_a_reason(self, data, code, reason):
        found = aggregation(data, "y", cluster="group", points=5, waba=False)
        assert code in [p.code for p in found.notices]
        assert all(say(p, lang) for p in found.notices for lang in ("zh", "en"))
        rows = found.tidy()
        assert rows.loc[rows["level"] == "icc1", "reason"].iloc[0] == reason and Label(reason).text("zh")
        if reason != "aggregation.reason_no_variance":
            assert np.isnan(figure(found, "y", "icc1")) and np.isnan(figure(found, "y", "icc2"))
        assert np.isnan(figure(found, "y", "icc1", "p_value"))
        for template in found.templates:
            assert len(found.table(template).rows) == 1
        assert [s.text("zh") for s in sentences("aggregation", found)]

    def test_a_group_of_one_has_no_agreement_but_counts(self):
        found = aggregation(groups([1, 2, 2], [4, 5, 5], [3]), "y", cluster="group", points=5)
        assert [p.code for p in found.notices] == ["N994"]
        assert np.isnan(by_group(found, "y").loc["g2", "estimate"])
        assert figure(found, "y", "size_min") == 1 and found.variables[0].n_groups == 3

    def test_more_spread_than_chance_is_zero_and_said(self):
        found = aggregation(groups([1, 5, 1, 5], [2, 3, 2, 3]), "y", cluster="group", points=5)
        assert "N995" in [p.code for p in found.notices]
        assert by_group(found, "y").loc["g0", "estimate"] == 0
        assert by_group(found, "y").loc["g0", "rwg_lindell"] < 0

    def test_a_declared_design_is_said_to_play_no_part(self, complete):
        book = dataclasses.replace(complete.attrs["evalkit"], design=Design(weights="weight"))
        found = aggregation(attach(complete, book), "SAT", cluster="community_id")
        assert "N998" in [p.code for p in found.notices]

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"variables": "nothing"}, "E600"),
            ({"variables": ["SAT", "SAT"]}, "E997"),
            ({"variables": []}, "E997"),
            ({"variables": ["community_id"]}, "E997"),
            ({"variables": "gender"}, "E610"),
            ({"cluster": "nothing"}, "E600"),
            ({"null": ["flat"]}, "E614"),
            ({"null": []}, "E614"),
            ({"null": {"mine": -1.0}}, "E614"),
            ({"rule": {"icc3": 0.5}}, "E614"),
            ({"points": 1}, "E614"),
            ({"conf_level": 95}, "E614"),
        ],
    )
    def test_calls_that_cannot_mean_anything(self, complete, given, code):
        with pytest.raises(AnalysisError) as caught:
            aggregation(complete, **{"variables": "SAT", "cluster": "community_id"} | given)
        assert caught.value.problems[0].code == code


class TestParts:
    @settings(max_examples=25)
    @given(st.lists(st.lists(st.integers(1, 5), min_size=2, max_size=6), min_size=2, max_size=6))
    def test_the_parts_of_the_variance_add_up(self, members):
        y = np.array([v for m in members for v in m], dtype=float)
        group = np.repeat(np.arange(len(members)), [len(m) for m in members])
        found = between_groups(y, group, len(members))
        total = found.ms_between * found.df[0] + found.ms_within * found.df[1]
        assert total == pytest.approx(np.sum((y - y.mean()) ** 2), abs=1e-9)
        within = within_groups(y[:, None], group, len(members))
        assert within.variance == pytest.approx([np.var(m, ddof=1) for m in members])
        assert within.ad_median == pytest.approx([np.mean(np.abs(m - np.median(m))) for m in members])
        parts = components(found)
        if found.ms_within > 0:
            assert parts.between >= 0 and parts.within > 0

    def test_components_of_equal_groups_are_those_of_the_mean_squares(self):
        rng = np.random.default_rng(3)
        group = np.repeat(np.arange(12), 8)
        y = rng.normal(size=12)[group] + rng.normal(size=96)
        found = between_groups(y, group, 12)
        parts = components(found)
        assert parts.within == pytest.approx(found.ms_within, rel=1e-6)
        assert parts.between == pytest.approx((found.ms_between - found.ms_within) / 8, rel=1e-6)
        assert parts.reliability[0] == pytest.approx(found.icc2, rel=1e-6)

    def test_waba_of_what_does_not_vary_is_nan(self):
        found = waba(np.array([1.0, 1, 2, 2]), np.array([1.0, 2, 3, 4]), np.array([0, 0, 1, 1]), 2)
        assert np.isnan(found.within) and found.between == pytest.approx(1) and found.eta_within_x == 0
