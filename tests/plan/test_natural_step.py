"""Mediation with a binary outcome and its sensitivity in a plan: numbers, tables, figures and sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import evalkit as ek

PLAN = """
format = "evalkit-plan/1"
title = {zh = "自然效应", en = "Natural effects"}
language = ["zh", "en"]
seed = 7
[data]
file = "answers.csv"
[[step]]
id = "signed"
do = "mediate"
x = "OE"
m = ["SV"]
y = "signed_agreement"
families = {signed_agreement = "logit"}
interactions = true
contrast = [2, 4]
hold = {SV = 3}
resamples = 100
[[step]]
id = "simple"
do = "mediate"
x = "OE"
m = ["SV"]
y = "SAT"
resamples = 100
[[hypothesis]]
id = "H1"
zh = "间接效应为正"
en = "The indirect effect is positive"
confirm_if = 'signed["nie.total"].conf_low > 0'
[output]
formats = ["html"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("natural")
    golden = Path(__file__).parent.parent / "golden" / "residents_scored.csv"
    columns = ["id", "OE", "SV", "SAT", "signed_agreement"]
    pd.read_csv(golden)[columns].head(300).to_csv(place / "answers.csv", index=False)
    (place / "plan.toml").write_text(PLAN, encoding="utf-8")
    ek.run(place / "plan.toml", out=place / "out")
    return place / "out"


def test_the_options_reach_the_numbers(folder):
    rows = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    rows = rows if isinstance(rows, list) else rows["results"]
    values = {row["id"]: row["value"] for row in rows}
    data = pd.read_csv(folder.parent / "answers.csv")
    result = ek.mediate(
        data, x="OE", m="SV", y="signed_agreement", families={"signed_agreement": "logit"}, interactions=True,
        contrast=[2, 4], hold={"SV": 3}, ci="monte_carlo",
    )  # fmt: skip
    expected = result.effects.set_index("term")["estimate"]
    for term in ("total", "nie.total", "nde.pure", "cde", "rr.nie"):
        assert values[f"signed/{term}#estimate"] == pytest.approx(expected[term])
    assert values["signed/nie.total#perc_low"] < values["signed/nie.total#perc_high"]
    assert -1 < values["simple/indirect.SV#rho"] < 1


def test_the_report_prints_tables_figures_and_sentences(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    for word in ("总自然间接效应", "Total natural indirect effect", "间接效应的敏感性分析", "E-value"):
        assert word in text
    assert "OE由2变为4" in text
    names = {p.name for p in (folder / "figures").iterdir()}
    assert {"signed-zh.svg", "simple-sensitivity-en.png"} <= names
