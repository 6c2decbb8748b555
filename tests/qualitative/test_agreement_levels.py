"""Codings compared on a level of the codebook, under its names and in its order."""

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import AnalysisError

CODEBOOK = pd.DataFrame(
    [
        ("T", "主", None, "core"), ("B", "乙类", "T", "category"), ("A", "甲类", "T", "category"),
        ("B.1", "乙一", "B", "subcategory"), ("A.2", "甲二", "A", "subcategory"), ("A.1", "甲一", "A", "subcategory"),
    ],
    columns=["code_id", "name", "parent_id", "level"],
)  # fmt: skip
UNITS = pd.DataFrame(
    {"unit_id": [f"u{i}" for i in range(6)], "source_id": "S", "start": range(0, 60, 10), "end": range(10, 70, 10)}
)
FIRST = ["A.1", "A.2", "A.1", "B.1", "B.1", "B.1"]
SECOND = ["A.2", "A.2", "A.1", "B.1", "A.1", "B.1"]


def codings(*more):
    rows = [(10 * i, 10 * i + 5, code, who, "1") for who, codes in (("甲", FIRST), ("乙", SECOND))
            for i, code in enumerate(codes)]  # fmt: skip
    frame = pd.DataFrame([*rows, *more], columns=["start", "end", "code_id", "coder", "round"])
    return frame.assign(source_id="S")


def compared(**options):
    return ek.agreement(codings(), units=UNITS, resamples=100, **options)


def whole(result, term):
    tidy = result.tidy()
    return tidy[tidy["outcome"].isna() & (tidy["term"] == term)]["estimate"].iloc[0]


def test_codes_are_called_by_name_in_the_order_of_the_codebook():
    plain, named = compared(), compared(codebook=CODEBOOK)
    assert plain.categories == ("-", "A.1", "A.2", "B.1")
    assert named.categories == ("-", "B.1", "A.2", "A.1")
    assert [b.category for b in named.blocks] == [None, "B.1", "A.2", "A.1"]
    shown = [row.cells[0].value.text("zh") for row in named.table("Q5").rows]
    assert shown[:3] == ["乙一", "甲二", "甲一"]
    assert whole(plain, "krippendorff") == whole(named, "krippendorff")
    order = [plain.categories.index(c) for c in named.categories]
    (before,), (after,) = plain.confusions.values(), named.confusions.values()
    np.testing.assert_array_equal(after, before[np.ix_(order, order)])


def test_a_higher_level_counts_its_codes_as_one():
    result = compared(codebook=CODEBOOK, level="category")
    by_hand = ek.agreement(
        pd.DataFrame({"甲": [c[0] for c in FIRST], "乙": [c[0] for c in SECOND]}), ["甲", "乙"], resamples=100
    )
    assert result.categories == ("-", "B", "A")
    for term in ("percent", "cohen", "krippendorff"):
        assert whole(result, term) == pytest.approx(whole(by_hand, term), rel=1e-12), term
    assert whole(result, "percent") == pytest.approx(5 / 6)
    assert len(result.disputes) == 1


def test_codings_above_the_level_are_set_aside_and_counted():
    data = codings((50, 55, "T", "甲", "1"), (50, 55, "T", "甲", "2"))
    result = ek.agreement(data, units=UNITS, codebook=CODEBOOK, level="category", resamples=100)
    assert [(d.reason, d.n) for d in result.dropped] == [("drop.higher_codes", 1)]
    assert whole(result, "percent") == pytest.approx(5 / 6)


@pytest.mark.parametrize("options", [{"level": "theme", "codebook": CODEBOOK}, {"level": "category"}])
def test_a_level_that_is_not_there_is_told(options):
    with pytest.raises(AnalysisError) as raised:
        compared(**options)
    assert raised.value.problems[0].code == "E6713"


def test_a_matrix_of_very_many_values_is_not_printed():
    codes = [f"K{i}" for i in range(16)]
    units = pd.DataFrame({"unit_id": codes, "source_id": "S", "start": range(16), "end": range(1, 17)})
    frame = pd.DataFrame(
        [(i, i + 1, c, who) for who in "甲乙" for i, c in enumerate(codes)],
        columns=["start", "end", "code_id", "coder"],
    )
    many = ek.agreement(frame.assign(source_id="S"), units=units, intervals=(), resamples=100)
    assert many.templates == ("Q5",)
    few = ek.agreement(frame[frame["start"] < 14].assign(source_id="S"), units=units[:14], intervals=(), resamples=100)
    assert few.templates == ("Q5", "confusion")
