"""A plan that joins a survey with a casebook: codings, cases with the survey's scores, memberships, ties."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import PlanError
from evalkit.plan.conversion import convert
from evalkit.plan.reader import parse_plan, read_plan
from evalkit.plan.rehearsal import rehearse
from evalkit.plan.run import run
from evalkit.plan.verify import verify

PLAN = """
format = "evalkit-plan/1"
title = {zh = "案例", en = "Cases"}
language = ["zh", "en"]
[data]
file = "answers.csv"
[casebook]
file = "book"
community = "community_id"
[[scales]]
id = "trust"
items = ["a1", "a2"]
range = [1, 5]
zh = "信任"
en = "Trust"
[[step]]
id = "agree"
do = "agreement"
data = "codings"
by = "sources"
resamples = 100
[[step]]
id = "sat"
do = "饱和度检验"
data = "codings"
base = 1
run = 1
permutations = 20
[[step]]
id = "cal"
do = "calibrate_sets"
data = "cases"
[[step]]
id = "paths"
do = "qca"
data = "cal"
outcome = "~LIFT"
conditions = ["TRUST", "RULE"]
robustness = false
[[step]]
id = "steady"
do = "组态稳健性"
data = "cal"
outcome = "LIFT"
conditions = ["TRUST"]
consistency = 0.2
steps = 4
[[step]]
id = "net"
do = "network"
data = "ties"
group = "kind"
permutations = 100
[[step]]
id = "some"
do = "describe"
data = "cases"
variables = ["trust_mean", "trust_n"]
where = "RULE > 0.4"
[output]
formats = ["html"]
"""

SHEETS = {
    "sources": "source_id,case_id\nS1,A\nS2,B\nS3,C\n",
    "codebook": "code_id,name,parent_id,level\nC1,动员,K1,concept\nC2,同意,K1,concept\nK1,号召,,subcategory\n",
    "codings": "source_id,start,end,code_id,coder,round\n"
    + "".join(f"S{s},{i},{i + 3},C{1 + (s + i + k) % 2},{c},1\n" for s in (1, 2, 3) for i in (0, 5)
              for k, c in enumerate("甲乙")),
    "cases": "case_id,community_id,RULE,LIFT\nA,01,0.9,1\nB,02,0.2,0\nC,03,0.7,1\nD,04,0.3,0\n",
    "conditions": "name,from,type,e,c,i,std_error,expectation,rationale\n"
    "TRUST,survey:trust_mean,direct,2,3.5,4.5,trust_se,1,中点\n",
    "actors": "actor_id,kind\nP,党\nQ,企\nR,企\n",
    "ties": "from,to\nP,Q\nP,R\n",
}  # fmt: skip


def write(folder: Path, **changed: str | None) -> Path:
    rng = np.random.default_rng(1)
    answers = pd.DataFrame(rng.integers(1, 6, (80, 2)), columns=["a1", "a2"])
    answers["community_id"] = np.tile(["01", "02", "03", "09"], 20)
    answers.loc[answers["community_id"] == "01", "a1"] = 5  # the others lie around 3
    answers.loc[0, ["a1", "a2"]] = np.nan
    answers.to_csv(folder / "answers.csv", index=False)
    (folder / "book").mkdir()
    for name, text in (SHEETS | changed).items():
        if text is not None:
            (folder / "book" / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    return folder / "plan.toml"


def test_a_plan_runs_on_survey_and_casebook(tmp_path):
    path = write(tmp_path)
    found = run(path, tmp_path / "out")
    assert not found.failures
    results = found.results
    assert set(results["agree"].coders) == {"甲", "乙"}
    assert {level.name for level in results["sat"].levels} == {"concept", "subcategory"}
    cases = results["cal"].data
    answers = found.sample.used
    mine = answers.loc[answers["community_id"].astype(float) == 1, "trust"].dropna()
    assert cases.loc[0, "trust_mean"] == pytest.approx(mine.mean(), rel=1e-12)
    assert cases.loc[0, "trust_sd"] == pytest.approx(mine.std(), rel=1e-12)
    assert cases.loc[0, "trust_se"] == pytest.approx(mine.std() / np.sqrt(len(mine)), rel=1e-12)
    assert list(cases["trust_n"]) == [19, 20, 20, 0]
    assert results["cal"].cases == ("A", "B", "C", "D")
    assert np.isfinite(results["cal"].sets[0].crossing[0])
    assert results["paths"].expectations == {"TRUST": 1}
    assert [r.term for r in results["steady"].reaches] == ["consistency", "frequency", "TRUST.e", "TRUST.c", "TRUST.i"]
    assert results["net"].group is not None
    assert results["some"].n_obs == 2
    manifest = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert {"answers.csv", "book/codings.csv", "book/ties.csv"} <= set(manifest["inputs"])
    assert "W5104" in {n["code"] for n in manifest["notices"]}
    assert verify(tmp_path / "out").findings == ()
    told = "\n".join(rehearse(path, "zh"))
    assert "codings" in told
    (tmp_path / "book" / "ties.csv").write_text(SHEETS["ties"] + "Q,R\n", encoding="utf-8")
    assert "E562" in {p.code for p in verify(tmp_path / "out").findings}


def test_the_workbook_form_holds_the_casebook(tmp_path):
    path = write(tmp_path)
    convert(path, tmp_path / "plan.xlsx", lang="zh")
    assert read_plan(tmp_path / "plan.xlsx") == read_plan(path)


def refused(folder: Path, text: str = PLAN, **changed: str | None) -> dict[str, int]:
    path = write(folder, **changed)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError) as raised:
        run(path)
    return {p.code: p.at.line if p.at else 0 for p in raised.value.problems}


def line(text: str) -> int:
    return PLAN[: PLAN.index(text)].count("\n") + 1


FAULTS = {
    "no casebook": ('[casebook]\nfile = "book"\ncommunity = "community_id"\n', "", {}, "E5100"),
    "no file": ('file = "book"\n', "", {}, "E506"),
    "unknown data": ('data = "ties"', 'data = "tie"', {}, "E510"),
    "sheet lacking": ("", "", {"ties": None}, "E5101"),
    "sheet of a parameter lacking": ("", "", {"conditions": None}, "E5102"),
    "community lacking": ('"community_id"', '"community"', {}, "E5103"),
    "column there already": ("", "", {"cases": SHEETS["cases"].replace("LIFT", "trust_n")}, "E5106"),
    "unknown condition": ('"TRUST", "RULE"]', '"TRUST", "RULES"]', {}, "E516"),
    "unknown column in a condition": ("RULE > 0.4", "RULES > 0.4", {}, "E516"),
    "unknown group": ('group = "kind"', 'group = "kinds"', {}, "E516"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_told_before_anything_runs(name, tmp_path):
    old, new, changed, code = FAULTS[name]
    assert code in refused(tmp_path, PLAN.replace(old, new) if old else PLAN, **changed)


def test_a_calibration_without_result_stops_what_stands_on_it(tmp_path):
    bad = SHEETS["conditions"].replace("direct,2,3.5,4.5", "direct,4,2,3.5")
    found = run(write(tmp_path, conditions=bad))
    codes = {o.step.id: {p.code for p in o.problems} for o in found.outcomes}
    assert "E6467" in codes["cal"]
    assert codes["paths"] == {"E5107"}


def test_a_casebook_needs_a_file_name_in_one_line(tmp_path):
    with pytest.raises(PlanError) as raised:
        parse_plan(PLAN.replace('"book"', '"a\\tb"'), tmp_path / "plan.toml")
    assert {p.code for p in raised.value.problems} == {"E404"}
