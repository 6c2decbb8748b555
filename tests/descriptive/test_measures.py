"""The table of measures comes from the codebook alone."""

import pandas as pd
import pytest

from evalkit.contract import AnalysisError, ScaleEntry, attach
from evalkit.descriptive import measures


def text(cell):
    return cell.value.text("en") if hasattr(cell.value, "text") else cell.value


def test_scales_and_background_variables(survey, views):
    found = measures(survey)
    assert views(found)
    lines = [[text(c) for c in row.cells] for row in found.table().rows]
    assert lines == [
        ["Outcome", "Satisfaction", 2, "Satisfied 1", "1 to 5, mean of the items"],
        ["Background", "Gender", 1, None, "1 = male; 2 = female; 3 = other"],
        ["", "Age", 1, None, "岁"],
    ]
    assert found.tidy()[["n_items", "min", "max"]].iloc[0].tolist() == [2, 1, 5]


def test_reverse_keyed_examples_are_marked(survey):
    book = survey.attrs["evalkit"].with_scales([ScaleEntry("X", ("SAT2_R",), score="sum", zh="甲", en="X")])
    found = measures(attach(survey, book), scales=["X"])
    assert [m.id for m in found.measures] == ["X"]
    cells = found.table().rows[0].cells
    assert text(cells[3]) == "Satisfied 2 (R)"
    assert text(cells[4]) == "1 to 5, sum of the items"


def test_data_without_scales_are_refused(survey):
    for data, scales in ((pd.DataFrame({"a": [1]}), None), (survey, ["SATT"])):
        with pytest.raises(AnalysisError) as caught:
            measures(data, scales=scales)
        assert caught.value.problems[0].code == "E629"
