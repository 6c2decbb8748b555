"""Codings written as Word comments read again as the same codings, also after another program saved the file."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit as ek
from evalkit.contract import OutputError, UsageError
from evalkit.contract.words import say

SAME = ["source_id", "start", "end", "quote", "code_id", "coder", "memo", "date"]
CODES = ["C1", "K;2", "a:b", "a", "动员、号召"]
LETTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\r\ufeff\ufffe\uffff")
TEXTS = st.lists(st.text(st.one_of(st.sampled_from("楼长动员 \t：a;"), LETTERS), max_size=12), min_size=1, max_size=5)
WORDS = st.sampled_from(["甲", "乙 丙", "Zoë", "：；", "😀"])


@st.composite
def sources(draw):
    """A text and codings at any offsets: overlapping, across lines, of line breaks alone."""
    text = "\n".join(draw(TEXTS)) + draw(st.sampled_from(["", "\n"]))
    rows = []
    for _ in range(draw(st.integers(0, 4)) if text else 0):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        memo = draw(st.one_of(st.just(""), st.lists(WORDS, min_size=1, max_size=3).map("\n".join)))
        date = draw(st.sampled_from(["", "2021-03-06", "2021-03-06T09:12:30"]))
        rows.append([start, end, draw(st.sampled_from(CODES)), draw(st.one_of(st.just(""), WORDS)), memo, date])
    return text, rows


def casebook(folder: Path, text: str, rows: list[list[object]], **more: list[object]) -> ek.Casebook:
    """A casebook of one source S1 with these codings, and the same codebook."""
    (folder / "texts").mkdir(parents=True)
    (folder / "texts" / "S1.txt").write_text(text, encoding="utf-8", newline="")
    frame = pd.DataFrame(rows, columns=["start", "end", "code_id", "coder", "memo", "date"]).assign(
        source_id="S1", **more
    )
    frame.to_csv(folder / "codings.csv", index=False, encoding="utf-8-sig")
    pd.DataFrame({"source_id": ["S1"], "quotable": [0]}).to_csv(folder / "sources.csv", index=False)
    codebook(folder)
    return ek.read_casebook(folder)


def codebook(folder: Path) -> None:
    names = ["动员", "入户：上门", "动员", "同意", ""]
    pd.DataFrame({"code_id": CODES, "name": names}).to_csv(folder / "codebook.csv", index=False, encoding="utf-8")


def rows_of(book: ek.Casebook) -> list[list[object]]:
    return sorted(book.codings[SAME].astype(object).fillna("").to_numpy().tolist(), key=str)


@settings(max_examples=12, deadline=None)
@given(sources(), st.sampled_from(["id", "name"]))
def test_codings_come_back_from_word(made, label):
    text, rows = made
    with tempfile.TemporaryDirectory() as scratch:
        first = casebook(Path(scratch) / "book", text, rows)
        ek.write_comments(first, Path(scratch) / "word", label=label)
        codebook(Path(scratch) / "word")
        again = ek.read_casebook(Path(scratch) / "word")
        assert again.texts == first.texts
        assert rows_of(again) == rows_of(first)
        lines = [line.text for line in Document(Path(scratch) / "word" / "S1.docx").paragraphs]
        assert lines == first.texts["S1"].split("\n")


TEXT = "楼长挨家挨户动员，😀大家同意了。\n\n后来大家出钱。"
ROWS = [[2, 11, "C1", "甲", "说得好\n真的：好", "2021-03-06T09:12:30"], [9, 12, "a:b", "乙", "", "2021-03-06"],
        [12, 24, "a", "甲", "", "2021-03"], ["", "", "C1", "甲", "", ""]]  # fmt: skip


def test_what_comments_cannot_hold_is_told(tmp_path):
    book = casebook(tmp_path / "book", TEXT, ROWS, round=["1", "2", "共识", "1"])
    told = ek.write_comments(book, tmp_path / "S1.docx")
    assert {p.code: dict(p.params) for p in told} == {
        "W2190": {"n": 1}, "N2189": {"rounds": 4, "dates": 1}, "N2199": {"sources": ["S1"]},
    }  # fmt: skip
    assert all(say(p, lang) for p in told for lang in ("zh", "en"))
    ek.write_comments(book, tmp_path / "S2.docx", round="2")
    assert list(ek.read_casebook(tmp_path / "S2.docx").codings["quote"]) == ["😀大家"]


def test_characters_that_xml_does_not_have_are_replaced_in_their_places(tmp_path):
    book = casebook(tmp_path / "book", "一\x01二\x0c三", [[2, 3, "C1", "", "", ""]])
    assert [p.params for p in ek.write_comments(book, tmp_path / "S1.docx") if p.code == "W2191"] == [{"n": 2}]
    again = ek.read_casebook(tmp_path / "S1.docx")
    assert again.texts["S1"] == "一\ufffd二\ufffd三"
    assert list(again.codings["quote"]) == ["二"]


def test_the_same_casebook_gives_the_same_bytes_and_nothing_is_overwritten(tmp_path):
    book = casebook(tmp_path / "book", TEXT, ROWS)
    ek.write_comments(book, tmp_path / "a")
    ek.write_comments(book, tmp_path / "b.docx", source="S1")
    bytes_of = (tmp_path / "b.docx").read_bytes()
    assert (tmp_path / "a" / "S1.docx").read_bytes() == bytes_of
    with pytest.raises(OutputError, match="E2198"):
        ek.write_comments(book, tmp_path / "a")
    ek.write_comments(book, tmp_path / "a", force=True, label="name")
    assert (tmp_path / "a" / "S1.docx").read_bytes() != bytes_of


@pytest.mark.parametrize(
    ("given", "code"),
    [({"source": "S2"}, "E2188"), ({"round": "3"}, "E2188"), ({"label": "code"}, "E2197")],
)
def test_what_there_is_not_is_refused(given, code, tmp_path):
    book = casebook(tmp_path / "book", TEXT, ROWS)
    with pytest.raises(UsageError, match=code):
        ek.write_comments(book, tmp_path / "a", **given)


def test_several_sources_want_a_folder_and_names_that_files_may_have(tmp_path):
    folder = tmp_path / "book"
    casebook(folder, TEXT, ROWS)
    (folder / "sources.csv").write_text("source_id,path\nS1,S1.txt\nS/2,S1.txt\n", encoding="utf-8")
    book = ek.read_casebook(folder)
    with pytest.raises(UsageError, match="E2188"):
        ek.write_comments(book, tmp_path / "a.docx")
    with pytest.raises(UsageError, match="E2197"):
        ek.write_comments(book, tmp_path / "a")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="E131"):
        ek.write_comments(book, tmp_path / "file", source="S1")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_comments_survive_another_program(tmp_path):
    book = casebook(tmp_path / "book", TEXT, ROWS[:2])
    ek.write_comments(book, tmp_path / "S1.docx")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "docx", "--outdir", str(tmp_path / "out")]
    subprocess.run([*command, str(tmp_path / "S1.docx")], check=True, capture_output=True, timeout=120)
    codebook(tmp_path / "out")
    again = ek.read_casebook(tmp_path / "out")
    assert again.texts == book.texts
    assert rows_of(again) == rows_of(book)
