"""Quasi-likelihoods, free slopes, profile intervals, effects on categories, and clusters of outcome models."""

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, Category, Codebook, Variable, attach
from evalkit.contract.words import say
from evalkit.models.generalised import outcome_model
from evalkit.models.generalised.ascent import maximum
from evalkit.models.generalised.outcomes import likelihood_of
from evalkit.models.sandwich import Errors, covariance
from evalkit.report import sentences
from evalkit.report.figures import draw
from evalkit.sampling import Design

SIGNED = "signed_agreement ~ SAT + PAR + renovated + renter + party_member + age"
MEETINGS = "meetings ~ PAR + party_member + years_resident + female"
SUPPORT = "renewal_support ~ SAT + CW + education + age + renovated"
NAMES = {"(Intercept)": "intercept", "1|2": "threshold.1", "2|3": "threshold.2", "3|4": "threshold.3"}
COLUMNS = {"estimate": "estimate", "se": "std_error", "t": "statistic", "z": "statistic", "p": "p_value"}


@pytest.fixture
def sample(analysis_sample):
    tenure = Variable(
        "tenure", "nominal", "住房", "Tenure", tuple(Category(c, c, c) for c in ("owner", "renter", "public"))
    )
    return attach(analysis_sample, Codebook().with_variables([tenure]))


def rows_of(result, start="", model="1"):
    rows = result.tidy()
    rows = rows[rows["model"] == model]
    if start:
        return rows[rows["term"].str.startswith(start)].set_index("term")
    return rows[~rows["term"].str.match(r"model\.|ame\.|mem\.")].set_index("term")


def codes_of(caught):
    return [p.code for p in caught.value.problems]


def agrees(got, record):
    for term in record.estimate.index:
        for column in [c for c in record.estimate.columns if c in COLUMNS]:
            assert got.loc[NAMES.get(term, term), COLUMNS[column]] == record.approx(term, column), (term, column)


class TestAgainstR:
    def test_quasi_poisson(self, sample, golden):
        result = outcome_model(sample, MEETINGS, family="quasi_poisson")
        agrees(rows_of(result), golden("glm", "quasipoisson.coef"))
        dispersion = rows_of(result, "model.").loc["model.dispersion", "estimate"]
        assert dispersion == golden("glm", "poisson.fit").approx("dispersion")

    def test_profile_intervals(self, sample, golden):
        got = rows_of(outcome_model(sample, SIGNED, family="logit", interval="profile"))
        assert got[["conf_low", "conf_high"]].to_numpy() == golden("glm", "logit.ci_profile").approx()
        np.testing.assert_allclose(got["ratio_low"], np.exp(got["conf_low"]))

    def test_effects_at_the_means(self, sample, golden):
        got = rows_of(outcome_model(sample, SIGNED, family="logit"), "mem.")["estimate"]
        record = golden("glm", "logit.mem")
        assert {name: got[f"mem.{name}"] for name in record.fields} == record.approx()

    def test_slopes_per_standard_deviation(self, sample, golden):
        got = rows_of(outcome_model(sample, SIGNED, family="logit"))["per_sd"]
        assert got.iloc[1:].to_dict() == golden("glm", "logit.std_x").approx()
        assert np.isnan(got["intercept"])

    def test_one_slope_a_cut_against_one_for_all(self, sample, golden):
        got, record = (
            rows_of(outcome_model(sample, SUPPORT, family="ordered_logit"), "model."),
            golden("glm", "ologit.nominal_test"),
        )
        for name in record.estimate.index:
            row = got.loc[f"model.proportional.{name}"]
            assert [row["statistic"], row["df"], row["p_value"]] == [record.approx(name, c) for c in ("LRT", "df", "p")]

    @pytest.mark.parametrize(
        ("record", "formula", "family"),
        [
            ("des.glm_logit", "signed_agreement ~ SAT + PAR + renovated + renter", "logit"),
            ("des.glm_poisson", "meetings ~ PAR + party_member", "poisson"),
            ("des.glm_poisson", "meetings ~ PAR + party_member", "quasi_poisson"),
            ("des.olr", "renewal_support ~ SAT + CW", "ordered_logit"),
        ],
    )
    def test_under_a_design(self, scored, golden, record, formula, family):
        design = Design("weight", "stratum", "community_id")
        agrees(rows_of(outcome_model(scored, formula, family=family, design=design)), golden("survey", record))


class TestFractional:
    def test_of_zeros_and_ones_it_is_a_logit(self, sample):
        left = outcome_model(sample, SIGNED, family="fractional")
        right = outcome_model(sample, SIGNED, family="logit", cov="HC0")
        columns = ["estimate", "std_error", "p_value", "ratio"]
        np.testing.assert_allclose(rows_of(left)[columns], rows_of(right)[columns], rtol=1e-10)
        assert left.cov == "HC0"

    def test_of_shares_as_in_statsmodels(self, sample):
        import statsmodels.api as sm

        share = (sample["SAT"] - 1) / 4
        x = sm.add_constant(sample[["OB", "age"]])
        fit = sm.GLM(share, x, family=sm.families.Binomial()).fit(cov_type="HC0", tol=1e-12)
        result = outcome_model(sample.assign(share=share), "share ~ OB + age", family="fractional")
        got = rows_of(result)
        np.testing.assert_allclose(got["estimate"], fit.params, rtol=1e-7)
        np.testing.assert_allclose(got["std_error"], fit.bse, rtol=1e-6)
        assert np.isnan(rows_of(result, "model.").loc["model.deviance", "estimate"])
        assert all(note.text(lang) for note in result.table().notes for lang in ("zh", "en"))
        assert sentences("outcome_model", result)

    @pytest.mark.parametrize("options", [{"cov": "classical"}, {"interval": "profile"}])
    def test_what_it_has_not(self, sample, options):
        with pytest.raises(AnalysisError) as caught:
            outcome_model(sample, SIGNED, family="fractional", **options)
        assert codes_of(caught) in (["E762"], ["E6035"])

    def test_values_beyond_one_are_refused(self, sample):
        with pytest.raises(AnalysisError) as caught:
            outcome_model(sample, "SAT ~ age", family="fractional")
        assert codes_of(caught) == ["E761"]


class TestFreeSlopes:
    def test_all_free_slopes_of_three_categories_are_two_logits_in_one(self, sample):
        """A saturated model of a binary predictor: cumulative log odds of the table."""
        data = sample.assign(y=np.minimum(sample["renewal_support"], 3))
        got = rows_of(outcome_model(data, "y ~ renovated", family="ordered_logit", free=["renovated"]))
        table = pd.crosstab(data["renovated"], data["y"]).to_numpy()
        below = np.log(table.cumsum(1)[:, :2] / (table.sum(1)[:, None] - table.cumsum(1)[:, :2]))
        np.testing.assert_allclose(got["estimate"].iloc[:2], below[0], rtol=1e-7)
        np.testing.assert_allclose(got["estimate"].iloc[2:], below[0] - below[1], rtol=1e-6)
        assert got["level"].iloc[2:].tolist() == ["cut.1", "cut.2"]

    def test_blocks_are_compared_and_tables_have_a_section_a_cut(self, sample):
        result = outcome_model(
            sample, "renewal_support ~ SAT + age | + renovated", family="ordered_logit", free=["renovated"]
        )
        change = rows_of(result, "model.chi2_change", "2").iloc[0]
        assert change["df"] == 3 and change["p_value"] < 1
        sections = [row.cells[0].value.text("en") for row in result.table().rows if row.role == "section"]
        assert len(sections) == 3 and sections[0].startswith("Above the cut")
        assert "differ between cuts" in " ".join(n.text("en") for n in result.table().notes)
        assert len(draw(result.figure(), lang="zh").alt) > 10
        assert all(s.text(lang) for s in sentences("outcome_model", result) for lang in ("zh", "en"))

    def test_brant_suggests_what_is_not_parallel(self, sample):
        rng = np.random.Generator(np.random.PCG64(2))
        x, z = rng.normal(size=3000), rng.normal(size=3000)
        high = (0.2 * x + z + rng.logistic(size=3000) > 0).astype(int)
        higher = (1.5 * x + z + rng.logistic(size=3000) > 0.5).astype(int)
        data = pd.DataFrame({"x": x, "z": z, "y": high + high * higher})
        assert outcome_model(data, "y ~ x + z", family="ordered_logit", free="brant").free[:1] == ("x",)
        assert outcome_model(sample, SUPPORT, family="ordered_logit", free="brant").free == ()

    @pytest.mark.parametrize(
        ("family", "free", "code"),
        [("logit", ["SAT"], "E762"), ("ordered_logit", ["nowhere"], "E6036"), ("ordered_probit", "brant", "E762")],
    )
    def test_what_cannot_be_free(self, sample, family, free, code):
        formula = SUPPORT if family != "logit" else SIGNED
        with pytest.raises(AnalysisError) as caught:
            outcome_model(sample, formula, family=family, free=free)
        assert codes_of(caught) == [code]
        assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))


class TestEffectsOnCategories:
    def test_of_two_categories_they_are_those_of_a_logit(self, sample, golden):
        record = golden("glm", "logit.ame")
        order = [f"ame.{n}" for n in ("SAT", "PAR", "age", "renovated", "renter", "party_member")]
        for family in ("ordered_logit", "multinomial"):
            rows = rows_of(outcome_model(sample, SIGNED, family=family), "ame.")
            assert rows[rows["level"] == "1"].loc[order, ["estimate", "std_error"]].to_numpy() == record.approx()

    @pytest.mark.parametrize(
        ("formula", "family", "free"),
        [
            ("renewal_support ~ SAT * age + renovated", "ordered_logit", ()),
            ("renewal_support ~ SAT + renovated", "ordered_probit", ["SAT"]),
            ("tenure ~ age + SAT + renovated", "multinomial", ()),
        ],
    )
    def test_are_the_mean_change_of_the_probabilities(self, sample, formula, family, free):
        from evalkit.models.generalised.outcomes import outcome_of

        result = outcome_model(sample, formula, family=family, free=free)
        rows, fit = rows_of(result, "ame."), result.models[0].fit
        y = outcome_of(sample, formula.split(" ~ ")[0], family).values

        def mean(data):
            parts = {"SAT:age": data["SAT"] * data["age"]}
            names = formula.split(" ~ ")[1].replace("SAT * age", "SAT + age + renovated + SAT:age").split(" + ")
            names = list(dict.fromkeys(names))
            x = np.column_stack([np.ones(len(data)), *(parts.get(n, data.get(n)) for n in names)])
            places = tuple(i for i, n in enumerate(names) if n in free)
            order = [*(t for t in fit.terms if t.startswith("threshold.")), *names]
            b = fit.estimate if free or family == "multinomial" else [fit.estimate[fit.terms.index(t)] for t in order]
            return likelihood_of(family, x, y, np.zeros(len(y)), free=places).probabilities(np.array(b)).mean(axis=0)

        h = 1e-4
        numbers = (mean(sample.assign(SAT=sample["SAT"] + h)) - mean(sample.assign(SAT=sample["SAT"] - h))) / (2 * h)
        np.testing.assert_allclose(rows.loc["ame.SAT", "estimate"], numbers, rtol=1e-5, atol=1e-9)
        jump = mean(sample.assign(renovated=1)) - mean(sample.assign(renovated=0))
        np.testing.assert_allclose(rows.loc["ame.renovated", "estimate"], jump, rtol=1e-8)
        np.testing.assert_allclose(rows.groupby("term")["estimate"].sum(), 0, atol=1e-12)

    def test_delta_errors_agree_with_a_bootstrap_of_the_coefficients(self, sample):
        result = outcome_model(sample, "renewal_support ~ SAT + renovated", family="ordered_logit")
        rows, fit = rows_of(result, "ame."), result.models[0].fit
        from evalkit.models.generalised.links import LOGIT

        rng = np.random.Generator(np.random.PCG64(1))
        drawn = rng.multivariate_normal(fit.estimate, fit.matrix, size=800)
        changes = []
        for b in drawn:
            ends = [np.diff([0, *LOGIT.mean(b[:3] - b[3] * s - b[4] * r), 1]) for s in (3.2,) for r in (1, 0)]
            changes.append(ends[0] - ends[1])
        spread = np.std(changes, axis=0)
        np.testing.assert_allclose(rows.loc["ame.renovated", "std_error"], spread, rtol=0.25)

    def test_the_table_has_a_column_a_category(self, sample):
        result = outcome_model(sample, "tenure ~ age + renovated", family="multinomial")
        table = result.table("T13.ame")
        assert table.n_columns == 4 and len(table.rows) == 4
        assert outcome_model(sample, SIGNED, family="logit").table("T13.ame").n_columns == 2


class TestClusters:
    def test_cr2_of_a_logit_is_that_of_its_last_weighted_regression(self, sample):
        result = outcome_model(sample, SIGNED, family="logit", cov="CR2", cluster="community_id")
        names = ["SAT", "PAR", "renovated", "renter", "party_member", "age"]
        x = np.column_stack([np.ones(len(sample)), sample[names]])
        b = rows_of(result)["estimate"].to_numpy()
        p = 1 / (1 + np.exp(-x @ b))
        root = np.sqrt(p * (1 - p))
        z, e = x * root[:, None], (sample["signed_agreement"].to_numpy() - p) / root
        for kind in ("CR2", "CR3"):
            clusters = pd.factorize(sample["community_id"])[0]
            expected = covariance(z, e, np.linalg.inv(z.T @ z), Errors(kind, clusters))
            got = rows_of(outcome_model(sample, SIGNED, family="logit", cov=kind, cluster="community_id"))
            np.testing.assert_allclose(got["std_error"], np.sqrt(np.diag(expected.matrix)), rtol=1e-7)
            if kind == "CR2":
                np.testing.assert_allclose(got["df"], expected.term_df, rtol=1e-6)

    @pytest.mark.parametrize(
        ("formula", "family"),
        [(SUPPORT, "ordered_logit"), ("tenure ~ age + education", "multinomial"), (MEETINGS, "negative_binomial")],
    )
    def test_cr3_comes_near_the_jackknife(self, sample, formula, family):
        options = {"family": family, "cluster": "community_id"}
        got = rows_of(outcome_model(sample, formula, cov="CR3", **options))
        plain = rows_of(outcome_model(sample, formula, cov="CR0", **options))["std_error"]
        middle = rows_of(outcome_model(sample, formula, cov="CR2", **options))["std_error"]
        if family == "ordered_logit":
            names = [n for n in got.index if not n.startswith("threshold.")]
            x = np.column_stack([np.ones(len(sample)), sample[names]])
            y = sample["renewal_support"].to_numpy() - 1
            left = [
                maximum(likelihood_of(family, x, y, np.zeros(len(y))), (sample["community_id"] != c).to_numpy(float)).b
                for c in sample["community_id"].unique()
            ]
            whole = got["estimate"].to_numpy()
            jackknife = np.sqrt(((np.array(left) - whole) ** 2).sum(axis=0))
            np.testing.assert_allclose(got["std_error"], jackknife, rtol=0.03)
        assert (plain < middle).all() and (middle < got["std_error"]).all()

    def test_two_columns_of_clusters(self, sample):
        data = sample.assign(band=sample["education"])
        fits = {
            c: outcome_model(data, SIGNED, family="logit", cov="CR0", cluster=c).models[0].fit.matrix
            for c in ("community_id", "band")
        }
        cell = data.assign(cell=data["community_id"] + data["band"].astype(str))
        both = outcome_model(cell, SIGNED, family="logit", cov="CR0", cluster="cell").models[0].fit.matrix
        got = outcome_model(data, SIGNED, family="logit", cov="CR0", cluster=["community_id", "band"])
        expected = fits["community_id"] + fits["band"] - both
        if "W6025" not in [p.code for p in got.notices]:
            np.testing.assert_allclose(got.models[0].fit.matrix, expected, rtol=1e-9)
        else:
            assert np.linalg.eigvalsh(expected)[0] < 0
        assert "community_id" in got.table().notes[0].text("en") and "band" in got.table().notes[0].text("en")

    def test_one_cluster_gives_no_number(self, sample):
        result = outcome_model(sample.assign(one=1), SIGNED, family="logit", cov="CR2", cluster="one")
        assert np.isnan(rows_of(result)["std_error"]).all()
        assert "W662" in [p.code for p in result.notices]


class TestProfile:
    def test_without_an_end_there_is_no_number(self):
        y, x = np.repeat([0.0, 1, 0, 1], (10, 4, 0, 6)), np.repeat([0.0, 0, 1, 1], (10, 4, 0, 6))
        result = outcome_model(pd.DataFrame({"y": y, "x": x}), "y ~ x", family="logit", firth=True, interval="profile")
        row = rows_of(result).loc["x"]
        assert row["conf_low"] > 0 and row["conf_high"] > 5

    @pytest.mark.parametrize(
        "options",
        [
            {"interval": "exact"},
            {"interval": "profile", "cov": "HC0"},
            {"interval": "profile", "design": Design("weight")},
        ],
    )
    def test_what_cannot_be_profiled(self, sample, options):
        with pytest.raises(AnalysisError) as caught:
            outcome_model(sample, SIGNED, family="logit", **options)
        assert codes_of(caught) == ["E6035"]


def test_every_model_of_a_series_is_in_the_figure(sample):
    figure = outcome_model(sample, "signed_agreement ~ SAT | + age", family="logit").figure()
    assert figure.frame["model"].tolist() == ["1", "2", "2"]
    nominal = outcome_model(sample, "tenure ~ age", family="multinomial").figure()
    assert nominal.frame["model"].tolist() == ["renter", "public"]
    assert draw(nominal, lang="en").alt
