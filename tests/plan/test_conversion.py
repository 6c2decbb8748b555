"""`evalkit plan export` and `evalkit init --workbook`: the plan in the form that an analyst likes better."""

from __future__ import annotations

import dataclasses

import pytest
from openpyxl import load_workbook

from evalkit.cli import main
from evalkit.plan import read_plan
from evalkit.plan.conversion import convert, names_in


def titles(path) -> list[str]:
    return load_workbook(path, read_only=True).sheetnames


@pytest.mark.parametrize(
    ("lang", "first"), [("zh", ["设置", "变量", "步骤"]), ("en", ["Settings", "Variables", "Steps"])]
)
def test_a_plan_goes_to_a_workbook_and_back(lang, first, study, capsys):
    book, text = study.with_name("made.xlsx"), study.with_name("made.toml")
    assert main(["plan", "export", str(study), "-o", str(book), "--lang", lang]) == 0
    assert titles(book)[:3] == first
    assert "made.xlsx" in capsys.readouterr().out
    assert main(["plan", "export", str(book), "-o", str(text), "--lang", lang]) == 0
    assert read_plan(study) == read_plan(book) == read_plan(text)


def test_a_file_that_is_there_is_kept_unless_told(study, capsys):
    book = study.with_name("made.xlsx")
    book.write_bytes(b"mine")
    assert main(["plan", "export", str(study), "-o", str(book), "--lang", "zh"]) == 2
    assert (book.read_bytes(), "E575" in capsys.readouterr().err) == (b"mine", True)
    assert main(["plan", "export", str(study), "-o", str(book), "--lang", "zh", "--force"]) == 0
    assert main(["plan", "export", str(study), "-o", str(study), "--lang", "zh", "--force"]) == 2
    assert main(["plan", "export", str(study), "-o", str(study.with_suffix(".yaml")), "--lang", "zh"]) == 2


def test_the_dry_run_of_a_workbook_tells_what_the_text_tells(study, capsys):
    book = study.with_name("plan.xlsx")
    convert(study, book, lang="zh")
    told = []
    for path in (study, book):
        assert main(["run", str(path), "--dry-run", "--lang", "zh"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert "med  中介效应检验：自变量 组织嵌入；中介变量 共享价值；因变量 满意度；控制变量 age" in told[0]


def test_names_are_those_of_instrument_scales_and_derived_variables(tmp_path):
    raw = {
        "instrument": "j-community-renovation",
        "derive": [{"id": "age_group", "zh": "年龄组"}],
        "scales": [{"id": "own", "items": ["J_PG1", "extra"], "zh": "自编"}],
    }
    names = {name.id: name.label for name in names_in(raw, tmp_path, "zh")}
    assert (names["age_group"], names["own"], names["extra"]) == ("年龄组", "自编", "")
    assert names["political_guidance"] == "政治引领"
    assert "j_gender" in names
    assert names_in({"instrument": "nowhere"}, tmp_path, "zh") == []


def test_init_drafts_a_workbook_that_runs(study, capsys):
    data = study.with_name("residents.csv")
    for kind in ("toml", "xlsx"):
        more = ["--workbook"] if kind == "xlsx" else ["--force"]
        assert main(["init", str(data), "-o", str(study.parent / kind), "--lang", "zh", *more]) == 0
    made = study.parent / "xlsx" / "residents.plan.xlsx"
    assert "residents.plan.xlsx" in capsys.readouterr().out
    assert not made.with_suffix(".toml").exists()
    drafted, text = read_plan(made), read_plan(study.parent / "toml" / "residents.plan.toml")
    assert drafted.steps
    assert dataclasses.replace(drafted, data=text.data) == text
    assert "名称" in titles(made)
