"""Every name that a plan's steps use, held against the data before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from evalkit.contract import EvalkitError, PlanError, Problem
from evalkit.formula import parse_formula
from evalkit.plan import catalogue
from evalkit.plan.casework import Casework, on_cases, seen
from evalkit.plan.coded import with_words
from evalkit.plan.conditions import condition_problems, rule_problems
from evalkit.plan.lines import Lines
from evalkit.plan.model import Plan, Step
from evalkit.plan.names import Names
from evalkit.plan.origins import origin_faults
from evalkit.plan.path_names import KEYS, resolved_paths
from evalkit.plan.planned import with_calls
from evalkit.plan.referred import reference_faults
from evalkit.plan.varied import faults
from evalkit.structure import parse_model
from evalkit.structure.rules import check_names

_MODELS = ("model", "scales")
"""Keys that hold the text of a structural model, or names of scales."""
_NO_NAMES = (("impute", "scales"), ("qap", "outcome"), ("qap", "predictors"), ("agreement", "by"))
"""Keys that hold names in other steps, but a choice in this one."""


def resolve_steps(
    plan: Plan, data: pd.DataFrame, casework: Casework | None = None
) -> tuple[tuple[Step, Mapping[str, Any]], ...]:
    """Each step with its arguments, names given by zh label replaced by ids.

    Steps on the casebook are left as they are where it is not at hand.

    Raises
    ------
    PlanError
        With every unknown name, its line and the nearest known one.
    """
    answers = Names(data)
    lines = Lines(plan.text, plan.path.name)
    problems: list[Problem] = []
    resolved = []
    for index, step in enumerate(plan.steps):
        frame, names = data, answers
        if on_cases(step, plan):
            if casework is None:
                resolved.append((step, step.arguments))
                continue
            frame, names = seen(step, plan, casework)
        arguments = {}
        for key, value in step.arguments.items():
            found: list[Problem] = []
            plain = (step.do, key) in _NO_NAMES
            if step.do == "mediate" and key in KEYS:
                arguments[key] = resolved_paths(key, value, names, found)
            else:
                arguments[key] = value if plain else _resolved(key, value, names, found)
            if (step.do, key) == ("qualitise", "types"):
                found += rule_problems(frame, value)
            problems += [_placed(p, plan, lines.value("step", index, key, p.params.get("name", ""))) for p in found]
        condition = step.where
        if condition is not None:
            line = lines.key("step", index, "where")
            problems += [_placed(problem, plan, line) for problem in condition_problems(frame, condition)]
        problems += [_placed(p, plan, step.line) for p in _repeated(step.do, arguments)]
        resolved.append((step, MappingProxyType(arguments)))
    problems += faults(plan)
    problems += reference_faults(plan, casework)
    problems += origin_faults(plan, casework)
    if problems:
        raise PlanError(problems)
    return with_words(with_calls(plan, resolved, Names(data)), plan)


def _placed(problem: Problem, plan: Plan, line: int) -> Problem:
    return Problem(problem.code, plan.place(line), problem.params)


def _resolved(key: str, value: Any, names: Names, problems: list[Problem]) -> Any:
    if key == "formula":
        return _formula(str(value), names, problems)
    if key in _MODELS and isinstance(value, str) and "~" in value:
        return _model(value, names, problems)
    if key == "random" and value == "1":  # the random intercept
        return value
    if key == "key":  # a term of a model, or the label of a variable
        return [_resolved(key, v, names, problems) for v in value] if isinstance(value, list) else _term(value, names)
    if key == "centre" and isinstance(value, dict):
        return {_resolved("variables", name, names, problems): how for name, how in value.items()}
    if key == "scores" and isinstance(value, dict):  # by row of a display
        return {row: _resolved(key, part, names, problems) for row, part in value.items()}
    if key == "themes" and isinstance(value, dict):  # themes by their words
        return value
    if key in ("predictors", "items") and isinstance(value, dict):
        parts = value.items()
        return {_resolved(key, name, names, problems): _resolved(key, part, names, problems) for name, part in parts}
    if key not in catalogue.NAMES and key not in _MODELS:
        return value
    if isinstance(value, (list, tuple)):
        return [_resolved(key, part, names, problems) for part in value]
    if isinstance(value, dict):
        return {_resolved(key, name, names, problems): part for name, part in value.items()}
    if not isinstance(value, str):
        return value
    absent = value[:1] if value.startswith("~") else ""  # ~Y: the absence of an outcome
    name = names.resolve(value.removeprefix("~"))
    if name is None:
        problems.append(names.problem(value.removeprefix("~")))
    return name if name is None else absent + name


def _term(value: Any, names: Names) -> Any:
    return names.resolve(value) or value if isinstance(value, str) else value


def _formula(text: str, names: Names, problems: list[Problem]) -> str:
    try:
        formula = parse_formula(text)
    except EvalkitError as error:
        problems.extend(error.problems)
        return text
    unknown = names.unknown(formula.names)
    problems.extend(names.problem(name) for name in unknown)
    if unknown:
        return text
    known = {name: names.resolve(name) or name for name in formula.names}
    blocks = (" + ".join(":".join(known[n] for n in term) for term in block) or "1" for block in formula.blocks)
    return f"{known[formula.outcome]} ~ {' | '.join(blocks)}"


def _model(text: str, names: Names, problems: list[Problem]) -> str:
    """The model as it stands, if it can be read and its variables are there."""
    try:
        check_names(parse_model(text), sorted(names.ids))
    except EvalkitError as error:
        problems.extend(error.problems)
    return text


def _repeated(do: str, arguments: Mapping[str, Any]) -> Iterable[Problem]:
    """x = m and the like, after zh labels have become ids."""
    if do not in ("mediate", "latent_mediate"):
        return
    used = [name for key in ("x", "m", "y", "covariates") for name in _flat(arguments.get(key, ()))]
    for name in sorted({n for n in used if used.count(n) > 1}):
        yield Problem("E511", params={"name": name})


def _flat(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
