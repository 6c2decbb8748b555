"""Mediation as templates and equations in a plan: numbers, tables, figures, SPSS syntax and the plan workbook."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import evalkit as ek
from evalkit.plan.scores import write_scores

PLAN = """
format = "evalkit-plan/1"
title = {zh = "有调节的中介", en = "Moderated mediation"}
language = ["zh", "en"]
seed = 7
[data]
file = "answers.csv"
[[step]]
id = "template"
do = "mediate"
x = "OE"
m = ["SV"]
y = "SAT"
process_model = 14
w = "CC"
covariates = ["age"]
centre = "products"
at = {CC = [2, 4]}
resamples = 200
[[step]]
id = "equations"
do = "mediate"
x = ["OE", "OB"]
y = ["SAT"]
paths = ["SV ~ a*OE + OB", "SAT ~ SV + OE"]
moderators = {renovated = ["a", "c'"]}
ci = ["monte_carlo"]
[[hypothesis]]
id = "H1"
zh = "CC调节SV到SAT的路径"
en = "CC moderates the path from SV to SAT"
confirm_if = 'template["index.SV/CC"].conf_low > 0'
[[hypothesis]]
id = "H2"
zh = "翻新社区的间接效应为正"
en = "The indirect effect is positive where renovated"
confirm_if = 'equations["OE/indirect.SV/renovated=1"].conf_low > 0'
[output]
formats = ["html"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("paths")
    columns = ["id", "OE", "OB", "SV", "SAT", "CC", "age", "renovated"]
    golden = Path(__file__).parent.parent / "golden" / "residents_scored.csv"
    pd.read_csv(golden)[columns].head(400).to_csv(place / "answers.csv", index=False)
    (place / "plan.toml").write_text(PLAN, encoding="utf-8")
    ek.run(place / "plan.toml", out=place / "out")
    return place / "out"


def test_the_options_reach_the_numbers(folder):
    rows = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    rows = rows if isinstance(rows, list) else rows["results"]
    values = {row["id"]: row["value"] for row in rows}
    data = pd.read_csv(folder.parent / "answers.csv")
    one = ek.mediate(
        data, x="OE", m="SV", y="SAT", process_model=14, w="CC", covariates=["age"], at={"CC": [2, 4]}, ci="monte_carlo"
    )
    expected = one.effects.set_index(["term", "level"])["estimate"]
    assert values["template/indirect.SV/CC=2#estimate"] == pytest.approx(expected["indirect.SV", "CC=2"])
    assert values["template/index.SV/CC#estimate"] == pytest.approx(expected["index.SV", "CC"])
    assert values["template/index.SV/CC#perc_low"] < values["template/index.SV/CC#perc_high"]
    assert values["equations/OE/indirect.SV/renovated=1#mc_low"] > 0
    assert "equations/OB/total/renovated=1#estimate" not in values
    assert "equations/OB/indirect.SV#estimate" in values


def test_the_report_prints_tables_figures_and_sentences(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    for word in ("有调节的中介指数", "Index of moderated mediation", "PROCESS 格式的结果", "Model 14"):
        assert word in text
    assert "经由SV对SAT的间接效应为" in text
    names = {p.name for p in (folder / "figures").iterdir()}
    assert {"template-zh.svg", "template-conditional-en.svg", "equations-en.png"} <= names


SYNTAX = """
[[step]]
id = "seven"
do = "mediate"
x = "embedding"
m = ["values"]
y = "satisfaction"
process_model = 7
w = "age"
seed = 3
[[step]]
id = "said"
do = "mediate"
x = "embedding"
y = "satisfaction"
paths = ["values ~ embedding", "satisfaction ~ values"]
[[step]]
id = "natural"
do = "mediate"
x = "embedding"
m = ["values"]
y = "satisfaction"
interactions = true

[[table]]
"""


def test_templates_become_process_commands_and_equations_are_named(study):
    study.write_text(study.read_text("utf-8").replace("[[table]]", SYNTAX, 1), encoding="utf-8")
    write_scores(study, None, study.parent / "data.sav", lang="zh")
    syntax = (study.parent / "data.sps").read_bytes().decode("utf-8-sig")
    assert "PROCESS y=satisfaction /x=embedding /m=values /w=age /model=7 /boot=5000 /total=1 /contrast=1" in syntax
    assert syntax.count("没有对应的 PROCESS 编号") == 2
