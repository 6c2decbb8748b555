"""Rules on results: which row is meant, and what a missing number does."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from evalkit.contract import PlanError, tidy_frame
from evalkit.plan import parse_plan
from evalkit.plan.hypotheses import judge

STEP = '[[step]]\nid = "r"\ndo = "regress"\nformula = "y ~ a"\n'


def verdict(rule: str, **columns) -> str:
    text = f'format = "evalkit-plan/1"\n[data]\nfile = "a.csv"\n{STEP}[[hypothesis]]\nid = "H"\nzh = "h"\nen = "h"\n'
    plan = parse_plan(text + f"confirm_if = '{rule}'\n", Path("plan.toml"))
    result = SimpleNamespace(tidy=lambda: tidy_frame(**columns))
    return judge(plan, {"r": result})[0].decision


def test_a_unique_term_needs_no_more():
    assert verdict('r["a"].estimate > 0', model="2", outcome="y", term=["a"], estimate=[0.5]) == "supported"


def test_a_full_path_tells_models_apart():
    columns = {"model": ["1", "2"], "term": ["a", "a"], "estimate": [0.5, -0.5]}
    assert verdict('r["2/a"].estimate > 0', **columns) == "not_supported"


def test_an_ambiguous_or_unknown_row_is_a_plan_error():
    columns = {"model": ["1", "2"], "term": ["a", "a"], "estimate": [0.5, -0.5]}
    for rule in ('r["a"].estimate > 0', 'r["b"].estimate > 0', 'r["1/a"].nothing > 0'):
        with pytest.raises(PlanError) as caught:
            verdict(rule, **columns)
        assert [p.code for p in caught.value.problems] == ["E530"]


def test_a_number_that_could_not_be_computed_decides_nothing():
    assert verdict('r["a"].estimate > 0', term=["a"], estimate=[np.nan]) == "undecided"


def test_some_of_several_conditions_is_partly():
    columns = {"term": ["a", "b"], "estimate": [0.5, -0.5]}
    assert verdict('r["a"].estimate > 0 and r["b"].estimate > 0', **columns) == "partly"
    assert verdict('r["a"].estimate < 0 and r["b"].estimate > 0', **columns) == "not_supported"
