"""Spreadsheets as they come: one generated file a hazard, with what must be read and what must be said, and where.

The rows follow the list of hazards gathered from real files and measured on other readers: full-width digits, ids
that lost their last digits, options turned into dates, hidden and merged cells, wrong dimensions, doubled headers,
guard quotes, files that are not what their name says.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
import xlwt
from openpyxl import Workbook
from sheets.crafted import STRICT_MAIN, STRICT_OFFICE, parts, write

from evalkit.contract import InputError
from evalkit.contract.words import say
from evalkit.ingest import Responses, read_responses
from evalkit.instrument import Instrument, parse_instrument

HEADER = ["问卷编号", "年龄", "家庭人数", "满意度", "入住日期", "作答用时", "出资比例", "建议"]
ROW = ["A01", 35, "3-5", "满意", date(2020, 5, 1), "0:02:30", 0.35, "多种树"]
LETTER = dict(zip(("nr", "age", "size", "sat", "since", "took", "share", "remark"), "ABCDEFGH", strict=True))

QUESTIONNAIRE = """
format = "evalkit-instrument/1"
id = "estate"
version = "1"
languages = ["zh", "en"]
title = {zh = "小区", en = "Estate"}
[choices]
size = [{code = 1, zh = "1-2", en = "1-2"}, {code = 2, zh = "3-5", en = "3-5"}, {code = 3, zh = "6人以上", en = "6+"}]
sat = [{code = 1, zh = "不满", en = "Bad"}, {code = 2, zh = "一般", en = "Fair"}, {code = 3, zh = "满意", en = "Good"}]
[[items]]
id = "nr"
type = "text"
role = "respondent_id"
zh = "问卷编号"
en = "Number"
[[items]]
id = "age"
type = "integer"
min = 16
max = 100
zh = "年龄"
en = "Age"
[[items]]
id = "size"
type = "single"
choices = "size"
zh = "家庭人数"
en = "Household"
[[items]]
id = "sat"
type = "single"
choices = "sat"
zh = "满意度"
en = "Satisfaction"
[[items]]
id = "since"
type = "date"
zh = "入住日期"
en = "Moved in"
[[items]]
id = "took"
type = "time"
zh = "作答用时"
en = "Time taken"
[[items]]
id = "share"
type = "decimal"
zh = "出资比例"
en = "Share paid"
[[items]]
id = "remark"
type = "text"
zh = "建议"
en = "Remarks"
"""


@pytest.fixture(scope="module")
def estate() -> Instrument:
    return parse_instrument(QUESTIONNAIRE, "estate.toml")


@pytest.fixture
def sheet(tmp_path: Path, estate: Instrument) -> Callable[..., Responses]:
    """`sheet(cells, change)`: three ordinary rows, `cells` typed over them, `change(worksheet)` done to the sheet."""

    def read(cells: dict[str, object] | None = None, change: Callable | None = None, **keys: object) -> Responses:
        book = Workbook()
        page = book.active
        page.append(HEADER)
        for k in (1, 2, 3):
            page.append([f"A0{k}", *ROW[1:]])
        for address, value in (cells or {}).items():
            page[address] = value
        if change:
            change(page)
        path = tmp_path / "answers.xlsx"
        book.save(path)
        return spoken(read_responses(path, estate, **keys))

    return read


def spoken(responses: Responses) -> Responses:
    """The same, after every finding was put into words in both languages."""
    assert not [p for p in responses.problems for lang in ("zh", "en") if "{" in say(p, lang)]
    return responses


def found(responses: Responses, code: str) -> list[str | None]:
    """The cells a finding names."""
    return [p.at.cell for p in responses.problems if p.code == code and p.at]


def codes(responses: Responses) -> set[str]:
    return {p.code for p in responses.problems}


def test_an_ordinary_file_has_no_finding(sheet):
    read = sheet()
    assert not [p for p in read.problems if p.code[0] in "EW"]
    assert read.frame["age"].tolist() == [35, 35, 35] and read.frame["size"].tolist() == [2, 2, 2]


def test_full_width_digits_blanks_and_zero_width_spaces(sheet):
    read = sheet({"B2": "３５", "D3": "满意\u00a0", "D4": "\u200b满意 "})
    assert read.frame["age"].tolist() == [35, 35, 35] and read.frame["sat"].tolist() == [3, 3, 3]
    assert set(found(read, "N235")) == {"B2", "D3"}  # one note a column, at its first cell


def test_numbers_as_text_are_read_and_ids_keep_their_zeros(sheet):
    read = sheet({"A2": "007", "B3": "35"})
    assert read.frame["nr"].tolist() == ["007", "A02", "A03"] and read.frame["age"].tolist() == [35, 35, 35]
    assert found(read, "N236") == ["B3"]


def test_a_long_number_is_no_key(sheet):
    read = sheet({"A2": 440106199001011234, "A3": 440106199001015678})
    assert set(found(read, "E231")) >= {"A2"}
    assert read.frame["nr"].isna().tolist()[:2] == [True, True]


def test_an_option_turned_into_a_date_is_proposed_back(sheet):
    read = sheet({"C2": date(2026, 3, 5), "C3": datetime(2026, 1, 2)})
    assert found(read, "E226") == ["C2", "C3"]
    assert [p.params["proposal"] for p in read.problems if p.code == "E226"] == ["3-5", "1-2"]
    assert read.frame["size"].isna().tolist() == [True, True, False]


def test_a_date_shown_as_a_number_is_proposed_not_converted(sheet):
    def general(page):
        page["E2"].number_format = "General"

    read = sheet({"E2": 45659}, general)
    assert found(read, "E243") == ["E2"]
    assert [p.params["proposal"] for p in read.problems if p.code == "E243"] == ["2025-01-02"]
    assert read.frame["since"].isna().tolist() == [True, False, False]


def test_the_calendar_of_1904(tmp_path, estate):
    book = Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(HEADER)
    book.active.append(ROW)
    book.save(tmp_path / "mac.xlsx")
    read = read_responses(tmp_path / "mac.xlsx", estate)
    assert read.frame["since"].tolist() == [datetime(2020, 5, 1)]


def test_durations_and_clock_times(sheet):
    read = sheet({"F2": timedelta(minutes=150), "F3": "0:02:30"})
    assert not {p.code for p in read.problems if p.code[0] == "E"}
    assert read.frame["took"].tolist() == [9000, 150, 150]  # seconds


def test_percentages_are_the_numbers_the_file_stores(sheet):
    def shown(page):
        page["G2"].number_format = "0%"

    read = sheet({"G2": 0.35}, shown)
    assert read.frame["share"].tolist() == [0.35, 0.35, 0.35]


def test_error_cells_are_missing_and_named(sheet):
    read = sheet({"B2": "#DIV/0!", "D3": "#N/A"})
    assert set(found(read, "E202")) == {"B2", "D3"}
    assert read.frame["age"].isna().tolist() == [True, False, False]


def test_a_formula_without_a_stored_value(sheet):
    read = sheet({"B3": "=30+5"})
    assert found(read, "E203") == ["B3"] and read.frame["age"].isna().tolist() == [False, True, False]


def test_merged_data_cells_are_not_filled(sheet):
    read = sheet(change=lambda page: page.merge_cells("D2:D4"))
    assert read.frame["sat"].isna().tolist() == [False, True, True]


def test_hidden_rows_and_columns_are_read_and_said(sheet):
    def hide(page):
        page.row_dimensions[3].hidden = True
        page.column_dimensions["D"].hidden = True

    read = sheet(change=hide)
    assert len(read.frame) == 3 and {"N205", "N206"} <= codes(read)


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_skipped_and_listed(sheet, state):
    def add(page):
        other = page.parent.create_sheet("草稿")
        other.append(["x"])
        other.sheet_state = state

    read = sheet(change=add)
    assert [p.params["sheets"] for p in read.problems if p.code == "N122"] == [["草稿"]]


def test_data_that_do_not_start_at_a1_keep_their_addresses(tmp_path, estate):
    book = Workbook()
    for k, row in enumerate([HEADER, [*ROW[:3], "还行吧", *ROW[4:]]]):
        for c, value in enumerate(row):
            book.active.cell(row=5 + k, column=3 + c, value=value)
    book.save(tmp_path / "offset.xlsx")
    read = spoken(read_responses(tmp_path / "offset.xlsx", estate))
    assert found(read, "E220") == ["F6"]


def test_only_declared_texts_are_missing(sheet):
    read = sheet({"H2": "NA", "H3": "None", "H4": "无"})
    assert read.frame["remark"].tolist() == ["NA", "None", "无"]


@pytest.mark.parametrize("guarded", ["'=1+1", "'+86", "'-3", "'@x"])
def test_a_guard_quote_is_taken_off(tmp_path, estate, guarded):
    (tmp_path / "g.csv").write_text(
        ",".join(HEADER) + f"\nA01,35,3-5,满意,2020-05-01,0:02:30,0.35,{guarded}\n", encoding="utf-8"
    )
    read = read_responses(tmp_path / "g.csv", estate)
    assert read.frame["remark"].tolist() == [guarded[1:]]


def test_line_breaks_in_headers_and_cells(sheet):
    read = sheet({"D1": "满意\n度", "H2": "一行_x000D_\n二行", "H3": "a\r\nb"})
    assert read.frame["sat"].tolist() == [3, 3, 3]
    assert "_x000D_" not in str(read.frame["remark"].iloc[0])


def test_doubled_and_empty_headers_are_told_by_letter(tmp_path, estate):
    book = Workbook()
    book.active.append([*HEADER, "满意度", None, "不相干"])
    book.active.append([*ROW, "一般", "游离", "x"])
    book.save(tmp_path / "d.xlsx")
    read = spoken(read_responses(tmp_path / "d.xlsx", estate))
    assert read.frame["sat"].tolist() == [3]
    (unmapped,) = (p.params["columns"] for p in read.problems if p.code == "W304")
    assert unmapped == ["I 满意度", "J", "K 不相干"] and len(read.columns) == 11


def test_totals_blank_rows_and_repeated_headers_are_left_out_and_listed(tmp_path, estate):
    book = Workbook()
    rows = [HEADER, ROW, [None] * 8, HEADER, ["A02", *ROW[1:]], ["合计", 70, *[None] * 6], ["平均", 35, *[None] * 6]]
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    read = spoken(read_responses(tmp_path / "t.xlsx", estate))
    assert read.frame["nr"].tolist() == ["A01", "A02"]
    assert read.rejected["row"].tolist() == [3, 4, 6, 7]
    assert len(read.frame) + len(read.rejected) == read.rows_in
    assert {"N244", "N245", "N247"} <= codes(read)


def crafted_rows(last: str = "") -> str:
    def line(r: int, values: list[object]) -> str:
        cells = "".join(
            f'<c r="{c}{r}" t="inlineStr"><is><t>{v}</t></is></c>'
            if isinstance(v, str)
            else f'<c r="{c}{r}"><v>{v}</v></c>'
            for c, v in zip("ABCDEFGH", values, strict=False)
        )
        return f'<row r="{r}">{cells}</row>'

    return line(1, HEADER[:4]) + line(2, ["A01", 35, "3-5", "满意"]) + last


@pytest.mark.parametrize("dimension", ["A1:XFD1048576", "A1", "garbage"])
def test_the_stated_dimension_is_not_believed(tmp_path, estate, dimension):
    path = write(tmp_path / "a.xlsx", parts(crafted_rows(), head=f'<dimension ref="{dimension}"/>'))
    assert read_responses(path, estate).frame["age"].tolist() == [35]


@pytest.mark.parametrize(
    ("last", "code"),
    [
        ('<row r="1048576"><c r="XFD1048576" s="0"/></row>', None),
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "W204"),
    ],
)
def test_the_last_cell_of_a_sheet_costs_nothing(tmp_path, estate, last, code):
    path = write(tmp_path / "a.xlsx", parts(crafted_rows(last)))
    started = time.process_time()
    read = spoken(read_responses(path, estate))
    assert time.process_time() - started < 20  # a hang, not a speed
    assert read.frame["age"].tolist()[:1] == [35]
    assert [p.at.cell for p in read.problems if p.code == "W204" and p.at] == (["XFD1048576"] if code else [])


def test_strict_workbooks(tmp_path, estate):
    path = write(tmp_path / "a.xlsx", parts(crafted_rows(), main=STRICT_MAIN, office=STRICT_OFFICE))
    assert read_responses(path, estate).frame["age"].tolist() == [35]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("gb18030", "李㐂𠮷"), ("utf-16", "李㐂𠮷"), ("utf-8-sig", "李㐂𠮷"), ("utf-8", "李㐂𠮷")],
)
def test_texts_in_the_encodings_chinese_programs_write(tmp_path, estate, encoding, name):
    line = f"A01,35,3-5,满意,2020-05-01,0:02:30,0.35,{name}\n"
    (tmp_path / "c.csv").write_bytes((",".join(HEADER) + "\n" + line).encode(encoding))
    read = read_responses(tmp_path / "c.csv", estate)
    assert read.frame["remark"].tolist() == [name]
    assert ("N121" in codes(read)) == (encoding == "gb18030")


@pytest.mark.parametrize("form", ["csv", "html", "xls"])
def test_a_file_under_another_suffix_is_read_as_what_it_is(tmp_path, estate, form):
    path = tmp_path / ("a.xlsx" if form == "xls" else "a.xls")
    if form == "xls":
        book = xlwt.Workbook()
        page = book.add_sheet("S")
        for r, row in enumerate([HEADER[:4], ROW[:4]]):
            for c, value in enumerate(row):
                page.write(r, c, value)
        book.save(str(path))
    elif form == "csv":
        path.write_text(",".join(HEADER[:4]) + "\nA01,35,3-5,满意\n", encoding="utf-8")
    else:
        cells = ["".join(f"<td>{v}</td>" for v in row) for row in (HEADER[:4], ROW[:4])]
        path.write_text(f"<html><table><tr>{cells[0]}</tr><tr>{cells[1]}</tr></table></html>", encoding="utf-8")
    read = spoken(read_responses(path, estate))
    assert read.frame["age"].tolist() == [35] and "N120" in codes(read)


def test_a_wps_picture_is_no_answer(sheet):
    read = sheet({"H2": '=DISPIMG("ID_4F1A",1)'})
    assert read.frame["remark"].isna().tolist()[0]
    assert found(read, "E203") == ["H2"]


@pytest.mark.parametrize("name", ["a.et", "a.numbers"])
def test_formats_to_be_saved_anew_say_so(tmp_path, estate, name):
    (tmp_path / name).write_bytes(b"\x09\x08\x08\x00\x00\x05" if name.endswith("et") else b"PK\x03\x04")
    with pytest.raises(InputError) as caught:
        read_responses(tmp_path / name, estate)
    assert caught.value.problems[0].code in {"E112", "E108"}


def test_sixteen_thousand_columns_are_told_in_one_line(tmp_path, estate):
    extra = [f"多余{k}" for k in range(16_384 - len(HEADER))]
    (tmp_path / "w.csv").write_text(
        ",".join([*HEADER, *extra])
        + "\n"
        + ",".join(["A01,35,3-5,满意,2020-05-01,0:02:30,0.35,x", *["1"] * len(extra)]),
        encoding="utf-8",
    )
    read = spoken(read_responses(tmp_path / "w.csv", estate))
    assert read.frame["age"].tolist() == [35]
    (line,) = (p for p in read.problems if p.code == "W304")
    assert line.params["n"] == len(extra) and len(str(line.params["columns"])) < 2000
