"""The public step: choices, bad input, scores, views; properties of extraction, rotation and parallel analysis."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit import efa
from evalkit.contract import AnalysisError
from evalkit.contract.words import say
from evalkit.correlations import polychoric
from evalkit.measurement.exploratory.adjusted_fit import adjusted_fit
from evalkit.measurement.exploratory.analysis import most_factors
from evalkit.measurement.exploratory.extraction import METHODS, extract
from evalkit.measurement.exploratory.retention import average_partial, parallel_analysis
from evalkit.measurement.exploratory.rotation import ROTATIONS, rotate
from evalkit.measurement.exploratory.solution import degrees_of_freedom, noncentrality_interval, ordered
from evalkit.measurement.minres import one_factor
from evalkit.report.sentences import sentences

MECHANISMS = [f"{scale}{i}" for scale in ("OB", "OE", "MO") for i in range(1, 5)]
DATA = Path(__file__).parent.parent / "golden" / "residents_scored.csv"
QUICK = {"draws": 40}


@cache
def usual():
    return efa(pd.read_csv(DATA), MECHANISMS, **QUICK)


def population(loadings: np.ndarray, phi: np.ndarray) -> np.ndarray:
    r = loadings @ phi @ loadings.T
    np.fill_diagonal(r, 1)
    return r


SIMPLE = np.kron(np.eye(2), np.array([[0.8], [0.7], [0.6], [0.5]]))
PHI = np.array([[1, 0.3], [0.3, 1]])


@pytest.fixture
def noise():
    return pd.DataFrame(np.random.default_rng(3).normal(size=(200, 8)), columns=[f"x{i}" for i in range(8)])


def code_of(call) -> tuple[str, str]:
    with pytest.raises(AnalysisError) as caught:
        call()
    problem = caught.value.problems[0]
    assert say(problem, "zh") and say(problem, "en")
    return problem.code, say(problem, "en")


class TestTheStep:
    def test_three_factors_are_found_and_said(self, scored):
        found = usual()
        assert found.solution.loadings.shape == (12, 3) and found.n_obs == 849 and found.dropped[0].n == 351
        assert found.notices == ()
        assert found.glance()["n_factors"].item() == 3
        words = [label.text("en") for label in sentences("efa", found)]
        assert "KMO" in words[0] and "is 3;" in words[1] and len(words) == 2

    def test_rows_of_tidy_hold_each_part(self, scored):
        found = usual()
        tidy = found.tidy()
        loadings = tidy[tidy["group"] == "F2"].set_index("term")["loading"]
        assert loadings.loc["OB1"] == found.loadings.loc["OB1", "F2"]
        items = tidy[tidy["term"].eq("OE1") & tidy["group"].isna()].iloc[0]
        assert items["communality"] + items["uniqueness"] == pytest.approx(1)
        phi = tidy[tidy["outcome"].eq("F1") & tidy["term"].eq("F3")]["estimate"].item()
        assert phi == found.solution.phi[0, 2]
        assert tidy.set_index("term").loc["model.rmsr", "estimate"] == found.fit.rmsr
        assert tidy["term"].eq("eigenvalue.12").sum() == 2

    def test_the_printed_table_leaves_small_loadings_blank(self, scored):
        found = efa(scored, MECHANISMS, suppress=0.5, **QUICK)
        body = [row for row in found.table().rows if row.role == "body"][:12]
        shown = [cell.value for row in body for cell in row.cells[1:4]]
        assert sum(value != "" for value in shown) == 12 and min(v for v in shown if v != "") >= 0.5
        assert found.table().n_columns == 6
        assert "0.5" in found.table().notes[1].text("en")

    def test_the_scree_holds_both_bases_and_components_only_theirs(self, scored):
        figure = usual().figure()
        assert figure.kind == "scree" and list(figure.frame["basis"].unique()) == ["components", "factors"]
        pca = efa(scored, MECHANISMS, method="pca", rotation="varimax", **QUICK)
        assert list(pca.figure().frame["basis"].unique()) == ["components"]
        assert pca.solution.loadings.shape == (12, 3)

    def test_a_scale_of_the_codebook_can_be_named(self, scored):
        from evalkit.scoring import score

        scales = [{"id": s, "items": [f"{s}{i}" for i in range(1, 5)], "range": [1, 5]} for s in ("OB", "OE")]
        data = score(scored[[f"{s}{i}" for s in ("OB", "OE") for i in range(1, 5)]], scales)
        assert efa(data, ["OB", "OE"], **QUICK).names == tuple(f"{s}{i}" for s in ("OB", "OE") for i in range(1, 5))

    def test_pairwise_takes_every_answer_and_the_least_n(self, scored):
        found = efa(scored, MECHANISMS, missing="pairwise", n_factors=3, **QUICK)
        assert found.n_obs == 1200 and found.dropped == ()
        pairs = scored[MECHANISMS].notna().astype(int)
        least = int((pairs.T @ pairs).to_numpy()[~np.eye(12, dtype=bool)].min())
        expected = -(least - 1 - 29 / 6) * np.linalg.slogdet(found.solution.r)[1]
        assert found.sphericity.chi2 == pytest.approx(expected)
        assert len(found.table().notes) == 3

    def test_polychoric_correlations_are_stronger(self, scored):
        plain, ordinal = (
            efa(scored, MECHANISMS, n_factors=3, correlation=c, **QUICK) for c in ("pearson", "polychoric")
        )
        assert ordinal.solution.r == pytest.approx(polychoric(scored[MECHANISMS].dropna().to_numpy()).r)
        assert ordinal.solution.communality.mean() > plain.solution.communality.mean() + 0.03
        assert np.array_equal(ordinal.parallel.components, plain.parallel.components)

    def test_the_same_seed_gives_the_same_numbers_and_another_others(self, scored):
        one, twin, other = (efa(scored, MECHANISMS, seed=s, **QUICK) for s in (1, 1, 2))
        assert one.tidy().equals(twin.tidy())
        assert not np.array_equal(one.parallel.component_reference, other.parallel.component_reference)
        assert one.solution.loadings == pytest.approx(other.solution.loadings, abs=1e-4)

    def test_the_number_can_come_from_map_or_the_caller(self, scored):
        assert efa(scored, MECHANISMS, n_factors="map", **QUICK).solution.loadings.shape[1] == 3
        given_ = efa(scored, MECHANISMS, n_factors=2, **QUICK)
        assert given_.solution.loadings.shape[1] == 2 and given_.choices.chosen_by == "given"

    def test_noise_gives_one_factor_with_a_warning(self, noise):
        found = efa(noise, list(noise), percentile=99, draws=200)
        assert [p.code for p in found.notices if p.code != "N965"][0] == "W963"
        assert found.choices.chosen_by == "none" and found.solution.loadings.shape[1] == 1
        assert any("doubtful" in label.text("en") for label in sentences("efa", found))


class TestScores:
    @pytest.mark.parametrize("method", ["regression", "bartlett", "tenberge"])
    def test_they_follow_the_rows_and_miss_where_an_answer_misses(self, scored, method):
        found = usual()
        scores = found.scores(scored, method)
        assert list(scores) == ["F1", "F2", "F3"] and scores.index.equals(scored.index)
        assert scores.notna().all(axis=1).sum() == 849
        assert np.allclose(scores.mean(), 0, atol=1e-12)

    def test_tenberge_keeps_the_factor_correlations(self, scored):
        found = usual()
        assert found.scores(scored, "tenberge").corr().to_numpy() == pytest.approx(found.solution.phi, abs=1e-10)

    def test_bartlett_is_unbiased_and_regression_least_in_error(self, scored):
        found = usual()
        spread = {m: found.scores(scored, m).var().to_numpy() for m in ("regression", "bartlett")}
        assert (spread["bartlett"] > 1).all() and (spread["regression"] < 1).all()

    def test_unknown_methods_and_impossible_ones(self, scored):
        found = usual()
        assert code_of(lambda: found.scores(scored, "sum"))[0] == "E614"
        whole = efa(scored, MECHANISMS[:4], method="pca", n_factors=4, rotation="none", **QUICK)
        assert code_of(lambda: whole.scores(scored, "bartlett"))[0] == "E647"


class TestBadInput:
    def test_a_constant_item(self, scored):
        data = scored.assign(OB1=3)
        code, text = code_of(lambda: efa(data, MECHANISMS))
        assert code == "E640" and "OB1" in text

    @pytest.mark.parametrize("correlation", ["pearson", "polychoric"])
    def test_two_identical_items(self, scored, correlation):
        data = scored.assign(twin=6 - scored["OB1"])
        code, text = code_of(lambda: efa(data, [*MECHANISMS, "twin"], correlation=correlation))
        assert code == "E641" and "OB1" in text and "twin" in text and "OE1" not in text

    def test_a_total_beside_its_items(self, scored):
        data = scored.assign(total=scored["OB1"] + scored["OB2"])
        code, text = code_of(lambda: efa(data, [*MECHANISMS, "total"]))
        assert code == "E641" and "total" in text and "OB2" in text and "MO1" not in text

    def test_more_items_than_respondents(self, scored):
        assert code_of(lambda: efa(scored[MECHANISMS].dropna().head(11), MECHANISMS))[0] == "E642"

    def test_too_many_factors(self, scored):
        code, text = code_of(lambda: efa(scored, MECHANISMS, n_factors=8, **QUICK))
        assert code == "E643" and "7" in text
        assert most_factors(12) == 7 and degrees_of_freedom(12, 7) >= 0 > degrees_of_freedom(12, 8)

    def test_an_item_nobody_answered(self, scored):
        code, text = code_of(lambda: efa(scored.assign(OB1=np.nan), MECHANISMS))
        assert code == "E644" and "OB1" in text

    def test_too_few_items_or_one_twice(self, scored):
        assert code_of(lambda: efa(scored, ["OB1", "OB2"]))[0] == "E645"
        assert code_of(lambda: efa(scored, ["OB1", "OB2", "OB1"]))[0] == "E645"

    def test_items_never_answered_together(self, scored):
        data = scored[MECHANISMS].copy()
        half = np.arange(len(data)) < 600
        data.loc[half, "OB1"] = np.nan
        data.loc[~half, "OB2"] = np.nan
        assert code_of(lambda: efa(data, MECHANISMS))[0] == "E642"
        assert code_of(lambda: efa(data, MECHANISMS, missing="pairwise"))[0] == "E642"

    def test_numbers_are_no_categories(self, noise):
        assert code_of(lambda: efa(noise, list(noise), correlation="polychoric"))[0] == "E649"

    @pytest.mark.parametrize(
        "option",
        [{"method": "alpha"}, {"rotation": "equamax"}, {"correlation": "kendall"}, {"missing": "fiml"},
         {"reference": "bootstrap"}, {"n_factors": "kaiser"}, {"n_factors": 0}, {"n_factors": 2.5}, {"draws": 0},
         {"percentile": 101}, {"starts": 0}, {"suppress": -0.1}],
    )  # fmt: skip
    def test_options_that_do_not_exist(self, scored, option):
        code, text = code_of(lambda: efa(scored, MECHANISMS, **option))
        assert code == "E614" and next(iter(option)) in text

    def test_text_is_refused(self, scored):
        assert code_of(lambda: efa(scored, ["OB1", "OB2", "gender"]))[0] == "E610"

    def test_a_heywood_case_is_named(self):
        # The one-factor loading of the first item would be sqrt(0.72 * 0.72 / 0.5) = 1.02.
        r = np.array([[1, 0.72, 0.72], [0.72, 1, 0.5], [0.72, 0.5, 1]])
        found = extract(r, 1, "minres")
        assert found.heywood == (0,)
        rng = np.random.default_rng(0)
        z = rng.multivariate_normal(np.zeros(3), r, size=500, method="cholesky")
        result = efa(pd.DataFrame(z, columns=["a", "b", "c"]), ["a", "b", "c"], n_factors=1, **QUICK)
        warning = next(p for p in result.notices if p.code == "W962")
        assert "a" in str(warning.params["items"])

    def test_an_impossible_pairwise_matrix_is_smoothed_and_said(self):
        rng = np.random.default_rng(5)
        blocks = []
        for a, b, sign in (("x", "y", 1), ("y", "z", 1), ("x", "z", -1)):
            z = rng.normal(size=80)
            blocks.append(pd.DataFrame({a: z, b: sign * z + 0.2 * rng.normal(size=80)}))
        data = pd.concat(blocks, ignore_index=True)
        result = efa(data, ["x", "y", "z"], missing="pairwise", n_factors=1, **QUICK)
        assert "W646" in [p.code for p in result.notices]
        assert np.linalg.eigvalsh(result.solution.r)[0] > 0


@pytest.mark.parametrize("method", ["minres", "ml", "pa"])
@pytest.mark.parametrize("rotation", ["oblimin", "geomin", "promax"])
def test_a_simple_population_comes_back(method, rotation):
    found = rotate(extract(population(SIMPLE, PHI), 2, method).loadings, rotation)
    order = np.argsort(-np.abs(found.loadings[0]))
    loadings = np.abs(found.loadings[:, order])
    near = 0.06 if rotation == "promax" else 0.02
    assert loadings == pytest.approx(SIMPLE, abs=near)
    assert abs(found.phi[0, 1]) == pytest.approx(0.3, abs=0.06)


@pytest.mark.parametrize("method", METHODS)
def test_extraction_reproduces_an_exact_structure(method):
    r = population(SIMPLE, PHI)
    found = extract(r, 2, method)
    off = ~np.eye(8, dtype=bool)
    if method != "pca":
        assert (found.loadings @ found.loadings.T)[off] == pytest.approx(r[off], abs=1e-5)
    assert found.converged


def test_one_factor_agrees_with_that_of_reliability():
    r = population(np.array([[0.8], [0.6], [0.5], [0.7], [0.3]]), np.eye(1))
    r[0, 1] = r[1, 0] = 0.55
    assert np.abs(extract(r, 1, "minres").loadings[:, 0]) == pytest.approx(one_factor(r).loadings, abs=1e-5)


@settings(max_examples=8)
@given(st.integers(0, 2**31), st.sampled_from([r for r in ROTATIONS if r != "none"]), st.booleans())
def test_rotation_keeps_what_the_factors_explain(seed, method, kaiser):
    a = np.kron(np.eye(3), np.full((3, 1), 0.7)) + np.random.default_rng(seed).normal(size=(9, 3)) / 8
    found = rotate(a, method, kaiser=kaiser, starts=2)
    assert found.loadings @ found.phi @ found.loadings.T == pytest.approx(a @ a.T, abs=1e-8)
    assert np.diag(found.phi) == pytest.approx(1)


def test_several_starts_find_no_worse_a_rotation_than_one():
    a = np.kron(np.eye(4), np.full((3, 1), 0.6)) + np.random.default_rng(11).normal(size=(12, 4)) / 5
    one, many = (rotate(a, "geomin", starts=s) for s in (1, 12))

    def value(loadings):
        return np.exp(np.log(loadings**2 + 0.01).mean(axis=1)).sum()

    assert value(many.loadings) <= value(one.loadings) + 1e-8
    assert many.n_starts == 12 and 1 <= many.n_best <= 12


def test_normal_and_shuffled_random_data_agree(scored):
    x = scored[MECHANISMS].dropna().to_numpy(float)
    r = np.corrcoef(x.T)
    normal, shuffled = (
        parallel_analysis(r, len(x), draws=80, percentile=95, seed=1, permuted=p) for p in (None, x)
    )  # fmt: skip
    assert shuffled.component_mean == pytest.approx(normal.component_mean, abs=0.02)
    assert shuffled.factor_mean == pytest.approx(normal.factor_mean, abs=0.04)
    assert (shuffled.n_factors, shuffled.n_components) == (3, 3)


def test_drawn_matrices_have_the_distribution_of_normal_data():
    rng = np.random.default_rng(2)
    drawn = np.array([np.linalg.eigvalsh(np.corrcoef(rng.normal(size=(5, 40))))[::-1] for _ in range(600)])
    found = parallel_analysis(np.eye(5), 40, draws=2000, percentile=95, seed=3)
    assert found.component_mean == pytest.approx(drawn.mean(axis=0), abs=0.02)
    assert found.component_reference == pytest.approx(np.quantile(drawn, 0.95, axis=0), abs=0.05)
    assert found.n_components == 0


def test_average_partial_of_a_clean_structure():
    found = average_partial(population(np.kron(np.eye(3), np.full((6, 1), 0.7)), np.eye(3)))
    assert found.n_components == 3 and found.n_components_revised == 3
    assert found.squares[0] == pytest.approx(
        np.sum((population(np.kron(np.eye(3), np.full((6, 1), 0.7)), np.eye(3)) - np.eye(18)) ** 2) / (18 * 17)
    )


def test_noncentrality_of_a_small_statistic_is_zero():
    assert noncentrality_interval(5.0, 33, 0.9) == (0.0, 0.0)
    low, high = noncentrality_interval(60.0, 33, 0.9)
    assert 0 < low < 27 < high


def test_the_adjusted_statistic_of_polychorics_has_the_mean_and_spread_of_chi_square():
    rng = np.random.default_rng(12)
    load = SIMPLE @ np.linalg.cholesky(PHI)
    found = []
    for _ in range(36):
        z = rng.normal(size=(400, 2)) @ load.T + rng.normal(size=(400, 8)) * np.sqrt(1 - np.sum(load**2, axis=1))
        matrix = polychoric(np.digitize(z, [-1.2, 0.3, 1.0]))
        solution = ordered(matrix.r, extract(matrix.r, 2, "minres").loadings, np.eye(2))
        n_tau = len(matrix.tau)
        fit = adjusted_fit(solution, matrix.n_obs, matrix.gamma()[n_tau:, n_tau:])
        found.append((fit.chi2, fit.tli))
    chi2, tli = np.array(found).T
    assert chi2.mean() == pytest.approx(13, abs=2.5)
    assert 3.5 < chi2.std() < 7.0
    assert tli.mean() == pytest.approx(1, abs=0.02)


def test_the_adjusted_fit_sees_a_missing_factor_and_keeps_its_gaps(scored):
    two = efa(scored, MECHANISMS, n_factors=2, correlation="polychoric", **QUICK)
    assert two.fit.p_value < 1e-6 and two.fit.tli < 0.9 and two.fit.rmsea_low > 0.08
    assert np.isnan(two.fit.bic) and len(two.table().notes) == 3
    ml = efa(scored, MECHANISMS, n_factors=3, method="ml", correlation="polychoric", **QUICK)
    assert np.isnan(ml.fit.chi2) and ml.fit.rmsr < 0.02
    cell = next(row.cells[1] for row in ml.table().rows if getattr(row.cells[0].value, "key", "") == "efa.tli")
    assert np.isnan(cell.value) and cell.reason == "efa.reason_fit"
