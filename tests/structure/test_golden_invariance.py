"""Several groups against lavaan: equality over groups, partial invariance, score tests."""

from __future__ import annotations

from functools import cache

import pytest
from structure_models import M3, assert_close, assert_table, measure, records, scored

from evalkit.structure import compare, fit, release_tests

RECORDS = records("invariance")
LEVELS = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
    "strict_lvcov": ("loadings", "intercepts", "residuals", "lv_variances", "lv_covariances"),
}
STEPS = list(LEVELS)
CONTINUOUS = [id for id in RECORDS if id.startswith(("ML.", "MLR."))]


@cache
def level(estimator: str, name: str):
    partial = ("MO2 ~ 1",) if name == "partial_scalar" else ()
    equal = LEVELS["scalar" if name == "partial_scalar" else name]
    return fit(
        M3, scored(), estimator=estimator, group="gender", group_equal=equal, group_partial=partial, meanstructure=True
    )


def of(kind: str) -> list[str]:
    return [id for id in CONTINUOUS if kind in id.split(".")]


def test_the_records_are_all_held():
    held = {"group_labels", "score_tests_intercepts", "lrt_vs_metric", "MO2_intercepts", "latent_means", "loadings"}
    assert {id for id in CONTINUOUS if not held & set(id.split("."))} == {*of("fit"), *of("delta"), *of("lrt")}


def test_groups():
    counts = {group.label: group.n for group in level("ML", "configural").sample.groups}
    assert counts == RECORDS["n_by_gender"]["estimate"]
    assert list(counts) == RECORDS["ML.group_labels"]["estimate"]


@pytest.mark.parametrize("id", of("fit"))
def test_fit_measures(id):
    estimator, name, _ = id.split(".")
    found = level(estimator, name)
    measures = found.measures()
    for key, value in RECORDS[id]["estimate"].items():
        assert_close(measure(measures, key, found.n_obs), value, RECORDS[id], key)


@pytest.mark.parametrize("id", of("delta"))
def test_changes(id):
    estimator, _, name = id.split(".")
    above, below = (level(estimator, n).measures() for n in (STEPS[STEPS.index(name) - 1], name))
    for key, value in RECORDS[id]["estimate"].items():
        assert_close(measure(below, key, 0) - measure(above, key, 0), value, RECORDS[id], key)


@pytest.mark.parametrize("id", of("lrt"))
def test_differences(id):
    estimator, _, name = id.split(".")
    assert_difference(compare(level(estimator, STEPS[STEPS.index(name) - 1]), level(estimator, name)), id)


def test_partial_invariance():
    id = "ML.partial_scalar.lrt_vs_metric"
    assert_difference(compare(level("ML", "metric"), level("ML", "partial_scalar")), id)


def assert_difference(found, id):
    reference = RECORDS[id]["estimate"]
    got = {"chisq_diff": found.chisq_diff, "df_diff": found.df_diff, "p": found.p_value}
    for key, value in reference.items():
        assert_close(got[key], value, RECORDS[id], key)


@pytest.mark.parametrize("id", of("latent_means") + of("MO2_intercepts") + of("loadings"))
def test_parameters(id):
    estimator, name, _ = id.split(".")
    assert_table(level(estimator, name).estimates(), RECORDS[id])


def test_score_tests_of_equalities():
    record = RECORDS["ML.scalar.score_tests_intercepts"]
    found = release_tests(level("ML", "scalar"))
    mine = {f"{r.lhs} {r.op} {r.rhs}": r for r in found.itertuples()}
    assert len(mine) == len(record["estimate"])
    for row in record["estimate"]:
        got = mine[row["constraint"]]
        assert_close([got.statistic, got.df, got.p_value], [row["X2"], row["df"], row["p"]], record, row["constraint"])
    assert found.loc[found["statistic"].idxmax(), "lhs"] == "MO2"
