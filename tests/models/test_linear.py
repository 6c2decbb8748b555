"""Linear regression against R, NIST, svyglm and its own identities."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.contract import GLOSSARY, KEYS, VALUES, AnalysisError, Category, Codebook, Variable, attach
from evalkit.contract.words import say
from evalkit.models.linear import regress, side_by_side
from evalkit.models.sandwich import Errors, covariance, wald
from evalkit.sampling import Design

HERE = Path(__file__).parent.parent
BACKGROUND = "age + female + education + party_member + tenure"
BLOCKS = f"SAT ~ {BACKGROUND} | OB + OE + MO | SV + CW + CC"
FULL = f"SAT ~ {BACKGROUND} + OB + OE + MO + SV + CW + CC"
RENTER = "SAT ~ age + female + education + party_member + renter + OB + OE + MO + SV + CW + CC"
R_NAMES = {"(Intercept)": "intercept", "tenurerenter": "tenure.renter", "tenurepublic": "tenure.public"}
R_COLUMNS = {"estimate": "estimate", "se": "std_error", "t": "statistic", "p": "p_value"}


@pytest.fixture
def sample(analysis_sample):
    """The analysis sample with tenure as a nominal variable, owner first."""
    tenure = Variable(
        "tenure", "nominal", "住房", "Tenure", tuple(Category(c, c, c) for c in ("owner", "renter", "public"))
    )
    return attach(analysis_sample, Codebook().with_variables([tenure]))


def coefficients(result, model="1"):
    rows = result.tidy()
    rows = rows[(rows["model"] == model) & ~rows["term"].str.startswith("model.")]
    return rows.set_index("term")


def statistic(result, name, model="1"):
    rows = result.tidy()
    return rows[(rows["model"] == model) & (rows["term"] == f"model.{name}")].iloc[0]


def codes_of(caught):
    return [p.code for p in caught.value.problems]


def agrees(result, record, model="1"):
    got = coefficients(result, model)
    for term in record.estimate.index:
        for column, ours in R_COLUMNS.items():
            assert got.loc[R_NAMES.get(term, term), ours] == record.approx(term, column), (term, column)


class TestAgainstR:
    @pytest.mark.parametrize("number", ["1", "2", "3"])
    def test_blocks_give_the_coefficients_of_each_model(self, sample, golden, number):
        agrees(regress(sample, BLOCKS), golden("regression", f"m{number}.coef"), number)

    @pytest.mark.parametrize("number", ["1", "2", "3"])
    def test_summary_of_each_model(self, sample, golden, number):
        result = regress(sample, BLOCKS)
        expected = golden("regression", f"m{number}.summary")
        f = statistic(result, "f_statistic", number)
        found = {
            "r2": statistic(result, "r_squared", number)["estimate"],
            "adj_r2": statistic(result, "r_squared_adj", number)["estimate"],
            "sigma": statistic(result, "sigma", number)["estimate"],
            "F": f["statistic"],
            "df1": f["df"],
            "df2": f["df2"],
            "p": f["p_value"],
            "rss": statistic(result, "ssr", number)["estimate"],
            "loglik": statistic(result, "log_likelihood", number)["estimate"],
            "aic": statistic(result, "aic", number)["estimate"],
            "bic": statistic(result, "bic", number)["estimate"],
        }
        assert found == expected.approx()

    def test_intervals(self, sample, golden):
        record = golden("regression", "m3.ci95")
        found = coefficients(regress(sample, FULL))[["conf_low", "conf_high"]].to_numpy()
        assert found == record.approx()

    @pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5"])
    def test_robust_errors(self, sample, golden, kind):
        agrees(regress(sample, FULL, cov=kind), golden("regression", f"m3.{kind}"))

    @pytest.mark.parametrize("kind", ["CR0", "CR1p", "CR1"])
    def test_clustered_errors(self, sample, golden, kind):
        result = regress(sample, FULL, cov=kind, cluster="community_id")
        agrees(result, golden("regression", f"m3.{kind}"))
        assert result.glance()["n_clusters"].item() == golden("regression", "n_clusters").value()

    def test_bias_reduced_errors_have_degrees_of_freedom_of_their_own(self, sample, golden):
        record = golden("regression", "m3.CR2")
        result = regress(sample, FULL, cov="CR2", cluster="community_id")
        agrees(result, record)
        got = coefficients(result)
        for term in record.estimate.index:
            assert got.loc[R_NAMES.get(term, term), "df"] == record.approx(term, "df")

    def test_errors_near_the_jackknife(self, sample, golden):
        record = golden("regression", "m3.CR3_se")
        got = coefficients(regress(sample, FULL, cov="CR3", cluster="community_id"))["std_error"]
        assert {name: got[R_NAMES.get(name, name)] for name in record.estimate} == record.approx()

    def test_degrees_of_freedom_between_clusters(self, sample, golden):
        result = regress(sample, FULL, cov="CR1", cluster="community_id", df="clusters")
        agrees(result, golden("regression", "m3.CR1_dfG1"))

    @pytest.mark.parametrize(
        ("record", "options"),
        [("m1.vcov", {}), ("m2.vcov", {}), ("m3.vcov", {}), ("m3.CR1_vcov", {"cluster": "community_id"})],
    )
    def test_covariance_of_the_coefficients(self, sample, golden, record, options):
        number = int(record[1]) - 1
        models = regress(sample, BLOCKS, **options).models
        assert models[number].fit.matrix == golden("regression", record).approx()

    @pytest.mark.parametrize("number", ["1", "2"])
    def test_intervals_of_the_first_blocks(self, sample, golden, number):
        found = coefficients(regress(sample, BLOCKS), number)[["conf_low", "conf_high"]].to_numpy()
        assert found == golden("regression", f"m{number}.ci95").approx()

    def test_robust_intervals(self, sample, golden):
        found = coefficients(regress(sample, FULL, cov="HC3"))[["conf_low", "conf_high"]].to_numpy()
        assert found == golden("regression", "m3.HC3.ci95").approx()

    @pytest.mark.parametrize(
        ("record", "column"),
        [("semi_partial_r", "semi_partial"), ("partial_r", "partial"), ("f2_per_predictor", "f_squared")],
    )
    def test_part_and_partial_correlations(self, sample, golden, record, column):
        rows = coefficients(regress(sample, RENTER)).drop(index="intercept")
        assert rows[column].to_dict() == golden("regression", f"m3b.{record}").approx()

    def test_a_cluster_alone_means_cr1(self, sample, golden):
        agrees(regress(sample, FULL, cluster="community_id"), golden("regression", "m3.CR1"))

    @pytest.mark.parametrize(("record", "model"), [("m0_m1", "1"), ("m1_m2", "2"), ("m2_m3", "3")])
    def test_change_between_blocks(self, sample, golden, record, model):
        result = regress(sample, BLOCKS)
        expected = golden("regression", f"hierarchical.{record}")
        change = statistic(result, "f_change", model)
        assert statistic(result, "r_squared_change", model)["estimate"] == expected.approx("delta_r2")
        assert change["statistic"] == expected.approx("F_change")
        assert change["df"] == expected.approx("df1")
        assert change["df2"] == expected.approx("df2")
        assert change["p_value"] == expected.approx("p")

    def test_a_robust_change_is_a_wald_test(self, sample, golden):
        # The reference leaves OB, OE and MO out of the full model, so they are entered last.
        result = regress(sample, f"SAT ~ {BACKGROUND} + SV + CW + CC | OB + OE + MO", cov="HC3")
        change = statistic(result, "f_change", "2")
        expected = golden("regression", "m3.HC3.waldF_mechanisms")
        found = {"F": change["statistic"], "df1": change["df"], "df2": change["df2"], "p": change["p_value"]}
        assert found == expected.approx()

    def test_vif_tolerance_and_beta(self, sample, golden):
        rows = coefficients(regress(sample, RENTER)).drop(index="intercept")
        assert rows["vif"].to_dict() == golden("regression", "m3b.vif").approx()
        assert rows["tolerance"].to_dict() == golden("regression", "m3b.tolerance").approx()
        assert rows["beta"].to_dict() == golden("regression", "m3b.std_beta").approx()
        agrees(regress(sample, RENTER), golden("regression", "m3b.coef"))

    def test_a_square(self, sample, golden):
        record = golden("regression", "m_poly.coef")
        got = coefficients(regress(sample.assign(square=sample["age"] ** 2), "SAT ~ age + square"))
        for theirs, ours in (("(Intercept)", "intercept"), ("age", "age"), ("I(age^2)", "square")):
            for column, name in R_COLUMNS.items():
                assert got.loc[ours, name] == record.approx(theirs, column)

    def test_the_reference_rows_are_those_used(self, sample, golden):
        assert regress(sample, FULL).n_obs == golden("regression", "n").value()


class TestAgainstSurvey:
    """svyglm of R's survey package: weighted estimates, linearised errors, domain of complete rows."""

    RECORDS = {
        v["id"]: v["estimate"]
        for v in json.loads((HERE / "data" / "svyglm.json").read_text(encoding="utf-8"))["values"]
    }
    FORMULA = "SAT ~ OB + OE + MO + age + female + renter + renovated"

    @pytest.mark.parametrize(
        ("record", "design"),
        [
            ("des", Design("weight", "stratum", "community_id")),
            ("des_fpc", Design("weight", "stratum", "community_id", "fpc_communities")),
        ],
    )
    def test_coefficients(self, scored, record, design):
        result = regress(scored, self.FORMULA, design=design)
        expected = pd.DataFrame(self.RECORDS[f"{record}.glm_gaussian"])
        got = coefficients(result)
        for name, ours in R_COLUMNS.items():
            assert got[ours].to_numpy() == pytest.approx(expected[name].to_numpy(), rel=1e-6, abs=1e-9)
        assert result.cov == "linearised"
        assert got["df"].iloc[0] == self.RECORDS["des.glm_gaussian_df"]["df_resid"]
        assert result.n_obs == self.RECORDS["des.glm_gaussian_df"]["n"]

    def test_joint_test_of_added_terms(self, scored):
        result = regress(scored, "SAT ~ age | OB + OE + MO", design=Design("weight", "stratum", "community_id"))
        change, expected = statistic(result, "f_change", "2"), self.RECORDS["des.regTermTest_mechanisms"]
        assert change["statistic"] == pytest.approx(expected["F"], rel=1e-6)
        assert (change["df"], change["df2"]) == (expected["df"], expected["ddf"])
        assert change["p_value"] == pytest.approx(expected["p"], rel=1e-5)

    def test_a_declared_design_is_used_without_asking(self, scored):
        design = Design("weight", "stratum", "community_id")
        declared = attach(scored, Codebook(design=design))
        left, right = regress(declared, self.FORMULA), regress(scored, self.FORMULA, design=design)
        pd.testing.assert_frame_equal(left.tidy(), right.tidy())

    def test_the_scale_of_weights_does_not_matter(self, scored):
        design = Design("weight", "stratum", "community_id")
        scaled = scored.assign(weight=scored["weight"] / scored["weight"].sum())
        left, right = regress(scored, self.FORMULA, design=design), regress(scaled, self.FORMULA, design=design)
        pd.testing.assert_frame_equal(coefficients(left), coefficients(right), rtol=1e-9)
        assert left.glance()["r_squared"].item() == pytest.approx(right.glance()["r_squared"].item())


class TestAgainstNist:
    NIST = json.loads((HERE / "golden" / "nist.json").read_text(encoding="utf-8"))

    @staticmethod
    def digits(got, certified):
        got, certified = np.asarray(got, dtype=float), np.asarray(certified, dtype=float)
        with np.errstate(divide="ignore"):  # all digits right is infinitely many
            return float(np.min(-np.log10(np.abs(got - certified) / np.abs(certified))))

    def test_longley(self):
        known = self.NIST["Longley"]
        data = pd.DataFrame(known["x"], columns=[f"x{i}" for i in range(1, 7)]).assign(y=known["y"])
        result = regress(data, "y ~ x1 + x2 + x3 + x4 + x5 + x6")
        rows = coefficients(result)
        assert self.digits(rows["estimate"], known["b"]) >= 10
        assert self.digits(rows["std_error"], known["se"]) >= 10
        assert self.digits(result.glance()["sigma"], [known["rsd"]]) >= 10

    def test_filip(self):
        known = self.NIST["Filip"]
        x = np.array(known["x"])
        data = pd.DataFrame({f"x{k}": x**k for k in range(1, 11)}).assign(y=known["y"])
        result = regress(data, "y ~ " + " + ".join(f"x{k}" for k in range(1, 11)))
        assert self.digits(coefficients(result)["estimate"], known["b"]) >= 7
        assert self.digits(result.glance()["r_squared"], [known["r_squared"]]) >= 7

    def test_wampler_without_any_error(self):
        x = np.arange(21.0)
        data = pd.DataFrame({f"x{k}": x**k for k in range(1, 6)})
        data["y"] = 1 + data.sum(axis=1)
        rows = coefficients(regress(data, "y ~ x1 + x2 + x3 + x4 + x5"))
        assert self.digits(rows["estimate"], np.ones(6)) >= 9


class TestTerms:
    def test_dummies_products_and_references(self, sample):
        result = regress(sample, "SAT ~ tenure*OE")
        rows = coefficients(result)
        assert list(rows.index) == [
            "intercept",
            "tenure.renter",
            "tenure.public",
            "OE",
            "tenure.renter:OE",
            "tenure.public:OE",
        ]
        owners = sample[sample["tenure"] == "owner"]
        assert rows.loc["OE", "estimate"] == pytest.approx(
            coefficients(regress(owners, "SAT ~ OE")).loc["OE", "estimate"]
        )
        assert result.references["tenure"].text("en") == "owner"
        assert result.labels["tenure.renter:OE"].text("zh") == "住房：renter × OE"

    def test_lists_say_the_same_as_a_formula(self, sample):
        left = regress(sample, "SAT ~ age + tenure | OE + OE:age")
        right = regress(sample, y="SAT", blocks=[["age", "tenure"], ["OE", "OE:age"]])
        pd.testing.assert_frame_equal(left.tidy(), right.tidy())

    def test_the_codebook_decides_not_the_dtype(self, sample):
        grades = Variable(
            "education", "nominal", categories=tuple(Category(float(c), str(c), str(c)) for c in range(1, 6))
        )
        coded = attach(sample, Codebook().with_variables([grades]))
        terms = set(coefficients(regress(coded, "SAT ~ education")).index)
        assert terms == {"intercept", "education.2", "education.3", "education.4", "education.5"}

    def test_an_answer_that_counts_as_missing_drops_its_row(self):
        data = pd.DataFrame({"y": [1.0, 2, 4, 3, 5, 9], "g": [1.0, 2, 1, 2, 1, 8]})
        kinds = tuple(Category(c, str(c), str(c), "dont_know" if c == 8 else None) for c in (1, 2, 8))
        result = regress(attach(data, Codebook().with_variables([Variable("g", "nominal", categories=kinds)])), "y ~ g")
        assert result.n_obs == 5
        assert [(d.reason, d.n) for d in result.dropped] == [("drop.incomplete", 1)]
        assert coefficients(result)["estimate"].tolist() == pytest.approx([10 / 3, 2.5 - 10 / 3])

    def test_the_next_category_stands_in_for_an_empty_reference(self):
        data = pd.DataFrame({"y": [1.0, 2, 4, 3, 5], "g": [2.0, 3, 2, 3, 2]})
        kinds = tuple(Category(float(c), f"第{c}类", f"class {c}") for c in (1, 2, 3))
        result = regress(attach(data, Codebook().with_variables([Variable("g", "nominal", categories=kinds)])), "y ~ g")
        assert list(coefficients(result).index) == ["intercept", "g.3"]
        assert [p.code for p in result.notices] == ["N651"]
        assert "第2类" in say(result.notices[0], "zh")

    def test_all_blocks_use_the_same_rows(self, sample):
        holes = sample.copy()
        holes.iloc[:10, holes.columns.get_loc("OE")] = np.nan
        result = regress(holes, "SAT ~ age | OE")
        assert [m.fit.n_obs for m in result.models] == [len(sample) - 10] * 2
        assert [(d.reason, d.n) for d in result.dropped] == [("drop.incomplete", 10)]


class TestFewClusters:
    def test_fewer_clusters_than_parameters_leave_no_joint_test(self, sample):
        few = sample.assign(third=np.arange(len(sample)) % 3)
        result = regress(few, "SAT ~ age + female + OB + OE", cov="CR2", cluster="third")
        assert [p.code for p in result.notices] == ["N663", "W765"]
        assert np.isnan(result.glance()["f_statistic"].item())
        assert coefficients(result)["std_error"].notna().all()

    def test_a_cluster_that_alone_determines_a_coefficient(self, sample):
        marked = sample.assign(first=(sample["community_id"] == sample["community_id"].iloc[0]).astype(float))
        refused = regress(marked, "SAT ~ first + OB", cov="CR3", cluster="community_id")
        assert "W756" in [p.code for p in refused.notices]
        assert coefficients(refused)["std_error"].isna().all()
        assert coefficients(regress(marked, "SAT ~ first + OB", cov="CR2", cluster="community_id"))[
            "std_error"
        ].notna()["OB"]


class TestFaults:
    @pytest.mark.parametrize(
        ("formula", "options", "code"),
        [
            ("SAT ~ aeg", {}, "E600"),
            ("SAT ~ community_id2", {}, "E600"),
            ("tenure ~ age", {}, "E653"),
            ("SAT ~ id", {}, "E610"),
            ("SAT ~ age", {"cov": "HC9"}, "E650"),
            ("SAT ~ age", {"cov": "CR1"}, "E659"),
            ("SAT ~ age", {"cov": "linearised"}, "E666"),
            ("SAT ~ age", {"cov": "HC3", "cluster": "community_id"}, "E660"),
            ("SAT ~ age", {"cov": "HC3", "design": Design("weight")}, "E660"),
            ("SAT ~ age", {"cov": "CR1", "cluster": "community_id", "design": Design("weight")}, "E660"),
            ("SAT ~ age", {"cluster": "stratum", "design": Design(clusters="community_id")}, "E665"),
            ("SAT ~ age", {"df": "clusters"}, "E757"),
            ("SAT ~ age", {"df": "between", "cluster": "community_id"}, "E757"),
            ("SAT ~ age", {"cov": "CR2", "df": "clusters", "cluster": "community_id"}, "E757"),
            ("SAT ~ age", {"conf_level": 95}, "E667"),
            ("SAT ~ age", {"y": "SAT"}, "E669"),
            (None, {"y": "SAT"}, "E669"),
            (None, {"y": "SAT", "blocks": [["age"], ["age"]]}, "E654"),
            (None, {"y": "SAT", "blocks": [["SAT:age"]]}, "E654"),
        ],
    )
    def test_calls_that_mean_nothing_are_refused(self, sample, formula, options, code):
        known = sample.attrs["evalkit"].with_variables([Variable("id", "id")])
        with pytest.raises(AnalysisError) as caught:
            regress(attach(sample, known), formula, **options)
        assert codes_of(caught) == [code]
        assert all(say(p, lang) for p in caught.value.problems for lang in ("zh", "en"))

    def test_clusters_of_a_design_may_serve_cr1(self, sample, golden):
        result = regress(sample, FULL, cov="CR1", design=Design(clusters="community_id"))
        agrees(result, golden("regression", "m3.CR1"))

    def test_clusters_of_the_call_join_the_weights_of_the_design(self, sample):
        joined = regress(sample, FULL, cluster="community_id", design=Design("weight", "stratum"))
        whole = regress(sample, FULL, design=Design("weight", "stratum", "community_id"))
        pd.testing.assert_frame_equal(joined.tidy(), whole.tidy())

    def test_too_few_rows_give_nan_and_a_reason(self, sample):
        result = regress(sample.head(4), "SAT ~ age + OE + SV")
        assert coefficients(result)["estimate"].isna().all()
        assert [p.code for p in result.notices] == ["W657"]
        assert result.n_obs == 4
        assert all(cell.reason for cell in result.table().rows[0].cells[1:])

    def test_no_rows_at_all(self, sample):
        result = regress(sample.assign(OE=np.nan), "SAT ~ OE")
        assert (result.n_obs, result.dropped[0].n) == (0, len(sample))
        assert [p.code for p in result.notices] == ["W657"]

    def test_an_outcome_that_never_varies(self, sample):
        result = regress(sample.assign(SAT=3.7), "SAT ~ OE | SV")
        assert result.tidy()["estimate"].isna().all()
        assert [p.code for p in result.notices] == ["W658"]

    def test_constant_and_collinear_columns_are_left_out_and_said(self, sample):
        data = sample.assign(one=0.1, double=2 * sample["OE"])
        result = regress(data, "SAT ~ OE + one + double + SV")
        rows = coefficients(result)
        assert rows["estimate"].isna().to_dict() == {
            "intercept": False,
            "OE": False,
            "one": True,
            "double": True,
            "SV": False,
        }
        assert [(p.code, p.params["term"]) for p in result.notices] == [("W655", "one"), ("W656", "double")]
        same = coefficients(regress(sample, "SAT ~ OE + SV"))
        assert rows.loc[["OE", "SV"], "estimate"].tolist() == pytest.approx(same.loc[["OE", "SV"], "estimate"].tolist())
        assert rows.loc[["OE", "SV"], "vif"].tolist() == pytest.approx(same.loc[["OE", "SV"], "vif"].tolist())

    def test_a_nominal_variable_of_one_category_is_said(self, sample):
        owners = sample[sample["tenure"] == "owner"]
        result = regress(owners, "SAT ~ tenure + OE")
        assert [(p.code, p.params["term"]) for p in result.notices] == [("W655", "tenure")]
        assert list(coefficients(result).index) == ["intercept", "OE"]

    def test_a_row_alone_in_its_category_has_no_hc3(self):
        data = pd.DataFrame({"y": [1.0, 3, 2, 5, 4], "g": [0.0, 0, 0, 0, 1]})
        result = regress(data, "y ~ g", cov="HC3")
        assert coefficients(result)["std_error"].isna().all()
        assert [p.code for p in result.notices] == ["W661"]
        assert coefficients(regress(data, "y ~ g", cov="HC1"))["std_error"].notna().all()

    def test_few_clusters_are_said_and_one_is_refused_an_error(self, sample):
        few = sample[sample["community_id"].isin(sample["community_id"].unique()[:5])]
        assert [p.code for p in regress(few, "SAT ~ OE", cluster="community_id").notices] == ["N663"]
        one = sample[sample["community_id"] == sample["community_id"].iloc[0]]
        result = regress(one, "SAT ~ OE", cluster="community_id")
        assert [p.code for p in result.notices] == ["W662"]
        assert coefficients(result)["std_error"].isna().all()

    def test_rows_without_a_weight_are_dropped_by_name(self, sample):
        data = sample.copy()
        data.iloc[:3, data.columns.get_loc("weight")] = [np.nan, 0.0, 0.0]
        result = regress(data, "SAT ~ OE", design=Design("weight"))
        assert [(d.reason, d.n) for d in result.dropped] == [("regression.drop_design", 3)]

    def test_a_yes_no_outcome_is_said_to_be_linear(self, sample):
        assert [p.code for p in regress(sample, "signed_agreement ~ SAT").notices] == ["N668"]


class TestViews:
    def test_columns_are_fixed_and_in_the_glossary(self, sample):
        usual, empty = regress(sample, BLOCKS), regress(sample.head(0), "SAT ~ OE")
        for result in (usual, empty):
            columns = list(result.tidy().columns)
            assert columns[: len(KEYS) + len(VALUES)] == [*KEYS, *VALUES]
            assert set(columns) <= set(GLOSSARY)
            assert len(result.glance()) == 1
            assert set(result.glance().columns) <= set(GLOSSARY)
        assert list(usual.tidy().columns) == list(empty.tidy().columns)

    def test_the_table_puts_models_side_by_side(self, sample):
        result = regress(sample, BLOCKS)
        table = result.table()
        assert (table.template, table.n_columns) == ("T13", 4)
        assert all(len(row.cells) == 4 for row in table.rows)
        first = next(row for row in table.rows if row.cells[0].value == result.labels["OE"])
        assert first.cells[1].value is None
        assert first.cells[2].id == "2/SAT/OE#estimate"
        assert first.cells[2].p == pytest.approx(2.52070577e-17)
        keys = ["model", "outcome", "term"]
        known = {"/".join(row) for row in result.tidy()[keys].itertuples(index=False)}
        assert {cell.id.partition("#")[0] for row in table.rows for cell in row.cells if cell.id} <= known
        stats = [row for row in table.rows if row.role == "stat"]
        assert [row.cells[3].value for row in stats][0] == pytest.approx(0.313098395449553)
        notes = " ".join(note.text("zh") for note in table.notes)
        assert "住房为“owner”" in notes
        assert "1056" in notes

    def test_t_and_beta_templates(self, sample):
        result = regress(sample, "SAT ~ OE")
        t, beta = result.table("T13.t"), result.table("T13.beta")
        assert t.rows[1].cells[1].value == pytest.approx(result.models[0].fit.statistic[1])
        assert t.rows[1].cells[1].wrap == "("
        assert beta.rows[0].cells[1].value == pytest.approx(sample["SAT"].corr(sample["OE"]))
        with pytest.raises(AnalysisError) as caught:
            result.table("T99")
        assert codes_of(caught) == ["E652"]

    def test_models_of_several_outcomes_stand_in_one_table(self, sample):
        table = side_by_side([regress(sample, "SV ~ OE"), regress(sample, "SAT ~ OE | SV")], id="joined")
        assert table.id == "joined"
        assert [head.span for head in table.header[0]] == [1, 1, 2]
        assert [head.text("en") for head in table.header[1]] == ["Variable", "Model 1", "Model 2", "Model 3"]
        assert all(len(row.cells) == 4 for row in table.rows)

    def test_the_figure_shows_every_model_without_the_constant(self, sample):
        figure = regress(sample, "SAT ~ age | OE + SV").figure()
        assert figure.kind == "coefficients"
        assert figure.frame["term"].tolist() == ["age", "age", "OE", "SV"]
        assert figure.frame["model"].tolist() == ["1", "2", "2", "2"]
        assert (figure.frame["conf_low"] < figure.frame["estimate"]).all()

    def test_a_result_keeps_no_rows(self, sample):
        result = regress(sample, FULL)
        sizes = [np.size(value) for model in result.models for value in vars(model.fit).values()]
        assert max(sizes) < len(sample)


@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(-50, 50), scale=st.floats(0.1, 20))
@settings(max_examples=15, deadline=None)
def test_t_tests_do_not_depend_on_the_unit_of_a_predictor(seed, shift, scale):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.normal(size=(40, 3)), columns=["y", "a", "b"])
    moved = data.assign(a=shift + scale * data["a"])
    for kind in ("classical", "HC3"):
        left, right = (coefficients(regress(d, "y ~ a + b", cov=kind)) for d in (data, moved))
        assert right.loc["a", "estimate"] * scale == pytest.approx(left.loc["a", "estimate"], rel=1e-8, abs=1e-11)
        for column in ("statistic", "beta", "vif"):
            assert right.loc[["a", "b"], column].tolist() == pytest.approx(
                left.loc[["a", "b"], column].tolist(), rel=1e-7
            )


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_whole_weights_give_the_estimates_of_repeated_rows(seed):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.normal(size=(30, 3)), columns=["y", "a", "b"]).assign(
        w=rng.integers(1, 5, 30).astype(float)
    )
    weighted = coefficients(regress(data, "y ~ a + b", design=Design(weights="w")))
    repeated = coefficients(regress(data.loc[data.index.repeat(data["w"].astype(int))], "y ~ a + b"))
    assert weighted["estimate"].tolist() == pytest.approx(repeated["estimate"].tolist(), rel=1e-9, abs=1e-11)


def test_one_row_a_cluster_is_hc0():
    rng = np.random.default_rng(1)
    x, e = np.column_stack([np.ones(25), rng.normal(size=25)]), rng.normal(size=25)
    inverse = np.linalg.inv(x.T @ x)
    single = covariance(x, e, inverse, Errors("CR0", clusters=np.arange(25)))
    assert np.allclose(single.matrix, covariance(x, e, inverse, Errors("HC0")).matrix)


def test_a_singular_covariance_has_no_wald_test():
    assert np.isnan(wald(np.ones(2), np.ones((2, 2))))
    assert wald(np.array([2.0]), np.array([[4.0]])) == 1.0
