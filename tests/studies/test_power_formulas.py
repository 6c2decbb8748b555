"""Power and sample size by formula: R's records, published tables, exactness by counting, and bad input."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalkit.contract import AnalysisError
from evalkit.contract.words import say
from evalkit.report.sentences import sentences
from evalkit.studies.power import power
from evalkit.studies.power.formulas import FORMULAS, design_effect

LOOSE = {"strict": False}
# R counts a group; `power.anova.test` takes variances: f^2 = (3/4) (1/20).
RECORDS = {
    "power.t_two_sample_n": (lambda: power(test="t", effect=0.3, power=0.8, **LOOSE).scenarios[0].n / 2),
    "power.t_two_sample_power": (lambda: power(test="t", effect=0.3, n=200, **LOOSE).scenarios[0].power),
    "power.t_two_sample_power_strict": (lambda: power(test="t", effect=0.3, n=200).scenarios[0].power),
    "power.prop_n": (lambda: power(test="proportions", base=0.4, effect=0.1, power=0.8, **LOOSE).scenarios[0].n / 2),
    "power.anova_n": (lambda: power(test="anova", groups=4, effect=0.0375**0.5, power=0.8).scenarios[0].n / 4),
    "power.f2_regression": (lambda: power(test="regression", effect=0.15, n=100, predictors=3).scenarios[0].power),
    "power.correlation_n_r.2": (lambda: power(test="correlation", effect=0.2, power=0.8, **LOOSE).scenarios[0].n),
}


@pytest.mark.parametrize("record", RECORDS)
def test_records_of_r(record, golden):
    assert RECORDS[record]() == golden("groups", record).approx()


def test_every_record_of_power_is_compared(golden):
    assert set(golden.ids("groups", "power.")) == set(RECORDS)


# Cohen (1988), tables 2.4.1, 8.4.4 (n a group), 3.4.1 and 7.4: power .80 at .05, two-sided.
@pytest.mark.parametrize(
    ("call", "people"),
    [
        ({"test": "t", "effect": 0.2}, 2 * 394), ({"test": "t", "effect": 0.5}, 2 * 64),
        ({"test": "t", "effect": 0.8}, 2 * 26), ({"test": "anova", "groups": 4, "effect": 0.25}, 4 * 45),
        ({"test": "anova", "groups": 3, "effect": 0.4}, 3 * 22), ({"test": "t_paired", "effect": 0.5}, 34),
        ({"test": "chi2", "df": 1, "effect": 0.3}, 88),
    ],
)  # fmt: skip
def test_samples_of_cohens_tables(call, people):
    assert abs(sum(power(**call, power=0.8).scenarios[0].sizes) - people) <= 1


def unit_paths(path):
    """Standardised paths of a mediation whose x and residuals have variance 1 and whose two paths are equal."""
    of_m = 1 + path**2
    return {"a": path / math.sqrt(of_m), "b": path * math.sqrt(of_m / (path**2 * of_m + 1))}


# Fritz & MacKinnon (2007), Psychological Science 18, table 3: people for power .80 (simulated by them).
@pytest.mark.parametrize(
    ("path", "joint", "sobel"), [(0.14, 530, 667), (0.26, 159, 196), (0.39, 74, 90), (0.59, 36, 42)]
)
def test_mediation_as_fritz_and_mackinnon_have_it(path, joint, sobel):
    found = [sum(power(test=t, **unit_paths(path), power=0.8).scenarios[0].sizes) for t in
             ("mediation", "mediation_sobel")]  # fmt: skip
    assert found[0] == pytest.approx(joint, abs=5)
    assert found[1] == pytest.approx(sobel, abs=3)


def test_power_is_how_often_simulated_tests_reject():
    rng = np.random.Generator(np.random.PCG64(1))
    x, y = rng.normal(0.5, 1, (20000, 30)), rng.normal(0, 1, (20000, 60))
    found = power(test="t", effect=0.5, n=90, ratio=2).scenarios[0].power
    assert np.mean(stats.ttest_ind(x, y, axis=1).pvalue < 0.05) == pytest.approx(found, abs=0.011)
    bounds = 0.6 * np.ones(2) * [-1, 1]
    d = rng.normal(0.1, 1, (20000, 40))
    t = [(d.mean(axis=1) - b) / d.std(axis=1, ddof=1) * math.sqrt(40) for b in bounds]
    cut = stats.t.isf(0.05, 39)
    found = power(test="equivalence_paired", effect=0.1, bounds=[-0.6, 0.6], n=40).scenarios[0].power
    assert np.mean((t[0] > cut) & (t[1] < -cut)) == pytest.approx(found, abs=0.011)
    one, other = rng.binomial(100, 0.6, 20000), rng.binomial(150, 0.75, 20000)
    p = (one + other) / 250
    z = (other / 150 - one / 100) / np.sqrt(p * (1 - p) * (1 / 100 + 1 / 150))
    found = power(test="proportions", base=0.6, effect=0.15, ratio=1.5, n=250).scenarios[0].power
    assert np.mean(np.abs(z) > 1.959964) == pytest.approx(found, abs=0.02)


CALLS = {
    "t": {"effect": 0.4, "ratio": 1.5}, "t_one_sample": {"effect": 0.3}, "t_paired": {"effect": 0.3},
    "anova": {"effect": 0.2, "groups": 5}, "correlation": {"effect": 0.25},
    "regression": {"effect": 0.05, "predictors": 6, "tested": 2}, "chi2": {"effect": 0.2, "df": 4},
    "proportion": {"effect": 0.1, "base": 0.3}, "proportions": {"effect": -0.15, "base": 0.6},
    "mcnemar": {"effect": 0.12, "discordant": 0.4}, "equivalence": {"bounds": 0.5},
    "equivalence_paired": {"effect": 0.1, "bounds": [-0.4, 0.5]}, "mediation": {"a": 0.3, "b": 0.25, "direct": 0.1},
    "mediation_sobel": {"a": 0.3, "b": 0.25},
}  # fmt: skip


@pytest.mark.parametrize("test", FORMULAS)
class TestEveryTest:
    def test_what_is_solved_for_gives_back_the_power(self, test):
        call = CALLS[test]
        n = power(test=test, **call, power=0.9).scenarios[0].n
        assert power(test=test, **call, n=n).scenarios[0].power == pytest.approx(0.9, abs=1e-8)
        alpha = power(test=test, **call, n=n, power=0.7, alpha=None).scenarios[0].alpha
        assert 0 < alpha < 0.05
        assert power(test=test, **call, n=n, alpha=alpha).scenarios[0].power == pytest.approx(0.7, abs=1e-6)
        if FORMULAS[test].effect == "needed":
            rest = {k: v for k, v in call.items() if k != "effect"}
            effect = power(test=test, **rest, n=n, power=0.9).scenarios[0].effect
            assert effect == pytest.approx(abs(call["effect"]), abs=0.02 if call["effect"] < 0 else 1e-8)

    def test_whole_groups_reach_it_and_one_less_does_not_by_much(self, test):
        result = power(test=test, **CALLS[test], power=0.8)
        one = result.scenarios[0]
        assert one.reached >= 0.8 - 1e-9
        assert sum(one.sizes) - one.n < len(one.sizes) + 1.5
        assert sentences("power", result)
        table = result.table()
        assert {len(row.cells) for row in table.rows} == {table.n_columns}

    def test_clusters_take_the_design_effect(self, test):
        plain = power(test=test, **CALLS[test], power=0.8).scenarios[0].n
        result = power(test=test, **CALLS[test], power=0.8, icc=0.05, cluster_size=20, cluster_cv=0.5, attrition=0.25)
        deff = 1 + (1.25 * 20 - 1) * 0.05
        assert result.deff == pytest.approx(deff)
        assert result.scenarios[0].n == pytest.approx(plain * deff)
        people = sum(result.scenarios[0].sizes)
        rows = result.tidy().set_index("term")["estimate"]
        assert rows["clusters"] == math.ceil(people / 20)
        assert rows["recruits"] == math.ceil(people / 0.75)


@settings(max_examples=12)
@given(d=st.floats(0.05, 2), n=st.integers(6, 500), ratio=st.floats(0.3, 3))
def test_power_rises_with_people_and_no_ratio_beats_one(d, n, ratio):
    def of(n, ratio=1.0):
        return power(test="t", effect=d, n=n, ratio=ratio).scenarios[0].power

    assert of(n + 1) >= of(n) - 1e-9
    assert of(n) >= of(n, ratio) - 1e-9
    assert 0.05 <= of(n) <= 1


def test_no_effect_is_found_as_often_as_the_level():
    for test in ("t", "anova", "correlation", "regression", "chi2"):
        assert power(test=test, effect=0, n=80).scenarios[0].power == pytest.approx(0.05)


def test_one_sided_tests_look_one_way():
    right = power(test="t", effect=0.4, n=60, alternative="one-sided").scenarios[0].power
    wrong = power(test="t", effect=-0.4, n=60, alternative="one-sided").scenarios[0].power
    assert wrong < 0.05 < power(test="t", effect=0.4, n=60).scenarios[0].power < right


def test_several_scenarios_and_a_curve():
    result = power(test="t", effect=[0.2, 0.5], power=[0.8, 0.9])
    assert len(result.scenarios) == len(result.table().rows) == 4
    assert list(result.tidy()["group"].unique()) == ["1", "2", "3", "4"]
    figure = result.figure()
    assert figure is not None
    assert set(figure.frame["series"]) == {"0.2", "0.5"}
    assert figure.frame["power"].between(0, 1).all()


def test_clusters_of_the_data(scored):
    result = power(scored, test="t", effect=0.3, power=0.8, cluster="community_id", outcome="SAT")
    sizes = scored["community_id"].value_counts()
    assert result.n_obs == 1200
    assert result.options["cluster_size"] == pytest.approx(sizes.mean())
    assert result.options["cluster_cv"] == pytest.approx(sizes.std() / sizes.mean())
    groups = [g["SAT"].to_numpy() for _, g in scored.groupby("community_id")]
    n, k = 1200, len(groups)
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (n - k)
    between = sum(len(g) * (g.mean() - scored["SAT"].mean()) ** 2 for g in groups) / (k - 1)
    m = (n - (sizes**2).sum() / n) / (k - 1)
    icc = (between - within) / (between + (m - 1) * within)
    assert result.options["icc"] == pytest.approx(icc)
    assert result.deff == pytest.approx(design_effect(icc, sizes.mean(), sizes.std() / sizes.mean()))


def test_clusters_that_are_less_alike_than_chance():
    data = pd.DataFrame({"g": [1, 1, 2, 2, 3, 3], "y": [0.0, 5.0, 1.0, 4.0, 0.5, 4.5]})
    result = power(data, test="t", effect=0.3, power=0.8, cluster="g", outcome="y")
    assert [p.code for p in result.notices] == ["N6316"]
    assert result.deff == 1


def test_what_cannot_be_reached_is_said():
    result = power(test="t", effect=0, power=0.8)
    assert math.isnan(result.scenarios[0].n)
    assert [p.code for p in result.notices] == ["W6315"]
    assert result.tidy()["reason"].notna().any()
    assert result.figure() is None
    assert result.table().rows


@pytest.mark.parametrize(
    ("call", "codes"),
    [
        ({"test": "anova2", "n": 10}, ["E614"]),
        ({"test": "t", "effect": 0.3}, ["E6310"]),
        ({"test": "t", "effect": 0.3, "n": 10, "power": 0.8}, ["E6310"]),
        ({"test": "t", "effect": 0.3, "n": 10, "df": 2}, ["E6311"]),
        ({"test": "anova", "effect": 0.3, "n": 100, "alternative": "one-sided"}, ["E6311"]),
        ({"test": "mediation", "a": 0.3, "b": 0.3, "effect": 0.1, "n": 100}, ["E6311"]),
        ({"test": "mediation", "a": 0.3, "n": 100}, ["E6317"]),
        ({"test": "t", "effect": 0.3, "n": 2}, ["E6312"]),
        ({"test": "t", "effect": 0.3, "power": 1.0}, ["E6312"]),
        ({"test": "correlation", "effect": 1.2, "n": 100}, ["E6312"]),
        ({"test": "proportions", "base": 0.9, "effect": 0.2, "n": 100}, ["E6312"]),
        ({"test": "regression", "effect": 0.1, "predictors": 2, "tested": 3, "n": 100}, ["E6312"]),
        ({"test": "mediation", "a": 0.9, "b": 0.9, "direct": 0.5, "n": 100}, ["E6313"]),
        ({"test": "t", "effect": 0.3, "n": 100, "icc": 0.1}, ["E6314"]),
        ({"test": "t", "effect": 0.3, "n": 100, "cluster": "g", "outcome": "y"}, ["E6314"]),
        ({"test": "equivalence", "bounds": [0.5, -0.5], "n": 100}, ["E614"]),
    ],
)
def test_bad_calls_are_named(call, codes):
    with pytest.raises(AnalysisError) as caught:
        power(**call)
    assert [p.code for p in caught.value.problems] == codes
    assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))
