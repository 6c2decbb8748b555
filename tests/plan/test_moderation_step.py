"""Steps moderate and response_surface of a plan: options reach the numbers, tables and figures the run folder."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import evalkit as ek

PLAN = """
format = "evalkit-plan/1"
title = {zh = "调节", en = "Moderation"}
language = ["zh", "en"]
[data]
file = "answers.csv"
[[step]]
id = "mod"
do = "moderate"
y = "alliance_strength"
x = "age"
w = "years_resident"
covariates = ["renovated"]
values = {years_resident = [5, 20]}
cov = "CR1"
cluster = "community_id"
[[step]]
id = "fit"
do = "response_surface"
y = "alliance_strength"
x = "SAT1"
z = "SAT2"
centre = 3
[[hypothesis]]
id = "H1"
zh = "居住年限调节年龄的关系"
en = "Residence moderates age"
confirm_if = 'mod["slope.20"].conf_low > mod["slope.5"].conf_high'
[output]
formats = ["html"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("moderation")
    golden = Path(__file__).parent.parent / "golden"
    columns = ["id", "community_id", "age", "renovated", "alliance_strength", "years_resident", "SAT1", "SAT2"]
    pd.read_csv(golden / "residents_scored.csv")[columns].head(400).to_csv(place / "answers.csv", index=False)
    (place / "plan.toml").write_text(PLAN, encoding="utf-8")
    ek.run(place / "plan.toml", out=place / "out")
    return place / "out"


def test_the_options_reach_the_numbers(folder):
    rows = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    rows = rows if isinstance(rows, list) else rows["results"]
    values = {row["id"]: row["value"] for row in rows}
    data = pd.read_csv(folder.parent / "answers.csv")
    options = {"covariates": ["renovated"], "values": [5, 20], "cov": "CR1", "cluster": "community_id"}
    direct = ek.moderate(data, y="alliance_strength", x="age", w="years_resident", **options).tidy().set_index("term")
    for term in ("slope.5", "slope.20", "interaction.age:years_resident"):
        assert values[f"mod/{term}#p_value"] == pytest.approx(direct.loc[term, "p_value"])
    surface = ek.response_surface(data, y="alliance_strength", x="SAT1", z="SAT2", centre=3).tidy().set_index("term")
    assert values["fit/a4#estimate"] == pytest.approx(surface.loc["a4", "estimate"])


def test_the_report_prints_tables_and_figures(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "简单斜率" in text
    assert "Simple slopes" in text
    assert "响应面" in text
    assert {"mod-zh.svg", "mod-johnson_neyman-en.svg", "fit-zh.svg"} <= {p.name for p in (folder / "figures").iterdir()}
