"""Variables in, the columns they make and the predictors of each out: the same for every chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.contract import AnalysisError, Problem
from evalkit.moments import least_squares
from evalkit.studies.imputation.members import Member

CONSTANT = 0
"""Column of ones."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Columns of the chained equations: the constant, variables, marks of structural gaps, parcels of scales.

    Attributes
    ----------
    own : tuple of ndarray
        Columns of each member: one for a number, one a category but the first for a nominal variable.
    centre, spread : ndarray, shape (members,)
        Of the answers; a number stands in its column as ``(value - centre) / spread``.
    marks : ndarray, shape (n, s), and their columns begin at `first_mark`
        1 where a variable has no answer to be imputed; its column holds 0 there.
    parcels : mapping
        Scale -> its column (the mean of its standardised items) and the places of its members.
    predictors : tuple of ndarray
        Columns that predict each member, the constant first; empty where nothing is imputed.
    """

    members: tuple[Member, ...]
    n: int
    size: int
    own: tuple[np.ndarray, ...]
    centre: np.ndarray
    spread: np.ndarray
    marks: np.ndarray
    first_mark: int
    parcels: Mapping[str, tuple[int, np.ndarray]]
    predictors: tuple[np.ndarray, ...]

    def columns(self, place: int, numbers: np.ndarray) -> np.ndarray:
        """Columns of a member from its numbers, shape (n, k); 0 where there is none."""
        member = self.members[place]
        if member.nominal:
            return np.asarray(numbers[:, None] == np.arange(1, 1 + len(self.own[place])), dtype=float)
        return np.nan_to_num((numbers - self.centre[place]) / self.spread[place])[:, None]

    def parcel(self, scale: str, columns: np.ndarray) -> np.ndarray:
        """Mean of the scale's items, turned to one direction."""
        places = self.parcels[scale][1]
        items = columns[:, [int(self.own[i][0]) for i in places]]
        return np.asarray(items @ np.array([self.members[i].sign for i in places]) / len(places))


def grid_of(
    members: Sequence[Member], predictors: Mapping[str, Sequence[str]], *, together: bool
) -> tuple[Grid, list[Problem]]:
    """Lay out the columns.

    Parameters
    ----------
    predictors : mapping
        Variable -> the variables (or scales) that predict it; others are predicted by all.
    together : bool
        Whether items are predicted by their scale's other items and the parcels of the other scales.

    Raises
    ------
    AnalysisError
        E6232 for an unknown name in `predictors`, E6237 for a variable with fewer answers than predictors.
    """
    n = len(members[0].values)
    width = [max(len(m.codes) - 1, 0) if m.nominal else 1 for m in members]
    starts = np.cumsum([CONSTANT + 1, *width])
    own = tuple(np.arange(a, b) for a, b in zip(starts, starts[1:], strict=False))
    marked = [i for i, m in enumerate(members) if m.structural.any()]
    marks = np.column_stack([np.zeros((n, 0)), *(members[i].structural for i in marked)]).astype(float)
    first_mark = int(starts[-1])
    scales = dict.fromkeys(m.scale for m in members if m.scale) if together else {}
    inside = {scale: np.array([i for i, m in enumerate(members) if m.scale == scale]) for scale in scales}
    inside = {scale: places for scale, places in inside.items() if len(places) > 1}
    at = first_mark + len(marked)
    parcels = {scale: (at + k, places) for k, (scale, places) in enumerate(inside.items())}
    centre, spread = _standards(members)
    bare = Grid(
        tuple(members), n, at + len(parcels), own, centre, spread, marks, first_mark, parcels, ((),) * len(members)
    )
    wanted = [_wanted(bare, i, predictors) for i in range(len(members))]
    kept, notices = _independent(bare, wanted)
    return Grid(**{**bare.__dict__, "predictors": tuple(kept)}), notices


def _standards(members: Sequence[Member]) -> tuple[np.ndarray, np.ndarray]:
    centre, spread = np.zeros(len(members)), np.ones(len(members))
    for i, member in enumerate(members):
        known = member.values[member.observed]
        if len(known):
            centre[i] = known.mean()
            spread[i] = known.std() or 1.0
    return centre, spread


def _wanted(grid: Grid, place: int, predictors: Mapping[str, Sequence[str]]) -> np.ndarray:
    """Columns meant to predict a member, the constant first; nothing where it has no gaps."""
    member = grid.members[place]
    if not member.method:
        return np.empty(0, dtype=int)
    chosen = predictors.get(member.name, predictors.get(member.scale) if member.scale else None)
    names = {m.name: i for i, m in enumerate(grid.members)}
    if chosen is not None:
        known = {*names, *(m.scale for m in grid.members if m.scale)}
        stray = [name for name in chosen if name not in known]
        if stray:
            raise AnalysisError(Problem("E6232", params={"name": s, "known": sorted(known)}) for s in stray)
    allowed = [
        i
        for i, m in enumerate(grid.members)
        if i != place and (chosen is None or m.name in chosen or (m.scale and m.scale in chosen))
    ]
    columns = [CONSTANT]
    for i in allowed:
        scale = grid.members[i].scale
        if scale not in grid.parcels or scale == member.scale:
            columns += list(grid.own[i])
        elif grid.parcels[scale][0] not in columns:
            columns.append(grid.parcels[scale][0])
    marked = [i for i, m in enumerate(grid.members) if m.structural.any()]
    return np.array(columns + [grid.first_mark + k for k, i in enumerate(marked) if i in allowed])


def _independent(grid: Grid, wanted: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[Problem]]:
    """Without predictors that never vary or say what others say, judged on the rows complete in all of them."""
    full = np.column_stack(
        [
            np.ones(grid.n),
            *(
                np.where(m.observed[:, None] | m.structural[:, None], grid.columns(i, m.values), np.nan)
                for i, m in enumerate(grid.members)
            ),
            grid.marks,
        ]
    )
    for scale in grid.parcels:
        full = np.column_stack([full, grid.parcel(scale, full)])
    kept, lost, short = [], set(), []
    for member, columns in zip(grid.members, wanted, strict=True):
        part = full[np.ix_(member.observed, columns)]
        part = part[~np.isnan(part).any(axis=1)]
        dropped: tuple[int, ...] = ()
        if len(columns) and len(part) > len(columns):
            dropped = tuple(least_squares(part, np.zeros(len(part))).dropped)
        lost |= {int(columns[j]) for j in dropped}
        kept.append(np.delete(columns, dropped))
        if len(columns) and len(np.unique(member.values[member.observed])) > 1:
            short += [member] if member.observed.sum() <= len(kept[-1]) + 1 else []
    if short:
        raise AnalysisError(
            Problem("E6237", params={"name": m.name, "n": int(m.observed.sum()), "k": _count(grid, kept, m)})
            for m in short
        )
    names = [m.name for i, m in enumerate(grid.members) if set(map(int, grid.own[i])) & lost]
    return kept, [Problem("W6236", params={"names": names})] if names else []


def _count(grid: Grid, kept: Sequence[np.ndarray], member: Member) -> int:
    return len(kept[grid.members.index(member)])
