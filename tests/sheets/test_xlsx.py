"""What the xlsx reader makes of each kind of cell and sheet."""

from datetime import datetime

import numpy as np
import pytest

from evalkit.contract.problems import InputError, Place
from evalkit.sheets import BOOL, DATE, EMPTY, ERROR, NUMBER, TEXT, read_book

from .crafted import STRICT_MAIN, STRICT_OFFICE, grid, parts, write


@pytest.fixture
def read(tmp_path):
    def read(rows, *, sheet=None, **options):
        return read_book(write(tmp_path / "book.xlsx", parts(rows, **options)), sheet=sheet)

    return read


def codes(sheet):
    return [problem.code for problem in sheet.problems]


def test_every_type_of_cell(read):
    rows = (
        '<row r="1"><c r="A1" t="s"><v>1</v></c><c r="B1"><v>3.0</v></c><c r="C1" t="b"><v>1</v></c>'
        '<c r="D1" t="e"><v>#N/A</v></c><c r="E1" t="str"><v>a &amp; b</v></c>'
        '<c r="F1" t="inlineStr"><is><t> x </t></is></c>'
        '<c r="G1" t="d"><v>2026-09-03T12:00:00</v></c><c r="H1" s="1"><v>46268.5</v></c><c r="I1" s="0"/>'
        '<c r="J1"><v>0.35000000000000003</v></c><c r="K1"><v>-1E-05</v></c></row>'
    )
    book = read(rows, strings="<si><t>no</t></si><si><t>yes</t></si>", styles=(0, 22))
    (sheet,) = book.sheets
    assert (book.format, book.name, book.problems) == ("xlsx", "book.xlsx", ())
    cells = [sheet.cell(0, c) for c in range(sheet.n_columns)]
    moment = datetime(2026, 9, 3, 12)
    assert [(c.a1, c.value, c.kind) for c in cells] == [
        ("A1", "yes", TEXT),
        ("B1", 3.0, NUMBER),
        ("C1", True, BOOL),
        ("D1", "#N/A", ERROR),
        ("E1", "a & b", TEXT),
        ("F1", " x ", TEXT),
        ("G1", moment, DATE),
        ("H1", moment, DATE),
        ("I1", None, EMPTY),
        ("J1", 0.35000000000000003, NUMBER),
        ("K1", -1e-05, NUMBER),
    ]
    assert grid(sheet)[0][1:4] == ["3", "TRUE", "#N/A"]
    assert grid(sheet)[0][6:] == ["2026-09-03 12:00:00", "2026-09-03 12:00:00", "", "0.35000000000000003", "-0.00001"]
    assert [(p.code, p.at, p.params) for p in sheet.problems] == [
        ("E202", Place("book.xlsx", "Sheet1", "D1"), {"error": "#N/A"})
    ]
    assert np.array_equal(sheet.columns[1].numbers(), [3.0])
    assert np.isnan(sheet.columns[0].numbers()).all()
    assert sheet.columns[6].dates().tolist() == [moment]


def test_columns_are_interned_in_order_of_appearance(read):
    values = [5, 3, 5, "", 3, 1]
    rows = "".join(
        f'<row r="{k}"><c r="A{k}"><v>{v}</v></c><c r="B{k}"><v>1</v></c></row>' for k, v in enumerate(values, 1)
    )
    column = read(rows).sheets[0].columns[0]
    assert column.distinct == ("", "5", "3", "1")
    assert column.index.tolist() == [1, 2, 1, 0, 2, 3]
    assert column.index.dtype == np.int32 and column.kinds.dtype == np.int8 and column.formula.dtype == bool
    assert not column.index.flags.writeable


def test_rich_text_is_joined_and_phonetic_guides_are_not_text(read):
    strings = (
        "<si><r><t>社区</t></r><r><rPr><b/></rPr><t> 治理</t></r><rPh sb='0' eb='1'><t>しゃ</t></rPh></si><si><t/></si>"
    )
    inline = '<c r="B1" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r><rPh><t>no</t></rPh></is></c>'
    (sheet,) = read(
        f'<row r="1"><c r="A1" t="s"><v>0</v></c>{inline}<c r="C1" t="s"><v>1</v></c></row>', strings=strings
    ).sheets
    assert grid(sheet) == [["社区 治理", "ab"]]


def test_character_escapes_are_decoded(read):
    strings = "<si><t>a_x000D_\nb_x005F_x000D_</t></si>"
    (sheet,) = read('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', strings=strings).sheets
    assert grid(sheet) == [["a\nb_x000D_"]]


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("yyyy\\-mm\\-dd", "46268", "2026-09-03"),
        ("yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@", "46268", "2026-09-03"),
        ("[$-804]aaaa;@", "46268", "46268"),
        ("[h]:mm:ss", "1.5", "36:00:00"),
        ("[h]:mm", "0.00173611111111111", "0:02:30"),
        ("[mm]:ss", "-0.5", "-12:00:00"),
        ("h:mm", "0.5", "12:00:00"),
        ("h:mm", "46268.25", "2026-09-03 06:00:00"),
        ("mm:ss.000", "0.0000057870", "0:00:00.500"),
        ("yyyy-mm-dd hh:mm", "0.75", "18:00:00"),
        ("yyyy-mm-dd", "59", "1900-02-28"),
        ("yyyy-mm-dd", "61", "1900-03-01"),
        ("yyyy-mm-dd", "-3", "-3"),
        ("yyyy-mm-dd", "99999999", "99999999"),
        ("m-d", "46268", "2026-09-03"),
        ("General", "46268", "46268"),
        ("[Red]0.00;[Blue]-0.00", "46268", "46268"),
        ("0.00&quot;days&quot;", "46268", "46268"),
        ("#,##0_);[Red]\\(#,##0\\)", "46268", "46268"),
        ("0.00E+00", "46268", "46268"),
    ],
)
def test_number_formats_decide_what_is_a_date(read, code, value, text):
    row = f'<row r="1"><c r="A1" s="1"><v>{value}</v></c></row>'
    (sheet,) = read(row, formats={170: code}, styles=(0, 170)).sheets
    assert grid(sheet) == [[text]]
    assert sheet.cell(0, 0).kind == (NUMBER if text == value else DATE)


@pytest.mark.parametrize(
    ("number", "text"), [(14, "2026-09-03"), (22, "2026-09-03"), (31, "2026-09-03"), (49, "46268")]
)
def test_built_in_formats_need_no_code(read, number, text):
    (sheet,) = read('<row r="1"><c r="A1" s="1"><v>46268</v></c></row>', styles=(0, number)).sheets
    assert grid(sheet) == [[text]]


def test_elapsed_builtin_and_1904(read):
    row = '<row r="1"><c r="A1" s="1"><v>44806</v></c><c r="B1" s="2"><v>2</v></c><c r="C1" s="1"><v>0</v></c></row>'
    (sheet,) = read(row, styles=(0, 14, 46), date1904=True).sheets
    assert grid(sheet) == [["2026-09-03", "48:00:00", "1904-01-01"]]


def test_formulas_are_flagged_and_one_without_value_is_a_problem(read):
    rows = (
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>SUM(A1)</f></c><c r="C1"><f>A1</f><v></v></c>'
        '<c r="D1" t="str"><f>IF(A1,"","")</f><v></v></c>'
        '<c r="E1"><f t="shared" si="0"/><v>7</v></c><c r="F1"><v>1</v></c></row>'
    )
    (sheet,) = read(rows).sheets
    assert [bool(c.formula[0]) for c in sheet.columns] == [True, True, True, True, True, False]
    assert grid(sheet) == [["2", "", "", "", "7", "1"]]
    assert [(p.code, p.at.cell) for p in sheet.problems] == [("E203", "B1"), ("E203", "C1")]
    assert [int(c.kinds[0]) for c in sheet.columns[:4]] == [NUMBER, ERROR, ERROR, EMPTY]


def test_hidden_rows_and_columns_are_read_and_flagged(read):
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="C1"><v>1</v></c></row>'
    rows += '<row r="2" hidden="1"><c r="A2"><v>2</v></c></row>'
    (sheet,) = read(rows, head='<cols><col min="2" max="16384" hidden="1"/></cols>').sheets
    assert sheet.hidden_rows == {2} and sheet.hidden_columns == {2, 3}
    assert grid(sheet) == [["1", "", "1"], ["2", "", ""]]
    assert codes(sheet) == ["N205", "N206"]


def test_hidden_sheets_are_skipped_listed_and_read_when_asked_for(read):
    sheets = (("居民", "visible"), ("旧", "hidden"), ("码", "veryHidden"))
    rows = '<row r="1"><c r="A1"><v>1</v></c></row>'
    book = read(rows, sheets=sheets)
    assert [s.name for s in book.sheets] == ["居民"]
    assert book.hidden_sheets == ("旧", "码")
    assert [(p.code, p.params["sheets"]) for p in book.problems] == [("N122", ["旧", "码"])]
    assert [s.name for s in read(rows, sheets=sheets, sheet="码").sheets] == ["码"]
    assert [s.name for s in read(rows, sheets=sheets, sheet=["旧", "居民"]).sheets] == ["旧", "居民"]
    with pytest.raises(InputError) as caught:
        read(rows, sheets=sheets, sheet="居民表")
    assert [(p.code, p.params["sheets"]) for p in caught.value.problems] == [("E111", ["居民", "旧", "码"])]


def test_merged_headers_are_filled_across_and_down(read):
    rows = (
        '<row r="1"><c r="A1" t="str"><v>编号</v></c><c r="B1" t="str"><v>满意度</v></c></row>'
        '<row r="2"><c r="B2" t="str"><v>服务</v></c><c r="C2" t="str"><v>环境</v></c></row>'
        '<row r="3"><c r="A3"><v>1</v></c></row>'
    )
    tail = '<mergeCells><mergeCell ref="A1:A2"/><mergeCell ref="B1:C1"/><mergeCell ref="bad"/></mergeCells>'
    (sheet,) = read(rows, tail=tail).sheets
    assert sheet.merged == ((1, 1, 2, 1), (1, 2, 1, 3))
    assert sheet.header([0]) == ["编号", "满意度", "满意度"]
    assert sheet.header([0, 1]) == ["编号", "满意度—服务", "满意度—环境"]
    assert grid(sheet)[0] == ["编号", "满意度", ""]  # the data stay as they are


def test_cells_without_reference_stand_side_by_side(read):
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"
    rows += "<row r='7'><c><v>4</v></c><c r='D7'><v>5</v></c></row>"
    (sheet,) = read(rows).sheets
    assert sheet.rows.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert grid(sheet)[0] == ["1", "2", "", ""] and grid(sheet)[6] == ["4", "", "", "5"]


def test_rows_out_of_order_are_all_read(read):
    rows = "".join(f'<row r="{r}"><c r="A{r}"><v>{r}</v></c></row>' for r in (3, 1, 4, 2))
    (sheet,) = read(rows).sheets
    assert grid(sheet) == [["1"], ["2"], ["3"], ["4"]]
    assert sheet.columns[0].distinct == ("", "1", "2", "3", "4")


def test_the_stated_dimension_counts_for_nothing(read):
    rows = "".join(f'<row r="{r}"><c r="A{r}"><v>1</v></c><c r="F{r}"><v>2</v></c></row>' for r in (5, 6))
    for stated in ("A1", "A1:XFD1048576"):
        (sheet,) = read(rows, head=f'<dimension ref="{stated}"/>').sheets
        assert (sheet.rows.tolist(), sheet.n_columns) == ([5, 6], 6)
        assert sheet.cell(0, 5).a1 == "F5"


def test_a_far_cell_costs_nothing_and_is_named(read):
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>9</v></c></row>'
    (sheet,) = read(rows).sheets
    assert (sheet.n_rows, sheet.n_columns) == (2, 2)
    assert sheet.cell(1, 1).a1 == "XFD1048576" and sheet.text(1, 1) == "9"
    assert [(p.code, p.at.cell) for p in sheet.problems] == [("W204", "XFD1048576")]


def test_a_lone_far_cell(read):
    (sheet,) = read('<row r="1048576"><c r="XFD1048576"><v>9</v></c></row>').sheets
    assert (sheet.n_rows, [c.letter for c in sheet.columns]) == (1, ["A", "XFD"])


def test_styled_blanks_are_not_there(read):
    blanks = "".join(f'<row r="{r}"><c r="A{r}" s="1"/><c r="Z{r}" s="1"/></row>' for r in range(2, 2000))
    (sheet,) = read(f'<row r="1"><c r="A1"><v>1</v></c></row>{blanks}').sheets
    assert (sheet.n_rows, sheet.n_columns, sheet.problems) == (1, 1, ())


def test_blank_rows_inside_stay_and_trailing_ones_go(read):
    rows = '<row r="2"><c r="B2"><v>1</v></c></row><row r="3"/><row r="5"><c r="A5"><v>2</v></c></row>'
    rows += '<row r="9"><c r="A9" t="str"><v></v></c></row>'
    (sheet,) = read(rows).sheets
    assert sheet.rows.tolist() == [2, 3, 4, 5]
    assert grid(sheet) == [["", "1"], ["", ""], ["", ""], ["2", ""]]


def test_strict_workbooks_and_prefixed_elements_are_read(read):
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    strings = "<si><t>严格</t></si>"
    assert grid(read(rows, strings=strings, main=STRICT_MAIN, office=STRICT_OFFICE).sheets[0]) == [["严格"]]
    prefixed = '<x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c></x:row>'
    assert grid(read(prefixed, strings=strings, prefix="x").sheets[0]) == [["严格"]]


def test_a_missing_strings_part_matters_only_where_it_is_used(read, tmp_path):
    assert grid(read('<row r="1"><c r="A1"><v>1</v></c></row>').sheets[0]) == [["1"]]
    with pytest.raises(InputError) as caught:
        read('<row r="1"><c r="A1" t="s"><v>0</v></c></row>')
    assert caught.value.problems[0].code == "E108"


@pytest.mark.parametrize("value", ["440106199001011234", "4.4010619900101126E+17", "1234567890123456", "1e22"])
def test_numbers_of_sixteen_digits_are_no_keys(read, value):
    (sheet,) = read(f'<row r="1"><c r="A1"><v>123456789012345</v></c><c r="B1"><v>{value}</v></c></row>').sheets
    assert sheet.imprecise == {(1, 2)}
    assert [(p.code, p.at.cell) for p in sheet.problems] == [("E201", "B1")]
    assert float(sheet.text(0, 1)) == float(value) and sheet.cell(0, 1).kind == NUMBER


def test_what_is_no_number_is_not_made_one(read):
    rows = '<row r="1"><c r="A1"><v>NaN</v></c><c r="B1"><v>1_0</v></c>'
    rows += '<c r="C1"><v>１</v></c><c r="D1"><v> 7 </v></c></row>'
    (sheet,) = read(rows).sheets
    assert grid(sheet) == [["NaN", "1_0", "１", "7"]]
    assert [int(c.kinds[0]) for c in sheet.columns] == [TEXT, TEXT, TEXT, NUMBER]


def test_many_errors_are_counted_not_all_listed(read):
    rows = "".join(f'<row r="{r}"><c r="A{r}" t="e"><v>#REF!</v></c></row>' for r in range(1, 1203))
    (sheet,) = read(rows).sheets
    assert codes(sheet).count("E202") == 1000
    assert [p.params["n"] for p in sheet.problems if p.code == "N208"] == [202]


def test_places_of_a_distinct_text(read):
    rows = "".join(f'<row r="{r}"><c r="B{r}"><v>{v}</v></c></row>' for r, v in [(2, 1), (3, 9), (4, 9)])
    (sheet,) = read(rows).sheets
    nine = sheet.columns[1].distinct.index("9")
    assert [cell.a1 for cell in sheet.cells(1, nine)] == ["B3", "B4"]
    assert sheet.cells(1, nine)[0].place == Place("book.xlsx", "Sheet1", "B3")
