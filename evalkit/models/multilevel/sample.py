"""Data, group and formula in; the rows used, centred as declared, and the columns of every block out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem, attach, codebook_of, label_of
from evalkit.models.linear import Term, entered
from evalkit.models.matrix import Columns, code_text, joined, numeric, term_columns, term_id
from evalkit.models.multilevel.options import CENTRES


@dataclass(frozen=True, eq=False)
class Nested:
    """Rows in groups.

    Attributes
    ----------
    frame : DataFrame
        The rows used, variables centred.
    rows : ndarray of int
        Their places in the data.
    groups : ndarray of int, shape (n,)
        0 .. G - 1.
    names : tuple of str
        Of the groups, sorted.
    blocks : list of Columns
        Columns in the model after each block, without the constant.
    terms : tuple of tuples
        Terms of each block.
    varying : dict
        Term id -> whether it varies within groups.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    groups: np.ndarray
    names: tuple[str, ...]
    blocks: list[Columns]
    terms: tuple[tuple[Term, ...], ...]
    varying: Mapping[str, bool]
    dropped: tuple[Drop, ...]
    notices: tuple[Problem, ...]

    @property
    def sizes(self) -> np.ndarray:
        return np.bincount(self.groups)


def nested_rows(
    data: pd.DataFrame,
    terms: Sequence[Sequence[Term]],
    group: str,
    centre: Mapping[str, str],
    outcome: np.ndarray,
) -> Nested:
    """The complete rows, with centring by what is in them.

    Parameters
    ----------
    outcome : ndarray, shape (n,)
        nan where missing.

    Raises
    ------
    AnalysisError
        E6066 for centring that means nothing; and as `term_columns`.
    """
    names = sorted({name for block in terms for term in block for name in term})
    _check_centres(data, centre, names)
    complete = ~data[[*names, group]].isna().any(axis=1).to_numpy() & ~np.isnan(outcome)
    rows = np.flatnonzero(complete)
    while True:
        frame = data.iloc[rows]
        frame = attach(frame, codebook_of(frame))
        groups, found = grouped(frame[group])
        frame = _centred(frame, groups, centre)
        full = _with_means(terms, centre)
        blocks, notices = entered(frame, full)
        known = ~np.isnan(blocks[-1].values).any(axis=1)
        if known.all():
            break
        rows = rows[known]  # answers that the codebook counts as missing
    varying = {t: varies(blocks[-1].values[:, j], groups, len(found)) for j, t in enumerate(blocks[-1].terms)}
    lost = len(data) - len(rows)
    return Nested(
        frame,
        rows,
        groups,
        found,
        blocks,
        full,
        varying,
        (Drop("drop.incomplete", lost),) if lost else (),
        (*blocks[-1].notices, *notices),
    )


def group_means(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The mean of each row's group, shape (n,)."""
    if not len(values):
        return values
    return (np.bincount(groups, values) / np.bincount(groups))[groups]


MEAN = ".mean"
"""Ends the term id of a group mean entered beside the centred variable."""


def grouped(column: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    """Numbers 0 .. G - 1 of the groups in order of their names, and the names."""
    index, found = pd.factorize(column, sort=True)
    texts = tuple(code_text(v if isinstance(v, str) else float(v)) if _plain(v) else str(v) for v in found)
    return np.asarray(index, dtype=np.int64), texts


def _plain(value: object) -> bool:
    return isinstance(value, (str, int, float, np.number))


def _check_centres(data: pd.DataFrame, centre: Mapping[str, str], names: Sequence[str]) -> None:
    for name, how in centre.items():
        if how not in CENTRES:
            raise AnalysisError(Problem("E6060", params={"option": "centre", "value": how, "known": list(CENTRES)}))
        if name not in names or codebook_of(data).variables[name].kind == "nominal":
            raise AnalysisError(Problem("E6066", params={"name": name}))


def _centred(frame: pd.DataFrame, groups: np.ndarray, centre: Mapping[str, str]) -> pd.DataFrame:
    out = frame.copy(deep=False)
    for name, how in centre.items():
        values = numeric(frame, name)
        means = group_means(values, groups)
        if how == "between":
            out[name] = means
        elif len(values):
            out[name] = values - (values.mean() if how == "grand" else means)
        if how == "both":
            out[name + MEAN] = means
    return attach(out, codebook_of(out)) if centre else out


def _with_means(terms: Sequence[Sequence[Term]], centre: Mapping[str, str]) -> tuple[tuple[Term, ...], ...]:
    """The blocks with the group mean after each variable that is to enter as both parts."""
    out, done = [], set()
    for block in terms:
        full: list[Term] = []
        for term in block:
            full.append(term)
            if len(term) == 1 and centre.get(term[0]) == "both" and term[0] not in done:
                done.add(term[0])
                full.append((term[0] + MEAN,))
        out.append(tuple(full))
    return tuple(out)


def centred_labels(
    data: pd.DataFrame, columns: Columns, terms: Sequence[Sequence[Term]], group: str, centre: Mapping[str, str]
) -> dict[str, Label]:
    """Label of every term, with how its variables are centred."""
    where = label_of(data, group)

    def named(name: str) -> Label:
        base = name.removesuffix(MEAN) if name.endswith(MEAN) and name[: -len(MEAN)] in centre else name
        how = "between" if base != name else {"both": "within"}.get(centre.get(name, ""), centre.get(name, ""))
        label = label_of(data, base)
        return Label(f"mixed.centred.{how}", variable=label, group=where) if how else label

    out = dict(columns.labels)
    for block in terms:
        for term in block:
            if term_id(*term) in out and any(part in centre or part.endswith(MEAN) for part in term):
                parts = [named(part) for part in term]
                out[term_id(*term)] = parts[0] if len(parts) == 1 else joined(parts, " × ")
    return out


def varies(values: np.ndarray, groups: np.ndarray, n_groups: int) -> bool:
    """Whether a column differs within any group by more than rounding."""
    low, high = np.full(n_groups, np.inf), np.full(n_groups, -np.inf)
    np.minimum.at(low, groups, values)
    np.maximum.at(high, groups, values)
    return bool((high - low > 1e-10 * max(float(np.abs(values).max(initial=0.0)), 1e-300)).any())


def level_two(data: Nested, name: str) -> bool:
    """Whether a variable is the same for everybody in a group."""
    columns = term_columns(data.frame, (name,))
    return not any(varies(columns.values[:, j], data.groups, len(data.names)) for j in range(len(columns.terms)))
