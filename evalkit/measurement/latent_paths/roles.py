"""Data and the names in a call in; which role is measured by which items, and the covariates as numbers, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, codebook_of, item_columns, label_of, require_columns

KINDS = ("simple", "parallel", "serial")
SERIAL_UP_TO = 5
"""Mediators in a row: beyond, the 2**k - 1 paths are more than anyone can read."""


@dataclass(frozen=True, eq=False)
class Roles:
    """Who does what in a latent mediation.

    Attributes
    ----------
    items : mapping
        Latent role -> the columns that measure it.
    covariates : tuple of str
        Names as the call has them.
    terms : tuple of str
        Columns of the covariates: an unordered one has a 0/1 column a category but the first.
    data : DataFrame
        With the columns `terms`.
    """

    x: str
    mediators: tuple[str, ...]
    y: str
    kind: str
    items: Mapping[str, tuple[str, ...]]
    covariates: tuple[str, ...]
    terms: tuple[str, ...]
    data: pd.DataFrame
    labels: Mapping[str, Label]

    @property
    def roles(self) -> tuple[str, ...]:
        """x, the mediators, y."""
        return (self.x, *self.mediators, self.y)


def read_roles(
    data: pd.DataFrame,
    x: str,
    m: Sequence[str],
    y: str,
    kind: str | None,
    items: Mapping[str, Sequence[str]],
    observed: Sequence[str],
    covariates: Sequence[str],
) -> Roles:
    """The roles, checked.

    Raises
    ------
    AnalysisError
        E600 for an unknown column; E670 for a name in two roles; E671, E677 for a kind that does not go with the
        mediators; E6400 for a role with one item; E6401 for an item of two roles; E6402 for items or observed roles of
        something that is no role; E6403 for a role of three or more unordered categories.
    """
    names = [x, *m, y, *covariates]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise AnalysisError(Problem("E670", params={"names": twice}))
    kind = _kind(kind, len(m))
    stray = [name for name in (*items, *observed) if name not in (x, *m, y)]
    if stray:
        raise AnalysisError(Problem("E6402", params={"names": stray, "known": [x, *m, y]}))
    measured = _measured(data, (x, *m, y), items, observed)
    require_columns(data, [name for name in (x, *m, y) if name not in measured])
    require_columns(data, covariates)
    for name in (x, *m, y):
        if name not in measured and _unordered(data, name):
            raise AnalysisError(Problem("E6403", params={"name": name}))
    coded, terms, labels = _covariates(data, covariates)
    labels |= {name: label_of(data, name) for name in (x, *m, y, *covariates)}
    return Roles(x, tuple(m), y, kind, measured, tuple(covariates), terms, coded, labels)


def _unordered(data: pd.DataFrame, name: str) -> bool:
    return codebook_of(data).variables[name].kind == "nominal" and data[name].nunique() > 2


def _kind(kind: str | None, k: int) -> str:
    if not 1 <= k <= SERIAL_UP_TO:
        raise AnalysisError(Problem("E677", params={"n": k, "most": SERIAL_UP_TO}))
    found = kind or ("simple" if k == 1 else "")
    if found not in KINDS or (found == "simple") != (k == 1):
        raise AnalysisError(Problem("E671", params={"kind": found, "n": k}))
    return found


def _measured(
    data: pd.DataFrame, roles: Sequence[str], items: Mapping[str, Sequence[str]], observed: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Columns of every latent role: those listed, else those of a scale that is not to be taken as observed."""
    scales = codebook_of(data).scales
    found: dict[str, tuple[str, ...]] = {}
    for name in roles:
        if name in items:
            found[name] = tuple(item_columns(data, list(items[name])))
        elif name in scales and len(scales[name].columns) > 1 and name not in observed:
            found[name] = tuple(item_columns(data, name))
    for name, columns in found.items():
        if len(columns) < 2:
            raise AnalysisError(Problem("E6400", params={"name": name}))
    everything = [column for columns in found.values() for column in columns]
    everything += [name for name in roles if name not in found]
    twice = sorted({column for column in everything if everything.count(column) > 1})
    if twice:
        raise AnalysisError(Problem("E6401", params={"names": twice}))
    return found


def _covariates(
    data: pd.DataFrame, covariates: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...], dict[str, Label]]:
    """The data with 0/1 columns for unordered covariates, the first category being the reference."""
    book = codebook_of(data)
    columns: dict[str, pd.Series] = {}
    terms: list[str] = []
    labels: dict[str, Label] = {}
    for name in covariates:
        variable = book.variables[name]
        if variable.kind != "nominal":
            terms.append(name)
            continue
        codes = [c.code for c in variable.categories] or sorted(data[name].dropna().unique(), key=str)
        wordings = {c.code: Label(zh=c.zh, en=c.en) for c in variable.categories}
        present = [code for code in codes if (data[name] == code).any()]
        for number, code in enumerate(present[1:], 2):
            term = f"{name}__{number}"
            columns[term] = (data[name] == code).astype(float).where(data[name].notna())
            worded = wordings.get(code, Label(zh=str(code), en=str(code)))
            labels[term] = Label("latent.category", name=label_of(data, name), category=worded)
            terms.append(term)
    return (data.assign(**columns) if columns else data), tuple(terms), labels
