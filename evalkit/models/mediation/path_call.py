"""Roles, equations and data in, a path model on columns out: checked before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, codebook_of, label_of, require_columns
from evalkit.models.matrix import INTERCEPT, Columns, joined, numeric_outcome, term_id, variable_columns
from evalkit.models.mediation.language import Written, read_equations
from evalkit.models.mediation.layout import SERIAL_UP_TO
from evalkit.models.mediation.routes import MOST_ROUTES, interacting, n_routes
from evalkit.models.mediation.shapes import (
    SHAPES,
    moderate_paths,
    moderator_groups,
    path_names,
    shape_equations,
    with_covariates,
)
from evalkit.models.mediation.system import FAMILIES, LINEAR, Equation, System, Term
from evalkit.models.mediation.templates import template_of


@dataclass(frozen=True)
class Roles:
    """What the call says about the model; names are columns of the data."""

    x: tuple[str, ...]
    m: tuple[str, ...]
    y: tuple[str, ...]
    kind: str | None = None
    covariates: tuple[str, ...] = ()
    moderators: Mapping[str, Sequence[str]] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    families: Mapping[str, str] = field(default_factory=dict)
    process_model: int | None = None
    given: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class PathCall:
    """A path model on the columns of all rows of the data.

    Attributes
    ----------
    system : System
        Its columns are term ids: a nominal variable has one a category but the first.
    values : ndarray, shape (N, k)
        nan where missing.
    names : tuple of str
        Variables of the data that the model uses.
    columns : mapping
        Variable -> its columns.
    """

    roles: Roles
    system: System
    values: np.ndarray
    names: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, Label]
    references: Mapping[str, Label]
    notices: tuple[Problem, ...]

    @property
    def x(self) -> tuple[str, ...]:
        """Columns of every x."""
        return tuple(column for name in self.roles.x for column in self.columns[name])

    @property
    def y(self) -> tuple[str, ...]:
        return tuple(self.columns[name][0] for name in self.roles.y)

    @property
    def mediators(self) -> tuple[str, ...]:
        """Outcomes that are no y, in causal order."""
        return tuple(e.outcome for e in self.system.equations if e.outcome not in self.y)

    @property
    def products_are_effects(self) -> bool:
        """Whether effects are products of paths: all equations linear, x and what it leads to nowhere multiplied."""
        return self.system.linear and not any(interacting(self.system, x) for x in self.x)


def written_model(data: pd.DataFrame, roles: Roles) -> tuple[tuple[Written, ...], Roles]:
    """The equations that the call stands for, and the roles with the mediators they hold.

    Raises
    ------
    AnalysisError, ExpressionError
        Unknown columns (E600, E6150), two roles for one variable (E670), a kind that does not fit (E671), faults of
        equations, templates and paths (`language`, `templates`, `shapes`), an unknown family (E6162).
    """
    moderated = [(path, tuple(group)) for path, group in _moderated(roles, data.columns)]
    require_columns(data, [*roles.x, *roles.m, *roles.y, *roles.covariates, *(n for _, g in moderated for n in g)])
    if roles.paths:
        equations = read_equations(roles.paths, list(data.columns))
        outcomes = [equation.outcome for equation in equations]
        lost = [name for name in (*roles.m, *roles.y) if name not in outcomes]
        if lost:
            raise AnalysisError(Problem("E6163", params={"names": lost}))
        roles = _replaced(roles, tuple(name for name in outcomes if name not in roles.y))
    else:
        equations = shape_equations(_shape(roles), roles.x, roles.m, roles.y)
    used = {name for equation in equations for term in equation.terms for name in term}
    missing = [name for name in roles.x if name not in used]
    if missing:
        raise AnalysisError(Problem("E6164", params={"names": missing}))
    outcomes = [equation.outcome for equation in equations]
    _check_roles(roles, outcomes, {n for _, group in moderated for n in group})
    names = path_names(equations, roles.x, roles.m, roles.y)
    equations = moderate_paths(equations, names, moderated)
    return with_covariates(equations, roles.covariates), roles


def path_call(data: pd.DataFrame, equations: Sequence[Written], roles: Roles) -> PathCall:
    """The columns of the model.

    Raises
    ------
    AnalysisError
        E610, E611 for columns that hold no numbers; E676, E653 for a mediator or outcome of three or more unordered
        categories.
    """
    outcomes = [equation.outcome for equation in equations]
    used = dict.fromkeys([n for e in equations for term in e.terms for n in term] + outcomes)
    parts: dict[str, Columns] = {}
    binary = []
    for name in used:
        if name in outcomes:
            values, two = _outcome(data, name, "E653" if name in roles.y else "E676")
            binary += [name] if two and roles.families.get(name, LINEAR) == LINEAR else []
            parts[name] = Columns(values[:, None], (term_id(name),), {term_id(name): label_of(data, name)}, {})
        else:
            parts[name] = variable_columns(data, name)
    system = System(
        tuple(_equation(e, parts, roles.families) for e in equations),
        tuple(column for part in parts.values() for column in part.terms),
    )
    notices = [notice for part in parts.values() for notice in part.notices]
    notices += [Problem("W680", params={"names": binary})] if binary else []
    call = PathCall(
        roles=roles,
        system=system,
        values=np.column_stack([part.values for part in parts.values()]),
        names=tuple(used),
        columns={name: part.terms for name, part in parts.items()},
        labels={key: label for part in parts.values() for key, label in part.labels.items()},
        references={key: label for part in parts.values() for key, label in part.references.items()},
        notices=tuple(dict.fromkeys(notices)),
    )
    routes = max(n_routes(system, x, y) for x in call.x for y in call.y)
    if routes > MOST_ROUTES:
        raise AnalysisError(Problem("E6176", params={"n": routes, "most": MOST_ROUTES}))
    return call


def model_labels(data: pd.DataFrame, call: PathCall, cluster: str | None) -> dict[str, Label]:
    """Labels of variables, of the columns made of them, of products and of the constant."""
    names = (*call.names, *((cluster,) if cluster else ()))
    labels = {name: label_of(data, name) for name in names} | dict(call.labels)
    for equation in call.system.equations:
        for term in equation.terms:
            if len(term.factors) > 1:
                labels[str(term)] = joined([labels[name] for name in term.factors], " × ")
    return labels | {INTERCEPT: Label("regression.intercept")}


def _moderated(roles: Roles, names: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Path and the moderators that change it together, from `moderators` and the template."""
    found = [
        (path, group)
        for key, paths in roles.moderators.items()
        for group in moderator_groups(key, names)
        for path in ([paths] if isinstance(paths, str) else paths)
    ]
    if roles.process_model is not None:
        template = template_of(roles.process_model, len(roles.m), roles.given)
        for path, text in template.moderated.items():
            for letters in moderator_groups(text, ()):
                if letters == ("x",):
                    found += [(path, (name,)) for name in roles.x]
                else:
                    found.append((path, tuple(str(roles.given[letter]) for letter in letters)))
    return found


def _shape(roles: Roles) -> str:
    if roles.process_model is not None:
        shape = template_of(roles.process_model, len(roles.m), roles.given).shape
        return "parallel" if shape == "none" else shape
    if not roles.m:
        raise AnalysisError(Problem("E677", params={"n": 0, "most": SERIAL_UP_TO}))
    kind = roles.kind or ("parallel" if len(roles.m) == 1 else "-")
    kind = "parallel" if kind == "simple" and len(roles.m) == 1 else kind
    if kind not in SHAPES:
        raise AnalysisError(Problem("E671", params={"kind": kind, "n": len(roles.m)}))
    return kind


def _replaced(roles: Roles, mediators: tuple[str, ...]) -> Roles:
    from dataclasses import replace

    return replace(roles, m=mediators)


def _check_roles(roles: Roles, outcomes: Sequence[str], moderators: set[str]) -> None:
    names = [*roles.x, *outcomes, *roles.covariates]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    twice += [name for name in sorted(moderators & set(roles.y)) if name not in twice]
    problems = [Problem("E670", params={"names": twice})] if twice else []
    for name, family in roles.families.items():
        if family not in FAMILIES:
            problems.append(Problem("E6162", params={"name": family, "known": list(FAMILIES)}))
        if name not in outcomes:
            problems.append(Problem("E6163", params={"names": [name]}))
    if problems:
        raise AnalysisError(problems)


def _equation(written: Written, parts: Mapping[str, Columns], families: Mapping[str, str]) -> Equation:
    terms: dict[Term, None] = {Term(): None}
    for term in written.terms:
        for chosen in product(*(parts[name].terms for name in term)):
            terms[Term(chosen)] = None
    return Equation(parts[written.outcome].terms[0], families.get(written.outcome, LINEAR), tuple(terms))


def _outcome(data: pd.DataFrame, name: str, code: str) -> tuple[np.ndarray, bool]:
    try:
        return numeric_outcome(data, name)
    except AnalysisError as fault:
        problems = [Problem(code, params=p.params) if p.code == "E653" else p for p in fault.problems]
        raise AnalysisError(problems) from fault


def is_nominal(data: pd.DataFrame, name: str) -> bool:
    """Whether the codebook calls the variable nominal."""
    return codebook_of(data).variables[name].kind == "nominal"


def listed(value: Any) -> tuple[str, ...]:
    """A name or several, as a tuple."""
    return (value,) if isinstance(value, str) else tuple(value or ())
