"""Named types of cases: the first rule that a case meets, what meets none, what cannot be asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.qualitising import qualitise
from evalkit.contract import AnalysisError, Codebook, EvalkitError, attach
from evalkit.contract.codebook import Variable
from evalkit.report.sentences import sentences

CASES = pd.DataFrame(
    {
        "case_id": ["A", "B", "C", "D", "E"],
        "trust_mean": [4.2, 4.6, 2.1, np.nan, 3.0],
        "tools": [5.0, 1.0, 4.0, 4.0, 2.0],
        "road": ["党建", "市场", "党建", "市场", None],
    }
)
TYPES = {
    "warm": {"when": "trust_mean >= 4", "zh": "高信任型", "en": "High trust"},
    "busy": "tools > 3",
    "market": 'road == "市场"',
}


@pytest.fixture
def found():
    return qualitise(CASES, types=TYPES, case="case_id")


def test_the_first_rule_that_is_met(found):
    assert found.data["profile_type"].tolist() == ["warm", "warm", "busy", "busy", None]
    assert found.members(0) == ["A", "B"]
    assert found.members(-1) == ["E"]
    assert found.data.attrs["evalkit"].variables["profile_type"].categories[0].zh == "高信任型"


def test_what_is_not_certain_is_said(found):
    told = {p.code: p.params["cases"] for p in found.notices}
    # D: its trust is missing, so whether it is warm cannot be known; E: its road is missing
    assert told == {"W6695": ["D", "E"], "N6686": ["A", "B", "D"]}
    whole = CASES.assign(road=["党建", "市场", "党建", "市场", "党建"])
    assert {p.code: p.params["cases"] for p in qualitise(whole, types=TYPES, case="case_id").notices} == {
        "W6694": ["E"], "W6695": ["D"], "N6686": ["A", "B", "D"]
    }  # fmt: skip


def test_tables_print_the_rule_with_the_cases(found):
    types = found.table()
    cells = [[c.value.text("zh") if hasattr(c.value, "text") else c.value for c in r.cells] for r in types.rows]
    assert cells[0] == ["高信任型", "trust_mean >= 4", 2, 40.0, "A、B"]
    assert cells[2] == ["market", 'road == "市场"', 0, 0.0, None]
    assert cells[3][:3] == ["未归类", None, 1]
    each = found.table("cases")
    assert [h.text("en") for h in each.header[0]] == ["Case", "Type", "trust_mean", "tools", "road"]
    assert [c.kind for c in each.rows[0].cells[2:]] == ["mean", "count", "text"]
    assert each.rows[3].cells[2].reason


def test_tidy_has_shares_and_values(found):
    tidy = found.tidy()
    assert tidy["estimate"].tolist()[:4] == [0.4, 0.4, 0.0, 0.2]
    mine = tidy[(tidy["level"] == "C") & (tidy["term"] == "tools")].iloc[0]
    assert (mine["group"], mine["estimate"]) == ("busy", 4.0)
    assert tidy[(tidy["level"] == "A") & (tidy["term"] == "road")]["label"].tolist() == ["党建"]


def test_many_cases_are_counted_not_listed():
    many = pd.DataFrame({"x": np.arange(80.0)})
    found = qualitise(many, types={"high": "x >= 60"})
    assert found.templates == ("types",)
    assert [h.text("en") for h in found.table().header[0]] == ["Type", "Rule", "n", "%"]
    assert [r.cells[2].value for r in found.table().rows] == [20, 60]


def test_names_by_label_and_chosen_options():
    book = Codebook().with_variables(
        [Variable("trust_mean", "score", zh="信任均值"), Variable("q__1", "option", zh="会")]
    )
    data = attach(CASES.assign(q__1=[1, 0, 1, 0, 0]), book)
    found = qualitise(data, types={"a": "信任均值 > 4", "b": "chosen(q, 1)"}, case="case_id", name="kind")
    assert found.data["kind"].tolist() == ["a", "a", "b", None, None]
    assert found.labels["trust_mean"].text("zh") == "信任均值"
    assert found.columns == ("trust_mean", "q__1")
    assert [n.text("zh") for n in found.table().notes][1:] == ["trust_mean：信任均值", "q__1：会"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"types": {}}, "E6693"),
        ({"types": {"a": ""}}, "E6693"),
        ({"types": {"a": {"zh": "甲"}}}, "E6693"),
        ({"types": {"a": {"when": "tools > 1", "if": "x"}}}, "E6693"),
        ({"types": {"a": "tool > 1"}}, "E600"),
        ({"types": {"a": "chosen(road, 1)"}}, "E600"),
        ({"types": {"a": "tools ="}}, "E455"),
        ({"types": {"a": "road > 1"}}, "E467"),
        ({"types": TYPES, "name": "tools"}, "E6692"),
        ({"types": TYPES, "case": "id"}, "E600"),
    ],
)
def test_rules_that_cannot_be_followed(given, code):
    with pytest.raises((AnalysisError, EvalkitError)) as caught:
        qualitise(CASES, **given)
    assert [p.code for p in caught.value.problems] == [code]


def test_sentences(found):
    said = [s.text("zh") for s in sentences("qualitise", found)]
    assert said == ["5个案例分为：高信任型2个、busy2个、market0个。", "1个案例不符合任何规则。"]


@settings(max_examples=25)
@given(st.lists(st.one_of(st.floats(-5, 5), st.none()), min_size=1, max_size=15), st.floats(-4, 4), st.floats(-4, 4))
def test_every_case_is_in_one_type_or_none(values, first, second):
    data = pd.DataFrame({"x": np.array(values, dtype=float)})
    found = qualitise(data, types={"a": f"x > {first!r}", "b": f"x > {second!r}"})
    assert sum(len(found.members(k)) for k in (-1, 0, 1)) == len(data)
    x = data["x"].to_numpy()
    assert found.members(0) == [str(i) for i in np.flatnonzero(x > first)]
    assert found.members(1) == [str(i) for i in np.flatnonzero(~(x > first) & (x > second))]
