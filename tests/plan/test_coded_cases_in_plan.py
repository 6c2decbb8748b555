"""A plan whose conditions are made of codes, the survey, attributes and ratings, and whose evidence is weighed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import PlanError, Problem
from evalkit.plan.conversion import convert
from evalkit.plan.reader import read_plan
from evalkit.plan.run import run

PLAN = """
format = "evalkit-plan/1"
title = {zh = "编码进入组态", en = "Codes into configurations"}
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
id = "numbers"
do = "量化编码"
data = "codings"
codes = ["E", "E.1"]
rule = "share_of_sources"
[[step]]
id = "cal"
do = "calibrate_sets"
data = "cases"
[[step]]
id = "again"
do = "calibrate_sets"
data = "numbers"
calibration = {TALK = {from = "E_1", type = "crisp", cuts = 0.4, rationale = "r"}}
[[step]]
id = "paths"
do = "qca"
data = "cal"
outcome = "LIFT"
conditions = ["TRUST", "TOOLS"]
robustness = false
[[step]]
id = "some"
do = "describe"
data = "numbers"
variables = ["E", "E_1", "trust_mean"]
[[step]]
id = "kinds"
do = "质化分型"
data = "numbers"
types = {willing = {when = "E_1 >= 1 and trust_mean > 3", zh = "愿谈型", en = "Willing"}, rest = "E_1 < 1"}
[[step]]
id = "by_kind"
do = "describe"
data = "kinds"
variables = ["trust_mean"]
where = "profile_type == 'rest'"
[[step]]
id = "beside"
do = "三角互证矩阵"
data = "findings"
[[step]]
id = "traces"
do = "过程追踪证据表"
data = "evidence"
prior = {"党建动员" = 0.5}
[output]
formats = ["html"]
"""

SHEETS = {
    "sources": "source_id,case_id,n_chars\nS1,A,100\nS2,A,300\nS3,B,90\nS4,C,80\nS5,D,80\n",
    "codebook": "code_id,name,parent_id,level\nE,工具,,category\nE.1,会议,E,concept\nE.2,微信群,E,concept\n"
    "E.3,上门,E,concept\n",
    "codings": "source_id,start,end,code_id,coder,round\nS1,0,20,E.1,甲,1\nS2,0,60,E.2,甲,1\nS2,70,90,E.3,甲,1\n"
    "S3,0,10,E.1,甲,1\nS4,5,10,E.1,甲,1\nS4,20,30,E.2,甲,1\n",
    "cases": "case_id,community_id,own,LIFT\nA,01,0.9,1\nB,02,0.2,0\nC,03,0.7,1\nD,04,0.3,0\n",
    "conditions": "name,from,type,e,c,i,cuts,std_error,rationale\n"
    "TRUST,问卷：trust_mean,direct,1,3.5,4.5,,survey:trust_se,中点\n"
    "TOOLS,count_of:E,direct,0,1.5,3,,,三种工具\n"
    "MEET,code:E.1 share_of_sources,crisp,,,,0.5,,半数材料\n"
    "OWN,rating:own,,,,,,,专家评分\n",
    "findings": "finding_id,construct,strand,case_id,claim\nF1,trust,问卷,,信任高者更支持\nF2,trust,访谈,A,信任书记\n"
    "F3,资金,访谈,B,分摊难\n",
    "fit": "construct,pair,judgement,meaning,examples,rationale,by\ntrust,问卷-访谈,印证,一致,部分一致,同向,甲\n",
    "evidence": "case_id,hypothesis,step,evidence,source_id,test,p_h,p_not_h,found,independent\n"
    "A,党建动员,启动,会议纪要在前,S1,环箍,0.95,0.5,1,1\nA,党建动员,协商,上门记录,S2,冒烟的枪,0.3,0.02,,1\n"
    "B,市场推动,启动,企业先到场,S3,环箍,0.9,0.3,0,\n",
}  # fmt: skip


def write(folder: Path, plan: str = PLAN, **changed: str) -> Path:
    rng = np.random.default_rng(3)
    answers = pd.DataFrame(rng.integers(1, 6, (80, 2)), columns=["a1", "a2"])
    answers["community_id"] = np.tile(["01", "02", "03", "04"], 20)
    answers.loc[answers["community_id"].isin(["01", "03"]), "a1"] = 5
    answers.to_csv(folder / "answers.csv", index=False)
    (folder / "book").mkdir()
    for name, text in (SHEETS | changed).items():
        (folder / "book" / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    return folder / "plan.toml"


def test_codes_scores_and_ratings_become_sets_in_one_run(tmp_path):
    found = run(write(tmp_path), tmp_path / "out")
    assert not found.failures
    results = found.results
    numbers = results["numbers"]
    assert numbers.data[["E", "E_1"]].to_numpy().tolist() == [[1, 0.5], [1, 1], [1, 1], [0, 0]]
    assert "trust_mean" in numbers.data
    sets = {m.rule.name: m for m in results["cal"].sets}
    assert sets["TOOLS"].measure.tolist() == [3, 1, 2, 0]
    assert sets["MEET"].membership.tolist() == [1, 1, 1, 0]
    assert sets["OWN"].membership.tolist() == [0.9, 0.2, 0.7, 0.3]
    assert sets["TRUST"].measure == pytest.approx(results["cal"].data["trust_mean"])
    assert np.isfinite(sets["TRUST"].crossing).all()
    assert results["again"].data["TALK"].tolist() == [1, 1, 1, 0]
    assert [m.rule.name for m in results["again"].sets] == ["TALK"]
    assert results["paths"].n_obs == 4
    assert results["some"].n_obs == 4
    kinds = results["kinds"]
    assert kinds.data["profile_type"].tolist() == ["rest", None, "willing", "rest"]
    assert [p.params["cases"] for p in kinds.notices] == [["B"]]
    assert results["by_kind"].n_obs == 2
    assert [c.words["examples"] for c in results["beside"].comparisons] == ["partial_agreement", "open"]
    assert results["beside"].labels["trust"].text("zh") == "信任"
    mobilised = results["traces"].strands[0]
    assert mobilised.posterior == pytest.approx(1.9 * 15 / (1 + 1.9 * 15))
    assert "愿谈型" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "TOOLS（“工具”的下级编码出现的个数）" in page


def refused(path: Path) -> list[Problem]:
    with pytest.raises(PlanError) as raised:
        run(path)
    return list(raised.value.problems)


def test_names_in_types_and_of_codes_are_checked_before_anything_runs(tmp_path):
    plan = PLAN
    for old, new in (
        ('["E", "E_1", "trust_mean"]', '["E", "E_7"]'),
        ('"E_1 >= 1 and trust_mean > 3"', '"E_8 >= 1"'),
        ('"E_1 < 1"', '"E_1 = 1"'),
        ("profile_type ==", "kind =="),
    ):
        assert old in plan
        plan = plan.replace(old, new)
    found = [(p.code, p.params.get("name"), p.at.line) for p in refused(write(tmp_path, plan))]
    at = {name: plan[: plan.index(name)].count("\n") + 1 for name in ("E_7", "E_8", "E_1 = 1", "kind ==")}
    assert found == [
        ("E516", "E_7", at["E_7"]), ("E516", "E_8", at["E_8"]), ("E455", None, at["E_1 = 1"]),
        ("E516", "kind", at["kind =="]),
    ]  # fmt: skip


def test_what_a_condition_comes_from_is_checked_in_its_cell(tmp_path):
    sheet = (
        "name,from,std_error\nA,code:E.9 presence,\nB,code:E.1 often,\nC,count_of:E.1；E.7,\nD,survey:trusts_mean,\n"
        "E,survey:trust_mean,survey:trust_error\nF,tie:x,\nG,count_of:E,\n"
    )
    found = [p for p in refused(write(tmp_path, conditions=sheet)) if p.at.file.endswith("conditions.csv")]
    assert [(p.code, p.at.cell) for p in found] == [
        ("E6682", "B2"), ("E6682", "B3"), ("E6682", "B4"), ("E516", "B5"), ("E516", "C6"), ("E6680", "B7")
    ]  # fmt: skip


def test_conditions_of_codes_want_codings(tmp_path):
    plan = PLAN[: PLAN.index("[[step]]")] + '[[step]]\nid = "cal"\ndo = "calibrate_sets"\ndata = "cases"\n'
    path = write(tmp_path, plan)
    (path.parent / "book" / "codings.csv").unlink()
    assert [(p.code, p.params["name"]) for p in refused(path)] == [("E6681", "TOOLS"), ("E6681", "MEET")]


def test_the_workbook_form_holds_it_all(tmp_path):
    path = write(tmp_path)
    convert(path, tmp_path / "plan.xlsx", lang="zh")
    assert read_plan(tmp_path / "plan.xlsx") == read_plan(path)
