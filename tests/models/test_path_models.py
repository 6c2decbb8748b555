"""Path models against R (OLS, boot, lavaan) and their own identities."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import GLOSSARY, KEYS, VALUES, Category, Codebook, Variable, attach
from evalkit.models import mediate
from evalkit.sampling import Design

COVARIATES = ["age", "female", "education", "renter"]
ALL = ("percentile", "bias_corrected", "bca", "monte_carlo", "product")
COV = " + ".join(COVARIATES)
MODELS = {
    "nocov": {"paths": ["SV ~ a*OE", "SAT ~ cp*OE + b*SV"]},
    "simple": {"paths": [f"SV ~ OE + {COV}", f"SAT ~ OE + SV + {COV}"]},
    "parallel": {"kind": "parallel", "m": ["SV", "CW", "CC"], "covariates": COVARIATES, "centre": "products"},
    "serial": {"kind": "serial", "m": ["SV", "CW"], "covariates": COVARIATES, "centre": "products"},
    "modmed7": {"m": "SV", "process_model": 7, "w": "renovated", "covariates": COVARIATES},
    "modmed7c": {
        "m": "SV",
        "moderators": {"alliance_strength": ["a"]},
        "covariates": COVARIATES,
        "centre": ["alliance_strength"],
    },
    "modmed14": {"m": "SV", "process_model": 14, "w": "CC", "covariates": COVARIATES, "centre": ["CC"]},
    "modmed8": {"m": "SV", "moderators": {"renovated": ["a", "c'"]}, "covariates": COVARIATES},
    "multiX": {
        "x": ["OB", "OE", "MO"],
        "y": ["SAT", "PAR"],
        "covariates": COVARIATES,
        "paths": [
            "PAR ~ OB + OE + MO + SV + CW + CC",
            "SAT ~ OB + OE + MO + SV + CW + CC",
            "CW ~ OB + OE + MO + SV",
            "CC ~ OB + OE + MO + SV",
            "SV ~ OB + OE + MO",
        ],
    },
}
# Golden key of the bootstrap -> model, term, level.
BOOT = {
    "simple": ("simple", "indirect.SV", None),
    "par1": ("parallel", "indirect.SV", None),
    "par2": ("parallel", "indirect.CW", None),
    "par3": ("parallel", "indirect.CC", None),
    "partot": ("parallel", "indirect.total", None),
    "d12": ("parallel", "contrast.SV-CW", None),
    "d13": ("parallel", "contrast.SV-CC", None),
    "d23": ("parallel", "contrast.CW-CC", None),
    "ser1": ("serial", "indirect.SV", None),
    "ser2": ("serial", "indirect.CW", None),
    "ser12": ("serial", "indirect.SV.CW", None),
    "imm7": ("modmed7", "index.SV", "renovated"),
    "cond7_0": ("modmed7", "indirect.SV", "renovated=0"),
    "cond7_1": ("modmed7", "indirect.SV", "renovated=1"),
    "imm14": ("modmed14", "index.SV", "CC"),
    "cond14_lo": ("modmed14", "indirect.SV", "CC=low"),
    "cond14_hi": ("modmed14", "indirect.SV", "CC=high"),
}
# Defined parameters of lavaan -> term, level, x, y.
DEFINED = {
    "nocov": {"ind": ("indirect.SV",), "total": ("total",)},
    "simple": {"ind": ("indirect.SV",), "total": ("total",)},
    "parallel": {
        "ind1": ("indirect.SV",),
        "ind2": ("indirect.CW",),
        "ind3": ("indirect.CC",),
        "indtot": ("indirect.total",),
        "total": ("total",),
        "d12": ("contrast.SV-CW",),
        "d13": ("contrast.SV-CC",),
        "d23": ("contrast.CW-CC",),
    },
    "serial": {
        "ind1": ("indirect.SV",),
        "ind2": ("indirect.CW",),
        "ind12": ("indirect.SV.CW",),
        "indtot": ("indirect.total",),
        "total": ("total",),
    },
    "modmed7": {
        "imm": ("index.SV", "renovated"),
        "cond0": ("indirect.SV", "renovated=0"),
        "cond1": ("indirect.SV", "renovated=1"),
    },
    "modmed7c": {
        "imm": ("index.SV", "alliance_strength"),
        "cond_lo": ("indirect.SV", "alliance_strength=low"),
        "cond_mean": ("indirect.SV", "alliance_strength=mean"),
        "cond_hi": ("indirect.SV", "alliance_strength=high"),
    },
    "modmed14": {
        "imm": ("index.SV", "CC"),
        "cond_lo": ("indirect.SV", "CC=low"),
        "cond_mean": ("indirect.SV", "CC=mean"),
        "cond_hi": ("indirect.SV", "CC=high"),
    },
    "modmed8": {
        "imm": ("index.SV", "renovated"),
        "ind0": ("indirect.SV", "renovated=0"),
        "ind1": ("indirect.SV", "renovated=1"),
        "dir0": ("direct", "renovated=0"),
        "dir1": ("direct", "renovated=1"),
    },
    "multiX": {
        "OE_SV_SAT": ("indirect.SV", None, "OE", "SAT"),
        "OE_SV_CW_SAT": ("indirect.SV.CW", None, "OE", "SAT"),
        "MO_CC_PAR": ("indirect.CC", None, "MO", "PAR"),
        "MO_CW_PAR": ("indirect.CW", None, "MO", "PAR"),
        "OE_total_SAT": ("total", None, "OE", "SAT"),
    },
}
# lavaan's names of products and centred columns -> ours.
NAMES = {
    "OE_ren": "OE:renovated",
    "OE_al": "OE:alliance_strength",
    "al_c": "alliance_strength",
    "CC_c": "CC",
    "SV_CC": "SV:CC",
}
SATURATED = ("nocov", "simple", "parallel", "serial")
_FITTED = {}


@pytest.fixture
def fitted(analysis_sample):
    """`fitted("modmed7")`: the reference model, computed once."""

    def fit(name):
        if name not in _FITTED:
            call = {"x": "OE", "y": "SAT"} | MODELS[name]
            ci = ALL if any(name == model for model, *_ in BOOT.values()) else ("monte_carlo",)
            _FITTED[name] = mediate(analysis_sample, seed=20260101, ci=ci, **call)
        return _FITTED[name]

    return fit


def effect(result, term, level=None, x=None, y=None):
    rows = result.effects
    chosen = rows["term"] == term
    for column, value in (("level", level), ("group", x), ("outcome", y)):
        chosen &= rows[column].isna() if value is None else rows[column] == value
    return rows[chosen].iloc[0]


def ml_errors(result, data):
    """Standard errors of coefficients and effects as lavaan has them: divisor n, and moments implied by the model.

    The implied moments differ from those of the sample where a product with the mediator stands in the equation of y:
    lavaan takes it for exogenous, so of the mediator only what its own equation explains goes along with it.
    """
    from evalkit.models.mediation.arithmetic import Arithmetic
    from evalkit.models.mediation.routes import coefficient_places

    n = result.n_obs
    places = coefficient_places(result.fits.system)
    shrink = np.array([np.sqrt(result.fits.fit(o).df / n) for o, _ in places])
    covariance = result.fits.covariance * np.outer(shrink, shrink)
    mediated = [t for o, t in places if o == "SAT" and t.factors == ("SV", "CC")]
    if mediated:
        own = [i for (o, _), i in places.items() if o == "SAT"]
        covariance[np.ix_(own, own)] = implied_block(result, data, [t for o, t in places if o == "SAT"])
    gradient = Arithmetic.of([e.parts for e in result.listing]).gradient(result.fits.values)
    return np.sqrt(np.diag(covariance)), np.sqrt(np.einsum("eq,qr,er->e", gradient, covariance, gradient))


def implied_block(result, data, terms):
    centred = data.assign(CC=data["CC"] - data["CC"].mean())
    fit = result.fits.fit("SV")
    columns = [np.ones(len(data)) if t == "intercept" else centred[t] for t in fit.terms]
    explained = np.column_stack(columns) @ fit.estimate
    x = np.column_stack([np.ones(len(data)), *(np.prod([centred[f] for f in t.factors], axis=0) for t in terms)])
    at = 1 + [t.factors for t in terms].index(("SV",))
    moments = x.T @ x
    moments[at, :] = moments[:, at] = x.T @ explained
    moments[at, at] = x[:, at] @ x[:, at]
    return np.linalg.inv(moments)[1:, 1:] * result.fits.fit("SAT").ssr / len(data)


class TestAgainstBoot:
    @pytest.mark.parametrize("key", BOOT)
    def test_point_estimates(self, fitted, golden, key):
        model, term, level = BOOT[key]
        got = effect(fitted(model), term, level)["estimate"]
        assert got == golden("mediation", "boot.point_estimates").approx(key)

    @pytest.mark.parametrize("key", BOOT)
    @pytest.mark.parametrize("run", ["b5000", "bhi"])
    def test_bounds_mean_and_spread(self, fitted, golden, key, run):
        model, term, level = BOOT[key]
        row, record = effect(fitted(model), term, level), golden("mediation", f"{run}.{key}")
        pairs = {"boot_mean": "boot_mean", "boot_se": "boot_se"}
        pairs |= {
            f"{a}_{b}": f"{a}_{c}" for a in ("perc", "bc", "bca") for b, c in (("lower", "low"), ("upper", "high"))
        }
        for theirs, ours in pairs.items():
            assert row[ours] == record.approx(theirs), theirs
        assert row["z0"] == pytest.approx(record.value("z0"), abs=0.06)
        assert row["p_boot"] == pytest.approx(record.value("p_two_sided"), abs=0.03)
        assert row["acceleration"] == pytest.approx(record.value("accel"), rel=1e-5, abs=1e-9)

    def test_the_proportion_is_a_share(self, fitted, golden):
        expected = golden("mediation", "boot.point_estimates")
        share = effect(fitted("simple"), "indirect.SV")["share"]
        assert share / 100 == expected.approx("prop")


class TestAgainstLavaan:
    @pytest.mark.parametrize("model", MODELS)
    def test_coefficients_and_their_errors(self, fitted, golden, analysis_sample, model):
        from evalkit.models.mediation.routes import coefficient_places

        result, record = fitted(model), golden("mediation", f"lavaan.{model}.parameters")
        errors, _ = ml_errors(result, analysis_sample)
        places = {(o, str(t)): i for (o, t), i in coefficient_places(result.fits.system).items()}
        rows = [r for r in record.estimate.to_dict("records") if r["op"] == "~"]
        named = [places.get((r["lhs"], NAMES.get(r["rhs"], r["rhs"]))) for r in rows]
        # lavaan's models keep the moderator out of equations whose paths it leaves alone, as these do.
        assert None not in named
        near = {"abs": record.absolute, "rel": record.relative}
        for row, place in zip(rows, named, strict=True):
            assert result.fits.values[place] == pytest.approx(row["est"], **near), row
            assert errors[place] == pytest.approx(row["se"], **near), row

    @pytest.mark.parametrize(("model", "name"), [(m, n) for m, names in DEFINED.items() for n in names])
    def test_effects_and_their_errors(self, fitted, golden, analysis_sample, model, name):
        result, record = fitted(model), golden("mediation", f"lavaan.{model}.parameters")
        row = next(r for r in record.estimate.to_dict("records") if r["lhs"] == name and r["op"] == ":=")
        found = effect(result, *DEFINED[model][name])
        near = {"abs": record.absolute, "rel": record.relative}
        assert found["estimate"] == pytest.approx(row["est"], **near)
        assert ml_errors(result, analysis_sample)[1][found.name] == pytest.approx(row["se"], **near)

    @pytest.mark.parametrize("model", SATURATED)
    def test_standardised_coefficients(self, fitted, golden, model):
        record = golden("mediation", f"lavaan.{model}.std")
        rows = [r for r in record.estimate.to_dict("records") if r["op"] == "~"]
        for row in rows:
            fit = fitted(model).fits.fit(row["lhs"])
            got = fit.beta[fit.place(row["rhs"])]
            assert got == pytest.approx(row["est.std"], abs=record.absolute, rel=record.relative), row

    @pytest.mark.parametrize("model", SATURATED)
    def test_standardised_effects(self, fitted, golden, model):
        record = golden("mediation", f"lavaan.{model}.std")
        for row in record.estimate.to_dict("records"):
            if row["op"] == ":=" and row["lhs"] in DEFINED[model]:
                got = effect(fitted(model), *DEFINED[model][row["lhs"]])["completely_standardised"]
                assert got == pytest.approx(row["est.std"], abs=record.absolute, rel=record.relative), row

    @pytest.mark.parametrize("model", SATURATED)
    def test_r_squared(self, fitted, golden, model):
        record = golden("mediation", f"lavaan.{model}.r2")
        for outcome, value in record.estimate.items():
            got = fitted(model).fits.fit(outcome).r_squared
            assert got == pytest.approx(value, abs=record.absolute, rel=record.relative)


class TestMulticategorical:
    @pytest.fixture
    def result(self, analysis_sample):
        kinds = tuple(Category(c, c, c) for c in ("owner", "renter", "public"))
        data = attach(analysis_sample, Codebook().with_variables([Variable("tenure", "nominal", categories=kinds)]))
        return mediate(data, x="tenure", m="SV", y="SAT", covariates=["age", "female"], resamples=200)

    @pytest.mark.parametrize(("record", "term"), [("relative_indirect", "indirect.SV"), ("relative_direct", "direct")])
    def test_relative_effects(self, result, golden, record, term):
        rows = result.effects[result.effects["term"] == term].set_index("group")["estimate"]
        got = {name.removeprefix("tenure."): value for name, value in rows.items()}
        assert got == golden("mediation", f"multicategorical_x.{record}").approx()

    def test_the_table_names_the_reference(self, result):
        assert result.templates == ("T15", "T13", "sensitivity")
        assert "owner" in " ".join(note.text("en") for note in result.table().notes)

    def test_a_nominal_moderator_has_an_index_for_each_category(self, analysis_sample):
        result = mediate(analysis_sample, x="OE", m="SV", y="SAT", moderators={"tenure": ["a"]}, resamples=200)
        terms = result.effects[result.effects["term"] == "index.SV"].set_index("level")["estimate"]
        at = result.effects[result.effects["term"] == "indirect.SV"].set_index("level")["estimate"]
        assert set(at.index) == {"tenure=owner", "tenure=public", "tenure=renter"}
        for level, value in terms.items():
            category = level.removeprefix("tenure.")
            assert value == pytest.approx(at[f"tenure={category}"] - at["tenure=owner"], rel=1e-9)


def made(n=150, seed=3):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.normal(size=(n, 4)), columns=["x", "w", "z", "c"])
    data["m1"] = 0.4 * data["x"] + 0.3 * data["x"] * data["w"] + 0.2 * data["c"] + rng.normal(size=n)
    data["m2"] = 0.3 * data["m1"] + 0.2 * data["x"] + rng.normal(size=n)
    data["m3"] = 0.3 * data["m1"] + rng.normal(size=n)
    data["m4"] = 0.3 * data["m3"] + rng.normal(size=n)
    data["y"] = 0.4 * data["m2"] + 0.2 * data["m1"] * data["z"] + 0.1 * data["x"] + rng.normal(size=n)
    return data


def slopes(data, outcome, *terms):
    columns = [np.prod([data[name] for name in term.split(":")], axis=0) for term in terms]
    found = np.linalg.lstsq(np.column_stack([np.ones(len(data)), *columns]), data[outcome], rcond=None)[0][1:]
    return dict(zip(terms, found, strict=True))


class TestIdentities:
    def test_a_chain_by_paths_is_the_chain_by_kind(self, analysis_sample):
        options = {"x": "OE", "y": "SAT", "covariates": COVARIATES, "resamples": 300, "seed": 4}
        chain = mediate(analysis_sample, m=["SV", "CW"], kind="serial", ci=ALL, **options)
        paths = mediate(analysis_sample, paths=["SV ~ OE", "CW ~ OE + SV", "SAT ~ OE + SV + CW"], ci=ALL, **options)
        one, two = chain.effects.set_index("term"), paths.effects.set_index("term")
        assert set(one.index) - set(two.index) == {"proportion"}
        one = one.loc[two.index]
        for column in (
            "estimate",
            "boot_se",
            "perc_low",
            "bc_high",
            "bca_low",
            "acceleration",
            "joint_p",
            "completely_low",
            "partially_high",
            "completely_standardised",
        ):
            assert np.allclose(one[column], two[column], rtol=1e-7, equal_nan=True), column
        rows = two.index.str.startswith(("indirect", "contrast"))
        assert np.allclose(one["sobel_se"][rows], two["sobel_se"][rows], rtol=1e-6)

    def test_conditional_effects_by_hand(self):
        data = made()
        result = mediate(
            data, x="x", m=["m1", "m2"], y="y", kind="serial", moderators={"w": ["a1", "d21"]}, at={"w": [-1, 0.5]},
            resamples=100,
        )  # fmt: skip
        a = slopes(data, "m1", "x", "w", "x:w")
        d = slopes(data, "m2", "x", "m1", "w", "m1:w")
        b = slopes(data, "y", "x", "m1", "m2")
        for value in (-1, 0.5):
            expected = (a["x"] + a["x:w"] * value) * (d["m1"] + d["m1:w"] * value) * b["m2"]
            assert effect(result, "indirect.m1.m2", f"w={value:g}")["estimate"] == pytest.approx(expected, rel=1e-9)
        assert "N6171" in [p.code for p in result.notices]
        assert not (result.effects["term"] == "index.m1.m2").any()
        assert (result.effects["term"] == "index.m1").any()

    def test_total_is_direct_plus_indirect_at_every_condition(self):
        result = mediate(made(), x="x", m="m1", y="y", process_model=76, w="w", z="z", resamples=100)
        rows = result.effects.set_index(["term", "level"])["estimate"]
        levels = [level for term, level in rows.index if term == "total"]
        assert len(levels) == 9
        for level in levels:
            assert rows["total", level] == pytest.approx(
                rows["direct", level] + rows["indirect.total", level], abs=1e-12
            )

    def test_centring_changes_no_effect(self):
        options = {"x": "x", "m": "m1", "y": "y", "process_model": 59, "w": "w", "resamples": 200, "seed": 5}
        data = made().assign(w=lambda d: d["w"] + 7)
        raw, centred = (mediate(data, centre=c, **options).effects for c in ((), "products"))
        for column in ("estimate", "perc_low", "perc_high", "completely_low"):
            assert np.allclose(raw[column], centred[column], rtol=1e-6, atol=1e-9), column

    def test_bootstrap_equals_refitting_each_resample(self):
        from evalkit.resample import counts

        data = made(40)
        result = mediate(data, x="x", m="m1", y="y", moderators={"w": ["a"], "z": ["b"]}, seed=9, resamples=100)
        refitted, sized = [], []
        for block in counts(40, resamples=100, seed=9):
            for row in block:
                drawn = data.loc[np.repeat(data.index, row)]
                a, b = slopes(drawn, "m1", "x", "w", "x:w"), slopes(drawn, "y", "x", "m1", "z", "m1:z")
                refitted.append(a["x:w"] * b["m1:z"])
                sized.append(b["x"] * drawn["x"].std() / drawn["y"].std())
        row = effect(result, "index.m1", "w:z")
        assert row["boot_mean"] == pytest.approx(np.mean(refitted), rel=1e-9)
        assert row["boot_se"] == pytest.approx(np.std(refitted, ddof=1), rel=1e-9)
        low, high = np.sort(sized)[[1, -2]]
        assert low < effect(result, "direct")["completely_low"] < effect(result, "direct")["completely_high"] < high

    def test_indices_by_degree(self):
        additive = mediate(made(), x="x", m="m1", y="y", process_model=9, w="w", z="z", ci="monte_carlo")
        twice = mediate(made(), x="x", m="m1", y="y", process_model=11, w="w", z="z", ci="monte_carlo")
        b = additive.fits.fit("y").estimate[additive.fits.fit("y").place("m1")]
        m1 = additive.fits.fit("m1")
        assert effect(additive, "index.m1", "z")["estimate"] == pytest.approx(m1.estimate[m1.place("x:z")] * b)
        levels = set(twice.effects.loc[twice.effects["term"] == "index.m1", "level"])
        assert levels == {"w:z"} | {
            f"{a},{o}={p}" for a, o in (("w", "z"), ("z", "w")) for p in ("low", "mean", "high")
        }
        rows = twice.effects.set_index(["term", "level"])["estimate"]
        sd = made()["z"].std()
        assert rows["index.m1", "w,z=high"] - rows["index.m1", "w,z=low"] == pytest.approx(
            2 * sd * rows["index.m1", "w:z"], rel=1e-9
        )

    @pytest.mark.parametrize("clustered", [False, True])
    def test_blocks_of_units_leave_no_trace(self, monkeypatch, clustered):
        data = made(60).assign(g=lambda d: d.index % 12)
        options = {
            "x": "x",
            "m": "m1",
            "y": "y",
            "process_model": 7,
            "w": "w",
            "resamples": 120,
            "ci": ("percentile", "bca"),
        }
        options |= {"cluster": "g"} if clustered else {}
        whole = mediate(data, **options).effects
        monkeypatch.setattr("evalkit.models.mediation.products.MOST_CELLS", 40)
        monkeypatch.setattr("evalkit.models.mediation.products.CHUNK", 7)
        monkeypatch.setattr("evalkit.models.mediation.path_frame.MOST_CELLS", 500)
        parts = mediate(data, **options).effects
        for column in ("estimate", "perc_low", "bca_high", "boot_se", "partially_low"):
            assert np.allclose(whole[column], parts[column], rtol=1e-9, equal_nan=True), column

    def test_one_row_a_cluster_is_simple_resampling(self):
        options = {"x": "x", "m": "m1", "y": "y", "process_model": 7, "w": "w", "seed": 5, "resamples": 200}
        data = made().assign(g=lambda d: [f"u{i}" for i in range(len(d))])
        simple, clustered = mediate(data, **options), mediate(data, cluster="g", **options)
        assert clustered.cov == "CR1"
        for column in ("estimate", "boot_se", "perc_low"):
            assert np.allclose(simple.effects[column], clustered.effects[column], rtol=1e-9)

    def test_whole_weights_are_repeated_rows_in_the_estimates(self):
        data = made().assign(weight=lambda d: 1.0 + np.arange(len(d)) % 3)
        options = {"x": "x", "m": "m1", "y": "y", "moderators": {"w": ["a"]}, "at": {"w": [0, 1]}, "resamples": 100}
        weighted = mediate(data, design=Design(weights="weight"), **options)
        repeated = mediate(data.loc[data.index.repeat(data["weight"].astype(int))], **options)
        assert np.allclose(weighted.effects["estimate"], repeated.effects["estimate"], rtol=1e-9)
        assert weighted.cov == "linearised"

    def test_the_same_seed_gives_the_same_numbers(self):
        options = {"x": "x", "m": "m1", "y": "y", "process_model": 8, "w": "w", "resamples": 100, "ci": "all"}
        first, again, other = (mediate(made(), seed=s, **options).effects for s in (1, 1, 2))
        pd.testing.assert_frame_equal(first, again)
        assert first["perc_low"].iloc[3] != other["perc_low"].iloc[3]

    def test_joint_significance_takes_the_weakest_path(self):
        result = mediate(made(), x="x", m="m1", y="y", process_model=4, resamples=100)
        tests = result.tidy().set_index(["outcome", "term"])["p_value"]
        row = effect(result, "indirect.m1")
        assert row["joint_p"] == pytest.approx(max(tests["m1", "x"], tests["y", "m1"]), rel=1e-9)

    def test_shapes(self):
        def chains(kind, m):
            result = mediate(made(), x="x", m=m, y="y", kind=kind, ci="monte_carlo")
            return {e.chain for e in result.listing if e.kind == "indirect"}

        three, four = ["m1", "m2", "m3"], ["m1", "m2", "m3", "m4"]
        assert chains("converging", three) == {("m1",), ("m2",), ("m3",), ("m1", "m3"), ("m2", "m3")}
        assert chains("diverging", three) == {("m1",), ("m2",), ("m3",), ("m1", "m2"), ("m1", "m3")}
        assert chains("two_chains", four) == {(n,) for n in four} | {("m1", "m2"), ("m3", "m4")}


class TestJointSignificance:
    @pytest.mark.parametrize(
        "model", [{}, {"kind": "serial", "m": ["m1", "m2"]}, {"process_model": 7, "w": "w"}, {"process_model": 4}]
    )
    def test_it_is_printed_beside_an_interval(self, model):
        options = {"x": "x", "m": "m1", "y": "y", "resamples": 100} | model
        result = mediate(made(), ci=["joint_significance", "percentile"], **options)
        assert result.ci == ("percentile", "joint_significance")
        table = result.table()
        assert table.header[0][-1].text("en") == "p (joint)"
        printed = {
            r.cells[-1].id: r.cells[-1].value for r in table.rows if r.role == "body" and r.cells[-1].value is not None
        }
        assert printed
        keys = [k for k in KEYS if k != "model"]
        for row in result.effects.to_dict("records"):
            id = "/".join(row[k] for k in keys if isinstance(row[k], str)) + "#joint_p"
            if np.isfinite(row["joint_p"]):
                assert printed[id] == row["joint_p"]
        assert any("largest p" in note.text("en") for note in table.notes)

    def test_without_asking_it_stands_in_the_results_only(self):
        result = mediate(made(), x="x", m="m1", y="y", resamples=100)
        assert len(result.table().header[0]) == 7
        assert np.isfinite(effect(result, "indirect.m1")["joint_p"])


class TestViews:
    @pytest.mark.parametrize("name", ["modmed7", "modmed14", "multiX"])
    def test_columns_are_fixed_and_in_the_glossary(self, fitted, name):
        tidy, glance = fitted(name).tidy(), fitted(name).glance()
        assert list(tidy.columns)[: len(KEYS) + len(VALUES)] == [*KEYS, *VALUES]
        assert {*tidy.columns, *glance.columns} <= set(GLOSSARY)
        assert len(glance) == 1
        assert not tidy[list(KEYS)].astype(str).duplicated().any()
        assert not [t for t in [*tidy["term"], *tidy["level"]] if t is not None and " " in str(t)]

    def test_ids_hold_no_spaces_whatever_the_names(self):
        data = made().rename(columns={"w": "调节 变量", "m1": "the mediator"})
        result = mediate(data, x="x", m="the mediator", y="y", process_model=8, w="调节 变量", resamples=100)
        ids = [v for key in KEYS for v in result.tidy()[key] if isinstance(v, str)]
        assert "调节_变量=low" in ids
        assert not [v for v in ids if " " in v]
        assert "调节 变量 = " in result.table().rows[1].cells[1].value.text("en")

    def test_moderated_mediation_table(self, fitted):
        result = fitted("modmed14")
        assert result.templates == ("T18", "T13", "process", "sensitivity")
        table = result.table()
        sections = [row.cells[0].value.text("zh") for row in table.rows if row.role == "section"]
        assert sections == ["总效应", "直接效应", "条件间接效应", "有调节的中介指数", "条件间接效应的差异"]
        cells = {row.cells[2].id: row.cells for row in table.rows if row.role == "body"}
        low = cells["indirect.SV/CC=low#estimate"]
        assert low[1].value.text("en").endswith("(M − 1 SD)")
        assert low[2].value == pytest.approx(0.10777862214331)
        notes = " ".join(note.text("zh") for note in table.notes)
        assert "CC已作均值中心化" in notes
        assert "5000" in notes

    def test_process_layout(self, fitted):
        table = fitted("modmed7").table("process")
        assert table.n_columns == 8
        rows = {
            row.cells[0].value.text("en"): row.cells for row in table.rows if row.role == "body" and row.cells[0].value
        }
        product = rows["OE × renovated"]  # the last of its rows: the test of the product
        assert product[2].value == pytest.approx(effect_f(fitted("modmed7")), rel=1e-9)
        assert any("Index of moderated mediation" in name for name in rows)
        section = next(
            r.cells[0].value.text("en")
            for r in table.rows
            if r.role == "section" and "Y:" in r.cells[0].value.text("en")
        )
        assert section == "Y: SAT; X: OE; M: SV; W: renovated; sample size: 1056"

    def test_every_cell_of_a_table_is_a_row_of_tidy(self, fitted):
        result = fitted("multiX")
        keys = result.tidy()[list(KEYS)].itertuples(index=False)
        known = {"/".join(p for p in row if isinstance(p, str)) for row in keys}
        for template in ("T15", "T13"):
            ids = {c.id.partition("#")[0] for row in result.table(template).rows for c in row.cells if c.id}
            assert ids
            assert ids <= known

    def test_figures(self, fitted):
        result = fitted("modmed14")
        assert result.figures == ("paths", "conditional", "sensitivity")
        edges = set(result.figure().frame[["from", "to"]].itertuples(index=False, name=None))
        assert edges == {("OE", "SV"), ("OE", "SAT"), ("SV", "SAT"), ("CC", "SAT"), ("SV:CC", "SAT")}
        curve = result.figure("conditional").frame
        assert (curve["conf_low"] < curve["estimate"]).all()
        assert (curve["estimate"] < curve["conf_high"]).all()
        assert all(b > a for a, b in pairwise(curve["theta"]))
        assert fitted("modmed7").figures == ("paths", "sensitivity")
        assert fitted("modmed7c").figures == ("paths", "conditional", "sensitivity")

    def test_curves_without_resamples_have_normal_intervals(self):
        result = mediate(made(), x="x", m="m1", y="y", process_model=7, w="w", ci="monte_carlo")
        assert result.resamples == 0
        middle = (result.curves["conf_low"] + result.curves["conf_high"]) / 2
        assert np.allclose(middle, result.curves["estimate"])

    def test_a_result_keeps_no_rows(self, fitted):
        assert max(np.size(v) for _, fit in fitted("modmed14").fits.fits for v in vars(fit).values()) < 200


def effect_f(result):
    fit = result.fits.fit("SV")
    return fit.statistic[fit.place("OE:renovated")] ** 2


def test_every_record_of_linear_mediation_is_held():
    known = json.loads((Path(__file__).parents[1] / "golden" / "mediation.json").read_text(encoding="utf-8"))["values"]
    ids = {entry["id"] for entry in known if entry["id"].startswith(("b5000.", "bhi."))}
    assert ids == {f"{run}.{key}" for run in ("b5000", "bhi") for key in [*BOOT, "prop"]}
