"""Reliability of group means from the components of the analysis of variance."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.measurement.between_groups import between_groups


def test_with_equal_sizes_it_is_icc2():
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(8), 12)
    found = between_groups(rng.normal(size=96) + 0.8 * group, group, 8)
    assert found.mean_reliability == pytest.approx(np.full(8, found.icc2), rel=1e-12)


def test_unequal_sizes_by_hand():
    y, group = np.array([1.0, 2.0, 3.0, 5.0, 6.0, 9.0, 9.0, 10.0, 12.0]), np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    found = between_groups(y, group, 3)
    within = (2.0 + 0.5 + 6.0) / 6
    between = (3 * (2 - 57 / 9) ** 2 + 2 * (5.5 - 57 / 9) ** 2 + 4 * (10 - 57 / 9) ** 2) / 2
    t = (between - within) / ((9 - 29 / 9) / 2)
    assert found.mean_reliability == pytest.approx([t / (t + within / n) for n in (3, 2, 4)], rel=1e-12)


def test_groups_that_differ_less_than_by_chance_have_none():
    found = between_groups(np.array([1.0, 5.0, 2.0, 4.0]), np.array([0, 0, 1, 1]), 2)
    assert found.mean_reliability.tolist() == [0.0, 0.0]
    assert np.isnan(between_groups(np.array([1.0, 2.0]), np.array([0, 0]), 1).mean_reliability).all()
