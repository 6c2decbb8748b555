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
cov = "CR2"
cluster = "community_id"
[[step]]
id = "parts"
do = "relative_importance"
formula = "alliance_strength ~ age + renovated"
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
    clustered = ek.regress(data, "alliance_strength ~ age + renovated", cov="CR2", cluster="community_id").tidy()
    df = clustered.set_index("term").loc["renovated", "df"]
    assert values["line/1/alliance_strength/renovated#df"] == pytest.approx(df)


def test_the_report_prints_the_tables(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "Nagelkerke" in text
    assert "LMG" in text
    assert "CR2" in text
