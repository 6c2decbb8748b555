"""Intervals, designs, further coefficients and bad input of the reliability step."""

from __future__ import annotations

import dataclasses
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.contract import AnalysisError, Codebook, Label, ScaleEntry, attach
from evalkit.contract.words import say
from evalkit.measurement import reliability
from evalkit.measurement.consistency import (
    all_splits,
    alpha_of,
    lambdas,
    odd_even,
    spearman_brown,
    split_values,
    stratified_alpha,
    ten_berge,
)
from evalkit.measurement.hierarchical import schmid_leiman
from evalkit.measurement.minres import omega_of, one_factor, one_factor_many
from evalkit.report.sentences import sentences
from evalkit.sampling import Design

SAT = [f"SAT{i}" for i in range(1, 6)]


@pytest.fixture
def answers(scored):
    return scored.dropna(subset=SAT).iloc[:300]


@pytest.fixture
def party(scored, scale_items):
    """Three scales and the one made of them."""
    names = ("OB", "OE", "MO")
    scales = [ScaleEntry(n, tuple(scale_items[n]), zh=n, en=n) for n in names]
    whole = ScaleEntry("party", tuple(c for s in scales for c in s.columns), parts=names, zh="党建", en="Party")
    return attach(scored, Codebook().with_scales([*scales, whole]))


def scale(data, items=SAT, **options):
    return reliability(data, items, **options).scales[0]


def random_matrix(seed, k):
    x = np.random.default_rng(seed).normal(size=(40, k))
    return np.cov(x + x.mean(axis=1, keepdims=True) * 3, rowvar=False)


class TestIntervals:
    def test_the_linearised_error_is_that_of_the_jackknife(self, answers):
        found = scale(answers, ci="linearised")
        x = answers[SAT].to_numpy(float)
        n = len(x)
        r = np.stack([np.corrcoef(np.delete(x, i, 0), rowvar=False) for i in range(n)])
        alphas = [alpha_of(np.cov(np.delete(x, i, 0), rowvar=False)) for i in range(n)]
        omegas = omega_of(one_factor_many(r, one_factor(np.corrcoef(x, rowvar=False)).loadings))
        for interval, without in ((found.alpha_interval, alphas), (found.omega_interval, omegas)):
            assert interval.std_error == pytest.approx(
                np.sqrt((n - 1) / n * np.sum((without - np.mean(without)) ** 2)), rel=0.02
            )
        assert found.alpha_interval.low < found.alpha < found.alpha_interval.high

    def test_clusters_enter_as_whole_units(self, answers):
        found = scale(answers, design=Design(clusters="community_id"))
        groups = answers["community_id"].unique()
        without = [alpha_of(answers.loc[answers["community_id"] != g, SAT].cov().to_numpy()) for g in groups]
        m = len(groups)
        jackknife = np.sqrt((m - 1) / m * np.sum((without - np.mean(without)) ** 2))
        assert found.alpha_interval.std_error == pytest.approx(jackknife, rel=0.05)
        assert found.alpha == pytest.approx(scale(answers).alpha)

    def test_the_bootstrap_is_near_and_repeats_itself(self, answers):
        a, b, c = (scale(answers, ci="percentile", resamples=400, seed=s) for s in (1, 1, 2))
        assert a.alpha_interval == b.alpha_interval != c.alpha_interval
        other = scale(answers, ci="linearised")
        for name in ("alpha_interval", "omega_interval"):
            assert getattr(a, name).std_error == pytest.approx(getattr(other, name).std_error, rel=0.15)
            assert getattr(a, name).low == pytest.approx(getattr(other, name).low, abs=0.02)

    def test_the_bootstrap_draws_clusters(self, answers):
        design = Design(clusters="community_id")
        drawn = scale(answers, ci="percentile", resamples=400, design=design).alpha_interval.std_error
        assert drawn == pytest.approx(scale(answers, design=design).alpha_interval.std_error, rel=0.2)

    @pytest.mark.parametrize("ci", ["auto", "percentile"])
    def test_one_cluster_has_alpha_but_no_interval(self, answers, ci):
        found = reliability(answers.assign(one=1), SAT, ci=ci, design=Design(clusters="one"), resamples=50)
        assert [p.code for p in found.notices] == ["W849"] and say(found.notices[0], "zh")
        assert found.scales[0].alpha == pytest.approx(scale(answers).alpha)
        assert np.isnan([*found.scales[0].alpha_interval, *found.scales[0].omega_interval]).all()
        assert found.table().rows[0].cells[4].reason == "reliability.reason_interval"

    def test_notes_name_the_interval(self, answers):
        for ci in ("feldt", "duhachek", "linearised", "percentile"):
            table = reliability(answers, SAT, ci=ci, resamples=50).table()
            assert table.notes[1].label.key == f"reliability.note_{ci}" and table.notes[1].text("zh")

    def test_resamples_that_fail_are_counted(self):
        data = pd.DataFrame({"a": [1, 1, 1, 1, 2], "b": [1, 2, 1, 2, 2], "c": [1, 1, 2, 2, 2]})
        found = reliability(data, list("abc"), ci="percentile", resamples=60)
        notice = next(p for p in found.notices if p.code == "W991")
        assert 0 < notice.params["n"] < 60 and say(notice, "zh")


class TestDesign:
    def test_whole_weights_are_repeated_rows(self, answers):
        data = answers.assign(w=np.arange(len(answers)) % 3 + 1)
        weighted = scale(data, design=Design(weights="w"), coefficients="all")
        repeated = scale(data.loc[data.index.repeat(data["w"])], coefficients="all")
        assert (weighted.alpha, weighted.omega) == pytest.approx((repeated.alpha, repeated.omega))
        for term in ("lambda_6", "composite_reliability", "alpha_ordinal", "odd_even_r"):
            assert weighted.coefficient(term).estimate == pytest.approx(repeated.coefficient(term).estimate, rel=1e-5)
        assert weighted.n_obs == len(data)

    def test_even_weights_change_nothing(self, answers):
        plain, even = scale(answers, ci="linearised"), scale(answers.assign(w=2.5), design=Design(weights="w"))
        assert even.alpha == pytest.approx(plain.alpha)
        assert even.alpha_interval.std_error == pytest.approx(plain.alpha_interval.std_error)
        assert reliability(answers.assign(w=2.5), SAT, design=Design(weights="w")).table().notes[2].label.key == (
            "reliability.note_weighted"
        )

    def test_a_declared_design_is_honoured_and_rows_outside_it_are_dropped(self, scored):
        data = scored.assign(weight=scored["weight"].where(scored.index % 10 > 0))
        book = dataclasses.replace(
            Codebook(), design=Design(weights="weight", strata="stratum", clusters="community_id")
        )
        found = reliability(attach(data, book), SAT)
        assert found.weighted and found.ci == "linearised"
        used = data[SAT].notna().all(axis=1) & data["weight"].notna()
        assert found.n_obs == found.scales[0].n_obs == used.sum()
        assert found.dropped[0].n == len(data) - used.sum()
        assert found.scales[0].alpha != pytest.approx(scale(scored).alpha, abs=1e-9)


class TestFurtherCoefficients:
    def test_the_table_has_a_line_a_scale_and_dashes_where_nothing_applies(self, party):
        found = reliability(party, ["OB", "party"], coefficients="all")
        assert found.templates == ("T5", "T5_coefficients")
        table = found.table("T5_coefficients")
        heads = [h.text("en") for h in table.header[0]]
        assert heads[-1] == "Stratified α" and {len(r.cells) for r in table.rows} == {len(heads)}
        at = heads.index("ωh")
        assert table.rows[0].cells[at].value is None and table.rows[1].cells[at].value == pytest.approx(
            0.5397, abs=2e-3
        )
        assert all(note.text("zh") for note in table.notes)

    def test_sentences_name_cr_ave_and_the_general_factor(self, party):
        words = [s.text("en") for s in sentences("reliability", reliability(party, "party", coefficients="all"))]
        assert len(words) == 3 and "composite reliability 0.8" in words[1]
        assert words[2].startswith("A general factor explains 54.0% of the variance of the total of Party (ωh = 0.540)")
        assert len(sentences("reliability", reliability(party, "party"))) == 1

    def test_group_factors_may_be_asked_for(self, party, scale_items):
        items = [i for s in ("OB", "OE", "MO") for i in scale_items[s]]
        found = scale(party, items, coefficients="all", group_factors=3)
        assert found.coefficient("omega_hierarchical").estimate == pytest.approx(0.5397, abs=2e-3)
        assert found.hierarchical.members.tolist() == [0] * 4 + [1] * 4 + [2] * 4
        tidy = reliability(party, items, coefficients="all", group_factors=3).tidy()
        groups = tidy[tidy["term"] == "group_factor.1"].set_index("level")["estimate"]
        assert groups["total"] == pytest.approx(groups["general"] + groups["own"])

    def test_too_few_items_for_group_factors(self, answers):
        found = reliability(answers, SAT, coefficients="all", group_factors=3)
        assert [p.code for p in found.notices] == ["W843"]
        assert found.scales[0].coefficient("omega_hierarchical").reason == "reliability.reason_groups"

    def test_omega_without_an_item_is_omega_of_the_others(self, answers):
        found = scale(answers)
        for i, item in enumerate(found.items):
            assert item.omega_if_dropped == pytest.approx(scale(answers, [*SAT[:i], *SAT[i + 1 :]]).omega, abs=1e-6)
        assert np.isnan(scale(answers, SAT[:3]).items[0].omega_if_dropped)

    def test_two_items(self, answers):
        found = scale(answers, SAT[:2], coefficients="all")
        r = answers[SAT[:2]].corr().iloc[0, 1]
        for term in ("alpha_standardised", "odd_even_spearman_brown", "lambda_4_standardised"):
            assert found.coefficient(term).estimate == pytest.approx(2 * r / (1 + r)), term
        for term in ("omega_cfa", "omega_ordinal", "ave"):
            assert found.coefficient(term).reason == "reliability.reason_two_items"

    def test_numbers_are_not_taken_for_ordered_categories(self):
        x = np.random.default_rng(1).normal(size=(60, 4)) + np.random.default_rng(2).normal(size=(60, 1))
        found = scale(pd.DataFrame(x, columns=list("abcd")), list("abcd"), coefficients="all")
        assert found.coefficient("alpha_ordinal").reason == "reliability.reason_categories"
        assert np.isfinite(found.coefficient("composite_reliability").estimate)


class TestBadInput:
    def test_identical_items_are_named_and_the_rest_still_runs(self, answers):
        data = answers.assign(copy=answers["SAT1"])
        found = reliability(data, [*SAT, "copy"], coefficients="all")
        first = next(p for p in found.notices if p.code == "W841")
        assert [i["en"] for i in first.params["items"]] == ["SAT1", "copy"]
        s = found.scales[0]
        assert np.isfinite(
            [s.alpha, s.coefficient("lambda_2").estimate, s.coefficient("split_mean_standardised").estimate]
        ).all()
        assert s.coefficient("lambda_6").reason == "reliability.reason_singular"
        assert s.coefficient("alpha_ordinal").reason == "reliability.reason_polychoric"
        assert np.isnan(s.coefficient("composite_reliability").estimate) == ("W967" in [p.code for p in found.notices])

    def test_more_items_than_respondents(self, answers):
        found = reliability(answers.iloc[:4], SAT, coefficients="all")
        assert "W842" in [p.code for p in found.notices]
        assert np.isnan(found.scales[0].coefficient("lambda_6").estimate)
        assert all(say(p, lang) for p in found.notices for lang in ("zh", "en"))
        for template in found.templates:
            assert found.table(template).rows

    @pytest.mark.parametrize("missing", ["listwise", "pairwise"])
    @pytest.mark.parametrize(
        ("data", "code"),
        [
            ({"a": [np.nan] * 4, "b": [1, 2, 3, 4], "c": [2, 1, 4, 3]}, "W630"),
            ({"a": [3, 3, 3, 3], "b": [1, 2, 3, 4], "c": [2, 1, 4, 3]}, "W635"),
            ({"a": [np.nan] * 4, "b": [np.nan] * 4, "c": [np.nan] * 4}, "W630"),
        ],
    )
    def test_blank_and_constant_items(self, missing, data, code):
        found = reliability(pd.DataFrame(data), list(data), missing=missing, coefficients="all")
        assert [p.code for p in found.notices] == [code]
        assert np.isnan(found.scales[0].alpha) and found.scales[0].reason
        cells = found.table("T5_coefficients").rows[0].cells
        assert cells[1].reason == found.scales[0].reason and Label(cells[1].reason).text("zh")

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"ci": "exact"}, "E614"),
            ({"missing": "fiml"}, "E614"),
            ({"coefficients": "some"}, "E614"),
            ({"group_factors": 3}, "E614"),
            ({"group_factors": 2, "coefficients": "all"}, "E614"),
            ({"lengths": [2]}, "E614"),
            ({"lengths": [-1], "coefficients": "all"}, "E614"),
            ({"resamples": 1}, "E614"),
            ({"ci": "feldt", "design": Design(weights="weight")}, "E845"),
            ({"missing": "pairwise", "design": Design(weights="weight")}, "E990"),
            ({"missing": "pairwise", "ci": "percentile"}, "E990"),
        ],
    )
    def test_options_that_cannot_be_honoured_are_errors(self, answers, options, code):
        with pytest.raises(AnalysisError) as caught:
            reliability(answers, SAT, **options)
        assert caught.value.problems[0].code == code
        assert say(caught.value.problems[0], "zh") and say(caught.value.problems[0], "en")


class TestMatrices:
    @settings(max_examples=20)
    @given(st.integers(0, 10_000), st.integers(3, 7))
    def test_bounds_stand_in_their_known_order(self, seed, k):
        cov = random_matrix(seed, k)
        low, series = lambdas(cov), ten_berge(cov)
        assert low.three == pytest.approx(alpha_of(cov)) == pytest.approx(series[0])
        assert low.one <= low.three <= low.two + 1e-12 and series[1] == pytest.approx(low.two)
        assert list(series) == sorted(series)
        values, splits = split_values(cov), all_splits(cov)
        assert len(values) == comb(k, k // 2) // (2 if k % 2 == 0 else 1)
        assert splits.worst <= splits.mean <= splits.best
        assert any(abs(values - odd_even(cov).guttman) < 1e-9)
        if k % 2 == 0:
            assert splits.mean == pytest.approx(alpha_of(cov))

    @given(st.floats(0.05, 0.95), st.floats(0.2, 8), st.floats(0.2, 8))
    def test_lengthening_twice_is_lengthening_once(self, r, a, b):
        assert spearman_brown(spearman_brown(r, a), b) == pytest.approx(spearman_brown(r, a * b))

    def test_stratified_alpha_of_one_part_is_alpha(self):
        cov = random_matrix(4, 6)
        assert stratified_alpha(cov, [range(6)]) == pytest.approx(alpha_of(cov))
        assert np.isnan(stratified_alpha(cov, [range(5), [5]]))

    def test_schmid_and_leiman_find_the_factors_that_made_the_matrix(self):
        general = np.repeat([0.6, 0.5, 0.7], 4)
        groups = np.kron(np.eye(3), np.ones((4, 1))) * np.array([0.5, 0.6, 0.4])
        r = np.outer(general, general) + groups @ groups.T
        np.fill_diagonal(r, 1)
        found = schmid_leiman(r, 3)
        assert found.converged
        assert found.general == pytest.approx(general, abs=1e-3)
        assert found.groups == pytest.approx(groups, abs=1e-3)
        assert found.omega_total == pytest.approx(1 - np.sum(1 - found.communality) / r.sum())

    def test_many_fits_at_once_are_the_single_ones(self):
        rng = np.random.default_rng(7)
        r = np.stack(
            [np.corrcoef(rng.normal(size=(80, 5)) + rng.normal(size=(80, 1)), rowvar=False) for _ in range(20)]
        )
        alone = [one_factor(m) for m in r]
        assert all(f.converged and not f.heywood for f in alone)
        assert one_factor_many(r, np.full(5, 0.7)) == pytest.approx(np.stack([f.loadings for f in alone]), abs=1e-5)
        broken = r.copy()
        broken[3] = np.nan
        found = one_factor_many(broken, np.full(5, 0.7))
        assert np.isnan(found[3]).all() and np.isfinite(np.delete(found, 3, 0)).all()
