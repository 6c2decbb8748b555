"""Exploratory factor analysis against R: every record, after matching columns and signs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment

from evalkit.correlations import pearson, polychoric
from evalkit.measurement.exploratory.adequacy import adequacy, sphericity, squared_multiple
from evalkit.measurement.exploratory.adjusted_fit import adjusted_fit
from evalkit.measurement.exploratory.extraction import extract
from evalkit.measurement.exploratory.retention import average_partial, parallel_analysis
from evalkit.measurement.exploratory.rotation import rotate
from evalkit.measurement.exploratory.scores import score_weights
from evalkit.measurement.exploratory.solution import Solution, congruence, fit_of, ordered

DATA = Path(__file__).parent.parent / "golden"
BOTH = ["X12", "X34"]
FIT = {
    "dof": "df", "objective": "objective", "chisq": "chi2", "p": "p_value", "chi_empirical": "chi2_empirical",
    "rms": "rmsr", "crms": "rmsr_adj", "TLI": "tli", "RMSEA": "rmsea", "RMSEA_lower": "rmsea_low",
    "RMSEA_upper": "rmsea_high", "BIC": "bic", "SABIC": "sabic", "fit": "fit", "fit_off": "fit_off",
    "null_chisq": "chi2_null", "null_dof": "df_null",
}  # fmt: skip
# psych's name of a solution -> sample, extraction, rotation, Kaiser switch, number of factors.
SOLUTIONS = {
    "minres.none.3": ("X12", "minres", "none", None, 3),
    "minres.varimax.3": ("X12", "minres", "varimax", None, 3),
    "minres.oblimin.3": ("X12", "minres", "oblimin", None, 3),
    "minres.promax.3": ("X12", "minres", "promax", True, 3),
    "minres.Promax.3": ("X12", "minres", "promax", False, 3),
    "ml.varimax.3": ("X12", "ml", "varimax", None, 3),
    "ml.oblimin.3": ("X12", "ml", "oblimin", None, 3),
    "ml.promax.3": ("X12", "ml", "promax", None, 3),
    "pa.varimax.3": ("X12", "pa", "varimax", None, 3),
    "uls_oblimin.2": ("X12", "minres", "oblimin", None, 2),
    "minres.quartimax.3": ("X12", "minres", "quartimax", None, 3),
    "minres.geominQ.3": ("X12", "minres", "geomin", None, 3),
    "minres.one": ("X12", "minres", "none", None, 1),
    "X34.minres.oblimin.8": ("X34", "minres", "oblimin", None, 8),
    "X34.ml.varimax.8": ("X34", "ml", "varimax", None, 8),
    "X34.ml.promax.8": ("X34", "ml", "promax", None, 8),
}
PARTS = ("loadings", "communality", "phi", "structure", "variance", "fit", "complexity")


@cache
def answers(sample: str) -> pd.DataFrame:
    items = list(pd.read_csv(DATA / "items_codebook.csv")["item"])
    wanted = [i for i in items if i[:2] in ("OB", "OE", "MO")] if sample == "X12" else items
    return pd.read_csv(DATA / "residents_scored.csv")[wanted].dropna()


@cache
def correlations(sample: str) -> np.ndarray:
    return pearson(answers(sample).to_numpy(float)).r


@cache
def solved(sample: str, method: str, rotation: str, kaiser: bool | None, m: int) -> Solution:
    found = extract(correlations(sample), m, method)
    assert found.converged and not found.heywood
    rotated = rotate(found.loadings, rotation, kaiser=kaiser)
    assert rotated.converged
    return ordered(correlations(sample), rotated.loadings, rotated.phi)


def matched(found: Solution, reference: np.ndarray) -> Solution:
    """The solution with its factors in the order and direction of the reference."""
    near = found.loadings.T @ reference
    _, order = linear_sum_assignment(-np.abs(near.T))
    sign = np.sign(np.sum(found.loadings[:, order] * reference, axis=0))
    phi = found.phi[np.ix_(order, order)] * np.outer(sign, sign)
    return Solution(found.r, found.loadings[:, order] * sign, phi)


def variance(s: Solution) -> np.ndarray:
    share = s.explained / len(s.loadings)
    total = share / share.sum()
    return np.array([s.explained, share, share.cumsum(), total, total.cumsum()])


def part_of(s: Solution, part: str, n: int) -> object:
    if part == "fit":
        fit = fit_of(s, n)
        return {name: getattr(fit, own) for name, own in FIT.items()}
    return variance(s) if part == "variance" else getattr(s, part)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", SOLUTIONS)
def test_a_solution(golden, name, part):
    if f"fa.{name}.{part}" not in golden.ids("efa", f"fa.{name}."):
        assert part in ("phi", "structure") and SOLUTIONS[name][2] in ("none", "varimax", "quartimax")
        return
    found = matched(solved(*SOLUTIONS[name]), golden("efa", f"fa.{name}.loadings").estimate.to_numpy())
    record = golden("efa", f"fa.{name}.{part}")
    got = part_of(found, part, len(answers(SOLUTIONS[name][0])))
    if isinstance(record.estimate, dict) and part != "fit":
        got = dict(zip(record.estimate, np.asarray(got), strict=True))
    if part == "variance":
        # A single factor has no rows for its share of the explained variance.
        got = got[: len(record.estimate)]
    assert got == record.approx()


@pytest.mark.parametrize("sample", BOTH)
def test_adequacy(golden, sample):
    r, names = correlations(sample), list(answers(sample))
    n = len(answers(sample))
    assert n == golden("efa", f"n.{sample}").approx()
    kmo = adequacy(r)
    assert {"MSA": kmo.kmo, **dict(zip(names, kmo.msa, strict=True))} == golden("efa", f"kmo.{sample}").approx()
    bartlett = sphericity(r, n)
    found = {"chisq": bartlett.chi2, "df": bartlett.df, "p.value": bartlett.p_value}
    assert found == golden("efa", f"bartlett.{sample}").approx()
    assert np.linalg.det(r) == golden("efa", f"determinant.{sample}").approx()
    assert dict(zip(names, squared_multiple(r), strict=True)) == golden("efa", f"smc.{sample}").approx()


@pytest.mark.parametrize("sample", BOTH)
def test_eigenvalues(golden, sample):
    r = correlations(sample)
    values = np.linalg.eigvalsh(r)[::-1]
    assert values == golden("efa", f"eigenvalues.{sample}").approx()
    assert 100 * values[0] / len(r) == golden("efa", f"harman_first_component_percent.{sample}").approx()
    reduced = r - np.diag(1 - squared_multiple(r))
    assert np.linalg.eigvalsh(reduced)[::-1] == golden("efa", f"factor_eigenvalues_smc.{sample}").approx()


@pytest.mark.parametrize("sample", BOTH)
def test_minimum_average_partial(golden, sample):
    assert average_partial(correlations(sample)).squares[1:9] == golden("efa", f"vss_map.{sample}").approx()


def test_parallel_analysis(golden):
    found = parallel_analysis(correlations("X12"), len(answers("X12")), draws=500, percentile=95, seed=20240917)
    assert found.components == golden("efa", "parallel.X12.pc_values").approx()
    assert found.factors == golden("efa", "parallel.X12.fa_values").approx()
    number = {"nfact": found.n_factors, "ncomp": found.n_components}
    assert number == golden("efa", "parallel.X12.nfact").approx()
    # Random by design, and yet within its Monte Carlo error.
    assert found.component_mean == golden("efa", "parallel.X12.random_pc_mean").approx()


def test_maximum_likelihood_as_factanal_has_it(golden):
    found = solved("X12", "ml", "none", None, 3)
    fit, record = fit_of(found, len(answers("X12"))), golden("efa", "factanal.X12.ml3")
    values = {"chisq": fit.chi2, "dof": fit.df, "p": fit.p_value, "criterion": fit.objective}
    assert values == record.approx()
    assert dict(zip(answers("X12"), found.uniqueness, strict=True)) == golden(
        "efa", "factanal.X12.uniqueness"
    ).approx()  # fmt: skip


@pytest.mark.parametrize("rotation, kaiser", [("varimax", None), ("promax", False)])
def test_rotations_as_factanal_has_them(golden, rotation, kaiser):
    record = golden("efa", f"factanal.X12.{rotation}.loadings")
    found = matched(solved("X12", "ml", rotation, kaiser, 3), record.estimate.to_numpy())
    assert found.loadings == record.approx()


def first_scores(found: Solution, method: str) -> np.ndarray:
    x = answers("X12")
    return ((x - x.mean()) / x.std()).to_numpy()[:5] @ score_weights(found, method)


def test_regression_scores_as_factanal_has_them(golden):
    reference = golden("efa", "factanal.X12.varimax.loadings").estimate.to_numpy()
    found = matched(solved("X12", "ml", "varimax", None, 3), reference)
    assert first_scores(found, "regression") == golden("efa", "factanal.X12.regression_scores_first5").approx()


@pytest.mark.parametrize("method, name", [("regression", "thurstone"), ("bartlett",) * 2, ("tenberge",) * 2])
def test_scores(golden, method, name):
    reference = golden("efa", "fa.minres.oblimin.3.loadings").estimate.to_numpy()
    found = matched(solved("X12", "minres", "oblimin", None, 3), reference)
    assert first_scores(found, method) == golden("efa", f"scores.minres.oblimin.3.{name}_first5").approx()


@pytest.mark.parametrize("rotation", ["none", "varimax", "promax"])
def test_principal_components(golden, rotation):
    record = golden("efa", f"pca.{rotation}.3.loadings")
    # psych::principal takes stats::promax, whose promax step works on the loadings as they are.
    kaiser = False if rotation == "promax" else None
    found = matched(solved("X12", "pca", rotation, kaiser, 3), record.estimate.to_numpy())
    assert found.loadings == record.approx()
    if rotation == "varimax":
        assert variance(found) == golden("efa", "pca.varimax.3.variance").approx()


def test_congruence(golden):
    pair = [
        matched(
            solved("X12", method, "varimax", None, 3),
            golden("efa", f"fa.{method}.varimax.3.loadings").estimate.to_numpy(),
        )
        for method in ("minres", "ml")
    ]
    found = congruence(pair[0].loadings, pair[1].loadings)
    assert found == golden("efa", "congruence.minres_vs_ml.varimax").approx()


def test_polychoric_factors(golden):
    r = polychoric(answers("X12").to_numpy()).r
    rotated = rotate(extract(r, 3, "minres").loadings, "oblimin")
    record = golden("efa", "fa.polychoric.minres.oblimin.3.loadings")
    found = matched(ordered(r, rotated.loadings, rotated.phi), record.estimate.to_numpy())
    assert found.loadings == record.approx()
    assert found.phi == golden("efa", "fa.polychoric.minres.oblimin.3.phi").approx()


def test_the_adjusted_baseline_is_that_of_ulsmv(golden):
    matrix = polychoric(answers("X12").to_numpy())
    n_tau = len(matrix.tau)
    one = ordered(matrix.r, extract(matrix.r, 1, "minres").loadings, np.eye(1))
    fit = adjusted_fit(one, matrix.n_obs, matrix.gamma()[n_tau:, n_tau:])
    record = golden("cfa", "m3.ULSMV.fit")
    assert fit.chi2_null == record.approx("baseline.chisq.scaled")


def test_every_record_is_held_above(golden):
    solutions = {f"fa.{name}.{part}" for name in SOLUTIONS for part in PARTS}
    others = {i for i in golden.ids("efa") if not i.startswith("fa.")}
    singles = ("n.", "kmo.", "bartlett.", "determinant.", "eigenvalues.", "smc.", "factor_eigenvalues_smc.",
               "harman_first_component_percent.", "vss_map.", "parallel.X12.", "factanal.X12.",
               "scores.minres.oblimin.3.", "pca.", "congruence.")  # fmt: skip
    assert not [i for i in others if not i.startswith(singles)]
    polychoric_ones = {f"fa.polychoric.minres.oblimin.3.{part}" for part in ("loadings", "phi")}
    assert set(golden.ids("efa", "fa.")) <= solutions | polychoric_ones
