"""Every reference record of correlations that a step or public function gives."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.descriptive import correlate, mahalanobis
from evalkit.descriptive.correlation_tests import separate
from evalkit.models import regress

SCALES = ["OB", "OE", "MO", "SV", "CW", "CC", "SAT", "PAR"]


def only_pair(result):
    return result.tidy().dropna(subset=["outcome"]).iloc[-1]


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_listwise_matrices(method, scored, golden):
    found = correlate(scored, SCALES, method=method)
    assert found.r == golden("correlation", f"{method}_listwise").approx()
    assert found.n_obs == golden("correlation", "n").approx("listwise")


def test_p_values_of_pairs(scored, golden):
    found = correlate(scored, SCALES, missing="pairwise")
    record = golden("correlation", "pearson_pairwise_p")
    off = ~np.eye(len(SCALES), dtype=bool)
    expected = np.asarray(record.estimate, dtype=float)
    assert (np.abs(found.p_value - expected) <= record.absolute + record.relative * np.abs(expected))[off].all()


def test_holm_over_all_pairs(scored, golden):
    found = correlate(scored, SCALES, missing="pairwise", adjust="holm")
    record = golden("correlation", "pearson_pairwise_p_holm")
    i, j = np.triu_indices(len(SCALES), 1)
    expected = np.asarray(record.estimate, dtype=float)[i, j]
    assert (np.abs(found.p_adjusted[i, j] - expected) <= record.absolute + record.relative * np.abs(expected)).all()
    pairs = found.tidy().dropna(subset=["outcome"])
    assert pairs["p_adjusted"].to_numpy() == pytest.approx(expected)


def test_kendall(scored, golden):
    rows = scored[SCALES].dropna()
    assert correlate(rows, SCALES[:4], method="kendall").r == golden("correlation", "kendall_listwise").approx()
    found = only_pair(correlate(rows, ["SAT", "PAR"], method="kendall"))
    values = {"tau": found["estimate"], "z": found["statistic"], "p": found["p_value"]}
    assert values == golden("correlation", "kendall_test.SAT_PAR").approx()


def test_partial_correlations(scored, golden):
    rows = scored[SCALES].dropna()
    assert correlate(rows, SCALES[:6], partial=["SAT", "PAR"]).r == golden("correlation", "partial_matrix").approx()
    expected = golden("correlation", "partial_all")
    for i, one in enumerate(SCALES):
        for j, other in enumerate(SCALES[:i]):
            rest = [name for name in SCALES if name not in (one, other)]
            assert correlate(rows, [other, one], partial=rest).r[0, 1] == expected.approx(one, other), (i, j)
    found = only_pair(correlate(rows, ["OE", "SAT"], partial=["SV", "CW"]))
    names = {"r": "estimate", "t": "statistic", "df": "df", "p": "p_value", "lower": "conf_low", "upper": "conf_high"}
    assert {k: found[c] for k, c in names.items()} == golden("correlation", "partial.OE_SAT_given_SV_CW").approx()


def test_semipartial_and_ranks(scored, golden):
    rows = scored[SCALES].dropna()
    found = only_pair(correlate(rows, ["SAT", "OE"], partial=["SV", "CW"], semipartial=True))
    assert found["estimate"] == golden("correlation", "semipartial.OE_SAT_given_SV_CW").approx()
    fit = regress(rows, "SAT ~ OE + SV + CW").tidy().set_index("term")
    assert found["statistic"] == pytest.approx(fit.loc["OE", "statistic"])
    found = only_pair(correlate(rows, ["OE", "SAT"], partial=["SV"], method="spearman"))
    assert found["estimate"] == golden("correlation", "spearman_partial.OE_SAT_given_SV").approx()


def test_correlations_freed_of_unreliability(scored, golden):
    record = golden("correlation", "disattenuated")
    matrix = np.asarray(record.estimate, dtype=float)
    found = correlate(scored, SCALES, reliability=dict(zip(SCALES, np.diag(matrix), strict=True)))
    i, j = np.triu_indices(len(SCALES), 1)
    for got, expected in ((found.corrected[i, j], matrix[i, j]), (found.r[j, i], matrix[j, i])):
        assert (np.abs(got - expected) <= record.absolute + record.relative * np.abs(expected)).all()
    assert found.tidy().dropna(subset=["outcome"])["disattenuated"].to_numpy() == pytest.approx(matrix[i, j])
    top = found.table().rows[0].cells
    assert top[4].value == pytest.approx(matrix[0, 1])


def test_differences_of_separate_people(scored, golden):
    test = separate(0.45, 300, 0.30, 350)
    assert {"z": test.statistic, "p": test.p_value} == golden("correlation", "r_test.independent").approx()
    rows = scored.dropna(subset=SCALES)
    found = correlate(rows, ["SAT", "PAR"], by="gender").tidy().dropna(subset=["level"]).set_index("level")
    values = {f"r_{g}": found.loc[g, "estimate"] for g in ("female", "male")}
    values |= {f"n_{g}": found.loc[g, "n_obs"] for g in ("female", "male")}
    test = found.loc["female:male"]
    values |= {"q": test["estimate"], "z": test["statistic"], "p": test["p_value"]}
    assert values == golden("correlation", "r_test.gender_SAT_PAR").approx()


def test_differences_of_the_same_people(scored, golden):
    found = correlate(scored[SCALES].dropna(), SCALES, differences=["OE~SAT = OB~SAT", "SAT~OE = PAR~OE"]).tidy()
    rows = found.dropna(subset=["level"]).set_index(["term", "level"])
    test = rows.loc[("williams", "OE~SAT=OB~SAT")]
    assert {"t": test["statistic"], "p": test["p_value"]} == golden("correlation", "r_test.dependent_williams").approx()
    test = rows.loc[("difference", "SAT~OE=PAR~OE")]
    assert {"z": test["statistic"], "p": test["p_value"]} == golden("correlation", "r_steiger_z").approx()


def test_within_and_between_clusters(scored, golden):
    rows = scored.dropna(subset=["SAT", "OE", "community_id"])
    found = correlate(rows, ["SAT", "OE"], cluster="community_id")
    tidy = found.tidy().dropna(subset=["level"]).set_index("level")["estimate"]
    values = {"within": tidy["within"], "between_unweighted": tidy["between"], "total": found.r[0, 1]}
    assert values == golden("correlation", "icc_within_between.SAT_OE").approx()


def test_one_pair(scored, golden):
    rows = scored[SCALES].dropna()
    found = only_pair(correlate(rows, ["SAT", "PAR"]))
    names = {"r": "estimate", "t": "statistic", "df": "df", "p": "p_value", "lower": "conf_low", "upper": "conf_high"}
    assert {k: found[c] for k, c in names.items()} == golden("correlation", "cor_test.SAT_PAR").approx()
    found = only_pair(correlate(rows, ["SAT", "PAR"], method="spearman"))
    record = golden("correlation", "spearman_test.SAT_PAR")
    n = len(rows)
    # S of R is the sum of squared rank differences behind rho
    values = {"rho": found["estimate"], "S": (n**3 - n) * (1 - found["estimate"]) / 6, "p": found["p_value"]}
    assert values == record.approx()


def test_multiple_correlation_and_distance(scored, golden):
    rows = scored[SCALES].dropna()
    fit = regress(rows, "SAT ~ OB + OE + MO")
    assert np.sqrt(fit.glance()["r_squared"].iloc[0]) == golden("correlation", "multiple_R").approx()
    mean = mahalanobis(rows, SCALES).distances.mean()
    assert mean == golden("correlation", "distance_mahalanobis_mean").approx()
