"""Maximum likelihood with missing answers against lavaan."""

from __future__ import annotations

from functools import cache

import pytest
from structure_models import M3, assert_close, assert_table, measure, records, scored

from evalkit.structure import fit

RECORDS = records("missing")
REGRESSION = "trust_after ~ trust_before + SAT + years_resident + age"
PATH = "SV ~ a*OE\nCW ~ d*SV + e*OE\ntrust_after ~ b*CW + c*SV + cp*OE + age + years_resident\nind := a*d*b"
MODELS = {
    "fiml.cfa": (M3, {}),
    "fiml.cfa_MLR": (M3, {"estimator": "MLR"}),
    "fiml.regression": (REGRESSION, {"fixed_x": False}),
    "fiml.regression_MLR": (REGRESSION, {"fixed_x": False, "estimator": "MLR"}),
    "fiml.path": (PATH, {"fixed_x": False}),
}


@cache
def fitted(name: str):
    model, options = MODELS[name]
    return fit(model, scored(), missing="fiml", **options)


@pytest.mark.parametrize("id", ["fiml.cfa.fit", "fiml.cfa_MLR.fit"])
def test_fit_measures(id):
    found = fitted(id.removesuffix(".fit"))
    measures = found.measures()
    for name, value in RECORDS[id]["estimate"].items():
        assert_close(measure(measures, name, found.n_obs), value, RECORDS[id], name)


TABLES = ["fiml.cfa.parameters", "fiml.cfa_MLR.se", "fiml.regression.parameters", "fiml.regression_MLR.se"]


@pytest.mark.parametrize("id", [*TABLES, "fiml.path.parameters"])
def test_parameters(id):
    assert_table(fitted(id.rpartition(".")[0]).estimates(), RECORDS[id])


def test_standardised():
    assert_table(fitted("fiml.cfa").standardised(), RECORDS["fiml.cfa.std"])


def test_rows_explained_share_and_likelihood():
    record, found = RECORDS["fiml.regression.n_r2_logl"], fitted("fiml.regression")
    got = {"n": found.n_obs, "r2": found.r_squared()["value"][0], "logl": found.measures()["log_likelihood"]}
    for name, value in record["estimate"].items():
        assert_close(got[name], value, record, name)


@pytest.mark.parametrize("id", ["em.SAT.mean", "em.SAT.cov", "em.SAT.cov_lavaan"])
def test_the_saturated_model(id):
    record = RECORDS[id]
    sample = fit("SAT =~ SAT1 + SAT2 + SAT3 + SAT4 + SAT5", scored(), missing="fiml").sample.groups[0]
    reference = record["estimate"]
    reference = list(reference.values()) if isinstance(reference, dict) else reference
    assert_close(sample.mean if id.endswith("mean") else sample.cov, reference, record)
