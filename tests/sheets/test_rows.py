"""Rows written behind those of openpyxl read back as they were, and text never runs."""

from __future__ import annotations

import openpyxl
import pytest

from evalkit.sheets import read_book, save_workbook

ROWS = [["a", 1.5, None, True], ["=1+1", -2, "甲 <&> 乙", None], ["_x000D_", 1e-300, " blank ", 0.1]]


@pytest.fixture
def written(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "first"
    sheet = book.create_sheet("data")
    sheet.append(["name", "number", "text", "flag"])
    save_workbook(book, tmp_path / "a.xlsx", rows={"data": ROWS})
    return tmp_path / "a.xlsx"


def test_openpyxl_reads_them_back(written):
    sheet = openpyxl.load_workbook(written)["data"]
    found = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    # openpyxl leaves the escape of a literal _x000D_ as it stands in the file.
    assert found == [ROWS[0], ROWS[1], ["_x005F_x000D_", *ROWS[2][1:]]]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_our_reader_reads_them_back(written):
    sheet = next(s for s in read_book(written).sheets if s.name == "data")
    assert sheet.n_rows == 4
    assert [sheet.text(i, 0) for i in range(4)] == ["name", "a", "=1+1", "_x000D_"]
    assert sheet.text(2, 2) == "甲 <&> 乙"


def test_numbers_keep_every_digit(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["x"])
    values = [0.1 + 0.2, 1 / 3, 123456789.123456789, 5]
    save_workbook(book, tmp_path / "b.xlsx", rows={"Sheet": [[v] for v in values]})
    sheet = openpyxl.load_workbook(tmp_path / "b.xlsx").active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == values


def test_the_same_rows_give_the_same_bytes(written, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "first"
    book.create_sheet("data").append(["name", "number", "text", "flag"])
    save_workbook(book, tmp_path / "again.xlsx", rows={"data": ROWS})
    assert (tmp_path / "again.xlsx").read_bytes() == written.read_bytes()
