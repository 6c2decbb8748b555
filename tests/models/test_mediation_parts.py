"""The parts of mediation: layout, engine and intervals, each held against an independent computation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalkit.models.mediation.engine import (
    bootstrap_coefficients,
    chain_of,
    jackknife_coefficients,
    sample_coefficients,
)
from evalkit.models.mediation.intervals import (
    accelerations,
    bootstrap_summary,
    jackknife_influence,
    normal_draws,
    order_quantiles,
    product_interval,
)
from evalkit.models.mediation.layout import Layout
from evalkit.resample import Plan


def slopes(y, *columns):
    return np.linalg.lstsq(np.column_stack([np.ones(len(y)), *columns]), y, rcond=None)[0][1:]


@pytest.fixture
def columns():
    rng = np.random.default_rng(12)
    n = 35
    c, x = rng.normal(size=(n, 2)) + 5, rng.normal(size=n)
    m = rng.normal(size=(n, 3)) + x[:, None] * [0.3, 0.5, 0.1]
    return c, x, m, m.sum(axis=1) + 1000 + rng.normal(size=n)


def test_serial_coefficients_are_those_of_each_regression(columns):
    c, x, m, y = columns
    found = sample_coefficients(chain_of(c, x, m, y, serial=True)).paths
    for j in range(3):
        b = slopes(m[:, j], x, *m[:, :j].T, *c.T)
        assert found.a[j, 0] == pytest.approx(b[0], rel=1e-9)
        assert found.d[:j, j, 0] == pytest.approx(b[1 : j + 1], rel=1e-9)
    b = slopes(y, x, *m.T, *c.T)
    assert found.direct[0] == pytest.approx(b[0], rel=1e-9)
    assert found.b[:, 0] == pytest.approx(b[1:4], rel=1e-9)
    assert found.total[0] == pytest.approx(slopes(y, x, *c.T)[0], rel=1e-9)


def test_parallel_mediators_do_not_explain_each_other(columns):
    c, x, m, y = columns
    found = sample_coefficients(chain_of(c, x, m, y, serial=False)).paths
    assert found.a[:, 0] == pytest.approx([slopes(m[:, j], x, *c.T)[0] for j in range(3)], rel=1e-9)
    assert not found.d.any()
    assert found.b[:, 0] == pytest.approx(slopes(y, x, *m.T, *c.T)[1:4], rel=1e-9)


def test_the_jackknife_is_leaving_out_a_row(columns):
    c, x, m, y = columns
    found = jackknife_coefficients(chain_of(c, x, m, y, serial=True)).paths
    for i in (0, 17, 34):
        keep = np.arange(35) != i
        b = slopes(y[keep], x[keep], *m[keep].T, *c[keep].T)
        assert found.direct[i] == pytest.approx(b[0], rel=1e-8)
        assert found.b[:, i] == pytest.approx(b[1:4], rel=1e-8)


def test_the_block_of_resamples_leaves_no_trace(columns, monkeypatch):
    c, x, m, y = columns
    chain = chain_of(c, x, m, y, serial=True)
    whole = bootstrap_coefficients(chain, Plan(35, 200, 3))
    monkeypatch.setattr("evalkit.resample.BLOCK_CELLS", 100)
    monkeypatch.setattr("evalkit.models.mediation.products.CHUNK", 7)
    parts = bootstrap_coefficients(chain, Plan(35, 200, 3))
    assert np.allclose(whole.paths.b, parts.paths.b, rtol=1e-12)
    monkeypatch.setattr("evalkit.models.mediation.products.MOST_CELLS", 100)
    anew = bootstrap_coefficients(chain, Plan(35, 200, 3))
    assert np.allclose(whole.paths.b, anew.paths.b, rtol=1e-9)
    assert np.allclose(whole.sd, anew.sd, rtol=1e-9)


def test_clusters_and_weights_enter_through_the_products(columns):
    c, x, m, y = columns
    units, weights = np.repeat(np.arange(7), 5), np.linspace(1, 3, 35)
    clustered = chain_of(c, x, m, y, serial=True, weights=weights, units=units)
    assert clustered.linear.n_units == 7
    without = jackknife_coefficients(clustered)
    kept = units != 2
    root = np.sqrt(weights[kept])[:, None]
    design = np.column_stack([np.ones(35), x, m, c])[kept] * root
    b = np.linalg.lstsq(design, y[kept] * root[:, 0], rcond=None)[0]
    assert without.paths.direct[2] == pytest.approx(b[1], rel=1e-8)
    assert without.paths.b[:, 2] == pytest.approx(b[2:5], rel=1e-8)


def test_standard_deviations_are_those_of_the_rows(columns):
    c, x, m, y = columns
    found = sample_coefficients(chain_of(c, x, m, y, serial=True)).sd
    assert found[:, 0] == pytest.approx([x.std(), y.std()], rel=1e-9)


def test_serial_effects_by_hand():
    layout = Layout("serial", ("p", "q"))
    assert layout.specific == ((0,), (1,), (0, 1))
    assert layout.terms == (
        "total",
        "direct",
        "indirect.p",
        "indirect.q",
        "indirect.p.q",
        "indirect.total",
        "contrast.p-q",
        "contrast.p-p.q",
        "contrast.q-p.q",
        "proportion",
    )


def test_many_serial_paths_are_not_contrasted():
    assert len(Layout("serial", tuple("abcde")).pairs) == 31 * 30 // 2
    assert Layout("serial", tuple("abcdef")).pairs == ()


class TestOrderQuantiles:
    def test_whole_places_are_order_statistics(self):
        ordered = np.arange(1.0, 1000.0)  # R = 999
        assert order_quantiles(ordered, np.array([0.025, 0.5, 0.975])).tolist() == [25.0, 500.0, 975.0]

    def test_between_places_the_normal_scale_decides(self):
        ordered = np.arange(1.0, 101.0)
        found = order_quantiles(ordered, np.array([0.025]))[0]  # place 2.525
        z = [stats.norm.ppf(p) for p in (0.025, 2 / 101, 3 / 101)]
        assert found == pytest.approx(2 + (z[0] - z[1]) / (z[2] - z[1]), rel=1e-12)

    def test_beyond_the_ends_stand_the_extremes(self):
        assert order_quantiles(np.array([3.0, 5.0, 9.0]), np.array([0.0, 0.01, 0.999, 1.0])).tolist() == [3, 3, 9, 9]
        assert np.isnan(order_quantiles(np.array([1.0]), np.array([0.5]))).all()
        assert np.isnan(order_quantiles(np.array([1.0, 2.0]), np.array([np.nan]))).all()


class TestBootstrapSummary:
    def test_without_bias_and_skew_bca_is_percentile(self):
        drawn = np.linspace(-3, 3, 1999)[None]
        influence = np.array([[-1.0, 1.0, -2.0, 2.0]])
        found = bootstrap_summary(drawn, np.array([0.0]), influence, ("percentile", "bias_corrected", "bca"), 0.95)
        assert found.acceleration[0] == 0
        assert found.z0[0] == pytest.approx(0, abs=1e-3)
        assert found.intervals["bca"] == pytest.approx(found.intervals["percentile"], abs=1e-2)
        assert found.p_value[0] == pytest.approx(1, abs=2e-3)

    def test_all_resamples_on_one_side_have_no_corrected_interval(self):
        found = bootstrap_summary(
            np.arange(1.0, 200.0)[None], np.array([0.5]), None, ("percentile", "bias_corrected"), 0.9
        )
        assert np.isfinite(found.intervals["percentile"]).all()
        assert np.isnan(found.intervals["bias_corrected"]).all()
        assert found.p_value[0] == 0

    @given(level=st.floats(0.5, 0.99), seed=st.integers(0, 2**32 - 1))
    @settings(max_examples=25, deadline=None)
    def test_bounds_lie_among_the_resamples_in_order(self, level, seed):
        drawn = np.random.default_rng(seed).normal(size=(1, 300))
        found = bootstrap_summary(drawn, np.zeros(1), np.array([[1.0, 2.0, -3.0]]), ("percentile", "bca"), level)
        for low, high in (found.intervals[m][0] for m in ("percentile", "bca")):
            assert drawn.min() <= low <= high <= drawn.max()


def test_acceleration_of_the_mean_is_its_skewness():
    # For a mean the influence is the deviation, so a = sum(d^3) / (6 sum(d^2)^1.5).
    values = np.array([1.0, 2.0, 4.0, 9.0])
    without = (values.sum() - values) / 3
    deviation = values - values.mean()
    found = accelerations(jackknife_influence(without[None]))
    assert found[0] == pytest.approx(np.sum(deviation**3) / (6 * np.sum(deviation**2) ** 1.5))


def test_influence_is_centred_in_each_stratum():
    found = jackknife_influence(np.array([[1.0, 3.0, 10.0, 20.0, 30.0]]), np.array([0, 0, 1, 1, 1]))
    assert found.tolist() == [[1.0, -1.0, 20.0, 0.0, -20.0]]


class TestProductInterval:
    def test_against_a_large_simulation(self):
        rng = np.random.default_rng(0)
        a, b, s, t = 0.4, -0.2, 0.15, 0.1
        drawn = (a + s * rng.normal(size=2_000_000)) * (b + t * rng.normal(size=2_000_000))
        assert product_interval(a, b, s, t, 0.95) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=5e-4)

    def test_it_is_symmetric_in_the_factors_and_in_signs(self):
        low, high = product_interval(0.3, 0.5, 0.1, 0.2, 0.9)
        assert product_interval(0.5, 0.3, 0.2, 0.1, 0.9) == pytest.approx((low, high), abs=1e-10)
        assert product_interval(-0.3, 0.5, 0.1, 0.2, 0.9) == pytest.approx((-high, -low), abs=1e-9)

    def test_two_standard_normals(self):
        # P(|AB| < q) of the product of standard normals: density K0(|q|) / pi, 95 % within +-2.1819.
        from scipy.integrate import quad
        from scipy.special import k0

        low, high = product_interval(0, 0, 1, 1, 0.95)
        assert low == pytest.approx(-high, abs=1e-9)
        assert 2 * quad(lambda q: k0(q) / np.pi, 0, high)[0] == pytest.approx(0.95, abs=1e-8)

    def test_without_errors_there_is_no_distribution(self):
        assert np.isnan(product_interval(1, 1, 0, 1, 0.95)).all()
        assert np.isnan(product_interval(1, np.nan, 1, 1, 0.95)).all()


def test_normal_draws_have_the_covariance_asked_for():
    wanted = np.array([[2.0, 0.6], [0.6, 0.5]])
    drawn = normal_draws(np.array([1.0, -3.0]), wanted, seed=4)
    assert np.cov(drawn) == pytest.approx(wanted, abs=0.06)
    assert drawn.mean(axis=1) == pytest.approx([1, -3], abs=0.05)
    assert np.isnan(normal_draws(np.zeros(2), np.full((2, 2), np.nan), seed=1)).all()
