"""A condition and columns in, one boolean a row out."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from evalkit.contract.problems import Place, Problem
from evalkit.formula.tokens import ExpressionError
from evalkit.formula.tree import (
    Answered,
    Chosen,
    Column,
    Compare,
    Condition,
    Literal,
    Many,
    Member,
    Not,
    StepRef,
    Value,
    code_text,
    unparse,
)

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Columns:
    """Where the values come from; see `Expression.evaluate`."""

    lookup: Callable[[Any], Any]
    n: int
    answered: Callable[[str], Any] | None
    chosen: Callable[[str, float | str], Any] | None
    text: str
    at: Place | None


@dataclass(frozen=True)
class _Typed:
    """Values of one kind: `number`, `text`, `date`, `mixed`, or `nothing` where all are missing; and where they are."""

    kind: str
    values: np.ndarray
    present: np.ndarray


def holds(node: Condition, columns: Columns) -> np.ndarray:
    """Whether a condition holds, shape (n,)."""
    match node:
        case Compare(left, sign, right):
            return _compare(left, sign, right, columns)
        case Member(left, values):
            equal = [_compare(left, "==", Literal(value), columns) for value in values]
            return np.asarray(np.logical_or.reduce(equal))
        case Answered(name):
            found = columns.answered(name) if columns.answered else _typed(columns.lookup(name)).present
            return _as_rows(found, columns.n)
        case Chosen(question, code):
            if columns.chosen:
                return _as_rows(columns.chosen(question, code), columns.n)
            return _compare(Column(f"{question}__{code_text(code)}"), "==", Literal(1.0), columns)
        case Not(inner):
            return ~holds(inner, columns)
        case Many(word, parts):
            join = np.logical_and if word == "and" else np.logical_or
            return np.asarray(join.reduce([holds(part, columns) for part in parts]))


def _as_rows(values: Any, n: int) -> np.ndarray:
    return np.broadcast_to(np.asarray(values, dtype=bool), (n,)).copy()


def _compare(left: Value, sign: str, right: Value, columns: Columns) -> np.ndarray:
    one, other = _operand(left, columns), _operand(right, columns)
    if "nothing" in (one.kind, other.kind):
        return np.zeros(columns.n, dtype=bool)
    one, other = _dated(one, other, right, columns), _dated(other, one, left, columns)
    both = one.present & other.present
    if "mixed" in (one.kind, other.kind):
        return _as_rows(_compare_mixed(one, sign, other, both), columns.n)
    if one.kind != other.kind:
        raise ExpressionError(_mismatch(left, one, right, other, columns))
    return _as_rows(both & _OPERATORS[sign](one.values, other.values), columns.n)


def _operand(value: Value, columns: Columns) -> _Typed:
    match value:
        case Literal(literal):
            kind = "text" if isinstance(literal, str) else "number"
            return _Typed(kind, np.asarray(literal, dtype=object if kind == "text" else float), np.asarray(True))
        case StepRef():
            return _typed(columns.lookup(value))
        case Column(name):
            return _typed(columns.lookup(name))


def _dated(one: _Typed, other: _Typed, source: Value, columns: Columns) -> _Typed:
    """`one`, made a date when it is a literal text set against a column of dates; `source` names the dates."""
    if one.kind != "text" or other.kind != "date" or one.values.ndim:
        return one
    try:
        return _Typed("date", np.asarray(np.datetime64(str(one.values), "us")), one.present)
    except ValueError:
        params = {"text": columns.text, "found": str(one.values), "column": unparse(source)}
        raise ExpressionError(Problem("E468", columns.at, params)) from None


def _mismatch(left: Value, one: _Typed, right: Value, other: _Typed, columns: Columns) -> Problem:
    texts, others = (left, right) if one.kind == "text" else (right, left)
    kinds = {one.kind, other.kind}
    code = "E467" if kinds == {"text", "number"} else "E469"
    return Problem(code, columns.at, {"text": columns.text, "texts": unparse(texts), "others": unparse(others)})


def _typed(raw: Any) -> _Typed:
    values = np.asarray(raw)
    if values.dtype.kind in "biuf":
        numbers = values.astype(float)
        return _Typed("number", numbers, ~np.isnan(numbers))
    if values.dtype.kind == "M":
        return _Typed("date", values.astype("datetime64[us]"), ~np.isnat(values))
    return _typed_objects(values.astype(object))


def _typed_objects(values: np.ndarray) -> _Typed:
    import pandas as pd

    flat = values.ravel()
    present = ~np.asarray(pd.isna(flat), dtype=bool) & np.array([not _is_blank(v) for v in flat], dtype=bool)
    kinds = {_kind_of(v) for v in flat[present]}
    where = present.reshape(values.shape)
    if not kinds:
        return _Typed("nothing", values, where)
    if len(kinds) > 1:
        return _Typed("mixed", values, where)
    kind = kinds.pop()
    if kind == "number":
        return _Typed(kind, np.where(where, values, np.nan).astype(float), where)
    if kind == "date":
        stamps = [
            np.datetime64(v, "us") if there else np.datetime64("NaT", "us")
            for v, there in zip(flat, present, strict=True)
        ]
        return _Typed(kind, np.array(stamps, dtype="datetime64[us]").reshape(values.shape), where)
    return _Typed(kind, np.where(where, values, ""), where)


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and value == ""


def _kind_of(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    return "date" if isinstance(value, (date, np.datetime64)) else "number"


def _compare_mixed(one: _Typed, sign: str, other: _Typed, both: np.ndarray) -> np.ndarray:
    """Cell by cell where a column mixes kinds: values of two kinds are unequal and have no order."""
    left, right, there = np.broadcast_arrays(one.values, other.values, both)
    pairs = zip(left.ravel().tolist(), right.ravel().tolist(), there.ravel().tolist(), strict=True)
    found = [
        present and (bool(_OPERATORS[sign](a, b)) if _kind_of(a) == _kind_of(b) else sign == "!=")
        for a, b, present in pairs
    ]
    return np.array(found, dtype=bool).reshape(there.shape)
