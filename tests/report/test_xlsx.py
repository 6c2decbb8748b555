"""The workbook: numbers stay numbers, text stays text, and it looks and prints as a publication does."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace

import openpyxl
import pandas as pd
import pytest
from sample_tables import (
    all_tables,
    correlation_table,
    hostile_table,
    mediation_table,
    pair,
    regression_table,
    sample_report,
)
from spreadsheet_display import shown

from evalkit.contract import Figure
from evalkit.report import Report, Section, load_style, xlsx
from evalkit.report.formatting import cell_text

CN = load_style("cn")


@dataclass(frozen=True)
class Picture:
    """Stands for a drawing of report.figures."""

    png: bytes
    data: pd.DataFrame
    alt: str = "alt"
    svg: bytes = b""


def written(tmp_path, report, lang="zh", style=CN, **more):
    path = tmp_path / "tables.xlsx"
    xlsx.write(report, path, lang=lang, style=style, **more)
    return openpyxl.load_workbook(path)


def test_sheets_and_links(tmp_path):
    book = written(tmp_path, sample_report())
    assert book.sheetnames == ["说明", "目录", *(f"表{i}" for i in range(1, 7)), "结果"]
    contents = book["目录"]
    assert [contents.cell(i, 1).hyperlink.location for i in (2, 8)] == ["'表1'!A1", "'结果'!A1"]
    assert contents["B6"].value == "层级回归结果"
    english = written(tmp_path, sample_report(), "en")
    assert english.sheetnames[:3] == ["README", "Contents", "Table 1"]


@pytest.mark.parametrize("style", ["cn", "apa7"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_cell_shows_the_printed_text_and_numbers_are_numbers(tmp_path, style, lang):
    style = load_style(style)
    book = written(tmp_path, sample_report(), lang, style)
    seen = 0
    for number, table in enumerate(all_tables(), start=1):
        sheet = book[f"表{number}" if lang == "zh" else f"Table {number}"]
        first = len(style.caption.table[lang].split("\n")) + len(table.header) + 1
        for i, row in enumerate(table.rows):
            for j, cell in enumerate(row.cells):
                there = sheet.cell(first + i, j + 1)
                text = cell_text(cell, style, lang)
                if isinstance(cell.value, (int, float)) and cell.value == cell.value:
                    assert isinstance(there.value, (int, float))
                    assert there.value == pytest.approx(cell.value, rel=1e-14)
                    assert shown(there.value, there.number_format) == text
                    seen += 1
                else:
                    assert (there.value or "") == text
    assert seen > 200


def test_three_rules_and_no_others(tmp_path):
    sheet = written(tmp_path, sample_report())["表5"]
    edges = {}
    for row in sheet.iter_rows(max_col=7):
        for cell in row:
            assert getattr(cell.border.left, "style", None) is None
            assert getattr(cell.border.right, "style", None) is None
            for side in ("top", "bottom"):
                style = getattr(getattr(cell.border, side), "style", None)
                if style:
                    edges.setdefault((cell.row, side, style), set()).add(cell.column)
    everywhere = set(range(1, 8))
    last = 1 + 2 + len(regression_table().rows)
    assert edges == {
        (2, "top", "medium"): everywhere,
        (2, "bottom", "thin"): everywhere - {1},
        (3, "bottom", "thin"): everywhere,
        (last - 3, "top", "thin"): everywhere,
        (last, "bottom", "medium"): everywhere,
    }


def test_print_set_up(tmp_path):
    book = written(tmp_path, sample_report())
    wide, upright = book["表4"], book["表1"]
    assert wide.page_setup.orientation == "landscape"
    assert upright.page_setup.orientation == "portrait"
    for sheet in (wide, upright):
        assert sheet.page_setup.paperSize == 9
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.freeze_panes == "B3"
        assert sheet.print_title_rows == "$2:$2"
    assert upright.print_area == "'表1'!$A$1:$D$11"


def test_columns_are_wide_enough_for_chinese(tmp_path):
    sheet = written(tmp_path, sample_report())["表5"]
    assert sheet.column_dimensions["A"].width >= 2 * len("利益相关者张力")
    assert sheet["A4"].font.name == "宋体"
    assert sheet["B4"].font.name == "Times New Roman"
    assert sheet["A1"].font.name == "黑体"


def test_results_are_a_real_table_with_numbers(tmp_path):
    sheet = written(tmp_path, sample_report())["结果"]
    table = sheet.tables["results"]
    assert table.ref == "A1:L4"
    assert sheet["H2"].value == 0.35187
    assert sheet["H4"].value is None
    assert sheet["E4"].value == "=cmd|' /C calc'!A0"
    assert sheet["E4"].data_type == "s"


def test_text_never_becomes_a_formula(tmp_path):
    report = Report(hostile_table().title, (Section("x", hostile_table().title, (hostile_table(),)),))
    book = written(tmp_path, report)
    texts = [c.value for c in book["表1"]["A"] if c.value is not None]
    for sheet in book.worksheets:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    with zipfile.ZipFile(tmp_path / "tables.xlsx") as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "sheets/" in name)
    assert '=HYPERLINK("http://example.org","click")' in texts
    assert "bell and nul and [31m" in texts


def test_figures_bring_their_picture_and_their_numbers(tmp_path):
    frame = pd.DataFrame({"from": ["x", "m"], "Estimate": [0.25, float("nan")], "estimate": [1, 2]})
    figure = Figure("med.path", "path", pair("路径图", "Path diagram"), frame, {"x": pair("甲", "A")})
    report = Report(
        pair("报告", "Report"), (Section("med", pair("中介", "Mediation"), (mediation_table(),), (figure,)),)
    )
    from PIL import Image

    Image.new("RGB", (200, 100), "white").save(tmp_path / "p.png")
    drawn = {"med.path": Picture((tmp_path / "p.png").read_bytes(), frame)}
    sheet = written(tmp_path, report, drawn=drawn)["图1"]
    assert sheet["A1"].value == "图1　路径图"
    assert len(sheet._images) == 1
    table = sheet.tables["figure1"]
    head = sheet[table.ref][0]
    assert [c.value for c in head] == ["from", "from_label", "Estimate", "estimate_2"]
    assert [c.value for c in sheet[table.ref][1]] == ["x", "甲", 0.25, 1]
    assert sheet[table.ref][2][2].value is None


def test_simulated_data_and_notices_stand_on_the_cover(tmp_path):
    book = written(tmp_path, sample_report(), "en")
    cover = [c.value for c in book["README"]["A"]]
    assert any(str(t).startswith("Simulated data") for t in cover)
    assert any("E706" in str(t) for t in cover)
    assert any("sha256" in str(t) for t in cover)
    assert str(book["Contents"]["B1"].value).startswith("Simulated data")
    honest = written(tmp_path, replace(sample_report(), simulated=False), "en")
    assert not any("Simulated" in str(c.value) for c in honest["README"]["A"])


def test_same_report_same_bytes(tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        xlsx.write(sample_report(), tmp_path / name, lang="zh", style=CN)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_wide_stubs_wrap_instead_of_growing(tmp_path):
    table = correlation_table(3)
    long = pair("很长的变量名称" * 8, "A very long variable name " * 6)
    rows = (replace(table.rows[0], cells=(replace(table.rows[0].cells[0], value=long), *table.rows[0].cells[1:])),)
    sheet = written(tmp_path, Report(long, (Section("x", long, (replace(table, rows=rows),)),)))["表1"]
    assert sheet.column_dimensions["A"].width <= 46
    assert sheet["A3"].alignment.wrap_text
