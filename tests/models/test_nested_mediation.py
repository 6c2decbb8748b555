"""Multilevel mediation: reference numbers, identities and bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError
from evalkit.contract.words import say
from evalkit.models.multilevel import mixed
from evalkit.models.nested_mediation import multilevel_mediate
from evalkit.models.nested_mediation.effects import effects_of
from evalkit.models.nested_mediation.two_level import Products, log_likelihood, two_level
from evalkit.report.sentences import sentences
from evalkit.sampling import Design

ONE = {"x": "OE", "m": "SV", "y": "SAT", "group": "community_id"}
TWO = ONE | {"x": "alliance_strength"}


def keyed(result) -> pd.DataFrame:
    """Rows by outcome/term/level; effects by their term."""
    tidy = result.tidy()
    names = [
        "/".join(str(v) for v in row if isinstance(v, str)) for row in tidy[["outcome", "term", "level"]].to_numpy()
    ]
    return tidy.set_index(pd.Index(names))


# --- group means ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["M", "Y"])
def test_paths_by_group_means_agree_with_lme4(analysis_sample, golden, outcome):
    record = golden("mediation", f"multilevel_111.lmer.{outcome}")
    got = keyed(multilevel_mediate(analysis_sample, **ONE))
    end = {"M": "SV", "Y": "SAT"}[outcome]
    ends = {"OEw": "OE/within", "OEb": "OE/between", "SVw": "SV/within", "SVb": "SV/between"}
    for term in record.estimate.index:
        if term in ends:
            for column, own in (("estimate", "estimate"), ("se", "std_error"), ("t", "statistic")):
                assert got.loc[f"{end}/{ends[term]}", own] == record.approx(term, column)


def test_the_constants_of_both_equations_agree_with_lme4(analysis_sample, golden):
    centred = {"OE": "both", "SV": "both"}
    for outcome, formula in (("M", "SV ~ OE"), ("Y", "SAT ~ SV + OE")):
        centre = {name: how for name, how in centred.items() if name in formula.split("~")[1]}
        last = mixed(analysis_sample, formula, group="community_id", centre=centre).models[-1]
        record = golden("mediation", f"multilevel_111.lmer.{outcome}")
        assert last.estimate[0] == record.approx("(Intercept)", "estimate")
        assert last.std_error[0] == record.approx("(Intercept)", "se")


def test_indirect_effects_by_group_means_agree_with_lme4(analysis_sample, golden):
    got = keyed(multilevel_mediate(analysis_sample, **ONE))
    record = golden("mediation", "multilevel_111.lmer.indirect")
    for level in ("within", "between"):
        assert got.loc[f"indirect.{level}", "estimate"] == record.approx(level)
        assert got.loc[f"indirect.{level}", "std_error"] == record.approx(f"{level}_se")
    record = golden("mediation", "multilevel_111.lmer.monte_carlo_ci_within")
    assert got.loc["indirect.within", "conf_low"] == record.approx("lower")
    assert got.loc["indirect.within", "conf_high"] == record.approx("upper")


# --- latent parts --------------------------------------------------------------------------------------------------


def lavaan_rows(record) -> list[tuple[str, dict]]:
    """Our key of every row of a lavaan record."""
    out = []
    for row in record.estimate.to_dict("records"):
        level = {1: "within", 2: "between", 0: ""}[row["level"]]
        if row["op"] == ":=":
            key = {"indw": "indirect.within", "indb": "indirect.between", "ind": "indirect.between"}[row["lhs"]]
        elif row["op"] == "~~":
            key = f"{row['lhs']}/variance/{level}"
        else:
            key = f"{row['lhs']}/{row['rhs']}/{level}"
        out.append((key, row))
    return out


def near(value: float, reference: float, record) -> bool:
    return abs(value - reference) <= record.absolute + record.relative * abs(reference)


def test_a_latent_211_agrees_with_lavaan(analysis_sample, golden):
    record = golden("mediation", "multilevel_211.lavaan.parameters")
    got = keyed(multilevel_mediate(analysis_sample, **TWO, method="latent"))
    for key, row in lavaan_rows(record):
        assert near(got.loc[key, "estimate"], row["est"], record), key
        if row["se"]:  # 0 is what lavaan holds fixed
            assert near(got.loc[key, "std_error"], row["se"], record), key
            if "variance" not in key:
                assert near(got.loc[key, "statistic"], row["z"], record), key
                assert near(got.loc[key, "p_value"], row["pvalue"], record), key


# lavaan 0.6-14 holds the mean of x between groups at 2.999 there, where its maximum-likelihood value is 3.113, so its
# paths between groups belong to a likelihood that is lower by 2.99. What does not rest on that mean is the same.
HELD = 2.99925


def test_a_latent_111_agrees_with_lavaan_within_groups(analysis_sample, golden):
    record = golden("mediation", "multilevel_111.lavaan.parameters")
    got = keyed(multilevel_mediate(analysis_sample, **ONE, method="latent"))
    for key, row in lavaan_rows(record):
        if key.endswith("within") or "variance" in key:
            assert near(got.loc[key, "estimate"], row["est"], record), key
            if row["se"]:
                assert near(got.loc[key, "std_error"], row["se"], record), key


def two_level_products(data: pd.DataFrame, names: list[str]) -> Products:
    groups = pd.factorize(data["community_id"], sort=True)[0]
    values = data[names].to_numpy(float)
    sizes = np.bincount(groups)
    means = np.column_stack([np.bincount(groups, v) for v in values.T]) / sizes[:, None]
    apart = values - means[groups]
    places = tuple(range(len(names)))
    return Products(apart.T @ apart, means, sizes, places, places)


def test_lavaan_s_111_is_the_maximum_with_the_mean_it_holds(analysis_sample, golden):
    from scipy.optimize import minimize

    record = golden("mediation", "multilevel_111.lavaan.parameters")
    rows = dict(lavaan_rows(record))
    data = two_level_products(analysis_sample, ["OE", "SV", "SAT"])
    paths = ("SV/OE", "SAT/OE", "SAT/SV")
    free = np.array(
        [rows[f"{p}/{level}"]["est"] if kind == "path" else rows[f"{p}/variance/{level}"]["est"]
         for level in ("within", "between") for kind, some in (("path", paths), ("variance", ("OE", "SV", "SAT")))
         for p in some] + [HELD, 3.2, 3.2]
    )  # fmt: skip

    def of_means(means):
        value, gradient = log_likelihood(data, np.concatenate([free[:-2], means]))
        return -value, -gradient[-2:]

    free[-2:] = minimize(of_means, free[-2:], jac=True, method="BFGS").x
    value, gradient = log_likelihood(data, free)
    assert value == golden("mediation", "multilevel_111.lavaan.loglik").approx()
    assert abs(value - golden("mediation", "multilevel_111.lavaan.loglik").value()) < 0.01
    errors = [rows[f"{p}/{level}"]["se"] for level in ("within", "between") for p in paths]
    assert np.abs(gradient[[0, 1, 2, 6, 7, 8]] * errors).max() < 0.05  # within a twentieth of an error of the maximum
    ours = multilevel_mediate(analysis_sample, **ONE, method="latent")
    assert ours.paths.log_likelihood > value + 2.9


def test_the_two_level_likelihood_is_that_of_the_whole_normal(analysis_sample):
    from scipy.stats import multivariate_normal

    data = analysis_sample.head(45)
    groups = pd.factorize(data["community_id"], sort=True)[0]
    values = data[["alliance_strength", "SV", "SAT"]].to_numpy(float)
    fit = two_level(values, groups, (1, 2), (0, 1, 2), 1)
    reach_w, reach_b = (np.linalg.inv(np.eye(len(b)) - b) for b in (fit.within, fit.between))
    within = (reach_w * fit.within_variance) @ reach_w.T
    between = (reach_b * fit.between_variance) @ reach_b.T
    # at the maximum the means follow from the covariances by generalised least squares; here by search
    from scipy.optimize import minimize

    def whole(mean):
        total = 0.0
        for g in range(groups.max() + 1):
            own = values[groups == g]
            n = len(own)
            first = [0, *([1, 2] * n)]
            cov = between[np.ix_(first, first)].copy()
            cov[1:, 1:] += np.kron(np.eye(n), within)
            point = np.concatenate([[own[0, 0]], own[:, 1:].ravel()])
            total += multivariate_normal(np.asarray(mean)[first], cov, allow_singular=True).logpdf(point)
        return -total

    found = minimize(whole, values.mean(axis=0), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8})
    assert fit.log_likelihood == pytest.approx(-found.fun, abs=1e-4)


def test_levels_recover_what_was_put_in():
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(400), 15)
    big = rng.normal(size=(400, 3))
    small = rng.normal(size=(6000, 3))
    x = big[g, 0] + small[:, 0]
    m = 0.6 * big[g, 0] + 0.5 * big[g, 1] + 0.2 * small[:, 0] + small[:, 1]
    mb, mw = 0.6 * big[:, 0] + 0.5 * big[:, 1], 0.2 * small[:, 0] + small[:, 1]
    y = 0.7 * mb[g] + 0.4 * mw + 0.3 * big[g, 2] + small[:, 2]
    data = pd.DataFrame({"x": x, "m": m, "y": y, "g": g})
    got = keyed(multilevel_mediate(data, x="x", m="m", y="y", group="g", method="latent"))
    assert got.loc["indirect.between", "estimate"] == pytest.approx(0.42, abs=0.05)
    assert got.loc["indirect.within", "estimate"] == pytest.approx(0.08, abs=0.02)
    means = keyed(multilevel_mediate(data, x="x", m="m", y="y", group="g"))
    assert means.loc["m/x/between", "estimate"] < got.loc["m/x/between", "estimate"]  # means are shrunken


# --- random slopes --------------------------------------------------------------------------------------------------


def test_random_slopes_agree_with_nlme(analysis_sample, golden):
    record = golden("mediation", "multilevel_111.stacked_random_slopes")
    result = multilevel_mediate(analysis_sample, **ONE, method="random_slopes")
    got = keyed(result)
    assert got.loc["SV/OE/within", "estimate"] == record.approx("a")
    assert got.loc["SAT/SV/within", "estimate"] == record.approx("b")
    assert got.loc["SAT/OE/within", "estimate"] == record.approx("cprime")
    assert got.loc["covariance.a.b", "estimate"] == record.approx("cov_ab")
    assert got.loc["indirect.within", "estimate"] == record.approx("ab_plus_cov")
    assert got.loc["SV/OE/within", "std_error"] == record.approx("se_a")
    assert got.loc["SAT/SV/within", "std_error"] == record.approx("se_b")
    assert result.paths.matrix[0, 1] == record.approx("cov_est_ab")


# --- designs, effects, tables ---------------------------------------------------------------------------------------


def test_a_221_has_effects_between_groups_only(analysis_sample):
    result = multilevel_mediate(analysis_sample, x="alliance_strength", m="renovated", y="SAT", group="community_id")
    assert result.design == "2-2-1"
    assert list(result.effects["term"]) == ["indirect.between", "direct.between", "total.between"]
    groups = analysis_sample.groupby("community_id")[["alliance_strength", "renovated"]].first()
    slope, _ = np.polyfit(groups["alliance_strength"], groups["renovated"], 1)
    got = keyed(result)
    assert got.loc["renovated/alliance_strength/between", "estimate"] == pytest.approx(slope)
    fixed = mixed(analysis_sample, "SAT ~ renovated + alliance_strength", group="community_id").models[-1]
    assert got.loc["SAT/renovated/between", "estimate"] == pytest.approx(fixed.estimate[1])
    latent = keyed(multilevel_mediate(analysis_sample, x="alliance_strength", m="renovated", y="SAT",
                                      group="community_id", method="latent"))  # fmt: skip
    assert latent.loc["renovated/alliance_strength/between", "estimate"] == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize("method", ["means", "latent", "random_slopes"])
def test_covariates_stand_in_every_equation(analysis_sample, method):
    plain = keyed(multilevel_mediate(analysis_sample, **ONE, method=method))
    result = multilevel_mediate(analysis_sample, **ONE, method=method, covariates=["age", "female"])
    got = keyed(result)
    assert got.loc["SV/OE/within", "estimate"] != plain.loc["SV/OE/within", "estimate"]
    assert got.loc["SV/OE/within", "estimate"] == pytest.approx(plain.loc["SV/OE/within", "estimate"], abs=0.02)
    assert "age, female" in " ".join(note.text("en") for note in result.table().notes)


def test_effects_add_up_and_draws_repeat(analysis_sample):
    result = multilevel_mediate(analysis_sample, **ONE, seed=4)
    e = result.effects.set_index("term")["estimate"]
    for level in ("within", "between"):
        assert e[f"total.{level}"] == pytest.approx(e[f"indirect.{level}"] + e[f"direct.{level}"])
    assert e["contrast.between-within"] == pytest.approx(e["indirect.between"] - e["indirect.within"])
    again = multilevel_mediate(analysis_sample, **ONE, seed=4)
    pd.testing.assert_frame_equal(result.tidy(), again.tidy())
    other = multilevel_mediate(analysis_sample, **ONE, seed=5).effects
    assert (other["conf_low"] != result.effects["conf_low"]).all()
    assert effects_of({"a.between": 2.0, "b.between": 3.0, "c.between": 1.0})["total.between"] == 7.0


def test_tables_and_sentences(analysis_sample):
    result = multilevel_mediate(analysis_sample, **ONE)
    table = result.table()
    assert [h.text("en") for h in table.header[0]] == ["Effect", "Estimate", "SE", "Monte Carlo 95% CI"]
    assert table.rows[1].cells[1].value == pytest.approx(0.118956, abs=1e-6)
    assert len(result.table("T19.paths").rows) == 6
    with pytest.raises(AnalysisError, match="E652"):
        result.table("T14")
    said = [label.text("zh") for label in sentences("multilevel_mediate", result)]
    assert said[0].startswith("组内（第一层），OE经SV与SAT的间接效应为0.119") and "不包含0" in said[0]
    assert "包含0，未发现中介效应的统计证据" in said[1]


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"method": "boot"}, "E6060"),
        ({"conf_level": 0.0}, "E667"),
        ({"m": "OE"}, "E670"),
        ({"group": "SAT"}, "E670"),
        ({"x": "nothing"}, "E600"),
        ({"m": "renovated"}, "E6076"),
        ({"y": "alliance_strength"}, "E6076"),
        ({"x": "alliance_strength", "method": "random_slopes"}, "E6077"),
        ({"design": Design(weights="weight")}, "E6064"),
    ],
)
def test_calls_that_mean_nothing_are_refused_by_name(analysis_sample, options, code):
    with pytest.raises(AnalysisError) as err:
        multilevel_mediate(analysis_sample, **(ONE | options))
    assert err.value.problems[0].code == code
    for lang in ("zh", "en"):
        assert say(err.value.problems[0], lang)


@pytest.mark.parametrize("method", ["means", "latent", "random_slopes"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d.head(5), "W657"),
        (lambda d: d.iloc[:0], "W657"),
        (lambda d: d.assign(community_id="one"), "W6067"),
        (lambda d: d.assign(community_id=np.arange(len(d))), "W6068"),
    ],
)
def test_what_cannot_be_estimated_is_nan_with_a_notice(analysis_sample, method, change, code):
    result = multilevel_mediate(change(analysis_sample), **ONE, method=method)
    assert result.effects["estimate"].isna().all()
    assert code in {p.code for p in result.notices}
    for template in result.templates:
        for row in result.table(template).rows:
            assert all(c.reason for c in row.cells if isinstance(c.value, float) and np.isnan(c.value))
    for label in sentences("multilevel_mediate", result):
        assert label.text("en") and label.text("zh")


def test_variables_centred_beforehand_have_no_effect_between_groups(analysis_sample):
    means = analysis_sample.groupby("community_id")["OE"].transform("mean")
    data = analysis_sample.assign(OE=analysis_sample["OE"] - means)
    result = multilevel_mediate(data, **ONE, method="latent")
    got = keyed(result)
    assert np.isnan(got.loc["indirect.between", "estimate"])
    assert got.loc["indirect.within", "estimate"] == pytest.approx(0.119, abs=0.005)
    assert [p.params["names"] for p in result.notices if p.code == "W6079"] == [["OE"]]
    by_means = multilevel_mediate(data, **ONE)
    assert [p.params["names"] for p in by_means.notices if p.code == "W6079"] == [["OE"]]
    got = keyed(by_means)
    assert np.isnan(got.loc["indirect.between", "estimate"])
    assert got.loc["indirect.within", "estimate"] == pytest.approx(0.119, abs=0.001)
    assert got.loc["indirect.within", "conf_low"] == pytest.approx(0.0915, abs=0.003)
    for template in by_means.templates:
        cells = [c for row in by_means.table(template).rows for c in row.cells]
        assert all(c.reason for c in cells if isinstance(c.value, float) and np.isnan(c.value))


@pytest.mark.parametrize("method", ["means", "latent", "random_slopes"])
def test_a_mediator_that_repeats_x_gives_no_effects(analysis_sample, method):
    result = multilevel_mediate(analysis_sample.assign(SV=2 * analysis_sample["OE"]), **ONE, method=method)
    assert result.effects["estimate"].isna().all()
    assert {p.code for p in result.notices} == {"W6078"}


def test_two_groups_are_too_few_for_latent_parts(analysis_sample):
    few = analysis_sample[analysis_sample["community_id"].isin(["C01", "C02"])]
    result = multilevel_mediate(few, **ONE, method="latent")
    assert {p.code for p in result.notices} == {"W6078", "N6069"}


def test_collinear_covariates_are_named(analysis_sample):
    data = analysis_sample.assign(twice=2 * analysis_sample["age"])
    result = multilevel_mediate(data, **ONE, covariates=["age", "twice"])
    assert {p.code for p in result.notices} == {"W656"}
    assert result.effects["estimate"].notna().all()
