"""Texts of numbers, dates and durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.sheets.cells import DATE, NUMBER, address, column_letter, column_number, split_address
from evalkit.sheets.values import (
    EPOCH_1900,
    date_reader,
    elapsed_text,
    is_imprecise,
    number,
    number_text,
    serial_date,
    stored_text,
    unescape,
)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_reads_back_the_same(value):
    assert float(number_text(value)) == value
    assert number(repr(value)) == (number_text(value), NUMBER)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (0.35, "0.35"),
        (-0.0, "0"),
        (1e-7, "0.0000001"),
        (1e15, "1000000000000000"),
        (1e21, "1e+21"),
        (2.5e20, "250000000000000000000"),
    ],
)
def test_numbers_have_their_shortest_form(value, text):
    assert number_text(value) == text


def test_sixteen_digits_are_too_many():
    assert not is_imprecise(number_text(999_999_999_999_999.0))
    assert is_imprecise(number_text(1e15)) and is_imprecise(number_text(-1e15)) and is_imprecise(number_text(1e25))
    assert not is_imprecise("0.1000000000000000055")


@given(st.integers(1, 16384))
def test_letters_and_numbers_of_columns(number):
    assert column_number(column_letter(number)) == number
    assert split_address(address(1048576, number)) == (1048576, number)


@pytest.mark.parametrize("text", ["", "A", "1", "A0", "XFE1", "A1048577", "a1", "A1B", "A１", "ZZZZZZZZZZ1", "A" * 50])
def test_what_is_no_address(text):
    assert split_address(text) == (0, 0)


@given(st.datetimes(min_value=EPOCH_1900.replace(1900, 3, 1), max_value=EPOCH_1900.replace(9999)))
def test_serials_come_back_to_the_millisecond(moment):
    days = (moment - EPOCH_1900).total_seconds() / 86400
    back = serial_date(days, EPOCH_1900)
    assert abs((back - moment).total_seconds()) <= 0.001


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (150, "0:02:30"), (93_784.5, "26:03:04.500"), (-61, "-0:01:01")]
)
def test_durations_count_hours_on(seconds, text):
    assert elapsed_text(seconds) == text


def test_a_date_format_over_text_leaves_the_text():
    assert date_reader("date", EPOCH_1900)("三月")[0] == "三月"
    assert date_reader("date", EPOCH_1900)("46268") == ("2026-09-03", DATE)


def test_escapes():
    assert unescape("_x000D_\n_x0041_x_x00_ _x005F_x0041_") == "\nAx_x00_ _x0041_"


def test_halves_of_a_character_are_joined_and_a_lone_one_stays_as_written():
    """A text with half a character can be written to no file."""
    assert stored_text("_xD83C__xDF33_树")[0] == "🌳树"
    assert stored_text("_xD800_树_xDFFF_")[0] == "_xD800_树_xDFFF_"
    assert stored_text("一_x000A_二_x0009_")[0] == "一\n二\t"
