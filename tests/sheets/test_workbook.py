"""Workbooks that are safe, the same every time, and written all at once or not at all."""

import io
import os
import zipfile
from datetime import datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.comments import Comment

from evalkit.contract.problems import OutputError
from evalkit.sheets import archive, clean_text, read_book, rewrite_zip, safe_cell, save_workbook, write_bytes

from .crafted import grid

PAYLOADS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "＝1", "=cmd|' /C calc'!A0", "\t=1"]


def workbook_of(*values):
    book = openpyxl.Workbook()
    for row, value in enumerate(values, 1):
        book.active.cell(row, 1, value)
    return book


def xml_of(path, part="xl/worksheets/sheet1.xml"):
    with zipfile.ZipFile(path) as archive_:
        return archive_.read(part).decode()


def test_text_is_never_a_formula(tmp_path):
    path = tmp_path / "a.xlsx"
    save_workbook(workbook_of(*PAYLOADS, -1.5), path)
    assert "<f" not in xml_of(path)
    sheet = read_book(path).sheets[0]
    assert [row[0] for row in grid(sheet)] == [*PAYLOADS, "-1.5"]
    assert not sheet.columns[0].formula.any() and sheet.columns[0].numbers()[-1] == -1.5
    back = openpyxl.load_workbook(path).active
    assert [back.cell(k, 1).quotePrefix for k in range(1, 9)] == [True] * 8
    assert not back["A9"].quotePrefix


def test_an_allowed_formula_stays(tmp_path):
    path = tmp_path / "a.xlsx"
    save_workbook(workbook_of("=1+1", "=2+2"), path, formulas=[("Sheet", "A2")])
    assert xml_of(path).count("<f>") == 1 and "<f>2+2</f>" in xml_of(path)


def test_a_streamed_formula_becomes_text(tmp_path):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("s")
    sheet.append(["=1+1 & A1", "plain", safe_cell(sheet, "=2"), 5, safe_cell(sheet, None)])
    save_workbook(book, tmp_path / "a.xlsx")
    assert "<f" not in xml_of(tmp_path / "a.xlsx")
    assert grid(read_book(tmp_path / "a.xlsx").sheets[0]) == [["=1+1 & A1", "plain", "=2", "5"]]


def test_the_same_bytes_every_time_and_nothing_of_the_writer_in_them(tmp_path, monkeypatch):
    def made(name):
        book = workbook_of("a", 1.5, datetime(2026, 1, 1), "=x")
        book.active["A1"].comment = Comment("n", "someone")
        book.properties.title = "表 & 图"
        save_workbook(book, tmp_path / name)
        return (tmp_path / name).read_bytes()

    first = made("a.xlsx")
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert made("b.xlsx") == first
    core = xml_of(tmp_path / "a.xlsx", "docProps/core.xml")
    assert "evalkit" in core and "2000-01-01T00:00:00Z" in core and "表 &amp; 图" in core
    assert "openpyxl" not in core and "202" not in core.replace("2006", "").replace("2001", "")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive_:
        assert archive_.namelist() == sorted(archive_.namelist())
        assert {entry.date_time for entry in archive_.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive_.namelist()[0] == "[Content_Types].xml"


def test_the_container_is_independent_of_order_and_dates():
    def container(names, when):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive_:
            for name in names:
                archive_.writestr(zipfile.ZipInfo(name, when), name * 50)
        return rewrite_zip(out.getvalue())

    one = container(["b", "a", "c/d"], (2020, 1, 1, 1, 1, 2))
    assert one == container(["c/d", "a", "b"], (2021, 5, 5, 5, 5, 4))
    assert rewrite_zip(one) == one


def test_clean_text_keeps_what_office_formats_can_hold():
    assert clean_text("a\x00\x07\x0b\x1fb\tc\nd\r\ne\rf") == "ab\tc\nd\ne\nf"
    assert clean_text("x\ud800y\ufffe\uffff\ufdd0z\U0001fffe") == "xyz"
    assert clean_text("\u202eא\u200f 社区 𠮷 \x7f\x85") == "\u202eא\u200f 社区 𠮷 \x7f\x85"
    assert clean_text("abcdef", 4) == "abc…" and clean_text("abcd", 4) == "abcd"
    assert clean_text("𠮷𠮷𠮷", 4) == "𠮷…" and clean_text("𠮷𠮷", 4) == "𠮷𠮷"


@given(st.text())
def test_clean_text_is_settled_after_once(text):
    once = clean_text(text)
    assert clean_text(once) == once
    assert clean_text(text, 5) == clean_text(clean_text(text, 5), 5)


def test_long_text_is_cut_with_a_note(tmp_path):
    path = tmp_path / "a.xlsx"
    notes = save_workbook(workbook_of("x" * 40_000, "x" * 32_766, "𠮷" * 20_000), path)
    assert [(n.code, n.at.file, n.at.sheet, n.at.cell) for n in notes] == [
        ("N207", "a.xlsx", "Sheet", "A1"),
        ("N207", "a.xlsx", "Sheet", "A3"),
    ]
    lengths = [len(row[0].encode("utf-16-le")) // 2 for row in grid(read_book(path).sheets[0])]
    assert max(lengths) <= 32_767


def test_literal_escapes_survive(tmp_path):
    texts = ["_x000B_", "a_x005F_b", "_x12_"]
    save_workbook(workbook_of(*texts), tmp_path / "a.xlsx")
    assert [row[0] for row in grid(read_book(tmp_path / "a.xlsx").sheets[0])] == texts


def test_error_codes_written_as_text_stay_errors(tmp_path):
    save_workbook(workbook_of("#N/A"), tmp_path / "a.xlsx")
    assert [p.code for p in read_book(tmp_path / "a.xlsx").sheets[0].problems] == ["E202"]


def test_a_file_is_replaced_whole(tmp_path):
    target = tmp_path / "a.txt"
    write_bytes(target, b"one")
    write_bytes(target, b"two")
    assert target.read_bytes() == b"two" and [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "real.txt").write_bytes(b"old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    write_bytes(tmp_path / "link.txt", b"new")
    assert (tmp_path / "real.txt").read_bytes() == b"new" and (tmp_path / "link.txt").is_symlink()


@pytest.mark.parametrize("step", ["os.replace", "os.fsync"])
def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, step):
    target = tmp_path / "a.txt"
    target.write_bytes(b"old")

    def fail(*_):
        raise PermissionError

    monkeypatch.setattr(f"evalkit.sheets.archive.{step}", fail)
    monkeypatch.setattr(archive, "REPLACE_PAUSE", 0.001)
    with pytest.raises(OutputError) as caught:
        write_bytes(target, b"new")
    assert caught.value.problems[0].code == "E131" and caught.value.exit_code == 2
    assert target.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_target_that_is_let_go_is_written_after_all(tmp_path, monkeypatch):
    calls = []
    replace = os.replace

    def busy(*paths):
        calls.append(paths)
        if len(calls) < 3:
            raise PermissionError
        replace(*paths)

    monkeypatch.setattr("evalkit.sheets.archive.os.replace", busy)
    monkeypatch.setattr(archive, "REPLACE_PAUSE", 0.001)
    write_bytes(tmp_path / "a.txt", b"x")
    assert (tmp_path / "a.txt").read_bytes() == b"x" and len(calls) == 3


def test_an_interrupt_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("evalkit.sheets.archive.os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "a.txt", b"x")
    assert not list(tmp_path.iterdir())


def test_targets_that_cannot_be_files(tmp_path):
    (tmp_path / "folder.xlsx").mkdir()
    for target in (tmp_path / "folder.xlsx", tmp_path / "none" / "a.xlsx", "/dev/null"):
        with pytest.raises(OutputError):
            write_bytes(target, b"x")
