"""Mardia's tests and Mahalanobis outliers against R."""

import numpy as np
import pandas as pd
import pytest

from evalkit.descriptive import mahalanobis, mardia

SCALES = ["OB", "OE", "MO", "SV", "CW", "CC", "SAT", "PAR"]


def fields(result):
    tidy = result.tidy().set_index("term")
    return {
        "b1p": tidy.loc["skewness", "estimate"],
        "b2p": tidy.loc["kurtosis", "estimate"],
        "skew_chi2": tidy.loc["skewness", "statistic"],
        "small_skew_chi2": tidy.loc["skewness.small", "statistic"],
        "p_skew": tidy.loc["skewness", "p_value"],
        "kurtosis_z": tidy.loc["kurtosis", "statistic"],
        "p_kurt": tidy.loc["kurtosis", "p_value"],
    }


def test_mardia_of_items(scored, scale_items, golden):
    every = [item for items in scale_items.values() for item in items]
    complete = scored.dropna(subset=every)
    assert fields(mardia(complete, scale_items["SAT"])) == golden("describe", "mardia.SAT").approx()


def test_mardia_of_scores(analysis_sample, golden):
    assert fields(mardia(analysis_sample, SCALES)) == golden("describe", "mardia.scores").approx()


def test_outliers(analysis_sample, golden, views):
    found = mahalanobis(analysis_sample, SCALES)
    assert len(found.outliers) == golden("describe", "outliers.mahalanobis_gt_999.scores").approx()
    x = analysis_sample[SCALES]
    centred = x - x.mean()
    expected = np.einsum("ij,jk,ik->i", centred, np.linalg.inv(x.cov()), centred)
    assert np.allclose(found.distances, expected, rtol=1e-9)
    assert found.outliers.index.isin(analysis_sample.index).all()
    assert found.tidy()["count"].iloc[0] == 1
    assert views(found)


def test_skewness_is_mardias_double_sum():
    x = np.random.default_rng(2).integers(1, 6, (30, 3)).astype(float)
    centred = x - x.mean(axis=0)
    g = centred @ np.linalg.inv(np.cov(x, rowvar=False, ddof=0)) @ centred.T
    found = mardia(pd.DataFrame(x, columns=list("abc")), list("abc"), ddof=0)
    assert fields(found)["b1p"] == pytest.approx(np.mean(g**3), rel=1e-10)
    assert fields(found)["b2p"] == pytest.approx(np.mean(np.diag(g) ** 2), rel=1e-10)


def test_a_singular_matrix_gives_nan_and_a_notice(views):
    data = pd.DataFrame({"a": [1, 2, 3, 4, 5, np.nan], "b": [2, 1, 4, 3, 5, 1]})
    data["c"] = data["a"] + data["b"]
    for found in (mardia(data, ["a", "b", "c"]), mahalanobis(data, ["a", "b", "c"])):
        assert found.n_obs == 5
        assert found.dropped[0].n == 1
        assert [p.code for p in found.notices] == ["W617"]
        assert np.isnan(found.tidy()["estimate"]).all()
        assert views(found)
