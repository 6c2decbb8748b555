"""[[family]] of a plan: tests of several steps adjusted together, in the report, the results and the hypotheses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.contract import PlanError
from evalkit.plan.conversion import convert
from evalkit.plan.model import Family
from evalkit.plan.reader import parse_plan, read_plan

PLAN = """
format = "evalkit-plan/1"
title = {zh = "检验族", en = "Families"}
language = ["zh", "en"]
[data]
file = "answers.csv"
[[step]]
id = "first"
do = "regress"
formula = "y ~ c | + x"
[[step]]
id = "second"
do = "regress"
title = {zh = "第二个回归", en = "Second regression"}
formula = "z ~ x"
[[step]]
id = "groups"
do = "compare"
outcome = "y"
by = "g"
[[table]]
id = "both"
template = "T13"
steps = ["first", "second"]
[[family]]
id = "main"
steps = ["first", "second", "groups"]
terms = ["x", "test"]
method = "bh"
title = {zh = "主要检验", en = "Main tests"}
[[family]]
id = "rest"
steps = ["first", "groups"]
[[hypothesis]]
id = "H1"
zh = "校正后仍显著"
en = "Significant when adjusted"
confirm_if = 'main["second/1/z/x"].p_adjusted < 0.05 and main["first/2/y/x"].p_adjusted < 0.05'
[[hypothesis]]
id = "H2"
zh = "组间不同"
en = "Groups differ"
confirm_if = 'rest["groups/y/g/test"].p_adjusted < 0.05'
[output]
formats = ["html", "xlsx"]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("family")
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({name: rng.normal(size=120).round(3) for name in ("x", "c")})
    frame["y"] = (0.6 * frame["x"] + rng.normal(size=120)).round(3)
    frame["z"] = (0.5 * frame["x"] + rng.normal(size=120)).round(3)
    frame["g"] = np.array(["a", "b"])[rng.integers(0, 2, 120)]
    frame.to_csv(folder / "answers.csv", index=False)
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    return ek.run(folder / "plan.toml", folder / "out")


def test_the_tests_of_all_steps_are_adjusted_together(run):
    assert run.exit_code == 0
    found = run.families["main"]
    assert found.method == "bh"
    assert found.tests["step"].tolist() == ["first", "second", "groups"]
    p = found.tests["p_value"].to_numpy()
    order = np.sort(p)
    largest = order[2]
    assert found.tests["p_adjusted"].max() == pytest.approx(largest)
    assert run.families["rest"].method == "holm"
    assert run.families["rest"].tests["term"].tolist() == ["c", "x", "test"]
    assert {v.hypothesis.id: v.decision for v in run.verdicts} == {"H1": "supported", "H2": "not_supported"}


def test_report_and_results_hold_them(run):
    out = Path(run.out)
    values = {row["id"]: row["value"] for row in json.loads((out / "results.json").read_text(encoding="utf-8"))}
    row = run.families["main"].tests.iloc[0]
    assert values["main/first/2/y/x#p_adjusted"] == pytest.approx(row["p_adjusted"])
    page = (out / "report.html").read_text(encoding="utf-8")
    for text in ("主要检验", "Main tests", "第二个回归", "共3项检验", "3 tests, adjusted by Benjamini-Hochberg"):
        assert text in page
    member = "This analysis belongs to the family “Main tests”"
    assert page.count(member) == 2  # the joined table of both regressions, and that of the groups
    assert "belongs to the family “Tests adjusted as a family”" in page


def test_a_workbook_says_the_same(run, tmp_path):
    for lang in ("zh", "en"):
        book = tmp_path / f"plan-{lang}.xlsx"
        convert(run.plan.path, book, lang=lang)
        assert read_plan(book) == read_plan(run.plan.path)
    assert read_plan(book).families[0] == Family(
        "main", 0, ("first", "second", "groups"), ("x", "test"), "bh", run.plan.families[0].title
    )


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('method = "bh"', 'method = "tukey"', "E6785"),
        ('steps = ["first", "groups"]', 'steps = ["frist"]', "E514"),
        ('id = "rest"\n', "", "E506"),
        ('id = "rest"', 'id = "groups"', "E507"),
        ('id = "rest"', 'id = "main"', "E507"),
        ('terms = ["x", "test"]', 'terms = "x"', "E505"),
        ("confirm_if = 'rest[\"", "confirm_if = 'rets[\"", "E514"),
    ],
)
def test_faults_of_the_table(old, new, code, tmp_path):
    assert old in PLAN
    with pytest.raises(PlanError, match=code) as caught:
        parse_plan(PLAN.replace(old, new), tmp_path / "plan.toml")
    assert code in {p.code for p in caught.value.problems}


def test_a_term_that_no_step_has(run, tmp_path):
    (tmp_path / "answers.csv").write_bytes((run.plan.folder / "answers.csv").read_bytes())
    text = PLAN.replace('terms = ["x", "test"]', 'terms = ["x", "nothing"]')
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match="E6781"):
        ek.run(tmp_path / "plan.toml")


def test_a_step_without_a_result_is_named(run, tmp_path):
    (tmp_path / "answers.csv").write_bytes((run.plan.folder / "answers.csv").read_bytes())
    text = PLAN.replace('formula = "z ~ x"', 'formula = "z ~ x"\ncluster = "g"\ncov = "classical"')
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    found = ek.run(tmp_path / "plan.toml")
    assert "second" not in found.results
    notice = next(p for p in found.families["main"].notices if p.code == "W6784")
    assert notice.params["steps"] == ["second"]
    assert found.families["main"].tests["step"].tolist() == ["first", "groups"]
    assert {v.hypothesis.id: v.decision for v in found.verdicts}["H1"] == "undecided"
