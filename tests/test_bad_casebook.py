"""Bad casebooks as users meet them: `evalkit check` and a plan's run say what is wrong, where, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import LANGUAGES, Said, Say, contents

from evalkit.cli import main
from evalkit.contract.words import catalogue

TEXT = "楼长挨家挨户动员，大家同意了。\n后来大家同意出钱。"
SHEETS = {
    "sources": "source_id,quotable\nS1,1\n",
    "codebook": "code_id,name,parent_id,level\nC1,动员,K1,concept\nC2,同意,K1,concept\nK1,号召,M1,subcategory\n"
    "M1,领袖,,category\n",
    "codings": "source_id,start,end,quote,code_id,coder\nS1,2,6,挨家挨户,C1,甲\nS1,9,13,大家同意,C2,乙\n",
    "units": "unit_id,source_id,start,end\nU1,S1,0,8\nU2,S1,8,15\n",
    "actors": "actor_id\n党支部\n物业\n",
    "ties": "from,to\n党支部,物业\n",
}
PLAN = """format = "evalkit-plan/1"
[casebook]
file = "book"
[[step]]
id = "codes"
do = "code_profile"
data = "codings"
[output]
formats = ["md"]
"""


def changed(sheet: str, old: str, new: str) -> dict[str, str]:
    assert old in SHEETS[sheet]
    return {sheet: SHEETS[sheet].replace(old, new)}


def added(sheet: str, line: str) -> dict[str, str]:
    return {sheet: SHEETS[sheet] + line + "\n"}


REGISTERED = {"sources": f"source_id,quotable,n_chars\nS1,1,{len(TEXT)}\n"}
SHA = {"sources": f"source_id,quotable,sha256\nS1,1,{'0' * 64}\n"}

BAD = {
    "a cycle": (changed("codebook", "M1,领袖,,", "M1,领袖,C1,"), TEXT, "E2116", "codebook.csv › codebook › C2"),
    "a code above itself": (changed("codebook", "M1,领袖,,", "M1,领袖,M1,"), TEXT, "E2116", "C5"),
    "an orphan": (changed("codebook", "C2,同意,K1", "C2,同意,K9"), TEXT, "E2117", "codebook.csv › codebook › C3"),
    "a code not defined": (changed("codings", "C2,乙", "C9,乙"), TEXT, "E2115", "codings.csv › codings › E3"),
    "units that overlap": (changed("units", "U2,S1,8", "U2,S1,6"), TEXT, "E2124", "units.csv › units › C3"),
    "reversed offsets": (changed("codings", "2,6,挨家挨户", "6,2,"), TEXT, "E2123", "codings.csv › codings › C2"),
    "reversed units": (changed("units", "8,15", "15,8"), TEXT, "E2123", "units.csv › units › D3"),
    "offsets behind the text": (changed("codings", "2,6,挨家挨户", "2,600,"), TEXT, "E2134", "C2"),
    "a quote that is gone": (REGISTERED, TEXT.replace("挨家", "每家"), "E2133", "codings.csv › codings › D2"),
    "a text that changed": (SHA, TEXT.replace("挨家", "每家"), "E2130", "sources.csv › sources › C2"),
    "a changed text without quotes": (
        REGISTERED | changed("codings", "大家同意,C2", ",C2"), "前" + TEXT, "E2130", "sources.csv › sources › C2",
    ),
    "a tie to oneself": (added("ties", "物业,物业"), TEXT, "E2122", "ties.csv › ties › B3"),
    "a tie to nobody": (added("ties", "党支部,街道办"), TEXT, "E2115", "ties.csv › ties › B3"),
    "a tie from nobody": (added("ties", "街道办,物业"), TEXT, "E2115", "ties.csv › ties › A3"),
}  # fmt: skip
DOUBTFUL = {
    "codings that overlap": (added("codings", "S1,4,9,,C1,甲"), TEXT, "W2125", "codings.csv › codings › B4"),
    "reversed offsets with a quote": (changed("codings", "2,6,挨", "6,2,挨"), TEXT, "W2132", "B2"),
    "a changed text whose quotes fit": (REGISTERED | changed("codings", "9,13,大家同意,", "9,15,大家同意了,"),
                                        "前言。" + TEXT, "W2131", "sources.csv › sources › C2"),
}  # fmt: skip


def casebook(folder: Path, sheets: dict[str, str], text: str) -> Path:
    (folder / "book" / "texts").mkdir(parents=True)
    (folder / "book" / "texts" / "S1.txt").write_text(text, encoding="utf-8")
    for name, rows in (SHEETS | sheets).items():
        (folder / "book" / f"{name}.csv").write_text(rows, encoding="utf-8")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    return folder / "book"


@pytest.fixture
def say(capsys, monkeypatch) -> Say:
    """Run a command; a bug of ours shows as itself."""
    monkeypatch.setenv("EVALKIT_DEBUG", "1")

    def call(*words: object) -> Said:
        capsys.readouterr()
        code = main([*map(str, words)])
        return Said(code, *capsys.readouterr())

    return call


def remedy(code: str, lang: str) -> str:
    """The part of the remedy before its first parameter."""
    return catalogue()["messages"][code][f"{lang}_fix"].partition("{")[0].strip()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", BAD)
def test_a_fault_is_told_with_address_and_remedy_and_nothing_is_written(name, lang, tmp_path, say):
    sheets, text, code, cell = BAD[name]
    book = casebook(tmp_path, sheets, text)
    before = contents(tmp_path)
    for exit_code, words in ((1, ("check", book)), (3, ("run", tmp_path / "plan.toml", "-o", tmp_path / "out"))):
        said = say(*words, "--lang", lang)
        told = said.the(code)
        assert said.code == exit_code
        assert cell in told.partition("：" if lang == "zh" else ": ")[0]
        assert remedy(code, lang) in told
    assert contents(tmp_path) == before


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_doubtful_is_told_and_the_plan_runs(name, lang, tmp_path, say):
    sheets, text, code, cell = DOUBTFUL[name]
    sheets = {"units": "unit_id,source_id,start,end\n"} | sheets
    book = casebook(tmp_path, sheets, text)
    for words in (("check", book), ("run", tmp_path / "plan.toml", "-o", tmp_path / "out")):
        said = say(*words, "--lang", lang)
        assert said.code == 0
        assert cell in said.the(code)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_cycle_is_printed_whole_and_nothing_else_is_said_of_it(lang, tmp_path, say):
    sheets, text, _, _ = BAD["a cycle"]
    said = say("check", casebook(tmp_path, sheets, text), "--lang", lang)
    assert "C1 → K1 → M1 → C1" in said.the("E2116")
    assert len(said.lines) == 1


def test_what_is_meant_is_named(tmp_path, say):
    said = say("check", casebook(tmp_path, *BAD["a tie to nobody"][:2]), "--lang", "zh").the("E2115")
    assert "“actors”表" in said
    assert "党支部" in said
    (tmp_path / "two").mkdir()
    said = say("check", casebook(tmp_path / "two", *BAD["an orphan"][:2]), "--lang", "en").the("E2117")
    assert "nearest: K1" in said
