"""Correlations and comparisons with their further options as steps of a plan, in TOML and in a workbook."""

import tomllib
from pathlib import Path

from evalkit.plan import parse_plan, read_plan, run
from evalkit.plan.workbook_writer import write_workbook

PLAN = """format = "evalkit-plan/1"
title = {zh = "居民调查", en = "Residents"}
language = ["zh", "en"]

[data]
file = "residents.csv"

[[step]]
id = "given"
do = "correlate"
variables = ["trust_before", "trust_after"]
method = "spearman"
partial = ["age"]
adjust = "holm"

[[step]]
id = "apart"
do = "correlate"
variables = ["trust_before", "trust_after", "age"]
by = "gender"
cluster = "community_id"
differences = ["trust_before~age = trust_after~age"]
reliability = {trust_before = 0.8, trust_after = 0.8, age = 1.0}

[[step]]
id = "middle"
do = "compare"
outcome = "trust_before"
reference = 50

[[step]]
id = "crossed"
do = "compare"
outcome = "trust_before"
by = ["gender", "tenure"]
test = "two_way"
"""


def test_a_plan_runs_them_and_a_workbook_holds_them(tmp_path):
    source = Path(__file__).parent.parent / "golden" / "residents.csv"
    (tmp_path / "residents.csv").write_bytes(source.read_bytes())
    plan = parse_plan(PLAN, tmp_path / "plan.toml")
    found = run(plan)
    assert found.exit_code == 0
    assert found["given"].held == ("age",)
    assert found["apart"].templates == ("T9", "differences", "levels")
    assert [found[step].comparisons[0].method for step in ("middle", "crossed")] == ["one_sample_t", "two_way"]
    write_workbook(tomllib.loads(PLAN), tmp_path / "plan.xlsx", lang="zh")
    again = read_plan(tmp_path / "plan.xlsx")
    assert [dict(s.arguments) for s in again.steps] == [dict(s.arguments) for s in plan.steps]
