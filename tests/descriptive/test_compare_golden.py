"""Comparisons of groups, held to every reference record of the tests that a comparison knows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import attach
from evalkit.descriptive import compare
from evalkit.descriptive.comparison.adjustment import adjusted

TWO = ["SAT", "PAR", "trust_before"]
MANY = [(v, g) for v in ("SAT", "PAR") for g in ("stratum", "tenure")]


def found(result, term, level=None):
    """The row of a term as a dictionary."""
    rows = result.tidy()
    own = rows[(rows["term"] == term) & (rows["level"].isna() if level is None else rows["level"] == level)]
    assert len(own) == 1, (term, level)
    return own.iloc[0].to_dict()


def estimate(result, term):
    """An effect size as the reference has it: estimate, lower, upper."""
    row = found(result, term)
    return {"estimate": row["estimate"], "lower": row["conf_low"], "upper": row["conf_high"]}


def of_test(result, names):
    row = found(result, "test")
    return {name: row[column] for name, column in names.items()}


T = {"stat": "statistic", "df": "df", "p": "p_value", "lower": "conf_low", "upper": "conf_high"}
F = {"stat": "statistic", "df1": "df", "df2": "df2", "p": "p_value"}


@pytest.mark.parametrize("v", TWO)
class TestTwoGroups:
    def test_t(self, v, categorical, golden):
        for name, record in (("student", "t_student"), ("welch", "t_welch")):
            result = compare(categorical, outcome=v, by="gender", test=name)
            assert of_test(result, T) == golden("groups", f"{record}.{v}").approx()

    @pytest.mark.parametrize("term", ["cohens_d", "cohens_d_unpooled", "hedges_g", "glass_delta"])
    def test_standardised_differences(self, v, term, categorical, golden):
        result = compare(categorical, outcome=v, by="gender")
        assert estimate(result, term) == golden("groups", f"{term}.{v}").approx()

    def test_ranks(self, v, categorical, golden):
        result = compare(categorical, outcome=v, by="gender", test="ranks")
        test, plain = found(result, "test"), found(result, "uncorrected")
        record = golden("groups", f"mann_whitney.{v}")
        values = {"W": test["statistic"], "p_corrected": test["p_value"], "p_uncorrected": plain["p_value"]}
        assert values == record.approx()
        assert estimate(result, "hodges_lehmann") == golden("groups", f"hodges_lehmann.{v}").approx()
        assert estimate(result, "rank_biserial") == golden("groups", f"rank_biserial.{v}").approx()
        assert found(result, "superiority")["estimate"] == golden("groups", f"cles.{v}").approx()

    def test_variances(self, v, categorical, golden):
        result = compare(categorical, outcome=v, by="gender")
        for term, record in (("levene", "levene_mean"), ("levene_median", "levene_median")):
            row = found(result, term)
            values = {"F": row["statistic"], "df1": row["df"], "df2": row["df2"], "p": row["p_value"]}
            assert values == golden("groups", f"{record}.{v}").approx()
        row = found(result, "variance_ratio")
        names = {
            "stat": "estimate",
            "df1": "df",
            "df2": "df2",
            "p": "p_value",
            "lower": "conf_low",
            "upper": "conf_high",
        }
        assert {k: row[c] for k, c in names.items()} == golden("groups", f"variance_ratio.{v}").approx()


def pairs(result, columns):
    """Pairs as a matrix, in the order of the groups."""
    rows = result.tidy()
    return rows[rows["term"] == "pair"][columns].to_numpy(float)


@pytest.mark.parametrize(("v", "g"), MANY)
class TestManyGroups:
    def test_analyses_of_variance(self, v, g, categorical, golden):
        result = compare(categorical, outcome=v, by=g, test="anova", posthoc="none")
        between, within, test = (found(result, term) for term in ("between", "within", "test"))
        values = {"SSB": between["sum_of_squares"], "SSW": within["sum_of_squares"], "F": test["statistic"]}
        values |= {"df1": test["df"], "df2": test["df2"], "p": test["p_value"]}
        assert values == golden("groups", f"anova.{v}_by_{g}").approx()
        welch = compare(categorical, outcome=v, by=g, posthoc="none")
        assert of_test(welch, F) == golden("groups", f"welch_anova.{v}_by_{g}").approx()
        other = compare(categorical, outcome=v, by=g, test="brown_forsythe", posthoc="none")
        names = {"F": "statistic", "df1": "df", "df2": "df2", "p": "p_value"}
        assert of_test(other, names) == golden("groups", f"brown_forsythe_F.{v}_by_{g}").approx()

    def test_shares_of_variance(self, v, g, categorical, golden):
        result = compare(categorical, outcome=v, by=g, posthoc="none")
        for term, record in (("eta_squared", "eta2"), ("omega_squared", "omega2"), ("epsilon_squared", "epsilon2")):
            assert estimate(result, term) == golden("groups", f"{record}.{v}_by_{g}").approx()
        assert found(result, "cohens_f")["estimate"] == golden("groups", f"cohens_f.{v}_by_{g}").approx()
        row = found(result, "bartlett")
        values = {"stat": row["statistic"], "df": row["df"], "p": row["p_value"]}
        assert values == golden("groups", f"bartlett.{v}_by_{g}").approx()
        row = found(result, "levene_median")
        values = {"F": row["statistic"], "df1": row["df"], "df2": row["df2"], "p": row["p_value"]}
        assert values == golden("groups", f"levene_median_k.{v}_by_{g}").approx()

    def test_simultaneous_pairs(self, v, g, categorical, golden):
        # The reference has second less first: the signs turn round, and the ends change places.
        result = compare(categorical, outcome=v, by=g, test="anova")
        columns = ["estimate", "conf_high", "conf_low", "p_adjusted"]
        assert pairs(result, columns) * [-1, -1, -1, 1] == golden("groups", f"tukey.{v}_by_{g}").approx()
        result = compare(categorical, outcome=v, by=g)
        columns = ["estimate", "std_error", "statistic", "df", "p_adjusted", "conf_high", "conf_low"]
        record = golden("groups", f"games_howell.{v}_by_{g}")
        places = record.estimate[["a", "b"]].to_numpy(float)
        values = pairs(result, columns) * [-1, 1, -1, 1, 1, -1, -1]
        assert np.column_stack([places, values]) == record.approx()

    def test_adjusted_pairs(self, v, g, categorical, golden):
        for test, posthoc, adjust, record in (
            ("anova", "t", "holm", "pairwise_t_pooled_holm"),
            ("welch", "welch_t", "bonferroni", "pairwise_t_welch_bonferroni"),
        ):
            result = compare(categorical, outcome=v, by=g, test=test, posthoc=posthoc, adjust=adjust)
            expected = golden("groups", f"{record}.{v}_by_{g}")
            rows = result.tidy()
            rows = rows[rows["term"] == "pair"]
            matrix = pd.DataFrame(np.nan, index=expected.estimate.index, columns=expected.estimate.columns)
            for pair, p in zip(rows["level"], rows["p_adjusted"], strict=True):
                first, second = pair.split(":")
                matrix.loc[second, first] = p
            assert matrix == expected.approx()

    def test_ranks(self, v, g, categorical, golden):
        result = compare(categorical, outcome=v, by=g, test="ranks")
        names = {"stat": "statistic", "df": "df", "p": "p_value"}
        assert of_test(result, names) == golden("groups", f"kruskal.{v}_by_{g}").approx()
        shares = {"epsilon2": found(result, "rank_epsilon_squared"), "eta2_H": found(result, "rank_eta_squared")}
        assert {k: r["estimate"] for k, r in shares.items()} == golden("groups", f"rank_epsilon2.{v}_by_{g}").approx()
        record = golden("groups", f"dunn_holm.{v}_by_{g}")
        places = record.estimate[["a", "b"]].to_numpy(float)
        assert np.column_stack([places, pairs(result, ["statistic", "p_value", "p_adjusted"])]) == record.approx()


def test_trend_over_ordered_groups(scored, golden):
    result = compare(scored, outcome="SAT", by="age_band", test="jonckheere")
    test, row = found(result, "test"), found(result, "jonckheere")
    values = {"J": row["estimate"], "E": row["reference"], "var": row["variance"], "z": test["statistic"]}
    assert values | {"p": test["p_value"]} == golden("groups", "trend_jonckheere.SAT_age_band").approx()


def test_paired_means(scored, golden):
    result = compare(scored, outcome=["trust_after", "trust_before"], paired=True, equivalence=4)
    record = golden("groups", "t_paired.trust")
    assert of_test(result, T | {"n": "n_obs"}) == record.approx()
    assert estimate(result, "cohens_dz") == golden("groups", "cohens_dz.trust").approx()
    values = {
        "d_av": found(result, "cohens_d_average")["estimate"],
        "d_rm": found(result, "cohens_d_repeated")["estimate"],
    }
    assert values == golden("groups", "cohens_d_av.trust").approx()


def test_signed_ranks(scored, golden):
    result = compare(scored, outcome=["trust_after", "trust_before"], paired=True, test="ranks")
    test, plain = found(result, "test"), found(result, "uncorrected")
    values = {"V": test["statistic"], "p_corrected": test["p_value"], "p_uncorrected": plain["p_value"]}
    assert values == golden("groups", "wilcoxon_signed_rank.trust").approx()
    assert estimate(result, "rank_biserial") == golden("groups", "rank_biserial_paired.trust").approx()


def test_equivalence(categorical, golden):
    result = compare(categorical, outcome="SAT", by="gender", equivalence=0.2)
    lower, upper, both = (found(result, "equivalence", side) for side in ("lower", "upper", None))
    values = {"diff": both["estimate"], "p_lower": lower["p_value"], "p_upper": upper["p_value"]}
    assert values == golden("groups", "tost.SAT_gender_pm0.2").approx()
    assert both["p_value"] == max(lower["p_value"], upper["p_value"])
    assert -0.2 < both["conf_low"] < both["conf_high"] < 0.2


def test_covariates(scored, golden):
    result = compare(scored, outcome="trust_after", by="renovated", test="ancova", covariates=["trust_before"])
    terms = {"(Intercept)": "intercept", "factor(renovated)": "test", "trust_before": "covariate.trust_before"}
    terms["Residuals"] = "within"
    record = golden("groups", "ancova.trust_renovated")
    for name, term in terms.items():
        row = found(result, term)
        values = [row["sum_of_squares"], row["df"], row["statistic"], row["p_value"]]
        assert values == [record.approx(name, column) for column in ("Sum Sq", "Df", "F", "p")], name
    means = {f"renovated_{i}": found(result, "adjusted_mean", str(i))["estimate"] for i in (0, 1)}
    assert means == golden("groups", "ancova.adjusted_means").approx()
    row = found(result, "slopes")
    values = {"F": row["statistic"], "df1": row["df"], "df2": row["df2"], "p": row["p_value"]}
    assert values == golden("groups", "ancova.slope_homogeneity").approx()


def test_repeated_measures(scored, golden):
    result = compare(scored, outcome=["OB", "OE", "MO"], paired=True)
    plain, gg, hf = (found(result, term) for term in ("sphericity_assumed", "greenhouse_geisser", "huynh_feldt"))
    mauchly = found(result, "mauchly")
    values = {"F": plain["statistic"], "df1": plain["df"], "df2": plain["df2"], "p": plain["p_value"]}
    values |= {"GG": gg["estimate"], "p_GG": gg["p_value"], "HF": hf["estimate"], "p_HF": hf["p_value"]}
    values |= {"mauchly_W": mauchly["estimate"], "mauchly_p": mauchly["p_value"]}
    assert values == golden("groups", "rm_anova.mechanisms").approx()
    result = compare(scored, outcome=["OB", "OE", "MO"], paired=True, test="ranks")
    names = {"stat": "statistic", "df": "df", "p": "p_value", "n": "n_obs"}
    assert of_test(result, names) == golden("groups", "friedman.mechanisms").approx()
    assert found(result, "kendalls_w")["estimate"] == golden("groups", "kendalls_w.mechanisms").approx()


def test_yes_or_no_asked_again(scored, golden):
    data = (scored[["OB", "OE", "MO"]].dropna() >= 3.5).astype(int)
    result = compare(data, outcome=["OB", "OE", "MO"], paired=True, test="cochran")
    assert of_test(result, {"Q": "statistic", "df": "df", "p": "p_value"}) == golden("groups", "cochran_q").approx()
    result = compare(data, outcome=["OE", "OB"], paired=True, test="mcnemar")
    test, corrected, exact = (found(result, term) for term in ("test", "corrected", "exact"))
    values = {
        "b": found(result, "changed", "first_only")["count"],
        "c": found(result, "changed", "second_only")["count"],
    }
    values |= {"stat": test["statistic"], "p": test["p_value"], "p_exact": exact["p_value"]}
    values |= {"stat_cc": corrected["statistic"], "p_cc": corrected["p_value"]}
    assert values == golden("groups", "mcnemar.a_b").approx()


TABLES = {"T1": ("tenure", "gender"), "T3": ("renewal_support", "education")}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_counts(name, categorical, golden):
    outcome, by = TABLES[name]
    result = compare(categorical, outcome=outcome, by=by, test="chi2", posthoc="none")
    test = found(result, "test")
    values = {"chisq": test["statistic"], "df": test["df"], "p": test["p_value"], "min_expected": test["expected"]}
    assert values | {"n": test["n_obs"]} == golden("groups", f"chisq.{name}").approx()
    cells = result.tidy()
    cells = cells[cells["term"] == "cell"]
    expected = golden("groups", f"chisq_expected.{name}")
    for column, record in (
        ("expected", "chisq_expected"), ("residual", "chisq_stdres"), ("statistic", "chisq_pearson_residuals"),
    ):  # fmt: skip
        matrix = cells[column].to_numpy().reshape(expected.estimate.shape)
        assert matrix == golden("groups", f"{record}.{name}").approx()
    assert estimate(result, "cramers_v") == golden("groups", f"cramers_v.{name}").approx()
    assert estimate(result, "cramers_v_corrected") == golden("groups", f"cramers_v_bias_corrected.{name}").approx()
    names = {"tschuprow_t": "tschuprow_t", "pearson_c": "contingency_c", "cohens_w": "cohens_w"}
    values = {k: found(result, term)["estimate"] for k, term in names.items()}
    assert values == golden("groups", f"tschuprow_contingency.{name}").approx()
    g = found(result, "likelihood_ratio")
    values = {"G": g["statistic"], "df": g["df"], "p": g["p_value"]}
    assert values == golden("groups", f"g_test.{name}").approx()


def test_trend_and_prediction_in_a_table(categorical, golden):
    result = compare(categorical, outcome="renewal_support", by="education", test="chi2", posthoc="none")
    row = found(result, "linear")
    assert {"M2": row["statistic"], "p": row["p_value"]} == golden("groups", "linear_by_linear.T3").approx()
    terms = {"lambda_col_given_row": "goodman_kruskal_lambda", "uncertainty_col_given_row": "uncertainty"}
    values = {k: found(result, term)["estimate"] for k, term in terms.items()}
    assert values == golden("groups", "lambda_uncertainty.T3").approx()


def turned(row):
    """A ratio of the first group to the second as that of the second to the first."""
    return [1 / row["estimate"], 1 / row["conf_high"], 1 / row["conf_low"]]


def test_two_by_two(categorical, golden):
    result = compare(categorical, outcome="signed_agreement", by="renter", test="chi2")
    test, yates = found(result, "test"), found(result, "yates")
    values = {"chisq": test["statistic"], "p": test["p_value"]}
    values |= {"chisq_yates": yates["statistic"], "p_yates": yates["p_value"]}
    assert values == golden("groups", "chisq_2x2").approx()
    assert found(result, "phi")["estimate"] == golden("groups", "phi_2x2").approx()
    cells = result.tidy()
    cells = cells[cells["term"] == "cell"]["count"].to_numpy().reshape(2, 2)
    assert cells == golden("groups", "table2x2").approx()
    record = golden("groups", "odds_ratio_2x2")
    assert turned(found(result, "odds_ratio")) == [record.approx(f) for f in ("or", "lower", "upper")]
    record = golden("groups", "risk_ratio_2x2")
    assert turned(found(result, "risk_ratio")) == [record.approx(f) for f in ("rr", "rr_lower", "rr_upper")]
    row = found(result, "risk_difference")
    values = [-row["estimate"], -row["conf_high"], -row["conf_low"]]
    assert values == [record.approx(f) for f in ("rd", "rd_lower", "rd_upper")]
    assert -found(result, "cohens_h")["estimate"] == golden("groups", "cohens_h").approx()
    assert estimate(result, "cramers_v")["estimate"] == golden("groups", "phi_2x2").approx()


def test_exact_test(categorical, golden):
    result = compare(categorical, outcome="signed_agreement", by="renter", test="fisher")
    record = golden("groups", "fisher_2x2")
    values = [*turned(found(result, "odds_ratio_conditional")), found(result, "test")["p_value"]]
    assert values == [record.approx(f) for f in ("odds_ratio_cmle", "lower", "upper", "p")]


def test_two_proportions(categorical, golden):
    result = compare(categorical, outcome="signed_agreement", by="renter", test="proportions")
    record = golden("groups", "prop_test_2")
    shares = [found(result, "share", level)["percent"] / 100 for level in ("1", "0")]
    test = found(result, "test")
    values = [*shares, test["statistic"], test["p_value"], -test["conf_high"], -test["conf_low"]]
    assert values == [record.approx(f) for f in ("p1", "p2", "chisq", "p", "lower", "upper")]


def test_interval_of_a_share(categorical, golden):
    """One group has no test, but its share has an interval."""
    result = compare(categorical.assign(all=1), outcome="signed_agreement", by="all", test="chi2")
    row = found(result, "share", "1")
    assert [row["conf_low"] / 100, row["conf_high"] / 100] == golden("groups", "prop_ci.signed.wilson").approx()


@pytest.mark.parametrize("method", ["holm", "hochberg", "hommel", "bonferroni", "BH", "BY"])
def test_adjustments(method, golden):
    p = np.array([0.001, 0.008, 0.012, 0.03, 0.04, 0.2, 0.5])
    record = golden("groups", "p_adjust")
    order = np.array([4, 0, 6, 2, 5, 1, 3])
    expected = record.estimate.loc[method].to_numpy(float)
    assert adjusted(p[order], method.lower()) == pytest.approx(expected[order], abs=1e-9, rel=1e-9)


def test_correlation_ratio(categorical, golden):
    share = found(compare(categorical, outcome="SAT", by="stratum", posthoc="none"), "eta_squared")["estimate"]
    assert np.sqrt(share) == golden("correlation", "eta_correlation_ratio.SAT_stratum").approx()


def test_a_codebook_of_its_own_order(categorical):
    """Groups stand in the order of the codebook, whatever the order of the rows."""
    turned_round = categorical.iloc[::-1]
    turned_round = attach(turned_round, categorical.attrs["evalkit"])
    one, two = (compare(d, outcome="SAT", by="stratum").tidy() for d in (categorical, turned_round))
    assert list(one["level"]) == list(two["level"])
    assert one["estimate"].to_numpy() == pytest.approx(two["estimate"].to_numpy(), nan_ok=True)


@pytest.mark.parametrize("v", TWO)
def test_whole_distributions(v, categorical, golden):
    """R 4.2 stops the series of the limiting distribution at 1e-6: below 1 its first term is all that is left."""
    test = found(compare(categorical, outcome=v, by="gender", test="ks"), "test")
    record = golden("groups", f"ks.{v}")
    assert test["statistic"] == record.approx("D")
    sizes = categorical.dropna(subset=[v])["gender"].value_counts()
    x = test["statistic"] * np.sqrt(sizes.prod() / sizes.sum())
    p, k = test["p_value"], np.arange(3, 40, 2)
    if x < 1:
        p += np.sqrt(2 * np.pi) / x * np.exp(-((k * np.pi) ** 2) / (8 * x**2)).sum()
    assert p == record.approx("p")


@pytest.mark.parametrize(("v", "g"), MANY)
def test_variances_by_ranks(v, g, categorical, golden):
    """Means of items as R has them: ties of deviations hang on their last bits."""
    items = categorical[[f"{v}{i}" for i in range(1, 6)]].astype(np.longdouble)
    own = categorical.assign(**{v: items.mean(axis=1).astype(float)})
    row = found(compare(attach(own, categorical.attrs["evalkit"]), outcome=v, by=g, posthoc="none"), "fligner")
    values = {"stat": row["statistic"], "df": row["df"], "p": row["p_value"]}
    assert values == golden("groups", f"fligner.{v}_by_{g}").approx()


def test_a_mean_against_a_reference(categorical, golden):
    result = compare(categorical, outcome="SAT", reference=3)
    assert of_test(result, T) == golden("groups", "t_one_sample.SAT_mu3").approx()
    assert estimate(result, "cohens_d") == golden("groups", "cohens_d_one_sample.SAT_mu3").approx()


def test_shares_against_a_reference(categorical, golden):
    for reference in (None, {"female": 1, "male": 1}):
        result = compare(categorical, outcome="gender", test="goodness_of_fit", reference=reference)
        test = found(result, "test")
        values = {"chisq": test["statistic"], "df": test["df"], "p": test["p_value"]}
        assert values == golden("groups", "goodness_of_fit.gender").approx()


@pytest.mark.parametrize("interval", ["wilson", "exact", "agresti", "wald"])
def test_intervals_of_a_share(interval, categorical, golden):
    data = categorical.assign(all=1)
    result = compare(data, outcome="signed_agreement", by="all", test="chi2", share_interval=interval)
    row = found(result, "share", "1")
    assert [row["conf_low"] / 100, row["conf_high"] / 100] == golden("groups", f"prop_ci.signed.{interval}").approx()


def test_odds_common_to_strata(categorical, golden):
    result = compare(categorical, outcome="signed_agreement", by="renter", test="mantel_haenszel", strata="gender")
    test, ratio = found(result, "test"), turned(found(result, "common_odds_ratio"))
    values = {"chisq": test["statistic"], "p": test["p_value"], "common_or": ratio[0]}
    values |= {"lower": ratio[1], "upper": ratio[2]}
    assert values == golden("groups", "mantel_haenszel.renter_signed_by_gender").approx()


def test_two_factors(categorical, golden):
    result = compare(categorical, outcome="SAT", by=["gender", "tenure"], test="two_way")
    terms = {"(Intercept)": "intercept", "gender": "factor.first", "tenure": "factor.second"}
    terms["gender:tenure"] = "factor.interaction"
    for kind in ("type1", "type2", "type3"):
        record = golden("groups", f"two_way.{kind}")
        for name in record.estimate.index:
            row = found(result, terms[name], kind) if name in terms else found(result, "within")
            values = [row["sum_of_squares"], row["df"], row["statistic"], row["p_value"]]
            assert values == [record.approx(name, column) for column in ("Sum Sq", "Df", "F", "p")], (kind, name)
    shares = {"gender": "factor.first", "tenure": "factor.second", "gender:tenure": None}
    values = {name: found(result, "partial_eta_squared", level)["estimate"] for name, level in shares.items()}
    assert values == golden("groups", "two_way.partial_eta2_type3").approx()
