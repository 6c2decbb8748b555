"""`mediate` with outcomes of other kinds, and with x times a mediator: natural effects as a result."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from evalkit.contract import GLOSSARY, KEYS, VALUES, AnalysisError, Category, Codebook, Variable, attach
from evalkit.contract.words import say
from evalkit.models import mediate
from evalkit.models.mediation.evidence import e_value, e_value_of_interval, ratio_of_difference
from evalkit.models.mediation.natural_result import NaturalResult
from evalkit.report import sentences
from evalkit.report.figures import draw
from evalkit.sampling import Design

FEW = {"resamples": 100, "seed": 5}
EVERY = ("percentile", "bias_corrected", "bca", "monte_carlo", "product")


def made(n=400, seed=2):
    rng = np.random.default_rng(seed)
    x, c = rng.normal(size=n), np.round(rng.normal(size=n), 1)
    data = pd.DataFrame({"x": x, "c": c, "g": np.repeat(np.arange(n // 10), 10)[:n]})
    data["m"] = 0.5 * x + 0.2 * c + rng.normal(size=n)
    data["k"] = (rng.random(n) < expit(0.4 * x + 0.5 * data["m"])).astype(float)
    data["count"] = rng.poisson(np.exp(0.2 + 0.3 * x + 0.2 * data["m"])).astype(float)
    data["grade"] = 1.0 + np.digitize(0.4 * x + 0.6 * data["m"] + rng.logistic(size=n), [-0.5, 0.7, 2.0])
    data["yes"] = (rng.random(n) < expit(0.3 * x + 0.7 * data["m"] - 0.2)).astype(float)
    data["y"] = 0.3 * x + 0.4 * data["m"] + 0.2 * data["k"] + rng.normal(size=n)
    return data


def effect(result, term, level=None):
    rows = result.effects
    rows = rows[(rows["term"] == term) & (rows["level"].isna() if level is None else rows["level"] == level)]
    assert len(rows) == 1
    return rows.iloc[0]


def codes_of(result):
    return [p.code for p in result.notices]


def fault(**options):
    with pytest.raises(AnalysisError) as caught:
        mediate(made(60), **({"x": "x", "m": "m", "y": "yes", "families": {"yes": "logit"}, **FEW} | options))
    return [p.code for p in caught.value.problems]


class TestAgainstR:
    """The whole way from a call; `test_mediation_natural` looks at every record behind it."""

    NAMES = {"acme0": "nie.pure", "acme1": "nie.total", "ade0": "nde.pure", "ade1": "nde.total", "total": "total"}

    @pytest.fixture
    def treated(self, analysis_sample):
        return analysis_sample.assign(oe_hi=(analysis_sample["OE"] > 3.25).astype(float))

    @pytest.mark.parametrize(("record", "interactions"), [("logit", False), ("logit_interaction", True)])
    def test_logit(self, treated, golden, record, interactions):
        result = mediate(
            treated, x="oe_hi", m="SAT", y="signed_agreement", covariates=["renovated", "age", "renter"],
            families={"signed_agreement": "logit"}, interactions=interactions, ci="monte_carlo", seed=1,
        )  # fmt: skip
        assert isinstance(result, NaturalResult)
        assert result.resamples == 0
        assert result.contrasts == {"oe_hi": (0.0, 1.0)}
        for name, term in self.NAMES.items():
            row = effect(result, term)
            assert row["estimate"] == golden("mediation", f"causal.{record}.deterministic").approx(name)
            assert row["std_error"] == golden("mediation", f"causal.{record}.delta_se").approx(name)
            drawn = golden("mediation", f"causal.{record}.quasi_bayes.{name}")
            assert row["conf_low"] == drawn.approx("lower")
            assert row["conf_high"] == drawn.approx("upper")
        assert effect(result, "proportion")["estimate"] == golden("mediation", f"causal.{record}.deterministic").approx(
            "prop_avg"
        )

    def test_linear_interaction(self, treated, golden):
        result = mediate(
            treated,
            x="oe_hi",
            m="SV",
            y="SAT",
            paths=["SV ~ oe_hi + age + female", "SAT ~ oe_hi*SV + age + female"],
            **FEW,
        )
        expected = golden("mediation", "causal.linear_interaction.closed_form")
        for name, term in (self.NAMES | {"cde_at_mean": "cde"}).items():
            assert effect(result, term)["estimate"] == expected.approx(name)


class TestRoutes:
    def test_linear_products_stay_as_they_are(self):
        result = mediate(made(), x="x", m="m", y="y", families={"y": "linear"}, **FEW)
        assert not isinstance(result, NaturalResult)
        assert "indirect.m" in set(result.effects["term"])

    @pytest.mark.parametrize(
        "options",
        [
            {"interactions": True},
            {"contrast": [0, 1]},
            {"hold": {"m": 0}},
            {"moderators": {"x": ["b"]}},
            {"families": {"m": "linear", "y": "linear"}, "interactions": True},
        ],
    )
    def test_what_asks_for_natural_effects(self, options):
        assert isinstance(mediate(made(), x="x", m="m", y="y", **FEW, **options), NaturalResult)

    def test_a_linear_system_has_the_same_effects_both_ways(self):
        data = made()
        products = mediate(data, x="x", m=["m", "k"], y="y", kind="serial", covariates=["c"], **FEW).effects.set_index(
            "term"
        )
        natural = mediate(data, x="x", m=["m", "k"], y="y", kind="serial", covariates=["c"], contrast=[0, 1], **FEW)
        assert effect(natural, "nie.total")["estimate"] == pytest.approx(products.loc["indirect.total", "estimate"])
        assert effect(natural, "nde.pure")["estimate"] == pytest.approx(products.loc["direct", "estimate"])
        through = products.loc["indirect.m", "estimate"] + products.loc["indirect.m.k", "estimate"]
        assert effect(natural, "nie.m")["estimate"] == pytest.approx(through)
        assert effect(natural, "nie.total")["conf_low"] == pytest.approx(
            products.loc["indirect.total", "conf_low"], abs=1e-9
        )

    def test_a_scaled_contrast(self):
        data = made()
        one = mediate(data, x="x", m="m", y="y", contrast=[0, 1], **FEW)
        three = mediate(data, x="x", m="m", y="y", contrast=[-1, 2], **FEW)
        for term in ("total", "nde.pure", "nie.total", "cde"):
            assert effect(three, term)["estimate"] == pytest.approx(3 * effect(one, term)["estimate"])

    def test_contrast_of_a_number_is_one_unit_from_the_mean(self):
        data = made()
        result = mediate(data, x="x", m="m", y="yes", families={"yes": "logit"}, **FEW)
        assert result.contrasts["x"] == pytest.approx((data["x"].mean(), data["x"].mean() + 1))
        assert result.held == {"m": pytest.approx(data["m"].mean())}


class TestFamilies:
    @pytest.mark.parametrize("family", ["logit", "probit"])
    def test_binary_outcome(self, family):
        result = mediate(made(), x="x", m="m", y="yes", families={"yes": family}, **FEW)
        for term in ("total", "nde.pure", "nie.total"):
            row = effect(result, term)
            assert row["conf_low"] < row["estimate"] < row["conf_high"]
        low, high = effect(result, "mean.low")["estimate"], effect(result, "mean.high")["estimate"]
        assert effect(result, "rr.total")["estimate"] == pytest.approx(high / low)
        assert effect(result, "or.total")["estimate"] == pytest.approx(high / (1 - high) * (1 - low) / low)
        ratio = effect(result, "rr.nie")
        assert ratio["e_value"] == pytest.approx(e_value(ratio["estimate"]))
        assert ratio["conf_low"] < ratio["estimate"] < ratio["conf_high"]
        fit = result.tidy().set_index(["outcome", "term"])["estimate"]
        product = fit["m", "x"] * fit["yes", "m"]
        assert effect(result, "product.m")["estimate"] == pytest.approx(product)

    @pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
    def test_count_outcome(self, family):
        result = mediate(made(), x="x", m="m", y="count", families={"count": family}, contrast=[0, 1], **FEW)
        fit = result.tidy().set_index(["outcome", "term"])["estimate"]
        assert effect(result, "rr.nie")["estimate"] == pytest.approx(np.exp(fit["m", "x"] * fit["count", "m"]))
        assert not result.effects["term"].str.startswith("or.").any()

    @pytest.mark.parametrize("family", ["ordered_logit", "ordered_probit"])
    def test_ordered_outcome(self, family):
        result = mediate(made(), x="x", m="m", y="grade", families={"grade": family}, **FEW)
        assert result.templates == ("natural", "levels", "equations")
        parts = [effect(result, "nie.total", level)["estimate"] for level in ("2", "3", "4")]
        assert effect(result, "nie.total")["estimate"] == pytest.approx(sum(parts))
        assert {"threshold.1", "threshold.3"} <= set(result.tidy()["term"])
        assert "intercept" not in set(result.tidy().query("outcome == 'grade'")["term"])

    @pytest.mark.parametrize(("m", "family"), [("k", "logit"), ("count", "poisson"), ("grade", "ordered_logit")])
    def test_mediators_of_every_kind(self, m, family):
        data = made()
        result = mediate(data, x="x", m=m, y="y", families={m: family}, **FEW)
        fit = result.tidy().set_index(["outcome", "term"])["estimate"]
        low = mediate(data, x="x", m=m, y="y", families={m: family}, contrast=[-1, 0], **FEW)
        assert effect(result, "nde.pure")["estimate"] == pytest.approx(fit["y", "x"])
        assert effect(result, "nie.pure")["estimate"] == pytest.approx(effect(result, "nie.total")["estimate"])
        assert effect(low, "nie.pure")["estimate"] > 0
        assert result.held[m] in set(data[m]) or family == "poisson"

    def test_nominal_x_compares_each_category_with_the_first(self):
        data = made()
        data["t"] = np.array(["owner", "renter", "public"])[np.arange(len(data)) % 3]
        book = Codebook(
            variables={
                "t": Variable(
                    "t", "nominal", categories=tuple(Category(v, v, v) for v in ("owner", "renter", "public"))
                )
            }
        )
        result = mediate(attach(data, book), x="t", m="m", y="yes", families={"yes": "logit"}, **FEW)
        assert result.x == ("t.renter", "t.public")
        first = result.effects[result.effects["group"] == "t.renter"].set_index("term")["estimate"]
        second = result.effects[result.effects["group"] == "t.public"].set_index("term")["estimate"]
        assert first["mean.low"] == pytest.approx(second["mean.low"])  # all in the first category
        assert first["mean.high"] != pytest.approx(second["mean.high"])

    def test_several_outcomes(self):
        result = mediate(made(), x="x", m="m", y=["yes", "y"], families={"yes": "logit"}, **FEW)
        assert set(result.effects["outcome"]) == {"yes", "y"}
        alone = mediate(made(), x="x", m="m", y="yes", families={"yes": "logit"}, **FEW)
        both = result.effects[result.effects["outcome"] == "yes"].set_index("term")
        assert both.loc["nie.total", "conf_low"] == pytest.approx(effect(alone, "nie.total")["conf_low"])


class TestUncertainty:
    def test_every_method_side_by_side(self):
        result = mediate(made(200), x="x", m="m", y="yes", families={"yes": "logit"}, ci=EVERY, **FEW)
        row = effect(result, "nie.total")
        assert row["conf_low"] == row["perc_low"]
        for name in ("perc", "bc", "bca", "mc"):
            assert row[f"{name}_low"] < row["estimate"] < row[f"{name}_high"]
        assert codes_of(result) == ["N688"]

    def test_clusters_and_weights(self):
        data = made()
        data["w"] = np.where(data["c"] > 0, 2.0, 1.0)
        options = {"x": "x", "m": "m", "y": "yes", "families": {"yes": "logit"}, **FEW}
        clustered = mediate(data, cluster="g", **options)
        assert (clustered.cov, clustered.n_clusters) == ("CR1", 40)
        weighted = mediate(data, design=Design(weights="w"), **options)
        assert weighted.weighted
        doubled = data.loc[np.repeat(data.index, data["w"].astype(int))].reset_index(drop=True)
        assert effect(weighted, "nie.total")["estimate"] == pytest.approx(
            effect(mediate(doubled, **options), "nie.total")["estimate"], rel=1e-3
        )

    def test_the_seed_decides(self):
        options = {"x": "x", "m": "m", "y": "yes", "families": {"yes": "probit"}}
        a, b, c = (mediate(made(), seed=seed, resamples=100, **options).effects["conf_low"] for seed in (1, 1, 2))
        assert (a.dropna() == b.dropna()).all()
        assert (a.dropna() != c.dropna()).any()


class TestBadInput:
    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"y": "grade", "families": {"grade": "logit"}}, "E761"),
            ({"y": "y", "families": {"y": "poisson"}}, "E761"),
            ({"contrast": [1, 1]}, "E6190"),
            ({"contrast": [0, 1, 2]}, "E6190"),
            ({"contrast": [0, float("nan")]}, "E6190"),
            ({"hold": {"c": 1}}, "E6191"),
            ({"ci": "product"}, "E6192"),
            ({"centre": "products"}, "E6196"),
            ({"moderators": {"c": ["a"]}, "at": {"c": "sd"}}, "E6196"),
            ({"families": {"yes": "tobit"}}, "E6162"),
            ({"m": "nobody"}, "E600"),
        ],
    )
    def test_calls_that_mean_nothing(self, options, code):
        assert fault(**options)[0] == code

    def test_a_separated_outcome_has_no_effects_and_says_so(self):
        data = made()
        data["yes"] = (data["m"] > 0).astype(float)
        result = mediate(data, x="x", m="m", y="yes", families={"yes": "logit"}, **FEW)
        assert codes_of(result) == ["W758"]
        assert result.effects["estimate"].isna().all()
        assert (result.effects["reason"] == "natural.why_no_fit").all()
        assert result.table().rows
        assert result.tidy().query("outcome == 'm' and term == 'x'")["estimate"].notna().all()

    def test_an_outcome_of_one_value(self):
        result = mediate(made().assign(yes=1.0), x="x", m="m", y="yes", families={"yes": "logit"}, **FEW)
        assert codes_of(result) == ["W658"]
        assert result.effects["estimate"].isna().all()

    def test_nobody_answered(self):
        data = made(30).assign(yes=np.nan)
        result = mediate(data, x="x", m="m", y="yes", families={"yes": "logit"}, **FEW)
        assert result.n_obs == 0
        assert result.effects["estimate"].isna().all()
        assert len(result.table("equations").rows)

    def test_failed_resamples_are_counted_and_named(self):
        data = made(80)
        data["grade"] = np.where(np.arange(80) < 2, 4.0, 1.0 + (data["m"] > 0))
        data.loc[[5, 9, 20], "grade"] = 2.0
        result = mediate(data, x="x", m="grade", y="y", families={"grade": "ordered_logit"}, **FEW)
        problem = next(p for p in result.notices if p.code == "W6194")
        assert problem.params["name"] == "grade"
        assert problem.params["n"] == result.n_failed > 0
        assert "W6195" in codes_of(result)
        for lang in ("zh", "en"):
            assert "grade" in say(problem, lang)


class TestViews:
    @pytest.fixture(scope="class")
    @classmethod
    def results(cls):
        data = made(200)
        return [
            mediate(
                data, x="x", m=["m", "k"], y="yes", kind="serial", families={"k": "logit", "yes": "logit"},
                covariates=["c"], **FEW,
            ),
            mediate(data, x="x", m="m", y="grade", families={"grade": "ordered_logit"}, ci="monte_carlo"),
            mediate(data, x="x", m="m", y=["count", "y"], families={"count": "poisson"}, cluster="g", **FEW),
        ]  # fmt: skip

    def test_the_columns_are_those_of_the_contract(self, results):
        for result in results:
            tidy = result.tidy()
            assert list(tidy.columns[: len(KEYS) + len(VALUES)]) == [*KEYS, *VALUES]
            assert set(tidy.columns) <= set(GLOSSARY)
            assert not tidy[list(KEYS)].astype(str).duplicated().any()

    def test_tables_in_both_languages(self, results):
        for result in results:
            for template in result.templates:
                table = result.table(template)
                assert {len(row.cells) for row in table.rows} == {table.n_columns}
                for lang in ("zh", "en"):
                    assert table.title.text(lang)
                    assert all(note.text(lang) for note in table.notes)
            with pytest.raises(AnalysisError, match="E652"):
                result.table("T99")

    def test_the_products_come_with_a_word_why_they_differ(self, results):
        said = [note.text("en") for note in results[0].table().notes]
        assert any("log-odds" in text for text in said)

    def test_figure(self, results):
        for result in results:
            for lang in ("zh", "en"):
                drawn = draw(result.figure(), lang=lang)
                assert drawn.svg
                assert not drawn.notices
        with pytest.raises(AnalysisError, match="E6169"):
            results[0].figure("paths")

    def test_sentences(self, results):
        for result in results:
            for lang in ("zh", "en"):
                said = [label.text(lang) for label in sentences("mediate", result)]
                assert len(said) >= 3
                assert all("{" not in text for text in said)


class TestEValues:
    @pytest.mark.parametrize(("ratio", "wanted"), [(3.9, 7.26), (0.8, 1.81), (1.0, 1.0), (2.0, 3.41)])
    def test_published_numbers(self, ratio, wanted):
        """VanderWeele & Ding (2017): 3.9 gives 7.26, 0.80 gives 1.81."""
        assert e_value(ratio) == pytest.approx(wanted, abs=0.005)

    def test_of_an_interval(self):
        assert e_value_of_interval(1.8, 8.7) == pytest.approx(3.0, abs=0.005)
        assert e_value_of_interval(0.7, 0.8) == pytest.approx(e_value(0.8))
        assert e_value_of_interval(0.9, 1.2) == 1.0

    def test_what_is_no_ratio(self):
        assert np.isnan(e_value(-1.0))
        assert np.isnan(e_value_of_interval(np.nan, 2.0))
        assert np.isnan(ratio_of_difference(1.0, 0.0))


class TestRho:
    @pytest.mark.parametrize("rho", [-0.4, 0.3])
    def test_of_a_probit_outcome(self, rho):
        """The mediator does nothing: only correlated errors make it seem so."""
        rng = np.random.default_rng(8)
        n = 30_000
        x, e = rng.normal(size=n), rng.normal(size=(n, 2))
        m = 0.5 * x + 1.4 * e[:, 0]
        latent = 0.2 + 0.3 * x + rho * e[:, 0] + np.sqrt(1 - rho**2) * e[:, 1]
        data = pd.DataFrame({"x": x, "m": m, "yes": (latent > 0).astype(float)})
        result = mediate(data, x="x", m="m", y="yes", families={"yes": "probit"}, ci="monte_carlo")
        for term in ("nie.pure", "nie.total"):
            row = effect(result, term)
            assert row["rho"] == pytest.approx(rho, abs=0.03)
            assert row["r2_residual"] == pytest.approx(row["rho"] ** 2)
            assert 0 < row["r2_total"] < row["r2_residual"]

    def test_of_a_linear_outcome_is_that_of_the_products(self):
        data = made()
        natural = mediate(data, x="x", m="m", y="y", contrast=[0, 1], **FEW)
        products = mediate(data, x="x", m="m", y="y", **FEW).effects.set_index("term")
        assert effect(natural, "nie.total")["rho"] == pytest.approx(products.loc["indirect.m", "rho"])
        assert effect(natural, "nie.pure")["e_value"] > 1
        assert any("ρ = " in note.text("en") for note in natural.table().notes)

    def test_is_not_defined_for_a_logit(self):
        result = mediate(made(), x="x", m="m", y="yes", families={"yes": "logit"}, **FEW)
        assert result.effects["rho"].isna().all()
