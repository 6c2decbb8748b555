"""Printed numbers: what the digits and the words around them can stand for."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.integrate.printed.numbers import ROUNDINGS, Span, digits, printed, repairs

SPANS = {
    "4616": "4616",
    "4,616": "4616",
    "5400余": "5400–5499",
    "8000 多人": "8000–8999",
    "六十多": "60–69",
    "一百二十": "120",
    "百年": "100",
    "5万余": "50000–59999",
    "约5万": "45000–55000",
    "6.8 万": "67500–68499",
    "4.36万": "43550–43649",
    "95以上": "≥95",
    "超过95": "≥96",
    ">50": "≥51",
    "近200": "101–199",
    "不足20": "≤19",
    "至多20": "≤20",
    "1000左右": "500–1500",
    "93.80％": "93.795–93.805",
    ".5": "0.45–0.55",
    "２３８０": "2380",
}


@pytest.mark.parametrize(("text", "span"), SPANS.items())
def test_marks_become_intervals(text, span):
    assert printed(text).span.text() == span


@pytest.mark.parametrize("text", ["", "三级三商", "1+1>2", "7–13", "2021-09", "about", "约", "1" * 40, "3楼余层"])
def test_what_is_no_number_is_none(text):
    assert printed(text) is None


def test_zeros_at_the_end_count():
    assert printed("93.80").decimals == 2
    assert printed("93.8", 2).step == Fraction(1, 100)
    assert printed("5", 2).decimals == 2
    assert printed("2/3").number == Fraction(2, 3)


def test_an_exact_tie_goes_up_by_half_up_and_to_the_even_digit():
    tie = Span(Fraction(9375, 100), Fraction(9375, 100))
    assert tie.meets(printed("93.8").rounded("half_up"))
    assert tie.meets(printed("93.8").rounded("half_even"))
    assert tie.meets(printed("93.7").rounded("truncation"))
    assert not tie.meets(printed("93.7").rounded("half_up"))
    low = Span(Fraction(25, 10), Fraction(25, 10))
    assert low.meets(printed("2").rounded("half_even"))
    assert not low.meets(printed("2").rounded("half_up"))
    assert not low.meets(printed("3").rounded("half_even"))


@given(st.integers(-9999, 9999), st.integers(1, 99), st.integers(0, 3), st.sampled_from(ROUNDINGS))
@settings(max_examples=200, deadline=None)
def test_every_exact_value_is_printed_as_one_number(top, bottom, places, how):
    """The intervals of a way of rounding tile the line: neighbours never share a value."""
    exact = Fraction(top, bottom)
    point = Span(exact, exact)
    near = [Fraction(exact * 10**places // 1 + k, 10**places) for k in (-1, 0, 1, 2)]
    fitting = [x for x in near if point.meets(printed(f"{float(x):.{places}f}").rounded(how))]
    assert len(fitting) == 1


def test_repairs_change_one_digit():
    assert repairs(printed("4616"), lambda p: p.number == 4614) == ["4614"]
    assert repairs(printed("10"), lambda p: p.number < 10) == []
    assert repairs(printed("0.5"), lambda p: p.number > 9) == ["9.5"]


def test_spans_without_a_limit():
    open_end = printed("95以上").span
    assert (open_end + printed("5").span).text() == "≥100"
    assert open_end.scaled(Fraction(2)).low == 190
    assert Span(Fraction(1), Fraction(1)).over(open_end).text() == "≤0.011"
    assert printed("50").span.all_below(open_end)
    assert digits(Fraction(-1, 8), 2) == "-0.13"
