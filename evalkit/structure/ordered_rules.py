"""A model and the ordered variables of the data in; what the parameter table must hold for them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from evalkit.contract import AnalysisError, Problem
from evalkit.structure.language import Model
from evalkit.structure.ordered import threshold_counts
from evalkit.structure.rules import Roles, Rules, roles_of
from evalkit.structure.sample import Sample
from evalkit.structure.tokens import fault

MANY = 10
"""With more categories than this a variable is hardly one in ordered categories, and most of them are thin."""


def ordered_names(ordinal: bool | Sequence[str], roles: Roles) -> tuple[str, ...]:
    """The ordered variables among the observed ones.

    Raises
    ------
    AnalysisError
        E928 for a name that is no observed variable of the model, or an exogenous one (it has no thresholds).
    """
    known = tuple(name for name in roles.observed if name not in roles.exogenous_observed)
    if isinstance(ordinal, bool):
        return known if ordinal else ()
    named = (ordinal,) if isinstance(ordinal, str) else tuple(ordinal)
    unknown = [name for name in named if name not in known]
    if unknown:
        raise AnalysisError(Problem("E928", params={"option": "ordinal", "value": unknown[0], "known": list(known)}))
    return tuple(name for name in known if name in named)


def conditioned(model: Model, roles: Roles, rules: Rules) -> tuple[str, ...]:
    """Exogenous observed variables that a model of ordered ones is conditional on: none where their moments are
    modelled, by the rules or by the model's text."""
    names = set(roles.exogenous_observed)
    for statement in model.statements:
        moments = statement.op == "~~" or (statement.op == "~" and not all(term.name for term in statement.terms))
        if moments and names & {
            *(name for name, _ in statement.left),
            *(statement.names if statement.op == "~~" else ()),
        }:
            return ()
    return roles.exogenous_observed if rules.fixed_x and rules.complete else ()


def ordered_rules(
    model: Model, rules: Rules, sample: Sample, fixed_x: bool | None
) -> tuple[Rules, tuple[Problem, ...]]:
    """Rules with the thresholds of the sample, and what is to be said of it.

    Raises
    ------
    ModelError
        E950, E955 (see `check_written`).
    AnalysisError
        E947 for a category that nobody of a group chose; E956 for exogenous moments that are to be taken as given
        although the model's text is about them, and for equal residual variances where they are no parameters.
    """
    statistics = [group.statistics() for group in sample.groups]
    counts = threshold_counts(sample.names, statistics, [group.label for group in sample.groups])
    check_written(model, counts, rules.theta)
    modelled = bool(roles_of(model).exogenous_observed) and not sample.given
    if (fixed_x and modelled) or ("residuals" in rules.group_equal and not rules.theta):
        what = "fixed_x" if fixed_x and modelled else "residuals, delta"
        raise AnalysisError(Problem("E956", params={"what": what}))
    notices = []
    many = [f"{name} ({k + 1})" for name, k in counts.items() if k >= MANY]
    if many:
        notices.append(Problem("W790", params={"items": many, "most": MANY}))
    continuous = [name for name in sample.names if name not in counts]
    if continuous:
        notices.append(Problem("N954", params={"items": continuous}))
    for group in sample.groups:
        least = float(np.linalg.eigvalsh(group.cov)[0])
        if least <= 0:
            notices.append(Problem("W953", params={"value": least, "group": group.label}))
    return replace(rules, thresholds=counts, meanstructure=True, fixed_x=bool(sample.given)), tuple(notices)


def check_written(model: Model, counts: Mapping[str, int], theta: bool) -> None:
    """Thresholds and scales in the model's text must be those of ordered variables.

    Raises
    ------
    ModelError
        E950 for a threshold or scale of a variable that is not ordered, or a threshold beyond its categories; E955 for
        a scale under theta, or a residual variance under delta, which follow from the others.
    """
    for statement in model.statements:
        for name, at in statement.left:
            for term in statement.terms:
                if statement.op in ("|", "~*~"):
                    number = int(term.name[1:]) if statement.op == "|" and term.name[1:].isdigit() else 1
                    if number > counts.get(name, 0):
                        fault("E950", model.text, at, name=name, n=counts.get(name, 0))
                own = statement.op == "~~" and term.name == name and bool(term.modifiers)
                if name in counts and ((theta and statement.op == "~*~") or (own and not theta)):
                    fault("E955", model.text, at, name=name)
