"""The result of an interrupted time series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table
from evalkit.models.causal.effects import Effect, Layout, Test, effect_table, known_template, tidy_effects


@dataclass(frozen=True, eq=False)
class InterruptedResult:
    """Changes of a series at its interruption.

    Attributes
    ----------
    series : DataFrame
        A row a series and time: `time`, `series` (1 the interrupted, 0 the control), `observed`, `fitted` and
        `without` (what the model expects had nothing happened; nan before the interruption and for the control).
    averaged : bool
        Whether several rows of one time were averaged.
    """

    outcome: str
    time: str
    start: float
    treated: str | None
    effects: tuple[Effect, ...]
    tests: tuple[Test, ...]
    series: pd.DataFrame
    lags: int
    averaged: bool
    conf_level: float
    labels: Mapping[str, Label]
    n_before: int
    n_after: int
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T22",)

    def found(self, term: str) -> Effect:
        """The estimate of a term."""
        return next(e for e in self.effects if e.term == term)

    def tidy(self) -> pd.DataFrame:
        """Rows an estimate (`model`: `effect`, or `model` for the rest), then the tests of autocorrelation."""
        return tidy_effects(self.outcome, self.effects, self.tests)

    def glance(self) -> pd.DataFrame:
        """The average effect after the interruption."""
        one = self.found("effect.mean")
        names = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
        return pd.DataFrame([{n: getattr(one, n) for n in names} | {"n_obs": self.n_obs}])

    def table(self, template: str = "T22") -> Table:
        """Changes, the other coefficients, autocorrelation."""
        known_template(template, self.templates)
        sections = [
            (Label(f"causal.section.{name}"), [e for e in self.effects if e.model == model])
            for name, model in (("changes", "effect"), ("coefficients", "model"))
        ]
        counts = {
            Label("causal.n_rows"): self.n_obs,
            Label("causal.series.before"): self.n_before,
            Label("causal.series.after"): self.n_after,
        }
        notes = [
            Label(f"causal.series.assumption_{'control' if self.treated else 'alone'}"),
            Label("causal.series.note_errors", n=self.lags),
        ]
        if self.averaged:
            notes.append(Label("causal.series.note_averaged"))
        notes.append(Label("causal.note_level", level=f"{100 * self.conf_level:g}"))
        title = Label("causal.series.title", outcome=self.labels[self.outcome], start=f"{self.start:g}")
        layout = Layout(title, sections, self.tests, counts, notes)
        return effect_table("interrupted_series", self.outcome, layout, self.labels)

    def figure(self) -> Figure:
        """The series, the model, and what it expects without the interruption."""
        return Figure(
            id="interrupted_series",
            kind="interrupted_series",
            title=Label("causal.series.figure", outcome=self.labels[self.outcome]),
            frame=self.series.assign(start=self.start),
            labels={
                "outcome": self.labels[self.outcome],
                "time": self.labels[self.time],
                "1": Label("causal.series.interrupted"),
                "0": Label("causal.series.control"),
            },
            notes=(Label("n", n=self.n_obs),),
        )
