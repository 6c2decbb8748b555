"""The workbook for field staff: cells at their addresses, bad ones marked, the original untouched."""

import zipfile

import openpyxl
import pytest

from evalkit.contract.problems import OutputError, Place, Problem
from evalkit.sheets import problem_workbook, read_book
from evalkit.sheets.annotate import YELLOW

from .crafted import grid, parts, write

ROWS = (
    '<row r="2"><c r="B2" t="str"><v>年龄</v></c><c r="C2" t="str"><v>=1+1</v></c></row>'
    '<row r="3"><c r="B3"><v>35</v></c><c r="C3" t="e"><v>#N/A</v></c><c r="D3" s="1"><v>46268.5</v></c>'
    '<c r="E3" t="b"><v>1</v></c></row><row r="6"><c r="B6"><v>440106199001011234</v></c></row>'
)


@pytest.fixture
def book(tmp_path):
    return read_book(write(tmp_path / "来.xlsx", parts(ROWS, styles=(0, 22), sheets=(("居民", "visible"),))))


def at(cell, sheet="居民"):
    return Place("来.xlsx", sheet, cell)


def test_bad_cells_are_marked_where_they_stand(book, tmp_path):
    before = book.path.read_bytes()
    found = [
        Problem("N205", at("B3"), {"n": 1, "first": 2}),
        Problem("E203", at("G9")),
        Problem("E203", at("", "别的")),
    ]
    problem_workbook(book, found, tmp_path / "out.xlsx", "zh")
    assert book.path.read_bytes() == before
    marked = openpyxl.load_workbook(tmp_path / "out.xlsx")
    sheet = marked["居民"]
    assert sheet["B2"].value == "年龄" and sheet["B3"].value == 35 and sheet["E3"].value is True
    assert sheet["D3"].value.isoformat() == "2026-09-03T12:00:00"
    assert sheet["C2"].value == "=1+1" and sheet["C2"].data_type == "s"
    yellow = {c.coordinate for row in sheet for c in row if c.fill.fgColor.rgb == YELLOW}
    assert yellow == {"B3", "C3", "B6", "G9"} == {c.coordinate for row in sheet for c in row if c.comment}
    assert sheet["C3"].comment.text == "单元格是错误值 #N/A。改正公式，或填入值。（E202）"
    again = read_book(tmp_path / "out.xlsx", sheet="居民").sheets[0]
    assert again.cell(1, 1).a1 == "B3" and again.imprecise == {(6, 2)}


def test_the_list_groups_alike_problems_errors_first(book, tmp_path):
    found = [
        Problem("N206", at(""), {"n": 1, "columns": ["B"]}),
        *(Problem("E203", at(f"B{r}")) for r in range(10, 80)),
    ]
    problem_workbook(book, found, tmp_path / "out.xlsx", "en")
    rows = grid(read_book(tmp_path / "out.xlsx", sheet="Problems").sheets[0])
    assert rows[0] == ["Severity", "Finding and remedy", "Count", "Place"]
    assert [row[0] for row in rows[1:]] == ["error", "error", "error", "note"]
    formula = next(row for row in rows if "formula" in row[1] and row[2] == "70")
    assert formula[3].startswith("居民 › B10, B11, ") and formula[3].endswith("…")
    assert rows[-1][3] == "居民"


def test_two_problems_of_one_cell_share_a_comment(book, tmp_path):
    problem_workbook(book, [Problem("E203", at("C3"))], tmp_path / "out.xlsx", "en")
    text = openpyxl.load_workbook(tmp_path / "out.xlsx")["居民"]["C3"].comment.text
    assert "(E202)" in text and "(E203)" in text


def test_the_same_bytes_every_time(book, tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        problem_workbook(book, [], tmp_path / name, "zh")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_the_original_is_never_the_target(book):
    with pytest.raises(OutputError) as caught:
        problem_workbook(book, [], book.path, "zh")
    assert caught.value.problems[0].code == "E132"


def test_odd_sheet_names_become_titles(tmp_path):
    (tmp_path / ("a[1]-" + "很" * 40 + ".csv")).write_text("x,y\n1,2\n", encoding="utf-8")
    book = read_book(tmp_path / ("a[1]-" + "很" * 40 + ".csv"))
    problem_workbook(book, [], tmp_path / "out.xlsx", "zh")
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").sheetnames == ["问题清单", "a_1_-" + "很" * 26]


def test_a_far_cell_keeps_its_address(tmp_path):
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="30000"><c r="CZ30000"><v>9</v></c></row>'
    book = read_book(write(tmp_path / "a.xlsx", parts(rows)))
    problem_workbook(book, [], tmp_path / "out.xlsx", "zh")
    sheet = read_book(tmp_path / "out.xlsx", sheet="Sheet1").sheets[0]
    assert sheet.cell(1, 1).a1 == "CZ30000"


def test_of_a_huge_book_only_the_rows_in_trouble_are_shown(tmp_path, monkeypatch):
    monkeypatch.setattr("evalkit.sheets.annotate.WHOLE_CELLS", 50)
    rows = "".join(f'<row r="{r}"><c r="A{r}"><v>{r}</v></c></row>' for r in range(1, 101))
    book = read_book(write(tmp_path / "a.xlsx", parts(rows)))
    problem_workbook(book, [Problem("E203", Place("a.xlsx", "Sheet1", "A77"))], tmp_path / "out.xlsx", "en")
    out = read_book(tmp_path / "out.xlsx")
    assert [text for (text,) in grid(out.sheets[1]) if text] == [*map(str, range(1, 11)), "77"]
    assert any("(N209)" in row[1] for row in grid(out.sheets[0]))


def test_private_columns_stay_out_below_their_header(book, tmp_path):
    problem_workbook(book, [Problem("E203", at("B3"))], tmp_path / "out.xlsx", "en", private={"居民": {2: 3}})
    marked = openpyxl.load_workbook(tmp_path / "out.xlsx")
    sheet = marked["居民"]
    assert (sheet["B2"].value, sheet["B3"].value, sheet["B6"].value) == ("年龄", None, None)
    assert sheet["B3"].comment is not None and sheet["E3"].value is True
    listed = grid(read_book(tmp_path / "out.xlsx", sheet="Problems").sheets[0])
    assert any("personal data" in row[1] and "B" in row[1] for row in listed[1:])
    assert b"440106199001011234" not in b"".join(
        zipfile.ZipFile(tmp_path / "out.xlsx").read(n) for n in zipfile.ZipFile(tmp_path / "out.xlsx").namelist()
    )
