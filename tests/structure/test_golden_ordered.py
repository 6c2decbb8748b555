"""Ordered items against lavaan: WLSMV, WLSM, ULSMV, DWLS, record by record."""

from __future__ import annotations

from functools import cache

import pytest
from structure_models import M1, M3, M8, assert_close, assert_table, measure, records, scored

from evalkit.structure import compare, fit

RECORDS = records("cfa")
MODELS = {"m1": M1, "m3": M3, "m8": M8}
ORDERED = ("WLSMV", "WLSM", "ULSMV", "DWLS", "WLSMV_theta")


@cache
def fitted(name: str):
    model, estimator = name.split(".")
    theta = estimator.endswith("_theta")
    return fit(
        MODELS[model], scored(), ordinal=True, estimator=estimator.removesuffix("_theta"),
        parameterisation="theta" if theta else "delta",
    )  # fmt: skip


def named(*ends: str) -> list[str]:
    parts = [id.split(".") for id in RECORDS]
    return [".".join(p) for p in parts if len(p) == 3 and p[1] in ORDERED and p[2] in ends]


# Reliability and validity of the composites are held in tests/measurement/test_structural.py.
ELSEWHERE = {"ave_std", "cr_std", "semTools_AVE", "semTools_compRelSEM", "fornell_larcker_ok", "msv_asv"}


def test_every_record_is_held():
    ends = ("n", "fit", "parameters", "std", "r2", "residual_cor", "factor_cor", "loadings", *ELSEWHERE)
    assert set(named(*ends)) == {id for id in RECORDS if any(part in ORDERED for part in id.split(".")[:2])}


@pytest.mark.parametrize("id", named("n"))
def test_rows(id):
    assert fitted(id.rpartition(".")[0]).n_obs == RECORDS[id]["estimate"]


@pytest.mark.parametrize("id", named("fit"))
def test_fit_measures(id):
    found = fitted(id.rpartition(".")[0])
    measures = found.measures()
    own = {"srmr_bentler": measures["srmr_thresholds"]}
    for name, value in RECORDS[id]["estimate"].items():
        assert_close(
            own.get(name, measure(measures | {"srmr_bentler": 0.0}, name, found.n_obs)), value, RECORDS[id], name
        )


@pytest.mark.parametrize("id", named("parameters", "loadings"))
def test_parameters(id):
    assert_table(fitted(id.rpartition(".")[0]).estimates(), RECORDS[id])


@pytest.mark.parametrize("id", named("std"))
def test_standardised(id):
    assert_table(fitted(id.rpartition(".")[0]).standardised(), RECORDS[id])


@pytest.mark.parametrize("id", named("r2"))
def test_r_squared(id):
    got = fitted(id.rpartition(".")[0]).r_squared().set_index("name")["value"]
    reference = RECORDS[id]["estimate"]
    assert_close([got[name] for name in reference], list(reference.values()), RECORDS[id])
    assert set(got.index) == set(reference)


@pytest.mark.parametrize("id", named("residual_cor"))
def test_residual_correlations(id):
    record = RECORDS[id]
    got = fitted(id.rpartition(".")[0]).residuals("cor").loc[record["rows"], record["cols"]]
    assert_close(got, record["estimate"], record)


@pytest.mark.parametrize("id", named("factor_cor"))
def test_latent_correlations(id):
    record = RECORDS[id]
    got = fitted(id.rpartition(".")[0]).latent_cor().loc[record["rows"], record["cols"]]
    assert_close(got, record["estimate"], record)


def test_difference_of_nested_models():
    id = "compare.m1_m3.WLSMV"
    found = compare(fitted("m1.WLSMV"), fitted("m3.WLSMV"))
    got = {"chisq_diff": found.chisq_diff, "df_diff": found.df_diff, "p": found.p_value}
    for name, value in RECORDS[id]["estimate"].items():
        assert_close(got[name], value, RECORDS[id], name)
    assert found.method == "satorra2000"


def test_latent_paths_and_defined_effects():
    found, all_records = None, records("mediation")
    model = all_records["latent.model"]["estimate"]
    found = fit(model, scored(), ordinal=True)
    assert_table(found.estimates(), all_records["latent.WLSMV.parameters"])
