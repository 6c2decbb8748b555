"""A plan that pools steps of many kinds over its imputations, and says why others cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import Problem
from evalkit.contract.words import LANGUAGES, has_text, say
from evalkit.plan import catalogue
from evalkit.plan.completed import data_faults
from evalkit.plan.poolable import POOLABLE, why_not
from evalkit.studies.imputation import PooledResult

STEPS = {
    "instrument": 'do = "iv"\ny = "y"\nendogenous = "x"\ninstruments = ["z"]',
    "weighted": 'do = "propensity"\ny = "y"\ntreated = "member"\ncovariates = ["age", "z"]',
    "factor": 'do = "cfa"\nmodel = "calm =~ a1 + a2 + a3"',
    "natural": 'do = "mediate"\nx = "x"\nm = "age"\ny = "signed"\nfamilies = {signed = "logit"}\nci = "monte_carlo"',
    "surface": 'do = "response_surface"\nx = "a1"\nz = "a2"\ny = "y"',
    "groups": 'do = "compare"\noutcome = "y"\nby = "district"',
}
PLAN = """
format = "evalkit-plan/1"
title = {zh = "合并", en = "Pooled"}
language = ["zh", "en"]
seed = 7
[data]
file = "answers.csv"
[[step]]
id = "imp"
do = "impute"
variables = ["a1", "a2", "a3", "age", "x", "y", "z"]
m = 3
iterations = 3
""" + "".join(f'[[step]]\nid = "{id}"\ndata = "imp"\n{text}\n' for id, text in STEPS.items())  # fmt: skip
HYPOTHESIS = """
[[hypothesis]]
id = "H1"
zh = "x提高y"
en = "x raises y"
confirm_if = 'instrument["2sls/y/x"].conf_low > 0'
[output]
formats = ["html"]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pooled")
    rng = np.random.default_rng(3)
    n = 150
    trait = rng.normal(size=n)
    frame = pd.DataFrame({f"a{i}": np.clip(np.round(3 + trait + 0.6 * rng.normal(size=n)), 1, 5) for i in (1, 2, 3)})
    frame["age"] = np.round(45 + 3 * trait + 8 * rng.normal(size=n))
    frame["z"] = rng.normal(size=n).round(3)
    frame["x"] = (frame["z"] + 0.5 * rng.normal(size=n)).round(3)
    frame["y"] = (0.5 * frame["x"] + trait + rng.normal(size=n)).round(3)
    frame = frame.mask(rng.random(frame.shape) < 0.1)
    frame["member"] = rng.integers(0, 2, n)
    frame["signed"] = rng.integers(0, 2, n)
    frame["district"] = np.array(["east", "west", "north"])[rng.integers(0, 3, n)]
    frame.to_csv(folder / "answers.csv", index=False)
    (folder / "plan.toml").write_text(PLAN + HYPOTHESIS, encoding="utf-8")
    return ek.run(folder / "plan.toml", folder / "out")


def test_every_step_is_pooled(run):
    assert run.exit_code == 0, [o.problems for o in run.outcomes]
    assert all(isinstance(run[id], PooledResult) for id in STEPS)
    assert {run[id].source for id in STEPS} == {
        "InstrumentalResult", "PropensityResult", "StructuralResult", "NaturalResult", "SurfaceResult", "CompareResult",
    }  # fmt: skip
    assert run.verdicts[0].decision == "supported"
    rows = run["natural"].tidy()
    assert rows.loc[rows["term"] == "rr.nie", "label"].tolist() == ["ratio"]


def test_the_run_folder_holds_the_pooled_numbers(run):
    out = Path(run.out)
    values = {row["id"]: row["value"] for row in json.loads((out / "results.json").read_text(encoding="utf-8"))}
    assert values["factor/calm/composite_reliability#estimate"] == pytest.approx(
        run["factor"].tidy().set_index("term")["estimate"]["composite_reliability"]
    )
    rows = run["groups"].tidy()
    pair = rows[(rows["term"] == "pair")].iloc[0]
    key = f"groups/y/district/pair/{pair['level']}#p_adjusted"
    assert values[key] == pytest.approx(pair["p_adjusted"])
    page = (out / "report.html").read_text(encoding="utf-8")
    for text in ("第二阶段（2SLS）", "Second stage (2SLS)", "风险比：总自然间接效应", "校正", "Balance"):
        assert text in page


@pytest.mark.parametrize("do", [do for do in catalogue.STEPS if do not in POOLABLE])
def test_steps_that_cannot_be_pooled_say_why(do):
    raw = {"step": [{"id": "imp", "do": "impute"}, {"id": "a", "do": do, "data": "imp"}]}
    ((code, params),) = data_faults(raw, 1, do)
    assert code == "E6248"
    assert has_text(why_not(do).key)
    for lang in LANGUAGES:
        assert why_not(do).text(lang) in say(Problem(code, params=params), lang)


def test_what_can_be_pooled_is_a_step():
    assert set(POOLABLE) <= set(catalogue.STEPS)
