"""Ordered and continuous columns together: each pair its kind, and one covariance matrix."""

import numpy as np
import pytest

from evalkit.correlations import mixed_correlations, pearson, polychoric, polyserial


@pytest.fixture
def answers(scored):
    return scored[["SAT1", "SAT2", "PAR", "trust_after", "renewal_support"]].to_numpy(float)


ORDINAL = np.array([True, True, False, False, True])


def test_each_pair_has_its_kind(answers):
    x = answers[~np.isnan(answers).any(axis=1)]
    found = mixed_correlations(x, ORDINAL)
    ordered = polychoric(x[:, ORDINAL])
    assert found.r[np.ix_(ORDINAL, ORDINAL)] == pytest.approx(ordered.r)
    assert found.std_error[np.ix_(ORDINAL, ORDINAL)] == pytest.approx(ordered.std_error)
    assert found.r[2, 3] == pytest.approx(pearson(x[:, [2, 3]]).r[0, 1])
    for i, j in ((0, 2), (4, 3), (1, 3)):
        # The standalone estimate divides by n - 1 where this takes n.
        assert found.r[i, j] == pytest.approx(polyserial(x[:, j], x[:, i]).rho, abs=1e-3)
        error = polyserial(x[:, j], x[:, i], method="ml").std_error
        assert found.std_error[i, j] == pytest.approx(error, rel=0.08)
    assert found.variance[2] == pytest.approx(x[:, 2].var()) and np.isnan(found.mean[0])
    assert [len(t) for t in found.thresholds] == [4, 4, 0, 0, 3]


def test_gamma_is_in_the_order_of_its_columns(answers):
    found = mixed_correlations(answers, ORDINAL)
    kinds = [kind for kind, _, _ in found.columns]
    assert kinds == ["tau"] * 11 + ["mean", "variance"] * 2 + ["rho"] * 10
    assert found.gamma().shape == (25, 25)
    assert [(i, j) for kind, i, j in found.columns if kind == "rho"] == [tuple(pair) for pair in found.pairs.tolist()]
    place = found.columns.index(("mean", 2, 0))
    seen = ~np.isnan(answers[:, 2])
    assert found.gamma()[place, place] / found.n_obs == pytest.approx(found.variance[2] / seen.sum())
    assert np.abs(found.influence.sum(axis=0)).max() < 1e-6


def test_only_continuous_columns_are_pearson(answers):
    found = mixed_correlations(answers, np.zeros(5, dtype=bool))
    assert found.r == pytest.approx(pearson(answers).r, abs=1e-12)
    x = answers[~np.isnan(answers).any(axis=1)][:, 2:4]
    normal = mixed_correlations(x, np.zeros(2, dtype=bool))
    r = normal.r[0, 1]
    assert normal.std_error[0, 1] == pytest.approx((1 - r * r) / np.sqrt(len(x)), rel=0.15)


def test_standard_errors_agree_with_what_repeated_samples_show():
    rng = np.random.default_rng(8)
    estimates, errors = [], []
    for _ in range(150):
        z = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=300)
        x = np.column_stack([np.digitize(z[:, 0], [-0.7, 0.4]), 5 + 2 * z[:, 1]])
        found = mixed_correlations(x, np.array([True, False]))
        estimates.append(found.r[0, 1])
        errors.append(found.std_error[0, 1])
    assert np.mean(estimates) == pytest.approx(0.6, abs=0.015)
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.15)


def test_whole_weights_are_repeated_rows(answers):
    x = answers[~np.isnan(answers).any(axis=1)]
    weights = np.arange(len(x)) % 3
    weighted = mixed_correlations(x, ORDINAL, weights=weights)
    repeated = mixed_correlations(np.repeat(x, weights, axis=0), ORDINAL)
    assert weighted.r == pytest.approx(repeated.r, abs=1e-8)


def test_listwise_gaps_constants_and_pairs_without_rows(answers):
    whole = answers[~np.isnan(answers).any(axis=1)]
    assert mixed_correlations(answers, ORDINAL, missing="listwise").r == pytest.approx(
        mixed_correlations(whole, ORDINAL).r
    )
    x = np.column_stack([whole[:, :3], np.full(len(whole), 2.0)])
    for ordinal in (True, False):
        found = mixed_correlations(x, np.array([True, True, False, ordinal]))
        assert np.isnan(found.r[3]).all() and np.isfinite(found.r[:3, :3]).all()
        assert np.isnan(found.std_error[3]).all()
    gap = np.nan
    apart = mixed_correlations(np.array([[1, gap], [2, gap], [gap, 1.5], [gap, 2.5]]), np.array([True, False]))
    assert np.isnan(apart.r[0, 1]) and apart.n[0, 1] == 0
    with pytest.raises(ValueError):
        mixed_correlations(whole, ORDINAL, missing="fiml")
