"""The call, checked before anything is computed; the data, checked before anything is resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem, codebook_of, require_columns
from evalkit.models.matrix import Columns, nothing, numeric_outcome, term_id, variable_columns
from evalkit.models.mediation.intervals import JOINT, METHODS
from evalkit.models.mediation.layout import SERIAL_UP_TO, Layout
from evalkit.models.mediation.shapes import SHAPES

if TYPE_CHECKING:
    from evalkit.models.mediation.path_analysis import Options
    from evalkit.models.mediation.path_call import Roles

FEWEST_RESAMPLES = 100


@dataclass(frozen=True, eq=False)
class Call:
    """A call that makes sense: names, layout and columns of all rows of the data.

    Attributes
    ----------
    x : ndarray, shape (N,)
        nan where missing, as in the others.
    mediators : ndarray, shape (N, k)
    """

    names: tuple[str, ...]
    layout: Layout
    x: np.ndarray
    x_term: str
    mediators: np.ndarray
    y: np.ndarray
    covariates: Columns
    notices: tuple[Problem, ...]

    @property
    def values(self) -> np.ndarray:
        return np.column_stack([self.covariates.values, self.x, self.mediators, self.y])


def check_options(*, resamples: int, ci: Sequence[str], conf_level: float) -> None:
    """Raise AnalysisError for options that cannot be carried out (E667, E672, E673, E6174)."""
    problems = []
    known = [*METHODS, JOINT]
    unknown = [name for name in ci if name not in known]
    if unknown or not ci:
        problems.append(Problem("E672", params={"names": unknown or ["()"], "known": known}))
    elif ci == (JOINT,):
        problems.append(Problem("E6174", params={"known": list(METHODS)}))
    if not isinstance(resamples, (int, np.integer)) or resamples < FEWEST_RESAMPLES:
        problems.append(Problem("E673", params={"value": resamples, "least": FEWEST_RESAMPLES}))
    if not 0 < conf_level < 1:
        problems.append(Problem("E667", params={"value": conf_level}))
    if problems:
        raise AnalysisError(problems)


def check_ways(roles: Roles) -> None:
    """Raise AnalysisError where a model is said in two ways at once (E6172), or a role has no template (E6173)."""
    ways = {"kind": roles.kind, "paths": roles.paths, "process_model": roles.process_model}
    said = [name for name, value in ways.items() if value]
    idle = [name for name, value in roles.given.items() if value and roles.process_model is None]
    problems = [Problem("E6172", params={"names": said})] if len(said) > 1 else []
    problems += [Problem("E6173", params={"names": idle})] if idle else []
    if not roles.x or not roles.y:
        problems.append(Problem("E6164", params={"names": ["x", "y"]}))
    if problems:
        raise AnalysisError(problems)


def is_chain(data: pd.DataFrame, roles: Roles, options: Options) -> bool:
    """Whether the call is about one x, one y and plain mediators side by side or in a row."""
    if roles.paths or roles.moderators or roles.families or roles.process_model is not None or options.natural:
        return False
    if len(roles.x) > 1 or len(roles.y) > 1 or options.at or options.centre:
        return False
    if roles.kind not in (None, "simple", "parallel", "serial"):
        return roles.kind not in SHAPES
    require_columns(data, roles.x)
    x = data[list(roles.x)]
    return codebook_of(x).variables[roles.x[0]].kind != "nominal" or x.iloc[:, 0].nunique() <= 2


def layout_of(kind: str | None, mediators: tuple[str, ...]) -> Layout:
    """The kind of model; with one mediator all kinds are the simple one.

    Raises
    ------
    AnalysisError
        E671 for an unknown kind or several mediators without one, E677 for none or too many in a row.
    """
    k = len(mediators)
    if k == 0 or (kind == "serial" and k > SERIAL_UP_TO):
        raise AnalysisError(Problem("E677", params={"n": k, "most": SERIAL_UP_TO}))
    if kind not in (None, "simple", "parallel", "serial") or (k > 1 and kind in (None, "simple")):
        raise AnalysisError(Problem("E671", params={"kind": kind or "-", "n": k}))
    return Layout("simple" if k == 1 else str(kind), tuple(term_id(name) for name in mediators))


def read_call(
    data: pd.DataFrame, x: str, mediators: tuple[str, ...], y: str, kind: str | None, covariates: tuple[str, ...]
) -> Call:
    """Names and columns of the call.

    Raises
    ------
    AnalysisError
        E610, E611 for columns that hold no numbers; E670 for a variable in two roles;
        E676, E653 for a mediator or y of three or more unordered categories.
    """
    names = (x, *mediators, y, *covariates)
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise AnalysisError(Problem("E670", params={"names": twice}))
    layout = layout_of(kind, mediators)
    x_columns = variable_columns(data, x)
    outcomes = {name: _outcome(data, name, "E676") for name in mediators} | {y: _outcome(data, y, "E653")}
    background = nothing(len(data))
    constant = []
    for name in covariates:
        columns = variable_columns(data, name)
        constant += [] if columns.terms else [Problem("W655", params={"term": name})]
        background = background + columns
    binary = [name for name, (_, two_values) in outcomes.items() if two_values]
    notices = [*background.notices, *x_columns.notices, *constant]
    if binary:
        notices.append(Problem("W680", params={"names": binary}))
    return Call(
        names=names,
        layout=layout,
        x=x_columns.values[:, 0] if x_columns.terms else np.zeros(len(data)),
        x_term=x_columns.terms[0] if x_columns.terms else term_id(x),
        mediators=np.column_stack([outcomes[name][0] for name in mediators]),
        y=outcomes[y][0],
        covariates=background,
        notices=tuple(notices),
    )


def _outcome(data: pd.DataFrame, name: str, code: str) -> tuple[np.ndarray, bool]:
    try:
        return numeric_outcome(data, name)
    except AnalysisError as fault:
        problems = [Problem(code, params=p.params) if p.code == "E653" else p for p in fault.problems]
        raise AnalysisError(problems) from fault
