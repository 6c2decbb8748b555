"""Variables in, the columns of a model matrix out: dummies, products, complete rows, the names of it all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Category, Label, Problem, codebook_of, label_of, require_columns
from evalkit.moments import number_matrix

INTERCEPT = "intercept"
"""Term id of the constant."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns of one term or several, with what they stand for.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        nan where a variable is missing.
    terms : tuple of str
        One id a column: `age`, `gender.2` (category 2 against the first), `age:gender.2`.
    labels : dict
        Term id -> Label.
    references : dict
        Nominal variable -> Label of its reference category.
    notices : tuple of Problem
    """

    values: np.ndarray
    terms: tuple[str, ...]
    labels: Mapping[str, Label]
    references: Mapping[str, Label]
    notices: tuple[Problem, ...] = ()

    def __add__(self, other: Columns) -> Columns:
        new = [i for i, term in enumerate(other.terms) if term not in self.terms]
        return Columns(
            np.column_stack([self.values, other.values[:, new]]),
            self.terms + tuple(other.terms[i] for i in new),
            {**self.labels, **other.labels},
            {**self.references, **other.references},
            tuple(dict.fromkeys(self.notices + other.notices)),
        )


def nothing(n: int) -> Columns:
    """No columns for n rows: where a sum of columns starts."""
    return Columns(np.empty((n, 0)), (), {}, {})


def variable_columns(data: pd.DataFrame, name: str) -> Columns:
    """One variable: a numeric column as it stands, a nominal one as dummies against its first category.

    The kind in the codebook decides, not the dtype. Categories that no row has get no column; if that is the
    first one, the next stands as reference and a notice says so.

    Raises
    ------
    AnalysisError
        E600 for an unknown column; E610 for text, dates and ids, which have no place in a model; E611 for an
        infinite value.
    """
    require_columns(data, [name])
    variable = codebook_of(data).variables[name]
    if variable.kind == "nominal":
        return _dummies(data, name, variable.categories)
    return Columns(numeric(data, name)[:, None], (term_id(name),), {term_id(name): label_of(data, name)}, {})


def term_columns(data: pd.DataFrame, term: Sequence[str]) -> Columns:
    """A term of a formula: one name is a main effect, more are the products of their columns."""
    out = variable_columns(data, term[0])
    for name in term[1:]:
        out = _product(out, variable_columns(data, name))
    return out


def numeric(data: pd.DataFrame, name: str) -> np.ndarray:
    """A column as float64, shape (n,), nan where missing; raises as `variable_columns`."""
    if codebook_of(data).variables[name].kind in ("text", "date", "id"):
        raise AnalysisError(Problem("E610", params={"name": name}))
    return number_matrix(data, [name])[:, 0]


def numeric_outcome(data: pd.DataFrame, name: str) -> tuple[np.ndarray, bool]:
    """An outcome as float64, and whether it has two values only (a linear probability model then).

    A nominal outcome of two categories counts the second as 1.

    Raises
    ------
    AnalysisError
        E653 for a nominal outcome of three or more categories, and as `variable_columns`.
    """
    require_columns(data, [name])
    if codebook_of(data).variables[name].kind == "nominal":
        columns = variable_columns(data, name)
        if len(columns.terms) > 1:
            raise AnalysisError(Problem("E653", params={"name": name, "n": len(columns.terms) + 1}))
        values = columns.values[:, 0] if columns.terms else np.zeros(len(data))
    else:
        values = numeric(data, name)
    return values, len(np.unique(values[~np.isnan(values)])) == 2


def term_id(*names: object) -> str:
    """Ids hold no spaces: `("a b", "c")` gives `a_b:c`."""
    return ":".join(re.sub(r"\s+", "_", str(name)) for name in names)


def code_text(code: float | str) -> str:
    """A category code as it stands in a term id: 2.0 is `2`."""
    if isinstance(code, (bool, np.bool_)):
        return str(int(code))
    return f"{float(code):.15g}" if isinstance(code, (int, float, np.number)) else re.sub(r"\s+", "_", str(code))


def both(label: Label) -> dict[str, str]:
    """A label as the zh/en pair that messages take."""
    return {"zh": label.text("zh"), "en": label.text("en")}


def joined(labels: Iterable[Label], between: str) -> Label:
    """Labels one after the other with a sign between them, in both languages."""
    parts = list(labels)
    return Label(zh=between.join(p.text("zh") for p in parts), en=between.join(p.text("en") for p in parts))


def _dummies(data: pd.DataFrame, name: str, known: Sequence[Category]) -> Columns:
    index, answers = pd.factorize(data[name].astype(object))
    categories = _categories(answers, known)
    place = np.array([next((i for i, c in enumerate(categories) if _same(a, c.code)), -1) for a in answers] + [-1])
    category = place[index]  # a missing answer has index -1 and so the last place
    used = [i for i in range(len(categories)) if (category == i).any()]
    label = label_of(data, name)
    if not used:
        return Columns(np.full((len(data), 1), np.nan), (term_id(name),), {term_id(name): label}, {})
    first = _wording(categories[used[0]])
    notices = (Problem("N651", params={"name": both(label), "category": both(first)}),) if used[0] > 0 else ()
    terms = tuple(f"{term_id(name)}.{code_text(categories[i].code)}" for i in used[1:])
    labels = {
        term: Label("regression.dummy", variable=label, category=_wording(categories[i]))
        for term, i in zip(terms, used[1:], strict=True)
    }
    values = (category[:, None] == np.array(used[1:], dtype=int)).astype(float)
    values[category < 0] = np.nan
    return Columns(values, terms, labels, {name: first}, notices)


def _categories(answers: Sequence[object], known: Sequence[Category]) -> list[Category]:
    """The known categories in their order, then codes in the data that the codebook does not list."""
    extra = [a for a in answers if not any(_same(a, c.code) for c in known)]
    texts = [
        code_text(a if isinstance(a, str) else float(a)) for a in sorted(extra, key=lambda a: (isinstance(a, str), a))
    ]  # type: ignore[arg-type]
    return [c for c in known if c.missing is None] + [Category(t, t, t) for t in texts]


def _same(answer: object, code: float | str) -> bool:
    return answer == code or code_text(answer) == code_text(code)  # type: ignore[arg-type]


def _wording(category: Category) -> Label:
    text = code_text(category.code)
    return Label(zh=category.zh or category.en or text, en=category.en or category.zh or text)


def _product(left: Columns, right: Columns) -> Columns:
    pairs = [(i, j) for i in range(len(left.terms)) for j in range(len(right.terms))]
    terms = tuple(f"{left.terms[i]}:{right.terms[j]}" for i, j in pairs)
    labels = {
        term: joined([left.labels[left.terms[i]], right.labels[right.terms[j]]], " × ")
        for term, (i, j) in zip(terms, pairs, strict=True)
    }
    values = [left.values[:, i] * right.values[:, j] for i, j in pairs]
    return Columns(
        np.column_stack(values) if values else np.empty((len(left.values), 0)),
        terms,
        {**left.labels, **right.labels, **labels},
        {**left.references, **right.references},
        tuple(dict.fromkeys(left.notices + right.notices)),
    )
