"""Casebooks saved and read again: REFI-QDA by the schema's rules, workbooks, folders."""

from __future__ import annotations

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ek
from evalkit.contract import OutputError, UsageError
from evalkit.contract.words import say
from evalkit.ingest.casebook import Casebook
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.schema import SHEETS
from evalkit.ingest.casebook.sheets import column_of
from evalkit.ingest.casebook.values import cleaned
from evalkit.ingest.refi.particulars import described, heard

TEXT = "楼长😀挨家挨户动员，\n大家“同意了”……后来呢…"

# The schema's rules, from its description: what an element may hold, in this order (* any number, ! one or more), and
# the attributes that it must have.
ORDER: Mapping[str, tuple[str, ...]] = {
    "Project": ("Users", "CodeBook", "Variables", "Cases", "Sources", "Notes", "Links", "Sets", "Graphs",
                "Description", "NoteRef*"),
    "Users": ("User!",), "CodeBook": ("Codes",), "Codes": ("Code!",), "Variables": ("Variable!",),
    "Cases": ("Case!",), "Sources": ("TextSource!",), "Notes": ("Note!",),
    "Code": ("Description", "NoteRef*", "Code*"), "Variable": ("Description",),
    "Case": ("Description", "CodeRef*", "VariableValue*", "SourceRef*", "SelectionRef*"),
    "VariableValue": ("VariableRef!", "TextValue", "BooleanValue", "IntegerValue", "FloatValue"),
    "TextSource": ("Description", "PlainTextContent", "PlainTextSelection*", "Coding*", "NoteRef*", "VariableValue*"),
    "Note": ("Description", "PlainTextContent"),
    "PlainTextSelection": ("Description", "Coding*", "NoteRef*"), "Coding": ("CodeRef!", "NoteRef*"),
}  # fmt: skip
NEEDED = {"Project": ("name",), "Code": ("guid", "name", "isCodable"), "User": ("guid",), "Case": ("guid",),
          "Variable": ("guid", "name", "typeOfVariable"), "TextSource": ("guid",), "Note": ("guid",),
          "PlainTextSelection": ("guid", "startPosition", "endPosition"), "Coding": ("guid",),
          "CodeRef": ("targetGUID",), "NoteRef": ("targetGUID",), "SourceRef": ("targetGUID",),
          "VariableRef": ("targetGUID",)}  # fmt: skip
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
VALUES = {"BooleanValue": r"true|false", "FloatValue": r"[+-]?(\d+(\.\d*)?|\.\d+)"}


def check_structure(element: ElementTree.Element, space: str, guids: set[str]) -> None:
    name = element.tag.removeprefix(f"{{{space}}}")
    assert not name.startswith("{"), name
    rules = ORDER.get(name, ())
    known = [rule.rstrip("*!") for rule in rules]
    names = [child.tag.removeprefix(f"{{{space}}}") for child in element]
    places = [known.index(child) for child in names]
    assert places == sorted(places), (name, names)
    for rule in rules:
        assert rule[-1] != "!" or rule[:-1] in names, (name, rule)
        assert rule[-1] in "*!" or names.count(rule) <= 1, (name, rule)
    assert all(key in element.attrib for key in NEEDED.get(name, ())), (name, element.attrib)
    for key, value in element.attrib.items():
        if key.lower().endswith("guid") or key == "creatingUser":
            assert GUID.fullmatch(value)
        if key.endswith("Position"):
            assert value.isdecimal()
        assert key != "creationDateTime" or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value)
        assert key != "isCodable" or value in ("true", "false")
    if "guid" in element.attrib:
        assert element.attrib["guid"] not in guids
        guids.add(element.attrib["guid"])
    if name in VALUES:
        assert re.fullmatch(VALUES[name], element.text or "")
    if name == "VariableValue":
        assert len(names) == 2
    if name == "TextSource":
        assert ("plainTextPath" in element.attrib) != ("PlainTextContent" in names)
    for child in element:
        check_structure(child, space, guids)


def check_project(path: Path) -> None:
    """Valid by the schema, every reference to something that is there, entries sorted and without a clock."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert names == sorted(names) and {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        root = ElementTree.fromstring(archive.read("project.qde"))
        guids: set[str] = set()
        check_structure(root, "urn:QDA-XML:project:1.0", guids)
        for element in root.iter():
            for key in ("targetGUID", "creatingUser"):
                assert element.attrib.get(key, next(iter(guids), "")) in guids | {""}
            inside = element.attrib.get("plainTextPath")
            assert inside is None or f"sources/{inside.removeprefix('internal://')}" in names
        for name in names[1:]:
            text = archive.read(name).decode()
            assert not text.startswith("\ufeff") and "\r" not in text


def casebook(frames: Mapping[str, Mapping[str, list[Any]]], texts: Mapping[str, str], name: str = "made") -> Casebook:
    """A casebook of these columns; those of the sheets that are not named are empty."""
    tables = {}
    for sheet, form in SHEETS.items():
        given = dict(frames.get(sheet, {}))
        n = len(next(iter(given.values()), []))
        columns = {f.name: column_of(list(given.pop(f.name, [None] * n)), f.kind) for f in form.fields}
        more = {
            k: pd.Series(v, dtype=float if any(isinstance(x, float) for x in v) else "str") for k, v in given.items()
        }
        tables[sheet] = Table(pd.DataFrame(columns | more), given=bool(n), rows=tuple(range(2, n + 2)))
    return Casebook(name, tables, texts, (), {})


def plain(frame: pd.DataFrame, key: str, *left: str) -> list[dict[str, Any]]:
    """Rows in the order of their key, without what is empty."""
    rows = [{k: v for k, v in row.items() if not pd.isna(v) and k not in left} for row in frame.to_dict("records")]
    return sorted(rows, key=lambda row: str(row[key]))


def assert_same(old: Casebook, new: Casebook, *left: str) -> None:
    assert dict(new.texts) == dict(old.texts)
    for sheet in ("sources", "codebook", "codings", "cases"):
        key = SHEETS[sheet].key
        assert plain(new.frame(sheet), key, *left) == plain(old.frame(sheet), key, *left), sheet


def small() -> Casebook:
    """One of everything."""
    at = TEXT.index("挨家")
    return casebook(
        {
            "sources": {"source_id": ["S1", "S2"], "case_id": ["A", None], "kind": ["interview", None],
                        "date": ["2021-03", None], "held_out": [0.0, 1.0], "quotable": [1.0, None],
                        "sha256": [hashlib.sha256(TEXT.encode()).hexdigest(), "0" * 64],
                        "n_chars": [float(len(TEXT)), 1234567.0], "职业": ["楼长", None], "年龄": [61.5, None],
                        "memo": ["第一次访谈\n[evalkit]\n", None]},
            "codebook": {"code_id": ["K", "C1", "C2", "C3"], "name": ["动员号召", "上门", "上门", "旧"],
                         "parent_id": [None, "K", None, "K"], "level": ["category", "concept", None, None],
                         "definition": ["号召 & <动员>", "挨家\n\n[evalkit]\ncode_id = \"C9\"", None, None],
                         "status": ["active", "active", "active", "merged"], "merged_into": [None, None, None, "C1"],
                         "created_round": [None, "1", None, None]},
            "codings": {"coding_id": ["1", "2", "3", "4", "5"], "source_id": ["S1", "S1", "S1", "S2", "S1"],
                        "start": [at, at, None, 1000000.0, 0.0], "end": [at + 4, at + 2, None, 1000004.0, len(TEXT)],
                        "quote": ["挨家挨户", "挨家", None, "大家同意", TEXT], "code_id": ["C1", "C2", "K", "C1", "C1"],
                        "coder": ["甲", "乙", None, "甲", "甲"], "round": ["1", "consensus", None, "2", "1"],
                        "memo": ["想\r想", None, "全文", "“", None], "quotable": [1.0, 0.0, 1.0, 0.0, 1.0],
                        "date": ["2021-03-06T10:00:00", "2021-03", None, None, None]},
            "cases": {"case_id": ["A", "B"], "label": ["小区", "小区"], "outcome": ["success", 2.0],
                      "户数": [120.0, 0.5], "备注": [None, "x"], "memo": [None, "说明"]},
            "ties": {"from": ["a"], "to": ["b"]},
        },
        {"S1": TEXT},
    )  # fmt: skip


def test_a_project_is_valid_and_reads_as_the_same_casebook(tmp_path):
    book = small()
    told = ek.save_casebook(book, tmp_path / "a.qdpx")
    assert {p.code: p.params.get("n") for p in told} == {"W2168": 1, "N2171": 1}
    assert all(say(p, lang) for p in told for lang in ("zh", "en"))
    check_project(tmp_path / "a.qdpx")
    again = ek.read_casebook(tmp_path / "a.qdpx")
    assert_same(book, again)
    assert {p.code for p in again.problems} == {"N2160", "W2125"}


def test_every_column_of_codes_and_codings_has_a_place(tmp_path):
    words = {
        s: {f.name: [f"the {f.name}"] for f in SHEETS[s].fields if f.kind == "text"} for s in ("codebook", "codings")
    }
    words["codebook"] |= {"code_id": ["C"], "status": ["active"], "level": ["own"]}
    words["codings"] |= {"coding_id": ["1"], "source_id": ["S"], "code_id": ["C"], "start": [0.0], "end": [2.0],
                         "quote": ["楼长"], "round": ["consensus"], "quotable": [0.0], "coder": ["甲"]}  # fmt: skip
    book = casebook(words | {"sources": {"source_id": ["S"]}}, {"S": TEXT})
    for name in ("a.qdpx", "a.qdc"):
        ek.save_casebook(book, tmp_path / name)
        again = ek.read_casebook(tmp_path / name)
        assert plain(again.codebook, "code_id") == plain(book.codebook, "code_id")
    assert plain(ek.read_casebook(tmp_path / "a.qdpx").codings, "coding_id") == plain(book.codings, "coding_id")


def test_particulars_that_somebody_changed_do_no_harm(tmp_path):
    book = casebook({"sources": {"source_id": ["S"], "n_chars": [7.0]}, "codings": {
        "coding_id": ["1"], "source_id": ["S"], "start": [0.0], "end": [2.0], "quote": ["楼长"], "code_id": ["C"],
        "round": ["1"], "quotable": [1.0]}}, {})  # fmt: skip
    ek.save_casebook(book, tmp_path / "a.qdpx")
    with zipfile.ZipFile(tmp_path / "a.qdpx") as archive:
        xml = archive.read("project.qde").decode()
    changes = {
        "start = 0": 'start = "nought"',
        "end = 2": "end = inf",
        "n_chars = 7": "n_chars = -7",
        'round = "1"': "round = 1979-05-27",
        "quotable = 1": "quotable = nan",
        'coding_id = "1"': "coding_id = 5",
    }
    for old, new in changes.items():
        assert old in xml
        for text in (xml.replace(old, new), xml.replace(old, "= broken")):
            with zipfile.ZipFile(tmp_path / "b.qdpx", "w") as archive:
                archive.writestr("project.qde", text)
            assert len(ek.read_casebook(tmp_path / "b.qdpx").codings) == 1


def test_the_same_casebook_gives_the_same_bytes(tmp_path):
    (tmp_path / "b").mkdir()
    ek.save_casebook(small(), tmp_path / "a.qdpx")
    first = (tmp_path / "a.qdpx").read_bytes()
    ek.save_casebook(small(), tmp_path / "a.qdpx", force=True)
    assert (tmp_path / "a.qdpx").read_bytes() == first
    ek.save_casebook(ek.read_casebook(tmp_path / "a.qdpx"), tmp_path / "b" / "a.qdpx")
    assert (tmp_path / "b" / "a.qdpx").read_bytes() == first


def test_a_codebook_alone(tmp_path):
    told = ek.save_casebook(small(), tmp_path / "a.qdc")
    assert [p.code for p in told] == ["W2168"] * 4
    root = ElementTree.parse(tmp_path / "a.qdc").getroot()
    check_structure(next(iter(root)), "urn:QDA-XML:codebook:1.0", set())
    again = ek.read_casebook(tmp_path / "a.qdc")
    assert plain(again.codebook, "code_id") == plain(small().codebook, "code_id")
    with pytest.raises(UsageError, match="E2170"):
        ek.save_casebook(casebook({}, {}), tmp_path / "b.qdc")


def readable() -> Casebook:
    """What sheets can hold: references that fit, quotes of texts at hand."""
    book = small()
    hard = {"S1": TEXT, "=S 2": "=1+1\n-好\t\x0b尾 " + "长" * 40_000}
    codings = {"coding_id": ["1", "2", "3", "4"], "source_id": ["S1", "=S 2", "=S 2", "=S 2"], "start": [0, 0, 5, 0],
               "end": [2, 4, 9, 40_000], "code_id": ["C1", "K", "K", "C2"], "coder": ["-甲", "@乙", None, None],
               "memo": ["=x", "'=y", None, None], "quotable": [0.0] * 4}  # fmt: skip
    texts = [hard[s] for s in codings["source_id"]]
    codings["quote"] = [t[a:b] for t, a, b in zip(texts, codings["start"], codings["end"], strict=True)]
    codebook = {c: list(book.codebook[c].astype(object).where(book.codebook[c].notna(), None)) for c in book.codebook}
    sources = {"source_id": list(hard), "quotable": [0.0, None], "n_chars": [float(len(t)) for t in hard.values()],
               "sha256": [hashlib.sha256(t.encode()).hexdigest() for t in hard.values()]}  # fmt: skip
    cases = {"case_id": ["01", "02"], "label": ["甲", None], "outcome": ["success", 2.0], "户数": [120.0, 0.5]}
    return casebook({"sources": sources, "codebook": codebook, "codings": codings, "cases": cases}, hard)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", ["a.xlsx", "folder"])
def test_sheets_read_as_the_same_casebook(name, lang, tmp_path):
    book = readable()
    assert ek.save_casebook(book, tmp_path / name, lang=lang) == ()
    again = ek.read_casebook(tmp_path / name)
    assert_same(book, again, "path")
    assert {p.code for p in again.problems} <= {"N2121"}
    folder = tmp_path if name == "a.xlsx" else tmp_path / name
    assert (folder / "texts" / "S1.txt").read_bytes() == TEXT.encode()
    assert sorted(p.name for p in (folder / "texts").iterdir()) == ["S1.txt", "text-2.txt"]


def test_a_casebook_of_files_goes_through_every_format(tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "S1.txt").write_bytes(("\ufeff" + TEXT.replace("\n", "\r\n")).encode())
    (tmp_path / "sources.csv").write_text("source_id,case_id,可引用,职业\nS1,A,1,楼长\n", encoding="utf-8")
    (tmp_path / "codebook.csv").write_text("code_id,name,parent_id\nC1,同意,\nC2,同意,C1\n", encoding="utf-8")
    (tmp_path / "cases.csv").write_text("case_id,label,outcome\nA,甲,success\n", encoding="utf-8")
    quotes = ["挨家挨户", "同意了”……", "😀", "后来呢…"]
    rows = [f"S1,{q},{c},甲,1" for q, c in zip(quotes, ["C1", "C2"] * 2, strict=True)]
    (tmp_path / "codings.csv").write_text("source_id,quote,code_id,coder,round\n" + "\n".join(rows), encoding="utf-8")
    book = ek.read_casebook(tmp_path)
    for name in ("x.qdpx", "out", "y.xlsx", "z.qdpx"):
        target = tmp_path / "made" / name
        target.parent.mkdir(exist_ok=True)
        ek.save_casebook(book, target)
        book = ek.read_casebook(target)
        assert sorted(book.codings["quote"]) == sorted(quotes)
    assert_same(ek.read_casebook(tmp_path), book)


def test_files_that_are_there_stay(tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "S1.txt").write_text("somebody's", encoding="utf-8")
    for name in ("a.xlsx", "."):
        with pytest.raises(OutputError, match="E2169"):
            ek.save_casebook(small(), tmp_path / name)
    assert not (tmp_path / "a.xlsx").exists() and not (tmp_path / "sources.csv").exists()
    ek.save_casebook(small(), tmp_path / "a.xlsx", force=True)
    assert (tmp_path / "texts" / "S1.txt").read_text(encoding="utf-8") == TEXT
    for name in ("a.xlsx", "a.qdpx"):
        (tmp_path / name).touch()
        with pytest.raises(OutputError, match="E2169"):
            ek.save_casebook(small(), tmp_path / name)
    ek.save_casebook(small(), tmp_path / "b.xlsx")  # the text beside it is the same
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="E131"):
        ek.save_casebook(small(), tmp_path / "file" / "folder")


def test_what_cannot_be_asked_for(tmp_path):
    with pytest.raises(UsageError, match="E705"):
        ek.save_casebook(small(), tmp_path / "a.docx")
    with pytest.raises(UsageError, match="E707"):
        ek.save_casebook(small(), tmp_path / "a.xlsx", lang="fr")


def test_an_empty_casebook_is_a_valid_project(tmp_path):
    ek.save_casebook(casebook({}, {}), tmp_path / "a.qdpx")
    check_project(tmp_path / "a.qdpx")
    assert len(ek.read_casebook(tmp_path / "a.qdpx").sources) == 0


PARTICULARS = st.text(st.characters(exclude_categories=["Cs", "Cc"])) | st.integers(0, 10**9) | st.floats(-1e9, 1e9)


@settings(max_examples=100, deadline=None)
@given(
    text=st.text('a[]evalkit\n\\"= 你\x7f', max_size=30) | st.just("x\n\n[evalkit]\na = 1"),
    told=st.dictionaries(st.sampled_from("abc"), PARTICULARS),
)
def test_particulars_are_heard_as_they_were_told(text, told):
    assert heard(described(text, told)) == (text, told)


SIGNS = "a你😀\n\t \"'<&>…]\x01\x85\u2028"
IDS = st.sampled_from(["a", "B", "你", "c/d", "a b", "😀", "x.y"])
WORDS = st.none() | st.text(SIGNS.replace("\x01", "") + "[evalkit]=", min_size=1, max_size=12).map(cleaned).map(
    lambda t: t or None
)


@st.composite
def casebooks(draw: st.DrawFn) -> Casebook:
    sources = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    texts = {s: draw(st.text(SIGNS, max_size=20)) for s in sources if draw(st.booleans())}
    codes = draw(st.lists(IDS, min_size=1, max_size=5, unique=True))
    names = [draw(st.sampled_from(["同", "a", "B", "二\n行"])) for _ in codes]
    parents = [draw(st.sampled_from([None, *codes[:k]])) for k in range(len(codes))]
    cases = draw(st.lists(IDS, max_size=3, unique=True))
    quotable = [draw(st.sampled_from([None, 0.0, 1.0])) for _ in sources]
    codings: dict[str, list[Any]] = {f.name: [] for f in SHEETS["codings"].fields}
    for number in range(draw(st.integers(0, 5))):
        source = draw(st.sampled_from(sources))
        text = texts.get(source)
        start = end = quote = None
        if text:
            start = draw(st.none() | st.integers(0, len(text) - 1))
            end = None if start is None else draw(st.integers(start + 1, len(text)))
            quote = None if start is None else text[start:end]
        elif text is None and draw(st.booleans()):
            start, end, quote = 3, 9, draw(WORDS)
        own = draw(st.none() | st.sampled_from([0.0, 1.0]))
        theirs = quotable[sources.index(source)]
        row = {"coding_id": f"n{number}", "source_id": source, "start": start, "end": end, "quote": quote,
               "code_id": draw(st.sampled_from(codes)), "coder": draw(st.none() | IDS),
               "round": draw(st.sampled_from([None, "1", "consensus"])), "memo": draw(WORDS),
               "quotable": (theirs or 0.0) if own is None else 0.0 if theirs == 0 else own,
               "date": draw(st.sampled_from([None, "2021", "2021-03-06T10:00:00", "2021-03-06"]))}  # fmt: skip
        for name, value in row.items():
            codings[name].append(value)
    numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
    told = [texts.get(s) for s in sources]
    frames = {
        "sources": {"source_id": sources, "case_id": [draw(st.sampled_from([None, *cases])) for _ in sources],
                    "quotable": quotable, "职业": [draw(WORDS) for _ in sources],
                    "memo": [draw(WORDS) for _ in sources],
                    "sha256": [None if t is None else hashlib.sha256(t.encode()).hexdigest() for t in told],
                    "n_chars": [None if t is None else float(len(t)) for t in told]},
        "codebook": {"code_id": codes, "name": names, "parent_id": parents, "definition": [draw(WORDS) for _ in codes],
                     "level": ["own" if p is None else None for p in parents], "status": ["active"] * len(codes)},
        "codings": codings,
        "cases": {"case_id": cases, "label": [draw(st.sampled_from(["同", "a", "二"])) for _ in cases],
                  "outcome": [draw(st.sampled_from([None, 1.0, "好"])) for _ in cases],
                  "分": [draw(numbers) for _ in cases], "memo": [draw(WORDS) for _ in cases]},
    }  # fmt: skip
    return casebook(frames, texts)


@settings(max_examples=25, deadline=None)
@given(book=casebooks())
def test_every_casebook_survives_a_project(book):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.qdpx"
        ek.save_casebook(book, path)
        check_project(path)
        again = ek.read_casebook(path)
        assert_same(book, again)
        first = path.read_bytes()
        ek.save_casebook(again, path, force=True)
        assert path.read_bytes() == first or sorted(book.codings["source_id"]) != list(book.codings["source_id"])


def test_a_program_that_takes_a_description_away_does_not_break_the_project(tmp_path):
    ek.save_casebook(small(), tmp_path / "a.qdpx")
    with zipfile.ZipFile(tmp_path / "a.qdpx") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    bare = re.sub(r"<Description>.*?</Description>", "", files["project.qde"].decode(), flags=re.DOTALL)
    with zipfile.ZipFile(tmp_path / "b.qdpx", "w") as archive:
        for name, content in (files | {"project.qde": bare.encode()}).items():
            archive.writestr(name, content)
    again = ek.read_casebook(tmp_path / "b.qdpx")
    assert list(again.codebook["code_id"]) == ["动员号召", "动员号召/上门", "旧", "上门"]
    assert len(again.codings) == 5 and np.isnan(again.codings["start"]).sum() == 1
