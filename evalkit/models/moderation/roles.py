"""A variable and its part in a moderation in; how it enters the model, and the values it is looked at, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, attach, codebook_of, label_of
from evalkit.models.fit import is_constant, weighted_sd
from evalkit.models.matrix import both, code_text, numeric, variable_columns

CENTRES = ("mean", "z", "none")
POINTS = ("sd", "percentile")
QUANTILES = {6: "weibull", 7: "linear"}
SHARES = (0.16, 0.50, 0.84)
FEW = 10
"""A category with fewer rows than this is named: its slope rests on them alone."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """One of x, w, z in the rows used.

    Parameters
    ----------
    kind : str
        `number`, `binary` (two values, never centred) or `nominal` (dummies).
    terms : tuple of str
        Ids of its columns in the model.
    centre, scale : float
        A number enters as ``(value - centre) / scale``.
    raw : ndarray, shape (n,)
        The values; of a nominal one the place of the category.
    weights : ndarray, shape (n,)
    categories : tuple of (str, Label)
        Code and wording, of a binary or nominal one.
    """

    name: str
    label: Label
    kind: str
    terms: tuple[str, ...]
    raw: np.ndarray
    weights: np.ndarray
    centre: float = 0.0
    scale: float = 1.0
    categories: tuple[tuple[str, Label], ...] = ()

    @property
    def sd(self) -> float:
        return weighted_sd(self.raw, self.weights)

    @property
    def mean(self) -> float:
        return float(self.raw @ self.weights / self.weights.sum())

    def entered(self, value: float) -> float:
        """A value of the variable as it enters the model."""
        return (value - self.centre) / self.scale

    def share(self, where: np.ndarray) -> float:
        """Weighted per cent of the rows."""
        return float(100 * (where @ self.weights) / self.weights.sum())


@dataclass(frozen=True)
class Probe:
    """A value of a variable at which the model is looked at.

    Parameters
    ----------
    id : str
        `low`, `mean`, `high`; `p16`, `p50`, `p84`; the value itself; the code of a category.
    at : float
        The value; nan for a category of a nominal variable.
    columns : mapping
        Term id -> what the variable's columns hold there.
    """

    id: str
    label: Label
    at: float
    columns: Mapping[str, float]


def predictor(data: pd.DataFrame, name: str, rows: np.ndarray, weights: np.ndarray, centre: str) -> Predictor:
    """A variable in its part.

    Raises
    ------
    AnalysisError
        E6111 if it does not vary in the rows used.
    """
    label = label_of(data, name)
    if codebook_of(data).variables[name].kind == "nominal":
        return _nominal(data, name, rows, weights)
    raw = numeric(data, name)[rows]
    if is_constant(raw):
        raise AnalysisError(Problem("E6111", params={"name": both(label), "n": len(rows)}))
    terms = variable_columns(data, name).terms
    if len(np.unique(raw)) == 2:
        known = codebook_of(data).variables[name].categories
        words = {code_text(c.code): Label(zh=c.zh or c.en, en=c.en or c.zh) for c in known if c.zh or c.en}
        codes = [code_text(float(v)) for v in np.unique(raw)]
        shown = tuple((code, words.get(code, Label(zh=code, en=code))) for code in codes)
        return Predictor(name, label, "binary", terms, raw, weights, categories=shown)
    found = Predictor(name, label, "number", terms, raw, weights)
    middle = 0.0 if centre == "none" else found.mean
    return Predictor(name, label, "number", terms, raw, weights, middle, found.sd if centre == "z" else 1.0)


def _nominal(data: pd.DataFrame, name: str, rows: np.ndarray, weights: np.ndarray) -> Predictor:
    columns = variable_columns(data, name)
    values = columns.values[rows]
    place = np.where(values.any(axis=1), values.argmax(axis=1) + 1, 0) if columns.terms else np.zeros(len(rows))
    if len(np.unique(place)) < 2:
        raise AnalysisError(Problem("E6111", params={"name": both(label_of(data, name)), "n": len(rows)}))
    first = code_text(data[name].iloc[rows[place == 0][0]]) if (place == 0).any() else "reference"
    codes = [first, *(term.removeprefix(f"{'_'.join(name.split())}.") for term in columns.terms)]
    words = [columns.references[name], *(columns.labels[t].params["category"] for t in columns.terms)]
    categories = tuple(zip(codes, words, strict=True))
    return Predictor(name, label_of(data, name), "nominal", columns.terms, place, weights, categories=categories)


def centred(data: pd.DataFrame, predictors: Sequence[Predictor]) -> pd.DataFrame:
    """The data with numbers as they enter the model, under their own names."""
    out = data.copy(deep=False)
    for one in predictors:
        if one.kind == "number" and (one.centre, one.scale) != (0.0, 1.0):
            out[one.name] = (numeric(data, one.name) - one.centre) / one.scale
    return attach(out, codebook_of(data))


def probes(
    one: Predictor, values: str | Sequence[str | float] | Mapping[str, Any], quantile_type: int
) -> tuple[Probe, ...]:
    """Where a variable is looked at: every category, or low, middle and high values of a number.

    Parameters
    ----------
    values : str, sequence or mapping
        `sd`, `percentile`, numbers, or numbers by the name of the variable (`sd` for others).
    """
    if one.kind == "nominal":
        seen = [i for i in range(len(one.categories)) if (one.raw == i).any()]
        return tuple(
            Probe(
                one.categories[i][0],
                one.categories[i][1],
                np.nan,
                {term: float(i == j) for j, term in enumerate(one.terms, 1)},
            )
            for i in seen
        )
    if one.kind == "binary":
        pairs = zip(one.categories, np.unique(one.raw), strict=True)
        return tuple(_numeric(one, code, words, float(value)) for (code, words), value in pairs)
    chosen = values.get(one.name, "sd") if isinstance(values, Mapping) else values
    if chosen == "percentile":
        return tuple(
            _numeric(one, f"p{100 * p:.0f}", Label("moderation.percentile", p=f"{100 * p:.0f}"), at)
            for p, at in zip(SHARES, _quantiles(one, quantile_type), strict=True)
        )
    if isinstance(chosen, str):
        shifts = (("low", -1), ("mean", 0), ("high", 1))
        return tuple(_numeric(one, id, Label(f"moderation.{id}"), one.mean + k * one.sd) for id, k in shifts)
    return tuple(_numeric(one, code_text(float(v)), Label("moderation.given"), float(v)) for v in chosen)


def ends(
    one: Predictor, values: str | Sequence[str | float] | Mapping[str, Any], quantile_type: int
) -> tuple[Probe, ...]:
    """What the focal predictor is compared at: every category, else a low and a high value."""
    found = probes(one, values if values in POINTS else "sd", quantile_type)
    return found if one.kind == "nominal" else (found[0], found[-1])


def _numeric(one: Predictor, id: str, label: Label, at: float) -> Probe:
    return Probe(id, label, at, {one.terms[0]: one.entered(at)})


def _quantiles(one: Predictor, quantile_type: int) -> np.ndarray:
    """Percentiles 16, 50, 84; with unequal weights the first value whose cumulated share reaches them."""
    if is_constant(one.weights):
        return np.asarray(np.quantile(one.raw, SHARES, method=QUANTILES[quantile_type]))
    order = np.argsort(one.raw, kind="stable")
    reached = np.cumsum(one.weights[order]) / one.weights.sum()
    return np.asarray(one.raw[order][np.searchsorted(reached, np.array(SHARES) - 1e-12)])


def remarks(one: Predictor, looked_at: Sequence[Probe]) -> tuple[Problem, ...]:
    """N6117 for probes beyond the data, N6118 for one value named twice, N6120 for categories of few rows."""
    out = []
    name = both(one.label)
    if one.kind == "number":
        beyond = [p.id for p in looked_at if not one.raw.min() - 1e-9 <= p.at <= one.raw.max() + 1e-9]
        out += [Problem("N6117", params={"name": name, "values": beyond})] if beyond else []
        same = len({round(p.at, 9) for p in looked_at}) < len(looked_at)
        out += [Problem("N6118", params={"name": name})] if same else []
        return tuple(out)
    for k, (_, words) in enumerate(one.categories):
        n = int((one.raw == (k if one.kind == "nominal" else np.unique(one.raw)[k])).sum())
        if 0 < n < FEW:
            out.append(Problem("N6120", params={"name": name, "category": both(words), "n": n}))
    return tuple(out)
