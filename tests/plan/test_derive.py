"""Derived columns, each kind against numbers done by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import Category, Codebook, PlanError, Variable, attach, codebook_of
from evalkit.plan import parse_plan
from evalkit.plan.derive import derive

DATA = attach(
    pd.DataFrame({"age": [20.0, 35, 59, 60, np.nan], "edu": [1.0, 2, 3, 3, np.nan], "zone": [1.0, 1, 1, 2, 2]}),
    Codebook().with_variables(
        [
            Variable("edu", "nominal", "学历", "Education", tuple(Category(i, f"第{i}", f"L{i}") for i in (1, 2, 3))),
            Variable("age", "number", "年龄", "Age"),
            Variable("zone", "nominal", "片区", "Zone"),
        ]
    ),
)


def made(body: str, data: pd.DataFrame = DATA) -> pd.DataFrame:
    text = f'format = "evalkit-plan/1"\n[data]\nfile = "a.csv"\n[[derive]]\n{body}\n'
    return derive(data, parse_plan(text, Path("plan.toml")))


def test_bands_close_on_the_left():
    out = made('id = "g"\nfrom = "age"\nbands = [35, 60]')
    assert out["g"].tolist()[:4] == [1, 2, 2, 3]
    assert np.isnan(out["g"].iloc[4])
    assert codebook_of(out).variables["g"].kind == "ordinal"


def test_named_bands_carry_their_words():
    out = made(
        'id = "g"\nfrom = "年龄"\nbands = [{below = 60, zh = "未满六十", en = "under 60"}, {zh = "老", en = "old"}]'
    )
    assert [c.zh for c in codebook_of(out).variables["g"].categories] == ["未满六十", "老"]


def test_merged_categories_can_name_their_reference():
    groups = 'merge = [{codes = [1, 2], zh = "低", en = "low"}, {codes = [3], zh = "高", en = "high"}]'
    out = made(f'id = "m"\nfrom = "edu"\n{groups}\nreference = "high"')
    assert out["m"].tolist()[:4] == [1, 1, 2, 2]
    assert [c.en for c in codebook_of(out).variables["m"].categories] == ["high", "low"]


def test_dummies_leave_the_reference_out_and_keep_missing_missing():
    out = made('id = "e"\nfrom = "edu"\ndummies = true')
    assert [c for c in out.columns if c.startswith("e_")] == ["e_2", "e_3"]
    assert out["e_3"].tolist()[:4] == [0, 0, 1, 1]
    assert np.isnan(out["e_3"].iloc[4])


def test_computed_columns_follow_arithmetic():
    out = made('id = "c"\ncompute = "age / 10 - edu * 2"')
    assert out["c"].tolist()[:4] == [0.0, -0.5, pytest.approx(-0.1), 0.0]


@pytest.mark.parametrize(
    ("statistic", "first", "last"),
    [("mean", (20 + 35 + 59) / 3, 60.0), ("sd", float(np.std([20, 35, 59], ddof=1)), np.nan)],
)
def test_aggregates_spread_the_cluster_s_value(statistic, first, last):
    out = made(f'id = "a"\nfrom = "age"\naggregate = "{statistic}"\nby = "zone"')
    assert out["a"].iloc[0] == pytest.approx(first)
    assert out["a"].iloc[3] == pytest.approx(last, nan_ok=True)


def test_blau_is_one_minus_the_squared_shares():
    out = made('id = "b"\nfrom = "edu"\naggregate = "blau"\nby = "zone"')
    assert out["b"].iloc[0] == pytest.approx(1 - 3 * (1 / 3) ** 2)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('id = "x"\nfrom = "agee"\nbands = [1]', "E516"),
        ('id = "x"\nfrom = "age"', "E520"),
        ('id = "age"\nfrom = "edu"\nbands = [1]', "E521"),
        ('id = "x"\nfrom = "age"\nbands = [5, 3]', "E522"),
        ('id = "x"\nfrom = "edu"\nmerge = [{zh = "a"}]', "E523"),
        ('id = "x"\nfrom = "edu"\ndummies = [7]', "E524"),
        ('id = "x"\nfrom = "edu"\naggregate = "mode"\nby = "zone"', "E525"),
        ('id = "x"\nfrom = "edu"\naggregate = "mean"', "E506"),
    ],
)
def test_a_derivation_that_cannot_be_is_a_plan_error_with_its_line(body, code):
    with pytest.raises(PlanError) as caught:
        made(body)
    assert [(p.code, p.at.line) for p in caught.value.problems] == [(code, 4)]


def test_the_rows_keep_their_index():
    shifted = DATA.set_axis([10, 20, 30, 40, 50])
    assert list(made('id = "g"\nfrom = "age"\nbands = [35]', shifted).index) == [10, 20, 30, 40, 50]
