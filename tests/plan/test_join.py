"""Registers: one row a key, added to each respondent with that key."""

from __future__ import annotations

from pathlib import Path

import pytest

import evalkit as ek
from evalkit.contract import InstrumentError, PlanError

PLAN = """format = "evalkit-plan/1"
language = ["zh"]

[data]
file = "answers.csv"

[[join]]
id = "register"
file = "register.csv"
key = "estate"
{more}
[[step]]
id = "sizes"
do = "describe"
variables = ["size"]
"""
FIRST = 1_100_001


def study(folder: Path, more: str = "", repeated: bool = False) -> Path:
    """Thirty respondents of three estates with seven-digit numbers; in the register a row a stairwell if repeated."""
    lines = [f"{k},{FIRST + k % 3},{k % 5}" for k in range(30)]
    (folder / "answers.csv").write_text("\n".join(["person,estate,score", *lines]), encoding="utf-8")
    rows = [f"{FIRST + k},{10 * k + extra}" for k in range(3) for extra in ((0, 4) if repeated else (2,))]
    (folder / "register.csv").write_text("\n".join(["estate,size", *rows]), encoding="utf-8")
    plan = folder / "plan.toml"
    plan.write_text(PLAN.replace("{more}", more), encoding="utf-8")
    return plan


@pytest.mark.parametrize("repeated", [False, True])
def test_each_respondent_gets_the_row_of_its_own_key(repeated, tmp_path):
    more = 'aggregate = {size = "mean"}\n' if repeated else ""
    used = ek.run(study(tmp_path, more, repeated)).sample.used
    assert list(used["size"]) == [10.0 * (k % 3) + 2 for k in range(30)]


@pytest.mark.parametrize(
    ("more", "code", "named"),
    [
        ('aggregate = {size = "average"}\n', "E525", "mean"),
        ('aggregate = {sise = "mean"}\n', "E516", "size"),
        ('instrument = "none.toml"\n', "E402", "none.toml"),
        ("", "E528", str(FIRST)),
    ],
)
def test_a_register_that_cannot_be_joined_names_its_line(more, code, named, tmp_path):
    with pytest.raises((PlanError, InstrumentError)) as caught:
        ek.run(study(tmp_path, more, repeated=True))
    (problem,) = caught.value.problems
    assert (problem.code, problem.at.file, problem.at.line) == (code, "plan.toml", 11 if more else 7)
    assert named in str(caught.value)
