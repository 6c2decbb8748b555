"""Seeds, streams and resampling plans."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.resample import Plan, Stream, child_seed, codes, counts


def test_child_seeds_are_fixed_for_good():
    assert child_seed(20260101, "med") == 4185887571201321347
    assert child_seed(20260101, "med") != child_seed(20260102, "med") != child_seed(20260101, "med2")
    assert all(0 <= child_seed(s, "x") < 2**63 for s in range(50))


def test_a_stream_is_made_of_pcg64_raw_integers():
    raw = np.random.PCG64(7).random_raw(3)
    words = [int(r) >> shift & 0xFFFFFFFF for r in raw for shift in (0, 32)]
    assert Stream(7).below(10, 6).tolist() == [w * 10 >> 32 for w in words]
    assert Stream(7).uniform(3).tolist() == [((int(r) >> 11) + 0.5) / 2**53 for r in raw]


def test_whole_numbers_cut_anywhere_are_the_same():
    whole = Stream(3).below(6, 1001)
    stream = Stream(3)
    parts = [stream.below(6, size) for size in (1, 2, 3, 500, 495)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_rejection_leaves_every_number_equally_likely():
    # A bound that does not divide 2**32 by far: a third of all words is rejected, and none may be used twice.
    bound = 2**32 // 3 * 2
    drawn = Stream(5).below(bound, 20_000)
    assert drawn.max() < bound
    share = np.mean(drawn < bound // 2)
    assert abs(share - 0.5) < 4 * 0.5 / np.sqrt(20_000)


@pytest.mark.parametrize("bound", [1, 2, 7, 1000])
def test_numbers_below_a_bound_are_uniform(bound):
    drawn = Stream(11).below(bound, 40_000)
    found = np.bincount(drawn, minlength=bound)
    assert len(found) == bound
    chi2 = float(np.sum((found - 40_000 / bound) ** 2 / (40_000 / bound)))
    assert chi2 < (bound - 1) + 5 * np.sqrt(2 * (bound - 1)) + 1e-9


def test_impossible_bounds_are_refused():
    with pytest.raises(ValueError, match="between 1 and"):
        Stream(1).below(0, 1)


def test_normal_numbers_have_the_normal_moments():
    z = Stream(2).normal(200_000)
    assert abs(z.mean()) < 4 / np.sqrt(200_000)
    assert abs(z.std() - 1) < 4 / np.sqrt(400_000)
    assert abs(np.mean(z < -1.959963984540054) - 0.025) < 4 * np.sqrt(0.025 * 0.975 / 200_000)


@given(n=st.integers(1, 60), seed=st.integers(0, 2**40), block=st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_counts_do_not_depend_on_the_block(n, seed, block):
    whole = np.vstack(list(counts(n, resamples=33, seed=seed)))
    parts = np.vstack(list(counts(n, resamples=33, seed=seed, block=block)))
    assert np.array_equal(whole, parts)
    assert whole.shape == (33, n)
    assert (whole.sum(axis=1) == n).all()


def test_counts_are_those_of_the_stream():
    drawn = Stream(4).below(5, 15).reshape(3, 5)
    found = np.vstack(list(counts(5, resamples=3, seed=4)))
    assert found.tolist() == [np.bincount(row, minlength=5).tolist() for row in drawn]


def test_rows_of_a_cluster_share_its_count():
    clusters = np.array(["b", "a", "b", "c", "a", "a"])
    found = np.vstack(list(counts(6, resamples=20, seed=1, clusters=clusters)))
    by_unit = np.vstack(list(counts(3, resamples=20, seed=1)))
    assert np.array_equal(found, by_unit[:, [0, 1, 0, 2, 1, 1]])


def test_one_row_a_cluster_is_simple_resampling():
    simple = np.vstack(list(counts(9, resamples=10, seed=8)))
    assert np.array_equal(np.vstack(list(counts(9, resamples=10, seed=8, clusters=np.arange(9)[::-1]))), simple)


def test_strata_keep_their_size_in_every_resample():
    strata = np.array([0, 1, 0, 1, 1, 2])
    found = np.vstack(list(counts(6, resamples=50, seed=3, strata=strata, block=7)))
    for h in range(3):
        assert (found[:, strata == h].sum(axis=1) == (strata == h).sum()).all()
    assert np.array_equal(found, np.vstack(list(counts(6, resamples=50, seed=3, strata=strata))))
    assert len(np.unique(found[:, strata == 0], axis=0)) > 1


def test_a_cluster_in_two_strata_is_refused():
    with pytest.raises(ValueError, match="stratum"):
        list(counts(3, resamples=1, seed=1, clusters=np.array([1, 1, 2]), strata=np.array([0, 1, 1])))


def test_nothing_cannot_be_resampled():
    with pytest.raises(ValueError, match="nothing"):
        list(Plan(0, 10).blocks())


def test_codes_follow_first_appearance():
    assert codes(np.array(["x", "b", "x", "a"])).tolist() == [0, 1, 0, 2]
