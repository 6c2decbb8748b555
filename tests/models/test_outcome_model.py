"""Binary, count, ordered and nominal outcomes against R, and the faults of such models."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from evalkit.contract import AnalysisError, Category, Codebook, Variable, attach
from evalkit.contract.words import say
from evalkit.models.generalised import outcome_model
from evalkit.sampling import Design

SIGNED = "signed_agreement ~ SAT + PAR + renovated + renter + party_member + age"
MEETINGS = "meetings ~ PAR + party_member + years_resident + female"
SUPPORT = "renewal_support ~ SAT + CW + education + age + renovated"
COLUMNS = {"estimate": "estimate", "se": "std_error", "z": "statistic", "t": "statistic", "p": "p_value"}
NAMES = {"(Intercept)": "intercept", "1|2": "threshold.1", "2|3": "threshold.2", "3|4": "threshold.3"}
COEFFICIENTS = {
    "logit.coef": (SIGNED, {"family": "logit"}),
    "logit.HC0": (SIGNED, {"family": "logit", "cov": "HC0"}),
    "logit.HC3": (SIGNED, {"family": "logit", "cov": "HC3"}),
    "logit.CR0": (SIGNED, {"family": "logit", "cov": "CR0", "cluster": "community_id"}),
    "logit.CR1p": (SIGNED, {"family": "logit", "cov": "CR1p", "cluster": "community_id"}),
    "logit.CR1": (SIGNED, {"family": "logit", "cluster": "community_id"}),
    "probit.coef": (SIGNED, {"family": "probit"}),
    "cloglog.coef": ("signed_agreement ~ SAT + PAR + renovated", {"family": "cloglog"}),
    "ologit.clm.coef": (SUPPORT, {"family": "ordered_logit"}),
    "ologit.polr.coef": (SUPPORT, {"family": "ordered_logit"}),
    "oprobit.clm.coef": (SUPPORT, {"family": "ordered_probit"}),
    "oprobit.polr.coef": (SUPPORT, {"family": "ordered_probit"}),
    "poisson.coef": (MEETINGS, {"family": "poisson"}),
    "poisson.HC0": (MEETINGS, {"family": "poisson", "cov": "HC0"}),
    "poisson.CR1p": (MEETINGS, {"family": "poisson", "cov": "CR1p", "cluster": "community_id"}),
    "poisson.offset.coef": ("meetings ~ PAR", {"family": "poisson", "exposure": "years_and_one"}),
    "negbin.coef": (MEETINGS, {"family": "negative_binomial"}),
}
POLR_STOPS_EARLY = ("ologit.polr.coef", "age", "t")
RATIOS = {
    "logit.odds_ratios": (SIGNED, "logit"),
    "poisson.irr": (MEETINGS, "poisson"),
    "negbin.irr": (MEETINGS, "negative_binomial"),
}


@pytest.fixture
def sample(analysis_sample):
    tenure = Variable(
        "tenure", "nominal", "住房", "Tenure", tuple(Category(c, c, c) for c in ("owner", "renter", "public"))
    )
    data = analysis_sample.assign(years_and_one=analysis_sample["years_resident"] + 1)
    return attach(data, Codebook().with_variables([tenure]))


def coefficients(result, model="1"):
    rows = result.tidy()
    keep = (rows["model"] == model) & ~rows["term"].str.match(r"model\.|ame\.|mem\.")
    return rows[keep].set_index("term")


def statistic(result, name, model="1"):
    rows = result.tidy()
    return rows[(rows["model"] == model) & (rows["term"] == f"model.{name}")].iloc[0]


def estimate(result, *names):
    return {name: statistic(result, name)["estimate"] for name in names}


def as_test(row):
    return [row["statistic"], row["df"], row["p_value"]]


class TestAgainstR:
    @pytest.mark.parametrize("record", COEFFICIENTS)
    def test_coefficients(self, sample, golden, record):
        formula, options = COEFFICIENTS[record]
        got, expected = coefficients(outcome_model(sample, formula, **options)), golden("glm", record)
        for term in expected.estimate.index:
            # polr stops early: its estimate of age, and so its t, is off in the fourth digit; clm's is not.
            wanted = [c for c in expected.estimate.columns if c in COLUMNS and (record, term, c) != POLR_STOPS_EARLY]
            for column in wanted:
                ours = got.loc[NAMES.get(term, term), COLUMNS[column]]
                assert ours == expected.approx(term, column), (term, column)

    @pytest.mark.parametrize("record", RATIOS)
    def test_ratios(self, sample, golden, record):
        formula, family = RATIOS[record]
        got = coefficients(outcome_model(sample, formula, family=family))
        assert got[["ratio", "ratio_low", "ratio_high"]].to_numpy() == golden("glm", record).approx()

    def test_odds_ratios_of_an_ordered_outcome(self, sample, golden):
        got = coefficients(outcome_model(sample, SUPPORT, family="ordered_logit")).iloc[3:]
        assert got[["ratio", "ratio_low", "ratio_high"]].to_numpy() == golden("glm", "ologit.odds_ratios").approx()

    def test_intervals(self, sample, golden):
        got = coefficients(outcome_model(sample, SIGNED, family="logit"))
        assert got[["conf_low", "conf_high"]].to_numpy() == golden("glm", "logit.ci_wald").approx()

    def test_fit_of_a_logit(self, sample, golden):
        result, record = outcome_model(sample, SIGNED, family="logit"), golden("glm", "logit.fit")
        got = estimate(result, "log_likelihood", "deviance", "residual_deviance", "null_deviance", "aic", "bic")
        names = {"log_likelihood": "loglik", "residual_deviance": "deviance"}
        for ours, value in got.items():
            assert value == record.approx(names.get(ours, ours))
        assert -got["null_deviance"] / 2 == record.approx("loglik0")
        assert result.n_obs == record.approx("n")
        assert result.n_obs - len(result.models[-1].fit.terms) == record.approx("df_residual")
        pseudo = estimate(result, "mcfadden", "mcfadden_adj", "cox_snell", "nagelkerke", "tjur")
        assert pseudo == golden("glm", "logit.pseudo_r2").approx()
        assert estimate(result, "auc")["auc"] == golden("glm", "logit.auc").approx()
        assert estimate(result, "brier")["brier"] == golden("glm", "logit.brier").approx()
        record = golden("glm", "logit.classification_05")
        names = {"tp": "true_positive", "fp": "false_positive", "fn": "false_negative", "tn": "true_negative"}
        assert estimate(result, "correct")["correct"] == record.approx("accuracy")
        assert list(estimate(result, *names.values()).values()) == [record.approx(name) for name in names]
        for ours, theirs in (("hosmer_lemeshow", "logit.hosmer_lemeshow_10"), ("chi2_model", "logit.lr_test_model")):
            record = golden("glm", theirs)
            assert dict(zip(record.fields, as_test(statistic(result, ours)), strict=True)) == record.approx()

    @pytest.mark.parametrize("left_out", ["SAT", "PAR", "renovated", "renter", "party_member", "age"])
    def test_a_block_more_is_tested_by_likelihood_ratio(self, sample, golden, left_out):
        names = [n for n in ("SAT", "PAR", "renovated", "renter", "party_member", "age") if n != left_out]
        result = outcome_model(sample, family="logit", y="signed_agreement", blocks=[names, [left_out]])
        record = golden("glm", "logit.drop1_lr")
        change = statistic(result, "chi2_change", "2")
        assert change["statistic"] == record.approx(left_out, "chisq")
        assert change["df"] == record.approx(left_out, "df")
        assert change["p_value"] == record.approx(left_out, "p")

    @pytest.mark.parametrize("family", ["logit", "probit"])
    def test_average_marginal_effects(self, sample, golden, family):
        rows = outcome_model(sample, SIGNED, family=family).tidy().set_index("term")
        order = [f"ame.{n}" for n in ("SAT", "PAR", "age", "renovated", "renter", "party_member")]
        assert rows.loc[order, ["estimate", "std_error"]].to_numpy() == golden("glm", f"{family}.ame").approx()

    @pytest.mark.parametrize(
        ("record", "formula", "family"),
        [
            ("probit.loglik", SIGNED, "probit"),
            ("oprobit.loglik", SUPPORT, "ordered_probit"),
            ("multinom.loglik", "tenure ~ age + education + party_member", "multinomial"),
        ],
    )
    def test_log_likelihoods(self, sample, golden, record, formula, family):
        result = outcome_model(sample, formula, family=family)
        assert estimate(result, "log_likelihood")["log_likelihood"] == golden("glm", record).approx()

    def test_fit_of_an_ordered_logit(self, sample, golden):
        result, record = outcome_model(sample, SUPPORT, family="ordered_logit"), golden("glm", "ologit.fit")
        got = estimate(result, "log_likelihood", "aic", "bic", "mcfadden")
        assert got["log_likelihood"] == record.approx("loglik")
        assert got["aic"] == record.approx("aic")
        assert got["bic"] == record.approx("bic")
        assert got["log_likelihood"] / (1 - got["mcfadden"]) == record.approx("loglik0")

    def test_parallel_lines(self, sample, golden):
        result, record = outcome_model(sample, SUPPORT, family="ordered_logit"), golden("glm", "ologit.brant")
        assert as_test(statistic(result, "parallel_lines")) == [
            record.approx("omnibus"),
            record.approx("df"),
            record.approx("p"),
        ]
        for term in ("SAT", "CW", "education", "age", "renovated"):
            row = statistic(result, f"parallel_lines.{term}")
            assert row["statistic"] == record.approx(f"{term}.chisq")
            assert row["p_value"] == record.approx(f"{term}.p")

    @pytest.mark.parametrize(("record", "column"), [("multinom.coef", "estimate"), ("multinom.se", "std_error")])
    def test_multinomial(self, sample, golden, record, column):
        got = coefficients(outcome_model(sample, "tenure ~ age + education + party_member", family="multinomial"))
        assert got["level"].tolist() == ["renter"] * 4 + ["public"] * 4
        assert got[column].to_numpy().reshape(2, 4) == golden("glm", record).approx()

    def test_fit_of_a_poisson(self, sample, golden):
        result, record = outcome_model(sample, MEETINGS, family="poisson"), golden("glm", "poisson.fit")
        names = {"log_likelihood": "loglik", "residual_deviance": "deviance"}
        got = estimate(result, "log_likelihood", "residual_deviance", "null_deviance", "pearson", "dispersion", "aic")
        for ours, value in got.items():
            assert value == record.approx(names.get(ours, ours))
        found, test = statistic(result, "overdispersion"), golden("glm", "poisson.overdispersion_test")
        assert [found["statistic"], found["p_value"]] == [test.approx("z"), test.approx("p")]

    def test_theta_of_a_negative_binomial(self, sample, golden):
        result, record = outcome_model(sample, MEETINGS, family="negative_binomial"), golden("glm", "negbin.theta")
        got = estimate(result, "theta", "theta_se", "deviance")
        assert got["theta"] == record.approx("theta")
        assert got["theta_se"] == record.approx("se_theta")
        assert -got["deviance"] == record.approx("twologlik")
        poisson = outcome_model(sample, MEETINGS, family="poisson")
        ratio = estimate(poisson, "deviance")["deviance"] - got["deviance"]
        assert ratio == golden("glm", "poisson_vs_negbin_lr").approx("lr")


class TestDesign:
    def test_a_design_of_clusters_alone_is_cr1p(self, sample):
        left = outcome_model(sample, SIGNED, family="logit", design=Design(clusters="community_id"))
        right = outcome_model(sample, SIGNED, family="logit", cov="CR1p", cluster="community_id")
        np.testing.assert_allclose(coefficients(left)["std_error"], coefficients(right)["std_error"], rtol=1e-9)
        assert np.isnan(left.glance()["log_likelihood"].item())

    def test_whole_weights_count_rows(self, sample):
        twice = sample.assign(w=2.0)
        left = outcome_model(twice, SUPPORT, family="ordered_logit", design=Design("w"))
        right = outcome_model(sample, SUPPORT, family="ordered_logit")
        np.testing.assert_allclose(coefficients(left)["estimate"], coefficients(right)["estimate"], rtol=1e-8)


class TestEffects:
    def test_a_product_moves_with_its_variables(self, sample):
        rows = outcome_model(sample, "signed_agreement ~ SAT * PAR + tenure", family="logit").tidy().set_index("term")
        b = rows["estimate"]
        eta = b["intercept"] + b["SAT"] * sample["SAT"] + b["PAR"] * sample["PAR"]
        eta += b["SAT:PAR"] * sample["SAT"] * sample["PAR"]
        eta += sum(b[f"tenure.{c}"] * (sample["tenure"] == c) for c in ("renter", "public"))
        p = 1 / (1 + np.exp(-eta))
        expected = (p * (1 - p) * (b["SAT"] + b["SAT:PAR"] * sample["PAR"])).mean()
        assert b["ame.SAT"] == pytest.approx(expected, rel=1e-9)


class TestFaults:
    @pytest.fixture
    def small(self):
        rng = np.random.default_rng(7)
        x, z = rng.normal(size=80), rng.integers(0, 2, 80).astype(float)
        y = (rng.random(80) < 1 / (1 + np.exp(-x))).astype(float)
        return pd.DataFrame({"y": y, "x": x, "z": z, "count": np.where(z == 1, rng.poisson(2, 80), 0)})

    def test_perfect_separation_is_named_and_nothing_printed(self, small):
        result = outcome_model(small.assign(y=(small["x"] > 0) * 1.0), "y ~ z + x", family="logit")
        assert [p.code for p in result.notices] == ["W758"]
        assert "x" in result.notices[0].params["terms"]
        assert coefficients(result)[["estimate", "std_error", "ratio"]].isna().all(axis=None)
        assert all(np.isnan(c.value) and c.reason for c in [result.table().rows[0].cells[1]])

    @pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
    def test_a_group_without_any_event_separates_a_count(self, small, family):
        result = outcome_model(small, "count ~ x + z", family=family)
        assert [p.code for p in result.notices] == ["W758"]
        assert result.notices[0].params["terms"] == ["intercept", "z"]

    @pytest.mark.parametrize("family", ["ordered_logit", "multinomial"])
    def test_categories_that_separate(self, small, family):
        grades = np.digitize(small["x"], [-0.5, 0.5]).astype(float)
        result = outcome_model(small.assign(g=grades), "g ~ x + z", family=family)
        assert "W758" in [p.code for p in result.notices]
        assert "x" in result.notices[0].params["terms"]

    def test_quasi_separation_by_a_dummy(self, small):
        result = outcome_model(small.assign(y=np.where(small["z"] == 1, 1.0, small["y"])), "y ~ x + z", family="probit")
        assert [p.code for p in result.notices] == ["W758"]
        assert "z" in result.notices[0].params["terms"]

    def test_an_outcome_with_one_value(self, small):
        result = outcome_model(small.assign(y=1.0), "y ~ x", family="logit")
        assert [p.code for p in result.notices] == ["W658"]
        assert result.table().rows

    def test_collinear_predictors_are_named(self, small):
        result = outcome_model(small.assign(double=2 * small["x"]), "y ~ x + double", family="logit")
        assert [(p.code, p.params["term"]) for p in result.notices] == [("W656", "double")]
        assert coefficients(result)["estimate"].notna().all()

    def test_few_clusters(self, small):
        one = outcome_model(small.assign(c=1), "y ~ x", family="logit", cluster="c")
        assert "W662" in [p.code for p in one.notices]
        assert coefficients(one)["std_error"].isna().all()
        three = outcome_model(small.assign(c=np.arange(80) % 2), "y ~ x + z", family="logit", cluster="c")
        assert "W765" in [p.code for p in three.notices]
        assert np.isnan(statistic(three, "chi2_model")["statistic"])

    @pytest.mark.parametrize(
        ("formula", "options", "code"),
        [
            ("y ~ x", {"family": "tobit"}, "E760"),
            ("x ~ z", {"family": "logit"}, "E761"),
            ("x ~ z", {"family": "poisson"}, "E761"),
            ("y ~ x", {"family": "logit", "exposure": "count"}, "E762"),
            ("count ~ x", {"family": "ordered_logit", "cov": "HC3"}, "E762"),
            ("count ~ x", {"family": "poisson", "exposure": "z"}, "E764"),
            ("y ~ x", {"family": "logit", "cov": "HC9"}, "E650"),
            ("y ~ x", {"family": "logit", "conf_level": 95}, "E667"),
        ],
    )
    def test_calls_that_mean_nothing_are_refused(self, small, formula, options, code):
        with pytest.raises(AnalysisError) as caught:
            outcome_model(small, formula, **options)
        assert [p.code for p in caught.value.problems] == [code]
        assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))


class TestFirth:
    @pytest.mark.parametrize("counts", [(10, 5, 3, 12), (10, 0, 3, 12), (7, 0, 0, 9)])
    def test_a_table_of_two_by_two_is_the_log_odds_with_a_half_added(self, counts):
        y, x = np.repeat([0.0, 1, 0, 1], counts), np.repeat([0.0, 0, 1, 1], counts)
        result = outcome_model(pd.DataFrame({"y": y, "x": x}), "y ~ x", family="logit", firth=True)
        a, b, c, d = (n + 0.5 for n in counts)
        assert coefficients(result)["estimate"].tolist() == pytest.approx([np.log(b / a), np.log(a * d / b / c)])
        assert not result.notices
        assert np.isnan(result.glance()["mcfadden"].item())
        assert result.table("T13.ratio").rows

    def test_it_belongs_to_the_logit(self, sample):
        for options in ({"family": "probit"}, {"family": "logit", "cov": "HC0"}):
            with pytest.raises(AnalysisError) as caught:
                outcome_model(sample, SIGNED, firth=True, **options)
            assert [p.code for p in caught.value.problems] == ["E762"]


class TestTable:
    @pytest.mark.parametrize("template", ["T13", "T13.ratio"])
    @pytest.mark.parametrize(
        ("formula", "family"),
        [
            ("signed_agreement ~ age | SAT", "logit"),
            ("renewal_support ~ age | SAT", "ordered_logit"),
            ("tenure ~ age | SAT", "multinomial"),
            ("meetings ~ age | PAR", "negative_binomial"),
        ],
    )
    def test_it_is_rectangular_and_says_what_it_shows(self, sample, formula, family, template):
        table = outcome_model(sample, formula, family=family).table(template)
        assert {len(row.cells) for row in table.rows} == {3}
        assert all(note.text(lang) for note in table.notes for lang in ("zh", "en"))
        assert not [c for row in table.rows for c in row.cells if isinstance(c.value, float) and np.isnan(c.value)]


class TestSentences:
    @pytest.mark.parametrize(
        ("formula", "family", "words"),
        [
            (SIGNED, "logit", ("优势比", "odds ratio")),
            (SIGNED, "probit", ("正相关", "positively")),
            (SUPPORT, "ordered_logit", ("平行线", "parallel lines")),
            ("tenure ~ age + OB", "multinomial", ("renter", "renter")),
            (MEETINGS, "poisson", ("发生率比", "incidence rate ratio")),
        ],
    )
    def test_each_family_is_told_in_both_languages(self, sample, formula, family, words):
        from evalkit.report.sentences import sentences

        told = sentences("outcome_model", outcome_model(sample, formula, family=family))
        for lang, word in zip(("zh", "en"), words, strict=True):
            text = " ".join(sentence.text(lang) for sentence in told)
            assert word in text
            assert "nan" not in text

    def test_a_separated_outcome_gets_no_number(self):
        from evalkit.report.sentences import sentences

        data = pd.DataFrame({"x": np.arange(40.0), "y": np.arange(40) >= 20})
        told = sentences("outcome_model", outcome_model(data, "y ~ x", family="logit"))
        assert "no coefficient to report" in " ".join(sentence.text("en") for sentence in told)


class TestDeviancesAndClassification:
    def test_deviances_of_a_negative_binomial_with_an_exposure(self):
        rng = np.random.default_rng(5)
        x, time = rng.normal(size=150), rng.uniform(1, 3, 150)
        counts = rng.negative_binomial(2, 2 / (2 + time * np.exp(0.3 * x)))
        data = pd.DataFrame({"y": counts.astype(float), "x": x, "time": time})
        result = outcome_model(data, "y ~ x", family="negative_binomial", exposure="time")
        got = estimate(result, "theta", "residual_deviance", "null_deviance", "pearson")
        family = sm.families.NegativeBinomial(alpha=1 / got["theta"])
        ours = sm.GLM(data["y"], sm.add_constant(data[["x"]]), family=family, offset=np.log(time)).fit(tol=1e-12)
        assert got["residual_deviance"] == pytest.approx(ours.deviance, rel=1e-6)
        assert got["null_deviance"] == pytest.approx(ours.null_deviance, rel=1e-6)
        assert got["pearson"] == pytest.approx(ours.pearson_chi2, rel=1e-6)

    def test_the_table_of_classifications(self, sample):
        result = outcome_model(sample, SIGNED, family="logit")
        table = result.table("classification")
        counts = [[cell.value for cell in row.cells[1:3]] for row in table.rows]
        assert counts == [[370, 180], [193, 313], [563, 493]]
        assert table.rows[0].cells[3].value == pytest.approx(100 * 370 / 550)
        assert {len(row.cells) for row in table.rows} == {table.n_columns}
        for lang in ("zh", "en"):
            assert all(note.text(lang) for note in table.notes)
        probit = outcome_model(sample, SIGNED, family="probit")
        assert "classification" in probit.templates

    def test_what_has_no_likelihood_has_none_of_it(self, sample):
        firth = outcome_model(sample, SIGNED, family="logit", firth=True)
        assert np.isnan(estimate(firth, "null_deviance")["null_deviance"])
        assert "classification" in firth.templates
        assert "classification" not in outcome_model(sample, MEETINGS, family="poisson").templates
        weighted = outcome_model(sample, SIGNED, family="logit", design=Design(weights="age"))
        assert "classification" not in weighted.templates
        with pytest.raises(AnalysisError, match="E652"):
            weighted.table("classification")
