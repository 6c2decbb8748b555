"""Predictions of models against R, and points that mean nothing."""

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, Category, Codebook, Variable, attach
from evalkit.contract.words import say
from evalkit.models.generalised import outcome_model
from evalkit.models.linear import regress
from evalkit.models.predicted import predict
from evalkit.report import sentences
from evalkit.sampling import Design

RENTER = "SAT ~ age + female + education + party_member + renter + OB + OE + MO + SV + CW + CC"
SIGNED = "signed_agreement ~ SAT + PAR + renovated + renter + party_member + age"
SUPPORT = "renewal_support ~ SAT + CW + education + age + renovated"


@pytest.fixture
def sample(analysis_sample):
    tenure = Variable(
        "tenure", "nominal", "住房", "Tenure", tuple(Category(c, c, c) for c in ("owner", "renter", "public"))
    )
    return attach(analysis_sample, Codebook().with_variables([tenure]))


def at_rows(data, formula, n):
    names = formula.split(" ~ ")[1].split(" + ")
    return {name: data[name].head(n).tolist() for name in names}


class TestAgainstR:
    def test_a_linear_model(self, sample, golden):
        at = {"age": [30, 60], "female": [0, 1], "education": [3, 2], "party_member": [0, 1], "renter": [1, 0]}
        at |= {name: [3, 3] for name in ("OB", "MO", "SV", "CW", "CC")} | {"OE": [2, 4]}
        rows = predict(sample, RENTER, at=at, grid=False).tidy()
        columns = ["estimate", "conf_low", "conf_high", "pred_low", "pred_high"]
        assert rows[columns].to_numpy() == golden("regression", "m3b.predict").approx()

    def test_a_logit(self, sample, golden):
        rows = predict(sample, SIGNED, family="logit", at=at_rows(sample, SIGNED, 1)).tidy()
        got = rows[["linear_predictor", "linear_predictor_se", "estimate"]].iloc[0].tolist()
        record = golden("glm", "logit.linear_predictor_se_row1")
        assert dict(zip(("eta", "se", "prob"), got, strict=True)) == record.approx()

    def test_probabilities_of_ordered_categories(self, sample, golden):
        at = at_rows(sample, SUPPORT, 5)
        rows = predict(sample, SUPPORT, family="ordered_logit", at=at, grid=False).tidy()
        assert rows["estimate"].to_numpy().reshape(5, 4) == golden("glm", "ologit.predicted_row1_5").approx()
        assert rows["level"].tolist()[:4] == ["1", "2", "3", "4"]


class TestMarginalMeans:
    FORMULA = "SAT ~ tenure * gender + age"
    AT = {"tenure": ["owner", "renter", "public"]}

    def rows(self, sample, **options):
        rows = predict(sample, self.FORMULA, at=self.AT, typical="equal", **options).tidy()
        return rows[rows["term"].str.startswith("pair.")] if options else rows

    def test_of_groups_alike(self, sample, golden):
        record = golden("regression", "mi.emmeans_tenure")
        got = self.rows(sample)
        assert got["term"].str.removeprefix("tenure=").tolist() == record.estimate["tenure"].tolist()
        for ours, theirs in (
            ("estimate", "emmean"),
            ("std_error", "SE"),
            ("conf_low", "lower.CL"),
            ("conf_high", "upper.CL"),
        ):
            assert got[ours].to_numpy() == record.approx(theirs), ours

    @pytest.mark.parametrize("adjust", ["tukey", "bonferroni"])
    def test_their_differences(self, sample, golden, adjust):
        record = golden("regression", f"mi.emmeans_pairs_{adjust}")
        got = self.rows(sample, pairs=adjust)
        for ours, theirs in (
            ("estimate", "estimate"),
            ("std_error", "SE"),
            ("df", "df"),
            ("statistic", "t.ratio"),
            ("p_adjusted", "p.value"),
        ):
            assert got[ours].to_numpy() == record.approx(theirs), ours

    def test_shares_and_equal_parts_differ_where_groups_do(self, sample):
        at = {"age": [40]}
        equal, shares = (
            predict(sample, "SAT ~ tenure + age", at=at, typical=typical).tidy()["estimate"][0]
            for typical in ("equal", "shares")
        )
        one = predict(sample, "SAT ~ tenure + age", at={**at, **self.AT}).tidy()["estimate"]
        assert equal == pytest.approx(one.mean())
        weights = sample["tenure"].value_counts(normalize=True)[self.AT["tenure"]]
        assert shares == pytest.approx(float(weights.to_numpy() @ one.to_numpy()))

    @pytest.mark.parametrize("family", ["logit", "poisson"])
    def test_differences_on_the_scale_of_the_outcome(self, sample, family):
        y = "signed_agreement" if family == "logit" else "meetings"
        result = predict(sample, f"{y} ~ SAT + renter", family=family, at={"renter": [1, 0]}, pairs="none")
        rows = result.tidy().set_index("term")
        pair = rows.loc["pair.renter=1-renter=0"]
        assert pair["estimate"] == pytest.approx(rows["estimate"].iloc[0] - rows["estimate"].iloc[1])
        fit = outcome_model(sample, f"{y} ~ SAT + renter", family=family).models[0]
        means = fit.at_means
        place = means.terms.index("renter")
        assert pair["estimate"] == pytest.approx(means.estimate[place])
        assert pair["std_error"] == pytest.approx(means.std_error[place])
        assert pair["p_value"] == pair["p_adjusted"]

    def test_the_table_and_what_is_said(self, sample):
        result = predict(sample, self.FORMULA, at=self.AT, typical="equal", pairs="holm")
        assert result.templates == ("predictions", "pairs")
        table = result.table("pairs")
        assert len(table.rows) == 3
        assert {len(row.cells) for row in table.rows} == {table.n_columns}
        assert "Holm" in table.notes[0].text("en")
        assert any("each category alike" in note.text("en") for note in result.table().notes)
        said = [s.text("en") for s in sentences("predict", result)]
        assert said[-1].startswith("Of 3 differences between the points ")
        assert len(said) == 4

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"typical": "median"}, "E6788"),
            ({"pairs": "scheffe"}, "E6786"),
            ({"pairs": "holm", "at": {"tenure": ["owner"]}}, "E6787"),
            ({"pairs": "holm", "family": "ordered_logit", "y": "renewal_support"}, "E762"),
        ],
    )
    def test_options_that_cannot_be(self, sample, options, code):
        y = options.pop("y", "SAT")
        call = {"at": self.AT} | options
        with pytest.raises(AnalysisError, match=code) as caught:
            predict(sample, f"{y} ~ tenure + age", **call)
        assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))


def test_categories_may_be_named_by_their_words(sample):
    categories = tuple(Category(i, zh, en) for i, (zh, en) in enumerate((("甲", "one"), ("乙", "two")), 1))
    data = attach(
        pd.DataFrame({"g": sample["renter"] + 1, "SAT": sample["SAT"]}),
        Codebook().with_variables([Variable("g", "nominal", "组", "Group", categories)]),
    )
    codes, words = (predict(data, "SAT ~ g", at={"g": values}).tidy() for values in ([1, 2], ["甲", "two"]))
    pd.testing.assert_frame_equal(codes, words)


class TestIdentities:
    def test_the_change_between_two_points_is_the_coefficient(self, sample):
        rows = predict(sample, "SAT ~ age * tenure", at={"age": [40, 41], "tenure": ["renter"]}).tidy()
        fit = regress(sample, "SAT ~ age * tenure").models[0].fit
        slope = fit.estimate[fit.place("age")] + fit.estimate[fit.place("age:tenure.renter")]
        assert rows["estimate"].diff().iloc[1] == pytest.approx(slope)
        assert rows["term"].tolist() == ["age=40,tenure=renter", "age=41,tenure=renter"]

    def test_of_two_categories_the_models_of_categories_are_a_logit(self, sample):
        at = {"SAT": [2, 3, 4]}
        logit = predict(sample, SIGNED, family="logit", at=at).tidy()
        for family in ("ordered_logit", "multinomial"):
            rows = predict(sample, SIGNED, family=family, at=at).tidy()
            ours = rows[rows["level"] == "1"]
            columns = ["estimate", "std_error", "conf_low", "conf_high"]
            np.testing.assert_allclose(ours[columns], logit[columns], rtol=1e-5)

    def test_at_the_means_a_linear_model_meets_the_mean(self, sample):
        row = predict(sample, "SAT ~ age + OB + tenure").tidy().iloc[0]
        assert row["term"] == "typical"
        assert row["estimate"] == pytest.approx(sample["SAT"].mean())

    def test_errors_asked_for_are_those_used(self, sample):
        plain = predict(sample, "SAT ~ age", at={"age": 40}).tidy()
        clustered = predict(sample, "SAT ~ age", at={"age": 40}, cluster="community_id").tidy()
        assert clustered["std_error"].item() > 1.5 * plain["std_error"].item()
        assert np.isnan(clustered["pred_low"].item())
        weighted = predict(sample, "SAT ~ age", design=Design("weight")).tidy()
        assert weighted["estimate"].item() == pytest.approx(np.average(sample["SAT"], weights=sample["weight"]))

    def test_counts_and_probabilities_keep_their_range(self, sample):
        rows = predict(sample, "meetings ~ PAR", family="negative_binomial", at={"PAR": [1, 5]}).tidy()
        fit = outcome_model(sample, "meetings ~ PAR", family="negative_binomial").models[0].fit
        np.testing.assert_allclose(rows["estimate"], np.exp(fit.estimate[0] + np.array([1, 5]) * fit.estimate[1]))
        assert (rows["conf_low"] > 0).all()
        nominal = predict(sample, "tenure ~ age", family="multinomial", at={"age": [20, 80]}).tidy()
        np.testing.assert_allclose(nominal.groupby("term")["estimate"].sum(), 1)
        assert nominal["conf_low"].gt(0).all() and nominal["conf_high"].lt(1).all()


class TestFaults:
    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"at": {"SAT": [1]}}, "E6040"),
            ({"at": {"tenure": ["tent"]}}, "E6041"),
            ({"at": {"age": ["old"]}}, "E6041"),
            ({"at": {"age": []}}, "E6042"),
            ({"at": {"age": [1, 2], "OB": [1]}, "grid": False}, "E6042"),
            ({"at": {"age": list(range(600))}}, "E6042"),
            ({"family": "tobit"}, "E760"),
        ],
    )
    def test_points_that_mean_nothing(self, sample, options, code):
        with pytest.raises(AnalysisError) as caught:
            predict(sample, "SAT ~ age + OB + tenure", **options)
        assert [p.code for p in caught.value.problems] == [code]
        assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))

    def test_a_model_that_separates_predicts_nothing(self):
        data = pd.DataFrame({"y": np.repeat([0, 1], 20), "x": np.arange(40.0)})
        for family in ("logit", "ordered_logit", "multinomial"):
            result = predict(data, "y ~ x", family=family, at={"x": [3, 30]})
            assert result.tidy()["estimate"].isna().all()
            assert "W758" in [p.code for p in result.notices]
            assert len(result.table().rows) in (2, 4)
            assert len(sentences("predict", result)) == 1

    def test_a_collinear_column_is_left_out(self, sample):
        data = sample.assign(twice=sample["age"] * 2)
        left = predict(data, "SAT ~ age + twice", at={"age": [40]}).tidy()["estimate"].item()
        assert left == pytest.approx(predict(data, "SAT ~ age", at={"age": [40]}).tidy()["estimate"].item())


def test_tables_and_sentences(sample):
    for family, formula, width in (("linear", "SAT ~ age + tenure", 5), ("multinomial", "tenure ~ age", 4)):
        result = predict(sample, formula, family=family, at={"age": [20, 40, 60, 80, 90]})
        table = result.table()
        assert {len(row.cells) for row in table.rows} == {table.n_columns} == {width}
        assert all(note.text(lang) for note in table.notes for lang in ("zh", "en"))
        said = sentences("predict", result)
        assert len(said) == 2 and all(s.text(lang) for s in said for lang in ("zh", "en"))
    with pytest.raises(AnalysisError):
        result.table("T13")
