"""The quick reader and the parser must give the same cells, whatever the rows look like."""

import random
import zipfile

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.sheets import read_book
from evalkit.sheets.scan import PlainRows

from .crafted import grid, parts, write

STRINGS = (
    "<si><t>甲</t></si><si><t xml:space='preserve'> b </t></si><si><r><t>c</t></r></si><si><t>d &lt; e</t></si>" * 3
)


def twice(path):
    """The file read by both ways; also how many blocks the quick way took."""
    taken = []
    quick = PlainRows.take

    def count(self, block):
        taken.append(quick(self, block))
        return taken[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlainRows, "take", count)
        by_scan = read_book(path)
        patch.setattr(PlainRows, "take", lambda self, block: False)
        by_parser = read_book(path)
    return by_scan, by_parser, sum(taken)


def same(one, other):
    assert len(one.sheets) == len(other.sheets)
    for a, b in zip(one.sheets, other.sheets, strict=True):
        assert a.rows.tolist() == b.rows.tolist()
        assert (a.problems, a.hidden_rows, a.merged, a.imprecise) == (b.problems, b.hidden_rows, b.merged, b.imprecise)
        for left, right in zip(a.columns, b.columns, strict=True):
            assert (left.letter, left.distinct) == (right.letter, right.distinct)
            for name in ("index", "kinds", "formula"):
                assert np.array_equal(getattr(left, name), getattr(right, name)), name


CELLS = [
    '<c r="{a}" t="s"><v>{n}</v></c>',
    '<c r="{a}"><v>{n}</v></c>',
    '<c r="{a}" s="1"><v>4{n}000.25</v></c>',
    '<c r="{a}" s="0" t="str"><v>x{n}</v></c>',
    '<c r="{a}" t="b"><v>1</v></c>',
    '<c r="{a}" t="e"><v>#N/A</v></c>',
    '<c r="{a}" s="1"/>',
    '<c r="{a}" s="1" />',
    '<c r="{a}"></c>',
    '<c r="{a}" t="inlineStr"><is><t>in{n}</t></is></c>',
    '<c r="{a}" t="inlineStr"><is><t xml:space="preserve"> &amp; {n}\r</t></is></c>',
    '<c r="{a}"><f>A{n}+1</f><v>{n}.50</v></c>',
    '<c r="{a}"><v>-{n}e-3</v></c>',
    '<c r="{a}"><v>44010619900101123{n}</v></c>',
    '<c r="{a}"><v>000{n}</v></c>',
]
ODD_CELLS = [
    '<c s="1" r="{a}"><v>{n}</v></c>',
    '<c r="{a}">\n<v>{n}</v></c>',
    '<c r="{a}"><f>A{n}</f></c>',
    '<c r="{a}"><f t="shared" si="0"/><v>{n}</v></c>',
    '<c r="{a}" t="inlineStr"><is><r><t>r</t></r><r><t>{n}</t></r></is></c>',
    '<c r="{a}" cm="1"><v>{n}</v></c>',
    '<c r="{a}" t="str"><v>a > {n}</v></c>',
    '<c r="{a}"><v><![CDATA[{n}]]></v></c>',
    '<c r="{a}"><!-- {n} --><v>{n}</v></c>',
    '<c r="{a}"><v/></c>',
    '<x xmlns="urn:other"><c r="{a}"><v>{n}</v></c></x>',
]


def rows_of(cells, choose, n_rows, n_columns):
    text = []
    for r in range(1, n_rows + 1):
        hidden = ' spans="1:9" hidden="1"' if choose.random() < 0.1 else ""
        body = "".join(
            choose.choice(cells).format(a=f"{openpyxl.utils.get_column_letter(c)}{r}", n=choose.randint(0, 9))
            for c in range(1, n_columns + 1)
            if choose.random() < 0.8
        )
        text.append(f'<row r="{r}"{hidden}>{body}</row>')
    return "".join(text)


@pytest.mark.parametrize("seed", range(12))
def test_both_ways_agree_on_plain_and_odd_cells(tmp_path, seed, monkeypatch):
    monkeypatch.setattr("evalkit.sheets.package.BLOCK", 700)  # many blocks, cut anywhere
    choose = random.Random(seed)
    cells = CELLS if seed < 4 else CELLS * 6 + ODD_CELLS
    rows = rows_of(cells, choose, 60, 30)
    path = write(tmp_path / "b.xlsx", parts(rows, strings=STRINGS, styles=(0, 22), prefix="x" if seed == 3 else ""))
    if seed == 3:
        prefixed = rows.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
        path = write(tmp_path / "b.xlsx", parts(prefixed, strings=STRINGS, styles=(0, 22), prefix="x"))
    by_scan, by_parser, taken = twice(path)
    same(by_scan, by_parser)
    assert taken > 20 or seed >= 4


@pytest.mark.parametrize("row", ['<row r="{r}">', '<row spans="1:9" r="{r}">', "<row>"])
def test_cells_without_references_are_read_by_both_ways(tmp_path, monkeypatch, row):
    monkeypatch.setattr("evalkit.sheets.package.BLOCK", 700)
    cells = [
        "<c/>",
        "<c></c>",
        "<c><v>{n}</v></c>",
        '<c t="s"><v>{n}</v></c>',
        '<c s="1"/>',
        "<c><f>A1</f><v>{n}</v></c>",
    ]
    choose = random.Random(5)
    rows = [
        row.format(r=r) + "".join(choose.choice(cells).format(n=r % 10) for _ in range(r % 9)) for r in range(1, 200)
    ]
    text = "</row>".join(rows).replace("<row>", '<row r="9">', 1) + '</row><row r="500"/>'
    by_scan, by_parser, taken = twice(write(tmp_path / "b.xlsx", parts(text, strings=STRINGS)))
    same(by_scan, by_parser)
    assert by_scan.sheets[0].n_rows > 190 and by_scan.sheets[0].n_columns == 8
    assert taken > 5 or row != '<row r="{r}">'


@pytest.mark.parametrize("odd", ODD_CELLS)
def test_each_odd_cell_is_read_as_the_parser_reads_it(tmp_path, odd):
    plain = '<row r="1"><c r="A1"><v>1</v></c></row>'
    path = write(tmp_path / "b.xlsx", parts(plain + f'<row r="2">{odd.format(a="B2", n=3)}</row>', strings=STRINGS))
    by_scan, by_parser, _ = twice(path)
    same(by_scan, by_parser)


def test_rows_inside_a_comment_are_no_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("evalkit.sheets.package.BLOCK", 256)
    row = '<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>'
    rows = row.format(n=1) + "<!-- " + "".join(row.format(n=n) for n in range(2, 40)) + " -->" + row.format(n=41)
    path = write(tmp_path / "b.xlsx", parts(rows, head="<!-- <sheetData> -->"))
    by_scan, by_parser, _ = twice(path)
    same(by_scan, by_parser)
    assert [text for (text,) in grid(by_scan.sheets[0]) if text] == ["1", "41"]


def test_a_row_longer_than_a_block_and_a_bom(tmp_path):
    cells = "".join(f'<c r="{openpyxl.utils.get_column_letter(c)}1"><v>{c}</v></c>' for c in range(1, 16385))
    made = parts(f'<row r="1">{cells}</row>')
    made["xl/worksheets/odd1.xml"] = b"\xef\xbb\xbf" + made["xl/worksheets/odd1.xml"].encode()
    by_scan, by_parser, taken = twice(write(tmp_path / "b.xlsx", made))
    same(by_scan, by_parser)
    assert taken == 1
    assert by_scan.sheets[0].n_columns == 16384 and by_scan.sheets[0].text(0, 16383) == "16384"


def test_other_encodings_go_to_the_parser(tmp_path):
    made = parts('<row r="1"><c r="A1" t="str"><v>é社</v></c></row>')
    text = made["xl/worksheets/odd1.xml"]
    for name, encoding in (("UTF-16", "utf-16"), ("ISO-8859-1", "latin-1")):
        made["xl/worksheets/odd1.xml"] = text.replace("UTF-8", name).replace("社", "").encode(encoding)
        by_scan, _, taken = twice(write(tmp_path / "b.xlsx", made))
        assert grid(by_scan.sheets[0]) == [["é"]] and taken == 0


values = st.one_of(
    st.none(),
    st.integers(-(10**14), 10**14),
    st.floats(-1e300, 1e300),
    st.booleans(),
    st.text(
        st.characters(
            codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\n\t", exclude_characters="\ufffe\uffff"
        ),
        min_size=1,
        max_size=12,
    ),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(values, min_size=1, max_size=6), min_size=1, max_size=8))
def test_what_openpyxl_writes_comes_back(tmp_path_factory, table):
    from evalkit.contract.problems import InputError
    from evalkit.sheets import safe_cell, save_workbook

    path = tmp_path_factory.mktemp("book") / "b.xlsx"
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("s")
    for row in table:
        sheet.append([safe_cell(sheet, value) for value in row])
    save_workbook(workbook, path)
    # openpyxl writes 16 digits of a float.
    table = [[float(f"{v:.16g}") if type(v) is float else v for v in row] for row in table]
    expected = {(r, c): v for r, row in enumerate(table, 1) for c, v in enumerate(row, 1) if v is not None}
    try:
        by_scan, by_parser, _ = twice(path)
    except InputError as fault:
        assert [p.code for p in fault.problems] == ["E110"] and not expected
        return
    same(by_scan, by_parser)
    (read,) = by_scan.sheets
    cells = [read.cell(r, c) for r in range(read.n_rows) for c in range(read.n_columns)]
    found = {
        (int(read.rows[r]), c + 1): read.cell(r, c).value for r in range(read.n_rows) for c in range(read.n_columns)
    }
    assert len(cells) == len(found)
    assert {k: v for k, v in found.items() if v is not None} == expected


def test_the_container_may_be_stored_or_deflated(tmp_path):
    made = parts('<row r="1"><c r="A1"><v>1</v></c></row>')
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        assert grid(read_book(write(tmp_path / "b.xlsx", made, compression)).sheets[0]) == [["1"]]
