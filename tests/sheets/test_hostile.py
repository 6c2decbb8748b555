"""Files that mean harm or are not what they seem: one clear problem each, fast, and nothing hangs."""

import os
import socket
import struct
import time
import zipfile

import pytest

from evalkit.contract.problems import InputError
from evalkit.contract.words import say
from evalkit.sheets import package, read_book, store

from .crafted import PACKAGE, grid, parts, write

ONE = '<row r="1"><c r="A1"><v>1</v></c></row>'


def problem(path, **options):
    with pytest.raises(InputError) as caught:
        read_book(path, **options)
    (found,) = caught.value.problems
    assert found.at.file == path.name
    for lang in ("zh", "en"):
        sentence = say(found, lang)
        assert found.code in sentence and "{" not in sentence
    return found


def saved(path, content):
    path.write_bytes(content)
    return path


def test_a_missing_file_and_what_is_no_file(tmp_path, monkeypatch):
    assert problem(tmp_path / "none.xlsx").code == "E101"
    assert problem(tmp_path / ("n" * 300)).code == "E101"
    assert problem(tmp_path).code == "E102"
    os.mkfifo(tmp_path / "pipe.xlsx")
    assert problem(tmp_path / "pipe.xlsx").code == "E102"
    (tmp_path / "loop.xlsx").symlink_to(tmp_path / "loop.xlsx")
    assert problem(tmp_path / "loop.xlsx").code == "E101"
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # the path of a socket must be short
        server.bind("s.xlsx")
        assert problem(tmp_path / "s.xlsx").code == "E102"


def test_a_file_without_permission(tmp_path, monkeypatch):
    path = saved(tmp_path / "a.csv", b"a,b\n")

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr("evalkit.sheets.book.hashlib.file_digest", refuse)
    assert problem(path).code == "E103"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "E110"),
        (b" \r\n\t", "E110"),
        (b"%PDF-1.7\0\0\0", "E104"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "E104"),
        (b"\x1f\x8b\x08\0\0", "E104"),
        (b"a,b\0c\n", "E104"),
        (b"PK\x05\x06" + bytes(18), "E104"),
        (b"PK\x03\x04 and nothing more", "E108"),
        (b"\x09\x08\x08\x00\x00\x05", "E112"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "E112"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", "E112"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "E104"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "WordDocument".encode("utf-16-le"), "E104"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le"), "E105"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "Workbook".encode("utf-16-le") + bytes(99), "E108"),
    ],
)
def test_what_is_no_readable_spreadsheet(tmp_path, content, code):
    for name in ("a.xlsx", "a.xls", "a.csv"):
        assert problem(saved(tmp_path / name, content)).code == code


def test_formats_of_other_programs(tmp_path):
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "Workbook".encode("utf-16-le")
    assert problem(saved(tmp_path / "a.et", ole)).code == "E112"
    assert problem(write(tmp_path / "a.numbers", {"Index/Document.iwa": b"x"})).code == "E112"
    word = {"_rels/.rels": f'<Relationships xmlns="{PACKAGE}"/>', "word/document.xml": "<document/>"}
    assert problem(write(tmp_path / "a.docx", word)).code == "E104"
    made = parts(ONE)
    made["xl/book.xml"] = "<document/>"
    assert problem(write(tmp_path / "b.docx", made)).code == "E104"


DOCTYPE = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "part", ["_rels/.rels", "xl/book.xml", "xl/_rels/book.xml.rels", "xl/look.xml", "xl/words.xml"]
)
def test_a_document_type_is_refused_in_any_part(tmp_path, part):
    made = parts(ONE, strings="<si><t>a</t></si>")
    made[part] = DOCTYPE + made[part]
    assert problem(write(tmp_path / "a.xlsx", made)).code == "E107"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("comment", ["", "<!--" + " x <" * 300_000 + "-->"])
def test_a_document_type_cannot_hide(tmp_path, encoding, comment):
    made = parts(ONE)
    body = made["xl/worksheets/odd1.xml"].partition("?>")[2]
    made["xl/worksheets/odd1.xml"] = f'<?xml version="1.0" encoding="{encoding}"?>{comment}{DOCTYPE}{body}'.encode(
        encoding
    )
    assert problem(write(tmp_path / "a.xlsx", made)).code == "E107"


def test_an_external_entity_is_not_fetched(tmp_path):
    canary = saved(tmp_path / "canary.txt", b"secret")
    made = parts('<row r="1"><c r="A1" t="str"><v>&x;</v></c></row>')
    body = made["xl/worksheets/odd1.xml"].partition("?>")[2]
    made["xl/worksheets/odd1.xml"] = f'<!DOCTYPE x [<!ENTITY x SYSTEM "{canary.as_uri()}">]>{body}'
    assert problem(write(tmp_path / "a.xlsx", made)).code == "E107"


def bomb(path, part, size):
    made = parts(ONE, strings="<si><t>a</t></si>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in made.items():
            if name != part:
                archive.writestr(name, content)
        with archive.open(part, "w") as stream:
            for _ in range(size >> 20):
                stream.write(bytes(1 << 20))
    return path


@pytest.mark.parametrize("part", ["xl/look.xml", "xl/words.xml", "xl/book.xml"])
def test_a_zip_bomb_is_refused_fast(tmp_path, part, monkeypatch):
    monkeypatch.setattr("evalkit.sheets.strings.MAX_STRINGS", 64 << 20)
    path = bomb(tmp_path / "a.xlsx", part, 80 << 20)
    assert path.stat().st_size < 1 << 20
    before = time.process_time()
    assert problem(path).code == "E106"
    assert time.process_time() - before < 2


def test_a_part_that_is_never_read_may_be_large(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "MAX_SMALL", 1 << 16)
    path = write(tmp_path / "a.xlsx", parts(ONE) | {"xl/media/image1.png": bytes(1 << 20)})
    assert grid(read_book(path).sheets[0]) == [["1"]]


def test_a_lying_directory_gains_nothing(tmp_path):
    made = parts(ONE + "<!--" + "x" * 100_000 + "-->")
    path = write(tmp_path / "a.xlsx", made)
    content = bytearray(path.read_bytes())
    at = content.rfind(b"xl/worksheets/odd1.xml") - 46  # central directory: the inflated size stands at 24
    content[at + 24 : at + 28] = struct.pack("<I", 500)
    assert problem(saved(path, bytes(content))).code == "E108"


def test_what_is_read_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "MAX_TOTAL", 5000)
    path = write(tmp_path / "a.xlsx", parts("".join(ONE.replace("1", str(r)) for r in range(1, 400))))
    found = problem(path)
    assert (found.code, found.params["part"]) == ("E106", "xl/worksheets/odd1.xml")


def test_answers_that_compress_well_are_no_bomb(tmp_path):
    rows = "".join(
        f'<row r="{r}">' + "".join(f'<c r="{c}{r}"><v>5</v></c>' for c in "ABCDEFGHIJ") + "</row>"
        for r in range(1, 20_000)
    )
    path = write(tmp_path / "a.xlsx", parts(rows))
    assert len(rows) > 10 * path.stat().st_size
    assert read_book(path).sheets[0].n_rows == 19_999


def test_too_many_entries_and_the_same_part_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "MAX_ENTRIES", 20)
    assert problem(write(tmp_path / "a.xlsx", parts(ONE) | {f"x{k}": b"" for k in range(20)})).code == "E119"
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        for name, content in [*parts(ONE).items(), ("xl/worksheets/odd1.xml", "<worksheet/>")]:
            archive.writestr(name, content)
    assert problem(tmp_path / "b.xlsx").code == "E108"


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1"><v>1</v>',
        '<row r="1"><c r="A1"><v>1</c></v></row>',
        '<row r="1"><c r="A1"><v>&unknown;</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>\x01</v></c></row>',
        '<row r="1"><c r="A1048577"><v>1</v></c></row>',
        '<row r="99999999"><c><v>1</v></c></row>',
        '<row r="1"><c r="XFE1"><v>1</v></c></row>',
        '<row r="1"><c r="1A"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>5</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>-1</v></c></row>',
        '<row r="1"><c r="A1" x="' + "y" * (10 << 20) + '"><v>1</v></c></row>',
    ],
    ids=range(11),
)
def test_damage_inside_a_sheet(tmp_path, rows):
    path = write(tmp_path / "a.xlsx", parts(rows, strings="<si><t>a</t></si>"))
    before = time.process_time()
    assert problem(path).code == "E108"
    assert time.process_time() - before < 10


def test_truncation_and_a_flipped_bit(tmp_path):
    path = write(tmp_path / "a.xlsx", parts(ONE * 1), zipfile.ZIP_STORED)
    whole = path.read_bytes()
    for cut in (len(whole) // 3, len(whole) - 30):
        assert problem(saved(tmp_path / "b.xlsx", whole[:cut])).code == "E108"
    flipped = whole.replace(b"<v>1</v>", b"<v>2</v>")
    assert problem(saved(tmp_path / "c.xlsx", flipped)).code == "E108"


def test_an_encrypted_entry_is_a_password(tmp_path):
    path = write(tmp_path / "a.xlsx", parts(ONE))
    content = bytearray(path.read_bytes())
    at = content.rfind(b"xl/worksheets/odd1.xml") - 46
    content[at + 8] |= 1
    assert problem(saved(path, bytes(content))).code == "E105"


def test_an_empty_workbook(tmp_path):
    for rows in ("", '<row r="1"><c r="A1" s="0"/></row>', '<row r="1"><c r="A1" t="str"><v></v></c></row>'):
        assert problem(write(tmp_path / "a.xlsx", parts(rows))).code == "E110"
    hidden = parts(ONE, sheets=(("a", "hidden"),))
    assert problem(write(tmp_path / "b.xlsx", hidden)).code == "E110"


def test_scattered_cells_do_not_make_a_huge_table(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "MAX_BOX", 1000)
    rows = "".join(f'<row r="{r}"><c r="A{r}"><v>1</v></c></row>' for r in range(1, 600))
    cells = rows.replace('<row r="1">', '<row r="1"><c r="B1"><v>1</v></c>')
    assert problem(write(tmp_path / "a.xlsx", parts(cells))).code == "E118"
    assert read_book(write(tmp_path / "b.xlsx", parts(rows))).sheets[0].n_rows == 599


@pytest.mark.parametrize("name", ["MAX_CELLS", "MAX_TEXTS"])
def test_the_number_of_cells_and_texts_is_bounded(tmp_path, monkeypatch, name):
    monkeypatch.setattr(store, name, 10)
    rows = "".join(f'<row r="{r}"><c r="A{r}"><v>{r}</v></c></row>' for r in range(1, 20))
    assert problem(write(tmp_path / "a.xlsx", parts(rows))).code == "E118"


def test_part_names_are_found_through_relationships_whatever_their_case(tmp_path):
    made = parts(ONE)
    made["XL\\Worksheets\\ODD1.xml"] = made.pop("xl/worksheets/odd1.xml")
    assert grid(read_book(write(tmp_path / "a.xlsx", made)).sheets[0]) == [["1"]]


def test_a_name_with_percent_and_leading_dash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "-%s{n}.xlsx", parts(ONE))
    assert grid(read_book("-%s{n}.xlsx").sheets[0]) == [["1"]]
