"""Design-based estimates, with their three views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from evalkit.contract import Cell, Drop, Head, Label, Note, Problem, Row, Table


@dataclass(frozen=True, eq=False)
class EstimatesResult:
    """Estimates of a population with the errors of the design.

    `statistics` has one row an estimate: group (category of `by`, or a difference of two), term (variable), level
    (category, quantile or denominator), `deff` and `n_missing`.
    """

    statistics: pd.DataFrame
    statistic: str
    labels: Mapping[str, Label]
    by: str | None
    conf_level: float
    design_columns: tuple[str, ...]
    variance: str
    n_units: int
    n_strata: int
    n_obs: int
    weighting: str | None = None
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("estimates",)

    def tidy(self) -> pd.DataFrame:
        """One row an estimate; `df` are those of the interval."""
        return self.statistics.copy()

    def glance(self) -> pd.DataFrame:
        """One row: rows used, first-stage units, strata."""
        row = {"n_obs": self.n_obs, "n_clusters": self.n_units, "n_strata": self.n_strata}
        return pd.DataFrame([{k: float(v) for k, v in row.items()}])

    def table(self, template: str = "estimates") -> Table:
        """Group, variable, category, n, estimate, standard error, interval, design effect; proportions in per cent."""
        kind, factor = ("percent", 100.0) if self.statistic == "proportion" else ("mean", 1.0)
        grouped, leveled = self.by is not None, bool(self.statistics["level"].notna().any())
        interval = Label("confidence_interval", level=f"{100 * self.conf_level:g}")
        shown = Label(f"sampling.statistic.{self.statistic}")
        heads = [Head("sampling.group")] if grouped else []
        heads += [Head("variable"), *([Head("category")] if leveled else []), Head("n_obs")]
        heads += [Head(shown), Head("std_error"), Head(interval), Head("sampling.deff")]
        rows = []
        for record in self.statistics.to_dict("records"):
            first = [self._label(record["group"])] if grouped else []
            level = record["level"]
            first += [self._label(record["term"])]
            first += [self._label(f"{record['term']}.{level}" if level else None)] if leveled else []
            low, high = (factor * record[k] for k in ("conf_low", "conf_high"))
            why = record["reason"]
            cells = (
                *(Cell(label, "label") for label in first),
                Cell(int(record["n_obs"]), "n_obs"),
                Cell(factor * record["estimate"], kind, reason=why),
                Cell(factor * record["std_error"], kind, reason=why),
                Cell((low, high) if low == low else float("nan"), kind, wrap="[", reason=why),
                Cell(record["deff"] if record["deff"] == record["deff"] else None, "deff"),
            )
            rows.append(Row(cells))
        title = Label("sampling.title.estimates", statistic=shown)
        return Table("estimates", template, title, (tuple(heads),), tuple(rows), self._notes())

    def _label(self, name: str | None) -> Label | str:
        return "" if name is None else self.labels[name]

    def _notes(self) -> tuple[Note, ...]:
        used = self.design_columns
        drawn = Label("sampling.design_note", columns=list(used)) if used else Label("sampling.no_design")
        sizes = Label("sampling.units_note", n=self.n_obs, units=self.n_units, strata=self.n_strata)
        weighted = (Note("general", Label(f"sampling.title.{self.weighting}")),) if self.weighting else ()
        computed = Note("general", Label(f"sampling.variance.{self.variance}"))
        return (computed, Note("general", drawn), *weighted, Note("general", sizes))
