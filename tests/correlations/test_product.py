"""Correlations against R, with their tests and intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from evalkit.correlations import fisher_interval, pearson, spearman

SCALES = ["OB", "OE", "MO", "SV", "CW", "CC", "SAT", "PAR"]
tables = hnp.arrays(np.int64, st.tuples(st.integers(4, 25), st.just(3)), elements=st.integers(1, 5))


@pytest.fixture
def scores(scored):
    return scored[SCALES]


@pytest.fixture
def listwise(scores):
    return scores.dropna().to_numpy()


def test_pearson_listwise(listwise, golden):
    found = pearson(listwise)
    assert found.r == golden("correlation", "pearson_listwise").approx()
    assert len(listwise) == golden("correlation", "n").value("listwise")


def test_pearson_pairwise_with_its_n_and_p(scores, golden):
    found = pearson(scores.to_numpy())
    assert found.r == golden("correlation", "pearson_pairwise").approx()
    assert found.n == golden("correlation", "pearson_pairwise_n").approx()
    p = golden("correlation", "pearson_pairwise_p")
    assert np.where(np.eye(8) == 1, 0, found.p_value) == p.approx()


def test_pearson_interval(listwise, golden):
    expected = golden("correlation", "pearson_ci").estimate
    found = pearson(listwise)
    low, high = fisher_interval(found.r, found.n)
    pairs = np.triu_indices(8, 1)
    record = golden("correlation", "pearson_ci")
    assert len(expected) == 28
    for field, matrix in (("lower", low), ("r", found.r), ("upper", high), ("p", found.p_value)):
        assert matrix[pairs] == record.approx(field)


def test_one_pair(listwise, golden):
    record = golden("correlation", "cor_test.SAT_PAR")
    found = pearson(listwise[:, [6, 7]])
    low, high = fisher_interval(found.r, found.n)
    got = {"r": found.r, "t": found.t, "df": found.n - 2, "p": found.p_value, "lower": low, "upper": high}
    for field in record.fields:
        assert got[field][0, 1] == record.approx(field)


def test_spearman(listwise, golden):
    assert spearman(listwise).r == golden("correlation", "spearman_listwise").approx()
    record = golden("correlation", "spearman_test.SAT_PAR")
    found = spearman(listwise[:, [6, 7]])
    n = len(listwise)
    assert found.r[0, 1] == record.approx("rho")
    assert found.p_value[0, 1] == record.approx("p")
    assert (n**3 - n) * (1 - found.r[0, 1]) / 6 == record.approx("S")


@given(tables)
def test_spearman_agrees_with_scipy_where_it_is_defined(x):
    found = spearman(x)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        if len(set(x[:, i])) > 1 and len(set(x[:, j])) > 1:
            assert found.r[i, j] == pytest.approx(stats.spearmanr(x[:, i], x[:, j]).statistic, abs=1e-12)
        else:
            assert np.isnan(found.r[i, j])


@given(tables, st.integers(0, 2**32 - 1))
def test_order_of_rows_and_columns_does_not_matter(x, seed):
    rng = np.random.default_rng(seed)
    columns = rng.permutation(3)
    for method in (pearson, spearman):
        turned = method(x[rng.permutation(len(x))][:, columns])
        assert np.array_equal(turned.r, method(x).r[np.ix_(columns, columns)], equal_nan=True)


@given(tables)
def test_a_reversed_column_changes_only_the_sign(x):
    turned = x.copy()
    turned[:, 0] = 6 - turned[:, 0]
    for method in (pearson, spearman):
        a, b = method(x), method(turned)
        assert np.allclose(a.r[0, 1:], -b.r[0, 1:], atol=1e-15, equal_nan=True)
        assert np.allclose(a.p_value[1:, 1:], b.p_value[1:, 1:], equal_nan=True)


def test_gaps_are_taken_pair_by_pair_for_ranks_too():
    x = np.array([[1, 2, np.nan], [2, 1, 5], [3, 4, 4], [4, 3, 1], [5, np.nan, 2]])
    found = spearman(x)
    assert found.n.tolist() == [[5, 4, 4], [4, 4, 3], [4, 3, 4]]
    assert found.r[0, 2] == pytest.approx(stats.spearmanr(x[1:, 0], x[1:, 2]).statistic)


def test_too_few_rows_and_a_perfect_line():
    two = pearson(np.array([[1.0, 2.0], [2.0, 4.0]]))
    assert two.r[0, 1] == 1
    assert np.isnan(two.p_value[0, 1])
    line = pearson(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [5.0, 10.0]]))
    low, high = fisher_interval(line.r, line.n)
    assert line.p_value[0, 1] == 0
    assert (low[0, 1], high[0, 1]) == (1, 1)
    assert np.isnan(fisher_interval(np.array(0.5), np.array(3))[0])


def test_pairwise_deletion_can_give_an_impossible_matrix():
    x = np.array(
        [[1, 1, np.nan], [2, 2, np.nan], [3, 3, np.nan], [1, np.nan, 1], [2, np.nan, 2], [3, np.nan, 3]]
        + [[np.nan, 1, 3], [np.nan, 2, 2], [np.nan, 3, 1]]
    )
    assert pearson(x).smallest_eigenvalue == pytest.approx(-1)
