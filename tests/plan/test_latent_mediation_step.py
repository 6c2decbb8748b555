"""The steps latent_mediate and longitudinal_mediate: names in Chinese, options, tables, figures reach the folder."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import evalkit as ek

PLAN = """
format = "evalkit-plan/1"
title = {zh = "潜变量与纵向中介", en = "Latent and longitudinal mediation"}
language = ["zh", "en"]
seed = 7
[data]
file = "answers.csv"
[[scales]]
id = "embedding"
items = ["OE1", "OE2", "OE3", "OE4"]
range = [1, 5]
zh = "组织嵌入"
en = "Embedding"
[[scales]]
id = "satisfaction"
items = ["SAT1", "SAT2", "SAT3"]
range = [1, 5]
zh = "满意度"
en = "Satisfaction"
[[scales]]
id = "values"
items = ["SV1", "SV2", "SV3"]
range = [1, 5]
zh = "共享价值"
en = "Shared values"
[[step]]
id = "chain"
do = "潜变量中介"
x = "组织嵌入"
m = "共享价值"
y = "满意度"
items = {"满意度" = ["SAT1", "SAT2"]}
observed = ["组织嵌入"]
ci = ["monte_carlo", "delta"]
[[step]]
id = "waves"
do = "纵向中介"
x = ["OE1", "OE2"]
m = ["SV1", "SV2"]
y = ["SAT1", "SAT2"]
ci = "delta"
[output]
formats = ["html"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("latent")
    data = pd.read_csv(Path(__file__).parent.parent / "golden" / "residents.csv")
    data.to_csv(place / "answers.csv", index=False)
    (place / "plan.toml").write_text(PLAN, encoding="utf-8")
    ek.run(place / "plan.toml", out=place / "out")
    return place / "out"


def test_the_options_reach_the_numbers(folder):
    rows = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    rows = rows if isinstance(rows, list) else rows["results"]
    values = {row["id"]: row["value"] for row in rows}
    assert values["chain/indirect.values#conf_low"] == values["chain/indirect.values#mc_low"]
    assert "chain/SAT1/satisfaction/loading#estimate" in values
    assert "chain/SAT3/satisfaction/loading#estimate" not in values  # items of the step, not of the scale
    assert "chain/OE1/embedding/loading#estimate" not in values  # taken as a score
    assert values["waves/indirect.m#estimate"] == pytest.approx(
        values["waves/SV2/OE1/path#estimate"] * values["waves/SAT2/SV1/path#estimate"]
    )


def test_the_report_prints_tables_sentences_and_figures(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    for wanted in (
        "潜变量中介效应检验",
        "蒙特卡洛95%CI",
        "组织嵌入经由共享价值对满意度",
        "纵向中介效应检验",
        "half-longitudinal",
        "不能排除未观测的混杂因素",
    ):
        assert wanted.lower() in text.lower(), wanted
    assert {p.name.split("-")[0] for p in (folder / "figures").iterdir()} >= {"chain", "waves"}
