"""A step about another step in, the model of that other step with the rows it may use out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Label, Problem
from evalkit.plan import catalogue
from evalkit.plan.conditions import rows_where
from evalkit.plan.flow import Sample
from evalkit.plan.lines import Lines
from evalkit.plan.model import Plan, Step
from evalkit.plan.sampled import raked
from evalkit.resample import child_seed

ABOUT = ("robustness", "heterogeneity", "specification_curve")
"""Steps whose `of` names another step."""

MODELS = ("regress", "outcome_model", "moderate", "mediate")
"""What that other step may do."""

Resolved = Sequence[tuple[Step, Mapping[str, Any]]]


def faults(plan: Plan) -> Iterator[Problem]:
    """E6381 for every `of` that names no step, E6382 for an unknown [[exclude]] rule, each with its line."""
    lines = Lines(plan.text, plan.path.name)
    known = [step.id for step in plan.steps if step.do in MODELS and step.data == "responses"]
    for index, step in enumerate(plan.steps):
        if step.do not in ABOUT:
            continue
        named = step.arguments["of"]
        if named not in known:
            at = plan.place(lines.key("step", index, "of"))
            yield Problem("E6381", at, {"name": named, "near": known or ["—"]})
        yield from _unknown_rules(
            step.arguments.get("excluded"), plan, plan.place(lines.key("step", index, "excluded"))
        )


def _unknown_rules(given: Any, plan: Plan, at: Any) -> Iterator[Problem]:
    n = len(plan.excludes)
    if isinstance(given, str) and given not in ("each", "all"):
        yield Problem("E6382", at, {"n": given, "known": n})
    for number in given if isinstance(given, (list, tuple)) else ():
        if not 1 <= number <= n:
            yield Problem("E6382", at, {"n": number, "known": n})


def about(
    step: Step, given: Mapping[str, Any], resolved: Resolved, plan: Plan, sample: Sample
) -> tuple[dict[str, Any], np.ndarray]:
    """The arguments of a step about another, with that one's function and arguments; and the rows of that other.

    Returns
    -------
    arguments : dict
        `of` is the function now, `arguments` those of the other step, with its own seed, and what this step changes;
        `excluded` holds data.
    rows : ndarray of bool
        Rows of `sample.used` that the other step's `where` takes.
    """
    other, arguments = next((s, a) for s, a in resolved if s.id == given["of"])
    own = dict(arguments)
    if "seed" in catalogue.parameters(other.do):
        own.setdefault("seed", child_seed(plan.seed, other.id))
    own |= given.get("arguments") or {}
    out = {**given, "of": other.do, "arguments": own}
    conditions = [c for c in (other.where, step.where) if c is not None]
    if given.get("excluded"):
        out["excluded"] = {
            label: frame.loc[_rows(frame, conditions)] for label, frame in _put_back(given["excluded"], plan, sample)
        }
    rows = _rows(sample.used, conditions[:1]) if other.where is not None else np.ones(len(sample.used), dtype=bool)
    return out, rows


def _rows(frame: pd.DataFrame, conditions: Sequence[Any]) -> np.ndarray:
    kept = np.ones(len(frame), dtype=bool)
    for condition in conditions:
        kept &= rows_where(frame, condition)
    return kept


def _put_back(given: Any, plan: Plan, sample: Sample) -> Iterator[tuple[Label, pd.DataFrame]]:
    """The data as if a rule, or every rule, had not been; weights are raked anew."""
    every = range(len(plan.excludes))
    if given == "all":
        sets = [(Label("robustness.all_excluded"), list(every))]
    else:
        numbers = every if given == "each" else [number - 1 for number in given]
        sets = [(plan.excludes[i].reason, [i]) for i in numbers]
    for label, rules in sets:
        # A row counts to the first rule that took it, so that the others are asked again.
        kept = np.ones(len(sample.complete), dtype=bool)
        for i in set(every) - set(rules):
            kept &= ~rows_where(sample.complete, plan.excludes[i].when)
        yield label, raked(sample.complete.loc[kept], plan, sample.drawn)[0]
