"""`evalkit check` on a casebook: every problem with its address, in both languages, and a workbook to mend it in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import openpyxl
import pytest
from command_line import LANGUAGES, Said, Say, contents, make_study

import evalkit as ek
from evalkit.cli import main

TEXT = "楼长挨家挨户动员，大家同意了。\n后来大家出钱，请打 13812345678。"
SHEETS = {
    "sources": "source_id,case_id,quotable\nS1,A,1\n",
    "codebook": "code_id,name,parent_id,level\nC1,动员,K1,concept\nC2,同意,K1,concept\nK1,号召,,subcategory\n",
    "codings": "source_id,start,end,quote,code_id,coder\nS1,2,6,挨家挨户,C1,甲\nS1,9,13,大家同意,C2,乙\n",
    "cases": "case_id,LIFT\nA,1\n",
    "actors": "actor_id\n党支部\n物业\n",
    "ties": "from,to\n党支部,物业\n",
}


def folder(path: Path, **changed: str | None) -> Path:
    (path / "texts").mkdir(parents=True)
    (path / "texts" / "S1.txt").write_text(TEXT, encoding="utf-8")
    for name, text in (SHEETS | changed).items():
        if text is not None:
            (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def workbook(path: Path, **changed: str) -> Path:
    """The same in a workbook; its texts stand beside it."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, text in (SHEETS | changed).items():
        sheet = made.create_sheet(name)
        for line in text.splitlines():
            sheet.append(line.split(","))
    made.save(path)
    return path


@pytest.fixture
def say(capsys, monkeypatch) -> Say:
    monkeypatch.setenv("EVALKIT_DEBUG", "1")

    def call(*words: object, lang: str = "zh") -> Said:
        capsys.readouterr()
        code = main([*map(str, words), "--lang", lang])
        return Said(code, *capsys.readouterr())

    return call


BAD = {
    "codings": SHEETS["codings"].replace("C2,乙", "C9,乙"),
    "ties": SHEETS["ties"] + "物业,物业\n",
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_folder_is_checked_and_its_cells_are_marked(lang, tmp_path, say):
    book = folder(tmp_path / "book", **BAD)
    before = contents(book)
    said = say("check", book, "-o", tmp_path / "mend.xlsx", lang=lang)
    assert said.code == 1
    assert said.the("E2115").startswith("codings.csv › codings › E3")
    assert said.the("E2122").startswith("ties.csv › ties › B3")
    assert ("2 处错误" if lang == "zh" else "2 errors") in said.out.splitlines()[-1]
    assert contents(book) == before
    made = openpyxl.load_workbook(tmp_path / "mend.xlsx")
    assert "C9" in made["codings.csv"]["E3"].comment.text
    assert made["ties.csv"]["B3"].fill.fgColor.rgb == "FFFFF2A8"
    assert made["cases.csv"]["A2"].value == "A"


def test_a_workbook_is_checked_like_a_data_file(tmp_path, say):
    folder(tmp_path)
    said = say("check", workbook(tmp_path / "book.xlsx", **BAD), "-o", tmp_path / "mend.xlsx")
    assert said.code == 1
    assert said.the("E2115").startswith("book.xlsx › codings › E3")
    made = openpyxl.load_workbook(tmp_path / "mend.xlsx")
    assert made["ties"]["B3"].comment is not None
    assert say("check", workbook(tmp_path / "good.xlsx")).code == 0


def test_personal_data_in_quotes_is_covered_in_the_workbook(tmp_path, say):
    long = "S1,16,35,后来大家出钱，请打 13812345678。,C1,甲\n"
    book = folder(tmp_path / "book", codings=SHEETS["codings"] + long)
    assert say("check", book, "-o", tmp_path / "mend.xlsx").code == 0
    shown = openpyxl.load_workbook(tmp_path / "mend.xlsx")["codings.csv"]["D4"].value
    assert "后来大家出钱" in shown
    assert "13812345678" not in shown


@pytest.mark.parametrize("lang", LANGUAGES)
def test_word_files_and_projects_are_checked(lang, tmp_path, say):
    book = ek.read_casebook(folder(tmp_path / "book"))
    ek.write_comments(book, tmp_path / "word")
    assert say("check", tmp_path / "word" / "S1.docx", lang=lang).code == 0
    (tmp_path / "word" / "codebook.csv").write_text("code_id\nC1\n", encoding="utf-8")
    said = say("check", tmp_path / "word", "-o", tmp_path / "mend.xlsx", lang=lang)
    assert said.code == 1
    place = "S1.docx › 第 1 段 › 批注 2" if lang == "zh" else "S1.docx › paragraph 1 › comment 2"
    assert said.the("E2175").startswith(place)
    listed = list(openpyxl.load_workbook(tmp_path / "mend.xlsx").worksheets[0].values)
    assert any(place.partition(" › ")[2] in str(row[3]) for row in listed)
    record = [json.loads(line) for line in say("check", tmp_path / "word", "--json", lang=lang).lines]
    assert {(r["code"], r["paragraph"], r["comment"]) for r in record if "file" in r} >= {("E2175", 1, 2)}
    qde = '<?xml version="1.0" encoding="utf-8"?><Project xmlns="urn:QDA-XML:project:1.0" name="x"/>'
    (tmp_path / "p.qde").write_text(qde, encoding="utf-8")
    assert say("check", tmp_path / "p.qde", lang=lang).code == 0


@pytest.mark.parametrize("lang", LANGUAGES)
def test_options_of_data_files_mean_nothing_here(lang, tmp_path, say):
    book = folder(tmp_path / "book")
    said = say("check", book, "--sheet", "codings", "--mapping", "m.toml", lang=lang)
    assert (said.code, said.out) == (2, "")
    assert "--mapping" in said.the("E2194")
    assert say("check", book, "-o", tmp_path / "mend.docx", lang=lang).code == 2


def test_answers_are_no_casebook(tmp_path, say):
    study = make_study(tmp_path / "study", "zh")
    assert say("check", study.data, "-i", study.instrument).code == 0
    named = shutil.copy(study.data, tmp_path / "cases.xlsx")
    assert "respondent" not in say("check", named).err
    assert "案例资料册" not in say("check", named).out
    assert "E577" in say("check", tmp_path / "study").err
    damaged = tmp_path / "codings.xlsx"
    damaged.write_bytes(b"PK\x03\x04")
    assert say("check", damaged).code == 3
    book = folder(tmp_path / "book")
    assert "E577" in say("check", book, "--roster", tmp_path / "r.csv").err


def test_one_table_that_has_its_columns_is_a_casebook(tmp_path, say):
    book = folder(tmp_path / "book")
    assert "案例资料册：编码记录 2" in say("check", book / "codings.csv").out


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_casebook_is_written_in_other_forms(lang, tmp_path, say):
    book = folder(tmp_path / "book")
    rows = ek.read_casebook(book).codings[["start", "end", "quote", "code_id", "coder"]].to_numpy().tolist()
    for out, *words in (["one.docx", "--source", "S1"], ["word", "--word"], ["new.xlsx"], ["p.qdpx"], ["copy"]):
        said = say("casebook", book, "-o", tmp_path / out, *words, lang=lang)
        assert said.code == 0
        assert out in said.out
        again = ek.read_casebook(tmp_path / out).codings
        assert again[["start", "end", "quote", "code_id", "coder"]].to_numpy().tolist() == rows
    said = say("casebook", book, "-o", tmp_path / "word", "--word", lang=lang)
    assert (said.code, said.out) == (2, "")
    assert "--force" in said.the("E2198")
    assert say("casebook", book, "-o", tmp_path / "word", "--word", "--force", lang=lang).code == 0
    assert "--source" in say("casebook", book, "-o", tmp_path / "b.xlsx", "--source", "S1", lang=lang).the("E578")
    assert say("casebook", tmp_path / "none.xlsx", "-o", tmp_path / "b.xlsx", lang=lang).code == 3
