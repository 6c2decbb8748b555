"""Parquet files: values with their kinds, damage told in words, and a clear message without the extra."""

from __future__ import annotations

import datetime as dt
import importlib.util
from decimal import Decimal

import pytest

from evalkit.contract import InputError
from evalkit.sheets import BOOL, DATE, NUMBER, TEXT, read_book

HAS_PYARROW = importlib.util.find_spec("pyarrow") is not None
needs = pytest.mark.skipif(not HAS_PYARROW, reason="pyarrow is an extra")


@pytest.fixture
def written(tmp_path):
    import pyarrow
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    columns = {
        "题一": [1.5, None, 3.0],
        "n": [1, 2, None],
        "t": ["甲", "", "=1"],
        "yes": [True, False, None],
        "day": [dt.date(2026, 3, 1), None, None],
        "at": [dt.datetime(2026, 3, 1, 12, 30), None, None],
        "clock": [dt.time(8, 5), None, None],
        "money": [Decimal("2.50"), None, None],
        "list": [[1, 2], None, None],
        "__index_level_0__": [7, 8, 9],
    }
    parquet.write_table(pyarrow.table(columns), path)
    return path


@needs
def test_values_and_kinds(written):
    book = read_book(written)
    sheet = book.sheets[0]
    assert (book.format, book.problems, sheet.n_rows) == ("parquet", (), 4)
    table = [[sheet.text(r, c) for r in range(4)] for c in range(sheet.n_columns)]
    assert table == [
        ["题一", "1.5", "", "3"],
        ["n", "1", "2", ""],
        ["t", "甲", "", "=1"],
        ["yes", "TRUE", "FALSE", ""],
        ["day", "2026-03-01", "", ""],
        ["at", "2026-03-01 12:30:00", "", ""],
        ["clock", "8:05:00", "", ""],
        ["money", "2.5", "", ""],
        ["list", "[1, 2]", "", ""],
    ]
    assert [int(c.kinds[1]) for c in sheet.columns] == [NUMBER, NUMBER, TEXT, BOOL, DATE, DATE, DATE, NUMBER, TEXT]


@needs
@pytest.mark.parametrize("keep", [4, 60, 0.5, 0.95])
def test_a_cut_file_is_told_in_words(written, keep):
    whole = written.read_bytes()
    written.write_bytes(whole[: keep if keep >= 1 else int(keep * len(whole))])
    with pytest.raises(InputError) as caught:
        read_book(written)
    assert caught.value.problems[0].code == "E108"


@needs
def test_a_damaged_middle_does_no_harm(written):
    content = bytearray(written.read_bytes())
    for at in range(40, len(content) - 8, 97):
        content[at] ^= 0xFF
    written.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_book(written)
    assert caught.value.problems[0].code in ("E108", "E113")


def test_without_pyarrow_the_message_says_what_to_do(monkeypatch, tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and more PAR1")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError) as caught:
        read_book(path)
    assert caught.value.problems[0].code == "E124"
