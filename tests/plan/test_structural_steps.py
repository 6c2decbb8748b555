"""Steps cfa and sem of a plan: the declared design enters, intervals and hypotheses reach the tables."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import evalkit as ek

M1 = "OB =~ OB1 + OB2 + OB3 + OB4"
PLAN = """
format = "evalkit-plan/1"
title = {{zh = "结构", en = "Structure"}}
language = ["zh", "en"]
seed = 7
[data]
file = "answers.csv"
{design}
[[step]]
id = "factor"
do = "cfa"
model = "{m1}"
[[step]]
id = "paths"
do = "sem"
model = "OB1 ~ a*OE1 + age\\nMO1 ~ b*OB1 + c*OE1\\nab := a*b"
ci = "monte_carlo"
resamples = 2000
hypotheses = {{H1 = "OB1 ~ OE1 > 0", H2 = "ab"}}
[[step]]
id = "explore"
do = "efa"
items = ["OB1", "OB2", "OB3", "OB4", "OE1", "OE2", "OE3", "OE4"]
n_factors = 2
[[step]]
id = "cor"
do = "correlate"
variables = ["OB1", "OE1", "age"]
[output]
formats = ["html"]
"""


@pytest.fixture(scope="module")
def answers():
    frame = pd.read_csv(Path(__file__).parent.parent / "golden" / "residents_scored.csv")
    items = [f"{s}{i}" for s in ("OB", "OE", "MO") for i in range(1, 5)]
    return frame[[*items, "age", "weight", "stratum", "community_id"]]


def run(tmp_path, answers, design):
    answers.to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "plan.toml").write_text(PLAN.format(design=design, m1=M1), encoding="utf-8")
    return ek.run(tmp_path / "plan.toml", out=tmp_path / "out")


def values_of(done):
    rows = json.loads((done.out / "results.json").read_text(encoding="utf-8"))
    return {row["id"]: row["value"] for row in (rows if isinstance(rows, list) else rows["results"])}


def test_the_design_of_a_plan_enters_the_errors(tmp_path, answers):
    design = '[design]\nweights = "weight"\nstrata = "stratum"\nclusters = "community_id"'
    done = run(tmp_path, answers, design)
    values = values_of(done)
    own = ek.cfa(answers, M1, design=ek.Design(weights="weight", strata="stratum", clusters="community_id"))
    row = own.tidy().set_index(["outcome", "term"]).loc[("OB2", "OB")]
    assert values["factor/OB2/OB/loading#std_error"] == pytest.approx(row["std_error"], rel=1e-12)
    plain = ek.cfa(answers, M1).tidy().set_index(["outcome", "term"]).loc[("OB2", "OB")]
    assert values["factor/OB2/OB/loading#estimate"] != pytest.approx(plain["estimate"], rel=1e-6)
    codes = {
        outcome.step.id: [p.code for p in (*outcome.problems, *outcome.result.notices)] for outcome in done.outcomes
    }
    assert "N936" in codes["factor"]  # ML became MLR
    assert "W531" in codes["explore"] and "W531" in codes["cor"]  # no weights in these, and they say so


def test_hypotheses_and_intervals_reach_the_report(tmp_path, answers):
    done = run(tmp_path, answers, "")
    values, report = values_of(done), (done.out / "report.html").read_text(encoding="utf-8")
    assert values["paths/ab/defined#conf_low"] < values["paths/ab/defined#estimate"]
    assert "抽取2000次" in report and "Monte Carlo intervals, 2000 draws" in report
    assert "结论" in report and "H2" in report and "显著为正的路径" in report
    assert {p.name.split(".")[0].split("-")[0] for p in (done.out / "figures").iterdir()} >= {"factor", "paths"}
