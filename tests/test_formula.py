"""Conditions, model formulas and arithmetic: what they read, what they refuse, and what they give."""

from __future__ import annotations

import math
import operator

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.contract.problems import Place
from evalkit.contract.words import say
from evalkit.formula import ExpressionError, StepRef, compute, parse_expression, parse_formula, unparse
from evalkit.formula.tree import Answered, Chosen, Column, Compare, Literal, Many, Member, Not

NAN = float("nan")
NUMBERS = {"a": [1.0, 2.0, NAN, 4.0], "b": [2.0, 2.0, 3.0, NAN], "c": [NAN] * 4}
TEXTS = {"t": ["x", "y", "", "x"], "u": ["y", "y", "x", ""]}


def rows(text: str, **columns: object) -> list[bool]:
    data = {name: np.array(values) for name, values in NUMBERS.items()}
    data |= {name: np.array(values, dtype=object) for name, values in TEXTS.items()} | columns
    return parse_expression(text).evaluate(data.__getitem__, 4).tolist()


def fault(text: str, read=parse_expression, **options: object) -> tuple[str, int | None]:
    with pytest.raises(ExpressionError) as raised:
        read(text, **options)
    (problem,) = raised.value.problems
    assert say(problem, "zh") and say(problem, "en")
    return problem.code, problem.params.get("position")


# Conditions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a == 2", [False, True, False, False]),
        ("a != 2", [True, False, False, True]),
        ("not a == 2", [True, False, True, True]),
        ("a < b", [True, False, False, False]),
        ("2 <= a", [False, True, False, True]),
        ("a in (1, 4, -3)", [True, False, False, True]),
        ("answered(a)", [True, True, False, True]),
        ("answered(t)", [True, True, False, True]),
        ("t == 'x'", [True, False, False, True]),
        ("t != u", [True, False, False, False]),
        ("t < 'y'", [True, False, False, True]),
        ("c == 1 or c != 1", [False, False, False, False]),
        ("a == 1 or a == 2 and b == 3", [True, False, False, False]),
        ("(a == 1 or a == 2) and b == 2", [True, True, False, False]),
        ("not a == 1 and b == 2", [False, True, False, False]),
        ("1 == 1", [True, True, True, True]),
    ],
)
def test_a_condition_gives_one_truth_a_row(text, expected):
    assert rows(text) == expected


def test_chosen_reads_the_column_of_the_option_unless_told_otherwise():
    ticked = np.array([1.0, 0.0, NAN, 1.0])
    assert rows("chosen(q, other)", q__other=ticked) == [True, False, False, True]
    assert rows("chosen(q, 3)", q__3=ticked) == [True, False, False, True]
    expression = parse_expression("chosen(q, 'other') and answered(q)")
    found = expression.evaluate(
        lambda name: pytest.fail(name), 2, answered=lambda q: [True, False], chosen=lambda q, code: code == "other"
    )
    assert found.tolist() == [True, False]


def test_text_codes_and_number_codes_never_meet():
    with pytest.raises(ExpressionError) as raised:
        rows("t == 1")
    assert raised.value.problems[0].code == "E467"
    with pytest.raises(ExpressionError):
        rows("a in ('1', '2')")
    mixed = np.array([1.0, "1", None, 2.0], dtype=object)
    assert rows("m == 1", m=mixed) == [True, False, False, False]
    assert rows("m != 1", m=mixed) == [False, True, False, True]
    assert rows("m > 1", m=mixed) == [False, False, False, True]


def test_a_column_without_any_value_agrees_with_nothing_and_is_no_error():
    assert rows("m == 1 or m == 'x'", m=np.array([None, "", NAN, None], dtype=object)) == [False] * 4


def test_pandas_columns_and_their_missing_values_are_understood():
    texts = pd.Series(["x", None, "y", "x"])
    integers = pd.array([1, None, 2, 1], dtype="Int64")
    flags = np.array([True, False, True, False])
    categories = pd.Series(pd.Categorical(["x", None, "y", "x"]))
    assert rows("m == 'x' and k == 1", m=texts, k=integers) == [True, False, False, True]
    assert rows("m == 1", m=flags) == [True, False, True, False]
    assert rows("m != 'x'", m=categories) == [False, False, True, False]


def test_dates_compare_with_dates_and_with_their_text():
    days = pd.Series(pd.to_datetime(["2026-01-01", None, "2026-03-01", "2026-02-01"]))
    assert rows("d > '2026-01-31 20:00'", d=days) == [False, False, True, True]
    with pytest.raises(ExpressionError) as raised:
        rows("d > '今天'", d=days)
    assert raised.value.problems[0].code == "E468"
    with pytest.raises(ExpressionError) as raised:
        rows("d > 3", d=days)
    assert raised.value.problems[0].code == "E469"


def test_a_condition_knows_what_it_names():
    expression = parse_expression(
        's["a/b"].estimate > a and chosen(q, other) or 2 < 党组织 and answered(b)', steps=True
    )
    assert expression.names == ("a", "党组织", "b")
    assert expression.steps == (StepRef("s", "a/b", "estimate"),)
    assert expression.choices == (("q", "other"),)
    assert list(parse_expression("a == 1 and 'x' != t and b in (2, 3)").compared()) == [
        ("a", "==", 1.0),
        ("t", "!=", "x"),
        ("b", "in", 2.0),
        ("b", "in", 3.0),
    ]
    assert str(parse_expression("  a==1 ")) == "a==1"
    assert parse_expression("a==1", at=Place("p.toml", line=3)) == parse_expression("a==1 ")
    assert len({parse_expression("a==1"), parse_expression("a==1"), parse_expression("a==2")}) == 2


def test_one_set_of_values():
    expression = parse_expression('med["indirect.m"].conf_low > 0 and med["x"].p_value < 0.05', steps=True)
    values = {StepRef("med", "indirect.m", "conf_low"): 0.1, StepRef("med", "x", "p_value"): 0.01}
    assert expression.evaluate_one(values.__getitem__) is True
    assert expression.evaluate_one((values | {StepRef("med", "x", "p_value"): NAN}).__getitem__) is False


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("", "E450", 1),
        ("a == 1" + " and a == 1" * 500, "E451", 4000),
        ("(" * 60 + "a == 1" + ")" * 60, "E452", 52),
        ("not " * 60 + "a == 1", "E452", 205),
        ("a ＝ 1", "E453", 3),
        ("a == “x”", "E453", 6),
        ("a == １", "E453", 6),
        ("ａ == 1", "E453", 1),
        ("（a == 1)", "E453", 1),
        ("a == 1 and", "E454", 11),
        ("(a == 1", "E454", 8),
        ("a = 1", "E455", 3),
        ("a == 1 && b == 2", "E456", 8),
        ("a == 1 或 b == 2", "E456", 8),
        ("a == 1 AND b == 2", "E456", 8),
        ("!a", "E456", 1),
        ("a == 1 b", "E457", 8),
        ("a == 1)", "E457", 7),
        ("a in (b)", "E457", 7),
        ("a == -'x'", "E457", 7),
        ("1a == 1", "E458", 1),
        ("a == 1e999", "E458", 6),
        ("a == 'x", "E459", 6),
        ("a == 1; b == 2", "E460", 7),
        ("a", "E461", 1),
        ("a == 1 and b", "E461", 12),
        ("answered(a) == 1", "E462", 1),
        ("(a == 1) == 1", "E462", 1),
        ("1 < a < 3", "E463", 7),
        ("len(a) == 1", "E464", 1),
        ('s["x"].estimate > 0', "E465", 2),
        ("a not in (1, 2)", "E466", 3),
        ("__import__('os')", "E464", 1),
    ],
)
def test_a_fault_is_named_with_its_position(text, code, position):
    assert fault(text) == (code, position)


def test_a_step_reference_needs_its_parts():
    assert fault("s[x].y > 0", steps=True) == ("E457", 3)
    assert fault('s["x"] > 0', steps=True) == ("E457", 8)


def test_the_message_says_where_and_what_to_write():
    with pytest.raises(ExpressionError) as raised:
        parse_expression("j_screen ＝ 1", at=Place("j.toml", line=12))
    assert (
        say(raised.value.problems[0], "zh")
        == "j.toml › 第 12 行：“j_screen ＝ 1”第 10 个字符“＝”是全角符号。改成半角的 = 。（E453）"
    )
    assert raised.value.exit_code == 4


values = st.floats(-9, 9).map(lambda x: round(x, 2)) | st.sampled_from(["x", "y", "it's", 'a "b"', "中文"])
columns = st.sampled_from(["a", "b", "c", "t", "u"]).map(Column)
steps = st.builds(StepRef, st.just("s"), st.sampled_from(["x", "a/b", "间接"]), st.just("estimate"))
parts = columns | values.map(Literal) | steps
leaves = (
    st.builds(Compare, parts, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), parts)
    | st.builds(Member, parts, st.lists(values, min_size=1, max_size=3).map(tuple))
    | st.builds(Answered, st.sampled_from(["a", "t"]))
    | st.builds(Chosen, st.just("q"), st.sampled_from([1.0, "other"]))
)
conditions = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(Many, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


@given(conditions)
def test_what_is_written_out_reads_back_equal(tree):
    assert parse_expression(unparse(tree), steps=True).tree == tree


def scalar(tree, row):
    """The meaning of a condition for one row, written a second time without arrays."""
    signs = {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }

    def value(part):
        return part.value if isinstance(part, Literal) else row[part.name]

    def missing(x):
        return x == "" or (isinstance(x, float) and math.isnan(x))

    match tree:
        case Compare(left, sign, right):
            one, other = value(left), value(right)
            return not missing(one) and not missing(other) and signs[sign](one, other)
        case Member(left, literals):
            return not missing(value(left)) and value(left) in literals
        case Answered(name):
            return not missing(row[name])
        case Chosen():
            return False
        case Not(inner):
            return not scalar(inner, row)
        case Many("and", inner):
            return all(scalar(part, row) for part in inner)
        case Many(_, inner):
            return any(scalar(part, row) for part in inner)


numeric = st.sampled_from(["a", "b", "c"]).map(Column) | st.integers(0, 4).map(float).map(Literal)
textual = st.sampled_from(["t", "u"]).map(Column) | st.sampled_from(["x", "y"]).map(Literal)
signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
typed = st.recursive(
    st.builds(Compare, numeric, signs, numeric)
    | st.builds(Compare, textual, signs, textual)
    | st.builds(Member, numeric, st.lists(st.integers(0, 4).map(float), min_size=1, max_size=3).map(tuple))
    | st.builds(Answered, st.sampled_from(["a", "t", "c"])),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(Many, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


@given(typed)
def test_columns_give_what_single_rows_give(tree):
    expected = [scalar(tree, {name: v[i] for name, v in (NUMBERS | TEXTS).items()}) for i in range(4)]
    assert rows(unparse(tree)) == expected
    one = parse_expression(unparse(tree)).evaluate_one(lambda name: (NUMBERS | TEXTS)[name][1])
    assert one == expected[1]


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    for read in (parse_expression, parse_formula, compute):
        try:
            read(text)
        except ExpressionError as error:
            assert str(error)


# Model formulas -------------------------------------------------------------------------------------------------------


def test_blocks_products_and_expansion():
    found = parse_formula("satisfaction ~ age + gender | + leadership | + values*leadership")
    assert found.outcome == "satisfaction"
    assert found.blocks == ((("age",), ("gender",)), (("leadership",),), (("values",), ("values", "leadership")))
    assert found.names == ("satisfaction", "age", "gender", "leadership", "values")
    assert parse_formula("y ~ a*b*c").terms == (
        ("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c"), ("a", "b", "c"),
    )  # fmt: skip
    assert parse_formula("y ~ a*b:c").terms == (("a",), ("b", "c"), ("a", "b", "c"))
    assert parse_formula("y ~ 1").blocks == ((),)
    assert parse_formula("y ~ 1 | x").blocks == ((), (("x",),))
    assert parse_formula("满意度 ~ 年龄").names == ("满意度", "年龄")


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("y", "E470", 2),
        ("y = a", "E470", 3),
        ("y ~ a + a", "E471", 9),
        ("y ~ a:b | b:a", "E471", 11),
        ("y ~ a + y", "E472", 9),
        ("y ~ a:a", "E473", 7),
        ("y ~ log(a)", "E474", 5),
        ("y ~ a*b*c*d*e", "E475", 11),
        ("y ~ a - b", "E457", 7),
        ("y ~ a +", "E454", 8),
        ("y ~ ", "E454", 5),
        ("y ～ a", "E453", 3),
        ("y ~ a b", "E457", 7),
    ],
)
def test_a_formula_fault_is_named_with_its_position(text, code, position):
    assert fault(text, parse_formula) == (code, position)


terms = st.lists(
    st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True).map(sorted).map(tuple),
    min_size=1, max_size=6, unique=True,
)  # fmt: skip


@given(terms, st.integers(1, 6))
def test_a_formula_written_out_reads_back_equal(found, cut):
    text = "y ~ " + " | ".join(" + ".join(":".join(t) for t in part) for part in (found[:cut], found[cut:]) if part)
    formula = parse_formula(text)
    assert formula.terms == tuple(found)
    assert parse_formula(str(formula)) == formula


# Arithmetic -----------------------------------------------------------------------------------------------------------


def computed(text: str) -> list[float]:
    return compute(text).evaluate(lambda name: np.array(NUMBERS[name])).tolist()


def test_arithmetic_follows_the_usual_order():
    np.testing.assert_array_equal(computed("a + b * 2"), [5, 6, NAN, NAN])
    np.testing.assert_array_equal(computed("(a + b) * 2"), [6, 8, NAN, NAN])
    np.testing.assert_array_equal(computed("a - b - 1"), [-2, -1, NAN, NAN])
    np.testing.assert_array_equal(computed("8 / b / 2"), [2, 2, 8 / 3 / 2, NAN])
    np.testing.assert_array_equal(computed("abs(-a) - -1"), [2, 3, NAN, 5])
    assert compute("abs(a - b) / a").names == ("a", "b")


def test_division_by_zero_and_z_of_a_constant_are_missing():
    np.testing.assert_array_equal(computed("a / (a - 2)"), [-1, NAN, NAN, 2])
    assert np.isnan(compute("z(k)").evaluate(lambda _: np.full(3, 7.0))).all()


def test_z_uses_the_sample_standard_deviation_of_the_values_present():
    found = np.array(computed("z(a)"))
    present = np.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(found[[0, 1, 3]], (present - 7 / 3) / np.sqrt(7 / 3), rtol=1e-15)
    assert np.isnan(found[2])


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [("exp(a)", "E476", 1), ("1 + 2", "E478", 1), ("a ^ 2", "E457", 3), ("a +", "E454", 4), ("a × b", "E453", 3)],
)
def test_an_arithmetic_fault_is_named_with_its_position(text, code, position):
    assert fault(text, compute) == (code, position)


def test_texts_cannot_be_computed_with():
    with pytest.raises(ExpressionError) as raised:
        compute("t + 1").evaluate(lambda _: np.array(["x", "y"], dtype=object))
    assert raised.value.problems[0].code == "E477"
