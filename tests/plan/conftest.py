"""A small study: plain data with item ids as headers, and a plan that holds its own scales."""

from __future__ import annotations

from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent.parent / "golden"

PLAN = """format = "evalkit-plan/1"
title = {zh = "居民调查", en = "Residents"}
language = ["zh", "en"]
seed = 7

[data]
file = "residents.csv"
simulated = true
issued = {total = 1500}

[[scales]]
id = "values"
items = ["SV1", "SV2", "SV3", "SV4"]
reverse = ["SV4"]
range = [1, 5]
min_valid = 0.5
zh = "共享价值"
en = "Shared values"

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

[[exclude]]
when = "age >= 75"
reason = {zh = "高龄", en = "very old"}

[[step]]
id = "alpha"
do = "reliability"
items = ["values", "satisfaction"]

[[step]]
id = "reg"
do = "regress"
formula = "满意度 ~ age | + embedding"

[[step]]
id = "med"
do = "mediate"
x = "组织嵌入"
m = ["values"]
y = "satisfaction"
covariates = ["age"]
resamples = 500
hypothesis = "H1"

[[table]]
id = "flow"
template = "T0"

[[table]]
id = "verdicts"
template = "T24"

[[hypothesis]]
id = "H1"
zh = "嵌入经共享价值影响满意度"
en = "Embedding works on satisfaction by way of shared values"
confirm_if = 'med["indirect.values"].conf_low > 0'

[[hypothesis]]
id = "H2"
zh = "直接效应为负"
en = "The direct effect is negative"
confirm_if = 'med["direct"].estimate < 0 and med["total"].estimate > 0'

[output]
formats = ["xlsx", "html", "md"]
"""


@pytest.fixture
def study(tmp_path) -> Path:
    """A folder with data and plan; gives the plan's path."""
    (tmp_path / "residents.csv").write_bytes((GOLDEN / "residents.csv").read_bytes())
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN, encoding="utf-8")
    return plan
