"""Data and the names of a call in, the variables of the chained equations out: their numbers, gaps and methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evalkit.contract import MISSING_KINDS, AnalysisError, Codebook, Problem, Variable, codebook_of, require_columns
from evalkit.models.matrix import code_text
from evalkit.moments import number_matrix

METHODS = ("pmm", "normal", "logit", "ordered_logit", "multinomial")
CATEGORICAL = ("logit", "ordered_logit", "multinomial")
NEVER = tuple(MISSING_KINDS.index(kind) for kind in ("not_asked", "not_applicable", "not_in_file"))
"""Kinds of missing answers that have no answer behind them."""

MOST_CATEGORIES = 20
BY_KIND = {"ordinal": "ordered_logit", "option": "logit", "nominal": "multinomial"}
"""Method of a variable by its kind; all others by predictive mean matching."""


@dataclass(frozen=True, eq=False)
class Member:
    """One variable of the chained equations.

    Attributes
    ----------
    method : str
        One of `METHODS`; `cluster` where the value of the cluster fills the gaps; empty without gaps.
    values : ndarray, shape (n,)
        Numbers; a category by its place in `codes`; nan where missing.
    codes : tuple
        Categories that somebody chose, in order; empty for numbers.
    gaps : ndarray of int
        Rows to be imputed.
    structural : ndarray of bool, shape (n,)
        Rows without an answer that are left so.
    bounds : tuple of float
        Ends of the answer scale, infinite where none are known.
    scale : str
        The scale that the column is an item of; empty otherwise.
    sign : float
        -1 for an item that its scale takes the other way round.
    items : ndarray, shape (n, k), optional
        For a scale score: its items.
    """

    name: str
    method: str
    values: np.ndarray
    gaps: np.ndarray
    structural: np.ndarray
    codes: tuple[object, ...] = ()
    nominal: bool = False
    bounds: tuple[float, float] = (-np.inf, np.inf)
    scale: str = ""
    sign: float = 1.0
    items: np.ndarray | None = None

    @property
    def observed(self) -> np.ndarray:
        """Rows with an answer, bool of shape (n,)."""
        return ~np.isnan(self.values)

    def given_back(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers of `values` as they stand in the data."""
        if not self.codes:
            return numbers
        kind = object if any(isinstance(code, str) for code in self.codes) else float
        return np.array(self.codes, dtype=kind)[numbers.astype(int)]


def members_of(
    data: pd.DataFrame, variables: Sequence[str], methods: Mapping[str, str], scales: str
) -> tuple[tuple[Member, ...], list[Problem]]:
    """The variables of a call, without those that have no answer at all.

    Raises
    ------
    AnalysisError
        E600 for an unknown column or scale; E6230 for a method that is unknown or does not fit; E6231 for text, dates
        and ids; E6232 for a name in `methods` that is not among the variables.
    """
    book = codebook_of(data)
    columns = _columns(data, variables, book, scales)
    stray = [name for name in methods if name not in columns and name not in variables]
    if stray:
        raise AnalysisError(Problem("E6232", params={"name": name, "known": list(columns)}) for name in stray)
    found, notices = [], []
    for name, scale in columns.items():
        member, more = _member(data, name, scale, book, methods)
        if scales == "score" and name in book.scales:
            items = [c for c in book.scales[name].columns if c in data]
            member = replace(member, items=number_matrix(data, items)) if items else member
        if member.observed.any():
            found.append(member)
        notices += more
    return tuple(found), notices


def _columns(data: pd.DataFrame, variables: Sequence[str], book: Codebook, scales: str) -> dict[str, str]:
    """Column -> scale; a scale stands for its items as answered, or for its score."""
    out: dict[str, str] = {}
    for name in variables:
        entry = book.scales.get(name)
        if entry is None or not entry.columns or scales == "score":
            require_columns(data, [name])
            out.setdefault(_answered(name, book), "")
            continue
        for column in entry.columns:
            out[_answered(column, book)] = name
    return out


def _answered(column: str, book: Codebook) -> str:
    """The column as answered behind a keyed one."""
    variable = book.variables.get(column)
    return variable.reversed_from if variable is not None and variable.reversed_from else column


def _member(
    data: pd.DataFrame, name: str, scale: str, book: Codebook, methods: Mapping[str, str]
) -> tuple[Member, list[Problem]]:
    variable = book.variables.get(name, Variable(name, "number"))
    if variable.kind in ("text", "date", "id"):
        raise AnalysisError(Problem("E6231", params={"name": name}))
    missing = data[name].isna().to_numpy()
    structural = missing & _never(data, name, book)
    if variable.kind == "nominal" or variable.kind == "ordinal" and not pd.api.types.is_numeric_dtype(data[name]):
        values, codes, unseen = _categories(data[name], variable)
    else:
        values, codes, unseen = number_matrix(data, [name])[:, 0].copy(), (), []
    values[missing] = np.nan
    known = np.unique(values[~np.isnan(values)])
    method = methods.get(name) or methods.get(scale) or _by_kind(variable, known, codes)
    if method in CATEGORICAL and not codes:
        codes = tuple(float(v) for v in known)
        values = np.where(missing, np.nan, np.searchsorted(known, np.nan_to_num(values)))
    _require_method(name, method, variable, len(known))
    low, high = variable.low, variable.high
    member = Member(
        name=name,
        method=method,
        values=values,
        gaps=np.flatnonzero(missing & ~structural),
        structural=structural,
        codes=codes,
        nominal=variable.kind == "nominal",
        bounds=(-np.inf if low is None else low, np.inf if high is None else high),
        scale=scale,
        sign=-1.0 if scale and name not in book.scales[scale].columns else 1.0,
    )
    return _judged(member, known, unseen)


def _judged(member: Member, known: np.ndarray, unseen: list[str]) -> tuple[Member, list[Problem]]:
    """Without a method where there is nothing to impute, or nothing to do it from."""
    notices = []
    n = len(member.values)
    if unseen and len(member.gaps):
        notices.append(Problem("N6233", params={"name": member.name, "categories": unseen}))
    if not len(member.gaps):
        return replace(member, method=""), notices
    if not len(known):
        notices.append(Problem("W6234", params={"name": member.name, "n": n}))
    if len(known) == 1:
        notices.append(Problem("W6235", params={"name": member.name, "n": len(member.gaps)}))
    return member, notices


def _never(data: pd.DataFrame, name: str, book: Codebook) -> np.ndarray:
    """Rows whose gap has no answer behind it."""
    if book.missing is None or name not in book.missing:
        return np.zeros(len(data), dtype=bool)
    return book.missing[name].reindex(data.index, fill_value=0).isin(NEVER).to_numpy()


def _categories(column: pd.Series, variable: Variable) -> tuple[np.ndarray, tuple[object, ...], list[str]]:
    """Places of the categories that somebody chose, those categories, and the labels of those nobody chose."""
    place, answers = pd.factorize(column.astype(object), sort=False)
    declared = [c.code for c in variable.categories if c.missing is None]
    texts = {code_text(a): a for a in answers}
    ordered = [texts[code_text(code)] for code in declared if code_text(code) in texts]
    ordered += sorted((a for a in answers if a not in ordered), key=lambda a: (isinstance(a, str), a))
    rank = np.array([ordered.index(a) for a in answers], dtype=float) if len(answers) else np.empty(0)
    values = np.where(place < 0, np.nan, np.append(rank, np.nan)[place])
    unseen = [code_text(code) for code in declared if code_text(code) not in texts]
    return values, tuple(a if isinstance(a, str) else float(a) for a in ordered), unseen


def _by_kind(variable: Variable, known: np.ndarray, codes: tuple[object, ...]) -> str:
    """Method that goes with the kind: two values are a logit, many ordered ones are matched."""
    if len(known) == 2 and (codes or set(known) == {0.0, 1.0}):
        return "logit"
    if variable.kind in BY_KIND and 2 < len(known) <= MOST_CATEGORIES:
        return BY_KIND[variable.kind] if variable.kind != "option" else "pmm"
    return "multinomial" if variable.kind == "nominal" else "pmm"


def _require_method(name: str, method: str, variable: Variable, n_values: int) -> None:
    fits = method in METHODS
    if method == "logit":
        fits = n_values <= 2
    elif variable.kind == "nominal":
        fits = method == "multinomial"
    elif method in CATEGORICAL:
        fits = n_values <= MOST_CATEGORIES
    if not fits:
        raise AnalysisError(Problem("E6230", params={"name": name, "method": method, "known": list(METHODS)}))
