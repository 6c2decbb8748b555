"""Ordered items in several groups against lavaan: the levels of Wu and Estabrook."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from structure_models import M3, assert_close, measure, records, scored

from evalkit.structure import compare, fit

RECORDS = records("invariance")
LEVELS = {
    "configural": (),
    "thresholds": ("thresholds",),
    "metric": ("thresholds", "loadings"),
    "scalar": ("thresholds", "loadings", "intercepts"),
    "strict": ("thresholds", "loadings", "intercepts", "residuals"),
}
STEPS = list(LEVELS)
ORDERED = [id for id in RECORDS if id.startswith("WLSMV.")]


@cache
def level(name: str, parameterisation: str = "theta"):
    return fit(
        M3, scored(), ordinal=True, std_lv=True, group="gender", group_equal=LEVELS[name],
        parameterisation=parameterisation,
    )  # fmt: skip


def test_every_record_is_held():
    assert {id.split(".")[1] if id.endswith("fit") else id.split(".")[2] for id in ORDERED} == set(STEPS)
    assert len(ORDERED) == 9


@pytest.mark.parametrize("name", STEPS)
def test_fit_measures(name):
    record = RECORDS[f"WLSMV.{name}.fit"]
    found = level(name)
    measures = found.measures()
    for key, value in record["estimate"].items():
        assert_close(measure(measures, key, found.n_obs), np.nan if value is None else value, record, key)


@pytest.mark.parametrize("name", STEPS[1:])
def test_differences(name):
    record = RECORDS[f"WLSMV.lrt.{name}"]
    found = compare(level(STEPS[STEPS.index(name) - 1]), level(name))
    got = {"chisq_diff": found.chisq_diff, "df_diff": found.df_diff, "p": found.p_value}
    for key, value in record["estimate"].items():
        assert_close(got[key], value, record, key)


@pytest.mark.parametrize("name", ["thresholds", "metric", "scalar"])
def test_both_parameterisations_are_one_model(name):
    theta, delta = level(name), level(name, "delta")
    assert delta.df == theta.df
    assert delta.test.statistic == pytest.approx(theta.test.statistic, rel=1e-7)
    assert delta.scaled_test.statistic == pytest.approx(theta.scaled_test.statistic, rel=1e-6)
