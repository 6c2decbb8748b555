"""Steps that plan a study in, the calls of the steps whose power they are about out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from evalkit.contract import PlanError, Problem
from evalkit.plan.kinds import as_list
from evalkit.plan.lines import Lines
from evalkit.plan.model import Plan, Step
from evalkit.plan.names import Names

PLANS = "simulate_power"
SIMULATED = ("regress", "moderate", "mediate", "mixed")
"""What the step may do that `of` names."""

_BY_VARIABLE = ("shares", "icc", "reliability", "items", "categories", "missing")
_BY_TERM = ("effects", "correlations")
_ROLES = ("x", "m", "y", "w", "z", "v", "q", "covariates", "cluster", "group")

Resolved = Sequence[tuple[Step, Mapping[str, Any]]]


def with_calls(plan: Plan, resolved: Resolved, names: Names) -> tuple[tuple[Step, Mapping[str, Any]], ...]:
    """The steps, where `of` names another step with that one's call in its place, and names by label as ids.

    A step that has no `where` of its own takes that of the step it is about.

    Raises
    ------
    PlanError
        E6348 with the line for an `of` that names no step that can be simulated.
    """
    lines = Lines(plan.text, plan.path.name)
    known = {step.id: (step, arguments) for step, arguments in resolved if step.do in SIMULATED}
    out, problems = [], []
    for index, (step, arguments) in enumerate(resolved):
        if step.do != PLANS:
            out.append((step, arguments))
            continue
        of = arguments["of"]
        if isinstance(of, str) and of not in known:
            at = plan.place(lines.key("step", index, "of"))
            problems.append(Problem("E6348", at, {"name": of, "known": list(known) or ["{do = ...}"]}))
            continue
        condition = step.where
        if isinstance(of, str):
            other, call = known[of]
            of = {"do": other.do, **call}
            condition = condition or other.where
        else:
            of = {key: _roles(value, names) if key in _ROLES else value for key, value in of.items()}
        own = {**dict(_named(arguments, names)), "of": of}
        out.append((replace(step, where=condition), MappingProxyType(own)))
    if problems:
        raise PlanError(problems)
    return tuple(out)


def _named(arguments: Mapping[str, Any], names: Names) -> Iterator[tuple[str, Any]]:
    """The arguments with ids where a variable was called by its label; what is no name stays for the step to refuse."""
    for key, value in arguments.items():
        if isinstance(value, Mapping) and key in _BY_VARIABLE:
            yield key, {names.resolve(name) or name: part for name, part in value.items()}
        elif isinstance(value, Mapping) and key in _BY_TERM:
            yield key, {_term(name, names): part for name, part in value.items()}
        else:
            yield key, value


def _term(text: str, names: Names) -> str:
    """`y ~ x:w` or `x ~~ w`."""
    parts = re.split(r"(\s*(?:~~|~|:)\s*)", text.strip())
    return "".join(part if i % 2 else names.resolve(part) or part for i, part in enumerate(parts))


def _roles(value: Any, names: Names) -> Any:
    found = [names.resolve(part) or part if isinstance(part, str) else part for part in as_list(value)]
    return found if isinstance(value, (list, tuple)) else (found or [None])[0]
