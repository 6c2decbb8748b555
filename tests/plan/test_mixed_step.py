"""The steps mixed and multilevel_mediate: names in Chinese, options, tables, figures, sentences reach the folder."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import evalkit as ek

PLAN = """
format = "evalkit-plan/1"
title = {zh = "多层分析", en = "Levels"}
language = ["zh", "en"]
seed = 7
[data]
file = "answers.csv"
[[scales]]
id = "embedding"
items = ["OE1", "OE2", "OE3", "OE4"]
range = [1, 5]
min_valid = 0.5
zh = "组织嵌入"
en = "Embedding"
[[scales]]
id = "satisfaction"
items = ["SAT1", "SAT2", "SAT3", "SAT4", "SAT5"]
reverse = ["SAT4"]
range = [1, 5]
min_valid = 0.5
zh = "满意度"
en = "Satisfaction"
[[scales]]
id = "values"
items = ["SV1", "SV2", "SV3", "SV4"]
reverse = ["SV4"]
range = [1, 5]
min_valid = 0.5
zh = "共享价值"
en = "Shared values"
[[step]]
id = "levels"
do = "多层线性模型"
formula = "满意度 ~ 组织嵌入 + renovated | + 组织嵌入:renovated"
group = "community_id"
random = ["1", "组织嵌入"]
centre = {"组织嵌入" = "within"}
[[step]]
id = "chain"
do = "多层中介"
x = "组织嵌入"
m = "values"
y = "满意度"
group = "community_id"
method = "latent"
[output]
formats = ["html"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("levels")
    data = pd.read_csv(Path(__file__).parent.parent / "golden" / "residents.csv")
    items = [f"{scale}{i}" for scale, k in (("OE", 4), ("SV", 4), ("SAT", 5)) for i in range(1, k + 1)]
    data[["id", "community_id", "renovated", *items]].to_csv(place / "answers.csv", index=False)
    (place / "plan.toml").write_text(PLAN, encoding="utf-8")
    ek.run(place / "plan.toml", out=place / "out")
    return place / "out"


def test_the_options_reach_the_numbers(folder):
    rows = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    rows = rows if isinstance(rows, list) else rows["results"]
    values = {row["id"]: row["value"] for row in rows}
    assert values["levels/3/satisfaction/embedding:renovated#df"] < 60  # between communities, not people
    assert values["levels/2/satisfaction/model.lr_random#df"] == 2
    assert values["levels/3/satisfaction/slope.embedding:renovated/1#estimate"] == pytest.approx(
        values["levels/3/satisfaction/embedding#estimate"]
        + values["levels/3/satisfaction/embedding:renovated#estimate"]
    )
    assert len([k for k in values if "/C01/effect." in k and k.endswith("#std_error")]) == 2
    assert values["chain/indirect.within#conf_low"] > 0
    assert values["chain/satisfaction/values/within#estimate"] > 0
    assert "chain/indirect.between#std_error" in values


def test_the_report_prints_tables_sentences_and_figures(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    for wanted in (
        "零模型",
        "跨层交互",
        "ICC(1)",
        "Satterthwaite",
        "组均值中心化",
        "lies between groups",
        "蒙特卡洛95%置信区间",
    ):
        assert wanted in text
    assert {p.name for p in (folder / "figures").iterdir()} >= {"levels-zh.svg", "levels-groups-zh.svg"}
