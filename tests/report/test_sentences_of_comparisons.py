"""What is said about comparisons of groups: differences, no evidence, pairs, equivalence, doubts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.descriptive import compare
from evalkit.report.sentences import sentences


@pytest.fixture
def groups():
    """Three groups of 30: the means 0, 0 and 2; `other` does not differ."""
    noise = np.tile(np.linspace(-2, 2, 30), 3)
    frame = {"y": noise + np.repeat([0, 0, 2.0], 30), "other": noise, "g": np.repeat(["a", "b", "c"], 30)}
    return pd.DataFrame(frame | {"z": np.tile([0.0, 1, 0, 1, 1], 18)})


def said(result, lang="en", **options):
    return [label.text(lang) for label in sentences("compare", result, **options)]


def test_what_differs_and_between_which_groups(groups):
    found = said(compare(groups, outcome=["y", "other"], by="g"))
    assert found[0].startswith("y differs by g (F(2, 58.00) = 26.821")
    assert "adjusted p < 0.001" in found[0]
    assert found[1] == "Here c lies above a and c lies above b."
    assert found[2].startswith("No statistical evidence was found that other differs by g (F(2, 58.00) = 0.000")
    assert len(found) == 3


def test_the_number_behind_a_sentence_is_named(groups):
    result = compare(groups, outcome="y", by="g", adjust="none")
    label = sentences("compare", result, step="cmp")[0]
    assert label.params["ref"] == "cmp/y/g/test#p_value"
    assert "adjusted" not in label.text("en")
    ids = {cell.id for row in result.table().rows for cell in row.cells}
    assert "y/g/test#p_value" in ids


def test_many_comparisons_are_counted(groups):
    wide = groups.assign(**{f"y{i}": groups["other"] for i in range(9)})
    found = said(compare(wide, outcome=["y", *(f"y{i}" for i in range(9))], by="g"))
    assert found[0] == "Of 10 comparisons 1 show a significant difference after adjustment (p < 0.05)."
    assert len(found) == 3


def test_measures_of_the_same_rows(groups):
    pair = pd.DataFrame({"before": groups["other"], "after": groups["other"] + np.tile([0.4, 0.6, 0.8], 30)})
    found = said(compare(pair, outcome=["before", "after"], paired=True, equivalence=1))
    assert found[0].startswith("The measures before - after differ significantly (t(89) = −")
    assert found[1] == "Here after lies above before."
    assert found[2].startswith("The equivalence test supports a difference within -1 and 1 (p < 0.001")
    found = said(compare(pair, outcome=["before", "after"], paired=True, equivalence=0.3))
    assert found[2].startswith("The equivalence test does not show")


def test_ranks_decide_the_direction_of_rank_tests():
    # The second group has the higher ranks but, by one answer, the lower mean.
    data = pd.DataFrame({"y": [*range(19), 500, *range(30, 50)], "g": [1] * 20 + [2] * 20})
    found = said(compare(data, outcome="y", by="g", test="ranks"))
    assert found[1] == "Here 2 lies above 1."
    three = pd.DataFrame({"a": [*range(19), 500], "b": np.arange(20) + 2, "c": np.arange(20) + 5})
    found = said(compare(three, outcome=["a", "b", "c"], paired=True, test="ranks"))
    assert "b lies above a" in found[1]


def test_covariates_and_unequal_variances_are_said(groups):
    found = said(compare(groups, outcome="y", by="g", test="ancova", covariates=["z"]), "zh")
    assert found[0].startswith("y在不同g组间存在显著差异（已控制协变量，F(2, 86)=")
    wild = groups.assign(y=groups["y"] * np.repeat([1, 1, 6], 30))
    found = said(compare(wild, outcome="y", by="g", test="anova"), "zh")
    assert any("方差可能不等" in sentence for sentence in found)
    assert not any("方差可能不等" in sentence for sentence in said(compare(wild, outcome="y", by="g"), "zh"))


def test_slopes_that_differ_are_said():
    z = np.tile(np.arange(20.0), 2)
    data = pd.DataFrame({"z": z, "g": np.repeat([0, 1], 20)})
    data["y"] = np.where(data["g"] == 1, z, -z) + np.tile([0.1, -0.1], 20)
    found = said(compare(data, outcome="y", by="g", test="ancova", covariates=["z"]))
    assert any("slopes of the covariates differ" in sentence for sentence in found)


def test_categories_without_an_order_only_differ(groups):
    data = pd.DataFrame({"y": ["p"] * 20 + ["q"] * 20 + ["r"] * 20, "g": ([1] * 15 + [2] * 5) * 2 + [2] * 20})
    found = said(compare(data, outcome="y", by="g", test="chi2"))
    assert found[1] == "Here 1 differs from 2."


def test_what_could_not_be_computed_is_said(groups):
    found = said(compare(groups.assign(still=1.0), outcome=["still", "y"], by="g"), "zh")
    assert found[-1] == "有1项比较无法计算，原因见提示。"
