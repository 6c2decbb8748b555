"""A data frame and its Codebook in, columns as other programs describe them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import MISSING_KINDS, Codebook, Problem, Variable, codebook_of
from evalkit.contract.words import text_of

MEASURES = {"nominal": "nominal", "ordinal": "ordinal", "option": "nominal", "text": "nominal", "id": "nominal"}
"""Codebook kind -> level of measurement; every other kind is a scale."""
NO_ANSWER = MISSING_KINDS.index("no_answer")


@dataclass(frozen=True, eq=False)
class Field:
    """One column.

    Attributes
    ----------
    values : array, shape (n,)
        float64 (nan), datetime64[ns] (NaT) or object: texts and None.
    labels : mapping
        Code of an answer -> its wording.
    own : mapping
        Missing kind -> code and wording of the option that means it.
    kinds : int8 array, shape (n,)
        0 for an answer or a value whose absence has no kind, else the position in `MISSING_KINDS`.
    """

    name: str
    label: str
    variable: Variable
    values: np.ndarray
    kinds: np.ndarray
    labels: Mapping[float | str, str] = field(default_factory=lambda: MappingProxyType({}))
    own: Mapping[str, tuple[float | str, str]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def measure(self) -> str:
        return MEASURES.get(self.variable.kind, "scale")

    @property
    def numeric(self) -> bool:
        return bool(self.values.dtype.kind == "f")

    @property
    def used_kinds(self) -> tuple[str, ...]:
        """Missing kinds that occur, in the order of `MISSING_KINDS`."""
        return tuple(MISSING_KINDS[k] for k in np.unique(self.kinds) if k)

    @property
    def typed(self) -> bool:
        """Whether a kind occurs that an empty cell does not tell."""
        return any(kind != "no_answer" for kind in self.used_kinds)


@dataclass(frozen=True, eq=False)
class DataTable:
    """All columns, the language of their labels, and the codebook they came with."""

    fields: tuple[Field, ...]
    codebook: Codebook
    lang: str
    notices: tuple[Problem, ...] = ()

    @property
    def n(self) -> int:
        return len(self.fields[0].values)


def fields_of(data: pd.DataFrame, lang: str) -> DataTable:
    """Describe every column; values that are not finite are missing (W748)."""
    book = codebook_of(data)
    found, endless = [], []
    for position, name in enumerate(data.columns):
        values = _values(data.iloc[:, position])
        if values.dtype.kind == "f" and np.isinf(values).any():
            endless.append(str(name))
            values = np.where(np.isinf(values), np.nan, values)
        found.append(_field(str(name), values, book, data.index, lang))
    notices = (Problem("W748", params={"names": _some(endless)}),) if endless else ()
    return DataTable(tuple(found), book, lang, notices)


def missing_label(kind: str, own: Mapping[str, tuple[float | str, str]], lang: str) -> str:
    """The wording of a missing kind: the option's own where there is one."""
    return own[kind][1] if kind in own else text_of(f"kind.{kind}", lang)


def note(code: str, names: list[str], **params: Any) -> tuple[Problem, ...]:
    """One notice about these columns; none without any."""
    return (Problem(code, params={"names": _some(names), "n": len(names), **params}),) if names else ()


def _some(names: list[str]) -> list[str]:
    return names if len(names) <= 10 else [*names[:10], "…"]


def _field(name: str, values: np.ndarray, book: Codebook, index: pd.Index, lang: str) -> Field:
    variable = book.variables[name]
    labels = {c.code: _wording(c.zh, c.en, lang) for c in variable.categories if c.missing is None}
    textual = values.dtype.kind == "O"
    labels = {c: text for c, text in labels.items() if isinstance(c, str) == textual and c != text}
    own = {c.missing: (c.code, _wording(c.zh, c.en, lang)) for c in variable.categories if c.missing is not None}
    if variable.kind == "option":
        labels = {1.0: text_of("data_file.chosen", lang), 0.0: text_of("data_file.not_chosen", lang)}
    kinds = np.zeros(len(values), dtype=np.int8)
    if book.missing is not None and name in book.missing:
        kinds = book.missing[name].reindex(index, fill_value=0).to_numpy(np.int8)
        kinds = np.where(pd.isna(values), kinds, 0).astype(np.int8)
    return Field(name, _label(variable, book, lang), variable, values, kinds, labels, own)


def _wording(zh: str, en: str, lang: str) -> str:
    return (zh or en) if lang == "zh" else (en or zh)


def _label(variable: Variable, book: Codebook, lang: str) -> str:
    """The wording; of an option or rank place with the question in front of it."""
    own = _wording(variable.zh, variable.en, lang)
    asked = book.variables.get(variable.item or "")
    if not own or asked is None or variable.item == variable.name or variable.reversed_from:
        return own
    stem = _wording(asked.zh, asked.en, lang)
    return f"{stem}：{own}" if lang == "zh" else f"{stem}: {own}"


def _values(column: pd.Series) -> np.ndarray:
    kinds = pd.api.types
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if kinds.is_datetime64_any_dtype(column):
        return column.dt.tz_localize(None).to_numpy("datetime64[ns]")
    if kinds.is_timedelta64_dtype(column):
        return column.dt.total_seconds().to_numpy(float)
    if kinds.is_bool_dtype(column) or kinds.is_numeric_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    present = column.notna().to_numpy()
    given = column.to_numpy(object)
    if present.any() and all(isinstance(v, (bool, int, float, np.number, np.bool_)) for v in given[present]):
        return np.where(present, given, np.nan).astype(float)
    if not present.any():
        return np.full(len(given), None, dtype=object) if len(given) else given
    return np.array([str(v) if known else None for v, known in zip(given, present, strict=True)], dtype=object)
