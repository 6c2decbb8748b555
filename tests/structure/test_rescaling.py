"""Models that a search in the scale of a weak marker would lose."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.structure import fit
from evalkit.structure.language import parse_model
from evalkit.structure.rescaling import _markers
from evalkit.structure.rules import Rules, build_table


def weak_markers(seed, n=300, factors=3, items=4):
    """Items with loadings anywhere between -.9 and .9."""
    rng = np.random.default_rng(seed)
    loadings = rng.uniform(-0.9, 0.9, (factors, items))
    f = rng.normal(size=(n, factors)) @ np.linalg.cholesky(0.3 + 0.7 * np.eye(factors)).T
    x = np.repeat(f, items, axis=1) * loadings.ravel()
    x = x + rng.normal(size=x.shape) * np.sqrt(1 - loadings.ravel() ** 2)
    model = "\n".join(f"f{j} =~ " + " + ".join(f"x{items * j + i}" for i in range(items)) for j in range(factors))
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])]), model


@pytest.mark.parametrize("seed", [6, 45, 50])
def test_weak_markers_arrive_where_unit_variances_do(seed):
    data, model = weak_markers(seed)
    marker, unit = fit(model, data), fit(model, data, std_lv=True)
    assert marker.converged and unit.converged
    assert marker.solution.value == pytest.approx(unit.solution.value, abs=1e-9)
    implied = [f.implied_cov().to_numpy() for f in (marker, unit)]
    assert implied[0] == pytest.approx(implied[1], abs=1e-4)


def test_paths_and_means_are_carried_back_too():
    data, model = weak_markers(6)
    data["y"] = data["x8"] + np.random.default_rng(1).normal(size=len(data)) + 2.0
    model += "\nf2 ~ f0 + f1\ny ~ f2"
    marker, unit = (fit(model, data, meanstructure=True, std_lv=lv) for lv in (False, True))
    assert marker.converged and unit.converged
    assert marker.implied_cov().to_numpy() == pytest.approx(unit.implied_cov().to_numpy(), abs=1e-4)
    standard = [f.standardised().set_index(["lhs", "op", "rhs"])["est"].loc[("y", "~", "f2")] for f in (marker, unit)]
    assert abs(standard[0]) == pytest.approx(abs(standard[1]), abs=1e-5)


def markers(model):
    table = build_table(parse_model(model), Rules(False, False, True, (), (), True), ("",))
    return {name for _, name in _markers(table)}


def test_only_what_the_marker_alone_scales_is_rescaled():
    assert markers("f =~ x1 + x2 + x3\ng =~ y1 + y2 + y3") == {"f", "g"}
    assert markers("f =~ x1 + l*x2 + l*x3\ng =~ y1 + y2 + y3") == {"g"}
    assert markers("f =~ x1 + x2 + x3\ng =~ y1 + y2 + y3\ng ~ 0.5*f") == set()
    assert markers("f =~ x1 + x2 + x3\ng =~ y1 + y2 + y3\nh =~ f + g") == {"f", "g", "h"}
    assert markers("f =~ NA*x1 + x2 + x3\nf ~~ 1*f") == set()
