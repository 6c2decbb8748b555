"""The simulated casebooks of the studies: made anew they are the same, they load, they say what they are."""

from __future__ import annotations

import runpy
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from evalkit.cases.ties import network
from evalkit.ingest.casebook import read_casebook
from evalkit.plan import read_plan
from evalkit.report.figures import network as drawing
from evalkit.report.figures.wording import Wording
from evalkit.report.styles import load_style

ANALYSES = Path(__file__).parents[1] / "analyses"
STUDIES = ("n-street-mutual-aid", "f-community-network", "party-alliance-innovation")
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


def described(study, step):
    """A network step of a study's plan, without its survey."""
    plan = read_plan(ANALYSES / study / "plan.toml")
    (asked,) = (s for s in plan.steps if s.id == step)
    ties = book(study).ties
    if asked.where:
        ties = ties[ties["relation"].isin(["learn", "hold", "resource", "business"])]
    return network(ties, actors=book(study).actors, **asked.arguments)


def test_the_alliance_grows_from_a_star_into_a_network():
    found = described("f-community-network", "joint_action")
    (change,) = found.changes
    assert (change.before, change.after) == ("before", "after")
    assert change.density_after > 2 * change.density_before and change.p_value < 0.05
    assert found.graph.n == 26 and not set(found.graph.names) & {f"meeting{k}" for k in range(1, 7)}
    stated = {("D_company", "M_mall"), ("D_company", "W_mall")}  # the paper's ties of this layer after the founding
    at = {name: i for i, name in enumerate(found.graph.names)}
    assert all(found.graph.arcs[at[a], at[b]] for a, b in stated)
    favours = described("f-community-network", "favours")
    assert favours.whole["reciprocity.edgewise"] > 0


def test_dealings_have_a_core_and_alliances_learn_from_those_ahead():
    study = "party-alliance-innovation"
    actors = book(study).actors.set_index("actor_id")
    dealings = described(study, "dealings")
    core = actors.loc[list(dealings.core.core), "place"]
    assert (core == "core").mean() > 0.8 and set(actors.loc[list(dealings.graph.names), "mode"]) == {"organisation"}
    learning = described(study, "learning")
    into = dict(zip(learning.graph.names, learning.nodes["in_degree"], strict=True))
    ahead = actors.index[actors["status"] == "lead"]
    assert sum(into[a] for a in ahead) > 0.6 * sum(into.values())
    assert len(actors[actors["mode"] == "alliance"]) == 15


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("study", "step"), [("f-community-network", "joint_action"), ("party-alliance-innovation", "dealings")]
)
def test_names_on_the_maps_do_not_collide(study, step, lang):
    figure = described(study, step).figure()
    canvas = drawing.draw(Wording(figure, lang, load_style("cn")))
    lines = [line for line in canvas.lines if line.text]
    assert not [1 for i, a in enumerate(lines) for b in lines[:i] if a.box.overlaps(b.box)]
    named = {line.text for line in lines}
    actors = figure.frame[figure.frame["part"] == "actor"].nlargest(drawing.ROOMY, "size")["a"]
    assert {figure.labels[a].text(lang) for a in actors} <= named
