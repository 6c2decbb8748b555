"""Mediation among latent variables against lavaan, its options, faults, tables and sentences."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import evalkit as ek
from evalkit.contract import AnalysisError
from evalkit.report.figures import draw
from evalkit.report.sentences import sentences
from evalkit.structure import fit

GOLDEN = Path(__file__).parent.parent / "golden"
RECORDS = {
    r["id"]: r
    for r in json.loads((GOLDEN / "mediation.json").read_text(encoding="utf-8"))["values"]
    if r["id"].startswith("latent.")
}
OPTIONS = {
    "ML": {},
    "MLR": {"estimator": "MLR"},
    "FIML_MLR": {"estimator": "MLR", "missing": "fiml"},
    "WLSMV": {"ordinal": True},
}
ITEMS = {s: [f"{s}{i}" for i in range(1, k + 1)] for s, k in (("OE", 4), ("SV", 4), ("CW", 4), ("SAT", 5))}
OURS = {
    "ind1": "indirect.SV",
    "ind2": "indirect.CW",
    "ind12": "indirect.SV.CW",
    "indtot": "indirect.total",
    "total": "total",
}
COLUMNS = {
    "est": "estimate",
    "est.std": "beta",
    "se": "std_error",
    "z": "statistic",
    "pvalue": "p_value",
    "ci.lower": "conf_low",
    "ci.upper": "conf_high",
}


@cache
def scored() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "residents_scored.csv")


@cache
def simulated(n: int = 300) -> pd.DataFrame:
    """x, m, y with three items each, a binary observed z and a class of three categories."""
    rng = np.random.default_rng(5)
    z = rng.integers(0, 2, n)
    x = rng.normal(size=n) + 0.3 * z
    m = 0.5 * x + rng.normal(size=n)
    y = 0.4 * m + 0.2 * x + rng.normal(size=n)
    columns = {f"{f}{i}": v + rng.normal(0, 0.6, n) for f, v in (("x", x), ("m", m), ("y", y)) for i in (1, 2, 3)}
    frame = pd.DataFrame(columns).assign(z=z, score=y, place=np.array(["a", "b", "c"])[rng.integers(0, 3, n)])
    return frame.assign(town=rng.integers(0, 20, n))


MEASURED = {f: [f"{f}{i}" for i in (1, 2, 3)] for f in ("x", "m", "y")}


@cache
def chain(name: str):
    return ek.latent_mediate(
        scored(), x="OE", m=["SV", "CW"], y="SAT", kind="serial", items=ITEMS, ci="delta", **OPTIONS[name]
    )


def row_of(result, ref: dict) -> pd.Series:
    """Our row of a parameter of lavaan's."""
    if ref["op"] == ":=":
        return result.effects.set_index("term").loc[OURS[ref["lhs"]]]
    found = result.structural.estimates.rename(columns={"est": "estimate", "se": "std_error", "z": "statistic"})
    ends = (ref["lhs"], ref["rhs"] or "")
    pairs = zip(found["lhs"], found["rhs"], strict=True)
    return found[(found["op"] == ref["op"]) & np.array([pair in (ends, ends[::-1]) for pair in pairs])].iloc[0]


@pytest.mark.parametrize("id", [id for id in RECORDS if id.endswith(".parameters")])
def test_parameters_and_effects_agree_with_lavaan(id):
    record, result = RECORDS[id], chain(id.split(".")[1])
    for ref in record["estimate"]:
        row = row_of(result, ref)
        for theirs, ours in COLUMNS.items():
            if ref.get(theirs) is None:
                continue
            near = record["tol"]["abs"] + record["tol"]["rel"] * abs(ref[theirs])
            assert abs(row[ours] - ref[theirs]) <= near, (ref["lhs"], ref["op"], ref["rhs"], theirs)


def test_standardised_effects_agree_with_lavaan():
    record, result = RECORDS["latent.ML.std"], chain("ML")
    for ref in record["estimate"]:
        row = row_of(result, ref)
        near = record["tol"]["abs"] + record["tol"]["rel"] * abs(ref["est.std"])
        if ref["op"] == ":=":
            half = (row["completely_high"] - row["completely_low"]) / 2 / norm.ppf(0.975)
            assert abs(row["completely_standardised"] - ref["est.std"]) <= near
            assert abs(half - ref["se"]) <= record["tol"]["abs"] + record["tol"]["rel"] * ref["se"]
        else:
            assert abs(row["beta"] - ref["est.std"]) <= near


@pytest.mark.parametrize("id", [id for id in RECORDS if id.endswith(".fit")])
def test_fit_agrees_with_lavaan(id):
    record, got = RECORDS[id], chain(id.split(".")[1]).glance().iloc[0]
    names = {"pvalue": "p_value", "logl": "log_likelihood", "chisq.scaled": "chisq_scaled", "cfi.robust": "cfi_robust"}
    names |= {"rmsea.ci.lower": "rmsea_low", "rmsea.ci.upper": "rmsea_high", "rmsea.robust": "rmsea_robust"}
    names |= {name: name for name in ("chisq", "df", "cfi", "tli", "rmsea", "srmr", "aic", "bic", "npar")}
    held = [name for name in names if record["estimate"].get(name) is not None]
    assert len(held) > 9
    for name in held:
        reference = record["estimate"][name]
        assert abs(got[names[name]] - reference) <= record["tol"]["abs"] + record["tol"]["rel"] * abs(reference), name


def test_rows_used():
    assert chain("ML").n_obs == RECORDS["latent.n"]["estimate"]
    assert sum(d.n for d in chain("ML").dropped) == len(scored()) - chain("ML").n_obs


def test_the_text_says_the_same_model_to_the_engine():
    result = chain("ML")
    assert fit(result.model, scored()).measures()["chisq"] == pytest.approx(result.glance()["chisq"][0])


def test_intervals_come_from_resamples_and_draws_and_the_first_is_the_result():
    result = ek.latent_mediate(
        simulated(), x="x", m="m", y="y", items=MEASURED, resamples=300, seed=3,
        ci=["bias_corrected", "percentile", "monte_carlo", "delta"],
    )  # fmt: skip
    row = result.effects.set_index("term").loc["indirect.m"]
    assert (row["conf_low"], row["conf_high"]) == (row["bc_low"], row["bc_high"])
    for name in ("bc", "perc", "mc", "delta"):
        assert row[f"{name}_low"] == pytest.approx(row["delta_low"], abs=0.06)
        assert row[f"{name}_low"] < row["estimate"] < row[f"{name}_high"]
    assert row["mc_high"] - row["estimate"] > row["estimate"] - row["mc_low"]  # a product is skewed to the right
    assert row["boot_se"] == pytest.approx(row["std_error"], rel=0.25)
    assert result.resamples == 300
    assert result.n_failed == 0
    again = ek.latent_mediate(simulated(), x="x", m="m", y="y", items=MEASURED, resamples=300, seed=3)
    assert again.effects.set_index("term").loc["indirect.m", "perc_low"] == row["perc_low"]


def test_effects_add_up_and_shares_too():
    effects = chain("ML").effects.set_index("term")
    specific = effects.loc[["indirect.SV", "indirect.CW", "indirect.SV.CW"]]
    assert specific["estimate"].sum() == pytest.approx(effects.loc["indirect.total", "estimate"])
    assert effects.loc["total", "estimate"] == pytest.approx(
        effects.loc["direct", "estimate"] + effects.loc["indirect.total", "estimate"]
    )
    assert effects.loc["direct", "share"] + specific["share"].sum() == pytest.approx(100)
    difference = effects.loc["indirect.SV", "estimate"] - effects.loc["indirect.CW", "estimate"]
    assert effects.loc["contrast.SV-CW", "estimate"] == pytest.approx(difference)


def test_mediators_side_by_side_have_correlated_residuals():
    result = ek.latent_mediate(
        scored(), x="OE", m=["SV", "CW"], y="SAT", kind="parallel", items=ITEMS, ci="delta", conf_level=0.9
    )
    assert "SV ~~ CW" in result.model
    # The same covariances are left free in a row, where the second mediator follows from the first.
    assert result.glance()["chisq"][0] == pytest.approx(chain("ML").glance()["chisq"][0], abs=1e-4)
    assert list(result.effects["term"])[-1] == "contrast.SV-CW"


def test_observed_roles_and_covariates():
    data = simulated()
    result = ek.latent_mediate(
        data, x="z", m="m", y="score", items={"m": MEASURED["m"]}, covariates=["x1", "place"], ci="delta"
    )
    assert "score ~ direct_effect*z + path_b1*m + x1 + place__2 + place__3" in result.model
    effects = result.effects.set_index("term")
    dummies = {f"place__{k}": (data["place"] == c).astype(float) for k, c in ((2, "b"), (3, "c"))}
    found = fit(result.model, data.assign(**dummies))
    assert effects.loc["total", "estimate"] == pytest.approx(
        found.estimates().query("lhs == 'total_effect'")["est"].iloc[0]
    )
    spread = effects["completely_standardised"] / effects["partially_standardised"]
    assert spread.to_numpy() == pytest.approx(data["z"].std(ddof=0))
    latent = ek.latent_mediate(data, x="x", m="m", y="y", items=MEASURED, covariates=["z", "place"], ci="delta")
    assert "x ~ z + place__2 + place__3" in latent.model
    assert latent.effects["partially_standardised"].isna().all()


def test_scales_of_the_codebook_are_latent_unless_they_are_to_be_observed():
    scales = [{"id": f, "items": MEASURED[f]} for f in ("x", "m", "y")]
    data = ek.score(simulated(), scales)
    result = ek.latent_mediate(data, x="x", m="m", y="y", ci="delta")
    assert set(result.items) == {"x", "m", "y"}
    mixed = ek.latent_mediate(data, x="x", m="m", y="y", observed="x", ci="delta")
    assert set(mixed.items) == {"m", "y"}
    whole = ek.latent_mediate(data, x="x", m="m", y="y", observed=["x", "m", "y"], ci="delta")
    ols = ek.mediate(data, x="x", m=["m"], y="y", resamples=100)
    ours, theirs = (r.tidy().query("outcome.isna()").set_index("term")["estimate"] for r in (whole, ols))
    for term in ("total", "direct", "indirect.m"):
        assert ours[term] == pytest.approx(theirs[term])  # without latent variables: regressions
    indirect = result.effects.set_index("term").loc["indirect.m", "completely_standardised"]
    assert indirect > mixed.effects.set_index("term").loc["indirect.m", "completely_standardised"]  # attenuation


def test_clusters_are_drawn_whole_and_enter_the_errors():
    kwargs = {"x": "x", "m": "m", "y": "y", "items": MEASURED, "resamples": 100, "ci": ["percentile", "delta"]}
    result = ek.latent_mediate(simulated(), cluster="town", **kwargs)
    plain = ek.latent_mediate(simulated(), **kwargs)
    assert result.structural.estimator == "MLR"  # sandwich errors over the clusters
    assert result.effects["estimate"].to_numpy() == pytest.approx(plain.effects["estimate"].to_numpy(), abs=1e-6)
    for name in ("std_error", "boot_se"):
        assert not np.allclose(result.effects[name], plain.effects[name], rtol=1e-3)
    notes = [n.label.text("en") for n in result.table().notes if not isinstance(n.label, str)]
    assert "Whole clusters of town are resampled." in notes


def test_a_total_effect_of_the_other_sign_has_no_share():
    data = simulated().assign(score=lambda d: d["m1"] - d["x1"] + 0.1 * d["y1"])
    result = ek.latent_mediate(data, x="x1", m="m1", y="score", ci="delta")
    assert result.effects["share"].isna().all()
    assert {p.code for p in result.notices} & {"N682", "N684"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"m": "x"}, "E670"),
        ({"m": ["m", "y1"]}, "E671"),
        ({"m": []}, "E677"),
        ({"items": {"x": ["x1"]}}, "E6400"),
        ({"items": {"x": ["x1", "x2"], "m": ["x2", "m1"]}}, "E6401"),
        ({"items": {"other": ["x1", "x2"]}}, "E6402"),
        ({"observed": ["other"]}, "E6402"),
        ({"y": "place"}, "E6403"),
        ({"y": "nothing"}, "E600"),
        ({"items": {"x": ["x1", "nothing"]}}, "E600"),
        ({"ci": "bootstrap"}, "E672"),
        ({"ci": []}, "E672"),
        ({"resamples": 10}, "E673"),
        ({"estimator": "OLS"}, "E928"),
        ({"conf_level": 95}, "E928"),
        ({"cluster": "nowhere"}, "E600"),
    ],
)
def test_a_call_that_means_nothing_says_so(change, code):
    call = {"x": "x", "m": "m", "y": "score", "items": {f: MEASURED[f] for f in ("x", "m")}} | change
    with pytest.raises(AnalysisError) as found:
        ek.latent_mediate(simulated(), **call)
    assert [p.code for p in found.value.problems] == [code]


def test_a_search_that_does_not_arrive_gives_no_numbers():
    names = [*MEASURED["x"], *MEASURED["m"], "y"]
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=(12, 7)), columns=names)
    items = {f: MEASURED[f] for f in ("x", "m")}
    result = ek.latent_mediate(noise, x="x", m="m", y="y", items=items)
    assert "W930" in {p.code for p in result.notices}
    assert result.resamples == 0
    assert result.effects["estimate"].isna().all()
    assert set(result.effects["reason"]) == {"latent.why_not_arrived"}
    assert all(row.cells[2].reason == "latent.why_not_arrived" for row in result.table().rows)
    assert len(sentences("latent_mediate", result)) == 1


def test_tables_figure_and_sentences():
    result = chain("ML")
    assert result.templates == ("T15", "T5", "T16", "T8", "T9")
    table = result.table()
    assert [row.cells[1].value.text("en") for row in table.rows][:3] == ["Total", "Direct", "Indirect (Ind1)"]
    assert [h.label if isinstance(h.label, str) else h.label.text("en") for h in table.header[0]][4] == (
        "Delta-method 95% CI"
    )
    for template in result.templates[1:]:
        assert result.table(template).template == template
    assert "indirect_1" not in {row.cells[0].value.text("en") for row in result.table("T16").rows if row.cells[0].value}
    with pytest.raises(AnalysisError):
        result.table("T19")
    edges = result.figure().frame
    assert {(r["from"], r["to"], r["role"]) for r in edges.to_dict("records")} == {
        ("OE", "SV", "a"), ("OE", "CW", "a"), ("SV", "CW", "d"), ("OE", "SAT", "direct"), ("SV", "SAT", "b"),
        ("CW", "SAT", "b"),
    }  # fmt: skip
    assert b"<svg" in draw(result.figure(), lang="zh").svg
    said = [s.text("zh") for s in sentences("latent_mediate", result)]
    assert any("CFI=" in s for s in said)
    assert any("OE经由SV对SAT的间接效应值为0.176" in s for s in said)
    assert result.tidy()["term"].tolist()[:2] == ["total", "direct"]
    simple = ek.latent_mediate(simulated(), x="x", m="m", y="y", items=MEASURED, resamples=100)
    assert simple.templates[0] == "T14"
    assert [h.label for h in simple.table().header[0]][3] == "mediation.boot_se"
