"""Careless-answer indices: golden numbers, plain counts, and what makes them not computable."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.quality import indices, timing
from evalkit.quality.distance import mahalanobis, observed_distances, positive_definite
from evalkit.quality.twins import exact_twins, near_twins

NAN = np.nan


@pytest.fixture
def raw(residents, scale_items):
    return residents[[item for items in scale_items.values() for item in items]].to_numpy(dtype=float)


@pytest.fixture
def keyed(scored, scale_items):
    return scored[[item for items in scale_items.values() for item in items]].to_numpy(dtype=float)


def test_runs_across_gaps_agree_with_the_reference(raw, golden):
    assert indices.longest_runs(raw[:20], across_missing=True) == golden("scoring", "longstring_max_first20").approx()


def test_a_gap_ends_a_run_or_is_left_out():
    answers = np.array([[2, 2, NAN, 2, 3], [NAN] * 5])
    assert indices.longest_runs(answers).tolist() == [2, 0]
    assert indices.longest_runs(answers, across_missing=True).tolist() == [3, 0]


def test_person_sd_agrees_with_the_reference(raw, golden):
    sd = indices.person_sd(raw)
    assert sd[:10] == golden("scoring", "person_sd_first10").approx()
    assert float((sd == 0).sum()) == golden("scoring", "straightlining_sd_zero").approx()


def test_person_sd_of_equal_answers_is_exactly_zero():
    assert indices.person_sd(np.array([[0.1] * 7, [4.0] * 7]))[:2].tolist() == [0, 0]
    assert np.isnan(indices.person_sd(np.array([[1.0, NAN]])))[0]


def test_mahalanobis_agrees_with_the_reference(keyed, golden):
    complete = keyed[~np.isnan(keyed).any(axis=1)]
    found = mahalanobis(complete)
    assert found.squared[:10] == golden("scoring", "mahalanobis_first10").approx()
    assert set(found.df) == {34} and not found.mended


def test_mahalanobis_does_not_depend_on_the_key(raw, keyed):
    np.testing.assert_allclose(mahalanobis(raw).squared, mahalanobis(keyed).squared, rtol=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_distances_over_what_is_there_agree_with_the_submatrix(seed):
    rng = np.random.default_rng(seed)
    cov = np.cov(rng.normal(size=(5, 20)))
    away = np.where(rng.random((6, 5)) < 0.4, NAN, rng.normal(size=(6, 5)))
    found = observed_distances(away, np.linalg.inv(cov))
    for row, distance in zip(away, found, strict=True):
        o = ~np.isnan(row)
        plain = row[o] @ np.linalg.solve(cov[np.ix_(o, o)], row[o]) if o.any() else 0.0
        assert distance == pytest.approx(plain, rel=1e-8, abs=1e-9)


def test_mahalanobis_says_what_stands_in_its_way():
    rng = np.random.default_rng(3)
    assert mahalanobis(np.ones((9, 4))).reason == "few_items"
    assert mahalanobis(rng.normal(size=(4, 4))).reason == "few_rows"
    apart = rng.normal(size=(20, 2))
    apart[:10, 0], apart[10:, 1] = NAN, NAN
    assert mahalanobis(apart).reason == "never_together"
    x = rng.normal(size=(20, 4))
    x[0, :3] = NAN
    assert np.isnan(mahalanobis(x).squared[0]) and not np.isnan(mahalanobis(x).squared[1:]).any()
    twice = rng.normal(size=(50, 2))
    assert mahalanobis(np.column_stack([twice, twice[:, 0]])).mended


def test_a_mended_matrix_is_positive_definite_with_the_same_variances():
    cov = np.array([[4.0, 3.8, -1.0], [3.8, 4.0, 1.9], [-1.0, 1.9, 1.0]])
    better, mended = positive_definite(cov)
    assert mended and np.linalg.eigvalsh(better)[0] > 0
    np.testing.assert_allclose(np.diag(better), np.diag(cov))


def test_even_odd_steps_up_a_plain_correlation():
    rng = np.random.default_rng(5)
    scales = [rng.integers(1, 6, size=(30, 4)).astype(float) for _ in range(6)]
    found, count = indices.even_odd(scales)
    for i in range(30):
        odd = [s[i, 0::2].mean() for s in scales]
        even = [s[i, 1::2].mean() for s in scales]
        r = np.corrcoef(odd, even)[0, 1]
        assert found[i] == pytest.approx(max(2 * r / (1 + r), -1), abs=1e-9)
    assert set(count) == {6}


def test_even_odd_of_a_straight_line_is_not_computable():
    scales = [np.array([[3.0, 3, 3, 3], [NAN, 2, NAN, 2]])] * 5
    found, count = indices.even_odd(scales)
    assert np.isnan(found).all() and count.tolist() == [5, 0]


def test_within_person_correlation_is_that_over_the_pairs_answered():
    rng = np.random.default_rng(8)
    answers = rng.integers(1, 6, size=(40, 8)).astype(float)
    answers[rng.random(answers.shape) < 0.15] = NAN
    pairs = indices.pairs_beyond(np.corrcoef(rng.normal(size=(8, 12))), 0.1)
    found, count = indices.within_person(answers, pairs)
    first, second = np.nonzero(pairs)
    for i in range(40):
        a, b = answers[i, first], answers[i, second]
        both = ~(np.isnan(a) | np.isnan(b))
        assert count[i] == both.sum()
        if both.sum() > 1 and np.ptp(a[both]) > 0 and np.ptp(b[both]) > 0:
            assert found[i] == pytest.approx(np.corrcoef(a[both], b[both])[0, 1], abs=1e-9)
        else:
            assert np.isnan(found[i])


def test_pairs_lie_beyond_a_bound_on_its_side():
    r = np.array([[1, 0.7, -0.8], [0.7, 1, NAN], [-0.8, NAN, 1]])
    assert indices.pairs_beyond(r, 0.6).tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert indices.pairs_beyond(r, -0.6).tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from([0.8, 0.9, 0.95]))
def test_near_twins_are_all_found(seed, share):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, size=(25, 20)).astype(np.int32)
    for i in range(1, 12):  # copies with a few changes
        codes[i] = codes[rng.integers(0, i)]
        places = rng.integers(0, 20, size=rng.integers(0, 4))
        codes[i, places] = rng.integers(0, 4, size=len(places))
    found = near_twins(codes, share=share, least=5, mode=1.0)
    alike = (codes[:, None, :] == codes[None]).mean(axis=2) >= share - 1e-12
    both = ((codes[:, None, :] > 0) & (codes[None] > 0)).sum(axis=2) >= 5
    plain = (alike & both & ~np.eye(25, dtype=bool)).sum(axis=1)
    answered = (codes > 0).sum(axis=1) >= 5
    assert found.count[answered].tolist() == plain[answered].tolist()
    assert all(alike[i, p] for i, p in enumerate(found.partner) if p >= 0)
    assert ((found.partner >= 0) == (found.count > 0)).all()


def test_near_twins_need_informative_items_and_some_difference(monkeypatch):
    rng = np.random.default_rng(1)
    codes = rng.integers(1, 6, size=(50, 12)).astype(np.int32)
    codes[:, 6:] = 1
    assert near_twins(codes, share=0.95, least=7, mode=0.9).reason == "few_informative"
    assert near_twins(codes, share=0.95, least=6, mode=0.9).n_items == 6
    monkeypatch.setattr("evalkit.quality.twins.MOST_PAIRS", 3)
    assert near_twins(codes, share=0.5, least=6, mode=0.9).reason == "too_alike"


def test_exact_twins_name_the_first_other_row():
    codes = np.array([[1, 2], [3, 4], [1, 2], [1, 2], [0, 0]], dtype=np.int32)
    found = exact_twins(codes, 1)
    assert found.count[:4].tolist() == [2, 0, 2, 2] and np.isnan(found.count[4])
    assert found.partner.tolist() == [2, -1, 0, 0, -1]


def test_durations_are_held_against_answers_and_the_median():
    seconds = np.array([60.0, 120, 240, NAN, 0])
    per_item = timing.seconds_per_item(seconds, np.array([30, 30, 0, 30, 30.0]))
    np.testing.assert_array_equal(per_item, [2, 4, NAN, NAN, NAN])
    np.testing.assert_array_equal(timing.times_faster(seconds), [2, 1, 0.5, NAN, NAN])
    logs = timing.spreads_above(np.exp([0.0, 1, 2, 3, 40]))
    np.testing.assert_allclose(logs, [-1.5, -1, -0.5, 0, 18.5])
    assert np.isnan(timing.spreads_above(np.full(9, 30.0))).all()


def test_a_burst_is_unlikely_beside_its_hour_and_the_whole():
    from scipy import stats

    start = np.datetime64("2026-03-01T08:00:00")
    calm = start + np.arange(0, 3000, 10).astype("timedelta64[m]")
    burst = np.full(8, start + np.timedelta64(1234, "m")) + np.arange(8).astype("timedelta64[s]")
    count, p = timing.burst(np.append(np.append(calm, burst), np.datetime64("NaT")).astype("datetime64[s]"))
    assert count[300:308].tolist() == [8] * 8 and np.isnan(count[-1])
    rate = max(308 / 2991, 14 / 60)
    assert p[300] == pytest.approx(stats.poisson.sf(7, rate))
    assert not timing.has_time_of_day(np.array(["2026-03-01", "NaT"], dtype="datetime64[s]"))
    assert timing.has_time_of_day(calm)
