"""Steps about other steps in a plan: robustness and what it needs from the runner."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import PlanError

PLAN = """
format = "evalkit-plan/1"
title = {zh = "稳健", en = "Robust"}
language = ["zh", "en"]
seed = 7
[data]
file = "answers.csv"
[[exclude]]
when = "failed > 1"
reason = {zh = "未通过注意力检测", en = "failed the attention check"}
[[exclude]]
when = "age > 80"
reason = {zh = "高龄", en = "very old"}
[[step]]
id = "main"
do = "regress"
formula = "y ~ age | + x"
cluster = "community"
where = "age >= 20"
[[step]]
id = "med"
do = "mediate"
x = "x"
m = ["m"]
y = "y"
resamples = 200
[[step]]
id = "rob"
do = "稳健性检验"
of = "main"
outcomes = ["other"]
estimators = ["HC3"]
winsorise = 0.02
standardise = true
add = [["m"]]
remove = ["age"]
leave_out = "community"
excluded = "each"
[[step]]
id = "robmed"
do = "robustness"
of = "med"
arguments = {resamples = 100}
estimators = ["bias_corrected"]
excluded = [1]
[[step]]
id = "groups"
do = "heterogeneity"
of = "main"
by = ["failed", "m"]
test = "permutation"
permutations = 100
[[step]]
id = "curve"
do = "设定曲线"
of = "main"
outcomes = ["other"]
add = ["m"]
excluded = "all"
[[table]]
id = "frame"
template = "G1"
[[hypothesis]]
id = "H1"
zh = "x 提高 y，且逐一剔除社区后不变"
en = "x raises y, without any community too"
confirm_if = 'rob["base/y/x"].conf_low > 0 and rob["leave_out/y/x"].min > 0 and rob["other/x"].conf_low > 0'
[[table]]
id = "verdicts"
template = "T24"
[output]
formats = ["html", "xlsx"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("robust")
    rng = np.random.default_rng(3)
    n = 400
    x = rng.normal(size=n)
    m = 0.5 * x + rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "community": rng.integers(1, 13, n),
            "failed": rng.choice(3, n, p=[0.5, 0.4, 0.1]),
            "age": rng.integers(18, 90, n),
            "x": x,
            "m": m,
            "y": 0.4 * x + 0.4 * m + rng.normal(size=n),
            "other": 0.4 * x + rng.normal(size=n),
        }
    ).round(4)
    frame.to_csv(place / "answers.csv", index=False)
    (place / "plan.toml").write_text(PLAN.replace('rob["other/x"]', 'rob["outcome.other/other/x"]'), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def found(folder):
    return ek.run(folder / "plan.toml", folder / "out")


def test_the_base_model_is_the_step_itself(found):
    tidy = found["rob"].tidy().set_index("model")
    main = found["main"].tidy().set_index(["model", "term"]).loc[("2", "x")]
    assert tidy.at["base", "estimate"] == main["estimate"]
    assert found["rob"].n_obs == found["main"].n_obs
    whole = found["med"].tidy().set_index("term")
    again = found["robmed"].tidy().set_index("model")
    assert again.at["base", "estimate"] == whole.at["indirect.m", "estimate"]


def test_rows_that_a_rule_took_are_put_back(found, folder):
    frame = pd.read_csv(folder / "answers.csv")
    tidy = found["rob"].tidy().set_index("model")
    grown = frame[(frame.age >= 20)]
    assert tidy.at["excluded.1", "n_obs"] == (grown.age <= 80).sum()
    assert tidy.at["excluded.2", "n_obs"] == (grown.failed < 2).sum()
    assert tidy.at["base", "n_obs"] == ((grown.age <= 80) & (grown.failed < 2)).sum()
    assert found["robmed"].tidy().set_index("model").at["excluded.1", "n_obs"] == (frame.age <= 80).sum()


def test_groups_and_curves_stand_on_the_step_too(found):
    main = found["main"].tidy().set_index(["model", "term"]).at[("2", "x"), "estimate"]
    for step, model in (("groups", "all"), ("curve", "base")):
        assert found[step].tidy().set_index("model").at[model, "estimate"] == main
    again = found["groups"].tidy()
    test = again[(again["model"] == "failed") & (again["term"] == "difference.x")].iloc[0]
    assert 0 < test["p_value"] <= 1
    assert len(found["curve"].lines) == 8
    assert found.outcomes[4].seed is not None


def test_the_run_folder_holds_it(found, folder):
    rows = json.loads((folder / "out" / "results.json").read_text(encoding="utf-8"))
    ids = {row["id"] for row in rows}
    assert "rob/outcome.other/other/x#estimate" in ids
    assert "rob/leave_out/y/x#min" in ids
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "保留“未通过注意力检测”" in page
    assert "Without one community at a time" in page
    assert (folder / "out" / "figures" / "frame-zh.svg").exists()
    assert (folder / "out" / "figures" / "curve-en.png").exists()
    assert [v.decision for v in found.verdicts] == ["supported"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('of = "main"', 'of = "mian"', "E6381"),
        ('of = "med"', 'of = "rob"', "E6381"),
        ("excluded = [1]", "excluded = [3]", "E6382"),
        ('excluded = "each"', 'excluded = "every"', "E6382"),
        ('outcomes = ["other"]', 'outcomes = ["othr"]', "E516"),
    ],
)
def test_a_wrong_name_is_told_with_its_line_before_anything_runs(folder, old, new, code):
    text = PLAN.replace(old, new)
    (folder / "wrong.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError) as error:
        ek.run(folder / "wrong.toml")
    problem = error.value.problems[0]
    assert problem.code == code
    assert text.splitlines()[problem.at.line - 1].startswith(new[:6])
