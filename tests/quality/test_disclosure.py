"""k-anonymity: counted by hand, and by brute force."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.contract import AnalysisError, Codebook, Variable, attach
from evalkit.quality import disclosure
from evalkit.report import sentences

FIVE = pd.DataFrame(
    {"sex": [1, 1, 1, 2, 2, 2, 2], "age": [30, 30, 40, 30, 30, 30, np.nan], "ill": [0, 1, 1, 0, 0, 0, 1]}
)


def test_classes_counted_by_hand():
    found = disclosure(FIVE, ["sex", "age"], k=3, sensitive="ill")
    # Classes: (1, 30) 2, (1, 40) 1, (2, 30) 3, (2, missing) 1.
    row = found.glance().iloc[0]
    assert (row["n_classes"], row["smallest_class"], row["n_unique"], row["count"]) == (4, 1, 2, 4)
    assert row["estimate"] == pytest.approx(100 * 4 / 7) and row["risk"] == pytest.approx(4 / 7)
    tidy = found.tidy().set_index(["term", "level"])
    assert tidy.loc[("sex", None), "count"] == 0 and tidy.loc[("age", None), "count"] == 2
    assert tidy.loc[("age", "without"), "count"] == 0 and tidy.loc[("sex", "with.age"), "count"] == 4
    # One answer only in (1, 40), (2, 30) and (2, missing).
    assert tidy.loc[("all", "sensitive.ill"), "l_diversity"] == 1 and found.n_alike == 5
    assert [p.code for p in found.notices] == ["W870"]


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=40), st.integers(2, 6))
@settings(max_examples=40)
def test_sizes_agree_with_counting(rows, k):
    data = pd.DataFrame(rows, columns=["a", "b", "c"])
    found = disclosure(data, ["a", "b", "c"], k=k).whole
    sizes = Counter(rows)
    assert found.n_classes == len(sizes) and found.smallest == min(sizes.values())
    assert found.n_below == sum(n for n in sizes.values() if n < k)
    assert found.n_unique == sum(n == 1 for n in sizes.values())


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=30))
@settings(max_examples=25)
def test_fewer_variables_never_give_more_away(rows):
    found = disclosure(pd.DataFrame(rows, columns=["a", "b", "c"]), ["a", "b", "c"])
    assert all(rest.n_below <= found.whole.n_below for rest in found.without.values())


def test_background_variables_are_taken_by_default():
    book = Codebook().with_variables([Variable("sex", "nominal", role="background"), Variable("age", "number")])
    assert disclosure(attach(FIVE, book)).whole.names == ("sex",)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "E871"),
        ({"variables": ["sexx"]}, "E600"),
        ({"variables": ["sex"], "k": 1}, "E872"),
        ({"variables": ["sex"], "sensitive": "sex"}, "E873"),
    ],
)
def test_calls_that_mean_nothing(arguments, code):
    with pytest.raises(AnalysisError) as error:
        disclosure(FIVE, **arguments)
    assert [p.code for p in error.value.problems] == [code]


def test_no_rows_and_one_variable():
    empty = disclosure(FIVE.iloc[:0], ["sex", "age"])
    assert empty.n_obs == 0 and np.isnan(empty.glance()["estimate"].item()) and empty.notices == ()
    one = disclosure(FIVE, ["sex"], k=2)
    assert one.without == {} and one.pairs == () and len(one.table().rows) == 3


def test_what_is_said():
    said = [s.text("en") for s in sentences("disclosure", disclosure(FIVE, ["sex", "age"], k=3))]
    assert "4 of 7 respondents (57.1%)" in said[0] and "2 of them are unique" in said[0]
    assert "'age'" in said[1] and "to 0.0%" in said[1]
    none = [s.text("zh") for s in sentences("disclosure", disclosure(FIVE, ["sex"], k=2))]
    assert len(none) == 1 and "没有少于2人的组" in none[0]
