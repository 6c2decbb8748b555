"""Every reference record of correlations that a step or public function gives."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.descriptive import correlate, mahalanobis
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
