"""Power by formula as a step of a plan, with the clusters of the data."""

from pathlib import Path

import pytest

from evalkit.plan import parse_plan, run

PLAN = """format = "evalkit-plan/1"
title = {zh = "样本量", en = "Sample size"}
language = ["zh", "en"]

[data]
file = "residents.csv"

[[step]]
id = "next_wave"
do = "检验力"
test = "t"
effect = [0.2, 0.3]
power = 0.8
cluster = "community_id"
outcome = "trust_before"
attrition = 0.2
"""


def test_a_plan_asks_for_the_next_sample(tmp_path, monkeypatch):
    folder = Path(__file__).parent.parent / "golden"
    (tmp_path / "residents.csv").write_bytes((folder / "residents.csv").read_bytes())
    found = run(parse_plan(PLAN, tmp_path / "plan.toml"))
    result = found["next_wave"]
    assert found.exit_code == 0
    assert result.solved == "n"
    assert result.options["icc"] == pytest.approx(result.tidy().set_index("term")["estimate"]["icc"].iloc[0])
    assert [sum(one.sizes) > 0 for one in result.scenarios] == [True, True]
