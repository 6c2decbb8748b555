"""A recipe stands for steps: the plan it gives is the one somebody would write by hand."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from evalkit.contract import PlanError
from evalkit.contract.words import say
from evalkit.plan import parse_plan, read_plan, run
from evalkit.plan.rehearsal import rehearse
from evalkit.plan.workbook_writer import write_workbook

HEAD = """format = "evalkit-plan/1"
title = {zh = "居民调查", en = "Residents"}
seed = 7
"""
ROLES = """recipe = "article"
[roles]
x = "组织嵌入"
m = ["values"]
y = "satisfaction"
controls = ["age", "gender"]
"""
REST = """[data]
file = "residents.csv"
[[scales]]
id = "values"
items = ["SV1", "SV2", "SV3", "SV4"]
reverse = ["SV4"]
range = [1, 5]
zh = "共享价值"
[[scales]]
id = "embedding"
items = ["OE1", "OE2", "OE3", "OE4"]
range = [1, 5]
zh = "组织嵌入"
[[scales]]
id = "satisfaction"
items = ["SAT1", "SAT2", "SAT3"]
range = [1, 5]
zh = "满意度"
[[hypothesis]]
id = "H1"
zh = "中介"
confirm_if = 'mediation["indirect.values"].conf_low > 0'
"""
BY_HAND = """
[[step]]
id = "sample"
do = "profile"
items = ["age", "gender"]
[[step]]
id = "measures"
do = "measures"
scales = ["embedding", "values", "satisfaction"]
[[step]]
id = "descriptives"
do = "describe"
variables = ["组织嵌入", "values", "satisfaction"]
[[step]]
id = "reliability"
do = "reliability"
items = ["embedding", "values", "satisfaction"]
[[step]]
id = "correlations"
do = "correlate"
variables = ["组织嵌入", "values", "satisfaction"]
[[step]]
id = "regression"
do = "regress"
y = "satisfaction"
blocks = [["age", "gender"], ["组织嵌入"], ["values"]]
cov = "HC3"
[[step]]
id = "mediation"
do = "mediate"
x = "组织嵌入"
m = ["values"]
y = "satisfaction"
covariates = ["age", "gender"]
[[table]]
id = "flow"
template = "T0"
[[table]]
id = "hypotheses"
template = "T24"
"""
OWN = """
[[step]]
id = "needs"
do = "profile"
items = ["gender"]
[[step]]
id = "mediation"
do = "mediate"
x = "embedding"
m = ["values"]
y = "satisfaction"
resamples = 300
"""


def parsed(text: str):
    return parse_plan(text, Path("plan.toml"))


def test_the_recipe_is_the_plan_written_by_hand():
    plan = parsed(HEAD + ROLES + REST)
    assert plan == parsed(HEAD + REST + BY_HAND)
    assert plan.from_recipe == tuple(step.id for step in plan.steps)


def test_an_authors_step_takes_the_recipes_place_and_further_ones_follow():
    plan = parsed(HEAD + ROLES + REST + OWN)
    assert [step.id for step in plan.steps] == [
        "sample", "measures", "descriptives", "reliability", "correlations", "regression", "mediation", "needs",
    ]  # fmt: skip
    assert plan.steps[6].arguments == {"x": "embedding", "m": ["values"], "y": "satisfaction", "resamples": 300}
    assert "mediation" not in plan.from_recipe
    assert "needs" not in plan.from_recipe


def test_several_outcomes_and_predictors_have_a_step_each():
    text = (
        HEAD + ROLES.replace('x = "组织嵌入"', 'x = ["a", "b"]').replace('y = "satisfaction"', 'y = ["c", "d"]') + REST
    )
    steps = {s.id: s.arguments for s in parsed(text.replace("mediation[", "mediation_1[")).steps}
    assert [steps[f"regression_{i}"]["y"] for i in (1, 2)] == ["c", "d"]
    assert [(steps[f"mediation_{i}"]["x"], steps[f"mediation_{i}"]["y"]) for i in (1, 2, 3, 4)] == [
        ("a", "c"), ("b", "c"), ("a", "d"), ("b", "d"),
    ]  # fmt: skip
    assert steps["mediation_1"]["covariates"] == ["age", "gender", "b"]


def test_what_the_roles_do_not_allow_has_no_step():
    roles = 'recipe = "article"\n[roles]\nx = "a"\ny = "b"\n'
    plan = parsed(HEAD + roles + '[data]\nfile = "a.csv"\n')
    assert [s.id for s in plan.steps] == ["sample", "descriptives", "correlations", "regression"]
    assert plan.steps[-1].arguments["blocks"] == [["a"]]
    assert [t.template for t in plan.tables] == ["T0"]


def test_constructs_of_higher_order_rest_on_the_scales_of_their_items():
    text = (
        'recipe = "article"\ninstrument = "j-community-renovation"\n'
        '[roles]\nx = "party_core_function"\ny = "renovation_satisfaction"\n[data]\nfile = "a.xlsx"\n'
    )
    steps = {s.id: s.arguments for s in parsed(HEAD + text).steps}
    assert steps["measures"]["scales"] == ["party_core_function", "renovation_satisfaction"]
    assert steps["reliability"]["items"][-1] == "renovation_satisfaction"
    assert "party_core_function" not in steps["reliability"]["items"]
    assert len(steps["reliability"]["items"]) > 2


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "near"),
    [
        ('recipe = "article"', 'recipe = "articel"', "E546", 4, "article"),
        ('x = "组织嵌入"\n', "", "E506", 5, "x"),
        ("controls =", "control =", "E501", 9, "controls"),
        ('m = ["values"]', "m = [3]", "E519", 7, "m"),
        ('m = ["values"]', 'm = ["组织嵌入"]', "E511", 4, "组织嵌入"),
        ('recipe = "article"\n', "", "E506", 4, "recipe"),
    ],
)
def test_faults_stand_where_the_author_wrote(old, new, code, line, near):
    with pytest.raises(PlanError) as caught:
        parsed((HEAD + ROLES + REST).replace(old, new))
    found = [p for p in caught.value.problems if p.code == code]
    assert [p.at.line for p in found] == [line]
    assert near in say(found[0], "en")


def test_the_recipe_in_a_workbook_is_the_same_and_its_faults_have_cells(study, tmp_path):
    text = HEAD + ROLES + REST
    write_workbook(tomllib.loads(text), tmp_path / "plan.xlsx", lang="zh")
    plan = read_plan(tmp_path / "plan.xlsx")
    assert plan == parse_plan(text, tmp_path / "plan.toml")
    assert plan.from_recipe
    write_workbook(tomllib.loads(text.replace('"gender"]', '"gendre"]')), tmp_path / "plan.xlsx", lang="zh")
    with pytest.raises(PlanError) as caught:
        run(tmp_path / "plan.xlsx")
    assert {(p.code, p.at.sheet) for p in caught.value.problems} == {("E516", "设置")}
    assert {p.params["name"] for p in caught.value.problems} == {"gendre"}


def test_the_article_runs_and_the_rehearsal_says_what_it_stands_for(study, tmp_path):
    study.write_text(HEAD + ROLES + REST + OWN, encoding="utf-8")
    found = run(study, tmp_path / "out")
    assert found.exit_code == 0
    assert len(found.outcomes) == 8
    assert (tmp_path / "out" / "plan.toml").read_bytes() == study.read_bytes()
    told = list(rehearse(study, "zh"))
    (line,) = (line for line in told if "期刊论文" in line)
    assert "sample、measures、descriptives、reliability、correlations、regression" in line
    assert "mediation" not in line
    (line,) = (line for line in told if line.startswith("  regression"))
    assert line == "  regression  层级回归：因变量 满意度；各层自变量 age、gender | 组织嵌入 | 共享价值；标准误 HC3"
    (line,) = (line for line in rehearse(study, "en") if line.startswith("  mediation"))
    assert "Mediation: X 组织嵌入; Mediators 共享价值; Y 满意度; Resamples 300" in line
