"""Answers of several waves in, one row a person with a column a role and wave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, codebook_of, label_of, require_columns

ROLES = ("x", "m", "y")


@dataclass(frozen=True, eq=False)
class Waves:
    """The waves side by side.

    Attributes
    ----------
    data : DataFrame
        One row a person.
    columns : mapping
        `x`, `m`, `y` -> their columns in the order of the waves.
    names : mapping
        `x`, `m`, `y` -> name and label of the variable.
    """

    data: pd.DataFrame
    columns: Mapping[str, tuple[str, ...]]
    names: Mapping[str, Label]
    labels: Mapping[str, Label]

    @property
    def n(self) -> int:
        return len(self.columns["x"])


def side_by_side(data: pd.DataFrame, given: Mapping[str, Sequence[str]]) -> Waves:
    """Waves that stand in columns already.

    Raises
    ------
    AnalysisError
        E600 for a column that is not there; E670 for one named twice; E6404 where the roles have different numbers of
        waves or not two or three.
    """
    every = [name for role in ROLES for name in given[role]]
    require_columns(data, every)
    twice = sorted({name for name in every if every.count(name) > 1})
    if twice:
        raise AnalysisError(Problem("E670", params={"names": twice}))
    counts = [len(given[role]) for role in ROLES]
    if len(set(counts)) > 1 or counts[0] not in (2, 3):
        raise AnalysisError(Problem("E6404", params={"counts": counts}))
    labels = {name: label_of(data, name) for name in every}
    names = {role: labels[given[role][0]] for role in ROLES}
    return Waves(data, {role: tuple(given[role]) for role in ROLES}, names, labels)


def from_rows(
    data: pd.DataFrame,
    given: Mapping[str, str],
    wave: str,
    person: str,
    order: Sequence[object],
    kept: Sequence[str],
) -> Waves:
    """Waves that stand below one another: a row a person and wave.

    Parameters
    ----------
    order : sequence
        The waves in time; empty: in the order of the codebook's categories, else sorted.
    kept : sequence of str
        Further columns; the value of a person's first wave.

    Raises
    ------
    AnalysisError
        E600, E670 for columns; E6404 for other than two or three waves; E6405 for a person twice in a wave.
    """
    names = [given[role] for role in ROLES]
    require_columns(data, [*names, wave, person, *kept])
    every = [*names, wave, person]
    twice = sorted({name for name in every if every.count(name) > 1})
    if twice:
        raise AnalysisError(Problem("E670", params={"names": twice}))
    waves = list(order) or _order(data, wave)
    if len(waves) not in (2, 3):
        raise AnalysisError(Problem("E6404", params={"counts": [len(waves)]}))
    rows = data[data[wave].isin(waves) & data[person].notna()]
    doubled = rows.duplicated([person, wave])
    if doubled.any():
        raise AnalysisError(Problem("E6405", params={"n": int(doubled.sum()), "wave": wave, "person": person}))
    position = rows[wave].map({value: number for number, value in enumerate(waves)})
    rows = rows.iloc[position.argsort(kind="stable")]
    people = rows.groupby(person, sort=True)
    wide = people[list(kept)].first() if kept else pd.DataFrame(index=sorted(rows[person].unique()))
    columns: dict[str, tuple[str, ...]] = {}
    labels: dict[str, Label] = {}
    for role, name in zip(ROLES, names, strict=True):
        columns[role] = tuple(f"{name}.{number}" for number in range(1, len(waves) + 1))
        for column, value in zip(columns[role], waves, strict=True):
            wide[column] = rows[rows[wave] == value].set_index(person)[name]
            labels[column] = Label("panel.at_wave", name=label_of(data, name), wave=_worded(data, wave, value))
    wide.attrs = dict(data.attrs)
    return Waves(wide, columns, {role: label_of(data, given[role]) for role in ROLES}, labels)


def _order(data: pd.DataFrame, wave: str) -> list[object]:
    present = list(data[wave].dropna().unique())
    known = [c.code for c in codebook_of(data).variables[wave].categories if c.code in present]
    return known if len(known) == len(present) else sorted(present, key=lambda v: (str(type(v)), v))


def _worded(data: pd.DataFrame, wave: str, value: object) -> Label:
    for category in codebook_of(data).variables[wave].categories:
        if category.code == value:
            return Label(zh=category.zh, en=category.en)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return Label(zh=text, en=text)
