"""Bivariate normal probabilities against quadrature, closed forms and their own derivative."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.special import ndtr

from evalkit.correlations.bivariate import (
    bivariate_normal_cdf,
    bivariate_normal_pdf,
    cell_probabilities,
    cell_slopes,
    pdf_slope,
    threshold_slopes,
)

limits = st.floats(-4, 4, allow_nan=False)


def by_quadrature(h, k, rho):
    def inner(x):
        return np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * ndtr((k - rho * x) / np.sqrt(1 - rho * rho))

    cut = [x for x in (k / rho if rho else 0.0,) if -9 < x < h]
    return integrate.quad(inner, -9, h, epsabs=1e-15, epsrel=1e-13, limit=400, points=cut or None)[0]


@pytest.mark.parametrize("rho", [-0.999, -0.9, -0.3, 0.0, 0.2, 0.7, 0.95, 0.9999])
def test_probabilities_against_quadrature(rho):
    for h, k in ((0.0, 0.0), (1.2, -0.3), (-2.5, -1.0), (0.0, 1.5), (-1.5, 0.0), (3.0, 2.9), (-0.4, 0.4)):
        assert bivariate_normal_cdf(h, k, rho) == pytest.approx(by_quadrature(h, k, rho), abs=1e-12)


@given(st.floats(-1, 1))
def test_the_quadrant_has_sheppards_probability(rho):
    assert bivariate_normal_cdf(0, 0, rho) == pytest.approx(0.25 + np.arcsin(rho) / (2 * np.pi), abs=1e-14)


@given(limits, limits, st.floats(-1, 1))
def test_reflection_and_symmetry(h, k, rho):
    found = bivariate_normal_cdf(h, k, rho)
    assert found == pytest.approx(bivariate_normal_cdf(k, h, rho), abs=1e-14)
    assert found + bivariate_normal_cdf(h, -k, -rho) == pytest.approx(ndtr(h), abs=1e-14)


def test_perfect_correlations_and_infinite_limits():
    assert bivariate_normal_cdf(0.5, 1.0, 1.0) == pytest.approx(ndtr(0.5))
    assert bivariate_normal_cdf(0.5, 1.0, -1.0) == pytest.approx(ndtr(0.5) - ndtr(-1.0))
    assert bivariate_normal_cdf(-1, -1, -1.0) == 0
    assert bivariate_normal_cdf(np.inf, 0.3, 0.4) == pytest.approx(ndtr(0.3))
    assert bivariate_normal_cdf(-np.inf, 0.3, 0.4) == 0


@settings(max_examples=30)
@given(limits, limits, st.floats(-0.95, 0.95))
def test_the_density_is_the_slope_by_rho(h, k, rho):
    step = 1e-5
    slope = (bivariate_normal_cdf(h, k, rho + step) - bivariate_normal_cdf(h, k, rho - step)) / (2 * step)
    assert slope == pytest.approx(float(bivariate_normal_pdf(h, k, rho)), abs=1e-6, rel=1e-4)
    log = np.log(bivariate_normal_pdf(h, k, rho + step)) - np.log(bivariate_normal_pdf(h, k, rho - step))
    assert float(pdf_slope(h, k, rho)) == pytest.approx(log / (2 * step), rel=1e-4, abs=1e-4)


def test_cells_fill_the_plane_and_their_slopes_are_right():
    rows, columns = np.array([[-np.inf, -1, 0.5, np.inf]]), np.array([[-np.inf, -0.2, 0.1, 1.4, np.inf]])
    rho, step = np.array([0.6]), 1e-6
    chance = cell_probabilities(rows, columns, rho)
    assert chance.sum() == pytest.approx(1, abs=1e-14)
    by_rho = (cell_probabilities(rows, columns, rho + step) - cell_probabilities(rows, columns, rho - step)) / 2 / step
    assert np.allclose(cell_slopes(rows, columns, rho), by_rho, atol=1e-8)
    up, down = rows.copy(), rows.copy()
    up[0, 1], down[0, 1] = -1 + step, -1 - step
    by_cut = (cell_probabilities(up, columns, rho) - cell_probabilities(down, columns, rho))[0] / 2 / step
    moved = threshold_slopes(rows, columns, rho)[0, 0]
    assert np.allclose(by_cut, [moved, -moved, np.zeros(4)], atol=1e-8)
