"""What the columns of a data frame mean: travels in `data.attrs["evalkit"]`."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pandas as pd

from evalkit.contract.problems import AnalysisError, Problem
from evalkit.contract.table import Label

MISSING_KINDS = (
    "answered",
    "not_asked",
    "no_answer",
    "dont_know",
    "not_applicable",
    "refused",
    "invalid",
    "not_in_file",
)
"""Kinds of missing answers; the position is the code in `Codebook.missing` (0 = answered)."""

KINDS = ("nominal", "ordinal", "item", "score", "count", "number", "option", "text", "date", "id")


@dataclass(frozen=True)
class Category:
    """One answer option of a variable: its code in the data and its wording."""

    code: float | str
    zh: str
    en: str
    missing: str | None = None


@dataclass(frozen=True)
class Variable:
    """One column.

    Parameters
    ----------
    kind : str
        One of `KINDS`: decides dummy coding and which tables make sense. `item` = scale item in scale
        points, `score` = scale score, `option` = 0/1 column of a multiple-response question.
    low, high : float, optional
        Ends of the answer scale, in scale points (not of the observed data).
    item : str, optional
        The instrument's item behind the column (`J_need` for `J_need__3`).
    block : str, optional
        The matrix or question in which it was displayed.
    reversed_from : str, optional
        For a keyed column `X_R`: the column as answered.
    check : float, optional
        Attention check: the one right answer code.
    same_as, opposite_of : str, optional
        The question that this one asks again, or asks the other way round.
    exclusive : bool
        Option of a multiple response that goes with no other ("none of these").
    ask_if : str
        Condition under which the question is asked; empty where it always is.
    """

    name: str
    kind: str
    zh: str = ""
    en: str = ""
    categories: tuple[Category, ...] = ()
    low: float | None = None
    high: float | None = None
    unit: str = ""
    item: str | None = None
    block: str | None = None
    reversed_from: str | None = None
    role: str | None = None
    check: float | None = None
    same_as: str | None = None
    opposite_of: str | None = None
    exclusive: bool = False
    ask_if: str = ""

    @property
    def label(self) -> Label:
        """The wording in both languages; the name where there is none."""
        return Label(zh=self.zh or self.en or self.name, en=self.en or self.zh or self.name)


@dataclass(frozen=True)
class ScaleEntry:
    """One scale as scored: `columns` are the keyed columns (reverse items as `X_R`)."""

    id: str
    columns: tuple[str, ...]
    parts: tuple[str, ...] = ()
    reverse_parts: tuple[str, ...] = ()
    score: str = "mean"
    min_valid: float | None = None
    kind: str | None = None
    role: str | None = None
    level: str | None = None
    zh: str = ""
    en: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def label(self) -> Label:
        return Label(zh=self.zh or self.en or self.id, en=self.en or self.zh or self.id)


@dataclass(frozen=True, eq=False)
class Codebook:
    """Everything known about a data frame's columns.

    `missing` is an int8 frame with the row index of the data, one column an item (0 answered, else the
    position in `MISSING_KINDS`); `links` is an int frame with the same index: rows with the same number share
    something private (`network`: address and device, `contact`: number or account), 0 where nothing is known; what
    they share is not kept. `design` is a `sampling.Design` or None; `notices` is what scoring found;
    `decoded_by` names the instruments that decoded the rows (`id@version`, several joined by ` + `).
    """

    variables: Mapping[str, Variable] = field(default_factory=lambda: MappingProxyType({}))
    scales: Mapping[str, ScaleEntry] = field(default_factory=lambda: MappingProxyType({}))
    missing: pd.DataFrame | None = None
    links: pd.DataFrame | None = None
    design: Any = None
    simulated: bool = False
    notices: tuple[Problem, ...] = ()
    decoded_by: str = ""

    def __deepcopy__(self, memo: dict[int, Any]) -> Codebook:
        # pandas deep-copies attrs at every step; the codebook never changes, so it may be shared.
        return self

    def with_variables(self, variables: Iterable[Variable]) -> Codebook:
        """A codebook that knows these columns too (same names are replaced)."""
        merged = dict(self.variables) | {v.name: v for v in variables}
        return dataclasses.replace(self, variables=MappingProxyType(merged))

    def with_scales(self, scales: Iterable[ScaleEntry]) -> Codebook:
        """A codebook that knows these scales too."""
        merged = dict(self.scales) | {s.id: s for s in scales}
        return dataclasses.replace(self, scales=MappingProxyType(merged))


def codebook_of(data: pd.DataFrame) -> Codebook:
    """The codebook of a frame; for a plain frame one inferred from its dtypes.

    float = number, integer = number, boolean = number 0/1, datetime = date, text or category = nominal.
    """
    known = data.attrs.get("evalkit")
    known = known if isinstance(known, Codebook) else Codebook()
    unknown = [str(c) for c in data.columns if str(c) not in known.variables]
    return known.with_variables(_inferred(name, data[name]) for name in unknown) if unknown else known


def attach(data: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """The same frame (shallow copy) carrying this codebook."""
    out = data.copy(deep=False)
    out.attrs["evalkit"] = codebook
    return out


def label_of(data: pd.DataFrame, name: str) -> Label:
    """The zh/en wording of a column or scale."""
    known = data.attrs.get("evalkit")  # what is only inferred from dtypes has its name for a label
    book = known if isinstance(known, Codebook) else Codebook()
    if name in book.scales:
        return book.scales[name].label
    return book.variables[name].label if name in book.variables else Label(zh=name, en=name)


def item_columns(data: pd.DataFrame, items: str | Sequence[str]) -> list[str]:
    """Columns meant by `items`: a scale id gives its keyed columns, a list of names stands as it is.

    Raises
    ------
    AnalysisError
        E600 if a name is neither a column nor a scale; it names the nearest one.
    """
    if isinstance(items, str):
        scale = codebook_of(data).scales.get(items)
        if scale is not None and scale.columns:
            return list(scale.columns)
        items = [items]
    require_columns(data, items)
    return list(items)


def require_columns(data: pd.DataFrame, names: Iterable[str]) -> None:
    """Raise AnalysisError E600, naming the nearest column, for every name that is not a column."""
    bad = [n for n in names if n not in data.columns]
    if bad:
        have = [str(c) for c in data.columns]
        raise AnalysisError(
            Problem("E600", params={"name": n, "near": difflib.get_close_matches(str(n), have, 3, 0.4) or have[:5]})
            for n in bad
        )


def _inferred(name: str, column: pd.Series) -> Variable:
    kinds = pd.api.types
    if kinds.is_bool_dtype(column) or kinds.is_numeric_dtype(column):
        return Variable(name, "number")
    if kinds.is_datetime64_any_dtype(column):
        return Variable(name, "date")
    values = (
        column.cat.categories
        if isinstance(column.dtype, pd.CategoricalDtype)
        else sorted(column.dropna().unique(), key=lambda value: (isinstance(value, str), value))
    )
    return Variable(name, "nominal", categories=tuple(Category(str(v), str(v), str(v)) for v in values))
