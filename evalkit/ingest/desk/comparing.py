"""Two tables of answers and an id in; which rows are the same person's, and in which cells they differ, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import Place
from evalkit.ingest.findings import KIND
from evalkit.ingest.responses import Responses
from evalkit.ingest.variables import META_KINDS


@dataclass(frozen=True, eq=False)
class Cells:
    """Pairs of rows held against each other, column by column.

    Attributes
    ----------
    names : list of str
        Columns compared.
    changed, blanked : boolean arrays, shape (n_pairs, n_columns)
        Another answer, or one where there was none; no answer where there was one.
    """

    names: list[str]
    changed: np.ndarray
    blanked: np.ndarray


class Places:
    """`Responses.where` by position, for many cells."""

    def __init__(self, responses: Responses) -> None:
        source = responses.source
        self._rows = list(zip(source["file"].tolist(), source["sheet"].tolist(), source["row"].tolist(), strict=True))
        self._labels = source.index.tolist()
        self._letters, self._taken = responses.letters, responses.taken

    def at(self, position: int, name: str) -> Place:
        """The cell of one answer; without an address where the file has no such column."""
        taken = self._taken.get((self._labels[position], name))
        if taken is not None:
            return taken
        file, sheet, row = self._rows[position]
        letter = self._letters.get((file, sheet), {}).get(name, "")
        return Place(file=file, sheet=sheet, cell=f"{letter}{row}" if letter else "")


def answer_columns(responses: Responses) -> list[str]:
    """Columns that hold answers, the private ones of the instrument too; what a platform adds is none."""
    asked = [str(name) for name in responses.frame.columns if name not in META_KINDS]
    items = {item.id for item in responses.instrument.items}
    return asked + [str(name) for name in responses.private.columns if str(name).split("__")[0] in items]


def column_of(responses: Responses, name: str) -> pd.Series:
    """A column of answers, private or not."""
    return responses.frame[name] if name in responses.frame else responses.private[name]


def ids_in(values: pd.Series) -> np.ndarray:
    """Ids as texts; empty where there is none. 7, 7.0 and "7" are one id."""
    return np.array([_id(value) for value in values.tolist()], dtype=object)


def _id(value: object) -> str:
    if value is None or value != value:
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value).strip()


def compare(old: Responses, new: Responses, before: Sequence[int], after: Sequence[int]) -> Cells:
    """Compare rows of two tables, given by position, pair by pair.

    A column that one of them has not is compared only where the other holds an answer of the newer file: an export
    of fewer questions takes nothing away.
    """
    a, b = np.asarray(before, dtype=int), np.asarray(after, dtype=int)
    had = set(answer_columns(old))
    names = answer_columns(new)
    changed = np.zeros((len(a), len(names)), dtype=bool)
    blanked = np.zeros((len(a), len(names)), dtype=bool)
    for k, name in enumerate(names):
        now = column_of(new, name).iloc[b]
        empty = now.isna().to_numpy()
        if name not in had:
            changed[:, k] = ~empty
            continue
        was = column_of(old, name).iloc[a]
        was_empty = was.isna().to_numpy()
        changed[:, k] = ~empty & (was_empty | _unlike(was, now))
        blanked[:, k] = ~was_empty & empty & _in_file(new, name, b)
    return Cells(names, changed, blanked)


def _in_file(responses: Responses, name: str, rows: np.ndarray) -> np.ndarray:
    """Whether the file has the column at all for these rows."""
    if name not in responses.missing:
        return np.ones(len(rows), dtype=bool)
    return responses.missing[name].to_numpy()[rows] != KIND["not_in_file"]


def _unlike(one: pd.Series, other: pd.Series) -> np.ndarray:
    if one.dtype == other.dtype and one.dtype.kind in "fiM":
        return np.asarray(one.to_numpy() != other.to_numpy())
    return np.array([x != y for x, y in zip(one.tolist(), other.tolist(), strict=True)], dtype=bool)


def groups(ids: np.ndarray) -> Mapping[str, list[int]]:
    """Id -> positions of its rows, in order; rows without one apart."""
    found: dict[str, list[int]] = {}
    for k, one in enumerate(ids.tolist()):
        if one:
            found.setdefault(one, []).append(k)
    return found
