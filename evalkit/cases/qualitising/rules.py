"""What an author says of each type: its name, its condition, its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, codebook_of, require_columns
from evalkit.formula import Expression, code_text, parse_expression

KEYS = ("when", "zh", "en")


@dataclass(frozen=True)
class TypeRule:
    """One type; `columns` are those that its condition names, by their names in the data."""

    name: str
    label: Label
    condition: Expression
    columns: tuple[str, ...]


def rules_of(types: Mapping[str, str | Mapping[str, Any]], data: pd.DataFrame) -> tuple[TypeRule, ...]:
    """Read the rules in their order.

    Raises
    ------
    AnalysisError
        E6693 for a type without `when`, or with a key that is none of when, zh, en; E600 for a column.
    ExpressionError
        For a condition that cannot be read.
    """
    if not types:
        raise AnalysisError(Problem("E6693", params={"name": "–", "known": list(KEYS)}))
    found = []
    for name, said in types.items():
        given = {"when": said} if isinstance(said, str) else dict(said)
        if not str(given.get("when", "")).strip() or set(given) - set(KEYS):
            raise AnalysisError(Problem("E6693", params={"name": name, "known": list(KEYS)}))
        condition = parse_expression(str(given["when"]))
        zh, en = str(given.get("zh", "")), str(given.get("en", ""))
        options = (f"{column_of(data, question)}__{code_text(code)}" for question, code in condition.choices)
        columns = (*(column_of(data, column) for column in condition.names), *options)
        require_columns(data, columns)
        found.append(TypeRule(str(name), Label(zh=zh or en or str(name), en=en or zh or str(name)), condition, columns))
    return tuple(found)


def column_of(data: pd.DataFrame, name: str) -> str:
    """A column by its name, or by its zh label where that is the label of one only."""
    if name in data:
        return name
    labelled = [v.name for v in codebook_of(data).variables.values() if v.zh == name and v.name in data]
    return labelled[0] if len(labelled) == 1 else name
