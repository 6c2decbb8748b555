"""`[data] file` as a list of files with their waves."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from openpyxl import Workbook

from evalkit.contract import PlanError
from evalkit.contract.words import say
from evalkit.plan import read_plan, run
from evalkit.plan.reader import parse_plan
from evalkit.plan.workbook_writer import write_workbook

INSTRUMENT = """
format = "evalkit-instrument/1"
id = "estate"
version = "{version}"
languages = ["zh"]
title = {{zh = "小区"}}
[choices]
A3 = [{{code = 1, zh = "差"}}, {{code = 2, zh = "中"}}, {{code = 3, zh = "好"}}]
[[items]]
id = "{item}"
type = "single"
choices = "A3"
zh = "{item}如何"
[[items]]
id = "age"
type = "integer"
zh = "年龄"
"""
PLAN = """
format = "evalkit-plan/1"
title = {zh = "两轮"}
language = ["zh"]
instrument = "new.toml"
[data]
file = FILES
[[step]]
id = "d"
do = "crosstab"
rows = "wave"
columns = "road"
[output]
formats = ["md"]
"""
WAVES = '[{file = "a.xlsx", wave = "2025", instrument = "old.toml"}, {file = "b.xlsx", wave = 2026}]'


@pytest.fixture
def folder(tmp_path) -> Path:
    for name, version, item in (("old", 1, "road"), ("new", 2, "road")):
        (tmp_path / f"{name}.toml").write_text(INSTRUMENT.format(version=version, item=item), encoding="utf-8")
    for name, points in (("a", (1, 2, 3, 3)), ("b", (3, 3, 2, 1, 1))):
        book = Workbook()
        for row in [["road", "age"], *([point, 30 + k] for k, point in enumerate(points))]:
            book.active.append(row)
        book.save(tmp_path / f"{name}.xlsx")
    return tmp_path


def plan(folder: Path, files: str) -> Path:
    path = folder / "plan.toml"
    path.write_text(PLAN.replace("FILES", files), encoding="utf-8")
    return path


def test_the_run_knows_the_waves_and_their_versions(folder):
    found = run(plan(folder, WAVES), folder / "out")
    data = found.sample.complete
    assert data["wave"].value_counts().to_dict() == {"2026": 5, "2025": 4}
    assert set(found.sample.responses.source["instrument"]) == {"estate@1", "estate@2"}
    assert not found.failures
    assert found.plan.data.files == ("a.xlsx", "b.xlsx")


def test_a_plan_workbook_holds_the_waves_too(folder):
    given = read_plan(plan(folder, WAVES))
    write_workbook(tomllib.loads(given.text), folder / "plan.xlsx", lang="zh")
    assert read_plan(folder / "plan.xlsx").data == given.data


def test_one_instrument_for_all_waves(folder):
    files = '[{file = "a.xlsx", wave = "first"}, {file = "b.xlsx", wave = "second"}]'
    found = run(plan(folder, files))
    assert found.sample.complete["wave"].unique().tolist() == ["first", "second"]


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        ('["a.xlsx", {file = "b.xlsx", wave = "2"}]', {"E549"}),
        ('[{file = "a.xlsx", wave = "1", instrument = "old.toml"}, {file = "b.xlsx", wave = "1"}]', {"E549"}),
        ('[{file = "a.xlsx", waves = "1"}]', {"E501", "E506"}),
        ('[{file = "a.xlsx"}]', {"E506"}),
        ('[{file = 3, wave = "1"}]', {"E505"}),
        ("[3]", {"E519"}),
    ],
)
def test_faults_with_their_line(files, codes, folder):
    path = plan(folder, files)
    with pytest.raises(PlanError) as fault:
        parse_plan(path.read_text(encoding="utf-8"), path)
    assert {p.code for p in fault.value.problems} == codes
    assert {p.at.line for p in fault.value.problems} == {7}
    assert all("wave" in say(p, "en") or p.code in ("E505", "E519", "E506") for p in fault.value.problems)


def test_a_wave_without_any_instrument(folder):
    path = plan(folder, WAVES)
    text = path.read_text(encoding="utf-8").replace('instrument = "new.toml"', "", 1)
    with pytest.raises(PlanError) as fault:
        parse_plan(text, path)
    assert {p.code for p in fault.value.problems} == {"E506"}
