"""Item response models: identities, brute force, published estimates, recovery, item fit, bad input."""

from __future__ import annotations

import dataclasses
import time
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from evalkit import irt
from evalkit.contract import AnalysisError
from evalkit.contract.words import say
from evalkit.measurement.item_response.analysis import holm
from evalkit.measurement.item_response.categories import (
    FAMILIES,
    by_theta,
    curves,
    item_information,
    log_probabilities,
    threshold_jacobian,
    thresholds,
)
from evalkit.measurement.item_response.estimation import points
from evalkit.measurement.item_response.item_fit import item_fits, total_distribution
from evalkit.measurement.item_response.likelihood import Layout, Marginal, Patterns, layout_of
from evalkit.measurement.item_response.result import log_weights
from evalkit.report.sentences import sentences

# LSAT section 6: how many of 1,000 people gave each pattern 00000 ... 11111.
# Bock & Lieberman (1970), Psychometrika 35, 179-197, table 1.
LSAT6 = (
    3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15, 10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21, 173, 11, 61, 28, 298,
)  # fmt: skip
# One slope: Rizopoulos (2006), Journal of Statistical Software 17(5), section 4.1: difficulties and their errors.
RASCH = {
    "q1": (-3.6153, 0.3266), "q2": (-1.3224, 0.1422), "q3": (-0.3176, 0.0977), "q4": (-1.7301, 0.1691),
    "q5": (-2.7802, 0.2510),
}  # fmt: skip
# Own slopes: Bock & Aitkin (1981), Psychometrika 46, 443-459, as the slopes and intercepts of the logistic metric.
TWO_PARAMETERS = {"q1": (0.825, 2.773), "q2": (0.723, 0.990), "q3": (0.890, 0.249), "q4": (0.689, 1.285),
                  "q5": (0.658, 2.053)}  # fmt: skip
THETA = np.linspace(-3, 3, 13)
ITEM = (1.3, np.array([1.4, 0.2, -1.1]))


@cache
def lsat() -> pd.DataFrame:
    rows = np.repeat(list(product((0, 1), repeat=5)), LSAT6, axis=0)
    return pd.DataFrame(rows, columns=[f"q{i}" for i in range(1, 6)])


@cache
def simulated(family: str = "graded", n: int = 2000, p: int = 6, seed: int = 1, slopes: tuple[float, float] = (0.8, 2)):
    """Answers, and the slopes and intercepts behind them."""
    rng = np.random.default_rng(seed)
    truth = [(a, np.sort(rng.normal(0, 1.3, 3))[::-1]) for a in np.linspace(*slopes, p)]
    theta = rng.normal(size=n)
    columns = {
        f"x{j}": (rng.random(n) > np.cumsum(np.exp(log_probabilities(family, a, d, theta)), axis=0)).sum(axis=0) + 1
        for j, (a, d) in enumerate(truth)
    }
    return pd.DataFrame(columns), truth


def numerical(f, x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences of a function of a vector, its derivatives along the last axis."""
    moved = [(np.asarray(f(x + step * e)) - np.asarray(f(x - step * e))) / (2 * step) for e in np.eye(len(x))]
    return np.stack(moved, axis=-1)


class TestCurves:
    @pytest.mark.parametrize("family", FAMILIES)
    def test_probabilities_add_up_to_one(self, family):
        p = np.exp(log_probabilities(family, *ITEM, np.linspace(-40, 40, 81)))
        np.testing.assert_allclose(p.sum(axis=0), 1, rtol=1e-13)

    def test_two_answers_are_the_logistic_model_in_either_family(self):
        p = 1 / (1 + np.exp(-(1.3 * THETA + 0.4)))
        for family in FAMILIES:
            found = np.exp(log_probabilities(family, 1.3, np.array([0.4]), THETA))
            np.testing.assert_allclose(found, [1 - p, p], rtol=1e-12)

    def test_graded_answers_are_differences_of_logistic_curves(self):
        above = 1 / (1 + np.exp(-(1.3 * THETA + ITEM[1][:, None])))
        expected = -np.diff(np.vstack([np.ones(13), above, np.zeros(13)]), axis=0)
        np.testing.assert_allclose(np.exp(log_probabilities("graded", *ITEM, THETA)), expected, rtol=1e-11)

    def test_credit_answers_follow_their_steps(self):
        steps = thresholds("credit", *ITEM)
        p = np.exp(log_probabilities("credit", *ITEM, THETA))
        np.testing.assert_allclose(np.log(p[1:] / p[:-1]), 1.3 * (THETA - steps[:, None]), atol=1e-12)

    def test_a_rare_answer_far_out_keeps_its_digits(self):
        found = log_probabilities("graded", 2.0, np.array([1.0, 0.999999]), np.array([30.0]))
        z = 60 + 0.999999
        assert found[1, 0] == pytest.approx(-z + np.log(-np.expm1(-1e-6)), rel=1e-9)

    @pytest.mark.parametrize("family", FAMILIES)
    def test_derivatives_are_those_of_finite_differences(self, family):
        x = np.array([ITEM[0], *ITEM[1]])
        found = curves(family, *ITEM, THETA, curvature=True)
        np.testing.assert_allclose(
            found.score, numerical(lambda v: log_probabilities(family, v[0], v[1:], THETA), x), atol=1e-8
        )
        np.testing.assert_allclose(
            found.curvature, numerical(lambda v: curves(family, v[0], v[1:], THETA).score, x), atol=1e-8
        )
        on_scale = numerical(lambda v: [v[0], *thresholds(family, v[0], v[1:])], x)
        np.testing.assert_allclose(threshold_jacobian(family, *ITEM), on_scale, atol=1e-8)

    @pytest.mark.parametrize("family", FAMILIES)
    def test_information_is_minus_the_expected_second_derivative(self, family):
        h = 1e-4
        at = [log_probabilities(family, *ITEM, THETA + shift) for shift in (-h, 0, h)]
        second = (at[0] - 2 * at[1] + at[2]) / h**2
        expected = -(np.exp(at[1]) * second).sum(axis=0)
        np.testing.assert_allclose(item_information(family, *ITEM, THETA), expected, rtol=1e-5)
        np.testing.assert_allclose(by_theta(family, *ITEM, THETA), (at[2] - at[0]) / (2 * h), atol=1e-7)


def two_groups(family: str) -> tuple[Marginal, np.ndarray]:
    """Three items, the first alike in both groups; some answers missing; and parameters to look at."""
    rng = np.random.default_rng(4)
    codes = rng.integers(-1, 3, size=(60, 3))
    layout = Layout(family, (3, 3, 3), 2, np.array([*range(9), 0, 1, 2, *range(9, 15)]))
    x = np.array([1.2, 0.9, -0.4, 0.8, 0.5, -0.6, 1.5, 1.0, -1.0, 0.9, 0.3, -0.8, 1.1, 0.8, -0.2, 0.4, -0.6])
    return Marginal(layout, [Patterns.of(codes[:25]), Patterns.of(codes[25:])], points(61, 9.0)), x


class TestLikelihood:
    @pytest.mark.parametrize("family", FAMILIES)
    def test_it_is_the_integral_over_the_normal_distribution(self, family):
        codes = np.array([[0, 2, 1], [3, -1, 2], [1, 1, -1], [0, 2, 1]])
        items = [(1.1, np.array([1.2, 0.1, -0.8])), (0.7, np.array([0.5, -0.5])), (1.9, np.array([1.0, -1.5]))]
        layout = layout_of(family, [4, 3, 3])
        x = np.concatenate([[a, *d] for a, d in items])
        expected = 0.0
        for row in codes:

            def joint(t, row=row):
                chances = [np.exp(log_probabilities(family, a, d, np.array([t]))[k, 0])
                           for (a, d), k in zip(items, row, strict=True) if k >= 0]  # fmt: skip
                return np.prod(chances) * stats.norm.pdf(t)

            expected += np.log(integrate.quad(joint, -10, 10, epsabs=1e-13)[0])
        found = Marginal(layout, [Patterns.of(codes)], points(61)).expectation(x)
        assert found.log_likelihood == pytest.approx(expected, abs=1e-7)

    @pytest.mark.parametrize("family", FAMILIES)
    def test_gradient_and_information_are_those_of_finite_differences(self, family):
        marginal, x = two_groups(family)
        at = marginal.expectation(x)
        gradient = numerical(lambda v: marginal.expectation(v).log_likelihood, x)
        np.testing.assert_allclose(marginal.gradient(x, at), gradient, atol=2e-6)
        hessian = numerical(lambda v: marginal.gradient(v, marginal.expectation(v)), x)
        np.testing.assert_allclose(marginal.observed_information(x, at), -hessian, atol=1e-6)

    def test_equal_rows_count_as_often_as_they_occur(self):
        codes = np.array([[0, 1], [1, 0], [0, 1], [-1, 1]])
        found = Patterns.of(codes)
        assert sorted(found.counts) == [1, 1, 2]
        np.testing.assert_array_equal(found.codes[found.of_row], codes)


class TestPublished:
    def test_one_slope_on_lsat6(self):
        found = irt(lsat(), list(RASCH), model="partial_credit")
        assert found.log_likelihood == pytest.approx(-2466.938, abs=6e-4)
        assert found.npar == 6 and found.aic == pytest.approx(4945.875, abs=1e-3)
        assert found.bic == pytest.approx(4975.322, abs=1e-3)
        for item in found.items:
            difficulty, error = RASCH[item.name]
            assert item.slope == pytest.approx(0.7551, abs=2e-4)
            assert item.slope_error == pytest.approx(0.0694, abs=1e-4)
            assert item.thresholds[0] == pytest.approx(difficulty, abs=2e-4)
            assert item.threshold_errors[0] == pytest.approx(error, abs=2e-4)

    @pytest.mark.parametrize("model", ["graded", "generalised_partial_credit"])
    def test_own_slopes_on_lsat6(self, model):
        found = irt(lsat(), list(TWO_PARAMETERS), model=model)
        assert found.log_likelihood == pytest.approx(-2466.65, abs=5e-3)
        for item in found.items:
            assert (item.slope, item.intercepts[0]) == pytest.approx(TWO_PARAMETERS[item.name], abs=1.5e-3)


class TestEstimates:
    @pytest.mark.parametrize(("model", "family"), [("graded", "graded"), ("generalised_partial_credit", "credit")])
    def test_parameters_come_back_within_their_errors(self, model, family):
        data, truth = simulated(family)
        found = irt(data, list(data), model=model)
        z = [(i.slope - a) / i.slope_error for i, (a, _) in zip(found.items, truth, strict=True)]
        for item, (a, d) in zip(found.items, truth, strict=True):
            z += list((item.thresholds - thresholds(family, a, d)) / item.threshold_errors)
        z = np.array(z)
        assert np.abs(z).max() < 3.3 and 0.5 < np.mean(z**2) < 1.7

    def test_errors_are_of_the_size_that_samples_show(self):
        slopes, errors = [], []
        for seed in range(12):
            data, truth = simulated(n=300, p=4, seed=seed + 10, slopes=(1.2, 1.8))
            found = irt(data, list(data))
            slopes.append([(i.slope - a) for i, (a, _) in zip(found.items, truth, strict=True)])
            errors.append([i.slope_error for i in found.items])
        assert np.std(slopes) / np.mean(errors) == pytest.approx(1, abs=0.3)

    def test_missing_answers_cost_precision_not_truth(self):
        data, truth = simulated(n=3000)
        rng = np.random.default_rng(2)
        holed = data.mask(rng.random(data.shape) < 0.2)
        whole, found = irt(data, list(data)), irt(holed, list(data))
        for item, full, (a, _) in zip(found.items, whole.items, truth, strict=True):
            assert abs(item.slope - a) < 3.3 * item.slope_error
            assert full.slope_error < item.slope_error < 1.6 * full.slope_error
        assert found.n_obs == 3000 - int(holed.isna().all(axis=1).sum())

    def test_answers_may_be_coded_otherwise_and_items_ordered_otherwise(self):
        data, _ = simulated(n=400)
        found = irt(data, list(data))
        other = irt(data * 2 - 7, list(data)[::-1])
        assert other.log_likelihood == pytest.approx(found.log_likelihood, abs=1e-6)
        for a, b in zip(found.items, other.items[::-1], strict=True):
            np.testing.assert_allclose(a.thresholds, b.thresholds, atol=1e-4)

    def test_a_reversed_item_gets_a_negative_slope_and_is_named(self):
        data, _ = simulated(n=400)
        found = irt(data.assign(x3=5 - data["x3"]), list(data))
        assert [i.name for i in found.items if i.slope < 0] == ["x3"]
        assert [p.code for p in found.notices] == ["W978"] and "x3" in say(found.notices[0], "en")
        straight = irt(data, list(data))
        assert found.log_likelihood == pytest.approx(straight.log_likelihood, abs=1e-6)

    def test_more_points_change_nothing(self):
        data, _ = simulated(n=400)
        assert irt(data, list(data), nodes=161).log_likelihood == pytest.approx(
            irt(data, list(data)).log_likelihood, abs=1e-6
        )

    def test_twenty_items_of_two_thousand_people_take_seconds(self):
        data, _ = simulated(p=20)
        start = time.process_time()
        found = irt(data, list(data))
        assert not [p for p in found.notices if p.code == "W981"]
        assert time.process_time() - start < 10


class TestFit:
    def test_totals_are_those_of_every_combination(self):
        chances = [np.exp(log_probabilities("graded", *ITEM, THETA)), np.exp(
            log_probabilities("credit", 0.8, np.array([0.3]), THETA))]  # fmt: skip
        expected = np.zeros((5, 13))
        for i, j in product(range(4), range(2)):
            expected[i + j] += chances[0][i] * chances[1][j]
        np.testing.assert_allclose(total_distribution(chances), expected, rtol=1e-12)

    def test_the_statistic_is_that_of_expected_counts(self):
        found = irt(lsat(), list(RASCH))
        chances, w = found.probabilities(found.theta), np.exp(log_weights(found.theta))
        rows = np.array(list(product((0, 1), repeat=5)))
        model = np.array([np.prod([c[k] for c, k in zip(chances, row, strict=True)], axis=0) @ w for row in rows])
        counts, total = np.array(LSAT6, float), rows.sum(axis=1)
        for j, item in enumerate(found.items):
            x2, df = 0.0, -2
            for s in range(1, 5):
                n = counts[total == s].sum()
                share = model[(total == s) & (rows[:, j] == 1)].sum() / model[total == s].sum()
                seen = counts[(total == s) & (rows[:, j] == 1)].sum()
                if min(n * share, n - n * share) >= 1:
                    x2 += (seen - n * share) ** 2 / (n * share) + (seen - n * share) ** 2 / (n - n * share)
                    df += 1
            assert item.fit.statistic == pytest.approx(x2, rel=1e-8) and item.fit.df == df >= 1

    def test_it_keeps_its_size_and_sees_a_wrong_item(self):
        p = []
        for seed in range(8):
            data, _ = simulated(n=500, p=8, seed=seed + 100)
            p += [i.fit.p_value for i in irt(data, list(data)).items]
        assert np.mean(np.array(p) < 0.05) < 0.11 and 0.38 < np.mean(p) < 0.62
        data, _ = simulated(n=1500, p=8, seed=3)
        rng = np.random.default_rng(0)
        high = data.drop(columns="x4").sum(axis=1).rank(pct=True)
        bent = np.where((high > 0.25) & (high < 0.75), 4, 1)  # the middle of the people says most
        found = irt(data.assign(x4=np.where(rng.random(1500) < 0.5, bent, data["x4"])), list(data))
        assert found.items[4].p_adjusted < 1e-6

    def test_sparse_totals_leave_no_degrees_of_freedom(self):
        chances = [np.exp(log_probabilities("graded", 1.0, np.array([0.0]), THETA))] * 3
        codes = np.array([[1, 0, 0], [0, 1, 1]])
        assert np.isnan(item_fits(chances, np.full(13, 1 / 13), codes, [2] * 3)[0].statistic)

    def test_holm(self):
        np.testing.assert_allclose(holm(np.array([0.01, np.nan, 0.04, 0.03])), [0.03, np.nan, 0.06, 0.06])


class TestResult:
    def test_scores_are_the_means_of_the_posterior(self):
        data, _ = simulated(n=300, p=3)
        holed = data.mask(np.random.default_rng(0).random(data.shape) < 0.3)
        found = irt(holed, list(data))
        scores = found.scores(holed)
        row = holed.index[holed.notna().sum(axis=1) == 2][0]
        items = [i for i in found.items if not np.isnan(holed.loc[row, i.name])]

        def weight(t: float) -> float:
            chances = [
                np.exp(log_probabilities("graded", i.slope, i.intercepts, np.array([t])))[
                    i.values.index(holed.loc[row, i.name]), 0
                ]
                for i in items
            ]
            return float(np.prod(chances) * stats.norm.pdf(t))

        parts = [integrate.quad(lambda t, k=k: t**k * weight(t), -9, 9)[0] for k in range(3)]
        mean = parts[1] / parts[0]
        assert scores.loc[row, "theta"] == pytest.approx(mean, abs=1e-6)
        assert scores.loc[row, "std_error"] == pytest.approx(np.sqrt(parts[2] / parts[0] - mean**2), abs=1e-6)
        assert scores.loc[holed.isna().all(axis=1)].isna().all(axis=None)

    def test_reliabilities_are_near_the_squared_correlation_with_the_truth(self):
        data, _ = simulated(n=4000, p=10)
        rng = np.random.default_rng(1)  # draws as `simulated` does: intercepts of 10 items, then the people
        for _ in range(10):
            rng.normal(0, 1.3, 3)
        theta = rng.normal(size=4000)
        found = irt(data, list(data))
        squared = np.corrcoef(found.scores(data)["theta"], theta)[0, 1] ** 2
        assert found.eap_reliability == pytest.approx(squared, abs=0.02)
        assert found.marginal_reliability == pytest.approx(squared, abs=0.03)

    def test_tidy_and_tables_hold_the_numbers(self):
        data, _ = simulated(n=400)
        found = irt(data, list(data))
        tidy = found.tidy()
        one = tidy[(tidy["term"] == "x2") & (tidy["level"] == "threshold.3")].iloc[0]
        assert one["estimate"] == found.items[2].thresholds[2] and one["conf_low"] < one["estimate"] < one["conf_high"]
        information = tidy[tidy["group"] == "information"]
        at_zero = information[information["level"] == "0"]
        whole = at_zero[at_zero["term"] == "model.information"]["estimate"].item()
        assert whole == pytest.approx(at_zero[at_zero["term"] != "model.information"]["estimate"].sum())
        table = found.table()
        assert len(table.rows) == 2 * 6 + 6 and len(table.header[0]) == 2 + 3 + 3
        assert found.table("irt_information").rows[-1].cells[4].value == pytest.approx(whole**-0.5)

    def test_figures_hold_the_chances_and_the_information(self):
        data, _ = simulated(n=400)
        found = irt(data, list(data))
        frame = found.figure().frame
        one = frame[(frame["item"] == "x2") & (frame["theta"] == 1.0)]
        np.testing.assert_allclose(one["estimate"], found.probabilities(np.array([1.0]))[2][:, 0])
        assert list(one["code"]) == [1, 2, 3, 4]
        frame = found.figure("information").frame.query("theta == 1")
        parts = frame.groupby("part")["estimate"].sum()
        assert parts["item"] == pytest.approx(parts["test"]) == pytest.approx(parts["error"] ** -2)

    def test_sentences_name_the_items_that_do_not_fit(self):
        data, _ = simulated(n=400)
        said = [label.text("en") for label in sentences("irt", irt(data, list(data)))]
        assert "(6 items, n = 400)" in said[0] and "Marginal reliability" in said[1] and "No evidence" in said[2]
        found = irt(data, list(data), model="partial_credit")
        wrong = dataclasses.replace(found.items[1], p_adjusted=0.001)
        said = sentences("irt", dataclasses.replace(found, items=(found.items[0], wrong, *found.items[2:])))
        assert "all items is" in said[0].text("en") and "）：x1" in said[2].text("zh")

    def test_items_with_fewer_answers_leave_their_cells_out(self):
        data, _ = simulated(n=400)
        found = irt(data.assign(x0=(data["x0"] > 2) * 1), list(data))
        assert found.items[0].values == (0.0, 1.0)
        assert [c.value for c in found.table().rows[0].cells[3:5]] == [None, None]


def code_of(call) -> tuple[str, str]:
    with pytest.raises(AnalysisError) as caught:
        call()
    problem = caught.value.problems[0]
    assert say(problem, "zh")
    return problem.code, say(problem, "en")


class TestBadInput:
    data, _ = simulated(n=60, p=3)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"x1": 2.0}, "E970"),
            ({"x1": np.nan}, "E971"),
            ({"x1": np.arange(60.0)}, "E974"),
            ({"x1": data["x0"] + 1}, "E975"),
            ({"x1": "a"}, "E610"),
            ({"x1": np.inf}, "E611"),
        ],
    )
    def test_columns_that_cannot_be_analysed_are_named(self, change, code):
        found, text = code_of(lambda: irt(self.data.assign(**change), list(self.data)))
        assert found == code and "x1" in text

    @pytest.mark.parametrize(
        ("items", "code"), [(["x0", "x1"], "E972"), (["x0", "x1", "x1"], "E972"), (["x0", "x1", "y"], "E600")]
    )
    def test_items_must_be_three_columns(self, items, code):
        assert code_of(lambda: irt(self.data, items))[0] == code

    @pytest.mark.parametrize(
        "option", [{"model": "rasch"}, {"nodes": 3}, {"nodes": 61.5}, {"conf_level": 95}], ids=lambda o: next(iter(o))
    )
    def test_unknown_options_are_refused(self, option):
        found, text = code_of(lambda: irt(self.data, list(self.data), **option))
        assert found == "E614" and next(iter(option)) in text

    def test_people_must_be_more_than_parameters(self):
        few = pd.DataFrame(np.random.default_rng(1).integers(0, 2, (10, 5)), columns=list(RASCH))
        assert code_of(lambda: irt(few, list(RASCH)))[0] == "E977"
        assert irt(few, list(RASCH), model="partial_credit").npar == 6

    def test_rows_without_an_answer_are_dropped_and_counted(self):
        holed = self.data.astype(float)
        holed.iloc[:7] = np.nan
        found = irt(holed, list(holed))
        assert found.n_obs == 53 and [(d.reason, d.n) for d in found.dropped] == [("irt.drop_empty", 7)]

    def test_items_that_share_nothing_are_said_to(self):
        data, _ = simulated(n=400)
        keyed = data.assign(x1=5 - data["x1"], x3=5 - data["x3"], x5=5 - data["x5"])
        found = irt(keyed, list(keyed), model="partial_credit")
        assert "W988" in [p.code for p in found.notices] and "W978" not in [p.code for p in found.notices]
        assert "keyed the wrong way" in say(next(p for p in found.notices if p.code == "W988"), "en")

    def test_steps_out_of_order_are_named(self):
        data, _ = simulated(n=600, p=4)
        rare = data.assign(x2=data["x2"].where((data["x2"] != 2) | (data.index % 12 == 0), 1))
        found = irt(rare, list(rare), model="generalised_partial_credit")
        named = [p.params["items"] for p in found.notices if p.code == "N989"]
        assert len(named) == 1 and {"zh": "x2", "en": "x2"} in named[0]
        assert np.diff(found.items[2].thresholds).min() < 0
        assert "N989" not in [p.code for p in irt(rare, list(rare)).notices]

    def test_perfectly_ordered_items_have_no_maximum(self):
        z = np.random.default_rng(0).normal(size=(300, 1))
        data = pd.DataFrame((z > np.linspace(-1, 1, 4)) * 1, columns=list("abcd"))
        found = irt(data, list(data))
        assert {"W981", "W973"} <= {p.code for p in found.notices}
        assert np.isnan(found.items[0].fit.statistic)

    def test_answers_nobody_gave_are_named(self):
        data = simulated(n=300)[0].replace({"x2": {2: 3}})
        found = irt(data, list(data))
        assert [(p.code, p.params["values"]) for p in found.notices] == [("N976", ["2"])]
        assert found.items[2].values == (1.0, 3.0, 4.0) and len(found.items[2].thresholds) == 2

    def test_new_answers_cannot_be_scored(self):
        found = irt(self.data, list(self.data))
        strange = self.data.assign(x1=9)
        assert code_of(lambda: found.scores(strange))[0] == "E979"

    def test_without_complete_rows_the_fit_is_not_tested(self):
        data = simulated(n=400, p=4)[0].astype(float)
        for i in range(4):
            data.iloc[i::4, i] = np.nan
        found = irt(data, list(data))
        assert [p.code for p in found.notices] == ["N980"] and np.isnan(found.items[0].fit.statistic)
        assert found.table().rows[0].cells[-1].reason == "irt.reason_fit"
