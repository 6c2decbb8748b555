"""A column in; its categories in questionnaire order, their ids, and the kinds of missing answers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import MISSING_KINDS, AnalysisError, Category, Label, Problem, codebook_of, label_of

CATEGORICAL = ("nominal", "ordinal", "item", "option")
MOST_LEVELS = 60
"""A variable with more different values than this is not tabulated: no reader could use the table."""


@dataclass(frozen=True)
class Level:
    """One category: its code in the data, an id without spaces, its wording."""

    code: float | str
    id: str
    label: Label


@dataclass(frozen=True, eq=False)
class Coded:
    """A categorical column: `position[i]` is the place of row i's answer in `levels`, -1 where it is missing."""

    name: str
    label: Label
    levels: tuple[Level, ...]
    position: np.ndarray

    def indicator(self) -> np.ndarray:
        """Shape (n_rows, n_levels): 1.0 where the row is of the level."""
        return (self.position[:, None] == np.arange(len(self.levels))).astype(float)


def coded(data: pd.DataFrame, name: str) -> Coded:
    """A column as categories: those of the codebook first, in its order, then other codes that occur.

    Raises
    ------
    AnalysisError
        E612 for more than `MOST_LEVELS` different values, E619 for dates.
    """
    column = data[name]
    if pd.api.types.is_datetime64_any_dtype(column):
        raise AnalysisError(Problem("E619", params={"name": name}))
    known = _known_categories(data, name)
    occurring = list(column.dropna().unique())
    extra = sorted((v for v in occurring if not any(_same(c.code, v) for c in known)), key=_sort_key)
    if len(known) + len(extra) > MOST_LEVELS:
        raise AnalysisError(Problem("E612", params={"name": name, "n": len(known) + len(extra), "most": MOST_LEVELS}))
    codes = [*(c.code for c in known), *(_plain(v) for v in extra)]
    labels = [*(_wording(c) for c in known), *(Label(zh=code_id(v), en=code_id(v)) for v in extra)]
    ids = _unique([code_id(code) for code in codes])
    position = np.full(len(column), -1)
    values = column.to_numpy(dtype=object)
    for value in occurring:
        place = next(i for i, code in enumerate(codes) if _same(code, value))
        position[values == value] = place
    levels = tuple(Level(code, id, label) for code, id, label in zip(codes, ids, labels, strict=True))
    return Coded(name, label_of(data, name), levels, position)


def code_id(code: object) -> str:
    """A code as part of a result id: 2.0 -> "2", "urban village" -> "urban_village"."""
    if isinstance(code, (bool, np.bool_)):
        return "1" if code else "0"
    if isinstance(code, (int, float, np.number)):
        return str(int(code)) if float(code).is_integer() else repr(float(code))
    return "_".join(str(code).split()) or "_"


def option_columns(data: pd.DataFrame, question: str) -> list[str]:
    """The 0/1 columns of a multiple-response question, in questionnaire order; empty if it is none."""
    variables = codebook_of(data).variables
    return [str(c) for c in data.columns if (v := variables.get(str(c))) and v.kind == "option" and v.item == question]


def multiple_questions(data: pd.DataFrame) -> list[str]:
    """Ids of the multiple-response questions of a frame."""
    variables = codebook_of(data).variables
    found = [variables[str(c)] for c in data.columns if str(c) in variables]
    return list(dict.fromkeys(v.item for v in found if v.kind == "option" and v.item))


def option_id(column: str) -> str:
    """The option's code as it stands in the column name: `J_need__3` -> `3`."""
    return column.rpartition("__")[2]


def missing_counts(data: pd.DataFrame, column: str) -> tuple[tuple[str, int], ...]:
    """Missing answers of a column by kind, in the order of `MISSING_KINDS`; `missing` where the kind is unknown."""
    gone = data[column].isna()
    book = codebook_of(data)
    kinds, answered_as = book.missing, book.variables[column].reversed_from or column
    if kinds is None or answered_as not in kinds:
        return (("missing", int(gone.sum())),) if gone.any() else ()
    codes = kinds[answered_as].reindex(data.index, fill_value=0).to_numpy()[gone.to_numpy()]
    counts = [(MISSING_KINDS[code], int(np.sum(codes == code))) for code in range(1, len(MISSING_KINDS))]
    unknown = int(np.sum(codes == 0))
    return tuple((kind, n) for kind, n in [*counts, ("missing", unknown)] if n)


def kind_label(kind: str) -> Label:
    """The words for a kind of missing answer."""
    return Label("missing") if kind == "missing" else Label(f"kind.{kind}")


def _known_categories(data: pd.DataFrame, name: str) -> list[Category]:
    variable = codebook_of(data).variables[name]
    known = [c for c in variable.categories if c.missing is None]
    if known or variable.kind != "item" or variable.low is None or variable.high is None:
        return known
    points = np.arange(variable.low, variable.high + 0.5)
    source = codebook_of(data).variables.get(variable.reversed_from or "")
    return [_turned(p, variable.low + variable.high, source.categories if source else ()) for p in points]


def _turned(point: float, total: float, categories: Sequence[Category]) -> Category:
    """A point of a keyed item, in the words of the answer that gives it."""
    words = next((c for c in categories if c.missing is None and _same(c.code, total - point)), None)
    text = code_id(point)
    return Category(point, words.zh, words.en) if words else Category(point, text, text)


def _wording(category: Category) -> Label:
    text = code_id(category.code)
    return Label(zh=category.zh or category.en or text, en=category.en or category.zh or text)


def _same(a: object, b: object) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return str(a) == str(b) if isinstance(a, str) and isinstance(b, str) else False
    return bool(a == b)


def _plain(value: object) -> float | str:
    return float(value) if isinstance(value, (bool, int, float, np.number, np.bool_)) else str(value)


def _sort_key(value: object) -> tuple[int, float, str]:
    number = isinstance(value, (bool, int, float, np.number, np.bool_))
    return (0, float(value), "") if number else (1, 0.0, str(value))  # type: ignore[arg-type]


def _unique(ids: list[str]) -> list[str]:
    """Ids that two codes would share get their place behind them."""
    return [id if ids.count(id) == 1 else f"{id}.{i + 1}" for i, id in enumerate(ids)]


def both(label: Label) -> dict[str, str]:
    """A label as the zh/en pair that a Problem's parameters take, without the stop at the end of a wording."""
    return {lang: label.text(lang).rstrip("。.；;：: ") for lang in ("zh", "en")}
