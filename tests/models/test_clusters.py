"""Two ways of clustering, the wild cluster bootstrap and weighted least squares of `regress`."""

import itertools

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError
from evalkit.contract.words import say
from evalkit.models.linear import regress
from evalkit.models.wild import wild_cluster
from evalkit.report import sentences
from evalkit.sampling import Design

WEIGHTED = "SAT ~ OB + OE + MO + age"
COLUMNS = {"estimate": "estimate", "se": "std_error", "t": "statistic", "p": "p_value"}


def coefficients(result):
    rows = result.tidy()
    return rows[~rows["term"].str.startswith("model.")].set_index("term")


def codes_of(caught):
    return [p.code for p in caught.value.problems]


@pytest.fixture
def few():
    """40 rows in 6 clusters, with effects of the clusters."""
    rng = np.random.Generator(np.random.PCG64(4))
    g = np.repeat(np.arange(6), [5, 6, 7, 8, 7, 7])
    x, z = rng.normal(size=40) + rng.normal(size=6)[g], rng.normal(size=40)
    y = 1 + 0.8 * x + rng.normal(size=40) + 0.7 * rng.normal(size=6)[g]
    return pd.DataFrame({"y": y, "x": x, "z": z, "g": g, "h": np.arange(40) % 4})


class TestTwoWays:
    @pytest.mark.parametrize("cov", ["CR0", "CR1"])
    def test_the_same_as_statsmodels(self, analysis_sample, cov):
        import statsmodels.api as sm

        data = analysis_sample.assign(
            band=pd.factorize(analysis_sample["age_band"])[0] * 10 + analysis_sample["education"]
        )
        groups = np.column_stack([pd.factorize(data["community_id"])[0], pd.factorize(data["band"])[0]])
        fit = sm.OLS(data["SAT"], sm.add_constant(data[["OB", "age"]])).fit(
            cov_type="cluster", cov_kwds={"groups": groups, "use_correction": cov == "CR1"}
        )
        got = coefficients(regress(data, "SAT ~ OB + age", cov=cov, cluster=["community_id", "band"]))
        np.testing.assert_allclose(got["std_error"], fit.bse.to_numpy()[[0, 1, 2]], rtol=1e-9)

    def test_a_way_that_only_repeats_the_other_changes_nothing(self, few):
        few["same"] = few["g"] * 3
        one = coefficients(regress(few, "y ~ x + z", cluster="g"))
        two = coefficients(regress(few, "y ~ x + z", cluster=["g", "same"]))
        np.testing.assert_allclose(two["std_error"], one["std_error"], rtol=1e-12)

    def test_degrees_of_freedom_follow_the_smaller_number(self, few):
        result = regress(few, "y ~ x", cov="CR0", cluster=["g", "h"], df="clusters")
        assert coefficients(result).loc["x", "df"] == 3
        assert result.glance()["n_clusters"].item() == 4
        assert "h" in result.table().notes[0].text("en")

    def test_a_covariance_that_is_not_positive_is_mended_and_said(self, few):
        result = regress(few, "y ~ x + z + h", cov="CR0", cluster=["g", "h"])
        codes = [p.code for p in result.notices]
        assert "W6025" in codes
        assert (np.linalg.eigvalsh(result.models[0].fit.matrix) > -1e-12).all()

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"cluster": ["g", "h", "z"]}, "E6020"),
            ({"cluster": ["g", "g"]}, "E6020"),
            ({"cluster": ["g", "h"], "design": Design(clusters="g")}, "E6021"),
            ({"cluster": ["g", "h"], "cov": "CR2"}, "E6022"),
            ({"cluster": ["g", "nowhere"]}, "E600"),
        ],
    )
    def test_what_cannot_be_honoured(self, few, options, code):
        with pytest.raises(AnalysisError) as caught:
            regress(few, "y ~ x", **options)
        assert codes_of(caught) == [code]
        assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))

    def test_an_analysis_of_one_column_says_so(self, few):
        from evalkit.models.sample import complete_rows

        with pytest.raises(AnalysisError) as caught:
            complete_rows(few, ["y"], few[["y"]].to_numpy(), cluster=["g", "h"])
        assert codes_of(caught) == ["E6028"]
        assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))

    def test_one_cluster_gives_no_number(self, few):
        result = regress(few.assign(one=1), "y ~ x", cluster=["g", "one"])
        assert np.isnan(coefficients(result)["std_error"]).all()
        assert "W662" in [p.code for p in result.notices]


class TestWildBootstrap:
    def brute(self, data, term, value=0.0):
        """p of b_term = value over all sign patterns, from nothing but least squares."""
        x = np.column_stack([np.ones(len(data)), data["x"], data["z"]])
        j, y, g = ["one", "x", "z"].index(term), data["y"].to_numpy(), data["g"].to_numpy()

        def t(outcome):
            b, *_ = np.linalg.lstsq(x, outcome, rcond=None)
            w, e = np.linalg.inv(x.T @ x)[j] @ x.T, outcome - x @ b
            return (b[j] - value) / np.sqrt(sum((w[g == k] @ e[g == k]) ** 2 for k in range(6)))

        others = np.delete(x, j, axis=1)
        offset = y - value * x[:, j]
        fitted = others @ np.linalg.lstsq(others, offset, rcond=None)[0]
        rest = offset - fitted
        signs = np.array(list(itertools.product([1, -1], repeat=6)))
        drawn = [t(value * x[:, j] + fitted + rest * s[g]) for s in signs]
        return np.mean(np.abs(drawn) >= abs(t(y)) * (1 - 1e-9))

    @pytest.mark.parametrize("term", ["x", "z"])
    def test_all_sign_patterns_give_the_exact_p(self, few, term):
        result = regress(few, "y ~ x + z", cluster="g", bootstrap="wild_cluster_rademacher")
        wild = result.models[0].wild
        assert wild.enumerated and wild.draws == 64
        assert coefficients(result).loc[term, "p_boot"] == pytest.approx(self.brute(few, term), abs=1e-12)

    def test_the_interval_holds_what_the_test_does_not_reject(self, few):
        rows = coefficients(
            regress(few, "y ~ x + z", cluster="g", bootstrap="wild_cluster_rademacher", conf_level=0.8)
        ).loc["x"]
        assert rows["boot_low"] < rows["estimate"] < rows["boot_high"]
        for end, out in ((rows["boot_low"], -1), (rows["boot_high"], 1)):
            assert self.brute(few, "x", end - out * 1e-6) > 0.2
            assert self.brute(few, "x", end + out * 1e-6) <= 0.2 + 1e-12

    def test_few_clusters_take_webbs_weights_and_the_seed_decides(self, few):
        once, again, other = (
            coefficients(regress(few, "y ~ x", cluster="g", bootstrap="wild_cluster", resamples=499, seed=s))["p_boot"]
            for s in (1, 1, 2)
        )
        assert once.equals(again) and not once.equals(other)
        assert regress(few, "y ~ x", cluster="g", bootstrap="wild_cluster").models[0].wild.weights == "webb"

    def test_many_clusters_come_near_the_t_test(self, analysis_sample):
        options = {"cluster": "community_id", "bootstrap": "wild_cluster", "resamples": 1999, "seed": 3}
        result = regress(analysis_sample, "SAT ~ age + renovated | + OB", **options)
        rows = coefficients(result)
        assert result.models[1].wild.weights == "rademacher"
        np.testing.assert_allclose(rows["p_boot"], rows["p_value"], atol=0.06)
        np.testing.assert_allclose(rows["boot_low"], rows["conf_low"], atol=0.04, rtol=0.06)
        assert result.templates == ("T13", "T13.wild")
        table = result.table("T13.wild")
        assert [len(row.cells) for row in table.rows] == [6] * 4
        assert all(note.text(lang) for note in table.notes for lang in ("zh", "en"))

    def test_tables_and_sentences_take_the_p_of_the_bootstrap(self, few):
        result = regress(few, "y ~ x", cluster="g", bootstrap="wild_cluster", resamples=199)
        row = coefficients(result).loc["x"]
        cell = next(c for r in result.table().rows for c in r.cells if c.id == "1/y/x#estimate")
        assert cell.p == row["p_boot"] != row["p_value"]
        assert "wild cluster bootstrap" in " ".join(n.text("en") for n in result.table().notes)
        said = sentences("regress", result)[0].text("en")
        assert f"{row['boot_low']:.3f}" in said and f"{row['boot_high']:.3f}" in said

    def test_three_clusters_never_reject(self, few):
        result = regress(few[few["g"] < 3], "y ~ x", cluster="g", bootstrap="wild_cluster_rademacher")
        rows = coefficients(result)
        assert np.isnan(rows.loc["x", ["boot_low", "boot_high"]].astype(float)).all()
        assert rows.loc["x", "p_boot"] >= 0.25
        assert "W6024" in [p.code for p in result.notices]

    def test_blocks_of_draws_leave_no_trace(self, few, monkeypatch):
        x = np.column_stack([np.ones(40), few["x"]])
        whole = wild_cluster(x, few["y"].to_numpy(), few["g"].to_numpy(), resamples=500)
        monkeypatch.setattr("evalkit.models.wild.BLOCK_CELLS", 60)
        parts = wild_cluster(x, few["y"].to_numpy(), few["g"].to_numpy(), resamples=500)
        np.testing.assert_allclose(parts.conf_low, whole.conf_low, rtol=1e-9)
        assert parts.p_value.tolist() == whole.p_value.tolist()

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"bootstrap": "wild", "cluster": "g"}, "E6023"),
            ({"bootstrap": "wild_cluster", "cluster": "g", "resamples": 9}, "E6023"),
            ({"bootstrap": "wild_cluster"}, "E6027"),
            ({"bootstrap": "wild_cluster", "cluster": "g", "cov": "CR2"}, "E6027"),
            ({"bootstrap": "wild_cluster", "cluster": ["g", "h"]}, "E6027"),
            ({"bootstrap": "wild_cluster", "design": Design(clusters="g")}, "E6027"),
        ],
    )
    def test_what_cannot_be_honoured(self, few, options, code):
        with pytest.raises(AnalysisError) as caught:
            regress(few, "y ~ x", **options)
        assert codes_of(caught) == [code]


class TestPrecision:
    @pytest.mark.parametrize(("record", "cov"), [("wls.coef", None), ("wls.HC1", "HC1")])
    def test_agrees_with_lm(self, analysis_sample, golden, record, cov):
        got = coefficients(regress(analysis_sample, WEIGHTED, precision="weight", cov=cov))
        expected = golden("regression", record)
        for term in expected.estimate.index:
            for column, ours in COLUMNS.items():
                assert got.loc[term.replace("(Intercept)", "intercept"), ours] == expected.approx(term, column)

    def test_equal_precisions_change_nothing(self, analysis_sample):
        plain = regress(analysis_sample, WEIGHTED, cov="HC3").tidy()
        weighed = regress(analysis_sample.assign(w=1.0), WEIGHTED, cov="HC3", precision="w").tidy()
        pd.testing.assert_frame_equal(plain, weighed)

    def test_the_likelihood_counts_the_precisions(self, analysis_sample):
        import statsmodels.api as sm

        x = sm.add_constant(analysis_sample[["OB", "OE", "MO", "age"]])
        fit = sm.WLS(analysis_sample["SAT"], x, weights=analysis_sample["weight"]).fit()
        got = regress(analysis_sample, WEIGHTED, precision="weight").glance()
        assert got["log_likelihood"].item() == pytest.approx(fit.llf, rel=1e-9)
        assert got["r_squared"].item() == pytest.approx(fit.rsquared, rel=1e-9)

    def test_rows_without_precision_are_counted(self, few):
        few["w"] = np.where(few.index < 3, 0.0, 2.0)
        few.loc[5, "w"] = np.nan
        result = regress(few, "y ~ x", precision="w")
        assert result.n_obs == 36
        assert [(d.reason, d.n) for d in result.dropped] == [("regression.drop_precision", 4)]

    @pytest.mark.parametrize("values", [-1.0, "a", np.inf])
    def test_a_precision_must_be_a_positive_number(self, few, values):
        few["w"] = values
        with pytest.raises(AnalysisError) as caught:
            regress(few, "y ~ x", precision="w")
        assert codes_of(caught) == ["E6026"]

    def test_no_precision_under_a_design(self, few):
        with pytest.raises(AnalysisError) as caught:
            regress(few.assign(w=1.0), "y ~ x", precision="w", design=Design(clusters="g"))
        assert codes_of(caught) == ["E6021"]


def test_standard_errors_of_standardised_slopes(analysis_sample, golden):
    terms = "age + female + education + party_member + renter + OB + OE + MO + SV + CW + CC"
    got = coefficients(regress(analysis_sample, f"SAT ~ {terms}")).iloc[1:]
    assert got[["beta", "beta_se"]].to_numpy() == golden("regression", "m3b.std_beta_se_refit").approx()


@pytest.mark.parametrize(
    ("record", "extra", "options"),
    [
        ("m1.vcov", "", {}),
        ("m2.vcov", " + OB + OE + MO", {}),
        ("m3.vcov", " + OB + OE + MO + SV + CW + CC", {}),
        ("m3.CR1_vcov", " + OB + OE + MO + SV + CW + CC", {"cluster": "community_id"}),
    ],
)
def test_covariances_of_coefficients(analysis_sample, golden, record, extra, options):
    dummies = {f"tenure_{name}": (analysis_sample["tenure"] == name).astype(float) for name in ("renter", "public")}
    formula = "SAT ~ age + female + education + party_member + tenure_renter + tenure_public" + extra
    fit = regress(analysis_sample.assign(**dummies), formula, **options).models[0].fit
    assert fit.matrix == golden("regression", record).approx()


class TestSurvey:
    """The records of svyglm that a linear model has."""

    FORMULA = "SAT ~ OB + OE + MO + age + female + renter + renovated"

    @pytest.mark.parametrize(
        ("record", "fpc"), [("des.glm_gaussian", None), ("des_fpc.glm_gaussian", "fpc_communities")]
    )
    def test_coefficients(self, scored, golden, record, fpc):
        design = Design("weight", "stratum", "community_id", fpc)
        result = regress(scored, self.FORMULA, design=design)
        got, expected = coefficients(result), golden("survey", record)
        for term in expected.estimate.index:
            for column, ours in COLUMNS.items():
                assert got.loc[term.replace("(Intercept)", "intercept"), ours] == expected.approx(term, column)
        size = golden("survey", "des.glm_gaussian_df")
        assert [got["df"].iloc[0], result.n_obs] == [size.approx("df_resid"), size.approx("n")]

    def test_a_difference_of_means_is_tested_as_by_svyttest(self, scored, golden):
        got = coefficients(regress(scored, "SAT ~ renovated", design=Design("weight", "stratum", "community_id")))
        record = golden("survey", "des.ttest_renovated")
        ours = got.loc["renovated", ["estimate", "statistic", "df", "p_value"]].to_list()
        assert ours == [record.approx(name) for name in ("diff", "t", "df", "p")]

    def test_a_block_is_tested_as_by_regTermTest(self, scored, golden):
        design = Design("weight", "stratum", "community_id")
        rows = regress(scored, "SAT ~ age | + OB + OE + MO", design=design).tidy()
        row = rows[(rows["model"] == "2") & (rows["term"] == "model.f_change")].iloc[0]
        record = golden("survey", "des.regTermTest_mechanisms")
        got = [row["statistic"], row["df"], row["df2"], row["p_value"]]
        assert got == [record.approx(name) for name in ("F", "df", "ddf", "p")]
