"""The five studies' hypotheses: each stands in one plan, in both languages, with a rule and a step that tests it."""

from collections import Counter
from pathlib import Path

import pytest

from evalkit.plan import read_plan

ANALYSES = Path(__file__).parents[1] / "analyses"
E_IDS = ("1", "2a", "2b", "2c", *map(str, range(3, 17)))
WANTED = {
    "f-community-network": [f"F-H{k}" for k in range(1, 16)],
    "n-street-mutual-aid": [f"N-H{k}" for k in range(1, 16)],
    "j-community-renovation": [f"J-H{k}" for k in range(1, 16)],
    "party-alliance-innovation": [f"A-H{k}" for k in range(1, 16)],
    "elevator-coproduction": [f"E-H{k}" for k in E_IDS],
}


@pytest.fixture(scope="module")
def plans():
    return {path.parent.name: read_plan(path) for path in ANALYSES.glob("*/plan.toml")}


def test_each_hypothesis_stands_in_exactly_one_plan(plans):
    found = Counter(h.id for plan in plans.values() for h in plan.hypotheses)
    assert set(found) == {id for ids in WANTED.values() for id in ids} and len(found) == 78
    assert set(found.values()) == {1}


@pytest.mark.parametrize("study", WANTED)
def test_each_hypothesis_has_words_a_rule_and_a_step(plans, study):
    plan = plans[study]
    assert [h.id for h in plan.hypotheses] == WANTED[study]
    steps = {step.id: step for step in plan.steps}
    for hypothesis in plan.hypotheses:
        assert hypothesis.label.text("zh") != hypothesis.label.text("en"), hypothesis.id
        assert hypothesis.confirm_if is not None and hypothesis.confirm_if.steps, hypothesis.id
        read = {ref.step for ref in hypothesis.confirm_if.steps}
        testing = {name for name, step in steps.items() if hypothesis.id in step.hypothesis}
        assert read == testing, hypothesis.id
    assert any(table.template == "T24" for table in plan.tables)
