"""Data and items in; answers as categories, and what is wrong with them, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Codebook,
    Drop,
    Label,
    Problem,
    Variable,
    codebook_of,
    item_columns,
    label_of,
)
from evalkit.moments import number_matrix

FEWEST_ITEMS, MOST_CATEGORIES = 3, 20


@dataclass(frozen=True, eq=False)
class Answers:
    """Ordered answers of the people who gave any.

    Parameters
    ----------
    values : tuple of tuple of float
        For each item the answers that occur, ascending.
    words : mapping
        Wordings of the answers by code, those that all items share.
    codes : ndarray of int, shape (n, p)
        Position of each answer among those of its item, -1 where it is missing.
    used : ndarray of bool, shape (n_rows,)
        Rows of the data that gave any answer.
    """

    names: tuple[str, ...]
    labels: dict[str, Label]
    values: tuple[tuple[float, ...], ...]
    words: dict[str, Label]
    codes: np.ndarray
    used: np.ndarray
    dropped: tuple[Drop, ...]
    notices: tuple[Problem, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many answers each item has."""
        return tuple(len(values) for values in self.values)


def answers_of(data: pd.DataFrame, items: str | Sequence[str]) -> Answers:
    """Take the items' answers.

    Raises
    ------
    AnalysisError
        E600, E610, E611 for columns that are missing or no numbers; E970 an item that never varies; E971 one that
        nobody answered; E972 fewer than three items, or one twice; E974 too many values; E975 identical items.
    """
    names = _columns(data, items)
    book = codebook_of(data)
    labels = {name: label_of(data, name) for name in names}
    both = [both_words(labels[name]) for name in names]
    x = number_matrix(data, names)
    given = ~np.isnan(x)
    used = given.any(axis=1)
    _refuse("E971", [w for w, any_answer in zip(both, given.any(axis=0), strict=True) if not any_answer])
    values = [np.unique(column[~np.isnan(column)]) for column in x.T]
    _refuse("E970", [w for w, v in zip(both, values, strict=True) if len(v) == 1])
    many = [w for w, v in zip(both, values, strict=True) if len(v) > MOST_CATEGORIES]
    if many:
        raise AnalysisError(Problem("E974", params={"items": many, "most": MOST_CATEGORIES}))
    codes = np.full(x.shape, -1)
    for j, known in enumerate(values):
        codes[given[:, j], j] = np.searchsorted(known, x[given[:, j], j])
    _refuse_identical(codes[used], both)
    gaps = [_never_given(book.variables.get(name), v) for name, v in zip(names, values, strict=True)]
    notices = [Problem("N976", params={"item": w, "values": gap}) for w, gap in zip(both, gaps, strict=True) if gap]
    lost = int((~used).sum())
    dropped = (Drop("irt.drop_empty", lost),) if lost else ()
    found = tuple(tuple(map(float, v)) for v in values)
    return Answers(names, labels, found, _words(book, names), codes[used], used, dropped, tuple(notices))


def codes_of(data: pd.DataFrame, names: Sequence[str], values: Sequence[Sequence[float]]) -> np.ndarray:
    """Answers of other rows as positions among known values, -1 where missing.

    Raises
    ------
    AnalysisError
        E600, E610, E611; E979 for an answer that was not among those of the fit.
    """
    x = number_matrix(data, names)
    codes = np.full(x.shape, -1)
    strange = []
    for j, known in enumerate(values):
        there = ~np.isnan(x[:, j])
        place = np.minimum(np.searchsorted(known, x[there, j]), len(known) - 1)
        if np.any(np.asarray(known)[place] != x[there, j]):
            strange.append(names[j])
        codes[there, j] = place
    if strange:
        raise AnalysisError(Problem("E979", params={"items": strange}))
    return codes


def both_words(label: Label) -> dict[str, str]:
    """A label in each language, as messages take it."""
    return {lang: label.text(lang) for lang in ("zh", "en")}


def _columns(data: pd.DataFrame, items: str | Sequence[str]) -> tuple[str, ...]:
    """Columns of a scale, of several scales one after another, or as listed."""
    known = codebook_of(data).scales
    if not isinstance(items, str) and len(items) and all(name in known for name in items):
        found = [column for name in items for column in item_columns(data, name)]
    else:
        found = item_columns(data, items if isinstance(items, str) else list(items))
    if len(found) < FEWEST_ITEMS or len(set(found)) < len(found):
        raise AnalysisError(Problem("E972", params={"names": list(found), "n": len(found)}))
    return tuple(found)


def _refuse(code: str, items: list[dict[str, str]]) -> None:
    if items:
        raise AnalysisError(Problem(code, params={"items": items}))


def _refuse_identical(codes: np.ndarray, both: list[dict[str, str]]) -> None:
    """Two columns that always agree would be one item of endless discrimination."""
    first: dict[bytes, int] = {}
    for j, column in enumerate(codes.T):
        i = first.setdefault(np.ascontiguousarray(column).tobytes(), j)
        if i != j:
            raise AnalysisError(Problem("E975", params={"items": [both[i], both[j]]}))


def _words(book: Codebook, names: Sequence[str]) -> dict[str, Label]:
    """Wordings that stand for the same code in every item as it was asked; none where an item was turned round."""
    found: dict[str, set[Label]] = {}
    for variable in (book.variables[name] for name in names):
        if variable.reversed_from:
            return {}
        for category in variable.categories:
            if category.missing is None and isinstance(category.code, (int, float)):
                found.setdefault(f"{category.code:g}", set()).add(Label(zh=category.zh, en=category.en))
    return {code: words.pop() for code, words in found.items() if len(words) == 1}


def _never_given(variable: Variable | None, seen: np.ndarray) -> list[str]:
    """Whole points of the answer scale that nobody chose: the codebook's, else those between the answers given."""
    if (seen != np.rint(seen)).any():
        return []
    low, high = seen.min(), seen.max()
    if variable is not None and variable.low is not None and variable.high is not None:
        low, high = min(low, variable.low), max(high, variable.high)
    if high - low >= MOST_CATEGORIES:
        return []
    return [f"{point:g}" for point in np.setdiff1d(np.arange(low, high + 1), seen)]
