"""Multilevel models: every reference number, identities, options and bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, Codebook, attach, codebook_of
from evalkit.contract.words import say
from evalkit.models.multilevel import mixed
from evalkit.models.multilevel.category_fit import category_fit
from evalkit.models.multilevel.kenward_roger import kenward_roger
from evalkit.models.multilevel.linear_fit import linear_fit
from evalkit.models.multilevel.profile_interval import deviation_interval
from evalkit.models.multilevel.quadrature import Quadrature
from evalkit.models.multilevel.result import MixedResult
from evalkit.models.multilevel.series import steps_of
from evalkit.sampling import Design

FORMULAS = {
    "null": ("SAT ~ 1", {}),
    "ri": ("SAT ~ OE + age + female", {"centre": {"OE": "within"}}),
    "rs": ("SAT ~ OE + age + female", {"centre": {"OE": "within"}, "random": ["1", "OE"]}),
    "rs_uncorr": (
        "SAT ~ OE + age + female",
        {"centre": {"OE": "within"}, "random": ["1", "OE"], "correlated": False},
    ),
    "context": (
        "SAT ~ OE + renovated + alliance_strength",
        {"centre": {"OE": "both", "alliance_strength": "grand"}},
    ),
    "cross": (
        "SAT ~ OE*renovated + alliance_strength",
        {"centre": {"OE": "within", "alliance_strength": "grand"}, "random": ["1", "OE"]},
    ),
    "cgm": ("SAT ~ OE + OE_gm", {"centre": {"OE": "grand"}}),
}
TERMS = {"(Intercept)": "intercept", "OE_cwc": "OE", "OE_cgm": "OE", "al_c": "alliance_strength", "OE_gm": "OE.mean"}
COLUMNS = {"estimate": "estimate", "se": "std_error", "t": "statistic", "z": "statistic", "df": "df", "p": "p_value"}


@pytest.fixture
def dr(analysis_sample):
    means = analysis_sample.groupby("community_id")["OE"].transform("mean")
    return analysis_sample.assign(OE_gm=means)


def fitted(dr: pd.DataFrame, name: str, **options) -> MixedResult:
    formula, given = FORMULAS[name]
    return mixed(dr, formula, group="community_id", **given, **options)


def rows(result: MixedResult, model: int = -1) -> pd.DataFrame:
    tidy = result.tidy()
    mine = tidy[(tidy["model"] == result.models[model].name) & tidy["group"].isna() & tidy["level"].isna()]
    return mine.set_index("term")


def term_of(name: str, model: str = "") -> str:
    name = ":".join(TERMS.get(part, part) for part in name.split(":"))
    return name.replace("OE.mean", "OE_gm") if model == "cgm" else name


@pytest.mark.parametrize("kind", ["REML", "ML"])
@pytest.mark.parametrize("name", FORMULAS)
def test_linear_models_agree_with_lme4(dr, golden, name, kind):
    result = fitted(dr, name, reml=kind == "REML")
    got, last = rows(result), result.models[-1]
    for part in ("fixed", "satterthwaite"):
        record = golden("multilevel", f"{name}.{kind}.{part}")
        for term in record.estimate.index:
            for column in record.fields[1:]:
                assert got.loc[term_of(term, name), COLUMNS[column]] == record.approx(term, column)
    record = golden("multilevel", f"{name}.{kind}.random")
    for place, row in enumerate(record.estimate.to_dict("records")):
        one, other = (term_of(row[k]) if row[k] else "" for k in ("var1", "var2"))
        one = one or "residual"
        value = got.loc[f"covariance.{one}.{other}" if other else f"variance.{one}", "estimate"]
        assert value == record.approx(place, "vcov")
        if other:
            value /= np.sqrt(got.loc[[f"variance.{one}", f"variance.{other}"], "estimate"].prod())
        else:
            value = got.loc[f"sd.{one}", "estimate"]
        assert value == record.approx(place, "sdcor")
    info = golden("multilevel", f"{name}.{kind}.info")
    for field, measure in (("loglik", "log_likelihood"), ("deviance",) * 2, ("aic",) * 2, ("bic",) * 2):
        assert last.measures[measure] == info.approx(field)
    assert result.n_obs == info.value("nobs")
    assert (last.measures["aic"] - last.measures["deviance"]) / 2 == pytest.approx(info.value("npar"))


@pytest.mark.parametrize("name", ["ri", "context", "cross"])
def test_wald_intervals_agree_with_lme4(dr, golden, name):
    record = golden("multilevel", f"{name}.REML.ci_wald")
    got = rows(fitted(dr, name, interval="normal"))
    for term in record.estimate.index:
        for column, side in (("2.5 %", "conf_low"), ("97.5 %", "conf_high")):
            assert got.loc[term_of(term), side] == record.approx(term, column)


def test_profile_intervals_agree_with_lme4(dr, golden):
    record = golden("multilevel", "ri.ML.ci_profile")
    got = rows(fitted(dr, "ri", interval="profile", reml=False))
    names = {"sd_(Intercept)|community_id": "sd.intercept", "sigma": "sd.residual"}
    for term in record.estimate.index:
        for column, side in (("2.5 %", "conf_low"), ("97.5 %", "conf_high")):
            assert got.loc[names.get(term) or term_of(term), side] == record.approx(term, column)


def test_profile_of_a_slope_ends_where_the_likelihood_ratio_does(dr):
    groups = pd.factorize(dr["community_id"], sort=True)[0]
    within = (dr["OE"] - dr["OE_gm"]).to_numpy()
    x = np.column_stack([np.ones(len(dr)), within])
    ends = {}
    for correlated in (True, False):
        fit = linear_fit(x, x, dr["SAT"].to_numpy(), groups, correlated=correlated, reml=False)
        ends[correlated] = deviation_interval(fit, 1, 0.95)
        assert ends[correlated][0] < np.sqrt(fit.covariance[1, 1]) < ends[correlated][1]
    alone = linear_fit(x[:, :1], x, dr["SAT"].to_numpy(), groups, correlated=True, reml=False)
    assert 2 * (fit.log_likelihood - alone.log_likelihood) < 3.84  # so 0 is not rejected
    assert ends[True][0] == ends[False][0] == 0
    assert ends[False][1] == pytest.approx(ends[True][1], rel=0.02)


@pytest.mark.parametrize("name", ["ri", "rs", "context", "cross"])
def test_explained_variance_agrees_with_performance(dr, golden, name):
    record = golden("multilevel", f"{name}.r2_nakagawa")
    last = fitted(dr, name).models[-1]
    assert last.measures["r2_marginal"] == record.approx("marginal")
    assert last.measures["r2_conditional"] == record.approx("conditional")


def test_shares_of_variance(dr, golden):
    record = golden("multilevel", "null.icc")
    null = fitted(dr, "null").models[0]
    assert null.measures["icc"] == record.approx("icc_reml")
    assert fitted(dr, "null", reml=False).models[0].measures["icc"] == record.approx("icc_ml")
    assert null.measures["design_effect"] == record.approx("design_effect_meansize")
    last = fitted(dr, "ri").models[-1]
    for record, names in (
        (golden("multilevel", "ri.variance_reduction"), {"level1": "explained_1", "level2": "explained_2"}),
        (
            golden("multilevel", "ri.snijders_bosker"),
            {"level1": "snijders_1", "level2": "snijders_2", "harmonic_n": "harmonic_size"},
        ),
    ):
        for field, name in names.items():
            assert last.measures[name] == record.approx(field)


def test_likelihood_ratios_agree_with_lme4(dr, golden):
    def same(test, record, fields):
        for value, field in zip(test, fields, strict=True):
            if field:
                assert value == record.approx(field)

    null, model, slopes = fitted(dr, "rs").models
    same(model.tests["lr_fixed"], golden("multilevel", "lrt.null_ri"), ("chisq", "df", "p"))
    record = golden("multilevel", "lrt.ri_rs_reml")
    same(slopes.tests["lr_random"], record, ("chisq", "df", "p"))
    same(slopes.tests["lr_random_mixture"], record, ("chisq", "", "p_mixture"))
    same(null.tests["lr_random_mixture"], golden("multilevel", "lrt.random_intercept"), ("chisq", "", "p_half"))


def test_group_effects_agree_with_lme4(dr, golden):
    effects = fitted(dr, "null").tidy().set_index("group")
    slopes = fitted(dr, "rs").tidy()
    for group in golden("multilevel", "null.ranef_first5").fields:
        row = effects.loc[group]
        assert row["estimate"] == golden("multilevel", "null.ranef_first5").approx(group)
        assert row["std_error"] == golden("multilevel", "null.ranef_condsd_first5").approx(group)
        for column, term in (("(Intercept)", "effect.intercept"), ("OE_cwc", "effect.OE")):
            value = slopes[(slopes["group"] == group) & (slopes["term"] == term)]["estimate"].iloc[0]
            assert value == golden("multilevel", "rs.ranef_first5").approx(group, column)


def test_type_three_and_simple_slopes_agree_with_lmertest(dr, golden):
    result = fitted(dr, "cross")
    got = rows(result)
    record = golden("multilevel", "type3_anova.cross")
    own = {"SS": "sum_of_squares", "NumDF": "df", "DenDF": "df2", "F": "statistic", "p": "p_value"}
    for term in record.estimate.index:
        row = got.loc["anova." + term_of(term)]
        for column, name in own.items():
            assert row[name] == record.approx(term, column)
        assert row["sum_of_squares"] / row["df"] == record.approx(term, "MS")
    record = golden("multilevel", "cross.simple_slopes")
    tidy = result.tidy()
    slopes = tidy[tidy["term"] == "slope.OE:renovated"].set_index("level")
    for level in ("0", "1"):
        assert slopes.loc[level, "estimate"] == record.approx(f"slope_{level}")
        assert slopes.loc[level, "std_error"] == record.approx(f"se_{level}")


def test_singular_fits_are_told_from_others(dr, golden):
    record = golden("multilevel", "singular")
    for name in record.fields:
        assert fitted(dr, name).models[-1].singular == record.value(name)


@pytest.mark.parametrize("name", ["ri", "rs", "context", "cross"])
def test_kenward_and_roger_agree_with_pbkrtest(dr, golden, name):
    record = golden("multilevel", f"{name}.REML.kenward_roger")
    result = fitted(dr, name, df="kenward_roger")
    got = rows(result)
    for term in record.estimate.index:
        for column in record.fields[1:]:
            assert got.loc[term_of(term), COLUMNS[column]] == record.approx(term, column)
    line = result.models[-1].anova[0]  # one column: F is the square of t
    assert line.statistic == pytest.approx(got.loc[line.term, "statistic"] ** 2)
    assert line.df2 == pytest.approx(got.loc[line.term, "df"])


def test_kenward_and_roger_in_a_balanced_design_are_exact():
    rng = np.random.default_rng(12)
    g = np.repeat(np.arange(12), 5)
    w = np.repeat(["a", "b", "c"], 4)[g]
    y = rng.normal(size=12)[g] + (w == "b") * 0.5 + rng.normal(size=60)
    result = mixed(pd.DataFrame({"g": g, "w": w, "y": y}), "y ~ w", group="g", df="kenward_roger")
    line = result.models[-1].anova[0]
    means = pd.DataFrame({"g": g, "w": w, "y": y}).groupby(["g", "w"], as_index=False)["y"].mean()
    sides = [part["y"].to_numpy() for _, part in means.groupby("w")]
    from scipy.stats import f_oneway

    exact = f_oneway(*sides)  # group means are independent: an analysis of variance of 12 of them
    assert (line.df, line.df2) == (2, pytest.approx(9))
    assert line.statistic == pytest.approx(exact.statistic, rel=1e-5)
    assert line.p_value == pytest.approx(exact.pvalue, rel=1e-5)


def test_variances_that_cannot_be_told_apart_leave_no_test(dr, monkeypatch):
    one, groups = np.ones((len(dr), 1)), pd.factorize(dr["community_id"], sort=True)[0]
    twin = np.column_stack([one, one])
    fit = linear_fit(twin, one, dr["SAT"].to_numpy(), groups, correlated=False, reml=True)
    assert kenward_roger(fit, twin, one, groups) is None
    monkeypatch.setattr("evalkit.models.multilevel.linear_model.kenward_roger", lambda *_: None)
    result = fitted(dr, "cross", df="kenward_roger")
    last = result.models[-1]
    assert np.isnan(last.p_value).all() and np.isfinite(last.estimate).all()
    assert not last.anova and not last.slopes
    assert [p.params["model"] for p in result.notices if p.code == "W6081"] == ["null", "1", "2"]
    assert result.table().rows and result.figure("groups").frame["estimate"].notna().all()


def test_inner_and_outer_degrees_agree_with_nlme(dr, golden):
    record = golden("multilevel", "nlme_check.ri")
    got = rows(fitted(dr, "ri", df="inner_outer"))
    for term in record.estimate.index:
        for column in record.fields[1:]:
            assert got.loc[term_of(term), COLUMNS[column]] == record.approx(term, column)


def test_reliability_of_group_means_follows_from_the_null_model(dr, golden):
    record = golden("multilevel", "group_mean_reliability.SAT_first5")
    result = fitted(dr, "null")
    got = rows(result)
    between, within = got.loc["variance.intercept", "estimate"], got.loc["variance.residual", "estimate"]
    for group, size in zip(result.group_names[:5], result.sizes[:5], strict=True):
        assert between / (between + within / size) == record.approx(group)


@pytest.mark.parametrize("name", ["laplace", "agq15"])
def test_logits_agree_with_lme4(dr, golden, name):
    points = {"laplace": 1, "agq15": 15}[name]
    given = {"group": "community_id", "family": "logit", "n_quad": points}
    result = mixed(dr, "signed_agreement ~ SAT + renovated", **given)
    got, record = rows(result), golden("multilevel", f"glmer_logit.{name}.fixed")
    for term in record.estimate.index:
        for column in record.fields[1:]:
            assert got.loc[term_of(term), COLUMNS[column]] == record.approx(term, column)
    variance = got.loc["variance.intercept", "estimate"]
    assert variance == golden("multilevel", f"glmer_logit.{name}.random_var").approx()
    value = got.loc["model.log_likelihood", "estimate"]
    assert value == golden("multilevel", f"glmer_logit.{name}.loglik").approx()
    assert got.loc["SAT", "ratio"] == pytest.approx(np.exp(got.loc["SAT", "estimate"]))


def test_the_latent_icc_and_the_median_odds_ratio(dr, golden):
    record = golden("multilevel", "glmer_logit.null_icc_latent")
    given = {"group": "community_id", "family": "logit", "n_quad": 1}
    null = mixed(dr, "signed_agreement ~ 1", **given).models[0]
    assert null.covariance[0, 0] == record.approx("var")
    assert null.measures["icc"] == record.approx("icc")
    assert null.measures["median_odds_ratio"] == record.approx("mor")


# --- ordered outcomes: identities, for there is no reference run -----------------------------------------------


def test_without_variance_between_groups_an_ordered_logit_is_the_plain_one(dr):
    from evalkit.models.generalised import outcome_model

    rng = np.random.default_rng(1)
    even = np.tile([1.0, 2.0, 3.0, 4.0, 2.0, 3.0], 40)  # every group has the same answers
    data = pd.DataFrame({"g": np.repeat(np.arange(40), 6), "y": even, "x": rng.normal(size=240)})
    result = mixed(data, "y ~ x", group="g", family="ordered_logit")
    assert result.models[-1].singular
    assert any(p.code == "W6072" for p in result.notices)
    plain = outcome_model(data, "y ~ x", family="ordered_logit").tidy().set_index("term")
    got = rows(result)
    for term in ("x", "threshold.1", "threshold.2", "threshold.3"):
        for column in ("estimate", "std_error"):
            assert got.loc[term, column] == pytest.approx(plain.loc[term, column], rel=1e-5)
    assert got.loc["model.log_likelihood", "estimate"] == pytest.approx(plain.loc["model.log_likelihood", "estimate"])


def test_two_categories_make_an_ordered_logit_a_binary_one(dr):
    given = {"group": "community_id"}
    binary = rows(mixed(dr, "signed_agreement ~ SAT", family="logit", **given))
    ordered = rows(mixed(dr, "signed_agreement ~ SAT", family="ordered_logit", **given))
    for column in ("estimate", "std_error"):
        assert ordered.loc["SAT", column] == pytest.approx(binary.loc["SAT", column], rel=1e-6)
    assert ordered.loc["threshold.0", "estimate"] == pytest.approx(-binary.loc["intercept", "estimate"], rel=1e-6)


def test_the_quadrature_is_the_integral(dr):
    from scipy.integrate import quad
    from scipy.special import expit

    rng = np.random.default_rng(2)
    groups, y, x = np.repeat(np.arange(5), 6), rng.integers(0, 3, 30), rng.normal(size=30)
    b = np.array([-0.6, 0.9, 0.4, 0.8])
    bounds = np.array([-np.inf, *b[:2], np.inf])

    def integrand(v, g):
        at = groups == g
        eta = b[2] * x[at] + b[3] * v
        chance = expit(bounds[y[at] + 1] - eta) - expit(bounds[y[at]] - eta)
        return chance.prod() * np.exp(-(v**2) / 2) / np.sqrt(2 * np.pi)

    exact = sum(np.log(quad(integrand, -9, 9, args=(g,), epsabs=1e-13)[0]) for g in range(5))
    found = Quadrature(x[:, None], y, np.arange(0, 30, 6), 25)
    assert found.value(b)[0] == pytest.approx(exact, abs=1e-8)
    for points in (1, 7):
        one = Quadrature(x[:, None], y, np.arange(0, 30, 6), points)
        steps = [(one.value(b + e)[0] - one.value(b - e)[0]) / 2e-6 for e in np.eye(4) * 1e-6]
        assert one.value(b)[1] == pytest.approx(np.array(steps), abs=1e-6)


def test_an_ordered_logit_does_not_depend_on_the_units_of_x(dr):
    x = dr[["SAT", "renovated"]].to_numpy()
    y = dr["renewal_support"].to_numpy().astype(int) - 1
    groups = pd.factorize(dr["community_id"], sort=True)[0]
    one, other = (category_fit(part, y, groups, n_quad=7) for part in (x, 100 * x + 3))
    assert one.beta[3:] == pytest.approx(100 * other.beta[3:], rel=1e-5)
    assert one.sigma == pytest.approx(other.sigma, rel=1e-5)


# --- the series, options and what else a call may say ------------------------------------------------------------


def test_models_come_in_the_order_of_the_table(dr):
    formula = "SAT ~ OE + age | + renovated | + OE:renovated"
    given = {"group": "community_id", "random": ["1", "OE"], "centre": {"OE": "both"}}
    result = mixed(dr, formula, **given)
    assert [m.part for m in result.models] == ["null", "intercept", "intercept", "slope", "cross"]
    assert [m.name for m in result.models] == ["null", "1", "2", "3", "4"]
    assert result.levels == {
        "OE": "1", "OE.mean": "2", "age": "1", "renovated": "2", "OE:renovated": "cross",
    }  # fmt: skip
    table = result.table()
    heads = [head.text("zh") for head in table.header[1]]
    assert heads[1:] == ["零模型", "模型1 随机截距", "模型2 随机截距", "模型3 随机斜率", "模型4 跨层交互"]
    texts = [row.cells[0].value.text("en") for row in table.rows if row.cells[0].value]
    for wanted in ("Level 1", "Level 2", "Cross-level", "OE (mean of community_id)"):
        assert wanted in texts
    assert any(text.startswith("τ01 (intercept × OE") for text in texts)
    assert "centred within" in " ".join(note.text("en") for note in table.notes)


def test_names_make_the_same_model_as_a_formula(dr):
    one = mixed(dr, "SAT ~ OE + age", group="community_id").tidy()
    other = mixed(dr, y="SAT", x=["OE", "age"], group="community_id").tidy()
    pd.testing.assert_frame_equal(one, other)


def test_centring_is_that_of_the_rows_used(dr):
    gap = dr.copy()
    gap.loc[gap.index[:7], "SAT"] = np.nan
    result = mixed(gap, "SAT ~ OE", group="community_id", centre={"OE": "within"})
    by_hand = gap.dropna(subset=["SAT"])
    by_hand = by_hand.assign(OE=by_hand["OE"] - by_hand.groupby("community_id")["OE"].transform("mean"))
    same = mixed(by_hand, "SAT ~ OE", group="community_id")
    assert result.dropped[0].n == 7
    assert result.models[-1].estimate == pytest.approx(same.models[-1].estimate)
    means = mixed(by_hand.assign(OE=gap["OE"]), "SAT ~ OE", group="community_id", centre={"OE": "between"})
    assert means.levels["OE"] == "2"


def test_degrees_of_freedom_and_units_of_a_slope_do_not_move_the_fit(dr):
    plain = fitted(dr, "rs").models[-1]
    wide = mixed(dr.assign(OE=dr["OE"] * 1000), "SAT ~ OE + age + female", group="community_id",
                 centre={"OE": "within"}, random=["1", "OE"]).models[-1]  # fmt: skip
    assert wide.estimate[1] * 1000 == pytest.approx(plain.estimate[1], rel=1e-6)
    assert wide.df == pytest.approx(plain.df, rel=1e-4)
    normal = fitted(dr, "rs", df="normal")
    assert np.isinf(normal.models[-1].df).all()
    assert rows(normal)["df"][["OE", "age"]].isna().all()


def test_a_term_of_many_columns_is_tested_as_one(dr):
    result = mixed(dr, "SAT ~ tenure*OE", group="community_id")
    lines = {line.term: line for line in result.models[-1].anova}
    assert set(lines) == {"tenure", "OE", "tenure:OE"}
    assert lines["tenure"].df == lines["tenure:OE"].df == 2
    # coded so that effects of categories sum to nought, OE is its mean slope over the categories
    last = result.models[-1]
    mean = np.zeros(len(last.terms))
    mean[last.terms.index("OE")] = 1.0
    for term in last.terms:
        if ":" in term:
            mean[last.terms.index(term)] = 1 / 3
    t = mean @ last.estimate / np.sqrt(mean @ last.matrix @ mean)
    assert lines["OE"].statistic == pytest.approx(t**2)


def test_a_moderator_with_many_values_is_shown_at_its_mean_over_groups(dr):
    result = mixed(dr, "SAT ~ OE*alliance_strength", group="community_id", centre={"OE": "within"})
    one = result.cross[0]
    strength = dr.groupby("community_id")["alliance_strength"].first()
    assert one.levels == ("low", "mean", "high")
    assert one.values == pytest.approx(
        [strength.mean() - strength.std(), strength.mean(), strength.mean() + strength.std()]
    )
    last = result.models[-1]
    b = dict(zip(last.terms, last.estimate, strict=True))
    assert last.slopes[2].estimate == pytest.approx(b["OE"] + b["OE:alliance_strength"] * one.values[2])
    frame = result.figure("slopes").frame
    mid = frame[frame["level"] == "mean"]
    assert np.diff(mid["estimate"]) / np.diff(mid["x"]) == pytest.approx(last.slopes[1].estimate)


def test_three_random_effects_and_their_correlations(dr):
    result = mixed(dr, "SAT ~ OE + SV", group="community_id", random=["1", "OE", "SV"],
                   centre={"OE": "within", "SV": "within"})  # fmt: skip
    last = result.models[-1]
    assert last.covariance.shape == (3, 3)
    assert np.linalg.eigvalsh(last.covariance).min() > -1e-12
    assert np.isnan(last.tests["lr_random_mixture"][2])  # two at once: no simple mixture
    assert {"covariance.OE.SV", "sd.SV"} <= set(rows(result).index)


def test_tables_figures_and_glance(dr):
    result = fitted(dr, "cross")
    assert result.templates == ("T19", "T19.slopes", "T19.anova")
    assert result.figures == ("slopes", "groups")
    assert len(result.figure("groups").frame) == 80
    assert result.glance()["icc"].iloc[0] == pytest.approx(result.models[0].measures["icc"])
    slopes = result.table("T19.slopes")
    assert [row.cells[0].value.text("en") for row in slopes.rows[1:]] == ["0", "1"]
    with pytest.raises(AnalysisError, match="E652"):
        result.table("T99")
    logit = mixed(dr, "signed_agreement ~ SAT", group="community_id", family="logit")
    assert logit.templates == ("T19", "T19.ratio")
    assert logit.table("T19.ratio").rows[3].cells[2].value == pytest.approx(np.exp(logit.models[1].estimate[1]))


# --- what cannot mean anything, and what cannot be estimated ------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"family": "probit"}, "E6060"),
        ({"df": "kenward"}, "E6060"),
        ({"df": "kenward_roger", "reml": False}, "E6082"),
        ({"interval": "boot"}, "E6060"),
        ({"centre": {"OE": "twice"}}, "E6060"),
        ({"family": "logit", "reml": True}, "E6061"),
        ({"family": "logit", "interval": "profile"}, "E6061"),
        ({"family": "logit", "random": ["1", "OE"]}, "E6061"),
        ({"n_quad": 9}, "E6061"),
        ({"random": ["OE"]}, "E6062"),
        ({"random": ["1", "1"]}, "E6062"),
        ({"family": "logit", "n_quad": 0}, "E6063"),
        ({"design": Design(weights="weight")}, "E6064"),
        ({"centre": {"age": "within"}}, "E6066"),
        ({"centre": {"tenure": "grand"}}, "E6066"),
        ({"group": "OE"}, "E6074"),
        ({"random": ["1", "age"]}, "E6075"),
        ({"random": ["1", "renovated"]}, "E6075"),
        ({"conf_level": 1.0}, "E667"),
        ({"group": "place"}, "E600"),
    ],
)
def test_calls_that_mean_nothing_are_refused_by_name(dr, options, code):
    given = {"group": "community_id"} | options
    outcome = "signed_agreement" if given.get("family") else "SAT"
    with pytest.raises(AnalysisError) as err:
        mixed(dr, f"{outcome} ~ OE + renovated + tenure", **given)
    assert err.value.problems[0].code == code
    for lang in ("zh", "en"):
        assert say(err.value.problems[0], lang)


def test_a_design_is_refused_or_named(dr):
    book = codebook_of(dr)
    data = attach(
        dr, Codebook(book.variables, design=Design(weights="weight", strata="stratum", clusters="community_id"))
    )
    with pytest.raises(AnalysisError, match="E6064"):
        mixed(data, "SAT ~ OE", group="community_id")
    result = mixed(data, "SAT ~ OE", group="community_id", unweighted=True)
    named = [p for p in result.notices if p.code == "W6065"]
    assert named[0].params["names"] == ["weight", "stratum"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d.head(3), "W657"),
        (lambda d: d.iloc[:0], "W657"),
        (lambda d: d.assign(SAT=3.0), "W658"),
        (lambda d: d.assign(community_id="one"), "W6067"),
        (lambda d: d.assign(community_id=np.arange(len(d))), "W6068"),
    ],
)
def test_what_cannot_be_estimated_is_nan_with_a_notice(dr, change, code):
    result = mixed(change(dr), "SAT ~ OE + age", group="community_id")
    last = result.models[-1]
    assert last.why and np.isnan(last.estimate).all()
    assert code in {p.code for p in result.notices}
    tidy = result.tidy()
    assert tidy["estimate"].isna().all()
    for template in result.templates:
        cells = [c for row in result.table(template).rows for c in row.cells]
        assert all(c.reason for c in cells if isinstance(c.value, float) and np.isnan(c.value))


def test_collinear_and_constant_terms_are_named_and_left_out(dr):
    data = dr.assign(twin=2 * dr["OE"], flat=1.0)
    result = mixed(data, "SAT ~ OE + twin + flat", group="community_id")
    codes = {p.code: p.params["term"] for p in result.notices if p.code in ("W655", "W656")}
    assert codes == {"W656": "twin", "W655": "flat"}
    got = rows(result)
    assert np.isnan(got.loc["twin", "estimate"]) and got.loc["OE", "estimate"] > 0


def test_few_groups_and_more_level_two_terms_than_groups_are_named(dr):
    few = dr[dr["community_id"].isin([f"C{i:02d}" for i in range(1, 5)])]
    few = few.assign(w1=few["community_id"].map({"C01": 1, "C02": 2, "C03": 4, "C04": 3}),
                     w2=few["community_id"].map({"C01": 0, "C02": 1, "C03": 0, "C04": 0}),
                     w3=few["community_id"].map({"C01": 0, "C02": 0, "C03": 5, "C04": 1}))  # fmt: skip
    result = mixed(few, "SAT ~ OE + w1 + w2 + w3", group="community_id")
    assert {"N6069", "W6070"} <= {p.code for p in result.notices}


def test_a_slope_without_variance_is_a_singular_fit_that_says_so(dr):
    rng = np.random.default_rng(3)
    data = dr.assign(noise=rng.normal(size=len(dr)))
    result = mixed(data, "SAT ~ noise", group="community_id", random=["1", "noise"], correlated=False)
    last = result.models[-1]
    if last.singular:
        assert [p.params["effects"] for p in result.notices if p.code == "W6072"] == [["noise"]]
    even = data.assign(SAT=np.tile([1.0, 2.0, 3.0, 4.0], 264), community_id=np.repeat(np.arange(264), 4).astype(str))
    result = mixed(even, "SAT ~ noise", group="community_id")
    assert result.models[0].singular
    assert result.models[0].covariance[0, 0] == pytest.approx(0.0, abs=1e-8)
    assert any(p.code == "W6072" for p in result.notices)


@pytest.mark.parametrize("outcome", ["by_x", "by_group"])
def test_an_outcome_without_a_residual_gives_no_numbers(dr, outcome):
    group = dr["community_id"].str[1:].astype(float)
    data = dr.assign(z=2 * dr["OE"] + 1 if outcome == "by_x" else group)
    result = mixed(data, "z ~ OE", group="community_id", random=["1", "OE"])
    assert np.isnan(result.models[-1].estimate).all()
    assert "W6071" in {p.code for p in result.notices}


def test_a_logit_that_separates_gives_no_numbers(dr):
    data = dr.assign(sure=dr["signed_agreement"] * 2 - 1)
    result = mixed(data, "signed_agreement ~ sure", group="community_id", family="logit")
    assert np.isnan(result.models[-1].estimate).all()
    assert {p.code for p in result.notices} & {"W758", "W6071"}


def test_steps_put_slopes_before_the_products(dr):
    from evalkit.models.linear import model_blocks
    from evalkit.models.multilevel.sample import nested_rows

    def parts(formula, slopes):
        outcome, terms = model_blocks(formula, None, None)
        nested = nested_rows(dr, terms, "community_id", {}, dr[outcome].to_numpy(float))
        return [(s.block, s.slopes, s.part) for s in steps_of(nested, slopes)]

    assert parts("SAT ~ OE", ("OE",)) == [(-1, False, "null"), (0, False, "intercept"), (0, True, "slope")]
    assert parts("SAT ~ OE*renovated", ("OE",))[1:] == [(0, False, "intercept"), (0, True, "cross")]
    assert parts("SAT ~ OE + renovated | + OE:renovated", ("OE",))[1:] == [
        (0, False, "intercept"), (0, True, "slope"), (1, True, "cross"),
    ]  # fmt: skip
    assert parts("SAT ~ OE + renovated | + OE:renovated", ())[1:] == [(0, False, "intercept"), (1, False, "cross")]
    assert parts("SAT ~ 1", ()) == [(-1, False, "null")]
