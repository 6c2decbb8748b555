"""The one formatting function: half up, no −0.00, style by style, and the same text in a spreadsheet."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spreadsheet_display import shown

from evalkit.contract import GLOSSARY, Cell, Label
from evalkit.report.formatting import cell_text, number_text, p_phrase, round_half_up, star_legend
from evalkit.report.number_formats import number_format
from evalkit.report.styles import load_style

CN = load_style("cn")
APA = load_style("apa7")
NUMERIC = sorted(name for name, quantity in GLOSSARY.items() if quantity != "text")
finite = st.floats(allow_nan=False, allow_infinity=False)
sized = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


@given(value=finite, places=st.integers(0, 9))
def test_rounding_is_half_up_on_the_shortest_decimal(value, places):
    wide = Context(prec=700, rounding=ROUND_HALF_UP)
    assert round_half_up(value, places) == Decimal(repr(value)).quantize(Decimal(10) ** -places, context=wide)


@pytest.mark.parametrize(
    ("value", "text"), [(0.125, "0.13"), (2.675, "2.68"), (1.005, "1.01"), (0.3125, "0.31"), (-0.125, "−0.13")]
)
def test_ties_round_as_a_spreadsheet_shows_them(value, text):
    assert cell_text(Cell(value, "mean"), CN, "zh") == text


@given(value=sized, kind=st.sampled_from(NUMERIC))
def test_no_negative_zero_and_no_hyphen(value, kind):
    for style in (CN, APA):
        text = number_text(value, kind, style)
        assert "-" not in text
        assert not (text.startswith("−") and set(text[1:]) <= set("0.,"))


@given(
    value=sized,
    kind=st.sampled_from(NUMERIC),
    p=st.none() | st.floats(0, 1),
    wrap=st.sampled_from(["", "(", "["]),
    width=st.integers(0, 4),
)
def test_a_spreadsheet_shows_what_the_text_says(value, kind, p, wrap, width):
    if GLOSSARY[kind] == "p":
        value = abs(value) % 1
    for style in (CN, APA):
        cell = Cell(value, kind, p=p, wrap=wrap)
        assert shown(value, number_format(cell, style, width)) == cell_text(cell, style, "zh")


@pytest.mark.parametrize(
    ("cell", "cn", "apa"),
    [
        (Cell(0.352, "estimate", p=0.0004), "0.352***", "0.35***"),
        (Cell(0.0341, "std_error", wrap="("), "(0.034)", "(0.03)"),
        (Cell(0.8214, "correlation"), "0.821", ".82"),
        (Cell(-0.8214, "correlation", p=0.03), "−0.821*", "−.82*"),
        (Cell(1.0, "correlation"), "1.000", "1.00"),
        (Cell(0.0004, "p_value"), "<0.001", "<.001"),
        (Cell(0.001, "p_value"), "0.001", ".001"),
        (Cell(0.05, "estimate", p=0.05), "0.050", "0.05"),
        (Cell(1146, "n_obs"), "1146", "1,146"),
        (Cell(12.0, "df"), "12", "12"),
        (Cell(12.345, "df"), "12.35", "12.35"),
        (Cell((0.0205, 0.1429), "interval"), "[0.021, 0.143]", "[0.02, 0.14]"),
        (Cell((3.519, 0.882), "mean_sd"), "3.52 ± 0.88", "3.52 ± 0.88"),
        (Cell((1, 5), "range"), "1–5", "1–5"),
        (Cell((1.5, 5.0), "range"), "1.50–5.00", "1.50–5.00"),
        (Cell(None, "estimate"), "—", "—"),
        (Cell(math.nan, "estimate", reason="x"), "n.e.", "n.e."),
        (Cell((math.nan, math.nan), "interval"), "n.e.", "n.e."),
        (Cell(math.inf, "vif"), "∞", "∞"),
        (Cell(True, "text"), "是", "是"),
        (Cell(Label(zh="满意度", en="Satisfaction"), "label"), "满意度", "满意度"),
    ],
)
def test_cells_by_style(cell, cn, apa):
    assert cell_text(cell, CN, "zh") == cn
    assert cell_text(cell, APA, "zh") == apa


def test_a_kind_outside_the_glossary_is_our_fault():
    with pytest.raises(KeyError):
        cell_text(Cell(1.0, "no_such_kind"), CN, "zh")


def test_star_sets_differ_by_style(tmp_path):
    own = tmp_path / "economics.toml"
    own.write_text('format = "evalkit-style/1"\nid = "econ"\n[stars]\nset = "10-5-1"\n', encoding="utf-8")
    cell = Cell(0.2, "estimate", p=0.03)
    assert cell_text(cell, CN, "zh") == "0.200*"
    assert cell_text(cell, load_style(own), "zh") == "0.200**"
    assert star_legend(load_style(own), "zh") == "*p<0.1，**p<0.05，***p<0.01"
    assert star_legend(APA, "en") == "*p < .05. **p < .01. ***p < .001"


def test_p_in_running_text():
    assert p_phrase(0.00001, CN, "zh") == "p<0.001"
    assert p_phrase(0.0134, CN, "en") == "p = 0.013"
    assert p_phrase(0.0134, APA, "en") == "p = .013"


def test_values_without_a_number_format_are_text():
    for value in (None, math.nan, math.inf, (1.0, 2.0), "a", True):
        assert number_format(Cell(value, "estimate"), CN) is None
