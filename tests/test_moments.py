"""Moments against NIST's certified values, exactness and the merge of parts."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from evalkit.contract import AnalysisError
from evalkit.moments import correlation_of, least_squares, moments, number_matrix, pairwise, quantile, triangle

NIST = json.loads((Path(__file__).parent / "golden" / "nist.json").read_text(encoding="utf-8"))
WAMPLER_DELTA = [759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048]


def digits(got, certified):
    """Number of correct digits, the least over all values (log relative error)."""
    got, certified = np.asarray(got, dtype=float), np.asarray(certified, dtype=float)
    with np.errstate(divide="ignore"):
        return float(np.min(np.minimum(15, -np.log10(np.abs(got - certified) / np.abs(certified)))))


def standard_errors(fit, n):
    return np.sqrt(np.diag(fit.inverse) * fit.residual_ss / (n - fit.rank))


def polynomial(x, degree):
    return np.column_stack([np.asarray(x, dtype=float) ** k for k in range(degree + 1)])


likert = hnp.arrays(np.int64, st.tuples(st.integers(2, 30), st.just(3)), elements=st.integers(1, 5))


class TestLeastSquaresAgainstNist:
    def test_norris(self):
        data = NIST["Norris"]
        fit = least_squares(polynomial(data["x"], 1), np.array(data["y"]))
        assert digits(fit.coefficients, data["b"]) >= 12
        assert digits(standard_errors(fit, 36), data["se"]) >= 12

    def test_longley(self):
        data = NIST["Longley"]
        fit = least_squares(np.column_stack([np.ones(16), data["x"]]), np.array(data["y"]))
        assert digits(fit.coefficients, data["b"]) >= 10
        assert digits(standard_errors(fit, 16), data["se"]) >= 10
        assert digits(np.sqrt(fit.residual_ss / 9), data["rsd"]) >= 11

    @pytest.mark.parametrize(("size", "wanted"), [(0, 9), (1, 9), (100, 7.5), (10_000, 5.5)])
    def test_wampler_of_fifth_degree(self, size, wanted):
        x = polynomial(range(21), 5)
        delta = np.array(WAMPLER_DELTA + WAMPLER_DELTA[-2::-1])
        fit = least_squares(x, x.sum(axis=1) + size * delta)
        assert digits(fit.coefficients, np.ones(6)) >= wanted
        if size:
            assert digits(standard_errors(fit, 21), size * np.array(NIST["Wampler3"]["se"])) >= 10

    def test_wampler2(self):
        b = 10.0 ** -np.arange(6)
        x = polynomial(range(21), 5)
        fit = least_squares(x, polynomial(np.arange(21) / 10, 5).sum(axis=1))
        assert digits(fit.coefficients, b) >= 10

    def test_filip_is_solved_not_silently_wrong(self):
        data = NIST["Filip"]
        y = np.array(data["y"])
        fit = least_squares(polynomial(data["x"], 10), y)
        assert fit.rank == 11
        assert digits(fit.coefficients, data["b"]) >= 7
        assert digits(1 - fit.residual_ss / moments(y[:, None]).cross[0, 0], data["r_squared"]) >= 7

    def test_longley_in_parts_loses_nothing(self):
        data = NIST["Longley"]
        x, y = np.column_stack([np.ones(16), data["x"]]), np.array(data["y"])
        merged = triangle(x[:5], y[:5]) + triangle(x[5:7], y[5:7]) + triangle(x[7:], y[7:])
        assert digits(merged.solve().coefficients, data["b"]) >= 10


class TestRank:
    def test_the_later_of_two_dependent_columns_goes(self):
        rng = np.random.default_rng(1)
        a, b = rng.normal(size=(2, 40))
        fit = least_squares(np.column_stack([np.ones(40), a, b, a + b, np.full(40, 3.0)]), a - b)
        assert fit.dropped == (3, 4)
        assert np.isnan(fit.coefficients[[3, 4]]).all()
        assert np.allclose(fit.coefficients[:3], [0, 1, -1], atol=1e-12)

    def test_more_columns_than_rows(self):
        fit = least_squares(np.vander([1.0, 2.0, 3.0], 5), np.array([1.0, 0.0, 2.0]))
        assert fit.rank == 3
        assert fit.residual_ss == pytest.approx(0, abs=1e-20)


class TestAnovaVariances:
    """F from group means and variances, the test that separates careful from careless code."""

    def f_of(self, groups):
        parts = [moments(np.asarray(g, dtype=float)[:, None]) for g in groups]
        whole = sum(parts[1:], parts[0])
        within = sum(p.cross[0, 0] for p in parts)
        k, n = len(parts), whole.n
        between = whole.cross[0, 0] - within
        return between / (k - 1) / (within / (n - k))

    @pytest.mark.parametrize(("name", "wanted"), [("SiRstv", 12), ("AtmWtAg", 9)])
    def test_measured_data(self, name, wanted):
        assert digits(self.f_of(NIST[name]["groups"]), NIST[name]["f"]) >= wanted

    @pytest.mark.parametrize(("base", "wanted"), [(1, 13), (10**6, 9), (10**12, 3.5)])
    @pytest.mark.parametrize("size", [21, 201])
    def test_simon_and_lesage(self, base, size, wanted):
        offsets = [0.4, *([0.3, 0.5] * (size // 2))]
        centres = [0, -0.1, 0.1, -0.1, 0.1, -0.1, 0.1, -0.1, 0.1]
        groups = [[float(f"{base + round(o + c, 1):.1f}") for o in offsets] for c in centres]
        assert digits(self.f_of(groups), {21: 21.0, 201: 201.0}[size]) >= wanted


class TestWholeNumbers:
    @given(likert, st.integers(0, 2**32 - 1))
    def test_the_same_bits_however_the_rows_are_cut(self, x, seed):
        rng = np.random.default_rng(seed)
        shuffled = x[rng.permutation(len(x))]
        cut = int(rng.integers(0, len(x) + 1))
        whole, merged = moments(x), moments(shuffled[:cut]) + moments(shuffled[cut:])
        assert merged.n == whole.n == len(x)
        assert np.array_equal(merged.mean, whole.mean)
        assert np.array_equal(merged.cross, whole.cross)

    @given(likert)
    def test_whole_weights_are_repeated_rows(self, x):
        weights = np.arange(len(x)) % 3
        weighted = moments(x, weights)
        repeated = moments(np.repeat(x, weights, axis=0))
        assert weighted.n == repeated.n
        assert np.array_equal(weighted.cross, repeated.cross)

    def test_sums_beyond_float_stay_exact(self):
        x = np.array([[94_906_267], [94_906_266], [94_906_264]])  # squares above 2**53
        assert moments(x).cross[0, 0] == pytest.approx(14 / 3, rel=1e-15)
        many = np.tile(np.array([[20_000_001], [20_000_000]]), (20_000, 1))
        assert moments(many).cross[0, 0] == 10_000


class TestRealNumbers:
    @given(
        hnp.arrays(
            float, st.tuples(st.integers(4, 30), st.just(2)), elements=st.integers(-500, 500).map(lambda v: v / 7)
        )
    )
    def test_merged_parts_agree_with_numpy(self, x):
        merged = moments(x[:2]) + moments(x[2:3]) + moments(x[3:])
        assert np.allclose(merged.cov(), np.cov(x, rowvar=False), rtol=1e-12, atol=1e-9)
        assert np.allclose(merged.mean, x.mean(axis=0), rtol=1e-13, atol=1e-12)

    def test_a_far_origin_does_not_cancel(self):
        x = 1e9 + np.random.default_rng(3).random((10_000, 1))
        exact = np.sum((x - 1e9 - np.mean(x - 1e9)) ** 2)
        assert moments(x).cross[0, 0] == pytest.approx(exact, rel=1e-12)

    def test_a_constant_has_no_variance_and_no_correlation(self):
        r = moments(np.column_stack([np.full(7, 0.1), np.arange(7) / 3])).corr()
        assert np.isnan(r[0]).all() and np.isnan(r[:, 0]).all()
        assert r[1, 1] == 1

    def test_weights_of_zero_are_rows_left_out(self):
        x = np.arange(12.0).reshape(6, 2) / 7
        w = np.array([1.5, 0, 2, 0.25, 0, 1])
        assert np.allclose(moments(x, w).cross, moments(x[w > 0], w[w > 0]).cross, rtol=1e-14)

    def test_nothing_is_neutral(self):
        x = np.arange(6.0).reshape(3, 2) / 3
        assert np.array_equal((moments(x[:0]) + moments(x)).cross, moments(x).cross)
        assert np.isnan(moments(x[:0]).mean).all()

    def test_missing_values_are_refused(self):
        with pytest.raises(ValueError, match="complete rows"):
            moments(np.array([[1.0], [np.nan]]))


class TestPairwise:
    @settings(max_examples=40)
    @given(hnp.arrays(float, (20, 3), elements=st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, np.nan])))
    def test_every_pair_from_its_own_rows(self, x):
        got = pairwise(x)
        frame = pd.DataFrame(x)
        assert np.allclose(got.cov, frame.cov(), rtol=1e-12, atol=1e-12, equal_nan=True)
        for i in range(3):
            for j in range(3):
                both = frame[[i, j]].dropna() if i != j else frame[[i]].dropna()
                assert got.n[i, j] == len(both)
                if len(both):
                    assert got.mean[i, j] == pytest.approx(both[i].mean(), rel=1e-13)

    def test_complete_data_give_the_listwise_matrix(self):
        x = np.random.default_rng(5).normal(1e6, 1, (50, 4))
        assert np.allclose(pairwise(x).corr(), moments(x).corr(), rtol=1e-9, atol=1e-10)

    def test_a_constant_pair_has_no_correlation(self):
        x = np.array([[0.3, 1], [0.3, 2], [0.3, 5], [0.9, np.nan]])
        assert np.isnan(pairwise(x).corr()[0, 1])


def test_quantiles_of_both_kinds():
    x = np.array([1, 2, 3, 4, np.nan])
    assert quantile(x, [0.25, 0.5], kind=7).tolist() == [1.75, 2.5]
    assert quantile(x, [0.25, 0.5], kind=6).tolist() == [1.25, 2.5]
    assert np.isnan(quantile(np.array([np.nan]), 0.5)).all()
    with pytest.raises(ValueError, match="6 or 7"):
        quantile(x, 0.5, kind=1)


def test_correlation_of_a_covariance():
    assert correlation_of(np.array([[4.0, 3.0], [3.0, 9.0]]))[0, 1] == 0.5


def test_columns_that_hold_no_numbers_are_refused_by_name():
    data = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [1.0, np.inf], "d": [True, False]})
    assert number_matrix(data, ["a", "d"]).tolist() == [[1, 1], [2, 0]]
    with pytest.raises(AnalysisError) as caught:
        number_matrix(data, ["b", "c"])
    assert [(p.code, p.params["name"]) for p in caught.value.problems] == [("E610", "b"), ("E611", "c")]
