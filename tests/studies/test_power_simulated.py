"""Power by simulation against formulas, published sample sizes and the analyses themselves."""

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import evalkit as ek
from evalkit.contract import AnalysisError
from evalkit.report import draw, sentences
from evalkit.studies.power.formulas import FORMULAS, Plan, design_effect
from evalkit.studies.power.simulate_draws import Measure, Survey, samples
from evalkit.studies.power.simulate_fits import fit_samples
from evalkit.studies.power.simulate_model import model_of
from evalkit.studies.power.simulate_population import population_of
from evalkit.studies.power.simulate_search import needed

MEDIATION = {"do": "mediate", "x": "x", "m": "m", "y": "y"}
REGRESSION = {"do": "regress", "formula": "y ~ x"}


def powers(result, term=None):
    rows = result.tidy().query("group != 'needed'")
    return rows if term is None else rows[rows["term"] == term]


def near(result, expected, term=None):
    """Within four simulation errors."""
    row = powers(result, term).iloc[0]
    error = np.sqrt(expected * (1 - expected) / result.draws)
    return abs(row["estimate"] - expected) < 4 * error


def unit_residuals(a, b):
    """Standardised effects of a mediation whose residuals have variance 1, as in Fritz & MacKinnon (2007)."""
    m = 1 + a**2
    return {"m ~ x": a / np.sqrt(m), "y ~ m": b * np.sqrt(m / (1 + b**2 * m)), "y ~ x": 0.0}


class TestAgainstFormulas:
    @pytest.mark.parametrize("n", [40, 90])
    def test_t_of_two_groups(self, n):
        d = 0.5
        beta = d / np.sqrt(4 + d**2)  # correlation of a half-and-half group with y
        found = ek.simulate_power(of=REGRESSION, effects={"y ~ x": beta}, shares={"x": 0.5}, n=n, draws=3000)
        assert near(found, FORMULAS["t"].power(n, d, 0.05, Plan()))

    def test_one_predictor_of_several(self):
        effects = {"y ~ a": 0.3, "y ~ b": 0.2, "y ~ c": 0.0}
        call = {"do": "regress", "formula": "y ~ a | + b + c"}
        found = ek.simulate_power(of=call, effects=effects, correlations={"a ~~ b": 0.4}, n=100, draws=3000)
        explained = 0.3**2 + 0.2**2 + 2 * 0.3 * 0.2 * 0.4
        f2 = 0.3**2 * (1 - 0.4**2) / (1 - explained)
        assert near(found, FORMULAS["regression"].power(100, f2, 0.05, Plan(predictors=3, tested=1)), "a")

    def test_no_effect_is_found_as_often_as_alpha_says(self):
        found = ek.simulate_power(of=REGRESSION, effects={"y ~ x": 0.0}, n=50, draws=3000, alpha=0.1)
        assert near(found, 0.1)
        assert [p.code for p in found.notices] == ["N6353"]

    def test_joint_significance_of_a_simple_mediation(self):
        a = b = 0.3
        effects = {"m ~ x": a, "y ~ m": b, "y ~ x": 0.0}
        found = ek.simulate_power(of=MEDIATION, effects=effects, n=120, draws=3000)
        assert near(found, FORMULAS["mediation"].power(120, 0.0, 0.05, Plan(a=a, b=b)), "indirect.m")

    def test_a_group_of_clusters_costs_the_design_effect(self):
        n, size, icc, beta = 800, 20, 0.1, 0.15
        call = {"do": "mixed", "formula": "y ~ x", "group": "g"}
        found = ek.simulate_power(
            of=call, effects={"y ~ x": beta}, cluster_size=size, icc={"x": 1, "y": icc}, n=n, draws=2000
        )
        # Of the residuals: x itself takes up all its variance between clusters.
        worth = n / design_effect(icc, size)
        f2 = beta**2 / (1 - beta**2)
        expected = FORMULAS["regression"].power(worth, f2, 0.05, Plan())
        assert powers(found)["estimate"].iloc[0] == approx(expected, abs=0.05)
        ignoring = ek.simulate_power(
            of=REGRESSION, effects={"y ~ x": beta}, cluster_size=size, icc={"x": 1, "y": icc}, n=n, draws=500
        )
        assert powers(ignoring)["estimate"].iloc[0] > expected + 0.1
        assert "W6352" in [p.code for p in ignoring.notices]

    def test_reliability_attenuates(self):
        found = ek.simulate_power(of=REGRESSION, effects={"y ~ x": 0.4}, reliability={"x": 0.64}, n=80, draws=3000)
        r = 0.4 * 0.8
        f2 = r**2 / (1 - r**2)
        assert near(found, FORMULAS["regression"].power(80, f2, 0.05, Plan()))
        assert powers(found)["mean"].iloc[0] == approx(r, abs=0.01)

    def test_losses_count_as_fewer_people(self):
        given = {"of": REGRESSION, "effects": {"y ~ x": 0.3}, "draws": 3000}
        lost = ek.simulate_power(**given, n=125, attrition=0.2, missing={"y": 0.2})
        assert near(lost, FORMULAS["regression"].power(80, 0.09 / 0.91, 0.05, Plan()))
        assert lost.survey.kept == approx(0.64)


class TestAgainstPublished:
    @pytest.mark.parametrize(("path", "n"), [(0.14, 462), (0.26, 148), (0.39, 71), (0.59, 34)])
    def test_bias_corrected_bootstrap_of_fritz_and_mackinnon(self, path, n):
        # Fritz & MacKinnon (2007), Psychological Science 18, 233-239, table 3: n for power .8.
        found = ek.simulate_power(
            of=MEDIATION, effects=unit_residuals(path, path), n=n, test="bias_corrected", draws=250, resamples=400
        )
        row = powers(found, "indirect.m").iloc[0]
        assert abs(row["estimate"] - 0.8) < 3 * np.sqrt(0.16 / 250)

    def test_the_tests_stand_in_the_known_order(self):
        share = {}
        for test in ("joint", "monte_carlo", "percentile"):
            found = ek.simulate_power(
                of=MEDIATION, effects=unit_residuals(0.39, 0.39), n=74, test=test, draws=300, resamples=300
            )
            share[test] = powers(found, "indirect.m")["estimate"].iloc[0]
        assert share["monte_carlo"] == approx(share["joint"], abs=0.04)
        assert share["percentile"] == approx(share["joint"], abs=0.05)


def drawn_samples(call, effects, survey, n, *, correlations=None, icc=None, shares=None):
    model = model_of(None, call)
    keys = {f"{e.outcome} ~ {t}": (e.outcome, t) for e in model.system.equations for t in e.terms if t.factors}
    population, _ = population_of(
        model.system, {keys[k]: v for k, v in effects.items()}, correlations or {}, shares or {}, icc or {}
    )
    return model, next(samples(population, survey, n, 4, 3))


def frames(model, drawn):
    for i, values in enumerate(drawn.values):
        frame = pd.DataFrame(values, columns=model.system.columns)
        if drawn.members is not None:
            frame["g"] = drawn.members
        yield frame if drawn.kept is None else frame[drawn.kept[i]]


class TestAgainstTheAnalyses:
    @pytest.mark.parametrize("cov", ["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1"])
    @pytest.mark.parametrize("df", ["default", "clusters"])
    def test_regress(self, cov, df):
        clustered = cov.startswith("CR")
        if df == "clusters" and not clustered:
            return
        call = {"do": "regress", "formula": "y ~ x + w + x:w", "cov": cov, "df": df}
        call |= {"cluster": "g"} if clustered else {}
        effects = {"y ~ x": 0.3, "y ~ w": 0.2, "y ~ x:w": 0.2}
        survey = Survey({"x": Measure(0.7, 3, 5)}, 0.9, 12 if clustered else None)
        icc = {"x": 0.1, "w": 1.0, "y": 0.2} if clustered else {}
        model, drawn = drawn_samples(call, effects, survey, 90, icc=icc)
        fits = fit_samples(model.system, drawn, model.errors, between=model.between)
        given = {k: v for k, v in call.items() if k != "do"}
        for i, frame in enumerate(frames(model, drawn)):
            tidy = ek.regress(frame, **given).tidy().query("term in ('x', 'w', 'x:w')")
            assert fits.estimate[i] == approx(tidy["estimate"].to_numpy(), rel=1e-9)
            assert fits.p_value[i] == approx(tidy["p_value"].to_numpy(), rel=1e-8)

    def test_mixed(self):
        call = {"do": "mixed", "formula": "y ~ x + w", "group": "g"}
        survey = Survey({}, 0.95, 25)
        icc = {"x": 0.1, "w": 1.0, "y": 0.2}
        model, drawn = drawn_samples(call, {"y ~ x": 0.2, "y ~ w": 0.3}, survey, 250, icc=icc)
        fits = fit_samples(model.system, drawn, model.errors, cluster_level=frozenset({"w"}))
        for i, frame in enumerate(frames(model, drawn)):
            tidy = ek.mixed(frame, call["formula"], group="g").tidy()
            tidy = tidy[tidy["term"].isin(["x", "w"])].iloc[-2:]
            se = np.sqrt(np.diag(fits.covariance[0][i]))
            assert fits.estimate[i] == approx(tidy["estimate"].to_numpy(), rel=1e-4)
            assert se == approx(tidy["std_error"].to_numpy(), rel=1e-3)
            # Satterthwaite's degrees of freedom there, between-within here.
            assert fits.p_value[i] == approx(tidy["p_value"].to_numpy(), rel=0.15, abs=1e-6)

    def test_moderated_mediation_tests_the_effects_of_mediate(self):
        call = {"do": "mediate", "x": "x", "m": ["m1", "m2"], "y": "y", "kind": "serial", "moderators": {"w": "a1"}}
        effects = {"m1 ~ x": 0.3, "m1 ~ x:w": 0.2, "m2 ~ m1": 0.3, "y ~ m2": 0.3, "y ~ m1": 0.1}
        found = ek.simulate_power(of=call, effects=effects, n=200, draws=200)
        true = dict(zip(zip([e.term for e in found.tested], [e.level for e in found.tested], strict=True), found.true,
                        strict=True))  # fmt: skip
        assert true["index.m1.m2", "w"] == approx(0.2 * 0.3 * 0.3)
        assert true["indirect.m1.m2", "w=low"] == approx((0.3 - 0.2) * 0.09)
        ways = dict(zip([(e.term, e.level) for e in found.tested], found.ways, strict=True))
        assert ways["index.m1.m2", "w"] == "joint"
        assert ways["indirect.m1.m2", "w=high"] == "monte_carlo"
        assert ways["direct", ""] == "t"
        assert np.abs(found.points[0].means - found.true).max() < 0.03


class TestPopulation:
    def test_variables_have_variance_one_and_the_correlations_asked_for(self):
        call = {"do": "moderate", "x": "x", "w": "w", "y": "y"}
        effects = {"y ~ x": 0.3, "y ~ w": 0.2, "y ~ x:w": 0.25}
        model, drawn = drawn_samples(
            call, effects, Survey({}), 40_000, correlations={("x", "w"): 0.3}, shares={"x": 0.3}
        )
        place = model.system.places
        values = drawn.values[0]
        assert values.var(axis=0) == approx(1, abs=0.03)
        r = np.corrcoef(values, rowvar=False)
        assert r[place["x"], place["w"]] == approx(0.3, abs=0.02)
        assert len(np.unique(values[:, place["x"]])) == 2
        assert (values[:, place["x"]] > 0).mean() == approx(0.3, abs=0.01)

    def test_clusters_have_the_icc_asked_for(self):
        call = {"do": "mixed", "formula": "y ~ x", "group": "g"}
        icc = {"x": 0.3, "y": 0.1}
        model, drawn = drawn_samples(call, {"y ~ x": 0.0}, Survey({}, 1.0, 2000), 20_000, icc=icc)
        frame = next(frames(model, drawn))
        between = frame.groupby("g").mean().var()
        assert between["x"] == approx(0.3 + 0.7 / 10, abs=0.03)
        assert between["y"] == approx(0.1 + 0.9 / 10, abs=0.03)

    def test_scores_have_the_reliability_asked_for(self):
        rng = np.random.default_rng(1)
        true = rng.normal(size=50_000)
        measure = Measure(0.8, 4)
        first, second = (measure.score(true, rng.normal(size=(50_000, 4))) for _ in range(2))
        assert np.corrcoef(first, second)[0, 1] == approx(0.8, abs=0.01)
        points = Measure(1.0, 1, 5).score(true, np.zeros((50_000, 1)))
        assert sorted(np.unique(points)) == [-2, -1, 0, 1, 2]

    def test_a_pilot_lends_its_effects(self):
        rng = np.random.default_rng(4)
        g = np.repeat(np.arange(20), 15)
        x = rng.normal(size=300) + rng.normal(size=20)[g]
        data = pd.DataFrame({"g": g, "x": x, "y": 0.5 * x + rng.normal(size=300), "k": np.tile(["a", "b", "c"], 100)})
        call = {"do": "regress", "formula": "y ~ x + k", "cluster": "g"}
        found = ek.simulate_power(data, of=call, n=[150, 300], draws=100)
        assert found.survey.cluster_size == 15
        assert found.icc["x"] == approx(0.5, abs=0.2)
        beta = np.corrcoef(data["x"], data["y"])[0, 1]
        assert found.true[0] == approx(beta, abs=0.02)
        assert found.n_obs == 300
        assert [p.params["n"] for p in found.notices if p.code == "N6350"] == [300]
        own = ek.simulate_power(data, of=call, effects={"y ~ x": 0.1}, n=[150], draws=100)
        assert own.true[0] == 0.1


class TestSearch:
    def test_finds_the_n_of_the_formula(self):
        found = ek.simulate_power(of=REGRESSION, effects={"y ~ x": 0.2}, draws=2000)
        f2 = 0.04 / 0.96
        exact = next(n for n in range(150, 250) if FORMULAS["regression"].power(n, f2, 0.05, Plan()) >= 0.8)
        assert found.needed[0].n == approx(exact, rel=0.05)
        assert found.needed[0].low <= found.needed[0].n <= found.needed[0].high
        assert found.glance()["count"].iloc[0] == found.needed[0].n

    def test_probit_line_meets_the_target(self):
        sizes = np.array([50, 100, 150, 200])
        hits = np.round(1000 * np.array([0.4, 0.68, 0.84, 0.93]))
        assert 125 < needed(sizes, hits, 1000, 0.8).n < 145
        assert np.isnan(needed(sizes, hits, 1000, 0.99).n)

    def test_fixed_clusters_may_never_reach_it(self):
        call = {"do": "mixed", "formula": "y ~ x", "group": "g"}
        found = ek.simulate_power(
            of=call, effects={"y ~ x": 0.2}, clusters=10, icc={"x": 1, "y": 0.3}, draws=100, n=[100, 400]
        )
        assert "N6356" in [p.code for p in found.notices]
        assert np.isnan(found.needed[0].n)

    def test_the_same_seed_gives_the_same_numbers(self):
        given = {"of": MEDIATION, "effects": {"m ~ x": 0.4, "y ~ m": 0.4}, "n": [60], "draws": 200}
        one, two, other = (ek.simulate_power(**given, seed=seed).points[0].hits for seed in (1, 1, 2))
        assert (one == two).all()
        assert (one != other).any()

    def test_the_level_is_that_of_the_analysis(self):
        found = ek.simulate_power(of={**REGRESSION, "conf_level": 0.99}, effects={"y ~ x": 0.3}, n=80, draws=3000)
        assert found.alpha == 0.01
        assert near(found, FORMULAS["regression"].power(80, 0.09 / 0.91, 0.01, Plan()))

    def test_blocks_are_one_model(self):
        call = {"do": "regress", "y": "y", "blocks": [["a"], ["b", "a:b"]]}
        found = ek.simulate_power(of=call, effects={"y ~ a:b": 0.3}, n=100, draws=100)
        assert [e.term for e in found.tested] == ["a", "b", "a:b"]

    def test_focus_decides_what_is_looked_at(self):
        effects = {"m ~ x": 0.4, "y ~ m": 0.4, "y ~ x": 0.3}
        found = ek.simulate_power(of=MEDIATION, effects=effects, focus="direct", n=[80], draws=100)
        assert [found.tested[e].term for e in found.aimed] == ["direct"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"of": {"do": "crosstab"}}, "E6340"),
        ({"of": {**MEDIATION, "families": {"y": "logit"}}}, "E6341"),
        ({"of": {"do": "mixed", "formula": "y ~ x", "group": "g", "random": ["1", "x"]}}, "E6341"),
        ({"of": {**REGRESSION, "cov": "CR2", "cluster": "g"}}, "E6341"),
        ({"of": {**REGRESSION, "cov": "HC3", "cluster": "g"}}, "E6341"),
        ({"of": "med"}, "E6348"),
        ({"of": {"do": "moderate", "y": "y", "x": "x"}}, "E6343"),
        ({"of": {"do": "mixed", "formula": "y ~ x"}}, "E6343"),
        ({"of": {"do": "regress", "y": "y"}}, "E6343"),
        ({"of": {"do": "regress", "formula": "y ~ 1"}}, "E6343"),
        ({"of": {**MEDIATION, "m": 3}}, "E6343"),
        ({"of": {**MEDIATION, "moderators": "w"}}, "E6343"),
        ({"of": {"do": "mediate", "x": "x", "m": "x", "y": "y"}}, "E670"),
        ({"effects": {"y ~ z": 0.3}}, "E6342"),
        ({"focus": "indirect.z"}, "E6342"),
        ({"correlations": {"m ~~ x": 0.3}}, "E6342"),
        ({"reliability": {"z": 0.3}}, "E6342"),
        ({"reliability": 0}, "E6343"),
        ({"categories": 1}, "E6343"),
        ({"items": 0}, "E6343"),
        ({"missing": 1}, "E6343"),
        ({"attrition": 1.0}, "E6343"),
        ({"draws": 10}, "E6343"),
        ({"test": "sobel"}, "E6343"),
        ({"alpha": 0}, "E6343"),
        ({"n": [3]}, "E6343"),
        ({"n": [4]}, "E6346"),
        ({"n": [20], "attrition": 0.9}, "E6346"),
        ({"effects": {"m ~ x": 1.2}}, "E6345"),
        ({"icc": 0.1}, "E6347"),
        ({"clusters": 10}, "E6347"),
        ({"of": {**MEDIATION, "cluster": "g"}}, "E6347"),
        ({"clusters": 10, "cluster_size": 10, "icc": 0.1}, "E6343"),
        ({"of": {**MEDIATION, "cluster": "g"}, "icc": {"x": 1, "m": 0.1}, "clusters": 2}, "E6349"),
        ({"of": {**MEDIATION, "cluster": "g"}, "icc": 1.0, "clusters": 20}, "E6343"),
    ],
)
def test_calls_that_cannot_mean_anything_say_so(given, code):
    with pytest.raises(AnalysisError) as error:
        ek.simulate_power(**{"of": MEDIATION, "n": [50], "draws": 100, **given})
    assert [p.code for p in error.value.problems] == [code]
    assert str(error.value)


def test_impossible_correlations_are_named():
    call = {"do": "regress", "formula": "y ~ a + b + c + d"}
    correlations = {"a ~~ b": 0.9, "b ~~ c": 0.9, "a ~~ c": -0.9}
    with pytest.raises(AnalysisError) as error:
        ek.simulate_power(of=call, correlations=correlations, n=50)
    (problem,) = error.value.problems
    assert problem.code == "E6344"
    assert problem.params["names"] == ["a", "b", "c"]
    with pytest.raises(AnalysisError) as error:  # one varies between clusters only, the other within them only
        ek.simulate_power(
            of={"do": "mixed", "formula": "y ~ a + b", "group": "g"},
            correlations={"a ~~ b": 0.3},
            clusters=20,
            icc={"a": 1.0},
            n=200,
        )
    assert [p.code for p in error.value.problems] == ["E6344"]


@pytest.mark.parametrize("do", ["mixed", "regress"])
def test_samples_without_rows_enough_count_as_nothing_found(do):
    call = {"do": do, "formula": "y ~ x", "group" if do == "mixed" else "cluster": "g"}
    found = ek.simulate_power(of=call, effects={"y ~ x": 0.3}, n=[50], attrition=0.9, clusters=4, icc=0.1, draws=200)
    assert 0 < found.points[0].failed < 200
    assert [p.params["of"] for p in found.notices if p.code == "W6354"] == [200]


def test_fewer_clusters_than_coefficients_still_give_intervals():
    call = {"do": "mediate", "x": "x", "m": ["a", "b"], "y": "y", "kind": "serial", "cluster": "g"}
    effects = {"a ~ x": 0.5, "b ~ a": 0.5, "y ~ b": 0.5}
    found = ek.simulate_power(of=call, effects=effects, n=[90], clusters=3, icc=0.1, test="monte_carlo", draws=100)
    assert powers(found, "indirect.a.b")["estimate"].iloc[0] > 0.5


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_table_figure_and_sentences(lang, tmp_path):
    found = ek.simulate_power(
        of={"do": "mixed", "formula": "y ~ x + w", "group": "g"},
        effects={"y ~ x": 0.25, "y ~ w": 0.0},
        n=[100, 200, 300],
        cluster_size=10,
        icc=0.1,
        reliability=0.8,
        items=3,
        categories=5,
        attrition=0.1,
        draws=200,
    )
    table = found.table()
    assert len(table.rows) == 2 * 5
    assert all(note.text(lang) for note in table.notes)
    said = [label.text(lang) for label in sentences("simulate_power", found)]
    assert any(str(int(found.needed[0].n)) in text for text in said)
    figure = found.figure()
    assert list(figure.frame["series"].unique()) == ["0"]
    draw(figure, tmp_path / "power.png", lang=lang)
    assert (tmp_path / "power.png").stat().st_size > 5000
    with pytest.raises(AnalysisError):
        found.table("T1")
