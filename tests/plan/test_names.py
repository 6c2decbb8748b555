"""Names by zh label where they mean one thing, in arguments, formulas and conditions; elsewhere the ids are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import Codebook, PlanError, ScaleEntry, Variable, attach
from evalkit.contract.words import say
from evalkit.formula import parse_expression
from evalkit.plan import parse_plan
from evalkit.plan.conditions import condition_problems, rows_where
from evalkit.plan.names import Names
from evalkit.plan.resolve import resolve_steps

HEAD = 'format = "evalkit-plan/1"\n[data]\nfile = "a.csv"\n'


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "age": [20.0, 40.0, np.nan, 70.0],
            "trust": [1.0, 2.0, 3.0, 4.0],
            "home": [1.0, 2.0, 2.0, 1.0],
            "home2": [1.0, 1.0, 2.0, 2.0],
            "need__1": [1.0, 0.0, np.nan, 1.0],
            "need__lift": [0.0, 1.0, np.nan, 1.0],
            "word": ["a", "", "b", None],
        }
    )
    variables = [
        Variable("age", "number", "年龄", "Age"),
        Variable("trust", "score", "信任", "Trust"),
        Variable("home", "nominal", "住房", "Home"),
        Variable("home2", "nominal", "住房", "Home"),
        Variable("need", "option", "需要", "Needs", item="need"),
        Variable("need__1", "option", "停车", "Parking", item="need"),
        Variable("need__lift", "option", "电梯", "Lift", item="need"),
        Variable("word", "text", "说明", "Word"),
    ]
    scale = ScaleEntry("trust", ("age",), zh="信任", en="Trust")
    return attach(frame, Codebook({v.name: v for v in variables}, {"trust": scale}))


def rows(data: pd.DataFrame, text: str) -> list[int]:
    return list(np.flatnonzero(rows_where(data, parse_expression(text))))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("年龄 >= 40", [1, 3]),
        ("信任 > 1 and not 年龄 == 40", [2, 3]),
        ("answered(年龄)", [0, 1, 3]),
        ("answered(说明)", [0, 2]),
        ("answered(need)", [0, 1, 3]),
        ("chosen(need, 1)", [0, 3]),
        ("chosen(need, lift) and trust > 3", [3]),
    ],
)
def test_conditions_know_labels_and_multiple_responses(data, text, found):
    assert rows(data, text) == found
    assert condition_problems(data, parse_expression(text)) == []


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("住房 == 1", "E517", "home、home2"),
        ("年令 > 3", "E516", "年龄"),
        ("chosen(need, 9)", "E557", "1、lift"),
        ("need == 1", "E556", "chosen(need, 1)"),
        ("chosen(needs, 1)", "E516", "need"),
    ],
)
def test_what_a_condition_cannot_mean_is_told_before_anything_runs(data, text, code, told):
    (problem,) = condition_problems(data, parse_expression(text))
    assert problem.code == code
    assert told in say(problem, "zh")


def test_labels_stand_in_arguments_and_formulas(data):
    plan = parse_plan(
        HEAD
        + '[[step]]\nid = "r"\ndo = "回归分析"\nformula = "信任 ~ 年龄 | + home"\n'
        + '[[step]]\nid = "d"\ndo = "描述性统计"\nvariables = ["年龄", "trust"]\nwhere = "年龄 > 30"\n',
        Path("plan.toml"),
    )
    (regress, first), (describe, second) = resolve_steps(plan, data)
    assert (regress.do, first["formula"]) == ("regress", "trust ~ age | home")
    assert (describe.do, second["variables"]) == ("describe", ["age", "trust"])


@pytest.mark.parametrize("line", ['formula = "trust ~ 住房"', 'formula = "trust ~ age"\nwhere = "住房 == 1"'])
def test_an_ambiguous_label_names_every_id(data, line):
    plan = parse_plan(HEAD + f'[[step]]\nid = "r"\ndo = "regress"\n{line}\n', Path("plan.toml"))
    with pytest.raises(PlanError) as caught:
        resolve_steps(plan, data)
    (problem,) = caught.value.problems
    assert problem.params["ids"] == ["home", "home2"]
    assert "home, home2" in say(problem, "en")


def test_options_of_a_question(data):
    assert Names(data).options("need") == ["1", "lift"]
    assert Names(data).options("age") == []


STEP = '[[step]]\nid = "med"\ndo = "mediate"\nx = "年龄"\ny = "信任"\n'


@pytest.mark.parametrize(
    ("line", "key", "found"),
    [
        ('paths = ["home ~ a*年龄", "信任 ~ 年龄:home2"]', "paths", ["home ~ a*age", "trust ~ age:home2"]),
        ('paths = "信任 ~ 年龄"', "paths", ["trust ~ age"]),
        ('moderators = {"年龄" = ["b"]}', "moderators", {"age": ["b"]}),
        ('moderators = {"年龄*home + 信任" = ["b"]}', "moderators", {"age*home + trust": ["b"]}),
        ('at = {"年龄" = [1, 2]}', "at", {"age": [1, 2]}),
        ('families = {"信任" = "linear"}', "families", {"trust": "linear"}),
    ],
)
def test_names_inside_a_path_model(data, line, key, found):
    ((_, arguments),) = resolve_steps(parse_plan(HEAD + STEP + line, Path("p.toml")), data)
    assert arguments[key] == found


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('paths = ["信任 ~ 年纪"]', "E6150"),
        ('paths = ["home ~ 信任", "信任 ~ home"]', "E6153"),
        ('moderators = {"年纪*home" = ["b"]}', "E516"),
        ('moderators = {"住房" = ["b"]}', "E517"),
        ('at = {"年纪" = [1]}', "E516"),
    ],
)
def test_faults_inside_a_path_model_are_told_before_anything_runs(data, line, code):
    with pytest.raises(PlanError) as fault:
        resolve_steps(parse_plan(HEAD + STEP + line, Path("p.toml")), data)
    assert [p.code for p in fault.value.problems] == [code]
    assert fault.value.problems[0].at.line == 9
