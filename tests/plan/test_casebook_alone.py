"""A plan with a casebook and no survey: it runs, reports, verifies, rehearses, and stands in a workbook."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

import evalkit as ek
from evalkit.contract import PlanError
from evalkit.contract.words import say
from evalkit.plan.conversion import convert
from evalkit.plan.reader import parse_plan, read_plan
from evalkit.plan.rehearsal import rehearse
from evalkit.plan.run import run
from evalkit.plan.scores import write_scores
from evalkit.plan.verify import verify

PLAN = """format = "evalkit-plan/1"
title = {zh = "访谈", en = "Interviews"}
[casebook]
file = "book"
simulated = true
[[step]]
id = "codes"
do = "code_profile"
data = "codings"
[[step]]
id = "agree"
do = "agreement"
data = "codings"
by = "sources"
resamples = 100
[[step]]
id = "net"
do = "network"
data = "ties"
permutations = 100
[[table]]
id = "verdicts"
template = "T24"
[[hypothesis]]
id = "H1"
zh = "编码者一致"
en = "Coders agree"
confirm_if = 'agree["C1/percent/analytic"].estimate > 0.5'
[output]
formats = ["html", "xlsx", "docx"]
"""

SHEETS = {
    "sources": "source_id,case_id,quotable\nS1,A,1\nS2,B,0\nS3,C,1\n",
    "codebook": "code_id,name,parent_id,level\nC1,动员,K1,concept\nC2,同意,K1,concept\nK1,号召,,subcategory\n",
    "codings": "source_id,start,end,code_id,coder\n"
    + "".join(f"S{s},{i},{i + 3},C{1 + (s + i + k) % 2},{c}\n" for s in (1, 2, 3) for i in (0, 5)
              for k, c in enumerate("甲乙")),
    "cases": "case_id,LIFT\nA,1\nB,0\nC,1\n",
    "ties": "from,to\nP,Q\nP,R\nQ,R\n",
}  # fmt: skip


def write(folder: Path, text: str = PLAN) -> Path:
    (folder / "book").mkdir()
    for name, sheet in SHEETS.items():
        (folder / "book" / f"{name}.csv").write_text(sheet, encoding="utf-8")
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    return folder / "plan.toml"


def test_it_runs_reports_and_verifies(tmp_path):
    path = write(tmp_path)
    found = run(path, tmp_path / "out")
    assert not found.failures
    assert found["agree"].coders == ("甲", "乙")  # codings that say no round are of the first
    assert found.verdicts[0].decision in ("supported", "not_supported")
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["rows"] == {}
    assert {"instrument", "decoded_by"}.isdisjoint(record)
    assert record["privacy"] == {"suppressed_cells": {}}
    assert {"book/codings.csv", "book/ties.csv"} <= set(record["inputs"])
    told = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "编码记录 12" in told
    assert "读入 0" not in told
    assert "模拟" in told
    assert openpyxl.load_workbook(tmp_path / "out" / "tables-zh.xlsx").sheetnames
    assert verify(tmp_path / "out").findings == ()
    (tmp_path / "book" / "ties.csv").write_text(SHEETS["ties"] + "R,P\n", encoding="utf-8")
    assert {"E562", "E566"} <= {p.code for p in verify(tmp_path / "out").findings}


def test_it_is_rehearsed(tmp_path):
    lines = list(rehearse(write(tmp_path), "en"))
    assert lines[0].startswith("Casebook: Sources 3, Codebook 3, Codings 12, Cases 3, Ties 3; texts 0")
    assert any(line.strip().startswith("net") for line in lines)


@pytest.mark.parametrize(("lang", "said"), [("zh", "P = 党支部"), ("en", "P = Party branch")])
def test_words_in_both_languages_are_rehearsed_in_one(lang, said, tmp_path):
    labels = 'labels = {P = {zh = "党支部", en = "Party branch"}}\n'
    path = write(tmp_path, PLAN.replace('data = "ties"\n', 'data = "ties"\ngroup = "actor_id"\n' + labels))
    (tmp_path / "book" / "actors.csv").write_text("actor_id\nP\nQ\nR\n", encoding="utf-8")
    told = next(line for line in rehearse(path, lang) if line.strip().startswith("net"))
    assert said in told
    assert "zh =" not in told


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_its_workbook_is_the_same_plan(lang, tmp_path):
    path = write(tmp_path)
    convert(path, tmp_path / "plan.xlsx", lang=lang)
    again = read_plan(tmp_path / "plan.xlsx")
    assert again == read_plan(path)
    assert again.simulated
    assert next(iter(rehearse(tmp_path / "plan.xlsx", lang)))
    convert(tmp_path / "plan.xlsx", tmp_path / "again.toml", lang=lang)
    assert read_plan(tmp_path / "again.toml") == read_plan(path)


def test_the_casebook_may_be_a_word_file(tmp_path):
    write(tmp_path)
    (tmp_path / "book" / "texts").mkdir()
    for name in ("S1", "S2", "S3"):
        (tmp_path / "book" / "texts" / f"{name}.txt").write_text("楼长挨家动员大家", encoding="utf-8")
    book = ek.read_casebook(tmp_path / "book")
    ek.write_comments(book, tmp_path / "S1.docx", source="S1")
    text = '[casebook]\nfile = "S1.docx"\n[[step]]\nid = "a"\ndo = "code_profile"\ndata = "codings"\n'
    (tmp_path / "word.toml").write_text('format = "evalkit-plan/1"\n' + text, encoding="utf-8")
    found = run(tmp_path / "word.toml", tmp_path / "out")
    assert found["a"].n_codings == 4
    assert "S1.docx" in json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["inputs"]
    assert verify(tmp_path / "out").same


def refused(text: str, folder: Path) -> dict[str, int]:
    with pytest.raises(PlanError) as raised:
        parse_plan(text, folder / "plan.toml")
    for problem in raised.value.problems:
        assert all(say(problem, lang) for lang in ("zh", "en"))
    return {p.code: p.at.line for p in raised.value.problems}


def line(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


ON_ANSWERS = {
    "a step on answers": ('data = "ties"\n', "", "E5108", '[[step]]\nid = "net"'),
    "an instrument": ("[casebook]", 'instrument = "a"\n[casebook]', "E5109", "instrument"),
    "a rule for rows": ("[output]", '[[exclude]]\nwhen = "age > 3"\n[output]', "E5109", "[[exclude]]"),
    "scales": ("[output]", '[[scales]]\nid = "a"\nitems = ["b"]\n[output]', "E5109", "[[scales]]"),
    "a community": ("simulated = true", 'community = "c"', "E5109", "community"),
    "the flow of the survey": ('template = "T24"', 'template = "T0"', "E5109", "[[table]]"),
    "pseudonyms": ("[output]", '[privacy]\npseudonyms = ["id"]\nkey_file = "k"\n[output]', "E5109", "pseudonyms"),
    "answers without a file": ("[casebook]", "[data]\nsimulated = true\n[casebook]", "E506", "[data]"),
    "neither": ('[casebook]\nfile = "book"\nsimulated = true\n', "", "E506", "format"),
}


@pytest.mark.parametrize("name", ON_ANSWERS)
def test_what_is_about_answers_is_refused_with_its_line(name, tmp_path):
    old, new, code, at = ON_ANSWERS[name]
    text = PLAN.replace(old, new)
    assert refused(text, tmp_path)[code] == line(text, at)


def test_there_are_no_scores_to_write(tmp_path):
    with pytest.raises(PlanError, match="E506"):
        write_scores(write(tmp_path), None, tmp_path / "scores.csv", lang="zh")
