"""A column in; its categories with ids and wording, and each row's place among them, out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Category, Label, Problem, codebook_of, require_columns

MOST = 60
"""More different values than this are no categories."""


@dataclass(frozen=True, eq=False)
class Categories:
    """The categories of one column.

    Parameters
    ----------
    ids : tuple of str
        Codes as parts of result ids: 2.0 -> "2", "urban village" -> "urban_village".
    position : ndarray of int, shape (n_rows,)
        Place of the row's answer in `ids`; -1 where it is missing.
    """

    name: str
    ids: tuple[str, ...]
    labels: tuple[Label, ...]
    position: np.ndarray

    def id_of(self, text: object) -> str:
        """The id meant by a code or, where no code says so, by a wording that one category alone has."""
        id = code_id(text)
        worded = [
            i for i, label in zip(self.ids, self.labels, strict=True) if text in (label.text("zh"), label.text("en"))
        ]
        return worded[0] if id not in self.ids and len(worded) == 1 else id

    def indicator(self) -> np.ndarray:
        """Shape (n_rows, n_categories): 1.0 where the row is of the category."""
        return np.asarray(self.position[:, None] == np.arange(len(self.ids)), dtype=float)


def categories(data: pd.DataFrame, name: str) -> Categories:
    """The categories that occur in a column: in the codebook's order, others sorted behind them.

    Raises
    ------
    AnalysisError
        E600 for an unknown column, E697 for more than `MOST` different values or for dates.
    """
    require_columns(data, [name])
    column = data[name]
    values = column.to_numpy(dtype=object)
    occurring = list(column.dropna().unique())
    if len(occurring) > MOST or pd.api.types.is_datetime64_any_dtype(column):
        raise AnalysisError(Problem("E697", params={"name": name, "n": len(occurring)}))
    known = [c for c in codebook_of(data).variables[name].categories if c.missing is None]
    ranked = sorted(occurring, key=lambda value: _rank(value, known))
    position = np.full(len(column), -1)
    for place, value in enumerate(ranked):
        position[values == value] = place
    return Categories(name, tuple(code_id(v) for v in ranked), tuple(_wording(v, known) for v in ranked), position)


def code_id(code: object) -> str:
    """A code as part of a result id."""
    if isinstance(code, (bool, np.bool_)):
        return "1" if code else "0"
    if isinstance(code, (int, float, np.number)):
        return str(int(code)) if float(code).is_integer() else repr(float(code))
    return "_".join(str(code).split()) or "_"


def _rank(value: object, known: list[Category]) -> tuple[int, float, str]:
    place = next((i for i, c in enumerate(known) if _same(c.code, value)), len(known))
    number = isinstance(value, (bool, int, float, np.number, np.bool_))
    return (place, float(value), "") if number else (place, 0.0, str(value))  # type: ignore[arg-type]


def _wording(value: object, known: list[Category]) -> Label:
    text = code_id(value) if not isinstance(value, str) else value
    found = next((c for c in known if _same(c.code, value)), None)
    return Label(zh=found.zh or found.en or text, en=found.en or found.zh or text) if found else Label(zh=text, en=text)


def _same(a: object, b: object) -> bool:
    return isinstance(a, str) == isinstance(b, str) and bool(a == b)
