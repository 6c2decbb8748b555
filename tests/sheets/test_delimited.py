"""Text files: encodings, delimiters, quotes, and pages that call themselves workbooks."""

import pytest

from evalkit.contract.problems import InputError
from evalkit.sheets import TEXT, read_book

from .crafted import grid

TABLE = '编号,意见\r\n007,"第一行\n第二行, 引号""里"\r\n008,㐂𠮷\r\n'
CELLS = [["编号", "意见"], ["007", '第一行\n第二行, 引号"里'], ["008", "㐂𠮷"]]


@pytest.fixture
def read(tmp_path):
    def read(content, name="a.csv", **options):
        (tmp_path / name).write_bytes(content)
        return read_book(tmp_path / name, **options)

    return read


def problem(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    (found,) = caught.value.problems
    return found


@pytest.mark.parametrize(
    ("encoding", "notes"),
    [("utf-8", []), ("utf-8-sig", []), ("utf-16", []), ("utf-32", []), ("gb18030", ["N121"])],
)
def test_the_encoding_ladder(read, encoding, notes):
    book = read(TABLE.encode(encoding))
    (sheet,) = book.sheets
    assert grid(sheet) == CELLS
    assert (book.format, sheet.name, [p.code for p in book.problems]) == ("csv", "a", notes)
    assert sheet.cell(1, 0).a1 == "A2" and sheet.cell(1, 0).kind == TEXT
    assert sheet.rows.tolist() == [1, 2, 3]  # records, not lines


def test_an_encoding_can_be_named(read):
    assert grid(read("澳門,臺灣".encode("big5"), encoding="big5").sheets[0]) == [["澳門", "臺灣"]]
    assert grid(read("\ufeff一,二".encode(), encoding="utf-8").sheets[0]) == [["一", "二"]]
    assert problem(read, b"a,b", encoding="klingon").code == "E114"
    assert problem(read, b"a,b", encoding="hex").code == "E114"
    assert problem(read, "一二三".encode("gb18030"), encoding="utf-8").code == "E115"


def test_what_no_encoding_fits_is_an_error_with_its_line(read):
    found = problem(read, "编号,意见\n1,好\n2,".encode() + b"\xff\xff\n3,x\n")
    assert (found.code, found.at.line) == ("E109", 3)
    assert problem(read, b"\xff\xfea").code == "E109"  # half a character after a UTF-16 mark


def test_two_encodings_in_one_file_are_not_guessed(read):
    """GB18030 decodes nearly any bytes: UTF-8 before the fault would become nonsense without a word."""
    first, second = "您的年龄,对社区的建议\n35,多种树\n".encode(), "41,停车位不足\n".encode("gb18030")
    with pytest.raises(InputError) as caught:
        read(first + second)
    (found,) = caught.value.problems
    assert (found.code, found.at.line) == ("E109", 3)


def test_a_line_without_end_is_refused(read, monkeypatch):
    monkeypatch.setattr("evalkit.sheets.delimited.MAX_LINE", 1000)
    with pytest.raises(InputError) as caught:
        read(b"a,b\n1,2\n" + b"x" * 1200)
    (found,) = caught.value.problems
    assert (found.code, found.at.line) == ("E106", 3)
    assert read(b"a,b\n" * 400).sheets[0].n_rows == 400


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_recognised(read, delimiter):
    lines = [
        ["id", "a, b; c" if delimiter not in ",;" else "a b", "x"],
        ["1", "2,5" if delimiter != "," else "2", "3"],
    ] * 5
    book = read("\n".join(delimiter.join(row) for row in lines).encode())
    assert grid(book.sheets[0]) == lines
    assert book.format == ("tsv" if delimiter == "\t" else "csv")


def test_a_single_column_and_a_named_separator(read):
    assert grid(read("意见\n好\n\n不好".encode()).sheets[0]) == [["意见"], ["好"], [""], ["不好"]]
    assert grid(read(b"sep=;\na;b,c\n1;2\n").sheets[0]) == [["a", "b,c"], ["1", "2"]]


def test_ragged_rows_and_the_ghost_column(read):
    assert grid(read(b"a,b,\n1,2,\n3\n4,5,6\n").sheets[0]) == [
        ["a", "b", ""],
        ["1", "2", ""],
        ["3", "", ""],
        ["4", "5", "6"],
    ]
    assert read(b"a,b,\n1,2,\n").sheets[0].n_columns == 2


def test_old_line_ends(read):
    assert grid(read(b"a,b\r1,2\r").sheets[0]) == [["a", "b"], ["1", "2"]]


def test_a_quote_that_never_closes_is_an_error_with_its_line(read):
    found = problem(read, 'a,b\n1,"好\n2,x\n3,y\n'.encode())
    assert (found.code, found.at.line) == ("E116", 2)
    found = problem(read, ('a,b\n1,"' + "x\n" * 100_000).encode())
    assert (found.code, found.at.line) == ("E116", 2)
    found = problem(read, 'a,b\n1,"好"了\n2,"x\n3,y\n'.encode())
    assert (found.code, found.at.line) == ("E116", 3)


def test_loose_quotes_are_read_with_a_warning(read):
    book = read('a,b\n1,"好"了\n2,x\n'.encode())
    assert grid(book.sheets[0]) == [["a", "b"], ["1", "好了"], ["2", "x"]]
    assert [(p.code, p.at.line) for p in book.problems] == [("W117", 2)]


def test_more_rows_than_a_worksheet_has(read, monkeypatch):
    book = read(b"x\n" * 1_100_000)
    assert (book.sheets[0].n_rows, book.sheets[0].rows[-1]) == (1_100_000, 1_100_000)


def test_too_many_columns(read):
    assert problem(read, b"," * 20_000 + b"x").code == "E118"


def test_the_sheet_of_a_text_file_is_called_like_the_file(read):
    assert read(b"a,b\n", sheet="a").sheets[0].name == "a"
    assert problem(read, b"a,b\n", sheet="Sheet1").code == "E111"


def test_an_xls_that_is_text_is_read_with_a_note(read):
    book = read("编号\t性别\n1\t男\n".encode("gb18030"), "导出.xls")
    assert grid(book.sheets[0]) == [["编号", "性别"], ["1", "男"]]
    assert [(p.code, p.params.get("format")) for p in book.problems] == [("N120", "tsv"), ("N121", None)]


PAGE = """<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312">
<style>td {{}}</style></head><body>
<table><tr><th rowspan=2>编号</th><th colspan="2">满意度</th></tr><tr><td>服&nbsp;务</td><td>环境<br>卫生</td></tr>
<tr><td> 1 </td><td>a &lt; b</td><td></td></tr></table><script>x</script>
<table><tr><td>合计<tr><td>1</table></body></html>"""


def test_an_xls_that_is_a_page_is_read_with_a_note(read):
    book = read(PAGE.encode("gb18030"), "导出.xls")
    (sheet,) = book.sheets
    assert grid(sheet) == [
        ["编号", "满意度", ""],
        ["", "服\xa0务", "环境\n卫生"],
        ["1", "a < b", ""],
        ["合计", "", ""],
        ["1", "", ""],
    ]
    assert sheet.header([0, 1]) == ["编号", "满意度—服\xa0务", "满意度—环境\n卫生"]
    assert (book.format, [p.code for p in book.problems]) == ("html", ["N120"])


def test_a_page_without_a_table_is_empty(read):
    assert problem(read, b"<html><body><p>Please log in</p></body></html>", "a.xls").code == "E110"


def test_a_page_with_a_huge_span(read):
    assert problem(read, b"<table><tr>" + b"<td colspan=1000>x" * 20 + b"</table>", "a.xls").code == "E118"
