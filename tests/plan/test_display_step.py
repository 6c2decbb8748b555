"""Joint displays in a plan that has a survey, codings, a QCA and a network: one run, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pytest

from evalkit.contract import Label, PlanError
from evalkit.plan.conversion import convert
from evalkit.plan.reader import read_plan
from evalkit.plan.referred import _term
from evalkit.plan.run import run

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
id = "reg"
do = "regress"
formula = "trust ~ age"
[[step]]
id = "lift"
do = "qca"
data = "cases"
outcome = "LIFT"
conditions = ["RULE", "ASK"]
robustness = false
[[step]]
id = "net"
do = "network"
data = "ties"
permutations = 10
[[step]]
id = "matrix"
do = "联合展示"
data = "cases"
scores = ["信任", "age"]
configurations = "lift"
network = "net"
lead = {kind = "党"}
quotes = 2
[[step]]
id = "paths"
do = "joint_display"
data = "cases"
kind = "configurations"
configurations = ["lift"]
codes = {RULE = ["K2"]}
[[step]]
id = "sides"
do = "joint_display"
data = "cases"
kind = "side_by_side"
scores = {"信任度" = ["信任"]}
codes = {"信任度" = ["K1", "C1"]}
[[step]]
id = "themes"
do = "joint_display"
data = "cases"
kind = "themes"
scores = ["trust"]
groups = 2
[[step]]
id = "strands"
do = "joint_display"
data = "cases"
kind = "convergence"
[[step]]
id = "claims"
do = "joint_display"
data = "cases"
kind = "hypotheses"
codes = {H1 = ["K1"]}
[[hypothesis]]
id = "H1"
zh = "年龄越大越信任"
en = "Trust rises with age"
confirm_if = 'reg["age"].estimate > 0'
[[hypothesis]]
id = "H2"
zh = "没有规则"
en = "without a rule"
[output]
formats = ["html", "docx", "xlsx"]
"""

SECRET = "这句话绝对不能印出来"
SHEETS = {
    "sources": "source_id,case_id,quotable\nS1,A,1\nS2,B,1\nS3,C,0\nS4,A,1\n",
    "codebook": "code_id,name,parent_id,level\nC1,动员,K1,concept\nC2,带头,K1,concept\nK1,号召,,category\n"
    "K2,规则,,category\n",
    "codings": "source_id,start,end,quote,code_id,coder,round,quotable\n"
    "S1,0,12,书记带头敲门做了三轮工作,C1,甲,1,\nS4,3,9,先问大家,C1,甲,1,\nS2,0,13,没有人来问过我们的意见呀,C2,甲,1,\n"
    f"S3,0,10,{SECRET},K2,甲,1,\nS1,20,40,分摊规则先公示再逐户签字确认了,K2,甲,1,\nS2,20,30,{SECRET}二,K2,甲,1,0\n",
    "cases": "case_id,label,community_id,outcome,RULE,ASK,LIFT\nA,幸福里,01,成功,0.9,0.8,0.9\nB,,02,失败,0.2,0.3,0.1\n"
    "C,,03,成功,0.7,0.2,0.8\nD,,04,失败,0.3,0.9,0.6\n",
    "actors": "actor_id,case_id,kind\nP,A,党\nQ,A,企\nR,A,企\nV,B,党\nW,B,民\n",
    "ties": "from,to\nP,Q\nP,R\nV,R\n",
    "findings": "finding_id,construct,strand,claim,sources\nF1,信任度,问卷,均值偏高,\n"
    "F2,信任度,访谈,多提动员,S1;S2\nF3,规则,访谈,先公示,S1\n",
    "fit": "construct,pair,judgement,rationale,by\n信任度,问卷与访谈,印证,两条线方向相同,甲\n"
    "A,,互补,访谈补充了过程,甲\nRULE,,背离,规则先于动员,乙\nH1,,沉默,访谈没有谈到年龄,乙\n",
}  # fmt: skip


def write(folder: Path, text: str = PLAN, **changed: str | None) -> Path:
    rng = np.random.default_rng(3)
    answers = pd.DataFrame(rng.integers(1, 6, (80, 2)), columns=["a1", "a2"])
    answers["age"] = rng.integers(20, 80, 80)
    answers["community_id"] = ["01"] * 30 + ["02"] * 25 + ["03"] * 3 + ["09"] * 22
    answers.to_csv(folder / "answers.csv", index=False)
    (folder / "book").mkdir()
    for name, sheet in (SHEETS | changed).items():
        if sheet is not None:
            (folder / "book" / f"{name}.csv").write_text(sheet, encoding="utf-8")
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    return folder / "plan.toml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("display")


@pytest.fixture(scope="module")
def done(folder):
    path = write(folder, PLAN + "[privacy]\nsuppress = true\nmin_cell = 5\n")
    return run(path, folder / "out")


def test_the_matrix_joins_every_strand(done):
    assert not done.failures
    assert "W559" not in {p.code for o in done.outcomes if o.step.do == "joint_display" for p in o.problems}
    tidy = done["matrix"].tidy().set_index(["model", "term", "level"])
    trust = done.sample.used.query("community_id in ('01', 1)")["trust"]
    assert tidy.loc[("survey", "trust", "A"), "estimate"] == pytest.approx(trust.mean(), rel=1e-12)
    assert tidy.loc[("survey", "trust", "A"), "n_obs"] == 30
    assert 0 <= tidy.loc[("survey", "trust", "A"), "group_reliability"] <= 1
    assert np.isfinite(tidy.loc[("survey", "age", "B"), "estimate"])  # no scale, but named
    assert tidy.loc[("survey", "trust", "C"), "reason"] == "descriptive.withheld"  # three answers
    assert np.isnan(tidy.loc[("survey", "trust", "C"), "n_obs"])
    assert tidy.loc[("codes", "K1", "A"), "estimate"] == 1
    assert tidy.loc[("qca", "membership", "A"), "label"] == "typical"
    assert tidy.loc[("network", "density", "A"), "estimate"] == pytest.approx(2 / 3)
    assert tidy.loc[("network", "lead_share", "A"), "estimate"] == 100
    assert tidy.loc[("fit", "judgement", "A"), "label"] == "expansion"
    assert tidy.loc[("fit", "judgement", "B"), "label"] == "none"
    title = done["matrix"].table().title.text("zh")
    assert title == "案例的联合展示（按信任排列）"


def test_hypotheses_stand_with_their_numbers_and_codes(done):
    table = done["claims"].table("J1")
    first, words, second = table.rows
    texts = [getattr(c.value, "text", lambda lang, v=c.value: v)("zh") for c in first.cells]
    assert texts[0] == "H1 年龄越大越信任"
    assert texts[2] == pytest.approx(done["reg"].tidy().set_index("term").loc["age", "estimate"])
    assert texts[4] in ("支持", "不支持")
    assert texts[5:] == ["号召", 2, 3, 3, "沉默"]
    assert [head.text("en") for head in table.header[1][6:8]] == ["Cases (n = 3)", "Sources (n = 4)"]
    assert words.role == "text"
    said = words.cells[0].value.text("zh")
    assert "（S1:0–12）" in said
    assert "访谈没有谈到年龄" in said
    assert second.cells[-1].value.text("en") == "not judged"


def test_what_may_not_be_quoted_stands_nowhere(done, folder):
    assert done["matrix"].n_withheld == 2
    out = folder / "out"
    import zipfile

    texts = [(out / name).read_text(encoding="utf-8") for name in ("report.html", "results.json", "run.json")]
    for path in out.rglob("*"):
        if path.suffix in (".docx", ".xlsx"):
            with zipfile.ZipFile(path) as book:
                texts += [book.read(name).decode("utf-8", "replace") for name in book.namelist()]
    assert any("书记带头敲门做了三轮工作" in text for text in texts)
    assert not [text for text in texts if SECRET in text]


def test_results_carry_the_numbers(done, folder):
    rows = {row["id"]: row for row in json.loads((folder / "out" / "results.json").read_text(encoding="utf-8"))}
    assert rows["matrix/survey/trust/C#estimate"]["reason"] == "descriptive.withheld"
    assert rows["paths/qca/LIFT/1a/consistency/RULE#estimate"]["value"] > 0.8


def test_each_display_is_said_and_drawn(done, folder):
    text = (folder / "out" / "report.html").read_text(encoding="utf-8")
    for words in ("收敛矩阵", "Convergence matrix", "未判断", "not judged", "问卷与访谈的并列展示"):
        assert words in text
    assert (folder / "out" / "figures" / "matrix-zh.png").exists()


def test_the_workbook_form_holds_the_displays(done, folder):
    convert(folder / "plan.toml", folder / "plan.xlsx", lang="zh")
    assert read_plan(folder / "plan.xlsx") == read_plan(folder / "plan.toml")
    told = [c.value for row in openpyxl.load_workbook(folder / "plan.xlsx")["步骤"].iter_rows() for c in row]
    assert {"组态与引文", "收敛矩阵", "组态分析步骤", "lift"} <= set(told)


FAULTS = {
    "later step": ('id = "lift"\ndo = "qca"', 'id = "later"\ndo = "qca"', "E5116"),
    "step of another kind": ('network = "net"', 'network = "lift"', "E5116"),
    "unknown step": ('configurations = ["lift"]', 'configurations = ["lift", "lifts"]', "E5116"),
    "no cases": ('do = "联合展示"\ndata = "cases"', 'do = "联合展示"\ndata = "codings"', "E5118"),
    "answers": ('do = "联合展示"\ndata = "cases"', 'do = "联合展示"', "E5118"),
    "unknown code": ('["K1", "C1"]', '["K1", "C9"]', "E5119"),
    "unknown score": ('scores = ["trust"]', 'scores = ["trusts"]', "E516"),
    "unknown score of a row": ('["信任"]', '["信任了"]', "E516"),
    "wrong kind of value": ('network = "net"', "network = 3", "E505"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_told_before_anything_runs(name, tmp_path):
    old, new, code = FAULTS[name]
    assert old in PLAN
    path = write(tmp_path, PLAN.replace(old, new))
    with pytest.raises(PlanError) as raised:
        run(path)
    found = {p.code: p.at for p in raised.value.problems}
    assert code in found
    assert found[code].line > 1


def test_a_display_of_hypotheses_stands_behind_what_decides_them(tmp_path):
    reg = PLAN[PLAN.index('[[step]]\nid = "reg"') : PLAN.index('[[step]]\nid = "lift"')]
    text = PLAN.replace(reg, "").replace("[[hypothesis]]", reg + "[[hypothesis]]", 1)
    with pytest.raises(PlanError) as raised:
        run(write(tmp_path, text))
    assert {p.code for p in raised.value.problems} == {"E5117"}


def test_a_step_without_a_result_leaves_its_part_out(tmp_path):
    text = PLAN.replace('conditions = ["RULE", "ASK"]', 'conditions = ["RULE"]\nconsistency = 2')
    wanted = PLAN.index('[[step]]\nid = "paths"')
    text = text[: text.index('[[step]]\nid = "paths"')] + PLAN[PLAN.index("[output]") :] if wanted else text
    found = run(write(tmp_path, text))
    told = {o.step.id: {p.code for p in o.problems} for o in found.outcomes}
    assert {"W6647", "N6640"} <= told["matrix"]
    assert "qca" not in set(found["matrix"].tidy()["model"])


def test_an_indirect_effect_is_said_by_what_it_leads_through():
    result = SimpleNamespace(labels={"m": Label(zh="动机", en="motive"), "n": Label(zh="行为", en="behaviour")})
    assert _term(result, "y/indirect.m.n").text("zh") == "经动机 → 行为的间接效应"
    assert _term(result, "indirect.m").text("en") == "indirect effect through motive"
    assert _term(result, "indirect.total").text("en") == "indirect.total"
    assert _term(result, "m").text("en") == "motive"
