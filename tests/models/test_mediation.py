"""Mediation against R (OLS, boot, lavaan) and its own identities."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.contract import GLOSSARY, KEYS, VALUES, AnalysisError, Category, Codebook, Variable, attach
from evalkit.contract.words import say
from evalkit.models import mediate, regress
from evalkit.sampling import Design

COVARIATES = ["age", "female", "education", "renter"]
ALL = ("percentile", "bias_corrected", "bca", "monte_carlo", "product")
MODELS = {
    "simple": {"m": "SV"},
    "parallel": {"m": ["SV", "CW", "CC"], "kind": "parallel"},
    "serial": {"m": ["SV", "CW"], "kind": "serial"},
}
# Golden key -> model and term.
BOOT = {
    "simple": ("simple", "indirect.SV"),
    "prop": ("simple", "proportion"),
    "par1": ("parallel", "indirect.SV"),
    "par2": ("parallel", "indirect.CW"),
    "par3": ("parallel", "indirect.CC"),
    "partot": ("parallel", "indirect.total"),
    "d12": ("parallel", "contrast.SV-CW"),
    "d13": ("parallel", "contrast.SV-CC"),
    "d23": ("parallel", "contrast.CW-CC"),
    "ser1": ("serial", "indirect.SV"),
    "ser2": ("serial", "indirect.CW"),
    "ser12": ("serial", "indirect.SV.CW"),
}
# Defined parameters of the reference -> term.
LAVAAN = {
    "parallel": {
        "ind1": "indirect.SV",
        "ind2": "indirect.CW",
        "ind3": "indirect.CC",
        "indtot": "indirect.total",
        "total": "total",
        "d12": "contrast.SV-CW",
        "d13": "contrast.SV-CC",
        "d23": "contrast.CW-CC",
    },
    "serial": {
        "ind1": "indirect.SV",
        "ind2": "indirect.CW",
        "ind12": "indirect.SV.CW",
        "indtot": "indirect.total",
        "total": "total",
    },
}
R_COLUMNS = {"estimate": "estimate", "se": "std_error", "t": "statistic", "p": "p_value"}
_FITTED = {}


@pytest.fixture
def fitted(analysis_sample):
    """`fitted("simple")`: the reference model with 5,000 resamples and all intervals, computed once."""

    def fit(name):
        if name not in _FITTED:
            _FITTED[name] = mediate(
                analysis_sample, x="OE", y="SAT", covariates=COVARIATES, ci=ALL, seed=20260101, **MODELS[name]
            )
        return _FITTED[name]

    return fit


def effect(result, term):
    return result.effects.set_index("term").loc[term]


def made(n=120, seed=1, k=2):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": rng.normal(size=n), "c": rng.normal(size=n)})
    for j in range(1, k + 1):
        data[f"m{j}"] = 0.4 * data["x"] + 0.2 * data["c"] + rng.normal(size=n)
    data["y"] = 0.3 * data["m1"] + 0.2 * data["x"] + rng.normal(size=n)
    return data


def codes_of(caught):
    return [p.code for p in caught.value.problems]


class TestAgainstOls:
    @pytest.mark.parametrize(
        ("record", "model", "outcome"), [("M", None, "SV"), ("Y", None, "SAT"), ("total", "total", "SAT")]
    )
    def test_coefficient_tables(self, fitted, golden, record, model, outcome):
        rows = fitted("simple").tidy().iloc[5:]
        rows = rows[(rows["outcome"] == outcome) & (rows["model"].isna() if model is None else rows["model"] == model)]
        rows = rows.set_index("term").rename(index={"intercept": "(Intercept)"})
        expected = golden("mediation", f"ols.simple.{record}")
        assert set(rows.index[~rows.index.str.startswith("model.")]) == set(expected.estimate.index)
        for term in expected.estimate.index:
            for column, ours in R_COLUMNS.items():
                assert rows.loc[term, ours] == expected.approx(term, column), (term, column)

    def test_sobel_aroian_goodman(self, fitted, golden):
        result = fitted("simple")
        row = effect(result, "indirect.SV")
        paths = result.tidy().set_index(["outcome", "term"])["estimate"]
        found = {
            "a": paths["SV", "OE"],
            "b": paths["SAT", "SV"],
            "ab": row["estimate"],
            "se_sobel": row["sobel_se"],
            "z_sobel": row["sobel_z"],
            "p_sobel": row["sobel_p"],
            "se_aroian": row["aroian_se"],
            "z_aroian": row["aroian_z"],
            "se_goodman": row["goodman_se"],
            "z_goodman": row["goodman_z"],
        }
        assert found == golden("mediation", "ols.simple.sobel").approx()

    def test_effect_sizes(self, fitted, golden):
        result = fitted("simple")
        row = effect(result, "indirect.SV")
        found = {
            "prop_mediated": effect(result, "proportion")["estimate"],
            "ratio": row["ratio"],
            "partially_standardised": row["partially_standardised"],
            "completely_standardised": row["completely_standardised"],
        }
        assert found == golden("mediation", "ols.simple.effect_sizes").approx()
        assert row["share"] == pytest.approx(100 * found["prop_mediated"])

    def test_hc3_errors_of_the_same_paths(self, analysis_sample, golden):
        tail = " + ".join(COVARIATES)
        a = regress(analysis_sample, f"SV ~ OE + {tail}", cov="HC3").tidy().set_index("term")["std_error"]
        b = regress(analysis_sample, f"SAT ~ OE + SV + {tail}", cov="HC3").tidy().set_index("term")["std_error"]
        assert {"a": a["OE"], "b": b["SV"], "cp": b["OE"]} == golden("mediation", "ols.simple.HC3_se").approx()

    def test_monte_carlo_and_product_intervals(self, fitted, golden):
        row = effect(fitted("simple"), "indirect.SV")
        drawn, exact = (
            golden("mediation", "ols.simple.monte_carlo_ci"),
            golden("mediation", "ols.simple.product_distribution_ci"),
        )
        assert {"lower": row["mc_low"], "upper": row["mc_high"]} == drawn.approx()
        assert {"lower": row["product_low"], "upper": row["product_high"]} == exact.approx()
        assert row["product_low"] == pytest.approx(exact.value("lower"), abs=1e-9)


class TestAgainstBoot:
    @pytest.mark.parametrize("key", BOOT)
    def test_point_estimates(self, fitted, golden, key):
        model, term = BOOT[key]
        assert effect(fitted(model), term)["estimate"] == golden("mediation", "boot.point_estimates").approx(key)

    @pytest.mark.parametrize("key", BOOT)
    @pytest.mark.parametrize("run", ["b5000", "bhi"])
    def test_bounds_mean_and_spread(self, fitted, golden, key, run):
        model, term = BOOT[key]
        row, record = effect(fitted(model), term), golden("mediation", f"{run}.{key}")
        pairs = {
            "boot_mean": "boot_mean",
            "boot_se": "boot_se",
            "perc_lower": "perc_low",
            "perc_upper": "perc_high",
            "bc_lower": "bc_low",
            "bc_upper": "bc_high",
            "bca_lower": "bca_low",
            "bca_upper": "bca_high",
        }
        for theirs, ours in pairs.items():
            assert row[ours] == record.approx(theirs), theirs
        assert row["z0"] == pytest.approx(record.value("z0"), abs=0.06)
        assert row["p_boot"] == pytest.approx(record.value("p_two_sided"), abs=0.03)
        # The jackknife is exact in both, so the acceleration must agree to rounding.
        assert row["acceleration"] == pytest.approx(record.value("accel"), rel=1e-6)

    @pytest.mark.parametrize("model", LAVAAN)
    def test_estimates_of_lavaan(self, fitted, golden, model):
        record = golden("mediation", f"lavaan.{model}.parameters")
        known = {(r["lhs"], r["op"], r["rhs"]): r["est"] for r in record.estimate.to_dict("records")}
        result = fitted(model)
        near = pytest.approx
        for theirs, ours in LAVAAN[model].items():
            est = next(v for (lhs, op, _), v in known.items() if op == ":=" and lhs == theirs)
            assert effect(result, ours)["estimate"] == near(est, abs=record.absolute, rel=record.relative)
        paths = result.tidy()
        paths = paths[paths["model"].isna() & paths["outcome"].notna()].set_index(["outcome", "term"])["estimate"]
        regressions = {key: est for key, est in known.items() if key[1] == "~"}
        assert regressions
        for (lhs, _, rhs), est in regressions.items():
            assert paths[lhs, rhs] == near(est, abs=record.absolute, rel=record.relative)


class TestIdentities:
    @pytest.mark.parametrize("name", MODELS)
    def test_total_is_direct_plus_indirect(self, fitted, name):
        result = fitted(name)
        whole = effect(result, "direct")["estimate"] + effect(result, "indirect.total")["estimate"]
        assert abs(effect(result, "total")["estimate"] - whole) < 1e-10
        specific = [effect(result, f"indirect.{result.layout.name(c)}")["estimate"] for c in result.layout.specific]
        assert abs(effect(result, "indirect.total")["estimate"] - sum(specific)) < 1e-12

    def test_one_row_a_cluster_is_simple_resampling(self):
        data = made().assign(g=lambda d: [f"u{i}" for i in range(len(d))])
        options = {
            "x": "x",
            "m": ["m1", "m2"],
            "y": "y",
            "kind": "serial",
            "covariates": ["c"],
            "seed": 5,
            "resamples": 400,
        }
        ci = ("percentile", "bca")
        simple, clustered = mediate(data, ci=ci, **options), mediate(data, ci=ci, cluster="g", **options)
        for column in ("estimate", "boot_se", "perc_low", "perc_high", "bca_low", "bca_high"):
            assert np.allclose(simple.effects[column], clustered.effects[column], rtol=1e-9, equal_nan=True)

    def test_whole_weights_are_repeated_rows_in_the_estimates(self):
        data = made().assign(w=lambda d: 1.0 + np.arange(len(d)) % 3)
        options = {"x": "x", "m": ["m1", "m2"], "y": "y", "kind": "serial", "covariates": ["c"], "resamples": 100}
        weighted = mediate(data, design=Design(weights="w"), **options)
        repeated = mediate(data.loc[data.index.repeat(data["w"].astype(int))], **options)
        linear = slice(0, weighted.layout.n_linear)
        assert np.allclose(weighted.effects["estimate"][linear], repeated.effects["estimate"][linear], rtol=1e-10)
        assert weighted.cov == "linearised"

    def test_a_constant_weight_changes_no_interval(self):
        data = made().assign(w=2.5)
        options = {"x": "x", "m": "m1", "y": "y", "covariates": ["c"], "seed": 2, "resamples": 300}
        plain, weighted = mediate(data, **options), mediate(data, design=Design(weights="w"), **options)
        for column in ("estimate", "boot_se", "conf_low", "conf_high", "completely_standardised"):
            assert np.allclose(plain.effects[column], weighted.effects[column], rtol=1e-9, equal_nan=True)

    def test_the_same_seed_gives_the_same_numbers_and_another_one_others(self):
        options = {"x": "x", "m": "m1", "y": "y", "resamples": 200, "ci": ALL}
        first, again, other = (mediate(made(), seed=s, **options).effects for s in (1, 1, 2))
        pd.testing.assert_frame_equal(first, again)
        assert first["perc_low"][2] != other["perc_low"][2]
        assert first["mc_low"][2] != other["mc_low"][2]
        assert first["product_low"][2] == other["product_low"][2]

    def test_bootstrap_equals_refitting_each_resample(self):
        from evalkit.resample import counts

        data = made(40)
        result = mediate(data, x="x", m=["m1", "m2"], y="y", kind="serial", covariates=["c"], seed=9, resamples=100)
        refitted = []
        for block in counts(40, resamples=100, seed=9):
            for row in block:
                drawn = data.loc[np.repeat(data.index, row)]
                one = np.ones(len(drawn))
                m1, m2 = drawn["m1"], drawn["m2"]
                a1 = np.linalg.lstsq(np.column_stack([one, drawn["x"], drawn["c"]]), m1, rcond=None)[0][1]
                _, _, d12, _ = np.linalg.lstsq(np.column_stack([one, drawn["x"], m1, drawn["c"]]), m2, rcond=None)[0]
                b = np.linalg.lstsq(np.column_stack([one, drawn["x"], m1, m2, drawn["c"]]), drawn["y"], rcond=None)[0]
                refitted.append(a1 * d12 * b[3])
        row = effect(result, "indirect.m1.m2")
        assert row["boot_mean"] == pytest.approx(np.mean(refitted), rel=1e-9)
        assert row["boot_se"] == pytest.approx(np.std(refitted, ddof=1), rel=1e-9)

    def test_serial_models_have_every_path(self):
        result = mediate(made(k=4), x="x", m=["m1", "m2", "m3", "m4"], y="y", kind="serial", resamples=100)
        assert len(result.layout.specific) == 2**4 - 1
        assert "indirect.m1.m3.m4" in set(result.effects["term"])
        assert len([t for t in result.effects["term"] if t.startswith("contrast.")]) == 15 * 14 // 2

    def test_delta_errors_agree_with_the_bootstrap_in_a_large_sample(self):
        result = mediate(made(1500, k=3), x="x", m=["m1", "m2", "m3"], y="y", kind="parallel", resamples=1000)
        rows = result.effects[result.effects["term"].str.startswith(("indirect.", "contrast."))]
        assert np.allclose(rows["sobel_se"], rows["boot_se"], rtol=0.15, atol=5e-4)

    def test_clustered_resampling_sees_what_clusters_share(self, analysis_sample):
        rng = np.random.default_rng(3)
        groups = pd.factorize(analysis_sample["community_id"])[0]
        data = analysis_sample.assign(X=rng.normal(size=40)[groups] + 0.1 * rng.normal(size=len(groups)))
        data["M"] = data["X"] + rng.normal(size=40)[groups] + rng.normal(size=len(groups))
        options = {"x": "X", "m": "M", "y": "SAT", "resamples": 1000}
        naive, clustered = mediate(data, **options), mediate(data, cluster="community_id", **options)
        tidy = clustered.tidy().set_index(["outcome", "term"])["std_error"]
        assert tidy["M", "X"] > 2 * naive.tidy().set_index(["outcome", "term"])["std_error"]["M", "X"]
        a = regress(data, "M ~ X", cluster="community_id").tidy().set_index("term")["std_error"]["X"]
        assert tidy["M", "X"] == pytest.approx(a, rel=1e-10)
        assert clustered.glance()["n_clusters"].item() == 40

    @given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
    @settings(max_examples=10, deadline=None)
    def test_effects_follow_the_unit_of_x(self, seed, scale, shift):
        data = made(60, seed)
        moved = data.assign(x=shift + scale * data["x"])
        left, right = (mediate(d, x="x", m="m1", y="y", covariates=["c"], resamples=100).effects for d in (data, moved))
        for column in ("estimate", "perc_low", "perc_high", "boot_se"):
            assert np.allclose(left[column][:4], scale * right[column][:4], rtol=1e-6, atol=1e-9)


class TestShares:
    def test_shares_add_up_to_that_of_the_total_indirect_effect(self, fitted):
        result = fitted("serial")
        shares = result.effects.set_index("term")["share"]
        specific = [shares[f"indirect.{result.layout.name(c)}"] for c in result.layout.specific]
        assert sum(specific) == pytest.approx(shares["indirect.total"], abs=1e-9)
        assert shares["direct"] + shares["indirect.total"] == pytest.approx(100, abs=1e-9)

    def test_suppression_has_no_share(self):
        rng = np.random.default_rng(4)
        x = rng.normal(size=400)
        m = x + 0.3 * rng.normal(size=400)
        data = pd.DataFrame({"x": x, "m": m, "y": m - 0.6 * x + 0.3 * rng.normal(size=400)})
        result = mediate(data, x="x", m="m", y="y", resamples=300)
        assert [p.code for p in result.notices] == ["N682"]
        row = effect(result, "indirect.m")
        assert np.isnan(row["share"])
        assert row["reason"] == "mediation.why_signs"
        assert effect(result, "proportion")[["estimate", "conf_low"]].isna().all()
        notes = " ".join(n.text("zh") for n in result.table().notes)
        assert "遮掩效应" in notes
        assert all(r.cells[6].value is None for r in result.table().rows)

    def test_a_total_effect_near_zero_has_no_share(self):
        rng = np.random.default_rng(8)
        data = pd.DataFrame(rng.normal(size=(80, 3)), columns=["x", "m", "y"])
        result = mediate(data, x="x", m="m", y="y", resamples=200)
        assert {p.code for p in result.notices} <= {"N683", "N684"}
        assert result.notices
        assert result.effects["share"].isna().all()


class TestFaults:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"x": "SV"}, "E670"),
            ({"y": "SV"}, "E670"),
            ({"m": ["SV", "SV"], "kind": "parallel"}, "E670"),
            ({"covariates": ["age", "OE"]}, "E670"),
            ({"m": ["SV", "CW"]}, "E671"),
            ({"m": ["SV", "CW"], "kind": "simple"}, "E671"),
            ({"kind": "model4"}, "E671"),
            ({"m": []}, "E677"),
            ({"ci": ("wald",)}, "E672"),
            ({"ci": ()}, "E672"),
            ({"resamples": 50}, "E673"),
            ({"resamples": 1000.5}, "E673"),
            ({"conf_level": 1.0}, "E667"),
            ({"m": "tenure"}, "E676"),
            ({"y": "tenure"}, "E653"),
            ({"m": "nobody"}, "E600"),
            ({"cluster": "nobody"}, "E600"),
            ({"cluster": "stratum", "design": Design(clusters="community_id")}, "E665"),
            ({"design": Design(strata="gender", clusters="community_id")}, "E691"),
        ],
    )
    def test_calls_that_mean_nothing_are_refused(self, analysis_sample, change, code):
        with pytest.raises(AnalysisError) as caught:
            mediate(analysis_sample, **({"x": "OE", "m": "SV", "y": "SAT"} | change))
        assert codes_of(caught) == [code]
        assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))

    @pytest.mark.parametrize("constant", ["x", "m1", "y"])
    def test_a_constant_variable_gives_nan_and_its_name(self, constant):
        result = mediate(made().assign(**{constant: 3.3}), x="x", m=["m1", "m2"], y="y", kind="parallel", resamples=100)
        assert [(p.code, p.params["names"]) for p in result.notices] == [("W678", [constant])]
        assert result.effects["estimate"].iloc[1:].isna().all()
        assert np.isfinite(result.effects["estimate"].iloc[0]) == (constant == "m1")
        assert all(c.reason for row in result.table().rows[1:] for c in row.cells[2:6])
        assert len(result.table("T13").rows) > 0

    def test_rounding_is_no_variation(self):
        data = made().assign(m1=[3.3 + 4.5e-16 * (i % 3) for i in range(120)])
        result = mediate(data, x="x", m="m1", y="y", resamples=100)
        assert [p.code for p in result.notices] == ["W678"]

    def test_collinear_roles_give_nan_and_their_names(self):
        result = mediate(made().assign(m1=lambda d: 2 * d["x"]), x="x", m="m1", y="y", resamples=100)
        assert [(p.code, p.params["names"]) for p in result.notices] == [("W679", ["m1"])]
        assert result.effects["estimate"].iloc[1:].isna().all()
        result = mediate(made().assign(c2=lambda d: -d["x"]), x="x", m="m1", y="y", covariates=["c2"], resamples=100)
        assert [(p.code, p.params["names"]) for p in result.notices] == [("W679", ["x"])]
        assert result.effects["estimate"].isna().all()

    def test_idle_covariates_are_left_out_and_said(self):
        data = made().assign(one=1.0, again=lambda d: 3 - d["c"])
        result = mediate(data, x="x", m="m1", y="y", covariates=["c", "one", "again"], resamples=100, seed=1)
        said = {p.code: p.params["term"] for p in result.notices if "term" in p.params}
        assert said == {"W655": "one", "W656": "again"}
        same = mediate(data, x="x", m="m1", y="y", covariates=["c"], resamples=100, seed=1)
        assert np.allclose(result.effects["conf_low"], same.effects["conf_low"], rtol=1e-9, equal_nan=True)

    def test_too_few_rows(self):
        result = mediate(made().head(4), x="x", m="m1", y="y", covariates=["c"], resamples=100)
        assert [p.code for p in result.notices] == ["W657"]
        assert result.effects["estimate"].iloc[1:].isna().all()
        nobody = mediate(made().assign(m1=np.nan), x="x", m="m1", y="y", resamples=100)
        assert (nobody.n_obs, nobody.dropped[0].n) == (0, 120)
        assert [p.code for p in nobody.notices] == ["W657"]

    def test_resamples_without_a_solution_are_counted(self):
        data = made(30).assign(c=[1.0] * 2 + [0.0] * 28)
        result = mediate(data, x="x", m="m1", y="y", covariates=["c"], resamples=500, ci=("percentile", "bca"))
        missed = (28 / 30) ** 30  # the chance that neither of the two is drawn
        assert 0.5 * missed < result.n_failed / 500 < 1.5 * missed
        assert result.glance()["n_failed"].item() == result.n_failed
        assert "W681" in [p.code for p in result.notices]
        assert np.isfinite(result.effects["perc_low"][2])
        assert str(result.n_failed) in " ".join(n.text("en") for n in result.table().notes)

    def test_without_one_unit_no_bca(self):
        data = made(30).assign(c=[1.0] + [0.0] * 29)
        result = mediate(data, x="x", m="m1", y="y", covariates=["c"], resamples=300, ci=("bca", "percentile"))
        assert result.effects["bca_low"].isna().all()
        assert {"W681", "W687"} <= {p.code for p in result.notices}
        assert result.table().rows[0].cells[4].reason == "mediation.why_no_interval"

    def test_a_yes_no_mediator_is_said_to_be_linear(self, analysis_sample):
        result = mediate(analysis_sample, x="OE", m="signed_agreement", y="SAT", resamples=100)
        assert [(p.code, p.params["names"]) for p in result.notices if p.code == "W680"] == [
            ("W680", ["signed_agreement"])
        ]

    def test_one_cluster_has_no_interval(self):
        result = mediate(
            made().assign(g=1), x="x", m="m1", y="y", cluster="g", resamples=100, ci=("percentile", "monte_carlo")
        )
        assert "W662" in [p.code for p in result.notices]
        assert result.effects[["perc_low", "mc_low", "boot_se"]].isna().all(axis=None)
        assert np.isfinite(result.effects["estimate"][2])

    def test_product_is_only_for_two_independent_paths(self):
        serial = mediate(made(), x="x", m=["m1", "m2"], y="y", kind="serial", resamples=100, ci="product")
        rows = serial.effects.set_index("term")
        assert np.isfinite(rows.loc["indirect.m1", "conf_low"])
        assert np.isnan(rows.loc["indirect.m1.m2", "conf_low"])
        assert "N688" in [p.code for p in serial.notices]
        assert serial.resamples == 0
        assert rows["boot_se"].isna().all()
        assert rows.loc["indirect.m1", "std_error"] == rows.loc["indirect.m1", "sobel_se"]
        clustered = mediate(made().assign(g=lambda d: d.index % 30), x="x", m="m1", y="y", cluster="g", ci="product")
        assert np.isnan(clustered.effects["product_low"][2])

    def test_strata_and_fpc_are_said(self, scored):
        design = Design("weight", "stratum", "community_id", "fpc_communities")
        result = mediate(scored, x="OE", m="SV", y="SAT", design=design, resamples=200)
        codes = {p.code for p in result.notices}
        assert "N686" in codes
        few = scored.groupby("stratum")["community_id"].nunique().min() < 10
        assert ("N685" in codes) == few
        assert result.cluster == "community_id"
        assert effect(result, "indirect.SV")["conf_low"] > 0


class TestKinds:
    def test_nominal_covariates_become_dummies(self, analysis_sample):
        kinds = tuple(Category(c, c, c) for c in ("owner", "renter", "public"))
        data = attach(analysis_sample, Codebook().with_variables([Variable("tenure", "nominal", categories=kinds)]))
        result = mediate(data, x="OE", m="SV", y="SAT", covariates=["age", "tenure"], resamples=100)
        terms = set(result.tidy().loc[lambda t: t["outcome"] == "SV", "term"])
        assert {t for t in terms if not t.startswith("model.")} == {
            "age",
            "tenure.renter",
            "tenure.public",
            "OE",
            "intercept",
        }
        by_hand = analysis_sample.assign(
            r=analysis_sample["tenure"] == "renter", p=analysis_sample["tenure"] == "public"
        )
        same = mediate(by_hand, x="OE", m="SV", y="SAT", covariates=["age", "r", "p"], resamples=100)
        assert np.allclose(result.effects["conf_low"], same.effects["conf_low"])

    def test_a_nominal_x_of_two_categories(self, analysis_sample):
        result = mediate(analysis_sample, x="gender", m="SV", y="SAT", resamples=100)
        assert result.x_term == "gender.male"
        same = mediate(
            analysis_sample.assign(male=1 - analysis_sample["female"]), x="male", m="SV", y="SAT", resamples=100
        )
        assert np.allclose(result.effects["estimate"].iloc[:4], same.effects["estimate"].iloc[:4])

    def test_incomplete_rows_are_dropped_and_counted(self, scored):
        result = mediate(scored, x="OE", m="SV", y="SAT", covariates=["education"], resamples=100)
        complete = scored[["OE", "SV", "SAT", "education"]].dropna()
        assert result.n_obs == len(complete)
        assert [(d.reason, d.n) for d in result.dropped] == [("drop.incomplete", len(scored) - len(complete))]


class TestViews:
    def test_columns_are_fixed_and_in_the_glossary(self, fitted):
        usual = fitted("simple")
        broken = mediate(made().assign(m1=1.0), x="x", m="m1", y="y", resamples=100)
        for result in (usual, broken):
            assert list(result.tidy().columns)[: len(KEYS) + len(VALUES)] == [*KEYS, *VALUES]
            assert set(result.tidy().columns) <= set(GLOSSARY)
            assert set(result.glance().columns) <= set(GLOSSARY)
            assert len(result.glance()) == 1
        assert set(usual.tidy().columns) == set(broken.tidy().columns)
        assert list(usual.glance().columns) == list(broken.glance().columns)

    def test_the_first_method_is_printed(self, analysis_sample):
        result = mediate(analysis_sample, x="OE", m="SV", y="SAT", ci=("bca", "percentile"), resamples=500)
        rows = result.effects
        assert rows["conf_low"].tolist() == rows["bca_low"].tolist() != rows["perc_low"].tolist()
        assert "BCa" in " ".join(n.text("zh") for n in result.table().notes)

    def test_simple_table(self, fitted):
        table = fitted("simple").table()
        assert table.template == "T14"
        assert [head.text("zh") for head in table.header[0]] == [
            "路径",
            "效应类型",
            "效应值",
            "Boot SE",
            "LLCI",
            "ULCI",
            "效应占比(%)",
        ]
        assert [row.cells[0].value.text("en") for row in table.rows] == ["OE → SAT", "OE → SAT", "OE → SV → SAT"]
        assert table.rows[2].cells[2].value == pytest.approx(0.124561166817011)
        assert table.rows[2].cells[2].id == "indirect.SV#estimate"
        assert table.rows[2].cells[6].value == pytest.approx(34.1365015782552)
        notes = " ".join(note.text("zh") for note in table.notes)
        assert "5000" in notes
        assert "age、female、education、renter" in notes

    def test_serial_table_with_contrasts(self, fitted):
        result = fitted("serial")
        table = result.table()
        assert table.template == "T15"
        assert len(table.rows) == 2 + 3 + 1 + 3
        assert table.rows[-1].cells[0].value.text("en") == "Ind2 − Ind3"
        assert len(result.table("T14").rows) == 6
        with pytest.raises(AnalysisError):
            result.table("T1")

    def test_the_regressions_side_by_side(self, fitted):
        result = fitted("serial")
        assert result.templates == ("T15", "T13", "sensitivity")
        table = result.table("T13")
        assert [head.span for head in table.header[0]] == [1, 1, 1, 2]
        keys = ["model", "outcome", "term"]
        known = {"/".join(p for p in row if isinstance(p, str)) for row in result.tidy()[keys].itertuples(index=False)}
        ids = {cell.id.partition("#")[0] for row in table.rows for cell in row.cells if cell.id}
        assert ids <= known
        change = next(row for row in table.rows if row.role == "stat" and row.cells[0].value.text("en") == "ΔR²")
        assert [cell.value is None for cell in change.cells[1:]] == [True, True, True, False]

    def test_the_path_diagram(self, fitted):
        figure = fitted("serial").figure()
        edges = {(r["from"], r["to"]): r["role"] for r in figure.frame.to_dict("records")}
        assert edges == {
            ("OE", "SV"): "a",
            ("OE", "CW"): "a",
            ("SV", "CW"): "d",
            ("SV", "SAT"): "b",
            ("CW", "SAT"): "b",
            ("OE", "SAT"): "direct",
        }
        assert set(figure.frame.columns) == {"from", "to", "estimate", "p_value", "role"}
        assert {"OE", "SV", "CW", "SAT"} <= set(figure.labels)
        said = [note.text("zh") for note in figure.notes]
        assert said[2].startswith("OE → CW → SAT：b = 0.047，[0.0")
        assert len(said) == 1 + 3 + 1 + 1

    def test_a_result_keeps_no_rows(self, fitted):
        result = fitted("simple")
        fits = (*result.equations.mediators, result.equations.outcome, result.equations.total)
        assert max(np.size(v) for fit in fits for v in vars(fit).values()) < 100
        assert len(result.effects) < 10
