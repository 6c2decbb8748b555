"""Verdicts on the plan's hypotheses, by their own rule and from the run's numbers only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import KEYS, PlanError, Problem, Result
from evalkit.formula import Expression, StepRef
from evalkit.formula.tree import Many
from evalkit.plan.model import Hypothesis, Plan


@dataclass(frozen=True)
class Verdict:
    """`decision`: supported, partly, not_supported or undecided (a number it needs could not be computed)."""

    hypothesis: Hypothesis
    decision: str
    evidence: tuple[tuple[StepRef, Mapping[str, Any]], ...]


def judge(plan: Plan, results: Mapping[str, Result]) -> tuple[Verdict, ...]:
    """One verdict a hypothesis that has a rule.

    Raises
    ------
    PlanError
        E530 if a rule names a row or column that the step's result does not have.
    """
    frames = {step: result.tidy() for step, result in results.items()}
    return tuple(_verdict(plan, h, h.confirm_if, frames) for h in plan.hypotheses if h.confirm_if is not None)


def _verdict(plan: Plan, hypothesis: Hypothesis, rule: Expression, frames: Mapping[str, pd.DataFrame]) -> Verdict:
    failed = [ref.step for ref in rule.steps if ref.step not in frames]
    if failed:
        return Verdict(hypothesis, "undecided", ())
    rows = {ref: _row(plan, hypothesis, ref, frames[ref.step]) for ref in rule.steps}
    evidence = tuple({(ref.step, ref.path): (ref, row) for ref, row in rows.items()}.values())

    def lookup(ref: Any) -> float:
        return float(rows[ref][ref.column])

    if any(np.isnan(lookup(ref)) for ref in rule.steps):
        return Verdict(hypothesis, "undecided", evidence)
    if rule.evaluate_one(lookup):
        return Verdict(hypothesis, "supported", evidence)
    parts = rule.tree.parts if isinstance(rule.tree, Many) and rule.tree.word == "and" else ()
    some = any(Expression(rule.text, part).evaluate_one(lookup) for part in parts)
    return Verdict(hypothesis, "partly" if some else "not_supported", evidence)


def _row(plan: Plan, hypothesis: Hypothesis, ref: StepRef, frame: pd.DataFrame) -> Mapping[str, Any]:
    """The row whose key columns, empty ones dropped, read `ref.path`; a term alone will do where it is unique."""
    paths = ["/".join(str(v) for v in key if _given(v)) for key in frame[list(KEYS)].itertuples(index=False)]
    found = [i for i, path in enumerate(paths) if path == ref.path]
    found = found or [i for i, term in enumerate(frame["term"]) if term == ref.path]
    if len(found) != 1 or ref.column not in frame.columns:
        near = sorted(set(paths))[:12] if ref.column in frame.columns else list(frame.columns)
        params = {"id": hypothesis.id, "step": ref.step, "path": ref.path, "column": ref.column, "near": near}
        raise PlanError(Problem("E530", plan.place(hypothesis.line), params))
    row: Mapping[str, Any] = frame.iloc[found[0]].to_dict()
    return row


def _given(value: Any) -> bool:
    return value is not None and value == value and value != ""
