"""The model language: what it reads, and how it says what it cannot read."""

from __future__ import annotations

import pandas as pd
import pytest

from evalkit.contract.words import say
from evalkit.structure import ModelError, fit, parse_model
from evalkit.structure.rules import Rules, build_table


def table(text: str, groups=("",), **rules):
    return build_table(parse_model(text), Rules(**rules), groups)


def row(found, lhs, op, rhs="", group=1):
    return found.find(lhs, op, rhs, group)


def test_statements_lines_comments_and_signs():
    model = parse_model("f =~ x1 + # first\n  x2 +\n x3; y ~ a*f ! effect\n + 0.5*z\n ab := a^2 / (1 + exp(a))")
    assert [s.op for s in model.statements] == ["=~", "~"]
    assert [t.name for t in model.statements[0].terms] == ["x1", "x2", "x3"]
    assert [t.name for t in model.statements[1].terms] == ["f", "z"]
    assert model.definitions[0].right.text == "a^2/(1+exp(a))"
    assert model.definitions[0].right.value({"a": 0.0}) == 0.0
    assert parse_model("满意度 =~ 题1 + 题2").latent == ("满意度",)


def test_the_formula_of_a_definition_knows_its_order():
    value = parse_model("y ~ a*x\n d := -a^2 + 2*a/4 - (1 - a)").definitions[0].right.value
    assert value({"a": 3.0}) == pytest.approx(-9 + 1.5 + 2)


def test_marker_and_unit_variance():
    marked = table("f =~ x1 + x2 + x3")
    assert row(marked, "f", "=~", "x1").value == 1
    assert row(marked, "f", "~~", "f").free
    unit = table("f =~ x1 + x2 + x3", std_lv=True)
    assert row(unit, "f", "=~", "x1").free
    assert row(unit, "f", "~~", "f").value == 1
    freed = table("f =~ NA*x1 + x2 + x3\nf ~~ 1*f")
    assert row(freed, "f", "=~", "x1").free
    assert row(freed, "f", "~~", "f").value == 1


def test_what_the_rules_add():
    found = table("f =~ x1 + x2\ng =~ x3 + x4\ny ~ f + z\nw ~ g + z")
    assert row(found, "f", "~~", "g").free
    assert row(found, "y", "~~", "w").free
    assert row(found, "z", "~~", "z").exo
    assert row(found, "f", "~~", "z") is None
    assert found.exogenous == ("z",)
    single = table("f =~ x1\ng =~ x2 + x3 + x4")
    assert (row(single, "x1", "~~", "x1").free, row(single, "x1", "~~", "x1").value) == (0, 0)


def test_labels_numbers_and_starts():
    found = table("f =~ a*x1 + a*x2 + start(0.8)*x3 + c*x4\ng =~ x5 + equal('f=~x3')*x6 + x7", std_lv=True)
    assert row(found, "f", "=~", "x1").free == row(found, "f", "=~", "x2").free
    assert row(found, "f", "=~", "x3").start == 0.8
    assert row(found, "f", "=~", "x3").free == row(found, "g", "=~", "x6").free
    fixed = table("f =~ a*x1 + a*x2 + x3")
    assert (row(fixed, "f", "=~", "x2").free, row(fixed, "f", "=~", "x2").value) == (0, 1)


def test_groups_equality_and_exceptions():
    text = "f =~ x1 + x2 + x3\ng =~ x4 + c(k, k)*x5 + c(NA, 0.5)*x6"
    found = table(
        text,
        ("a", "b"),
        meanstructure=True,
        group_equal=("loadings", "intercepts"),
        group_partial=("x2 ~ 1", "f =~ x3"),
    )
    for lhs, op, rhs in (("f", "=~", "x2"), ("x1", "~1", ""), ("g", "=~", "x5")):
        assert row(found, lhs, op, rhs, 1).free == row(found, lhs, op, rhs, 2).free
    for lhs, op, rhs in (("f", "=~", "x3"), ("x2", "~1", "")):
        assert row(found, lhs, op, rhs, 1).free != row(found, lhs, op, rhs, 2).free
    assert row(found, "g", "=~", "x6", 2).value == 0.5
    assert row(found, "f", "~1", "", 2).free
    assert not row(found, "f", "~1", "", 1).free


FAULTS = [
    ("f =~ x1 $ x2", "E900", 8),
    ("f ＝~ x1 + x2", "E902", 2),
    ("f =~ x1 x2", "E903", 8),
    ("f =~ foo(2)*x1 + x2", "E904", 5),
    ("f =~ start(2*x1 + x2", "E905", 10),
    ("f =~ x1 + x2\na := b\na := c", "E907", 0),
    ("f =~ x1 + x2\nx1 x2", "E908", 0),
    ("f =~ x1 ~ x2", "E909", 8),
    (" =~ x1 + x2", "E910", 1),
    ("f =~ x1 +", "E911", 8),
    ("f =~ 3", "E912", 5),
    ("f =~ x1 + x2 + x1", "E914", 15),
    ("f =~ x1 + c(a, b)*x2 + x3", "E915", 10),
    ("f =~ x1 + x2 + x3\nd := aa * 2", "E916", 5),
    ("x | 3*tau", "E917", 6),
    ("f =~ x1 + equal('f=~x9')*x2", "E918", 10),
    ("y ~ x + y", "E919", 8),
]


@pytest.mark.parametrize(("text", "code", "column"), FAULTS, ids=[c for _, c, _ in FAULTS])
def test_a_fault_shows_its_place(text, code, column):
    with pytest.raises(ModelError) as caught:
        table(text)
    problem = caught.value.problems[0]
    assert problem.code == code
    lines = str(problem.params["picture"]).split("\n")
    assert lines[2].index("^") - 4 == column
    for lang in ("zh", "en"):
        assert lines[1] in say(problem, lang)


def test_the_caret_stands_right_behind_wide_letters():
    with pytest.raises(ModelError) as caught:
        parse_model("满意 =~ 甲 $ 乙")
    assert str(caught.value.problems[0].params["picture"]).split("\n")[2] == "    " + " " * 11 + "^"


def test_a_misspelt_variable_names_the_nearest():
    data = pd.DataFrame({"trust1": [1.0], "trust2": [1.0], "age": [1.0]})
    with pytest.raises(ModelError) as caught:
        fit("f =~ trust1 + trust2 + trsut3", data)
    assert caught.value.problems[0].code == "E913"
    assert "trust1" in str(caught.value)
    assert parse_model("f =~ x")
    with pytest.raises(ModelError):
        parse_model("# nothing")
