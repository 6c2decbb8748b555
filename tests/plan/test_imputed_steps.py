"""A plan that imputes: later steps name the imputation as their data and are pooled."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import PlanError
from evalkit.plan.conversion import convert
from evalkit.plan.reader import parse_plan, read_plan
from evalkit.plan.rehearsal import rehearse
from evalkit.plan.spss import steps_as_syntax
from evalkit.studies.imputation import Imputed, PooledResult

PLAN = """
format = "evalkit-plan/1"
title = {zh = "插补", en = "Imputation"}
language = ["zh", "en"]
seed = 7
[data]
file = "answers.csv"
[[scales]]
id = "calm"
items = ["a1", "a2", "a3"]
reverse = ["a3"]
range = [1, 5]
zh = "平静"
en = "Calm"
[[derive]]
id = "old"
from = "age"
bands = [50]
zh = "年长"
en = "Older"
[[derive]]
id = "centred"
compute = "age - 45"
zh = "中心化年龄"
en = "Centred age"
[[exclude]]
when = "speed < 2"
reason = {zh = "过快", en = "too fast"}
[[step]]
id = "imp"
do = "多重插补"
variables = ["calm", "age", "y"]
m = 3
iterations = 5
methods = {age = "pmm"}
predictors = {age = ["平静", "y"]}
[[step]]
id = "reg"
do = "regress"
data = "imp"
formula = "y ~ centred | + calm"
where = "old == 1"
[[step]]
id = "med"
do = "mediate"
data = "imp"
x = "age"
m = "calm"
y = "y"
resamples = 100
[[step]]
id = "scores"
do = "impute"
variables = ["calm", "age", "y"]
scales = "score"
m = 2
iterations = 2
[[step]]
id = "mean"
do = "describe"
data = "scores"
variables = ["平静"]
[[hypothesis]]
id = "H1"
zh = "平静与年龄有关"
en = "Calm goes with the outcome"
confirm_if = 'reg["2/y/calm"].p_value < 0.05'
[output]
formats = ["xlsx", "html"]
"""


def answers(n: int = 160) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    trait = rng.normal(size=n)
    frame = pd.DataFrame({f"a{i}": np.clip(np.round(3 + trait + 0.6 * rng.normal(size=n)), 1, 5) for i in (1, 2, 3)})
    frame["a3"] = 6 - frame["a3"]
    frame["age"] = np.round(45 + 12 * rng.normal(size=n))
    frame["y"] = np.round(trait + 0.02 * frame["age"] + rng.normal(size=n), 2)
    frame = frame.mask(rng.random(frame.shape) < 0.12)
    frame["speed"] = rng.integers(1, 12, n)
    return frame


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("imputed")
    answers().to_csv(folder / "answers.csv", index=False)
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    return ek.run(folder / "plan.toml", folder / "out")


def test_steps_are_pooled(run):
    assert run.exit_code == 0
    assert isinstance(run["imp"], Imputed)
    assert isinstance(run["reg"], PooledResult)
    rows = run["reg"].tidy()
    calm = rows[(rows["model"] == "2") & (rows["term"] == "calm")].iloc[0]
    assert calm["estimate"] > 0.4
    assert calm["listwise_n"] < run["reg"].n_obs
    assert {"indirect.calm", "total"} <= set(run["med"].tidy()["term"])
    assert run.verdicts[0].decision == "supported"


def test_scores_can_be_imputed_too(run):
    assert set(run["scores"].filled) == {"calm", "age", "y"}
    assert run["mean"].tidy()["n_obs"].iloc[0] == len(run.sample.used)


def test_the_dry_run_tells_the_data(run):
    lines = "\n".join(rehearse(run.plan.path, "en"))
    assert "imp" in next(line for line in lines.split("\n") if line.strip().startswith("reg")).split("only")[0][8:]


def test_spss_gets_no_listwise_syntax_for_a_pooled_step(run):
    lines = "\n".join(steps_as_syntax(run.plan, run.sample.used, "en"))
    assert "[reg]" in lines
    assert "REGRESSION" not in lines
    assert "PROCESS" not in lines


def test_derived_columns_are_made_of_imputed_values(run):
    used = run.sample.used
    completed = run["imp"].frame(0)
    older = (completed["age"] < 50).sum()
    assert used["centred"].isna().any()
    assert run["reg"].n_obs <= older + 12
    assert run["reg"].n_obs > ((used["age"] < 50) & used["y"].notna()).sum()


def test_the_run_folder_tells_it(run):
    out = Path(run.out)
    ids = {entry["id"] for entry in json.loads((out / "results.json").read_text(encoding="utf-8"))}
    assert {"imp/age#rhat", "reg/2/y/calm#fmi", "med/indirect.calm#estimate", "reg/2/y/model.f_change#p_value"} <= ids
    page = (out / "report.html").read_text(encoding="utf-8")
    for text in ("合并估计", "Pooled", "chained equations", "Listwise"):
        assert text in page
    assert {p.stem for p in (out / "figures").glob("imp*.svg")} >= {"imp-zh", "imp-density-zh", "imp-en"}


def test_a_workbook_says_the_same(run, tmp_path):
    plan = run.plan.path
    book = tmp_path / "plan.xlsx"
    convert(plan, book, lang="zh")
    assert read_plan(book) == read_plan(plan)
    assert [step.data for step in read_plan(book).steps] == ["responses", "imp", "imp", "responses", "scores"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('data = "imp"\nformula', 'data = "other"\nformula', "E510"),
        ('do = "多重插补"', 'do = "impute"\ndata = "reg"', "E510"),
        (
            'do = "mediate"\ndata = "imp"\nx = "age"\nm = "calm"\ny = "y"\nresamples = 100',
            'do = "profile"\ndata = "imp"',
            "E6248",
        ),
        (
            'do = "mediate"\ndata = "imp"\nx = "age"\nm = "calm"\ny = "y"\nresamples = 100',
            'do = "diagnostics"\ndata = "imp"\nformula = "y ~ age"',
            "E6248",
        ),
    ],
)
def test_data_that_cannot_be(old, new, code, tmp_path):
    assert old in PLAN
    with pytest.raises(PlanError, match=code) as caught:
        parse_plan(PLAN.replace(old, new), tmp_path / "plan.toml")
    assert {p.code for p in caught.value.problems} == {code}


def test_an_imputation_that_failed_stops_only_its_own_steps(tmp_path):
    answers(40).assign(a1=np.nan, a2=np.nan, a3=np.nan).to_csv(tmp_path / "answers.csv", index=False)
    plan = PLAN.replace('variables = ["calm", "age", "y"]', 'variables = ["age", "y"]').replace("m = 3", "m = 1")
    plan = (
        plan.replace('predictors = {age = ["平静", "y"]}', "")
        + '[[step]]\nid = "d"\ndo = "describe"\nvariables = ["age"]\n'
    )
    (tmp_path / "plan.toml").write_text(plan, encoding="utf-8")
    found = ek.run(tmp_path / "plan.toml")
    codes = {o.step.id: {p.code for p in o.problems} for o in found.outcomes}
    assert "E6239" in codes["imp"]
    assert "E6249" in codes["reg"]
    assert found["d"].n_obs
    assert found.exit_code == 5
