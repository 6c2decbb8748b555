"""xls, xlsb and ods: read by a child that may die without harm."""

import datetime
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlwt

from evalkit.contract.problems import InputError
from evalkit.sheets import BOOL, DATE, EMPTY, NUMBER, TEXT, child, legacy, read_book

from .crafted import grid


@pytest.fixture
def old(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("数据")
    sheet.write_merge(4, 4, 2, 3, "满意度")
    sheet.write(5, 2, 3)
    sheet.write(5, 3, True)
    sheet.write(6, 2, datetime.datetime(2026, 9, 3, 12), xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm"))
    sheet.write(6, 3, 1.5, xlwt.easyxf(num_format_str="[h]:mm:ss"))
    sheet.write(7, 2, 440106199001011234)
    sheet.row(8).set_cell_error(2, 0x2A)
    sheet.write(9, 2, "end")
    book.add_sheet("旧").visibility = 1
    book.add_sheet("空")
    book.save(str(tmp_path / "a.xls"))
    return tmp_path / "a.xls"


def test_an_xls_keeps_its_addresses(old):
    book = read_book(old)
    (sheet,) = book.sheets
    assert (book.format, book.hidden_sheets, [p.code for p in book.problems]) == ("xls", ("旧",), ["N122", "N123"])
    assert sheet.rows.tolist() == [5, 6, 7, 8, 9, 10]
    assert grid(sheet) == [
        ["", "", "满意度", ""],
        ["", "", "3", "TRUE"],
        ["", "", "2026-09-03 12:00:00", "36:00:00"],
        ["", "", "440106199001011260", ""],
        ["", "", "", ""],
        ["", "", "end", ""],
    ]
    assert sheet.columns[2].kinds.tolist() == [TEXT, NUMBER, DATE, NUMBER, EMPTY, TEXT]
    assert sheet.columns[3].kinds.tolist()[1:3] == [BOOL, DATE]
    assert sheet.merged == ((5, 3, 5, 4),) and sheet.header([0])[2:] == ["满意度", "满意度"]
    assert sheet.imprecise == {(8, 3)} and [(p.code, p.at.cell) for p in sheet.problems] == [("E201", "C8")]


def test_sheets_are_chosen_by_name(old):
    assert [s.name for s in read_book(old, sheet="数据").sheets] == ["数据"]
    for name, code in (("没有", "E111"), ("旧", "E110")):
        with pytest.raises(InputError) as caught:
            read_book(old, sheet=name)
        assert caught.value.problems[0].code == code


def test_an_ods_is_read(tmp_path):
    head = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    )
    cells = (
        '<table:table-cell office:value-type="string"><text:p>甲</text:p></table:table-cell><table:table-cell/>'
        '<table:table-cell office:value-type="float" office:value="2.5"><text:p>2.5</text:p></table:table-cell>'
    )
    body = f'<table:table table:name="表"><table:table-row>{cells}</table:table-row></table:table>'
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", f"{head}{body}</office:spreadsheet></office:body></office:document-content>")
        archive.writestr("META-INF/manifest.xml", manifest)
    book = read_book(tmp_path / "a.ods")
    assert (book.format, book.sheets[0].name, grid(book.sheets[0])) == ("ods", "表", [["甲", "", "2.5"]])


def run_child(monkeypatch, tmp_path, code):
    script = tmp_path / "stand_in.py"
    script.write_text(code, encoding="utf-8")
    monkeypatch.setattr(child, "__file__", str(script))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import os; os.abort()", "E113"),
        ("raise SystemExit(1)", "E113"),
        ("raise SystemExit(3)", "E105"),
        ("raise SystemExit(4)", "E108"),
        ("import time; time.sleep(60)", "E113"),
    ],
)
def test_whatever_ends_the_child_is_one_problem(old, monkeypatch, tmp_path, code, expected):
    monkeypatch.setattr(legacy, "SECONDS", 2)
    run_child(monkeypatch, tmp_path, code)
    with pytest.raises(InputError) as caught:
        read_book(old)
    assert [p.code for p in caught.value.problems] == [expected]


def test_the_child_bounds_its_memory(tmp_path):
    source = Path(child.__file__).read_text(encoding="utf-8").partition("if __name__")[0]
    script = tmp_path / "hungry.py"
    script.write_text(source + "\nlimit(300, 20)\nx = bytearray(1 << 30)\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-P", str(script)], capture_output=True, check=False)
    assert done.returncode != 0 and b"MemoryError" in done.stderr


def test_a_container_that_declares_too_much_is_not_given_to_the_child(tmp_path, monkeypatch):
    monkeypatch.setattr(legacy, "MAX_TOTAL", 1000)
    with zipfile.ZipFile(tmp_path / "a.ods", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", " " * 2000)
    with pytest.raises(InputError) as caught:
        read_book(tmp_path / "a.ods")
    assert caught.value.problems[0].code == "E106"
