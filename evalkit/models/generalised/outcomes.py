"""A column and a family in, the outcome as codes and the likelihood of its model out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Category, Label, Problem, codebook_of, require_columns
from evalkit.models.generalised.ascent import Likelihood
from evalkit.models.generalised.categories import Multinomial, Ordered
from evalkit.models.generalised.links import CLOGLOG, LOG, LOGIT, PROBIT, Firth, Link, SingleIndex
from evalkit.models.generalised.partial import PartlyOrdered
from evalkit.models.matrix import code_text, numeric, variable_columns

# family -> (what the outcome must be, link, whether exp(b) is a ratio)
FAMILIES: dict[str, tuple[str, Link, bool]] = {
    "logit": ("binary", LOGIT, True),
    "probit": ("binary", PROBIT, False),
    "cloglog": ("binary", CLOGLOG, False),
    "poisson": ("count", LOG, True),
    "negative_binomial": ("count", LOG, True),
    "quasi_poisson": ("count", LOG, True),
    "fractional": ("share", LOGIT, True),
    "ordered_logit": ("ordered", LOGIT, True),
    "ordered_probit": ("ordered", PROBIT, False),
    "multinomial": ("nominal", LOGIT, True),
}

QUASI = ("quasi_poisson", "fractional")
"""Families of which only mean and variance are stated: there is no likelihood to compare."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """An outcome in codes.

    Parameters
    ----------
    values : ndarray, shape (n,)
        0, 1, ... by category; a count as it stands; nan where missing.
    categories : tuple of Label
        In the order of the codes; nothing for counts.
    codes : tuple of str
        As they stand in term ids.
    """

    values: np.ndarray
    categories: tuple[Label, ...] = ()
    codes: tuple[str, ...] = ()

    def among(self, rows: np.ndarray) -> np.ndarray:
        return self.values[rows]


def outcome_of(data: pd.DataFrame, name: str, family: str) -> Outcome:
    """The outcome of a family.

    Raises
    ------
    AnalysisError
        E761 for an outcome that the family does not take: more than two values (binary), values other than 0, 1, 2,
        ... (counts), values outside 0 to 1 (shares), categories without an order (ordered).
    """
    require_columns(data, [name])
    kind = FAMILIES[family][0]
    nominal = codebook_of(data).variables[name].kind == "nominal"
    if nominal and kind in ("ordered", "count", "share"):
        raise _unfit(name, family)
    out = _nominal(data, name) if nominal else _numbers(data, name, kind)
    known = out.values[~np.isnan(out.values)]
    if kind == "count" and ((known < 0) | (known != np.round(known))).any():
        raise _unfit(name, family)
    if kind == "share" and ((known < 0) | (known > 1)).any():
        raise _unfit(name, family)
    if kind == "binary" and len(out.codes) > 2:
        raise _unfit(name, family)
    return out


def _unfit(name: str, family: str) -> AnalysisError:
    return AnalysisError(Problem("E761", params={"name": name, "family": Label(f"outcomes.family.{family}")}))


def _nominal(data: pd.DataFrame, name: str) -> Outcome:
    columns = variable_columns(data, name)
    if not columns.references:
        return Outcome(np.full(len(data), np.nan))
    values = columns.values @ np.arange(1, len(columns.terms) + 1) if columns.terms else np.zeros(len(data))
    values = np.where(data[name].isna().to_numpy(), np.nan, values)
    labels = (columns.references[name], *(columns.labels[t].params["category"] for t in columns.terms))
    return Outcome(values, labels, ("reference", *(t.rpartition(".")[2] for t in columns.terms)))


def _numbers(data: pd.DataFrame, name: str, kind: str) -> Outcome:
    values = numeric(data, name)
    if kind in ("count", "share"):
        return Outcome(values)
    found = np.unique(values[~np.isnan(values)])
    place = np.where(np.isnan(values), np.nan, np.searchsorted(found, np.nan_to_num(values, nan=0.0)))
    known = codebook_of(data).variables[name].categories
    return Outcome(place, tuple(_wording(v, known) for v in found), tuple(code_text(float(v)) for v in found))


def _wording(value: float, known: tuple[Category, ...]) -> Label:
    text = code_text(float(value))
    for category in known:
        if code_text(category.code) == text:
            return Label(zh=category.zh or category.en or text, en=category.en or category.zh or text)
    return Label(zh=text, en=text)


def likelihood_of(
    family: str,
    x: np.ndarray,
    y: np.ndarray,
    offset: np.ndarray,
    *,
    firth: bool = False,
    free: tuple[int, ...] = (),
) -> Likelihood:
    """The likelihood of columns x, shape (n, k), the constant first; y as `Outcome.values`, without gaps.

    `free` are the places among the columns after the constant whose slopes differ between cuts (ordered families).
    """
    kind, link, _ = FAMILIES[family]
    if firth:
        return Firth(x, y, link, offset)
    if kind == "ordered" and free:
        return PartlyOrdered(x[:, 1:], y.astype(int), link, free)
    if kind == "ordered":
        return Ordered(x[:, 1:], y.astype(int), link)
    if kind == "nominal":
        return Multinomial(x, y.astype(int))
    return SingleIndex(x, y, link, offset)
