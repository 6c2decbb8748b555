"""The example studies run, decide every hypothesis, and the script says the same as the plan."""

import runpy
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import Label
from evalkit.plan import read_plan, run
from evalkit.plan.joined import hypothesis_table

ANALYSES = Path(__file__).parents[1] / "analyses"
STUDIES = {
    "j-community-renovation": (2578, 2380, 15),
    "elevator-coproduction": (1319, 1200, 18),
    "party-alliance-innovation": (1807, 1676, 15),
    "f-community-network": (1777, 1660, 15),
    "n-street-mutual-aid": (1597, 1440, 15),
}
SCRIPTED = ("j-community-renovation", "elevator-coproduction")

pytestmark = pytest.mark.slow


@cache
def planned(study):
    return run(read_plan(ANALYSES / study / "plan.toml"))


@cache
def scripted(study):
    script = runpy.run_path(str(ANALYSES / study / "script.py"))
    data = script["usable_rows"]()
    return script, data, script["results"](data)


@pytest.mark.parametrize("study", STUDIES)
def test_rows_and_verdicts(study):
    loaded, used, hypotheses = STUDIES[study]
    found = planned(study)
    assert len(found.sample.complete) == loaded and len(found.sample.used) == used
    assert not found.failures and not [p for p in found.sample.problems if p.severity != "note"]
    assert len(found.verdicts) == hypotheses
    # Every hypothesis is named by the steps that its rule reads.
    named = {step.id: set(step.hypothesis) for step in found.plan.steps}
    for verdict in found.verdicts:
        assert all(verdict.hypothesis.id in named[ref.step] for ref, _ in verdict.evidence), verdict.hypothesis.id
    (wanted,) = (table for table in found.plan.tables if table.template == "T24")
    listed = hypothesis_table(wanted, found.verdicts, {step.id: Label("do." + step.do) for step in found.plan.steps})
    assert [id for row in listed.rows if (id := row.cells[0].value)] == [h.id for h in found.plan.hypotheses]
    # The simulation says what the papers say, so every hypothesis is found again.
    assert {v.hypothesis.id: v.decision for v in found.verdicts if v.decision != "supported"} == {}


@pytest.mark.parametrize("study", SCRIPTED)
def test_the_script_gives_the_numbers_of_the_plan(study):
    plan, (_, data, script) = planned(study), scripted(study)
    assert list(data.index) == list(plan.sample.used.index)
    models = {name: result for name, result in script.items() if hasattr(result, "cov")}
    assert len(models) >= 13
    for name, ours in models.items():
        # Bootstrap intervals have seeds of their own; estimates and standard errors of the paths have none.
        theirs = plan[name]
        assert ours.n_obs == theirs.n_obs, name
        np.testing.assert_allclose(ours.tidy()["estimate"], theirs.tidy()["estimate"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["codes", "leading_paths", "interest_failures"])
def test_the_script_gives_the_casebook_of_the_plan(name):
    _, _, script = scripted("elevator-coproduction")
    pd.testing.assert_frame_equal(script[name].tidy(), planned("elevator-coproduction")[name].tidy())


@pytest.mark.parametrize("study", SCRIPTED)
def test_the_script_writes_tables_and_figures(study, tmp_path):
    script, _, found = scripted(study)
    main = script["main"]
    main.__globals__.update(usable_rows=lambda: None, results=lambda data: found)
    main(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert {"tables-en.xlsx", "tables-zh.xlsx"} < set(names) and sum(n.endswith(".svg") for n in names) == 4
