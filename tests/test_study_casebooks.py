"""The simulated casebooks of the studies: made anew they are the same, they load, they say what they are."""

from __future__ import annotations

import runpy
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from evalkit.ingest.casebook import read_casebook
from evalkit.plan import read_plan

ANALYSES = Path(__file__).parents[1] / "analyses"
STUDIES = ("n-street-mutual-aid",)
FOLDER = "casebook-simulated"


@cache
def book(study):
    return read_casebook(ANALYSES / study / FOLDER)


@pytest.mark.parametrize("study", STUDIES)
def test_the_script_makes_the_files_that_are_kept(study):
    made = runpy.run_path(str(ANALYSES / "make_casebooks.py"))["files_of"](study)
    folder = ANALYSES / study / FOLDER
    kept = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert made == kept


@pytest.mark.parametrize("study", STUDIES)
def test_a_casebook_loads_without_a_problem_and_says_what_it_is(study):
    found = book(study)
    assert found.problems == ()
    assert all("模拟" in text.split("\n")[0] and "simulated" in text.split("\n")[0] for text in found.texts.values())
    assert all("模拟" in role for role in found.sources["role"])
    assert set(found.codings["coder"]) == {"模拟编码者"}
    met = set(found.codings["code_id"])
    leaves = set(found.codebook["code_id"]) - set(found.codebook["parent_id"].dropna())
    assert leaves == met


@pytest.mark.parametrize("study", STUDIES)
def test_the_plan_names_the_casebook_and_marks_its_steps(study):
    plan = read_plan(ANALYSES / study / "plan.toml")
    assert plan.casebook.file == FOLDER
    used = [step for step in plan.steps if step.data != "responses"]
    assert used
    for step in used:
        assert "模拟" in step.title.text("zh") and "simulated" in step.title.text("en")


def test_the_ledger_of_the_street_has_the_printed_totals():
    ledger = book("n-street-mutual-aid").ledger
    assert len(ledger) == 4616 and ledger["case_id"].nunique() == 35
    assert Counter(ledger["route"].dropna()) == {"station": 1604, "network": 2657, "department": 353}
    lost = ledger[ledger["route"].isna()]
    assert len(lost) == 2 and lost["date_out"].isna().all()
    assert ledger["date_out"].isna().sum() == 2
    assert ledger["date_in"].between("2017-01-01", "2017-12-31").all()
    codes = set(book("n-street-mutual-aid").codebook["code_id"])
    assert set(ledger["process_code"].dropna()) == {"P.1.1", "P.1.2", "P.1.3"} <= codes
