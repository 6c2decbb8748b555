"""Columns in; counts of categories, summaries of numbers and stacked bars of items out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import Figure, Label, codebook_of, label_of
from evalkit.descriptive.levels import coded, missing_counts
from evalkit.moments import moments, number_matrix

if TYPE_CHECKING:
    from evalkit.descriptive.population import PopulationFit


@dataclass(frozen=True)
class Share:
    """One category of a variable; `percent` of all rows, `percent_valid` of those who answered."""

    id: str
    code: float | str
    label: Label
    count: int
    percent: float
    percent_valid: float


@dataclass(frozen=True)
class Frequencies:
    """One categorical variable; `mean` is that of an item's scale points, else nan; `fit` holds the population."""

    name: str
    label: Label
    kind: str
    shares: tuple[Share, ...]
    missing: tuple[tuple[str, int], ...]
    n_rows: int
    mean: float
    fit: PopulationFit | None = None

    @property
    def n_valid(self) -> int:
        return sum(s.count for s in self.shares)


@dataclass(frozen=True)
class NumberSummary:
    """One numeric variable in a sample profile."""

    name: str
    label: Label
    n_valid: int
    n_rows: int
    missing: tuple[tuple[str, int], ...]
    mean: float
    sd: float
    low: float
    high: float


def frequencies(data: pd.DataFrame, name: str) -> Frequencies:
    """Counts of one categorical column, every category of the codebook included."""
    column = coded(data, name)
    counts = np.bincount(column.position[column.position >= 0], minlength=len(column.levels))
    valid, rows = int(counts.sum()), len(data)
    shares = tuple(
        Share(level.id, level.code, level.label, int(k), percent(k, rows), percent(k, valid))
        for level, k in zip(column.levels, counts, strict=True)
    )
    points = [s.code for s in shares]
    kind = codebook_of(data).variables[name].kind
    mean = float("nan")
    if kind == "item" and valid and not any(isinstance(p, str) for p in points):
        mean = float(np.dot(counts, np.array(points, dtype=float)) / valid)
    return Frequencies(name, column.label, kind, shares, missing_counts(data, name), rows, mean)


def likert_figure(items: Sequence[Frequencies], title: Label) -> Figure:
    """Stacked bars of the items that share the commonest answer scale; a note counts the others."""
    scales = [tuple((s.id, s.label) for s in f.shares) for f in items]
    common = max(dict.fromkeys(scales), key=scales.count)
    left = len(items) - scales.count(common)
    notes = (Label("descriptive.items.left", n=left),) if left else ()
    items = [f for f, scale in zip(items, scales, strict=True) if scale == common]
    rows = [
        {"item": f.name, "code": s.code, "percent": s.percent_valid, "n_obs": f.n_valid, "mean": f.mean}
        for f in items
        for s in f.shares
    ]
    labels: dict[str, Label] = {f.name: f.label for f in items}
    labels |= dict(common)
    return Figure("likert", "likert", title, pd.DataFrame(rows), labels, notes)


def number_summary(data: pd.DataFrame, name: str) -> NumberSummary:
    """n, mean, SD and range of one numeric column."""
    x = number_matrix(data, [name])[:, 0]
    seen = x[~np.isnan(x)]
    m = moments(seen[:, None])
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (float("nan"), float("nan"))
    mean, sd = float(m.mean[0]), float(m.sd()[0])
    return NumberSummary(name, label_of(data, name), len(seen), len(x), missing_counts(data, name), mean, sd, low, high)


def percent(part: int, whole: int) -> float:
    """`part` as per cent of `whole`; nan of nothing."""
    return 100 * int(part) / whole if whole else float("nan")
