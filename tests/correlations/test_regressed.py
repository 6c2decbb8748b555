"""Regressions and residual correlations: against likelihoods maximised together, and where they must agree."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from evalkit.correlations import conditional_correlations, mixed_correlations


def drawn(n: int = 500, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Two ordered columns and two continuous ones that depend on two numbers, correlating 0.5 besides."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.integers(0, 2, n), rng.gamma(2.0, 1.0, n)])
    rest = rng.standard_normal((n, 4)) @ np.linalg.cholesky(0.5 * (np.eye(4) + 1)).T
    y = x @ np.array([[0.6, -0.3, 0.2, 0.0], [0.2, 0.3, -0.4, 0.5]]) + rest
    y[:, 0], y[:, 1] = np.digitize(y[:, 0], [0.3, 1.2]), y[:, 1] > 0.5
    return y, x


ORDERED = np.array([True, True, False, False])


def test_residuals_of_continuous_columns_correlate_as_such():
    y, x = drawn()
    found = conditional_correlations(y, ORDERED, x)
    design = np.column_stack([np.ones(len(x)), x])
    slopes = np.linalg.lstsq(design, y[:, 2:], rcond=None)[0]
    rest = y[:, 2:] - design @ slopes
    assert found.mean[2:] == pytest.approx(slopes[0], abs=1e-10)
    assert found.slopes[2:] == pytest.approx(slopes[1:].T, abs=1e-10)
    assert found.variance[2:] == pytest.approx(np.mean(rest**2, axis=0), rel=1e-10)
    assert found.r[2, 3] == pytest.approx(np.corrcoef(rest.T)[0, 1], abs=1e-10)


@pytest.mark.parametrize(("i", "j"), [(1, 0), (2, 0), (2, 1)])
def test_each_correlation_has_the_greatest_likelihood(i, j):
    y, x = drawn()
    found = conditional_correlations(y, ORDERED, x)
    eta = x @ found.slopes.T

    def ends(column: int) -> tuple[np.ndarray, np.ndarray]:
        cuts = np.concatenate([[-9.0], found.thresholds[column], [9.0]])
        place = y[:, column].astype(int)
        low, high = cuts[place] - eta[:, column], cuts[place + 1] - eta[:, column]
        return np.where(cuts[place] == -9, -9, low), np.where(cuts[place + 1] == 9, 9, high)

    def loss(rho: float) -> float:
        low, high = ends(j)
        if ORDERED[i]:
            below, above = ends(i)
            both = stats.multivariate_normal(cov=[[1, rho], [rho, 1]], allow_singular=True)
            corner = [both.cdf(np.column_stack([a, b])) for a in (high, low) for b in (above, below)]
            return -np.log(corner[0] - corner[1] - corner[2] + corner[3]).sum()
        z = (y[:, i] - found.mean[i] - eta[:, i]) / np.sqrt(found.variance[i])
        free = np.sqrt(1 - rho**2)
        return -np.log(stats.norm.cdf((high - rho * z) / free) - stats.norm.cdf((low - rho * z) / free)).sum()

    best = optimize.minimize_scalar(loss, bounds=(-0.95, 0.95), method="bounded", options={"xatol": 1e-7}).x
    assert found.r[i, j] == pytest.approx(best, abs=1e-4)


def test_numbers_without_any_effect_change_next_to_nothing():
    y, x = drawn(2000)
    noise = np.random.default_rng(11).standard_normal((len(y), 1))
    given, plain = conditional_correlations(y, ORDERED, noise), mixed_correlations(y, ORDERED)
    assert given.r == pytest.approx(plain.r, abs=0.01)
    assert given.slopes / y.std(axis=0)[:, None] == pytest.approx(np.zeros((4, 1)), abs=0.1)


def test_the_influence_gives_the_sampling_errors():
    values, errors = [], []
    for seed in range(120):
        y, x = drawn(250, seed)
        found = conditional_correlations(y, ORDERED, x)
        at = [k for k, name in enumerate(found.columns) if name[0] in ("tau", "rho", "slope")]
        own = {("tau", j, k): t for j, cuts in enumerate(found.thresholds) for k, t in enumerate(cuts)}
        own |= {("slope", j, k): found.slopes[j, k] for j in range(4) for k in range(2)}
        own |= {("rho", int(i), int(j)): found.r[i, j] for i, j in found.pairs}
        values.append([own[found.columns[k]] for k in at])
        errors.append(np.sqrt(np.sum(found.influence[:, at] ** 2, axis=0)) / found.n_obs)
    ratio = np.std(values, axis=0) / np.mean(errors, axis=0)
    assert ratio == pytest.approx(np.ones(len(ratio)), abs=0.3)
    assert np.mean(ratio) == pytest.approx(1.0, abs=0.06)


def test_the_bound_and_what_is_foretold_are_told():
    y, x = drawn()
    twins = conditional_correlations(y[:, [0, 0]], np.array([True, True]), x)
    assert twins.at_bound == ((1, 0),) and abs(twins.r[0, 1]) > 0.999
    told = conditional_correlations(np.column_stack([y[:, 0], x[:, 0]]), np.array([True, True]), x)
    assert told.improper == (1,) and told.influence.shape == (len(x), 0)
    apart = y[:, :2].copy()
    apart[::2, 0], apart[1::2, 1] = np.nan, np.nan
    assert np.isnan(conditional_correlations(apart, np.array([True, True]), x).r[0, 1])
