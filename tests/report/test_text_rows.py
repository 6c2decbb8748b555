"""Rows of words below rows of numbers: one cell over the whole table in every format, kept with the row above."""

from __future__ import annotations

import zipfile

import openpyxl
import pytest

from evalkit.contract import Cell, Head, Label, Row, Table
from evalkit.report import Report, Section, load_style, writer

WORDS = "编码：动员 2/3\n引文：“书记带头敲门”（S1:0–6）"


@pytest.fixture(scope="module")
def report():
    body = [Row((Cell(f"案例{i}", "label"), *(Cell(1.5 + i, "mean") for _ in range(3)))) for i in range(2)]
    text = Row((Cell(Label(zh=WORDS, en=WORDS), "text"),), role="text", indent=1)
    heads = tuple(Head(Label(zh=h, en=h)) for h in ("案例", "甲", "乙", "丙"))
    table = Table("t", "T", Label(zh="表", en="Table"), (heads,), (body[0], text, body[1], text))
    return Report(Label(zh="题", en="Title"), (Section("s", Label(zh="节", en="S"), (table,)),), languages=("zh", "en"))


def written(report, folder, name):
    path = folder / f"x.{name}"
    writer(name)(report, path, lang="zh", style=load_style("cn"))
    return path


def test_html_spans_the_table_and_keeps_the_lines(report, tmp_path):
    page = written(report, tmp_path, "html").read_text(encoding="utf-8")
    row = page[page.index('<tr class="text">') :]
    assert 'colspan="4"' in row[: row.index("</tr>")]
    assert WORDS in row
    assert "tr.text > * { text-align: left; white-space: pre-line;" in page


def test_word_spans_the_table_and_keeps_the_words_with_the_numbers(report, tmp_path):
    with zipfile.ZipFile(written(report, tmp_path, "docx")) as book:
        text = book.read("word/document.xml").decode("utf-8")
    rows = text.split("<w:tr>")[1:]
    assert ["w:gridSpan" in row for row in rows] == [False, False, True, False, True]
    assert ["w:keepNext" in row for row in rows] == [True, True, False, True, False]
    assert "<w:br/>" in rows[2]


def test_a_workbook_merges_the_row_and_gives_it_its_height(report, tmp_path):
    book = openpyxl.load_workbook(written(report, tmp_path, "xlsx"))
    sheet = next(s for s in book.worksheets if any(c.value == WORDS for row in s.iter_rows() for c in row))
    at = next(c.row for row in sheet.iter_rows() for c in row if c.value == WORDS)
    assert f"A{at}:D{at}" in {str(r) for r in sheet.merged_cells.ranges}
    assert sheet.row_dimensions[at].height > 1.8 * 12
    assert sheet.cell(at, 1).alignment.wrap_text


def test_markdown_keeps_the_table_whole(report, tmp_path):
    lines = written(report, tmp_path, "md").read_text(encoding="utf-8").splitlines()
    row = next(line for line in lines if "书记带头敲门" in line)
    assert row.startswith("| &emsp;编码：动员 2/3 引文")
    assert row.count("|") == 5
