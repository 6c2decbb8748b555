"""Comparisons of groups as steps of a plan, in TOML and in a workbook."""

import tomllib
from pathlib import Path

import pytest

from evalkit.contract import PlanError
from evalkit.plan import parse_plan, read_plan, run
from evalkit.plan.workbook_writer import write_workbook

PLAN = """format = "evalkit-plan/1"
title = {zh = "居民调查", en = "Residents"}
language = ["zh", "en"]

[data]
file = "residents.csv"

[[scales]]
id = "satisfaction"
items = ["SAT1", "SAT2", "SAT3", "SAT4", "SAT5"]
reverse = ["SAT4"]
range = [1, 5]
min_valid = 0.5
zh = "满意度"
en = "Satisfaction"

[[step]]
id = "groups"
do = "compare"
outcome = ["满意度", "trust_before"]
by = ["gender", "stratum"]
family = "by"
adjust = "bh"

[[step]]
id = "change"
do = "compare"
outcome = ["trust_after", "trust_before"]
paired = true
equivalence = [-5, 5]
hypothesis = "H1"

[[step]]
id = "impossible"
do = "compare"
outcome = "satisfaction"
by = "stratum"
test = "student"

[[hypothesis]]
id = "H1"
zh = "信任提高"
en = "Trust rose"
confirm_if = 'change["test"].conf_low > 0 and groups["satisfaction/stratum/test"].p_adjusted < 0.05'

[output]
formats = ["html", "xlsx"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("study")
    source = Path(__file__).parent.parent / "golden" / "residents.csv"
    (found / "residents.csv").write_bytes(source.read_bytes())
    (found / "plan.toml").write_text(PLAN, encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def done(folder):
    return run(folder / "plan.toml", folder / "out")


def test_the_steps_are_in_the_report(done):
    report = (done.out / "report.html").read_text(encoding="utf-8")
    for words in ("群体差异比较", "Welch方差分析", "Games-Howell", "等效检验支持", "Group differences"):
        assert words in report
    rows = done["groups"].tidy().set_index(["outcome", "group", "term"])
    assert len(rows.loc[("satisfaction", "stratum", "pair")]) == 6


def test_a_test_that_cannot_be_stops_its_own_step_alone(done):
    assert done.exit_code == 5
    report = (done.out / "report.html").read_text(encoding="utf-8")
    assert "student" in report and "E875" in report


def test_a_hypothesis_rests_on_a_comparison(done):
    assert [v.decision for v in done.verdicts] == ["supported"]
    assert done["change"].tidy().set_index("term").loc["test", "conf_low"] > 2


def test_a_workbook_holds_the_same_steps(folder):
    plan = parse_plan(PLAN, folder / "plan.toml")
    write_workbook(tomllib.loads(PLAN), folder / "plan.xlsx", lang="zh")
    again = read_plan(folder / "plan.xlsx")
    assert [(s.id, s.do, dict(s.arguments)) for s in again.steps] == [
        (s.id, s.do, dict(s.arguments)) for s in plan.steps
    ]


def test_an_unknown_outcome_stops_the_run(folder, tmp_path):
    (tmp_path / "residents.csv").write_bytes((folder / "residents.csv").read_bytes())
    (tmp_path / "plan.toml").write_text(
        PLAN.replace('"满意度", "trust_before"', '"满意", "trust_before"'), encoding="utf-8"
    )
    with pytest.raises(PlanError) as caught:
        run(tmp_path / "plan.toml", tmp_path / "out")
    assert [p.code for p in caught.value.problems] == ["E516"]
