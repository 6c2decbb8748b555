"""Real and reference files: what is read is what stands in them."""

from pathlib import Path

import pytest
import python_calamine

from evalkit.sheets import NUMBER, TEXT, read_book

DATA = Path(__file__).parent.parent / "data"


@pytest.mark.parametrize(("name", "n_columns"), [("800_800_0.xls", 14), ("800_800_2.xls", 36)])
def test_a_wenjuanxing_export_is_read_whole(name, n_columns):
    book = read_book(DATA / "wjx" / name)
    (sheet,) = book.sheets
    assert (book.format, sheet.name, sheet.n_rows, sheet.n_columns) == ("xls", "Sheet1", 801, n_columns)
    assert sheet.text(0, 6).startswith("1、手机部数" if n_columns == 14 else "1、")
    assert sheet.columns[0].numbers()[1:].tolist() == list(range(1, 801))
    assert sheet.cell(1, 0).a1 == "A2"


def test_the_text_export_keeps_its_list_mark():
    sheet = read_book(DATA / "wjx" / "800_800_0.xls").sheets[0]
    assert sheet.text(1, 11) == "运动┋影视┋购物"
    assert sheet.text(0, 8) == "3、性别 "  # raw: the blank is the file's


def test_an_xlsx_gives_the_values_calamine_gives():
    book = read_book(DATA / "residents_zh.xlsx")
    oracle = python_calamine.CalamineWorkbook.from_path(str(DATA / "residents_zh.xlsx"))
    assert [sheet.name for sheet in book.sheets] == oracle.sheet_names
    for sheet in book.sheets:
        rows = list(oracle.get_sheet_by_name(sheet.name).iter_rows())
        assert (sheet.n_rows, sheet.n_columns) == (len(rows), len(rows[0]))
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                cell = sheet.cell(r, c)
                assert (cell.value if cell.value is not None else "") == value
                assert cell.kind == (NUMBER if isinstance(value, float) else TEXT) or value == ""


def test_the_gb18030_csv_says_what_the_workbook_says():
    book = read_book(DATA / "residents_zh_gb18030.csv")
    assert [p.code for p in book.problems] == ["N121"]
    (sheet,) = book.sheets
    workbook = read_book(DATA / "residents_zh.xlsx").sheets[0]
    for r in range(sheet.n_rows):
        assert [sheet.text(r, c) for c in range(5)] == [workbook.text(r, c) for c in range(5)]
