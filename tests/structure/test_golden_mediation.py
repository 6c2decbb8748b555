"""Path models with defined parameters, observed and latent, against lavaan."""

from __future__ import annotations

from functools import cache

import pytest
from scipy.stats import norm
from structure_models import assert_close, assert_table, measure, records, scored

from evalkit import sem
from evalkit.structure import fit
from evalkit.structure.table import KEYS

RECORDS = records("mediation")
NORMAL = ("p_value", "conf_low", "conf_high")
NAMES = ("nocov", "simple", "parallel", "serial", "modmed7", "modmed7c", "modmed14", "modmed8", "multiX")
MODELS = {name: RECORDS[f"lavaan.{name}.model"]["estimate"] for name in NAMES}
MODELS["lat"] = RECORDS["latent.model"]["estimate"]
OPTIONS = {
    "simple_MLR": ("simple", {"estimator": "MLR"}),
    "simple_cluster": ("simple", {"cluster": "community_id"}),
    "multiX_MLR": ("multiX", {"estimator": "MLR"}),
    "ML": ("lat", {}),
    "MLR": ("lat", {"estimator": "MLR"}),
    "FIML_MLR": ("lat", {"estimator": "MLR", "missing": "fiml"}),
}
OBSERVED = [id for id in RECORDS if id.startswith("lavaan.")]
LATENT = [id for id in RECORDS if id.startswith("latent.") and "WLSMV" not in id]


def sample():
    """The analysis sample with the products of the moderation models."""
    data = scored()
    data = data[data["in_analysis_sample"] == 1].copy()
    data["CC_c"] = data["CC"] - data["CC"].mean()
    data["al_c"] = data["alliance_strength"] - data["alliance_strength"].mean()
    data["OE_al"], data["OE_ren"] = data["OE"] * data["al_c"], data["OE"] * data["renovated"]
    data["SV_CC"] = data["SV"] * data["CC_c"]
    return data


@cache
def fitted(name: str):
    model, options = OPTIONS.get(name, (name, {}))
    return fit(MODELS[model], scored() if model == "lat" else sample(), **options)


def of(ids: list[str], *kinds: str) -> list[str]:
    return [id for id in ids if id.rpartition(".")[2] in kinds]


def test_every_record_is_held():
    held = of(OBSERVED + LATENT, "parameters", "std", "r2", "fit", "model")
    assert set(OBSERVED + LATENT) - set(held) == {"latent.n"}
    assert fitted("ML").n_obs == RECORDS["latent.n"]["estimate"]


@pytest.mark.parametrize("id", of(OBSERVED + LATENT, "parameters"))
def test_parameters(id):
    assert_table(fitted(id.split(".")[1]).estimates(), RECORDS[id])


@pytest.mark.parametrize("id", of(OBSERVED + LATENT, "std"))
def test_standardised(id):
    assert_table(fitted(id.split(".")[1]).standardised(), RECORDS[id])


@pytest.mark.parametrize("id", of(OBSERVED + LATENT, "r2"))
def test_r_squared(id):
    got = fitted(id.split(".")[1]).r_squared().set_index("name")["value"]
    for name, value in RECORDS[id]["estimate"].items():
        assert_close(got[name], value, RECORDS[id], name)


@pytest.mark.parametrize("id", of(OBSERVED + LATENT, "fit"))
def test_fit_measures(id):
    found = fitted(id.split(".")[1])
    measures = found.measures()
    for name, value in RECORDS[id]["estimate"].items():
        reference = float("nan") if value is None else value
        assert_close(measure(measures, name, found.n_obs), reference, RECORDS[id], name)


@cache
def analysed(name: str):
    options = {"WLSMV": {"ordinal": True}}.get(name) or OPTIONS[name][1]
    return sem(scored(), MODELS["lat"], **options)


def test_a_binary_outcome_is_conditional_on_its_predictors():
    record = RECORDS["binary_outcome.WLSMV.parameters"]
    text = "SV ~ a*OE\nsigned_agreement ~ cp*OE + b*SV\nind := a*b"
    found = sem(sample(), text, ordinal=["signed_agreement"], estimator="WLSMV")
    assert_table(found.estimates, record)
    assert [(n.code, n.params) for n in found.notices] == [("N954", {"items": ["SV"]})]


@pytest.mark.parametrize("id", of([id for id in RECORDS if id.startswith("latent.")], "parameters", "std"))
def test_the_public_step_gives_the_same(id):
    _, name, kind = id.split(".")
    found = analysed(name).estimates
    if kind == "std":
        found = found[[*KEYS, "beta", "beta_se"]].rename(columns={"beta": "est", "beta_se": "se"})
        found = found.assign(z=found["est"] / found["se"].where(found["se"] > 0), **dict.fromkeys(NORMAL))
        half = norm.ppf(0.975) * found["se"]
        found["p_value"] = 2 * norm.sf(found["z"].abs())
        found["conf_low"], found["conf_high"] = found["est"] - half, found["est"] + half
    assert_table(found, RECORDS[id])
