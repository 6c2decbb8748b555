"""Variables and domains of a sample in; a column of values in each domain out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Label, Problem, codebook_of, label_of, require_columns
from evalkit.formula import parse_expression
from evalkit.moments import number_matrix
from evalkit.sampling.categories import categories
from evalkit.sampling.choices import Options
from evalkit.sampling.design import Design, DesignArrays, design_arrays, design_of
from evalkit.sampling.weighting import Projection, WeightingResult

_CATEGORICAL = ("nominal", "ordinal")


@dataclass(frozen=True, eq=False)
class Drawn:
    """The sample as drawn: design arrays with the weights in use, and what these were calibrated to."""

    data: pd.DataFrame
    arrays: DesignArrays
    projection: Projection | None


@dataclass(frozen=True, eq=False)
class Cut:
    """One column of values in one domain; `per` is the denominator of a ratio."""

    group: str | None
    term: str
    level: str | None
    values: np.ndarray
    per: np.ndarray
    inside: np.ndarray
    n_missing: int
    probability: float = np.nan


def drawn_sample(
    data: pd.DataFrame, design: Design | None, weighting: WeightingResult | None
) -> tuple[Drawn, tuple[str, ...]]:
    """The sample with the weights in use, and the design's columns.

    Raises
    ------
    AnalysisError
        E690 to E694 for a design that does not hold.
    """
    declared = design_of(data, design) or Design()
    if weighting is None:
        return Drawn(data, design_arrays(data, declared), None), declared.columns
    rest = dataclasses.replace(declared, weights=None)
    arrays = design_arrays(data, rest)
    values = weighting.weights.reindex(data.index).to_numpy(dtype=float)
    complete = arrays.complete & (np.nan_to_num(values) != 0)
    arrays = dataclasses.replace(arrays, weights=np.where(complete, values, 0.0), complete=complete)
    return Drawn(data, arrays, weighting.projection), declared.columns


def domain_rows(
    data: pd.DataFrame, where: str | np.ndarray | None, by: str | None, arrays: DesignArrays
) -> tuple[np.ndarray, tuple[Drop, ...]]:
    """Rows that are estimated about, and why the others are not."""
    dropped = [Drop("sampling.drop_design", int((~arrays.complete).sum()))]
    inside = arrays.complete.copy()
    if where is not None:
        chosen = _chosen(data, where) if isinstance(where, str) else np.asarray(where, dtype=bool)
        dropped.append(Drop("sampling.drop_domain", int((inside & ~chosen).sum())))
        inside &= chosen
    if by is not None:
        require_columns(data, [by])
        known = data[by].notna().to_numpy()
        dropped.append(Drop("sampling.drop_group", int((inside & ~known).sum())))
        inside &= known
    return inside, tuple(d for d in dropped if d.n)


def _chosen(data: pd.DataFrame, where: str) -> np.ndarray:
    condition = parse_expression(where)
    require_columns(data, condition.names)
    return np.asarray(condition.evaluate(lambda name: data[name].to_numpy(), len(data)), dtype=bool)


def cuts_of(
    data: pd.DataFrame, names: list[str], base: np.ndarray, options: Options
) -> tuple[list[Cut], dict[str, Label]]:
    """Every column of values in every domain, with the labels of what they are called."""
    by, denominator = options.by, options.denominator
    labels = {name: label_of(data, name) for name in names}
    groups: list[tuple[str | None, np.ndarray]] = [(None, base)]
    if by is not None:
        found = categories(data, by)
        groups = [(f"{by}.{id}", base & (found.position == i)) for i, id in enumerate(found.ids)]
        groups = [(id, rows) for id, rows in groups if rows.any()]
        labels |= {f"{by}.{id}": label for id, label in zip(found.ids, found.labels, strict=True)}
    per = np.ones(len(data))
    if denominator is not None:
        per = number_matrix(data, [denominator])[:, 0]
        labels |= {f"{n}.{denominator}": Label("sampling.per", name=label_of(data, denominator)) for n in names}
    cuts = []
    for group, rows in groups:
        for name in names:
            for level, values, probability in _columns(data, name, options, labels):
                known = ~np.isnan(values) & ~np.isnan(per)
                part = (np.where(known, values, 0.0), np.where(known, per, 0.0), rows & known)
                cuts.append(Cut(group, name, level, *part, int((rows & ~known).sum()), probability))
    return cuts, labels


def _columns(
    data: pd.DataFrame, name: str, options: Options, labels: dict[str, Label]
) -> list[tuple[str | None, np.ndarray, float]]:
    """The columns of values of one variable: (level, values, probability)."""
    require_columns(data, [name])
    kind = codebook_of(data).variables[name].kind
    if options.statistic == "proportion" or (options.statistic == "total" and kind in _CATEGORICAL):
        found = categories(data, name)
        labels |= {f"{name}.{id}": label for id, label in zip(found.ids, found.labels, strict=True)}
        chosen = np.where((found.position < 0)[:, None], np.nan, found.indicator())
        return [(id, chosen[:, j], np.nan) for j, id in enumerate(found.ids)]
    values = number_matrix(data, [name])[:, 0]
    if kind == "nominal" and not set(values[~np.isnan(values)].tolist()) <= {0.0, 1.0}:
        raise AnalysisError(Problem("E885", params={"name": name, "statistic": options.statistic}))
    if options.statistic != "quantile":
        return [(options.denominator, values, np.nan)]
    out: list[tuple[str | None, np.ndarray, float]] = []
    for p in options.probabilities:
        level = f"p{100 * p:g}"
        labels[f"{name}.{level}"] = Label("sampling.percentile", p=f"{100 * p:g}")
        out.append((level, values, float(p)))
    return out
