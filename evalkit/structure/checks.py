"""Before the fit: can the model be estimated at all? After it: is what came out a proper solution?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from evalkit.contract import AnalysisError, Problem
from evalkit.structure import positive
from evalkit.structure.estimators.weighted import WeightedBlock
from evalkit.structure.matrices import Layout
from evalkit.structure.optimise import Objective, Solution, held
from evalkit.structure.sample import GroupSample, Sample
from evalkit.structure.starts import start_values
from evalkit.structure.table import ParameterTable

SMALL = 1e-12
"""Squared singular values below this share of the largest are zero (the Jacobian's columns have length one)."""


def check_counts(table: ParameterTable, moments: int, df: int) -> None:
    """More parameters than moments cannot be.

    Raises
    ------
    AnalysisError
        E925 with the counts and the factors of fewer than three items.
    """
    if df < 0:
        items = {
            name: sum(r.op == "=~" and r.lhs == name and r.group == 1 for r in table.rows) for name in table.latent
        }
        thin = [f"{name} ({n})" for name, n in items.items() if n < 3] or ["—"]
        raise AnalysisError(Problem("E925", params={"moments": moments, "free": moments - df, "df": df, "thin": thin}))


def check_identified(objective: Objective, theta: np.ndarray) -> None:
    """The moments must move in as many directions as there are free parameters.

    Raises
    ------
    AnalysisError
        E926 naming the parameters that move without changing any moment.

    Notes
    -----
    Rank of the Jacobian near the start (Wald; Bekker, Merckens & Wansbeek 1994): fixed small steps away from it, so
    that zeros of the start hide nothing.
    """
    layout = objective.layout
    ordered = [block for block in objective.blocks if isinstance(block, WeightedBlock)]
    direction = null_direction(layout, theta, ordered) if ordered else _direction_of_moments(layout)
    if direction is None:
        return
    table = layout.table
    weight = np.abs(direction)
    at_fault = [
        table.name_of_free(int(i) + 1) for i in np.argsort(-weight, kind="stable") if weight[i] > 0.2 * weight.max()
    ]
    raise AnalysisError(Problem("E926", params={"items": at_fault[:8]}))


@lru_cache(maxsize=128)
def _direction_of_moments(layout: Layout) -> np.ndarray | None:
    """Whether moments tell the parameters apart is a matter of the model, so any ordinary sample shows it."""
    names, groups = layout.table.observed, layout.table.groups
    p = len(names)
    alike = [GroupSample(label, 2.0 * p, np.zeros(p), 0.5 * (np.eye(p) + 1)) for label in groups]
    return null_direction(layout, start_values(layout.table, Sample(names, tuple(alike)), {}))


def null_direction(layout: Layout, theta: np.ndarray, ordered: Sequence[WeightedBlock] = ()) -> np.ndarray | None:
    """A direction in which no moment (or no statistic of the ordered variables) changes, shape (q,), or None."""
    q = len(theta)
    if not q:
        return None
    moved = theta + 0.05 * np.maximum(np.abs(theta), 0.2) * np.cos(1.7 * np.arange(q) + 0.3)
    rows = []
    lower = np.tril_indices(layout.n_observed)
    for g in range(len(layout.table.groups)):
        implied = layout.implied(moved, g)
        jacobian = layout.jacobian(implied, g)
        if ordered:
            rows.append(ordered[g].slopes(implied, jacobian).T)
            continue
        scale = np.sqrt(np.abs(np.diag(implied.cov)))
        scale[scale == 0] = 1.0
        rows.append((jacobian.cov / np.outer(scale, scale))[:, *lower].T)
        if layout.table.meanstructure:
            rows.append((jacobian.mean / scale).T)
    _, normals = held(layout, moved)
    matrix = np.vstack([*rows, normals])
    length = np.linalg.norm(matrix, axis=0)
    if (length == 0).any():
        return (length == 0).astype(float)
    unit = matrix / length
    values, directions = np.linalg.eigh(unit.T @ unit)
    if values[0] > SMALL * values[-1]:
        return None
    found = directions[:, 0] / length
    return np.asarray(found / np.abs(found).max())


def small_groups(table: ParameterTable, sizes: Sequence[float]) -> tuple[Problem, ...]:
    """W816 for each group with fewer rows than free parameters of its own."""
    found = []
    for number, n in enumerate(sizes, 1):
        free = len({row.free for row in table.of_group(number) if row.free})
        if n < free:
            given = {"n": int(n), "free": free, "group": table.groups[number - 1]}
            found.append(Problem("W816", params=given))
    return tuple(found)


def findings(layout: Layout, solution: Solution, vcov: np.ndarray) -> tuple[Problem, ...]:
    """What is improper in a solution: each a notice naming the variables.

    N959 items taken as free of error; W930 not converged; W931 negative variance (Heywood); W932 latent covariances not
    positive definite; W933 latent correlation beyond 1; W934 singular information; W935 a bound holds; W949 residual
    covariances not positive definite.
    """
    alone = _alone(layout.table)
    if not solution.converged:
        return (*alone, Problem("W930", params={"n": solution.iterations}))
    table, found = layout.table, [*alone]
    values = layout.row_values(solution.theta)
    several = len(table.groups) > 1
    for number in np.flatnonzero(values < 0):
        row, value = table.rows[number], values[number]
        if row.op == "~~" and row.lhs == row.rhs and (row.free or row.derived):
            name = f"{row.lhs} ({table.groups[row.group - 1]})" if several else row.lhs
            found.append(Problem("W931", params={"name": name, "value": float(value)}))
    found += [one for g in range(len(table.groups)) for one in _residuals(layout, values, g)]
    for g in range(len(table.groups)):
        latent = layout.whole(values, g)[0][layout.latent, layout.latent]
        if not len(latent):
            continue
        sd = np.sqrt(np.where(np.diag(latent) > 0, np.diag(latent), np.nan))
        correlations = latent / np.outer(sd, sd)
        if positive.factor(correlations) is not None:
            continue
        beyond = np.argwhere(np.tril(np.abs(correlations) > 1 + 1e-8, -1))
        for i, j in beyond:
            pair = [table.latent[j], table.latent[i]]
            at = {"items": pair, "r": float(correlations[i, j]), "group": table.groups[g]}
            found.append(Problem("W933", params=at))
        if not len(beyond) and np.isfinite(sd).all():
            least, vectors = np.linalg.eigh(correlations)
            if least[0] < -1e-8:
                weight = np.abs(vectors[:, 0])
                names = [table.latent[k] for k in np.flatnonzero(weight > 0.3 * weight.max())]
                found.append(Problem("W932", params={"items": names, "group": table.groups[g]}))
    if not np.isfinite(vcov).all() or (np.diag(vcov) < 0).any():
        bad = [i for i in range(len(vcov)) if not vcov[i, i] >= 0]
        found.append(Problem("W934", params={"items": [table.name_of_free(i + 1) for i in bad[:8]]}))
    if solution.active:
        found.append(Problem("W935", params={"n": len(solution.active)}))
    return tuple(found)


@lru_cache(maxsize=128)
def _alone(table: ParameterTable) -> tuple[Problem, ...]:
    """Factors of one item whose error the rules, not the model's text, fixed at zero."""
    items: dict[str, list[str]] = {}
    for row in table.rows:
        if row.op == "=~" and row.group == 1:
            items.setdefault(row.lhs, []).append(row.rhs)
    single = [own[0] for own in items.values() if len(own) == 1 and own[0] in table.observed]
    exact = []
    for name in single:
        row = table.find(name, "~~", name, 1)
        if row is not None and not row.free and not row.user and row.value == 0:
            exact.append(name)
    return (Problem("N959", params={"items": exact}),) if exact else ()


def _residuals(layout: Layout, values: np.ndarray, group: int) -> list[Problem]:
    """W949 where residual covariances, not a negative variance alone, leave no positive definite matrix."""
    p, table = layout.n_observed, layout.table
    if not table.residual_covariances:
        return []
    residual = layout.matrices(values, group)[1][:p, :p]
    kept = np.flatnonzero(np.diag(residual) > 0)
    inner = residual[np.ix_(kept, kept)]
    if np.count_nonzero(inner) == len(kept):
        return []
    sd = np.sqrt(np.diag(inner))
    least, vectors = np.linalg.eigh(inner / np.outer(sd, sd))
    if least[0] > -1e-8:
        return []
    weight = np.abs(vectors[:, 0])
    names = [table.observed[kept[k]] for k in np.flatnonzero(weight > 0.3 * weight.max())]
    return [Problem("W949", params={"items": names, "group": table.groups[group]})]
