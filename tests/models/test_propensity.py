"""Propensity scores: exact identities, a numerical sandwich, known effects recovered, and bad input."""

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError
from evalkit.models.causal import propensity
from evalkit.models.causal.matching import matched_effect, nearest
from evalkit.models.causal.score import score_of
from evalkit.models.causal.weighting import arm_weights, doubly_robust, weighted
from evalkit.report import sentences


def sample(n=600, effect=1.0, seed=4, curved=False):
    """Two covariates that move both treatment and outcome."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=n), (rng.random(n) < 0.4).astype(float)
    d = (rng.random(n) < 1 / (1 + np.exp(-(-0.3 + 0.8 * a + 0.7 * b)))).astype(float)
    y = effect * d + a + 0.5 * b + (0.5 * a**2 if curved else 0) + rng.normal(size=n)
    return pd.DataFrame({"y": y, "d": d, "a": a, "b": b, "town": np.arange(n) // 12})


CALL = {"y": "y", "treated": "d", "covariates": ["a", "b"]}


def row(result, model, term="effect", **keys):
    tidy = result.tidy()
    found = tidy[(tidy["model"] == model) & (tidy["term"] == term)]
    for key, value in keys.items():
        found = found[found[key] == value]
    return found.iloc[0]


def codes(result):
    return [p.code for p in result.notices]


def code(**call):
    with pytest.raises(AnalysisError) as err:
        propensity(**call)
    return err.value.problems[0].code


class TestWeighting:
    @pytest.mark.parametrize("estimand", ["att", "ate"])
    @pytest.mark.parametrize("weights", ["stabilised", "plain"])
    def test_one_binary_covariate_gives_the_effects_of_its_strata_averaged(self, estimand, weights):
        data = sample()
        strata = data.groupby("b")
        gaps = strata.apply(lambda g: g.loc[g["d"] == 1, "y"].mean() - g.loc[g["d"] == 0, "y"].mean())
        share = strata["d"].sum() if estimand == "att" else strata.size()
        want = (gaps * share).sum() / share.sum()
        found = propensity(data, **{**CALL, "covariates": ["b"]}, estimand=estimand, weights=weights)
        for model in ("ipw", "aipw"):
            assert row(found, model)["estimate"] == pytest.approx(want, rel=1e-7)

    @pytest.mark.parametrize("estimand", ["att", "ate"])
    @pytest.mark.parametrize("normalised", [True, False])
    def test_the_error_is_the_sandwich_of_all_moments_stacked(self, estimand, normalised):
        """Bread by numerical derivatives of score equations and both means."""
        data = sample(n=300)
        d, y = data["d"].to_numpy(), data["y"].to_numpy()
        x = np.column_stack([np.ones(len(data)), data[["a", "b"]]])
        base = d if estimand == "att" else np.ones(len(d))

        def moments(theta):
            e = 1 / (1 + np.exp(-x @ theta[:3]))
            odds = e / (1 - e)
            own = (d, (1 - d) * odds) if estimand == "att" else (d / e, (1 - d) / (1 - e))
            over = own if normalised else (base, base)
            means = [w * y - o * m for w, o, m in zip(own, over, theta[3:], strict=True)]
            return np.column_stack([(d - e)[:, None] * x, *means])

        score, _ = score_of(data[["a", "b"]].to_numpy(), ("a", "b"), d)
        value, influence = weighted(y, score, estimand, normalised)
        theta = np.zeros(5)
        for _ in range(60):  # Newton with a numerical derivative
            bread = np.column_stack(
                [(moments(theta + h).mean(0) - moments(theta - h).mean(0)) / 2e-5 for h in 1e-5 * np.eye(5)]
            )
            theta = theta - np.linalg.solve(bread, moments(theta).mean(0))
        inverse = np.linalg.inv(bread)
        meat = moments(theta).T @ moments(theta) / len(d)
        cov = inverse @ meat @ inverse.T / len(d)
        contrast = np.array([0, 0, 0, 1, -1.0])
        assert value == pytest.approx(theta[3] - theta[4], rel=1e-6)
        assert np.sqrt(influence @ influence) / len(d) == pytest.approx(np.sqrt(contrast @ cov @ contrast), rel=1e-5)

    def test_weights_balance_the_covariates_that_the_score_was_fitted_to(self):
        """For the ATT the logit's score equations make the weighted sums of covariates nearly alike."""
        found = propensity(sample(n=3000), **CALL)
        assert found.largest_difference("weighted") < 0.05 < found.largest_difference("before")
        assert arm_weights(score_of(np.zeros((4, 0)), (), np.array([0, 1, 0, 1.0]))[0], "ate") == pytest.approx(2)

    def test_exact_linear_outcomes_need_no_weights(self):
        data = sample().assign(y=lambda f: 3 * f["d"] + f["a"] + f["d"] * f["b"])
        score, _ = score_of(data[["a", "b"]].to_numpy(), ("a", "b"), data["d"].to_numpy())
        y, b = data["y"].to_numpy(), data["b"].to_numpy()
        assert doubly_robust(y, score, "ate")[0] == pytest.approx(3 + b.mean(), rel=1e-10)
        assert doubly_robust(y, score, "att")[0] == pytest.approx(3 + b[data["d"] == 1].mean(), rel=1e-10)

    def test_the_effect_is_recovered_and_covered_where_the_plain_difference_errs(self):
        found = [propensity(sample(seed=seed, n=400), **CALL, estimand="ate") for seed in range(30)]
        for model in ("ipw", "aipw"):
            values = [row(f, model) for f in found]
            assert abs(np.mean([v["estimate"] for v in values]) - 1) < 0.05
            assert sum(v["conf_low"] < 1 < v["conf_high"] for v in values) >= 26
        assert np.mean([row(f, "unadjusted")["estimate"] for f in found]) > 1.6

    def test_doubly_robust_stands_where_one_model_is_wrong(self):
        """The score lacks nothing, the outcome model lacks the square."""
        found = [propensity(sample(seed=seed, curved=True), **CALL, estimand="ate") for seed in range(20)]
        assert abs(np.mean([row(f, "aipw")["estimate"] for f in found]) - 1) < 0.06

    def test_clusters_sum_the_influence(self):
        data = sample()
        pairs = pd.concat([data, data], ignore_index=True).assign(twin=lambda f: f.index % len(data))
        one, two = propensity(data, **CALL), propensity(pairs, **CALL, cluster="twin")
        assert row(two, "ipw")["std_error"] == pytest.approx(row(one, "ipw")["std_error"], rel=1e-6)
        assert np.isnan(row(two, "matching")["std_error"])
        assert "N6306" in codes(two)

    def test_trimming_leaves_out_and_counts(self):
        data = sample()
        score, _ = score_of(data[["a", "b"]].to_numpy(), ("a", "b"), data["d"].to_numpy())
        kept = (score.chance >= 0.2) & (score.chance <= 0.8)
        found = propensity(data, **CALL, trim=0.2)
        assert found.n_obs == kept.sum() < len(data)
        assert found.dropped[-1].n == len(data) - kept.sum()
        again = propensity(data[kept], **CALL)
        assert found.headline.estimate == pytest.approx(again.headline.estimate, rel=1e-10)


class TestMatching:
    INDEX = np.array([0.0, 1.0, 2.0, 0.1, 0.1, 1.2, 9.0])
    TREATED = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    Y = np.array([5.0, 6.0, 7.0, 1.0, 2.0, 3.0, 4.0])

    def pairs(self, **options):
        keys = {"neighbours": 1, "reach": np.inf, "replacement": True} | options
        found = nearest(self.INDEX, np.arange(3), np.arange(3, 7), **keys)
        return dict(zip(found.seeker.tolist(), found.partner.tolist(), strict=True)), found

    def test_the_nearest_is_taken_and_of_equals_the_first(self):
        assert self.pairs()[0] == {0: 3, 1: 5, 2: 5}

    def test_without_replacement_the_highest_choose_first(self):
        assert self.pairs(replacement=False)[0] == {2: 5, 1: 3, 0: 4}

    def test_nobody_is_matched_beyond_the_caliper(self):
        pairs, found = self.pairs(reach=0.5)
        assert pairs == {0: 3, 1: 5}
        assert found.alone.tolist() == [2]

    def test_several_neighbours_share(self):
        _, found = self.pairs(neighbours=2, reach=1.5)
        assert found.partner.tolist() == [3, 4, 5, 3, 5]
        assert found.share.tolist() == [0.5, 0.5, 0.5, 0.5, 1.0]

    def test_the_effect_and_the_variance_by_hand(self):
        _, found = self.pairs()
        effect, variance, n = matched_effect(self.Y, self.TREATED, self.INDEX, found)
        gaps = np.array([5 - 1, 6 - 3, 7 - 3.0])
        # row 5 serves twice: 2 * (2 - 1) times its variance, half the squared gap to row 3, the first of the nearest
        want = (((gaps - gaps.mean()) ** 2).sum() + 2 * (3 - 1) ** 2 / 2) / 9
        assert (effect, n) == (pytest.approx(gaps.mean()), 3)
        assert variance == pytest.approx(want)

    def test_pairs_used_once_have_the_error_of_paired_differences(self):
        _, found = self.pairs(replacement=False)
        effect, variance, _ = matched_effect(self.Y, self.TREATED, self.INDEX, found)
        gaps = np.array([7 - 3, 6 - 1, 5 - 2.0])
        assert effect == pytest.approx(gaps.mean())
        assert variance == pytest.approx(gaps.var() / 3)

    def test_an_exact_stratification_is_matched_within_strata(self):
        """With one binary covariate every partner is of the same stratum: the first row of the other arm there."""
        data = sample()
        found = propensity(data, **{**CALL, "covariates": ["b"]}, caliper=None)
        first = data[data["d"] == 0].groupby("b")["y"].first()
        ours = data[data["d"] == 1]
        assert row(found, "matching")["estimate"] == pytest.approx((ours["y"] - ours["b"].map(first)).mean(), rel=1e-10)

    def test_all_seek_for_the_average_effect(self):
        data = sample()
        found = row(propensity(data, **CALL, estimand="ate", caliper=None), "matching")
        score, _ = score_of(data[["a", "b"]].to_numpy(), ("a", "b"), data["d"].to_numpy())
        d, y = data["d"].to_numpy(), data["y"].to_numpy()
        other = np.empty(len(d))
        for i in range(len(d)):
            there = np.flatnonzero(d != d[i])
            other[i] = y[there[np.argmin(np.abs(score.index[there] - score.index[i]))]]
        assert found["estimate"] == pytest.approx(np.where(d == 1, y - other, other - y).mean(), rel=1e-10)
        assert found["n_obs"] == len(d)

    def test_its_interval_covers(self):
        found = [row(propensity(sample(seed=seed), **CALL, method="matching"), "matching") for seed in range(30)]
        assert abs(np.mean([f["estimate"] for f in found]) - 1) < 0.08
        assert sum(f["conf_low"] < 1 < f["conf_high"] for f in found) >= 26

    def test_the_order_of_rows_with_different_scores_does_not_matter(self):
        data = sample().drop(columns="b")
        call = {"y": "y", "treated": "d", "covariates": ["a"]}
        one = propensity(data, **call)
        two = propensity(data.sample(frac=1, random_state=1), **call)
        assert row(one, "matching")["estimate"] == pytest.approx(row(two, "matching")["estimate"], rel=1e-9)


class TestBalance:
    def test_before_adjustment_by_hand(self):
        data = sample()
        a1, a0 = (data.loc[data["d"] == arm, "a"] for arm in (1, 0))
        found = row(propensity(data, **CALL), "balance", "a", level="before")
        assert found["estimate"] == pytest.approx((a1.mean() - a0.mean()) / np.sqrt((a1.var() + a0.var()) / 2))
        assert found["variance_ratio"] == pytest.approx(a1.var() / a0.var())
        assert (found["mean_treated"], found["mean_control"]) == pytest.approx((a1.mean(), a0.mean()))

    def test_what_stays_apart_is_named(self):
        data = sample(n=80, seed=2)
        found = propensity(data, **CALL, method="matching", caliper=None, replacement=False)
        assert found.largest_difference("matched") > 0.1
        assert "W6305" in codes(found)
        assert any("still" in s.text("en") for s in sentences("propensity", found))

    def test_nobody_outside_the_caliper_is_silent(self):
        data = sample()
        found = propensity(data, **CALL, caliper=0.01)
        assert found.n_alone > 0
        assert "W6303" in codes(found)
        assert "N6302" in codes(found)


class TestBadInput:
    def test_arms(self):
        data = sample()
        assert code(data=data.assign(d=0), **CALL) == "E6274"
        assert code(data=data.assign(d=1), **CALL) == "E6275"
        assert code(data=data.assign(d=data.index % 3), **CALL) == "E6273"
        assert code(data=data.assign(d=5), **CALL) == "E6273"

    def test_no_overlap(self):
        data = sample().assign(cut=lambda f: f["d"] * 2 + 0.1 * np.abs(f["a"]))
        with pytest.raises(AnalysisError, match="cut") as err:
            propensity(data, **{**CALL, "covariates": ["cut"]})
        assert err.value.problems[0].code == "E6299"
        assert code(data=sample(), **CALL, trim=0.49999) == "E6300"

    def test_options(self):
        data = sample()
        for option in ({"trim": 0.6}, {"neighbours": 0}, {"caliper": 0.0}, {"estimand": "ate", "replacement": False}):
            assert code(data=data, **CALL, **option) == "E6301"
        for option in ({"method": "ols"}, {"estimand": "late"}, {"weights": "none"}):
            assert code(data=data, **CALL, **option) == "E6272"
        assert code(data=data, **{**CALL, "covariates": ["a", "d"]}) == "E6271"
        few = pd.concat([data[data["d"] == 1].head(2), data[data["d"] == 0].head(1)])
        assert code(data=few, **CALL) == "E6293"

    def test_collinear_covariates_are_named(self):
        data = sample().assign(twice=lambda f: 2 * f["a"])
        found = propensity(data, **{**CALL, "covariates": ["a", "twice", "b"]})
        assert [p.params["term"] for p in found.notices if p.code == "W656"] == ["twice"]
        assert found.headline.estimate == pytest.approx(propensity(data, **CALL).headline.estimate, rel=1e-8)


def test_tables_figure_and_sentences_hold_the_numbers():
    found = propensity(sample(), **CALL)
    cells = {cell.id: cell.value for line in found.table().rows for cell in line.cells if cell.id}
    assert cells["aipw/y/effect#estimate"] == found.headline.estimate
    balance = {cell.id: cell.value for line in found.table("T22.balance").rows for cell in line.cells if cell.id}
    assert balance["balance/y/a/weighted#estimate"] == row(found, "balance", "a", level="weighted")["estimate"]
    assert set(found.figure().frame["stage"]) == {"before", "weighted", "matched"}
    assert "在可忽略性假定下，d使y提高" in sentences("propensity", found)[0].text("zh")


def test_a_caliper_that_nobody_meets_leaves_matching_without_a_number():
    found = propensity(sample(n=60), **CALL, method="matching", caliper=1e-9)
    assert np.isnan(found.headline.estimate)
    assert found.n_alone == (sample(n=60)["d"] == 1).sum()
    assert "无法估计" in sentences("propensity", found)[0].text("zh")
    assert np.isfinite(row(found, "ipw")["estimate"])
