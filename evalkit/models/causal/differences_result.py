"""The result of a difference in differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table
from evalkit.models.causal.effects import Effect, Layout, Test, effect_table, known_template, tidy_effects
from evalkit.models.linear_table import errors_label

SECTIONS = ("means", "two_way", "average", "event_study", "group_time")


@dataclass(frozen=True, eq=False)
class DifferencesResult:
    """Effects of a treatment by differences of changes, estimator by estimator.

    Attributes
    ----------
    comparison : str or None
        Who cohorts were compared with; None where there are no units and so no effects of cohorts.
    n_units : int
        0 without units.
    n_treated : int
        Units (without units: rows) that are ever treated.
    """

    outcome: str
    treated: str
    effects: tuple[Effect, ...]
    tests: tuple[Test, ...]
    staggered: bool
    comparison: str | None
    cov: str
    cluster: str | None
    conf_level: float
    labels: Mapping[str, Label]
    n_units: int
    n_treated: int
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T22",)

    @property
    def headline(self) -> Effect:
        """The effect to report: of the two-way regression, or averaged over cohorts where treatment is staggered."""
        model = "average" if self.staggered else "two_way"
        return next(e for e in self.effects if (e.model, e.term) == (model, "effect"))

    def tidy(self) -> pd.DataFrame:
        """Rows an estimate (`model` the estimator), then the diagnostics (`test.pretrend`, `test.negative_weight`)."""
        return tidy_effects(self.outcome, self.effects, self.tests)

    def glance(self) -> pd.DataFrame:
        """The headline in one row; `f_statistic` is nan for staggered treatment, whose test of trends is a chi2."""
        one = self.headline
        names = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
        return pd.DataFrame([{name: getattr(one, name) for name in names} | {"n_obs": self.n_obs}])

    def table(self, template: str = "T22") -> Table:
        """Cell means, the effect, effects by time since the start, effects of cohorts, tests."""
        known_template(template, self.templates)
        sections = [
            (Label(f"causal.section.{model}"), [e for e in self.effects if e.model == model])
            for model in SECTIONS
            if self.staggered or model != "group_time"  # one cohort: its event study says the same
        ]
        counts = {Label("causal.n_rows"): self.n_obs}
        if self.n_units:
            counts |= {Label("causal.n_units"): self.n_units, Label("causal.n_treated_units"): self.n_treated}
        notes = [
            Label("causal.did.assumption"),
            Label("causal.note_errors", errors=errors_label(self.cov, self.labels.get(self.cluster or ""))),
        ]
        if self.comparison is not None:
            notes.append(Label(f"causal.did.note_{self.comparison}"))
        notes.append(Label("causal.note_level", level=f"{100 * self.conf_level:g}"))
        title = Label("causal.did.title", outcome=self.labels[self.outcome], treated=self.labels[self.treated])
        return effect_table("did", self.outcome, Layout(title, sections, self.tests, counts, notes), self.labels)

    def figure(self) -> Figure:
        """Effects by time since the start of treatment; the period before it is the reference, 0."""
        found = [e for e in self.effects if e.model == "event_study"]
        rows = [(float(e.term.removeprefix("event.")), e.estimate, e.conf_low, e.conf_high) for e in found]
        frame = pd.DataFrame([*rows, (-1.0, 0.0, 0.0, 0.0)], columns=["time", "estimate", "conf_low", "conf_high"])
        return Figure(
            id="did",
            kind="event_study",
            title=Label("causal.did.figure", outcome=self.labels[self.outcome]),
            frame=frame.sort_values("time", ignore_index=True),
            labels=dict(self.labels),
            notes=(Label("causal.note_level", level=f"{100 * self.conf_level:g}"), Label("n", n=self.n_obs)),
        )
