"""New weights in; what they cost and how near they come to the population out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Drop, Head, Label, Note, Problem, Row, Table, label_of, tidy_frame
from evalkit.sampling.targets import Start, Target

_SIZES_HEAD = ((Head("sampling.of_weights"), Head("statistic")),)


@dataclass(frozen=True)
class Projection:
    """How the variance of an estimate learns that the weights were calibrated.

    Parameters
    ----------
    categorical : tuple of tuple of str
        Variables whose (joint) categories were fixed.
    numeric : tuple of str
        Variables whose totals were fixed.
    weighted : bool
        Residuals from a regression weighted by the starting weights (calibration), or unweighted (raking).
    start : str, optional
        Column of the starting weights.
    """

    categorical: tuple[tuple[str, ...], ...]
    numeric: tuple[str, ...] = ()
    weighted: bool = True
    start: str | None = None


@dataclass(frozen=True, eq=False)
class WeightingResult:
    """Weights of the rows, with their diagnostics.

    `weights` has the row index of the data; nan where a row has no weight (see `dropped`). `margins` has one row a
    target: estimate = weighted total reached, `expected` = target, both also as shares.
    """

    weights: pd.Series
    margins: pd.DataFrame
    method: str
    iterations: int
    converged: bool
    largest_gap: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    projection: Projection | None = None
    templates: ClassVar[tuple[str, ...]] = ("weighting",)

    def tidy(self) -> pd.DataFrame:
        """One row a target: `percent_start`, `percent_target` and `percent` are shares of the total in per cent."""
        return self.margins.copy()

    def glance(self) -> pd.DataFrame:
        """One row: sum, range, Kish's design effect and effective sample size, iterations, largest gap."""
        row = weight_diagnostics(self.weights.dropna().to_numpy())
        row |= {"n_obs": float(self.n_obs), "iterations": float(self.iterations), "largest_gap": self.largest_gap}
        return pd.DataFrame([row])

    def table(self, template: str = "weighting") -> Table:
        """Sample, target and weighted share of each category, with the weights' diagnostics below."""
        kinds = ("percent_start", "percent_target", "percent")
        heads = ("variable", "category", *(f"sampling.{k}" for k in kinds))
        title = Label(f"sampling.title.{self.method}")
        if self.margins.empty:
            return Table("weighting", template, title, _SIZES_HEAD, self._sizes(), self._notes())
        rows, last, community = [], None, None
        for record in self.margins.to_dict("records"):
            name, level, group = record["term"], record["level"], record["group"]
            if group and group == group and group != community:
                rows.append(Row((Cell(self.labels[group], "label"),), role="section"))
                last, community = None, group
            first = self.labels[name] if name != last else ""
            last = name
            second = self.labels.get(f"{name}.{level}", "") if level else ""
            cells = (Cell(first, "label"), Cell(second, "label"), *(Cell(record[k], k) for k in kinds))
            rows.append(Row(cells))
        return Table("weighting", template, title, (tuple(Head(h) for h in heads),), tuple(rows), self._notes())

    def _sizes(self) -> tuple[Row, ...]:
        """The weights' range, for a weighting without targets."""
        found = self.glance().iloc[0]
        kinds = {"weight_sum": "total", "min": "min", "max": "max", "n_effective": "sampling.n_effective"}
        return tuple(Row((Cell(Label(key), "label"), Cell(float(found[k]), k))) for k, key in kinds.items())

    def _notes(self) -> tuple[Note, ...]:
        found = self.glance().iloc[0]
        sizes = {k: float(found[k]) for k in ("n_effective", "deff", "weight_ratio", "largest_gap")}
        steps = Label("sampling.steps", n=self.iterations, gap=sizes["largest_gap"])
        shape = Label(
            "sampling.diagnostics", n=self.n_obs, eff=sizes["n_effective"], deff=sizes["deff"], r=sizes["weight_ratio"]
        )
        return (Note("general", shape), Note("general", steps))


def weight_diagnostics(weights: np.ndarray) -> dict[str, float]:
    """Sum, smallest, largest, CV, Kish's design effect, effective n and largest over smallest weight.

    Notes
    -----
    ``deff = n sum w^2 / (sum w)^2 = 1 + CV^2`` and ``n_eff = n / deff``: Kish (1965), Survey Sampling, p. 427.
    """
    w = np.asarray(weights, dtype=float)
    w = w[w > 0]
    if not len(w):
        return dict.fromkeys(("weight_sum", "min", "max", "cv", "deff", "n_effective", "weight_ratio"), float("nan"))
    deff = len(w) * float(w @ w) / float(w.sum()) ** 2
    return {
        "weight_sum": float(w.sum()),
        "min": float(w.min()),
        "max": float(w.max()),
        "cv": float(w.std() / w.mean()),
        "deff": deff,
        "n_effective": len(w) / deff,
        "weight_ratio": float(w.max() / w.min()),
    }


def weighting_result(
    data: pd.DataFrame,
    start: Start,
    targets: Sequence[Target],
    weights: np.ndarray,
    *,
    method: str,
    iterations: int,
    tolerance: float,
    projection: Projection | None,
) -> WeightingResult:
    """Weights of the rows in use as a result over all rows; W698 if a target is missed by more than `tolerance`."""
    column = np.full(len(data), np.nan)
    column[start.rows] = weights
    gaps = [abs(weights @ t.values - t.total) / max(abs(t.total), float(weights.sum()) * 1e-12) for t in targets]
    gap = float(max(gaps, default=0.0))
    converged = bool(gap <= tolerance)
    notices = () if converged else (Problem("W698", params={"n": iterations, "gap": gap * 100}),)
    labels = {f"{t.name}.{t.level}": t.label for t in targets if t.level is not None}
    labels |= {t.name: _label(data, t.name) for t in targets}
    return WeightingResult(
        pd.Series(column, index=data.index, name="weight"),
        _margins(targets, start.weights, weights),
        method,
        iterations,
        converged,
        gap,
        labels,
        len(start.rows),
        start.dropped,
        notices,
        projection,
    )


def _label(data: pd.DataFrame, name: str) -> Label:
    parts = [label_of(data, part) for part in name.split("*")]
    if len(parts) == 1:
        return parts[0]
    return Label(zh=" × ".join(p.text("zh") for p in parts), en=" × ".join(p.text("en") for p in parts))


def _margins(targets: Sequence[Target], before: np.ndarray, after: np.ndarray) -> pd.DataFrame:
    shares: dict[str, list[float]] = {"percent_start": [], "percent_target": [], "percent": []}
    reached = [float(after @ t.values) for t in targets]
    for t, total in zip(targets, reached, strict=True):
        of_share = t.level is not None
        size = sum(other.total for other in targets if other.name == t.name)
        parts = (float(before @ t.values) / before.sum(), t.total / size if size else np.nan, total / after.sum())
        for name, value in zip(shares, parts, strict=True):
            shares[name].append(100 * value if of_share else np.nan)
    return tidy_frame(
        n_rows=len(targets),
        term=[t.name for t in targets],
        level=[t.level for t in targets],
        estimate=reached,
        n_obs=[float(np.count_nonzero(t.values)) for t in targets],
        expected=[t.total for t in targets],
        **shares,
    )
