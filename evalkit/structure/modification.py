"""A fit in, what would change if a fixed parameter were freed or an equality released out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.structure import information
from evalkit.structure.estimators.weighted import WeightedBlock
from evalkit.structure.matrices import Layout, layout_of
from evalkit.structure.table import Parameter, ParameterTable
from evalkit.structure.weighted_tests import stacked

if TYPE_CHECKING:
    from evalkit.structure.fitting import Fit

_LEAST = 1e-8
"""A parameter whose information is all but shared with the free ones cannot be freed: it would not be identified."""


def modification_indices(fit: Fit) -> pd.DataFrame:
    """Score tests of every parameter that is fixed, and the values it is expected to take.

    Returns
    -------
    DataFrame
        lhs op rhs group, `mi` (chi-square with one df), `epc` (expected parameter change), `sepc_lv` and `sepc_all`
        (standardised as loadings, regressions and residual correlations are); largest first. Cross-loadings,
        covariances, paths among the variables of the regressions, and what the model itself fixes.

    Notes
    -----
    Sorbom (1989), Psychometrika 54, 371-384, with the expected information; for ordered items with the covariance
    matrix of thresholds and polychorics. Parameters that could not be identified are left out.
    """
    table, chosen = _extended(fit.table)
    first = len(fit.table.rows)
    names = [table.rows[i] for i in chosen]
    statistic, change = _score_tests(fit, layout_of(table), chosen)
    scale_lv, scale_all = _scales(fit, names)
    found = pd.DataFrame(
        {
            "lhs": [r.lhs for r in names],
            "op": [r.op for r in names],
            "rhs": [r.rhs for r in names],
            "group": [_label(fit.table, r) for r in names],
            "mi": statistic,
            "epc": change,
            "sepc_lv": change * scale_lv,
            "sepc_all": change * scale_all,
        }
    )
    keep = np.isfinite(statistic) & np.array([i >= first or _worth(table.rows[i]) for i in chosen], dtype=bool)
    return found[keep].sort_values("mi", ascending=False, kind="stable").reset_index(drop=True)


@lru_cache(maxsize=64)
def _extended(table: ParameterTable) -> tuple[ParameterTable, tuple[int, ...]]:
    """The table with the candidates, and which of its rows are fixed or not there."""
    extra = [row for g in range(1, len(table.groups) + 1) for row in _candidates(table, g)]
    whole = table.with_rows((*table.rows, *extra))
    fixed = (i for i, row in enumerate(whole.rows) if not row.free and not row.exo and not row.derived)
    return whole, tuple(fixed)


def release_tests(fit: Fit) -> pd.DataFrame:
    """Score tests of every equality among parameters: one row for each parameter that repeats an earlier one.

    Returns
    -------
    DataFrame
        lhs op rhs group (of the repeated parameter), `statistic`, `df` (1), `p_value`, `epc`.
    """
    seen: set[int] = set()
    chosen = []
    for i, row in enumerate(fit.table.rows):
        if row.free and row.free in seen:
            chosen.append(i)
        seen.add(row.free)
    rows = [fit.table.rows[i] for i in chosen]
    statistic, change = _score_tests(fit, fit.layout, chosen)
    return pd.DataFrame(
        {
            "lhs": [r.lhs for r in rows],
            "op": [r.op for r in rows],
            "rhs": [r.rhs for r in rows],
            "group": [_label(fit.table, r) for r in rows],
            "statistic": statistic,
            "df": 1,
            "p_value": stats.chi2.sf(statistic, 1),
            "epc": change,
        }
    )


def _label(table: ParameterTable, row: Parameter) -> str:
    return table.groups[row.group - 1]


def _worth(row: Parameter) -> bool:
    """What the model's text fixes, or a latent mean or scale of a later group."""
    return row.user or row.group > 1


def joint_tests(fit: Fit, sets: Sequence[Sequence[int]]) -> pd.DataFrame:
    """Score tests of sets of rows of the table, each set freed as a whole.

    Parameters
    ----------
    sets : sequence of sequence of int
        Rows of the table (from 0) that are fixed, or repeat an earlier parameter.

    Returns
    -------
    DataFrame
        One row a set: `statistic`, `df`, `p_value`; nan where the set would not be identified.
    """
    rows = [row for chosen in sets for row in chosen]
    pull, left, spread, _ = _pulled(fit, fit.layout, rows)
    found, first = [], 0
    for chosen in sets:
        at = slice(first, first + len(chosen))
        first += len(chosen)
        inner = left[at, at]
        least = np.linalg.eigvalsh(inner / np.sqrt(np.outer(np.diag(inner), np.diag(inner))))[0]
        statistic = np.nan
        if least > _LEAST:
            statistic = float(fit.objective.total * pull[at] @ np.linalg.solve(spread[at, at], pull[at]))
        found.append((statistic, len(chosen), float(stats.chi2.sf(statistic, len(chosen)))))
    return pd.DataFrame(found, columns=["statistic", "df", "p_value"])


def _score_tests(fit: Fit, layout: Layout, chosen: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Chi-squares and expected changes of rows of a table, each as if it were a parameter of its own."""
    pull, left, spread, own = _pulled(fit, layout, chosen)
    known = np.diag(left) > _LEAST * own
    alone = np.where(known, np.diag(left), np.nan)
    return fit.objective.total * pull**2 / np.where(known, np.diag(spread), np.nan), pull / alone


def _pulled(fit: Fit, layout: Layout, chosen: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of rows taken as parameters of their own: their scores, what is left of their information beside the free
    parameters, the covariance matrix of the scores, and their information alone.

    By likelihood the covariance matrix is the information that is left; by weighted least squares it follows from
    that of the statistics (Satorra 1989, Psychometrika 54, 131-151).
    """
    q, rows = layout.n_free, np.array(chosen, dtype=int)
    objective, solution = fit.objective, fit.solution
    gradient, info = np.zeros(q + len(rows)), np.zeros((q + len(rows),) * 2)
    parts = zip(objective.shares, objective.blocks, solution.implied, strict=True)
    slopes = []
    for g, (share, block, implied) in enumerate(parts):
        free, single = layout.jacobian(implied, g), layout.row_jacobian(implied, g)
        joined = free.beside(single, rows)
        gradient += share * block.gradient(implied, joined)
        info += share * block.information(implied, joined)
        if isinstance(block, WeightedBlock):
            slopes.append(block.slopes(implied, joined))
    basis = information.free_basis(objective, solution)
    shared = info[q:, :q] @ information.bread(info[:q, :q], basis)
    own = info[q:, q:]
    left = own - shared @ info[:q, q:]
    spread = left
    if slopes:
        stack = replace(stacked(objective, solution.implied), slopes=np.hstack(slopes))
        turn = np.hstack([-shared, np.eye(len(rows))])
        spread = turn @ stack.meat() @ turn.T
    return -gradient[q:], left, spread, np.diag(own)


def _candidates(table: ParameterTable, group: int) -> Iterable[Parameter]:
    inner = [name for name in table.observed if name not in table.exogenous]
    pairs = [(left, "=~", right) for left in table.latent for right in inner]
    pairs += [(left, "~~", right) for names in (inner, table.latent) for left, right in combinations(names, 2)]
    paths = [row for row in table.of_group(group) if row.op == "~"]
    involved = list(dict.fromkeys([r.lhs for r in paths] + [r.rhs for r in paths]))
    pairs += [(y, "~", x) for y in involved if y not in table.exogenous for x in involved if x != y]
    for lhs, op, rhs in pairs:
        if table.find(lhs, op, rhs, group) is None:
            yield Parameter(lhs, op, rhs, group, 0, value=0.0)


def _scales(fit: Fit, rows: list[Parameter]) -> tuple[np.ndarray, np.ndarray]:
    """What turns a parameter into its standardised form: latent variables only, and all."""
    at = {name: i for i, name in enumerate(fit.layout.variables)}
    out = np.ones((2, len(rows)))
    spreads = []
    for g in range(len(fit.table.groups)):
        whole = np.sqrt(np.abs([np.diag(cov) for cov in fit.layout.whole(fit.values, g)]))
        latent = np.ones_like(whole)
        latent[:, fit.layout.latent] = whole[:, fit.layout.latent]
        spreads.append((latent, whole))
    for k, row in enumerate(rows):
        left, right = at[row.lhs], at.get(row.rhs, -1)
        for kind, (sd, rest) in enumerate(spreads[row.group - 1]):
            if row.op == "=~":
                out[kind, k] = sd[left] / sd[right]
            elif row.op == "~":
                out[kind, k] = sd[right] / sd[left]
            elif row.op in ("~1", "|"):
                out[kind, k] = 1 / sd[left]
            elif row.op == "~*~":
                out[kind, k] = sd[left]
            elif row.lhs == row.rhs:
                out[kind, k] = 1 / sd[left] ** 2
            else:
                spread = rest[left] * rest[right]  # zero for an item that is its factor's only one
                out[kind, k] = 1 / spread if spread else np.nan
    return out[0], out[1]
