"""Cases and rules in, a type a case out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from evalkit.cases.qualitising.result import QualitiseResult
from evalkit.cases.qualitising.rules import TypeRule, column_of, rules_of
from evalkit.contract import AnalysisError, Problem, attach, codebook_of, label_of, require_columns
from evalkit.contract.codebook import Category, Variable


def qualitise(
    data: pd.DataFrame,
    *,
    types: Mapping[str, str | Mapping[str, str]],
    case: str | None = None,
    name: str = "profile_type",
) -> QualitiseResult:
    """Give each case the type whose rule it meets.

    Parameters
    ----------
    data : DataFrame
        One row a case.
    types : mapping
        Name of a type -> its rule, a condition on columns of data (`trust_mean >= 4 and own < 0.5`), or `when` with
        `zh` and `en`. The first rule that a case meets gives its type; a case that meets none has no type. Comparing
        a missing value is false.
    case : str, optional
        Column of case ids; default the row index.
    name : str
        Column of the types in the result's data.

    Returns
    -------
    QualitiseResult
        `.data` are the cases with their type. Cases without a type, cases that meet several rules, and cases for
        which a rule before theirs could not be asked because a value is missing, are said.

    Raises
    ------
    AnalysisError
        E600 for a column; E6693 for a type without a rule; E6692 for a `name` that is a column already.
    ExpressionError
        For a rule that cannot be read, or compares what cannot be compared.

    Notes
    -----
    Qualitising: Tashakkori & Teddlie (1998), Mixed methodology, chapter 6; Sandelowski (2000), Research in Nursing &
    Health 23, 246-255. A type is no more than its rule: the table prints both.
    """
    if case is not None:
        require_columns(data, [case])
    if name in data:
        raise AnalysisError(Problem("E6692", params={"names": [name]}))
    rules = rules_of(types, data)
    met = np.array([_met(rule, data) for rule in rules])
    unknown = np.array([data[list(rule.columns)].isna().any(axis=1).to_numpy() for rule in rules])
    first = np.where(met.any(axis=0), met.argmax(axis=0), -1)
    given = [rules[k].name if k >= 0 else None for k in first]
    ids = tuple((data[case] if case else pd.Series(data.index, index=data.index)).map(str))
    columns = tuple(dict.fromkeys(column for rule in rules for column in rule.columns))
    return QualitiseResult(
        data=_with_types(data, rules, given, name),
        cases=ids,
        rules=rules,
        place=first,
        columns=columns,
        labels={column: label_of(data, column) for column in columns},
        name=name,
        n_obs=len(data),
        notices=tuple(_notices(ids, met, unknown, first)),
    )


def _met(rule: TypeRule, data: pd.DataFrame) -> np.ndarray:
    return rule.condition.evaluate(lambda said: np.asarray(data[column_of(data, said)]), len(data))


def _with_types(data: pd.DataFrame, rules: tuple[TypeRule, ...], given: list[str | None], name: str) -> pd.DataFrame:
    words = tuple(Category(rule.name, rule.label.text("zh"), rule.label.text("en")) for rule in rules)
    book = codebook_of(data).with_variables([Variable(name, "nominal", categories=words)])
    return attach(data.assign(**{name: pd.Series(given, index=data.index, dtype=object)}), book)


def _notices(ids: tuple[str, ...], met: np.ndarray, unknown: np.ndarray, first: np.ndarray) -> Iterator[Problem]:
    def named(which: np.ndarray) -> list[str]:
        return [ids[i] for i in np.flatnonzero(which)]

    before = np.arange(len(met))[:, None] < np.where(first >= 0, first, len(met))
    unsure = (unknown & before).any(axis=0)
    found: list[tuple[str, Any]] = [
        ("W6694", (first < 0) & ~unsure),
        ("W6695", unsure),
        ("N6686", met.sum(axis=0) > 1),
    ]
    for code, which in found:
        if which.any():
            yield Problem(code, params={"n": int(which.sum()), "cases": named(which)})
