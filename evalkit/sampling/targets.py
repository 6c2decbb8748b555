"""What is known of the population in; the constraints that weights have to meet out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem, label_of, require_columns
from evalkit.moments import number_matrix
from evalkit.sampling.categories import Categories, categories
from evalkit.sampling.design import Design, design_arrays, design_of

TIES = 1e-6
"""Margins that count the same people agree within this share."""


@dataclass(frozen=True, eq=False)
class Start:
    """The weights that a weighting begins with.

    `rows` (positions in the data) are those with a weight above 0 and every variable of the targets known;
    `weights` belong to them.
    """

    rows: np.ndarray
    weights: np.ndarray
    dropped: tuple[Drop, ...]


@dataclass(frozen=True, eq=False)
class Target:
    """One constraint: the weighted total of `values` (over the rows in use) is to be `total`."""

    name: str
    level: str | None
    label: Label
    values: np.ndarray
    total: float


def start_of(data: pd.DataFrame, names: Sequence[str], design: Design | None) -> Start:
    """Rows and starting weights: the design's, else 1 each.

    Raises
    ------
    AnalysisError
        E600, E690 as for any design; E894 if no row is left.
    """
    require_columns(data, names)
    arrays = design_arrays(data, design_of(data, design) or Design())
    known = ~data[list(names)].isna().any(axis=1).to_numpy()
    rows = np.flatnonzero(known & arrays.complete)
    if not len(rows):
        raise AnalysisError(Problem("E894"))
    lost = (
        Drop("drop.incomplete", int((~known).sum())),
        Drop("sampling.drop_design", int((known & ~arrays.complete).sum())),
    )
    return Start(rows, arrays.weights[rows], tuple(d for d in lost if d.n))


def targets_of(
    data: pd.DataFrame, margins: Mapping[str, Mapping[str, float] | float], start: Start, population: float | None
) -> list[list[Target]]:
    """The constraints of each variable: one a category, or one for a number's total.

    Parameters
    ----------
    margins : mapping
        Variable -> category (code or wording) -> share or count of the population; or variable -> total of a number.
    population : float, optional
        Size of the population that shares refer to; without it the sum of the starting weights.

    Raises
    ------
    AnalysisError
        E890 for categories of the sample without a target, E891 for targets without respondents, E883 for a
        category named twice, E892 for margins that count different populations, E896 for a target that is no
        number of 0 or more.
    """
    size = float(population) if population is not None else float(start.weights.sum())
    _require_numbers(margins, size)
    sizes: dict[str, float] = {}
    found = []
    for name, wanted in margins.items():
        if not isinstance(wanted, Mapping):
            values = number_matrix(data, [name])[start.rows, 0]
            found.append([Target(name, None, label_of(data, name), values, float(wanted))])
            continue
        shares = abs(sum(wanted.values()) - 1) <= TIES
        sort = categories(data.iloc[start.rows], name)
        factor = size / sum(wanted.values()) if shares else 1.0
        totals = {sort.id_of(code): value * factor for code, value in wanted.items()}
        _require_distinct(name, len(totals), len(wanted))
        sizes[name] = sum(totals.values())
        found.append(_of_categories(sort, totals))
    if sizes and max(sizes.values()) - min(sizes.values()) > TIES * max(sizes.values()):
        raise AnalysisError(Problem("E892", params={"names": [f"{k} ({v:g})" for k, v in sizes.items()]}))
    return found


def cell_targets(
    data: pd.DataFrame, cells: Sequence[Mapping[str, str | float]], start: Start, population: float | None
) -> list[Target]:
    """The constraints of post-stratification: one a cell, each a mapping of variable -> code with `total`.

    Raises
    ------
    AnalysisError
        As `targets_of`.
    """
    names = [key for key in cells[0] if key != "total"] if cells else []
    if not names or any({*cell} != {*names, "total"} for cell in cells):
        raise AnalysisError(Problem("E889", params={"names": names}))
    part = data.iloc[start.rows]
    sorts = [categories(part, name) for name in names]
    texts = [np.array(s.ids, dtype=object)[s.position] for s in sorts]
    found = ["*".join(ids) for ids in zip(*texts, strict=True)]
    wanted = {"*".join(sort.id_of(cell[sort.name]) for sort in sorts): cell["total"] for cell in cells}
    ids = tuple(dict.fromkeys(found))
    place = {cell: i for i, cell in enumerate(ids)}
    labels = tuple(Label(zh=cell.replace("*", " × "), en=cell.replace("*", " × ")) for cell in ids)
    joint = Categories("*".join(names), ids, labels, np.array([place[cell] for cell in found]))
    size = float(population) if population is not None else float(start.weights.sum())
    _require_numbers({joint.name: wanted}, size)
    _require_distinct(joint.name, len(wanted), len(cells))
    numbers = {cell: float(value) for cell, value in wanted.items()}
    shares = abs(sum(numbers.values()) - 1) <= TIES
    return _of_categories(joint, {c: v * (size / sum(numbers.values()) if shares else 1) for c, v in numbers.items()})


def _of_categories(found: Categories, totals: Mapping[str, float]) -> list[Target]:
    untold = [id for id in found.ids if id not in totals]
    empty = [id for id, total in totals.items() if id not in found.ids and total > 0]
    problems = [Problem("E890", params={"name": found.name, "categories": untold})] if untold else []
    problems += [Problem("E891", params={"name": found.name, "categories": empty})] if empty else []
    if problems:
        raise AnalysisError(problems)
    columns = found.indicator()
    return [
        Target(found.name, id, label, columns[:, j], float(totals[id]))
        for j, (id, label) in enumerate(zip(found.ids, found.labels, strict=True))
    ]


def _require_distinct(name: str, n_categories: int, n_given: int) -> None:
    """A category named twice, once by code and once by wording say, would lose a target."""
    if n_categories != n_given:
        raise AnalysisError(Problem("E883", params={"name": name}))


def _require_numbers(margins: Mapping[str, object], size: float) -> None:
    bad = [
        name
        for name, wanted in margins.items()
        if not all(_is_number(v) for v in (wanted.values() if isinstance(wanted, Mapping) else (wanted,)))
        or (isinstance(wanted, Mapping) and not sum(wanted.values()) > 0)
    ]
    if not margins or not size > 0 or bad:
        raise AnalysisError(Problem("E896", params={"names": bad or list(margins)}))


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        return False
    return bool(np.isfinite(value)) and float(value) >= 0
