"""Data and roles in; complete rows, groups, the level of every role and columns of covariates out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Problem
from evalkit.models.linear import entered
from evalkit.models.matrix import nothing, numeric, numeric_outcome
from evalkit.models.multilevel.sample import grouped, varies
from evalkit.models.sample import relevant
from evalkit.moments import least_squares
from evalkit.sampling import Design


@dataclass(frozen=True, eq=False)
class Roles:
    """The rows used.

    Attributes
    ----------
    design : str
        `1-1-1`, `2-1-1` or `2-2-1`: levels of x, m and y.
    covariates : ndarray, shape (n, c)
        `covariate_terms` are their ids.
    """

    x: np.ndarray
    m: np.ndarray
    y: np.ndarray
    covariates: np.ndarray
    covariate_terms: tuple[str, ...]
    groups: np.ndarray
    names: tuple[str, ...]
    design: str
    dropped: tuple[Drop, ...]
    notices: tuple[Problem, ...]
    labels: dict  # type: ignore[type-arg]

    @property
    def sizes(self) -> np.ndarray:
        return np.bincount(self.groups)

    def means(self, values: np.ndarray) -> np.ndarray:
        """Group means, one a group."""
        return np.asarray(np.bincount(self.groups, values) / self.sizes)


def roles_of(data: pd.DataFrame, x: str, m: str, y: str, group: str, covariates: Sequence[str]) -> Roles:
    """Checked roles and complete rows.

    Raises
    ------
    AnalysisError
        E670 for a variable in two roles; E6076 for levels that make no chain (x within groups and m between them, or an
        outcome that does not vary within groups).
    """
    names = [x, m, y, *covariates]
    twice = sorted({n for n in [*names, group] if [*names, group].count(n) > 1})
    if twice:
        raise AnalysisError(Problem("E670", params={"names": twice}))
    data = relevant(data, [*names, group], None, Design())
    columns = entered(data, [[(name,) for name in covariates]])[0][-1] if covariates else nothing(len(data))
    outcome, binary = numeric_outcome(data, y)
    values = np.column_stack([numeric(data, x), numeric(data, m), outcome, columns.values])
    complete = ~np.isnan(values).any(axis=1) & data[group].notna().to_numpy()
    values, lost = values[complete], int((~complete).sum())
    groups, found = grouped(data[group][complete])
    notices = [Problem("N668", params={"name": y})] if binary else []
    kept, more = _independent(values[:, 3:], columns.terms)
    levels = [varies(values[:, j], groups, len(found)) for j in range(3)]
    if len(values) and (not levels[2] or (levels[0] and not levels[1])) and len(found) < len(values):
        text = "-".join("1" if level else "2" for level in levels)
        raise AnalysisError(Problem("E6076", params={"design": text}))
    return Roles(
        x=values[:, 0],
        m=values[:, 1],
        y=values[:, 2],
        covariates=values[:, 3:][:, kept],
        covariate_terms=tuple(columns.terms[j] for j in kept),
        groups=groups,
        names=found,
        design="-".join("1" if level else "2" for level in levels),
        dropped=(Drop("drop.incomplete", lost),) if lost else (),
        notices=(*notices, *more),
        labels=dict(columns.labels),
    )


def _independent(covariates: np.ndarray, terms: tuple[str, ...]) -> tuple[list[int], list[Problem]]:
    """Covariates that say something new; the others are named."""
    if not len(covariates) or not covariates.shape[1]:
        return list(range(covariates.shape[1])), []
    full = np.column_stack([np.ones(len(covariates)), covariates])
    dropped = [j - 1 for j in least_squares(full, np.zeros(len(full))).dropped]
    problems = [
        Problem("W655" if np.ptp(covariates[:, j]) == 0 else "W656", params={"term": terms[j]}) for j in dropped
    ]
    return [j for j in range(covariates.shape[1]) if j not in dropped], problems
