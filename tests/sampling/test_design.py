"""Declared designs as arrays, and linearised variances."""

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError, Codebook, attach
from evalkit.sampling import Design, design_arrays, design_of, linearised_covariance


@pytest.fixture
def drawn():
    return pd.DataFrame(
        {
            "w": [1.0, 2.0, 0.0, 4.0, np.nan, 1.0],
            "s": ["a", "a", "a", "b", "b", "b"],
            "c": [7, 7, 8, 9, 10, 11],
            "N": [10.0, 10.0, 10.0, 6.0, 6.0, 6.0],
        }
    )


def codes_of(caught):
    return [p.code for p in caught.value.problems]


def test_arrays_of_a_full_design(drawn):
    arrays = design_arrays(drawn, Design("w", "s", "c", "N"))
    assert arrays.complete.tolist() == [True, True, False, True, False, True]
    assert arrays.weights.tolist() == [1, 2, 0, 4, 0, 1]
    assert arrays.units.tolist() == [0, 0, 1, 2, 3, 4]
    assert arrays.strata.tolist() == [0, 0, 0, 1, 1, 1]
    assert arrays.fraction.tolist() == pytest.approx([0.1, 0.1, 0, 1 / 3, 0, 1 / 3])


def test_without_clusters_each_row_is_a_unit(drawn):
    assert design_arrays(drawn, Design(weights="w")).units.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_sampling_fraction_serves_as_fpc(drawn):
    share = drawn.assign(f=0.25)
    arrays = design_arrays(share, Design(clusters="c", fpc="f"))
    assert np.allclose(arrays.fraction, 0.25)


def test_the_codebook_declares_the_design(drawn):
    declared = attach(drawn, Codebook(design=Design(weights="w")))
    assert design_of(declared) == Design(weights="w")
    assert design_of(declared, Design(clusters="c")) == Design(clusters="c")
    assert design_of(drawn) is None
    assert design_of(drawn, Design()) is None


def test_faults_of_a_design_are_named(drawn):
    with pytest.raises(AnalysisError) as caught:
        design_arrays(drawn, Design(weights="weight"))
    assert codes_of(caught) == ["E600"]
    with pytest.raises(AnalysisError) as caught:
        design_arrays(drawn.assign(w=[-1, 1, 1, 1, 1, 1]), Design(weights="w"))
    assert codes_of(caught) == ["E690"]
    with pytest.raises(AnalysisError) as caught:
        design_arrays(drawn, Design(weights="s"))
    assert codes_of(caught) == ["E690"]
    with pytest.raises(AnalysisError) as caught:
        design_arrays(drawn.assign(c=7), Design(strata="s", clusters="c"))
    assert codes_of(caught) == ["E691"]
    with pytest.raises(AnalysisError) as caught:
        design_arrays(drawn.assign(N=[10, 9, 10, 6, 6, 6]), Design(strata="s", clusters="c", fpc="N"))
    assert codes_of(caught) == ["E692"]
    with pytest.raises(AnalysisError) as caught:
        design_arrays(drawn.assign(N=2.0), Design(strata="s", clusters="c", fpc="N"))
    assert codes_of(caught) == ["E692"]


def test_the_variance_of_a_total_by_hand():
    data = pd.DataFrame({"s": [1, 1, 1, 2, 2, 2], "c": [1, 1, 2, 3, 4, 5]})
    arrays = design_arrays(data, Design(strata="s", clusters="c"))
    scores = np.array([[1.0], [2.0], [5.0], [4.0], [4.0], [7.0]])
    matrix, df, notices = linearised_covariance(scores, arrays)
    # unit totals 3 and 5 in the first stratum; 4, 4 and 7 in the second
    assert matrix[0, 0] == pytest.approx(2 * 2.0 + 1.5 * 6.0)
    assert df == 3
    assert notices == ()


def test_a_lonely_unit_is_said_and_counted_against_the_mean_of_all():
    data = pd.DataFrame({"s": [1, 2, 2]})
    arrays = design_arrays(data, Design(strata="s"))
    matrix, df, notices = linearised_covariance(np.array([[6.0], [1.0], [2.0]]), arrays)
    assert matrix[0, 0] == pytest.approx((6 - 3) ** 2 + 2 * 0.5)
    assert df == 1
    assert [p.code for p in notices] == ["W693"]
