"""A repeat of the answers, aggregated to the respondents by a plan."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

import evalkit as ek
from evalkit.contract import PlanError

PLAN = """format = "evalkit-plan/1"
language = ["zh"]

[data]
file = "answers.xlsx"

[[join]]
id = "family"
{join}

[[step]]
id = "ages"
do = "describe"
variables = ["score", "family__n"]
"""
MEMBERS = [[1, 30], [1, 10], [2, 50], [4, 70], [4, 80], [4, 90]]


def study(folder: Path, join: str) -> Path:
    """Four households of which the third has no members listed."""
    book = Workbook()
    book.active.title = "main"
    book.active.append(["score", "_id", "_uuid", "_submission_time", "_index"])
    for k in range(1, 5):
        book.active.append([k * 10, 900 + k, f"u{k}", "2024-03-01T08:00:00", k])
    sheet = book.create_sheet("family")
    sheet.append(["age", "work", "_index", "_parent_table_name", "_parent_index"])
    for i, (parent, age) in enumerate(MEMBERS, 1):
        sheet.append([age, "种地的人家在村东头住" if age < 60 else f"第{i}户老人在家里休息着呢", i, "main", parent])
    book.save(folder / "answers.xlsx")
    plan = folder / "plan.toml"
    plan.write_text(PLAN.replace("{join}", join), encoding="utf-8")
    return plan


def test_each_respondent_gets_the_statistics_of_its_rows(tmp_path):
    used = ek.run(study(tmp_path, 'repeat = "family"\naggregate = {age = "mean"}')).sample.used
    assert used["family__n"].tolist() == [2, 1, 0, 3]
    assert used["age"].tolist()[:2] == [20, 50] and used["age"].isna()[3] and used["age"][4] == 80
    assert ek.run(study(tmp_path, 'repeat = "family"')).sample.used["family__n"].sum() == 6


@pytest.mark.parametrize(
    ("join", "code", "line", "named"),
    [
        ('repeat = "famly"', "E548", 9, "family"),
        ('repeat = "family"\nkey = "score"', "E555", 10, "key"),
        ('repeat = "family"\naggregate = {agee = "mean"}', "E516", 10, "age"),
        ('repeat = "family"\naggregate = {age = "median"}', "E525", 10, "mean"),
        ('repeat = "family"\naggregate = {score = "mean"}', "E516", 10, "age"),
        ('file = "x.csv"', "E506", 7, "key"),
    ],
)
def test_what_cannot_be_aggregated_names_its_line(join, code, line, named, tmp_path):
    with pytest.raises(PlanError) as caught:
        ek.run(study(tmp_path, join))
    (problem,) = caught.value.problems
    assert (problem.code, problem.at.line) == (code, line)
    assert named in str(caught.value)
