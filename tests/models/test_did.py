"""Difference in differences: identities, published means, known effects recovered, and bad input."""

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, Codebook, attach
from evalkit.models.causal import did
from evalkit.report import sentences
from evalkit.sampling import Design


def panel(n_units=60, n_periods=6, cohorts=(3,), effect=2.0, seed=1, noise=0.5, growth=0.0):
    """Units with their own level, periods with their own shock, an effect from the cohort's period on."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(n_units), n_periods)
    time = np.tile(np.arange(n_periods), n_units)
    kinds = [*cohorts, 10**6]
    first = np.array([kinds[i % len(kinds)] for i in range(n_units)])[unit]
    level, shock = rng.normal(size=n_units)[unit], rng.normal(size=n_periods)[time]
    treated = (time >= first).astype(float)
    y = level + shock + treated * (effect + growth * (time - first)) + noise * rng.normal(size=len(unit))
    return pd.DataFrame({"unit": unit, "time": time, "treated": treated, "ever": first < 10**6, "y": y, "first": first})


def rows(result, model):
    tidy = result.tidy()
    return tidy[tidy["model"] == model].set_index("term")


def code(**call):
    with pytest.raises(AnalysisError) as err:
        did(**call)
    return err.value.problems[0].code


def codes(result):
    return [p.code for p in result.notices]


class TestTwoPeriods:
    def test_card_and_krueger_1994_table_3(self):
        """Mean full-time employment a shop: published cells give the published effect of the minimum wage."""
        cells = {(1, 0): 20.44, (1, 1): 21.03, (0, 0): 23.33, (0, 1): 21.17}
        frame = pd.DataFrame(
            [(nj, wave, mean + e) for (nj, wave), mean in cells.items() for e in (-1, 0, 1)],
            columns=["nj", "wave", "employment"],
        )
        found = did(frame, y="employment", treated="nj", time="wave")
        assert found.headline.estimate == pytest.approx(2.76, abs=0.011)
        assert found.headline.estimate == pytest.approx(21.03 - 20.44 - 21.17 + 23.33, abs=1e-12)

    def test_the_effect_is_the_difference_of_the_differences_of_means(self):
        data = panel(n_periods=2, cohorts=(1,))
        found = did(data, y="y", treated="ever", time="time")
        means = rows(found, "means").set_index(["group", "level"])["estimate"]
        change = {g: means[g, "1"] - means[g, "0"] for g in ("treated", "control")}
        assert found.headline.estimate == pytest.approx(change["treated"] - change["control"], abs=1e-12)

    def test_hc_errors_are_those_of_the_saturated_regression(self):
        sm = pytest.importorskip("statsmodels.api")
        data = panel(n_periods=2, cohorts=(1,))
        x = np.column_stack([np.ones(len(data)), data["ever"], data["time"] == 1, data["treated"]]).astype(float)
        for kind in ("HC1", "HC3"):
            oracle = sm.OLS(data["y"].to_numpy(), x).fit(cov_type=kind)
            found = did(data, y="y", treated="ever", time="time", cov=kind).headline
            assert found.std_error == pytest.approx(oracle.bse[-1], rel=1e-10)

    def test_a_panel_gives_the_mean_difference_of_changes_with_its_two_sample_error(self):
        data = panel(n_periods=2, cohorts=(1,), n_units=31)
        change = data.pivot(index="unit", columns="time", values="y").diff(axis=1)[1]
        ever = data.groupby("unit")["ever"].first()
        a, b = change[ever], change[~ever]
        average = rows(did(data, y="y", treated="treated", time="time", unit="unit"), "average").loc["effect"]
        assert average["estimate"] == pytest.approx(a.mean() - b.mean(), abs=1e-12)
        assert average["std_error"] == pytest.approx(
            np.sqrt(a.var(ddof=0) / len(a) + b.var(ddof=0) / len(b)), rel=1e-12
        )

    def test_bias_reduced_errors_of_two_groups_are_welch_s(self):
        """In a balanced two-period panel CR2 is the unequal-variance error of the mean changes."""
        data = panel(n_periods=2, cohorts=(1,), n_units=24)
        change = data.pivot(index="unit", columns="time", values="y").diff(axis=1)[1]
        ever = data.groupby("unit")["ever"].first()
        a, b = change[ever], change[~ever]
        found = did(data, y="y", treated="treated", time="time", unit="unit", cov="CR2").headline
        assert found.std_error == pytest.approx(np.sqrt(a.var() / len(a) + b.var() / len(b)), rel=1e-9)


class TestManyPeriods:
    def test_absorbed_units_are_dummies(self):
        sm = pytest.importorskip("statsmodels.api")
        data = panel(cohorts=(2, 4), n_units=20).drop(index=[3, 17, 40, 41])  # unbalanced
        data["age"] = np.random.default_rng(2).normal(size=len(data))
        x = pd.get_dummies(data[["unit", "time"]].astype(str), drop_first=True).astype(float)
        x = sm.add_constant(x.assign(age=data["age"], treated=data["treated"]))
        groups = {"groups": data["unit"].to_numpy(), "use_correction": False}
        oracle = sm.OLS(data["y"], x).fit(cov_type="cluster", cov_kwds=groups)
        call = {"y": "y", "treated": "treated", "time": "time", "unit": "unit", "covariates": ["age"]}
        found = rows(did(data, **call, cov="CR0"), "two_way").loc["effect"]
        assert found["estimate"] == pytest.approx(oracle.params["treated"], rel=1e-9)
        assert found["std_error"] == pytest.approx(oracle.bse["treated"], rel=1e-8)
        n, groups_n, k = len(data), 20, 5 + 1 + 1
        plain = rows(did(data, **call), "two_way").loc["effect"]
        factor = groups_n / (groups_n - 1) * (n - 1) / (n - k)
        assert plain["std_error"] == pytest.approx(found["std_error"] * np.sqrt(factor), rel=1e-10)
        assert plain["df"] == groups_n - 1

    def test_in_a_balanced_panel_the_event_study_is_that_of_the_cohort(self):
        found = did(panel(), y="y", treated="treated", time="time", unit="unit")
        events = rows(found, "event_study")["estimate"]
        cohort = rows(found, "group_time").set_index("level")["estimate"]
        for event, level in (("event.-3", "0"), ("event.-2", "1"), ("event.0", "3"), ("event.2", "5")):
            assert events[event] == pytest.approx(cohort[level], abs=1e-10)
        assert rows(found, "two_way").loc["effect", "estimate"] == pytest.approx(
            events[["event.0", "event.1", "event.2"]].mean() - events[["event.-3", "event.-2"]].sum() / 3, abs=1e-10
        )

    def test_start_and_group_say_the_same_as_the_status(self):
        data = panel()
        by_status = did(data, y="y", treated="treated", time="time", unit="unit")
        by_start = did(data, y="y", treated="ever", time="time", unit="unit", start=3)
        pd.testing.assert_frame_equal(by_status.tidy(), by_start.tidy())

    def test_people_in_treated_communities(self):
        data = panel()
        people = pd.concat([data.assign(y=data["y"] + shift) for shift in (-1.0, 1.0)], ignore_index=True)
        one, many = (did(d, y="y", treated="treated", time="time", unit="unit") for d in (data, people))
        assert many.headline.estimate == pytest.approx(one.headline.estimate, abs=1e-10)
        assert many.n_units == one.n_units == 60

    def test_broken_trends_are_found(self):
        data = panel()
        data["y"] += data["ever"] * data["time"] * 0.8
        found = did(data, y="y", treated="treated", time="time", unit="unit")
        assert "W6288" in codes(found)
        assert any("不宜作因果解读" in s.text("zh") for s in sentences("did", found))
        clean = did(panel(), y="y", treated="treated", time="time", unit="unit")
        test = clean.tidy().set_index("term").loc["test.pretrend"]
        assert (test["df"], test["df2"]) == (2, 59)
        assert test["p_value"] > 0.05


class TestStaggered:
    def test_without_noise_every_effect_is_recovered_where_two_way_errs(self):
        data = panel(cohorts=(2, 4), noise=0.0, growth=1.0)
        found = did(data, y="y", treated="treated", time="time", unit="unit")
        cells = rows(found, "group_time")
        for _, cell in cells.iterrows():
            gap = int(cell["level"]) - int(cell["group"])
            assert cell["estimate"] == pytest.approx(2 + gap if gap >= 0 else 0, abs=1e-10)
        events = rows(found, "event_study")["estimate"]
        assert events["event.3"] == pytest.approx(5, abs=1e-10)
        # 20 units each: gaps 0-3 of the first cohort, 0-1 of the second
        assert found.headline.estimate == pytest.approx((2 + 3 + 4 + 5 + 2 + 3) / 6, abs=1e-10)
        assert abs(rows(found, "two_way").loc["effect", "estimate"] - found.headline.estimate) > 0.2

    def test_two_way_is_the_weighted_sum_of_effects_and_negative_weights_are_told(self):
        data = panel(n_units=30, n_periods=8, cohorts=(1, 5), noise=0.0, growth=1.0, effect=0.0)
        data = data[data["first"] < 10**6]  # nobody is never treated
        found = did(data, y="y", treated="treated", time="time", unit="unit")
        status = data["treated"].to_numpy()
        dummies = pd.get_dummies(data[["unit", "time"]].astype(str)).to_numpy(float)
        rest = status - dummies @ np.linalg.lstsq(dummies, status, rcond=None)[0]
        weight = rest / (rest @ status)
        gain = np.where(status == 1, data["time"] - data["first"], 0)
        assert rows(found, "two_way").loc["effect", "estimate"] == pytest.approx(weight @ (status * gain), abs=1e-9)
        negative = -weight[(status == 1) & (weight < 0)].sum()
        assert negative > 0.05
        assert found.tidy().set_index("term").loc["test.negative_weight", "estimate"] == pytest.approx(negative)
        assert "W6284" in codes(found)

    def test_intervals_hold_the_effect_as_often_as_they_say(self):
        inside = 0
        for seed in range(60):
            data = panel(n_units=45, cohorts=(2, 4), seed=seed, noise=1.0)
            one = did(data, y="y", treated="treated", time="time", unit="unit").headline
            inside += one.conf_low < 2 < one.conf_high
        assert 51 <= inside <= 60

    def test_the_never_treated_alone_may_be_compared_with(self):
        data = panel(cohorts=(2, 4))
        call = {"y": "y", "treated": "treated", "time": "time", "unit": "unit"}
        never = rows(did(data, **call, comparison="never"), "group_time").set_index(["group", "level"])
        wide = data.pivot(index="unit", columns="time", values="y")
        first = data.groupby("unit")["first"].first()
        change = wide[3] - wide[1]
        want = change[first == 2].mean() - change[first > 10].mean()
        assert never.loc[("2", "3"), "estimate"] == pytest.approx(want, abs=1e-12)
        later = rows(did(data, **call), "group_time").set_index(["group", "level"])
        want = change[first == 2].mean() - change[first > 3].mean()
        assert later.loc[("2", "3"), "estimate"] == pytest.approx(want, abs=1e-12)

    def test_larger_clusters_sum_the_influence_of_their_units(self):
        data = panel(cohorts=(2, 4))
        data["district"] = data["unit"] // 6
        call = {"y": "y", "treated": "treated", "time": "time", "unit": "unit"}
        own, wide = did(data, **call), did(data, **call, cluster="district")
        assert wide.headline.estimate == own.headline.estimate
        assert wide.headline.std_error != pytest.approx(own.headline.std_error, rel=1e-3)
        assert wide.cluster == "district"

    def test_units_treated_from_the_start_stand_aside(self):
        found = did(panel(cohorts=(0, 3)), y="y", treated="treated", time="time", unit="unit")
        assert "N6286" in codes(found)
        assert set(rows(found, "group_time")["group"]) == {"3"}


class TestBadInput:
    def test_nobody_and_everybody(self):
        data = panel()
        call = {"y": "y", "treated": "treated", "time": "time", "unit": "unit"}
        assert code(data=data.assign(treated=0), **call) == "E6274"
        assert code(data=data.assign(treated=1), **call) == "E6275"
        assert code(data=data[data["ever"]], **call) == "E6282"
        assert code(data=data[data["ever"]].assign(late=0, treated=1), **{**call, "treated": "late"}) == "E6274"

    def test_time(self):
        data = panel()
        call = {"y": "y", "treated": "ever", "time": "time", "unit": "unit"}
        assert code(data=data[data["time"] == 4], **call, start=4) == "E6276"
        assert code(data=data, **call) == "E6278"
        assert code(data=data, **call, start=0) == "E6277"
        assert code(data=data, **call, start=9) == "E6277"

    def test_treatment_that_is_switched_off_or_splits_a_unit(self):
        data = panel()
        off = data.assign(treated=np.where(data["time"] == 5, 0, data["treated"]))
        call = {"y": "y", "treated": "treated", "time": "time", "unit": "unit"}
        with pytest.raises(AnalysisError, match="30") as err:
            did(off, **call)
        assert err.value.problems[0].code == "E6279"
        assert code(data=data, **call, start=3) == "E6280"
        twice = pd.concat([data, data.assign(treated=0)])
        assert code(data=twice, **call) == "E6280"

    def test_options_and_columns(self):
        data = panel()
        call = {"y": "y", "treated": "treated", "time": "time", "unit": "unit"}
        assert code(data=data, **call, comparison="all") == "E6272"
        assert code(data=data, **call, cov="HC1") == "E650"
        assert code(data=data, **call, conf_level=2) == "E667"
        assert code(data=data, **call, covariates=["y"]) == "E6271"
        assert code(data=data.assign(treated=data["time"]), **call) == "E6273"
        assert code(data=data.assign(half=data["time"] // 3), **call, cluster="half") == "E6281"
        assert code(data=data[~(data["ever"] & (data["time"] < 3))], **{**call, "unit": None}, start=3) == "E6283"

    def test_what_is_passed_over_is_said(self):
        data = panel().assign(w=1.5, age=1.0)
        data["age"] = np.arange(len(data)) % 7
        weighted = attach(data, Codebook(design=Design(weights="w")))
        found = did(weighted, y="y", treated="treated", time="time", unit="unit", covariates=["age"])
        assert {"W6270", "N6287"} <= set(codes(found))

    def test_few_treated_clusters_and_one_period_before(self):
        data = panel(n_periods=2, cohorts=(1,))
        few = data[~data["ever"] | (data["unit"] < 4)]
        found = did(few, y="y", treated="treated", time="time", unit="unit")
        assert {"W6285", "N6289"} <= set(codes(found))
        assert any("平行趋势" in s.text("zh") for s in sentences("did", found))

    def test_one_treated_unit_gives_no_error_of_its_cohort(self):
        data = panel()
        found = did(data[~data["ever"] | (data["unit"] == 0)], y="y", treated="treated", time="time", unit="unit")
        assert np.isfinite(rows(found, "average").loc["effect", "estimate"])
        assert np.isnan(rows(found, "average").loc["effect", "std_error"])


def test_the_table_and_the_figure_hold_the_numbers():
    found = did(panel(cohorts=(2, 4)), y="y", treated="treated", time="time", unit="unit")
    table = found.table()
    cells = {cell.id: cell.value for row in table.rows for cell in row.cells if cell.id}
    assert cells["average/y/effect#estimate"] == found.headline.estimate
    frame = found.figure().frame
    assert list(frame["time"]) == list(range(-4, 4))
    assert frame.set_index("time").loc[-1, "estimate"] == 0
    said = sentences("did", found)[0]
    assert "使y提高" in said.text("zh")
    assert "raised y" in said.text("en")


def test_cohorts_without_comparison_give_nan_and_no_traceback():
    data = panel(cohorts=(2, 4), n_units=6)
    found = did(data[data["first"] < 10**6], y="y", treated="treated", time="time", unit="unit", comparison="never")
    assert np.isnan(found.headline.estimate)
    assert "无法估计" in sentences("did", found)[0].text("zh")


def test_times_may_stand_as_text_but_not_as_dates_or_words():
    data = panel()
    call = {"y": "y", "treated": "treated", "unit": "unit"}
    text = data.assign(time=data["time"].astype(str))
    assert did(text, **call, time="time").headline == did(data, **call, time="time").headline
    assert code(data=data.assign(time="w" + data["time"].astype(str)), **call, time="time") == "E610"
    assert code(data=data.assign(time=pd.Timestamp("2026-01-01")), **call, time="time") == "E610"
    assert code(data=data.assign(time=np.inf), **call, time="time") == "E611"
