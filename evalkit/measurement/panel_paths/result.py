"""The result of a mediation across waves: effects, tests of stationarity, and the model behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import (
    GLOSSARY,
    AnalysisError,
    Cell,
    Drop,
    Figure,
    Head,
    Label,
    Note,
    Problem,
    Row,
    Table,
    tidy_frame,
)
from evalkit.measurement.latent_paths.effects import BOOTSTRAP, COLUMNS
from evalkit.measurement.structural.result import StructuralResult


@dataclass(frozen=True, eq=False)
class LongitudinalMediationResult:
    """Effects of x on a later y by way of m.

    Attributes
    ----------
    columns : mapping
        `x`, `m`, `y` -> columns in the order of the waves.
    model : str
        `cross_lagged` or `random_intercepts`.
    stationary : bool
        Whether paths were held the same in both lags.
    effects, tests : DataFrame
        Rows of `tidy()`; no tests of two waves.
    structural : StructuralResult
        The fitted model without the definitions.
    """

    columns: Mapping[str, tuple[str, ...]]
    model: str
    stationary: bool
    effects: pd.DataFrame
    tests: pd.DataFrame
    structural: StructuralResult
    covariates: tuple[str, ...]
    ci: tuple[str, ...]
    conf_level: float
    resamples: int
    n_failed: int
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """Effects (`T14`), tests of stationarity, paths (`T16`), fit (`T8`)."""
        return ("T14", *(("stationarity",) if len(self.tests) else ()), "T16", "T8")

    def tidy(self) -> pd.DataFrame:
        """Effects (`total`, `direct`, `indirect.m`), tests (`stationary.a`, ..., `stationary.all`), then the model."""
        parts = [self.effects, self.tests, self.structural.tidy()]
        rows = [row for part in parts for row in part.to_dict("records")]
        columns = list(dict.fromkeys(str(c) for part in parts for c in part.columns))
        empty = {c: None if GLOSSARY[c] == "text" else np.nan for c in columns}
        return tidy_frame(len(rows), **{c: [row.get(c, empty[c]) for row in rows] for c in columns})

    def glance(self) -> pd.DataFrame:
        """One row of fit measures, with the resamples."""
        return self.structural.glance().assign(resamples=self.resamples, n_failed=self.n_failed)

    def table(self, template: str | None = None) -> Table:
        """One of `templates`; by default the effects."""
        name = template or "T14"
        if name not in self.templates:
            raise AnalysisError(Problem("E652", params={"name": name, "known": list(self.templates)}))
        made = {"T14": self._effect_table, "stationarity": self._test_table}
        return made[name]() if name in made else self.structural.table(name)

    def figure(self) -> Figure:
        """The paths from wave to wave with standardised coefficients; covariates are not drawn."""
        nodes = {name for columns in self.columns.values() for name in columns}
        nodes |= {f"within_{role}_{t}" for role, columns in self.columns.items() for t in range(1, len(columns) + 1)}
        found = self.structural.estimates
        shape = "factor" if self.model == "random_intercepts" else "item"
        edges = [
            {"from": r.rhs, "to": r.lhs, "estimate": r.beta, "p_value": r.p_value, "role": "path"}
            for r in found[found["op"] == "~"].itertuples()
            if {r.lhs, r.rhs} <= nodes
        ]
        frame = pd.DataFrame(edges).assign(from_shape=shape, to_shape=shape)
        notes = (Label("panel.figure_note", n=self.n_obs),)
        return Figure("longitudinal_mediation", "structural", self._title("figure"), frame, dict(self.labels), notes)

    def _title(self, kind: str) -> Label:
        return Label(f"panel.{kind}", x=self.labels["x"], y=self.labels["y"])

    def _effect_table(self) -> Table:
        level = f"{100 * self.conf_level:g}"
        heads = [Head("mediation.effect_kind"), Head("mediation.effect"), Head("std_error")]
        heads += [Head(Label(f"latent.interval_{method}", level=level)) for method in self.ci]
        heads.append(Head("latent.standardised"))
        rows = []
        for row in self.effects.to_dict("records"):
            why = "latent.why_not_arrived" if np.isnan(row["estimate"]) else "mediation.why_no_interval"
            kind = Label(f"panel.effect_{row['term'].partition('.')[0]}", x=self.labels["x"], m=self.labels["m"])
            cells = [
                Cell(row[name], cell, id=f"{row['term']}#{name}", reason=why if np.isnan(row[name]) else None)
                for name, cell in (("estimate", "estimate"), ("std_error", "std_error"))
            ]
            for method in self.ci:
                ends = tuple(float(row[end]) for end in COLUMNS[method])
                lost = bool(np.isnan(ends).any())
                cells.append(Cell(np.nan, "interval", reason=why) if lost else Cell(ends, "interval", wrap="["))
            value = row["completely_standardised"]
            cells.append(Cell(value, "completely_standardised", reason=why if np.isnan(value) else None))
            rows.append(Row((Cell(kind, "label"), *cells)))
        notes = [Note("general", text) for text in self._notes()]
        title = self._title("title")
        return Table("longitudinal_mediation", "T14", title, (tuple(heads),), tuple(rows), tuple(notes))

    def _notes(self) -> list[Label | str]:
        texts: list[Label | str] = [f"panel.note_{self.model}"]
        if len(self.columns["x"]) == 2:
            texts.append("panel.note_two_waves")
        if self.stationary:
            texts.append("panel.note_stationary")
        if any(method in BOOTSTRAP for method in self.ci):
            texts.append(Label("latent.note_bootstrap", n=self.resamples))
        if "monte_carlo" in self.ci:
            texts.append("latent.note_monte_carlo")
        if self.covariates:
            parts = [self.labels[name] for name in self.covariates]
            names = Label(zh="、".join(p.text("zh") for p in parts), en=", ".join(p.text("en") for p in parts))
            texts.append(Label("mediation.note_covariates", names=names))
        return [*texts, Label(f"structural.missing_{self.structural.missing}"), Label("n", n=self.n_obs)]

    def _test_table(self) -> Table:
        heads = (Head("panel.held"), Head("panel.difference"), Head("df"), Head("p_value"))
        rows = []
        for row in self.tests.to_dict("records"):
            why = "panel.why_no_test" if np.isnan(row["statistic"]) else None
            name = Label(f"panel.{row['term'].replace('.', '_')}")
            cells = [
                Cell(row[column], kind, id=f"{row['term']}#{column}", reason=why)
                for column, kind in (("statistic", "chi2"), ("df", "df"), ("p_value", "p_value"))
            ]
            rows.append(Row((Cell(name, "label"), *cells)))
        notes = (Note("general", "panel.note_tests"), Note("general", Label("n", n=self.n_obs)))
        title = self._title("title_tests")
        return Table("longitudinal_mediation.stationarity", "stationarity", title, (heads,), tuple(rows), notes)
