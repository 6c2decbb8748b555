"""A condition of a plan and the data in, the rows for which it holds out; or why it cannot be asked of these data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import EvalkitError, PlanError, Problem
from evalkit.formula import Expression, code_text, parse_expression
from evalkit.plan.names import Names


def rows_where(data: pd.DataFrame, condition: Expression) -> np.ndarray:
    """Boolean array, one a row: comparing a missing value is false.

    `answered(q)` of a multiple-response question: the row has an answer to any of its options.

    Raises
    ------
    PlanError
        E556 for a multiple-response question that is compared as if it were one column.
    """
    names = Names(data)

    def lookup(name: str) -> np.ndarray:
        column = names.resolve(name) or name
        if column not in data.columns and names.options(column):
            raise PlanError(Problem("E556", params={"name": name, "code": names.options(column)[0]}))
        return np.asarray(data[column])

    def answered(name: str) -> np.ndarray:
        question = names.resolve(name) or name
        found = [question] if question in data.columns else [f"{question}__{code}" for code in names.options(question)]
        return np.asarray((data[found].notna() & (data[found] != "")).any(axis=1), dtype=bool)

    def chosen(name: str, code: float | str) -> np.ndarray:
        return np.asarray(data[f"{names.resolve(name) or name}__{code_text(code)}"] == 1, dtype=bool)

    return np.asarray(condition.evaluate(lookup, len(data), answered=answered, chosen=chosen), dtype=bool)


def rule_problems(data: pd.DataFrame, rules: Any) -> list[Problem]:
    """What is wrong with rules (name -> condition, or a table with `when`); what is no rule is left to its step."""
    texts = [rule.get("when") if isinstance(rule, Mapping) else rule for rule in rules.values()]
    found: list[Problem] = []
    for text in texts:
        try:
            found += condition_problems(data, parse_expression(str(text or "")))
        except EvalkitError as error:
            found += error.problems
    return found


def condition_problems(data: pd.DataFrame, condition: Expression) -> list[Problem]:
    """Unknown names and options, and comparisons that these columns do not allow; empty where all is well."""
    names = Names(data)
    asked = [*condition.names, *(question for question, _ in condition.choices)]
    found = [names.problem(name) for name in names.unknown(asked)]
    for question, code in condition.choices:
        options = names.options(names.resolve(question) or question)
        if names.resolve(question) is not None and code_text(code) not in options:
            params = {"name": question, "code": code_text(code), "near": options or ["–"]}
            found.append(Problem("E557", params=params))
    if found:
        return found
    try:
        rows_where(data, condition)
    except EvalkitError as error:
        return list(error.problems)
    return []
