"""A model scaled by marker loadings in, start values from the same model with latent variances of 1 out.

A marker that hardly loads makes every other loading and the factor's variance run away together, and a search in that
scale gets lost. The same model with unit variances has no such ridge; its minimum is carried back to the marker scale.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from evalkit.structure.estimators import Block
from evalkit.structure.matrices import Layout
from evalkit.structure.optimise import Solution, minimise
from evalkit.structure.sample import Sample
from evalkit.structure.starts import start_values
from evalkit.structure.table import NAN, Parameter, ParameterTable

Place = tuple[int, str]
"""A latent variable of one group."""


def search(
    table: ParameterTable, layout: Layout, blocks: Sequence[Block], start: np.ndarray, sample: Sample
) -> Solution:
    """The minimum from `start`; where the search gets lost there, from the minimum of the model with unit variances."""
    found = minimise(layout, blocks, start)
    if found.converged or table.constraints:
        return found
    markers = _markers(table)
    if not markers:
        return found
    other = _unit_variances(table, markers)
    solution = minimise(Layout(other), blocks, start_values(other, sample, {}))
    if not solution.converged:
        return found
    carried = minimise(layout, blocks, _carried(table, other, solution.theta, markers))
    return carried if carried.converged else found


def _markers(table: ParameterTable) -> dict[Place, Parameter]:
    """The fixed loading that scales each latent variable, where nothing but it ties the scale down."""
    uses = Counter(row.free for row in table.rows if row.free)
    out: dict[Place, Parameter] = {}
    others: dict[Place, list[Parameter]] = {}
    for group in range(1, len(table.groups) + 1):
        for latent in table.latent:
            touched = [row for row in table.of_group(group) if latent in (row.lhs, row.rhs)]
            fixed = [row for row in touched if not row.free and row.value != 0]
            own = [row for row in fixed if row.op == "=~" and row.lhs == latent]
            variance = table.find(latent, "~~", latent, group)
            if len(own) == 1 and variance is not None and variance.free and all(uses[r.free] < 2 for r in touched):
                out[group, latent] = own[0]
                others[group, latent] = [row for row in fixed if row is not own[0]]
    # A factor may itself be the marker of a higher one, if that one is rescaled too.
    while bad := [place for place in out if any(row not in out.values() for row in others[place])]:
        for place in bad:
            del out[place]
    return out


def _unit_variances(table: ParameterTable, markers: Mapping[Place, Parameter]) -> ParameterTable:
    """The table with the markers free in the place of the (residual) variances, which are 1."""
    variances = {table.find(latent, "~~", latent, group): row for (group, latent), row in markers.items()}
    number = {row: variance.free for variance, row in variances.items() if variance is not None}
    rows = []
    for row in table.rows:
        if row in variances:
            row = replace(row, free=0, value=1.0, start=NAN)
        elif row in number:
            row = replace(row, free=number[row], value=NAN, start=NAN)
        elif row.free:
            row = replace(row, start=NAN)
        rows.append(row)
    return table.with_rows(rows)


def _carried(
    table: ParameterTable, other: ParameterTable, theta: np.ndarray, markers: Mapping[Place, Parameter]
) -> np.ndarray:
    """Estimates under unit variances in the scale of the markers."""
    values = other.values(theta)
    at = {row.key: float(value) for row, value in zip(other.rows, values, strict=True)}

    def scale(group: int, name: str) -> float:
        marker = markers.get((group, name))
        return 1.0 if marker is None else at[marker.key] * scale(group, marker.rhs) / marker.value

    out = np.zeros(table.n_free)
    for row in table.rows:
        if not row.free:
            continue
        left, right = scale(row.group, row.lhs), scale(row.group, row.rhs)
        factor = {"=~": right / left, "~": left / right, "~~": left * right, "~1": left}.get(row.op, 1.0)
        out[row.free - 1] = at[row.key] * factor
    return out
