"""Values of some predictors in, rows of the model matrix out: what is not named is typical."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, codebook_of, label_of
from evalkit.models.matrix import Columns, code_text, joined, term_id, variable_columns

Value = float | int | str
MOST = 500
SHARES, EQUAL = "shares", "equal"
TYPICAL = (SHARES, EQUAL)


@dataclass(frozen=True, eq=False)
class Points:
    """Where to predict.

    Attributes
    ----------
    ids : tuple of str
        `SAT=3,tenure=renter`; `typical` where nothing was named.
    labels : tuple of Label
    columns : dict
        Name of a column of single variables -> its value at each point.
    """

    ids: tuple[str, ...]
    labels: tuple[Label, ...]
    columns: Mapping[str, np.ndarray]

    def matrix(self, terms: Sequence[str]) -> np.ndarray:
        """Columns of the model at the points, shape (points, terms); a product is that of its parts."""
        parts = [np.prod([self.columns[name] for name in term.split(":")], axis=0) for term in terms]
        return np.column_stack(parts) if parts else np.empty((len(self.ids), 0))


def points_of(
    data: pd.DataFrame,
    names: Sequence[str],
    rows: np.ndarray,
    weights: np.ndarray | None,
    at: Mapping[str, Sequence[Value]],
    grid: bool,
    typical: str = SHARES,
) -> Points:
    """The points at which every variable of `names` has a value.

    Parameters
    ----------
    at : mapping
        Numbers; of a nominal variable codes or words of its categories.
    rows : ndarray of int
        Rows used: a variable not in `at` has its mean over them (weighted); a nominal one the shares of its categories.
    grid : bool
        Every value with every other; else the values go in step.
    typical : str
        One of `TYPICAL`: a nominal variable not in `at` has the shares of its categories, or each of them alike.

    Raises
    ------
    AnalysisError
        E6040 for a name that is not in the model, E6041 for a category that it does not have or a number that is none,
        E6042 for lists of unequal length without a grid, none or too many points.
    """
    unknown = [name for name in at if name not in names]
    if unknown:
        raise AnalysisError(Problem("E6040", params={"names": unknown, "known": list(names)}))
    given = {name: [value] if isinstance(value, (int, float, str)) else list(value) for name, value in at.items()}
    given = {name: [_coded(data, name, value) for value in values] for name, values in given.items()}
    sizes = {len(values) for values in given.values()}
    many = int(np.prod([len(values) for values in given.values()])) if grid else max(sizes, default=1)
    if 0 in sizes or many > MOST or (not grid and len(sizes) > 1):
        raise AnalysisError(Problem("E6042", params={"n": many, "most": MOST}))
    combined = list(product(*given.values()) if grid else zip(*given.values(), strict=True)) if given else [()]
    chosen = {name: [row[i] for row in combined] for i, name in enumerate(given)}
    share = np.ones(len(rows)) if weights is None else weights
    share = share / share.sum()
    columns: dict[str, np.ndarray] = {}
    for name in dict.fromkeys(names):
        own = variable_columns(data, name)
        means = share @ own.values[rows]
        if typical == EQUAL and own.references:
            seen = means > 0
            means = seen / (seen.sum() + (means.sum() < 1 - 1e-12))
        for j, term in enumerate(own.terms):
            columns[term] = (
                _values(data, name, own, term, chosen[name])
                if name in chosen
                else np.full(len(combined), float(means[j]))
            )
    ids = tuple(",".join(f"{term_id(n)}={code_text(v)}" for n, v in zip(given, row, strict=True)) for row in combined)
    labels = tuple(_label(data, dict(zip(given, row, strict=True))) for row in combined)
    return Points(ids if given else ("typical",), labels, columns)


def _coded(data: pd.DataFrame, name: str, value: Value) -> Value:
    """The code of a category that is named by its words; any other value as it is."""
    found = [c.code for c in codebook_of(data).variables[name].categories if value in (c.zh, c.en)]
    known = {code_text(c.code) for c in codebook_of(data).variables[name].categories}
    return found[0] if len(found) == 1 and code_text(value) not in known else value


def _values(data: pd.DataFrame, name: str, own: Columns, term: str, chosen: Sequence[Value]) -> np.ndarray:
    if not own.references:
        if any(isinstance(value, str) for value in chosen):
            raise AnalysisError(Problem("E6041", params={"name": name, "values": list(chosen)}))
        return np.array(chosen, dtype=float)
    known = {t.rpartition(".")[2] for t in own.terms} | set(_reference_codes(data, name, own))
    unknown = [value for value in chosen if code_text(value) not in known]
    if unknown:
        raise AnalysisError(Problem("E6041", params={"name": name, "values": unknown}))
    return np.array([float(term == f"{term_id(name)}.{code_text(value)}") for value in chosen])


def _reference_codes(data: pd.DataFrame, name: str, own: Columns) -> list[str]:
    """The codes in the data that have no dummy: the reference category."""
    dummies = {t.rpartition(".")[2] for t in own.terms}
    return [code_text(value) for value in data[name].dropna().unique() if code_text(value) not in dummies]


def _label(data: pd.DataFrame, chosen: Mapping[str, Value]) -> Label:
    if not chosen:
        return Label("predicted.typical")
    parts = []
    for name, value in chosen.items():
        words = {code_text(c.code): c for c in codebook_of(data).variables[name].categories}
        category = words.get(code_text(value))
        text = code_text(value)
        said = Label(zh=category.zh or text, en=category.en or text) if category else Label(zh=text, en=text)
        parts.append(Label("predicted.value", name=label_of(data, name), value=said))
    return joined(parts, ", ") if len(parts) > 1 else parts[0]
