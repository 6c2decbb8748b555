"""Steps regress, outcome_model and relative_importance of a plan: their options and tables reach the run folder."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import evalkit as ek

PLAN = """
format = "evalkit-plan/1"
title = {zh = "回归", en = "Regressions"}
language = ["zh", "en"]
seed = 7
[data]
file = "answers.csv"
[[step]]
id = "signed"
do = "outcome_model"
formula = "signed_agreement ~ age | + renovated"
family = "logit"
cov = "CR1p"
cluster = "community_id"
[[step]]
id = "line"
do = "regress"
formula = "alliance_strength ~ age + renovated"
cluster = ["community_id"]
bootstrap = "wild_cluster"
resamples = 199
[[step]]
id = "parts"
do = "自变量相对重要性"
formula = "alliance_strength ~ age + renovated"
[[step]]
id = "check"
do = "回归诊断"
formula = "alliance_strength ~ age + renovated"
cases = 3
[[step]]
id = "expected"
do = "predict"
formula = "signed_agreement ~ age + renovated"
family = "logit"
at = {age = [30, 60]}
[[table]]
id = "together"
template = "T13"
steps = ["signed", "line", "parts"]
[[table]]
id = "empty"
template = "T13"
steps = ["check"]
[output]
formats = ["html"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("outcomes")
    golden = Path(__file__).parent.parent / "golden"
    columns = ["id", "community_id", "age", "renovated", "alliance_strength", "signed_agreement"]
    pd.read_csv(golden / "residents_scored.csv")[columns].head(500).to_csv(place / "answers.csv", index=False)
    (place / "plan.toml").write_text(PLAN, encoding="utf-8")
    ek.run(place / "plan.toml", out=place / "out")
    return place / "out"


def test_the_options_reach_the_numbers(folder):
    rows = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    rows = rows if isinstance(rows, list) else rows["results"]
    values = {row["id"]: row["value"] for row in rows}
    data = pd.read_csv(folder.parent / "answers.csv")
    options = {"family": "logit", "cov": "CR1p", "cluster": "community_id"}
    direct = ek.outcome_model(data, "signed_agreement ~ age + renovated", **options).tidy().set_index("term")
    for term in ("age", "renovated"):
        for name in ("ratio", "std_error"):
            assert values[f"signed/2/signed_agreement/{term}#{name}"] == pytest.approx(direct.loc[term, name])
    options = {"cluster": "community_id", "bootstrap": "wild_cluster", "resamples": 199}
    seed = json.loads((folder / "run.json").read_text(encoding="utf-8"))["steps"][1]["seed"]
    clustered = ek.regress(data, "alliance_strength ~ age + renovated", seed=seed, **options).tidy().set_index("term")
    for name in ("std_error", "p_boot", "boot_low"):
        assert values[f"line/1/alliance_strength/renovated#{name}"] == pytest.approx(clustered.loc["renovated", name])
    direct = ek.predict(data, "signed_agreement ~ age + renovated", family="logit", at={"age": [30, 60]}).tidy()
    assert values["expected/signed_agreement/age=60#estimate"] == pytest.approx(direct["estimate"][1])
    tests = ek.diagnostics(data, "alliance_strength ~ age + renovated").tidy().set_index("term")
    assert values["check/alliance_strength/test/white#p_value"] == pytest.approx(tests.loc["white", "p_value"])


def test_the_report_prints_the_tables(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "Nagelkerke" in text
    assert "LMG" in text
    assert "CR1" in text
    assert "Jarque-Bera" in text


def test_the_joined_table_takes_outcome_models_and_says_what_it_leaves_out(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    table = next(part for part in text.split("</table>") if "Outcome: signed_agreement (binary logit)" in part)
    assert "Outcome: alliance_strength (linear)" in table
    assert "Nagelkerke" in table and "Adjusted" in table
    assert text.count("N6050") >= 2
    assert "leaves out step &#39;parts&#39;" in text and "leaves out step &#39;check&#39;" in text
