"""Open answers in a plan: a dictionary file, themes coded by hand, a workbook of the plan, and what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from evalkit.contract import InputError, PlanError
from evalkit.ingest import read_responses
from evalkit.ingest.coding_sheet import coding_sheet
from evalkit.plan.conversion import convert
from evalkit.plan.reader import parse_plan, read_plan
from evalkit.plan.run import run
from evalkit.plan.verify import verify
from evalkit.scoring import score

PLAN = """format = "evalkit-plan/1"
title = {zh = "开放题", en = "Open answers"}
language = ["zh", "en"]
[data]
file = "answers.csv"
themes = "coded.xlsx"
[[step]]
id = "words"
do = "open_answers"
questions = ["say"]
by = "area"
dictionary = "words.txt"
stop_words = ["希望"]
keywords = ["停车"]
[[step]]
id = "rules"
do = "开放题词频"
questions = "say"
themes = {"停车" = ["停车", "车位"], "电梯" = ["电梯"]}
[[step]]
id = "coded"
do = "open_answers"
questions = "say"
themes = "say_themes"
[[step]]
id = "sample"
do = "profile"
items = ["say_themes"]
[output]
formats = ["xlsx", "html"]
"""
SAID = ["停车难，螺蛳粉店油烟大", "希望加装电梯", "无", "停车位少", "", "小区停车难"]
PERSONAL = "请找王主任 13812345678，停车难"


@pytest.fixture
def folder(tmp_path) -> Path:
    rng = np.random.default_rng(1)
    answers = pd.DataFrame({"area": rng.choice(["东", "西"], 60), "say": [PERSONAL, *(SAID * 10)[1:]]})
    answers.to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "words.txt").write_text("螺蛳粉\n", encoding="utf-8")
    data = score(read_responses(tmp_path / "answers.csv"))
    coding_sheet(data, "say", tmp_path / "coded.xlsx", themes={"park": "停车", "lift": "电梯"}, coder="甲")
    book = openpyxl.load_workbook(tmp_path / "coded.xlsx")
    for line, theme in enumerate(("停车", "电梯", "停车", "停车", "停车"), 3):
        book.worksheets[0].cell(line, 5).value = theme
    book.save(tmp_path / "coded.xlsx")
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path


def test_words_themes_and_quotations_reach_the_report(folder):
    found = run(folder / "plan.toml", folder / "out")
    assert not found.failures
    rows = {row["id"]: row["value"] for row in json.loads((folder / "out" / "results.json").read_text("utf-8"))}
    assert rows["words/say/螺蛳粉/word#count"] == 9
    assert rows["rules/say/停车/theme#count"] == 30
    assert rows["coded/say/park/theme#count"] == 30
    assert rows["coded/say/answers.nothing_said#count"] == 10
    page = (folder / "out" / "report.html").read_text("utf-8")
    assert "螺蛳粉" in page and "Respondents who mention" in page
    assert not any("13812345678" in path.read_text("utf-8", "ignore") for path in (folder / "out").glob("*.*"))
    inputs = json.loads((folder / "out" / "run.json").read_text("utf-8"))["inputs"]
    assert {"answers.csv", "coded.xlsx", "words.txt"} <= set(str(inputs).replace("'", " ").split())
    assert verify(folder / "out").same


def test_the_plan_as_a_workbook_is_the_same_plan(folder):
    convert(folder / "plan.toml", folder / "plan.xlsx", lang="zh")
    one, other = read_plan(folder / "plan.toml"), read_plan(folder / "plan.xlsx")
    assert other.data.themes == one.data.themes == ("coded.xlsx",)
    assert [dict(s.arguments) for s in other.steps] == [dict(s.arguments) for s in one.steps]


def test_faults_before_anything_runs(folder):
    def plan(old, new):
        return parse_plan(PLAN.replace(old, new), folder / "plan.toml")

    (folder / "words.bin").write_bytes(b"PK\x03\x04\0\0\0")
    for old, new, code in (
        ("words.txt", "words.bin", "E6624"),
        ("words.txt", "none.txt", "E101"),
        ("coded.xlsx", "answers.csv", "E6616"),
        ("coded.xlsx", "none.xlsx", "E101"),
    ):
        with pytest.raises(InputError, match=code):
            run(plan(old, new))
    with pytest.raises(PlanError, match="E516"):
        run(plan('"say_themes"', '"nowhere"'))
    answers = pd.read_csv(folder / "answers.csv").rename(columns={"say": "said"})
    answers.to_csv(folder / "answers.csv", index=False)
    with pytest.raises(PlanError, match="E600") as error:
        run(plan("x", "x"))
    assert error.value.problems[0].at.line == 6


def test_words_of_few_are_not_listed_where_small_cells_are_hidden(folder):
    hidden = PLAN.replace("[[step]]", "[privacy]\nsuppress = true\nmin_cell = 15\n[[step]]", 1)
    (words,) = run(parse_plan(hidden, folder / "plan.toml"))["words"].questions
    assert [m.id for m in words.words] == ["停车难"]
