"""The access to the reference numbers itself."""

import numpy as np
import pandas as pd
import pytest


def test_a_record_compares_within_its_own_tolerance(golden):
    record = golden("describe", "describe.OB")
    assert record.value("n") == 1200
    assert record.value("mean") + 1e-10 == record.approx("mean")
    assert record.value("mean") + 1e-6 != record.approx("mean")


def test_names_decide_and_shapes_must_agree(golden):
    record = golden("describe", "quantile7.OB")
    turned = dict(reversed(list(record.estimate.items())))
    assert turned == record.approx()
    assert pd.Series(turned) == record.approx()
    assert list(record.estimate.values())[:-1] != record.approx()
    matrix = golden("correlation", "pearson_listwise")
    assert matrix.estimate.iloc[::-1] == matrix.approx()
    assert np.asarray(matrix.estimate)[::-1] != matrix.approx()
    assert matrix.value("OB", "OE") == matrix.approx("OB", "OE")


def test_an_unknown_record_names_near_ones(golden):
    with pytest.raises(KeyError, match="describe.OB"):
        golden("describe", "describe.XX")


def test_reference_data_have_their_known_size(residents, scored, analysis_sample, scale_items):
    assert len(residents) == len(scored) == 1200
    assert len(analysis_sample) == 1056
    assert {name: len(items) for name, items in scale_items.items()}["SAT"] == 5
