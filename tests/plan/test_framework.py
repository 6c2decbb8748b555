"""G1: hypotheses and the steps that test them become boxes and arrows with numbers and signs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from evalkit.plan import parse_plan
from evalkit.plan.framework import framework
from evalkit.report.figures import draw
from evalkit.report.figures.framework import columns_of

PLAN = """
format = "evalkit-plan/1"
[data]
file = "a.csv"
[[step]]
id = "reg"
do = "regress"
formula = "y ~ age | + x + x:w"
[[step]]
id = "med"
do = "mediate"
x = "x"
m = ["m1", "m2"]
y = "y"
kind = "parallel"
hypothesis = "H5"
[[step]]
id = "mod"
do = "moderate"
x = "m1"
w = "v"
y = "y"
[[step]]
id = "rob"
do = "robustness"
of = "reg"
outcomes = ["z"]
[[table]]
id = "frame"
template = "G1"
[[hypothesis]]
id = "H1"
zh = "一"
en = "one"
confirm_if = 'reg["2/y/x"].conf_low > 0 and reg["2/y/x"].p_value < 0.05'
[[hypothesis]]
id = "H2"
zh = "二"
en = "two"
confirm_if = 'med["indirect.m1"].conf_low > 0 and med["m1/x"].conf_high < 0'
[[hypothesis]]
id = "H3"
zh = "三"
en = "three"
confirm_if = 'reg["x:w"].estimate < 0'
[[hypothesis]]
id = "H4"
zh = "四"
en = "four"
confirm_if = 'mod["m1:v"].conf_low > 0'
[[hypothesis]]
id = "H6"
zh = "六"
en = "six"
confirm_if = 'rob["base/y/x"].conf_low > 0 and rob["outcome.z/z/x"].conf_low > 0'
[[hypothesis]]
id = "H5"
zh = "五"
en = "five"
"""


@pytest.fixture(scope="module")
def figure():
    plan = parse_plan(PLAN, Path("plan.toml"))
    steps = [(step, step.arguments) for step in plan.steps]
    return framework(plan.tables[0], plan, steps, pd.DataFrame({"x": [1.0]}))


def test_every_claim_is_an_arrow_with_its_number_and_sign(figure):
    rows = {tuple(row) for row in figure.frame.itertuples(index=False, name=None)}
    assert rows == {
        ("x", "y", "", "+", "H1"),
        ("x", "y", "", "+", "H6"),
        ("x", "z", "", "+", "H6"),
        ("x", "m1", "", "-", "H2"),
        ("m1", "y", "", "", "H2"),
        ("w", "y", "x", "-", "H3"),
        ("v", "y", "m1", "+", "H4"),
        ("x", "m1", "", "", "H5"),
        ("m1", "y", "", "", "H5"),
        ("x", "m2", "", "", "H5"),
        ("m2", "y", "", "", "H5"),
    }


def test_it_is_drawn_and_told_in_both_languages(figure):
    told = {lang: draw(figure, lang=lang).alt for lang in ("zh", "en")}
    assert "w on the path from x to y: H3 (−)" in told["en"]
    assert "x→m1：H2 (−), H5" in told["zh"]


def test_variables_stand_in_causal_order_and_a_circle_does_no_harm():
    assert columns_of(["x", "m", "y"], [("x", "y"), ("x", "m"), ("m", "y")]) == {"x": 0, "m": 1, "y": 2}
    assert columns_of(["a", "b"], [("a", "b"), ("b", "a")]) == {"a": 0, "b": 1}


def test_without_a_path_there_is_no_figure():
    text = PLAN.split("[[hypothesis]]")[0].replace('hypothesis = "H5"\n', "")
    plan = parse_plan(text, Path("plan.toml"))
    steps = [(step, step.arguments) for step in plan.steps]
    assert framework(plan.tables[0], plan, steps, pd.DataFrame()) is None
