"""`evalkit score PLAN -o data.sav`: the data of a plan and its steps for SPSS."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from spss_grammar import commands

from evalkit.cli import main
from evalkit.contract import Category, Codebook, Variable, attach
from evalkit.formula import parse_expression
from evalkit.plan import read_plan, run
from evalkit.plan.catalogue import STEPS
from evalkit.plan.scores import write_scores
from evalkit.plan.spss import SYNTAX, steps_as_syntax

MORE = """
[[step]]
id = "who"
do = "profile"
items = ["gender", "age"]
where = "age < 60 and not gender == 1"

[[step]]
id = "by_gender"
do = "describe"
variables = ["satisfaction", "values"]
by = "gender"

[[step]]
id = "all"
do = "describe"
variables = ["satisfaction"]

[[step]]
id = "cross"
do = "crosstab"
rows = "gender"
columns = "tenure"
percent = "column"

[[step]]
id = "r"
do = "correlate"
variables = ["values", "embedding", "age"]
method = "spearman"

[[step]]
id = "robust"
do = "regress"
formula = "satisfaction ~ age | + embedding*values"
cov = "HC3"

[[step]]
id = "gaps"
do = "missing_answers"
"""


@pytest.fixture
def written(study):
    study.write_text(study.read_text("utf-8").replace("[[table]]", MORE + "\n[[table]]", 1), encoding="utf-8")
    out = study.parent / "data.sav"
    problems = write_scores(study, None, out, lang="zh")
    return study, out, (study.parent / "data.sps").read_bytes().decode("utf-8-sig"), problems


def test_the_file_holds_every_row_and_says_which_are_used(written):
    study, out, _, _ = written
    found = run(study, None)
    frame, said = pyreadstat.read_sav(out, user_missing=False)
    assert len(frame) == len(found.sample.complete)
    assert int(frame["row__used"].sum()) == len(found.sample.used)
    assert said.column_names_to_labels["satisfaction"] == "满意度"
    assert frame["source_instrument"].nunique() == 1 and "@" in frame["source_instrument"][0]
    for name in ("values", "SV4_R"):
        np.testing.assert_allclose(frame[name], found.sample.complete[name], equal_nan=True)


def test_steps_are_repeated_and_those_without_an_equivalent_named(written):
    _, _, syntax, _ = written
    found = [head for head, _ in commands(syntax)]
    tail = found[found.index("FILTER BY") :]
    assert tail == [
        "FILTER BY", "RELIABILITY", "RELIABILITY", "REGRESSION",
        "TEMPORARY", "SELECT IF", "FREQUENCIES" if "FREQUENCIES" in tail else "DESCRIPTIVES",
        *tail[7:],
    ]  # fmt: skip
    assert {"MEANS", "DESCRIPTIVES", "CROSSTABS", "NONPAR CORR", "REGRESSION"} <= set(tail)
    text = dict(commands(syntax))
    assert "COMPUTE embedding_x_values = embedding * values" in syntax
    assert re.search(r"/METHOD=ENTER age\n  /METHOD=ENTER embedding values embedding_x_values", text["REGRESSION"])
    assert "SELECT IF ((age < 60) AND (NOT (gender = 1)))." in syntax and "/CELLS=COUNT EXPECTED COLUMN" in syntax
    remarks = [line for line in syntax.splitlines() if line.startswith("*")]
    assert any("gaps" in r and "missing_answers" in r and "没有对应" in r for r in remarks)
    assert any("PROCESS y=satisfaction /x=embedding /m=values /cov=age /model=4 /boot=500" in r for r in remarks)
    assert any("HC3" in r for r in remarks)
    items = re.search(r"/VARIABLES=([^/]+)", text["RELIABILITY"])
    assert items and items[1].split() == ["SAT1", "SAT2", "SAT3", "SAT4_R", "SAT5"]


def test_syntax_of_somebody_else_is_not_replaced(study, capsys):
    other = study.parent / "data.sps"
    other.write_text("FREQUENCIES a.", encoding="utf-8")
    assert main(["score", str(study), "-o", str(study.parent / "data.sav"), "--lang", "en"]) == 2
    assert "E573" in capsys.readouterr().err and other.read_text("utf-8") == "FREQUENCIES a."
    assert not (study.parent / "data.sav").exists()
    other.unlink()
    for _ in range(2):  # what we wrote ourselves is written again
        assert main(["score", str(study), "-o", str(study.parent / "data.sav"), "--lang", "en"]) == 0
    assert main(["score", str(study), "-o", str(study.parent / "residents.csv"), "--lang", "en"]) == 2
    assert "E132" in capsys.readouterr().err


def test_nominal_predictors_become_dummies_and_sets_are_tabulated(study):
    book = Codebook().with_variables(
        [
            Variable("y", "score", low=1, high=5),
            Variable("g", "nominal", zh="组", categories=tuple(_category(k) for k in (1, 2, 3))),
            Variable("need", "nominal", zh="需要'什么'"),
            Variable("need__1", "option", zh="停车", item="need"),
            Variable("need__2", "option", zh="电梯", item="need"),
        ]
    )
    frame = pd.DataFrame({"y": [1.0, 2, 3], "g": [1.0, 2, 3], "need__1": [1.0, 0, 1], "need__2": [0.0, 1, 1]})
    data = attach(frame, book)
    plan = read_plan(study)
    steps = (
        _step(plan, "a", "regress", formula="y ~ g"),
        _step(plan, "b", "profile", items=["need"], where="chosen(need, 1) and answered(y) and g in (1, 2)"),
        _step(plan, "c", "crosstab", rows="need", columns="g"),
    )
    lines = steps_as_syntax(_with_steps(plan, steps), data, "zh")
    text = "\n".join(lines)
    assert [head for head, _ in commands(text)] == [
        "RECODE", "VARIABLE LABELS", "RECODE", "VARIABLE LABELS", "REGRESSION",
        "TEMPORARY", "SELECT IF", "MULT RESPONSE", "CROSSTABS",
    ]  # fmt: skip
    assert "RECODE g (2=1) (MISSING=SYSMIS) (ELSE=0) INTO g_d1." in lines and "/METHOD=ENTER g_d1 g_d2" in text
    assert "SELECT IF ((need__1 = 1) AND (NVALID(y) > 0) AND (ANY(g, 1, 2)))." in text
    assert "GROUPS=mr1 '需要''什么''' (need__1 need__2 (1))" in text and "/TABLES=need__1 need__2 BY g" in text


def test_every_step_with_syntax_is_a_step():
    assert set(SYNTAX) <= set(STEPS)


def _category(k):
    return Category(float(k), str(k), str(k))


def _step(plan, id, do, *, where=None, **arguments):
    first = plan.steps[0]
    condition = parse_expression(where) if where else None
    return dataclasses.replace(first, id=id, do=do, arguments=arguments, where=condition, title=None)


def _with_steps(plan, steps):
    return dataclasses.replace(plan, steps=steps)
