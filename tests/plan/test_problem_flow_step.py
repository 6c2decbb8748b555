"""A plan with a ledger: the step, its words, its figure, and the workbook form."""

from __future__ import annotations

import pytest

from evalkit.contract import PlanError
from evalkit.plan.conversion import convert
from evalkit.plan.reader import read_plan
from evalkit.plan.run import run

PLAN = """
format = "evalkit-plan/1"
title = {zh = "台账", en = "Ledger"}
language = ["zh", "en"]
[data]
file = "answers.csv"
[casebook]
file = "book"
[[step]]
id = "flow"
do = "问题台账分析"
data = "ledger"
by = "unit"
levels = [1, 2]
totals = {received = 4, station = 2, network = 1}
where = "problem_id != 'P5'"
[step.labels]
station = {zh = "互助站", en = "Station"}
1 = {zh = "一级", en = "Level 1"}
[output]
formats = ["html"]
"""
LEDGER = """problem_id,date_in,level,route,date_out,unit
P1,2017-01-01,1,station,2017-01-02,A
P2,2017-01-01,1,station,2017-01-03,A
P3,2017-01-02,2,network,2017-01-09,B
P4,2017-01-02,1,,,B
P5,2017-01-02,1,,,B
"""


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "ledger.csv").write_text(LEDGER, encoding="utf-8")
    (tmp_path / "answers.csv").write_text("a,b\n" + "1,2\n2,1\n" * 5, encoding="utf-8")
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path / "plan.toml"


def test_the_step_reads_the_ledger_and_tells_the_gap(plan):
    out = plan.parent / "out"
    found = run(plan, out)
    assert not found.failures
    flow = found.results["flow"]
    assert flow.n_obs == 4 and [(g.value, g.n) for g in flow.routes] == [("station", 2), ("network", 1), ("", 1)]
    assert "W6741" in {p.code for p in flow.notices}
    assert (out / "figures" / "flow-zh.svg").is_file()
    page = (out / "report.html").read_text(encoding="utf-8")
    assert all(word in page for word in ("互助站", "Station", "Level 1", "2 + 1 = 3"))


def test_the_workbook_form_holds_labels_and_totals(plan):
    convert(plan, plan.with_suffix(".xlsx"), lang="zh")
    assert read_plan(plan.with_suffix(".xlsx")) == read_plan(plan)


def test_a_column_that_the_ledger_lacks_is_told_before_anything_runs(plan):
    plan.write_text(PLAN.replace('by = "unit"', 'by = "units"'), encoding="utf-8")
    with pytest.raises(PlanError) as raised:
        run(plan)
    assert {p.code for p in raised.value.problems} == {"E516"}
