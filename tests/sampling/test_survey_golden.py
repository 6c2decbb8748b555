"""Every record of design-based estimation that R's survey gave, met within its own tolerance."""

import numpy as np
import pytest

from evalkit.contract import Category, Codebook, Variable, attach
from evalkit.sampling import (
    Design,
    calibrate,
    estimates,
    poststratify,
    rake,
    trim,
    weight_diagnostics,
)

DESIGNS = {
    "des": Design("weight", "stratum", "community_id"),
    "des_fpc": Design("weight", "stratum", "community_id", "fpc_communities"),
    "des_fpc2": Design("weight", "stratum", "community_id", "fpc_communities", "fpc_households"),
    "des_w": Design("weight"),
}
ORDERS = {
    "tenure": ("owner", "renter", "public"),
    "stratum": ("danwei", "commodity", "resettlement", "urban_village"),
}
MARGINS = {
    "gender": {"female": 0.51, "male": 0.49},
    "age_band": {"18-34": 0.30, "35-59": 0.45, "60+": 0.25},
    "tenure": {"owner": 0.60, "renter": 0.30, "public": 0.10},
}
N = 300_000
WEIGHTS = Design("weight")
CELLS = [
    {"gender": g, "age_band": a, "total": share}
    for (a, g), share in zip(
        [(a, g) for a in ("18-34", "35-59", "60+") for g in ("female", "male")],
        (0.15, 0.15, 0.23, 0.22, 0.13, 0.12),
        strict=True,
    )
]


@pytest.fixture
def sample(scored):
    ordered = [
        Variable(name, "nominal", categories=tuple(Category(c, c, c) for c in codes)) for name, codes in ORDERS.items()
    ]
    return attach(scored, Codebook().with_variables(ordered))


def same(found, record, columns=("estimate", "std_error", "conf_low", "conf_high")):
    """Row by row, the columns in the order estimate, se, lower, upper."""
    wanted = record.estimate[["estimate", "se", "lower", "upper"][: len(columns)]].to_numpy(float)
    got = found.tidy()[list(columns)].to_numpy(float)
    return got.shape == wanted.shape and bool(
        (np.abs(got - wanted) <= record.absolute + record.relative * np.abs(wanted)).all()
    )


@pytest.mark.parametrize("name", DESIGNS)
def test_means_totals_and_proportions(name, sample, golden):
    normal = {"df": np.inf, "design": DESIGNS[name]}
    assert same(estimates(sample, ["SAT", "PAR", "trust_before"], **normal), golden("survey", f"{name}.mean"))
    party = estimates(sample, ["party_member"], statistic="total", **normal)
    assert same(party, golden("survey", f"{name}.total_party"))
    tenure = estimates(sample, ["tenure"], statistic="proportion", interval="wald", **normal)
    assert tenure.tidy()["level"].tolist() == list(ORDERS["tenure"])
    assert same(tenure, golden("survey", f"{name}.proportion_tenure"))
    by_t = estimates(sample, ["SAT"], design=DESIGNS[name])
    assert same(by_t, golden("survey", f"{name}.mean_df"))
    if name != "des_fpc2":
        assert by_t.tidy()["df"].iloc[0] == golden("survey", "degf").approx(name)


def test_missing_answers_leave_the_sample_whole(sample, golden):
    found = estimates(sample, ["trust_after"], df=np.inf, design=DESIGNS["des"])
    assert same(found, golden("survey", "des.mean_na_rm"))
    assert found.tidy()["n_missing"].iloc[0] == sample["trust_after"].isna().sum()


@pytest.mark.parametrize(("kind", "id"), [("srs", "des.deff_mean"), ("replace", "des.deff_mean_replace")])
def test_design_effects(kind, id, sample, golden):
    found = estimates(sample, ["SAT", "PAR"], deff=kind, design=DESIGNS["des"]).tidy()
    assert dict(zip(found["term"], found["deff"], strict=True)) == golden("survey", id).approx()


def test_the_variance_of_the_population(sample, golden):
    found = estimates(sample, ["SAT"], statistic="variance", design=DESIGNS["des"]).tidy().iloc[0]
    assert {"var": found["estimate"], "se": found["std_error"]} == golden("survey", "des.var").approx()


@pytest.mark.parametrize("by", ["renovated", "stratum"])
def test_domains(by, sample, golden):
    record = golden("survey", f"des.by_{by}")
    found = estimates(sample, ["SAT"], by=by, design=DESIGNS["des"]).tidy()
    assert found["group"].tolist() == [f"{by}.{term}" for term in record.estimate["term"]]
    assert found["estimate"].to_numpy() == record.approx("SAT")
    assert found["std_error"].to_numpy() == record.approx("se")


def test_a_subpopulation_keeps_the_design(sample, golden):
    found = estimates(sample, ["SAT"], where="renter == 1", df=np.inf, design=DESIGNS["des"])
    assert same(found, golden("survey", "des.subpop_renters"))
    assert found.n_obs == (sample["renter"] == 1).sum()


def test_a_difference_of_domains(sample, golden):
    found = estimates(sample, ["SAT"], by="renovated", difference=True, design=DESIGNS["des"]).tidy().iloc[-1]
    assert {"diff": found["estimate"], "se": found["std_error"]} == golden("survey", "des.diff_renovated").approx()
    assert found["df"] == 35


def test_a_ratio(sample, golden):
    found = estimates(sample, ["SAT"], statistic="ratio", denominator="PAR", design=DESIGNS["des"]).tidy().iloc[0]
    assert {"ratio": found["estimate"], "se": found["std_error"]} == golden("survey", "des.ratio").approx()


def test_quantiles(sample, golden):
    found = estimates(sample, ["SAT", "trust_before"], statistic="quantile", design=DESIGNS["des"]).tidy()
    names = [f"{n}.{p}" for n in ("SAT", "trust") for p in (25, 50, 75)]
    assert dict(zip(names, found["estimate"], strict=True)) == golden("survey", "des.quantiles").approx()
    assert (found["conf_low"] <= found["estimate"]).all() and (found["estimate"] <= found["conf_high"]).all()


KINDS = {"logit": "logit", "xlogit": "logit", "likelihood": "likelihood", "asin": "arcsine", "beta": "beta"}


@pytest.mark.parametrize(("method", "kind"), [*KINDS.items(), ("mean", "wald")])
def test_intervals_of_a_proportion(method, kind, sample, golden):
    found = estimates(sample, ["signed_agreement"], statistic="proportion", interval=kind, design=DESIGNS["des"])
    row = found.tidy().set_index("level").loc["1"]
    got = {"p": row["estimate"], "lower": row["conf_low"], "upper": row["conf_high"]}
    assert got == golden("survey", f"des.ciprop_signed.{method}").approx()


def test_counts_in_the_population(sample, golden):
    found = estimates(sample, ["tenure"], statistic="total", by="gender", design=DESIGNS["des"]).tidy()
    wide = found.pivot(index="group", columns="level", values="estimate")[list(ORDERS["tenure"])]
    assert wide.to_numpy() == golden("survey", "des.table_counts").approx()


def test_the_jackknife(sample, golden):
    found = estimates(sample, ["SAT", "PAR"], variance="jackknife", design=DESIGNS["des"])
    assert same(found, golden("survey", "jkn.mean"), ("estimate", "std_error"))


@pytest.mark.parametrize("rule", ["adjust", "average", "certainty"])
def test_a_lonely_stratum(rule, sample, golden):
    part = sample[~((sample["stratum"] == "urban_village") & (sample["community_id"] != "C33"))]
    found = estimates(part, ["SAT"], lonely=rule, design=DESIGNS["des"])
    row = found.tidy().iloc[0]
    assert {"mean": row["estimate"], "se": row["std_error"]} == golden("survey", f"lonely_psu.{rule}").approx()
    assert [p.code for p in found.notices] == [{"adjust": "W693", "average": "N898", "certainty": "W899"}[rule]]


def test_what_weights_cost(sample, golden):
    w = sample["weight"].to_numpy()
    found = weight_diagnostics(w)
    got = {
        "sum": found["weight_sum"],
        "deff_w": found["deff"],
        "n_eff": found["n_effective"],
        "cv": found["cv"],
        "max_over_mean": found["max"] / w.mean(),
    }
    assert got == golden("survey", "kish").approx()


def test_weighted_mean_and_normalised_weights(sample, golden):
    even = rake(sample, {"gender": sample.groupby("gender")["weight"].sum().to_dict()}, design=WEIGHTS)
    normalised = even.weights * len(sample) / even.weights.sum()
    assert normalised.to_numpy()[:5] == golden("survey", "normalised_weights_first5").approx()
    record = golden("survey", "weighted_mean_sd.SAT")
    centre = estimates(sample, ["SAT"], design=WEIGHTS).tidy()["estimate"].iloc[0]
    spread = estimates(sample, ["SAT"], statistic="variance", design=WEIGHTS).tidy()["estimate"].iloc[0]
    assert centre == record.approx("mean")
    n, w = len(sample), sample["weight"].to_numpy()
    square = spread * (n - 1) / n  # the population variance of the weighted sample
    assert np.sqrt(square) == record.approx("sd_pop")
    assert np.sqrt(square * w.sum() / (w.sum() - 1)) == record.approx("sd_freq")
    assert np.sqrt(square * w.sum() / (w.sum() - w @ w / w.sum())) == record.approx("sd_reliability")


def test_raking(sample, golden):
    found = rake(sample, MARGINS, population=N, design=WEIGHTS)
    w = found.weights.to_numpy()
    assert found.converged and found.largest_gap < 1e-9
    assert w[:20] == golden("survey", "rake.weights_first20").approx()
    assert summary(w) == golden("survey", "rake.weights_summary").approx()
    reached = dict(zip(found.tidy()["level"], found.tidy()["estimate"] / N, strict=True))
    assert reached == golden("survey", "rake.margins_reached").approx()
    for name, part in MARGINS.items():
        assert part == golden("survey", f"margins.{name}").approx()
    assert w.sum() == golden("survey", "margins.N").approx()
    assert w @ sample["SAT"] / w.sum() == golden("survey", "rake.mean_SAT_weights_only").approx()
    means = estimates(sample, ["SAT", "PAR"], weighting=found, df=np.inf, design=WEIGHTS)
    assert same(means, golden("survey", "rake.svymean"))
    clustered = estimates(sample, ["SAT", "PAR"], weighting=found, df=np.inf, design=DESIGNS["des"])
    assert same(clustered, golden("survey", "rake_cluster.svymean"))
    at_once = estimates(sample, ["SAT", "PAR"], margins=MARGINS, population=N, df=np.inf, design=DESIGNS["des"])
    assert same(at_once, golden("survey", "rake_cluster.svymean"))


def summary(w):
    return {
        "sum": w.sum(),
        "min": w.min(),
        "max": w.max(),
        "sumsq": w @ w,
        "deff_kish": weight_diagnostics(w)["deff"],
    }


def test_raking_from_equal_weights(sample, golden):
    w = rake(sample, MARGINS).weights.to_numpy()
    assert w[:20] == golden("survey", "rake_unit.weights_first20").approx()
    assert summary(w) == golden("survey", "rake_unit.weights_summary").approx()


def test_poststratification(sample, golden):
    found = poststratify(sample, CELLS, population=N, design=WEIGHTS)
    assert found.weights.to_numpy()[:20] == golden("survey", "poststratify.weights_first20").approx()
    means = estimates(sample, ["SAT"], weighting=found, df=np.inf, design=WEIGHTS)
    assert same(means, golden("survey", "poststratify.svymean"))


def test_calibration(sample, golden):
    linear = calibrate(sample, MARGINS, population=N, design=WEIGHTS)
    assert linear.weights.to_numpy()[:20] == golden("survey", "calibrate_linear.weights_first20").approx()
    means = estimates(sample, ["SAT"], weighting=linear, df=np.inf, design=WEIGHTS)
    assert same(means, golden("survey", "calibrate_linear.svymean"))
    raking = calibrate(sample, MARGINS, method="raking", population=N, design=WEIGHTS)
    assert raking.weights.to_numpy()[:20] == golden("survey", "calibrate_raking.weights_first20").approx()
    logit = calibrate(sample, MARGINS, method="logit", bounds=(0.4, 2.5), population=N, design=WEIGHTS)
    assert logit.weights.to_numpy()[:20] == golden("survey", "calibrate_logit_0.4_2.5.weights_first20").approx()
    ratio = logit.weights / sample["weight"]
    assert ratio.between(0.4, 2.5).all()


def test_trimming(sample, golden):
    raked = rake(sample, MARGINS, population=N, design=WEIGHTS)
    w = trim(sample, lower=0.3, upper=3, weighting=raked).weights.to_numpy()
    assert w[:20] == golden("survey", "trim.weights_first20").approx()
    assert {k: summary(w)[k] for k in ("sum", "min", "max")} == golden("survey", "trim.summary").approx()


ELSEWHERE = ("glm", "des.olr", "des.regTermTest", "des.cor", "des.ttest", "des.chisq")


def test_every_record_of_this_room_is_met_above(golden):
    """What the models will answer apart, each record's name stands in this file."""
    from pathlib import Path

    text = Path(__file__).read_text(encoding="utf-8")
    made = {f"{d}.{s}" for d in DESIGNS for s in ("mean", "total_party", "proportion_tenure", "mean_df")}
    made |= {f"des.ciprop_signed.{m}" for m in (*KINDS, "mean")} | {"des.by_renovated", "des.by_stratum"}
    made |= {f"lonely_psu.{r}" for r in ("adjust", "average", "certainty")} | {f"margins.{n}" for n in MARGINS}
    ours = [i for i in golden.ids("survey") if not any(part in i for part in ELSEWHERE)]
    assert [i for i in ours if i not in made and f'"{i}"' not in text] == []
    assert len(ours) > 55
