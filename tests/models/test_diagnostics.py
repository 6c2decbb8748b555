"""Diagnostics of linear models against R, and on data that leave nothing to examine."""

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, Category, Codebook, Variable, attach
from evalkit.contract.words import say
from evalkit.models.examination import diagnostics
from evalkit.report import sentences
from evalkit.report.figures import draw
from evalkit.sampling import Design

FULL = "SAT ~ age + female + education + party_member + tenure + OB + OE + MO + SV + CW + CC"
RENTER = "SAT ~ age + female + education + party_member + renter + OB + OE + MO + SV + CW + CC"
NAMES = {"(Intercept)": "intercept", "tenurerenter": "tenure.renter", "tenurepublic": "tenure.public"}


@pytest.fixture(scope="module")
def sample():
    from pathlib import Path

    scored = pd.read_csv(Path(__file__).parent.parent / "golden" / "residents_scored.csv")
    data = scored[scored["in_analysis_sample"] == 1].copy().reset_index(drop=True)
    codes = {"tenure": ("owner", "renter", "public"), "gender": ("female", "male")}
    known = [Variable(n, "nominal", n, n, tuple(Category(c, c, c) for c in c)) for n, c in codes.items()]
    return attach(data, Codebook().with_variables(known))


@pytest.fixture(scope="module")
def full(sample):
    return diagnostics(sample, FULL, cases=len(sample))


@pytest.fixture(scope="module")
def rows(full):
    return full.tidy()


def group(rows, name):
    return rows[rows["group"] == name].set_index("term")


class TestAgainstR:
    @pytest.mark.parametrize("measure", ["leverage", "cooks", "rstandard", "rstudent", "dffits"])
    def test_measures_of_the_first_rows(self, rows, golden, measure):
        got = group(rows, "case").loc[[f"row.{i}" for i in range(5)], measure]
        assert got.to_numpy() == golden("regression", f"m3.{measure}_first5").approx()

    def test_the_row_with_the_largest_cook(self, full, rows, golden):
        record = golden("regression", "m3.max_cook")
        cases = group(rows, "case")
        assert cases.index[0] == f"row.{int(record.value('row')) - 1}"
        assert cases["cooks"].iloc[0] == record.approx("value")
        assert full.glance()["cooks"].item() == record.approx("value")

    def test_dfbetas(self, rows, golden):
        moved = rows[(rows["group"] == "dfbetas") & (rows["level"] == "row.0")].set_index("term")["estimate"]
        record = golden("regression", "m3.dfbetas_row1")
        assert {name: moved[NAMES.get(name, name)] for name in record.fields} == record.approx()

    def test_press(self, rows, golden):
        assert group(rows, "fit").loc["press", "estimate"] == golden("regression", "m3.press").approx()

    @pytest.mark.parametrize(
        ("name", "record"),
        [
            ("breusch_pagan", "breusch_pagan_studentised"),
            ("breusch_pagan_original", "breusch_pagan_original"),
            ("score_fitted", "ncv_test"),
            ("white", "white_test"),
        ],
    )
    def test_constant_variance(self, rows, golden, name, record):
        got, expected = group(rows, "test").loc[name], golden("regression", f"m3.{record}")
        assert [got["statistic"], got["df"], got["p_value"]] == [expected.approx(n) for n in ("stat", "df", "p")]

    def test_order_form_and_normality(self, rows, golden):
        got = group(rows, "test")
        assert got.loc["durbin_watson", "statistic"] == golden("regression", "m3.durbin_watson").approx()
        reset = golden("regression", "m3.reset")
        assert got.loc["reset", ["statistic", "df", "df2", "p_value"]].to_list() == [
            reset.approx(n) for n in ("F", "df1", "df2", "p")
        ]
        shapiro = golden("regression", "m3.shapiro_resid")
        assert got.loc["shapiro", ["statistic", "p_value"]].to_list() == [shapiro.approx("W"), shapiro.approx("p")]
        jarque = golden("regression", "m3.jarque_bera")
        assert got.loc["jarque_bera", ["statistic", "p_value"]].to_list() == [jarque.approx("JB"), jarque.approx("p")]

    def test_the_largest_residual(self, rows, golden):
        got, record = group(rows, "test").loc["outlier"], golden("regression", "m3.outlier_bonferroni")
        cases = group(rows, "case")
        assert cases["rstudent"].abs().idxmax() == f"row.{int(record.value('row')) - 1}"
        assert got["statistic"] == record.approx("rstudent")
        assert got["p_value"] == record.approx("p")
        assert got["p_value"] * got["n_obs"] == record.approx("bonf_p")
        assert got["p_adjusted"] == 1.0  # R leaves it above 1

    def test_generalised_inflation(self, rows, golden):
        got = group(rows, "variable").iloc[:-1]
        record = golden("regression", "m3.gvif")
        assert got[["gvif", "df", "gvif_root"]].to_numpy() == record.approx()

    def test_condition_indices(self, sample, golden):
        got = group(diagnostics(sample, RENTER).tidy(), "condition")["estimate"]
        assert got.to_numpy() == golden("regression", "m3b.condition_indices").approx()

    @pytest.mark.parametrize("kind", [1, 2])
    def test_sums_of_squares(self, sample, golden, kind):
        self.agrees(diagnostics(sample, FULL, squares_type=kind), golden("regression", f"m3.anova_type{kind}"))

    def test_sums_of_squares_of_type_3(self, sample, golden):
        result = diagnostics(sample, "SAT ~ tenure * gender + age", squares_type=3)
        self.agrees(result, golden("regression", "mi.anova_type3_sum_contrasts"))

    def test_partial_eta_squared(self, sample, golden):
        record = golden("regression", "mi.partial_eta2")
        got = group(diagnostics(sample, "SAT ~ tenure * gender + age", squares_type=3).tidy(), "variable")
        got = got.loc[record.estimate["Parameter"]] if "Parameter" in record.estimate else got.iloc[:-1]
        for ours, theirs in (("estimate", "Eta2_partial"), ("conf_low", "CI_low"), ("conf_high", "CI_high")):
            assert got[ours].to_numpy() == record.approx(theirs), ours

    def agrees(self, result, record):
        got = group(result.tidy(), "variable")
        for term in record.estimate.index.drop("(Intercept)", errors="ignore"):
            ours = got.loc["residual" if term == "Residuals" else term]
            for column, name in (("Sum Sq", "sum_of_squares"), ("Df", "df"), ("F", "statistic"), ("p", "p_value")):
                assert ours[name] == record.approx(term, column), (term, column)


class TestIdentities:
    def test_type_2_keeps_a_product_out_of_its_parts(self, sample):
        with_product = group(diagnostics(sample, "SAT ~ OB * OE").tidy(), "variable")
        without = group(diagnostics(sample, "SAT ~ OB + OE").tidy(), "variable")
        assert with_product.loc["OB", "sum_of_squares"] == pytest.approx(without.loc["OB", "sum_of_squares"])

    def test_a_row_left_out_moves_the_coefficients_by_its_dfbetas(self, sample):
        from evalkit.models.linear import regress

        data = sample.head(60)
        rows = diagnostics(data, "SAT ~ OB + age", cases=60).tidy()
        moved = rows[(rows["group"] == "dfbetas") & (rows["level"] == "row.7")].set_index("term")["estimate"]
        whole = regress(data, "SAT ~ OB + age").models[0].fit
        less = regress(data.drop(index=7), "SAT ~ OB + age").models[0].fit
        scale = less.sigma / whole.sigma * whole.std_error
        np.testing.assert_allclose(moved.to_numpy(), (whole.estimate - less.estimate) / scale, rtol=1e-8)


class TestBadInput:
    @pytest.mark.parametrize(("options", "code"), [({"squares_type": 4}, "E6030"), ({"cases": -1}, "E6031")])
    def test_options_that_mean_nothing(self, sample, options, code):
        with pytest.raises(AnalysisError) as caught:
            diagnostics(sample, "SAT ~ age", **options)
        assert [p.code for p in caught.value.problems] == [code]
        assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))

    def test_an_outcome_of_one_value_gives_no_number(self, sample):
        result = diagnostics(sample.assign(SAT=3.0), "SAT ~ age + OB")
        rows = result.tidy()
        assert rows["estimate"].isna().all()
        assert [p.code for p in result.notices] == ["W658"]
        assert result.figure() is None
        for template in result.templates:
            assert result.table(template).rows or template == "cases"
        assert len(sentences("diagnostics", result)) == 1

    def test_a_model_that_fits_exactly_is_said(self, sample):
        result = diagnostics(sample.assign(twice=sample["age"] * 2 + 1), "twice ~ age")
        assert "W6033" in [p.code for p in result.notices]
        assert group(result.tidy(), "test")["p_value"].isna().all()

    def test_a_collinear_variable_is_named_and_has_no_number(self, sample):
        result = diagnostics(sample.assign(same=sample["age"] * 2), "SAT ~ age + OB + same")
        assert [(p.code, p.params["term"]) for p in result.notices] == [("W656", "same")]
        row = group(result.tidy(), "variable").loc["same"]
        assert np.isnan(row["gvif"]) and np.isnan(row["statistic"])

    def test_a_row_that_alone_makes_a_coefficient(self, sample):
        data = sample.head(80).assign(alone=0)
        data.loc[3, "alone"] = 1
        row = group(diagnostics(data, "SAT ~ age + alone", cases=80).tidy(), "case").loc["row.3"]
        assert row["leverage"] == pytest.approx(1)
        assert np.isnan(row["cooks"]) and np.isnan(row["rstudent"])

    def test_a_design_is_not_passed_over_in_silence(self, sample):
        result = diagnostics(sample, "SAT ~ age", design=Design("weight"))
        assert "N6032" in [p.code for p in result.notices]


class TestViews:
    def test_tables_are_whole(self, sample):
        result = diagnostics(sample, FULL)
        sizes = {"assumptions": 9, "variables": 12, "cases": 10}
        for template, n in sizes.items():
            table = result.table(template)
            assert len(table.rows) == n
            assert {len(row.cells) for row in table.rows} == {table.n_columns}
            assert all(note.text(lang) for note in table.notes for lang in ("zh", "en"))
        with pytest.raises(AnalysisError):
            result.table("T13")

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_the_figure_is_drawn(self, sample, lang):
        figure = diagnostics(sample, "SAT ~ age + OB").figure()
        assert len(figure.frame) == 800
        drawn = draw(figure, lang=lang)
        assert b"<svg" in drawn.svg and drawn.alt

    def test_sentences_name_what_is_broken(self, sample):
        said = " ".join(s.text("en") for s in sentences("diagnostics", diagnostics(sample, "meetings ~ PAR + age")))
        assert "Jarque-Bera" in said and "Cook's distance" in said
        rng = np.random.Generator(np.random.PCG64(1))
        normal = pd.DataFrame({"y": rng.normal(size=200), "x": rng.normal(size=200)})
        calm = sentences("diagnostics", diagnostics(normal, "y ~ x"))
        assert "no evidence against" in calm[0].text("en")
