"""The result of an analysis by propensity scores, and its tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from evalkit.contract import Cell, Drop, Figure, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.models.causal.balance import STAGES, Balance
from evalkit.models.causal.effects import Effect, Layout, Test, effect_table, known_template, tidy_effects


@dataclass(frozen=True, eq=False)
class PropensityResult:
    """Effects of a treatment by propensity scores, and how alike the arms became.

    Attributes
    ----------
    n_outside : int
        Rows whose score lies beyond all scores of the other arm.
    n_alone : int
        Rows that found no partner within the caliper.
    """

    outcome: str
    treated: str
    method: str
    estimand: str
    effects: tuple[Effect, ...]
    tests: tuple[Test, ...]
    balance: tuple[Balance, ...]
    n_treated: int
    n_outside: int
    n_alone: int
    cluster: str | None
    conf_level: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T22", "T22.balance")

    @property
    def headline(self) -> Effect:
        """The effect by the method asked for."""
        return next(e for e in self.effects if e.model == self.method)

    @property
    def stage(self) -> str:
        """The stage of balance that goes with the method."""
        return "matched" if self.method == "matching" else "weighted"

    def largest_difference(self, stage: str) -> float:
        """The largest absolute standardised difference of a stage; nan where there is none."""
        found = [abs(b.difference) for b in self.balance if b.stage == stage and not math.isnan(b.difference)]
        return max(found, default=math.nan)

    def tidy(self) -> pd.DataFrame:
        """Rows an effect by method, the ends of the scores, the balance (`model` = `balance`, `level` the stage)."""
        balance = tidy_frame(
            n_rows=len(self.balance),
            model="balance",
            outcome=self.outcome,
            term=[b.term for b in self.balance],
            level=[b.stage for b in self.balance],
            estimate=[b.difference for b in self.balance],
            n_obs=self.n_obs,
            mean_treated=[b.mean_treated for b in self.balance],
            mean_control=[b.mean_control for b in self.balance],
            variance_ratio=[b.ratio for b in self.balance],
        )
        return pd.concat([tidy_effects(self.outcome, self.effects, self.tests), balance], ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """The effect by the method asked for."""
        names = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")
        return pd.DataFrame([{n: getattr(self.headline, n) for n in names} | {"n_obs": self.n_obs}])

    def table(self, template: str = "T22") -> Table:
        """Effects by method with the overlap of the scores (`T22`), or the balance (`T22.balance`)."""
        known_template(template, self.templates)
        return self._balance_table() if template == "T22.balance" else self._effect_table()

    def _effect_table(self) -> Table:
        sections = [
            (self.labels["effect"], [e for e in self.effects if e.model != "score"]),
            (Label("causal.section.score"), [e for e in self.effects if e.model == "score"]),
        ]
        counts = {
            Label("causal.n_rows"): self.n_obs,
            Label("causal.n_treated"): self.n_treated,
            Label("causal.n_outside"): self.n_outside,
            Label("causal.n_alone"): self.n_alone,
        }
        notes = [Label("causal.propensity.assumption"), Label("causal.propensity.note_errors")]
        notes.append(Label("causal.note_level", level=f"{100 * self.conf_level:g}"))
        title = Label("causal.propensity.title", outcome=self.labels[self.outcome], treated=self.labels[self.treated])
        return effect_table("propensity", self.outcome, Layout(title, sections, self.tests, counts, notes), self.labels)

    def _balance_table(self) -> Table:
        at = {(b.term, b.stage): b for b in self.balance}
        rows = []
        for term in dict.fromkeys(b.term for b in self.balance):
            before = at[term, "before"]
            cells = [
                Cell(self.labels[term], "label"),
                Cell(before.mean_treated, "mean"),
                Cell(before.mean_control, "mean"),
            ]
            for name, column in (("difference", "estimate"), ("ratio", "variance_ratio")):
                for stage in STAGES:
                    value = getattr(at[term, stage], name)
                    key = f"balance/{self.outcome}/{term}/{stage}#{column}"
                    why = "causal.why_constant" if math.isnan(value) else None
                    cells.append(Cell(value, column, id=key, reason=why))
            rows.append(Row(tuple(cells)))
        stages = [Head(Label(f"causal.stage.{stage}")) for stage in STAGES]
        names = ("causal.mean_treated", "causal.mean_control")
        return Table(
            id="propensity_balance",
            template="T22.balance",
            title=Label("causal.propensity.balance", treated=self.labels[self.treated]),
            header=(
                (
                    Head(""),
                    Head("causal.means", span=2),
                    Head("causal.difference", span=3),
                    Head("causal.ratio", span=3),
                ),
                (Head("variable"), *(Head(name) for name in names), *stages, *stages),
            ),
            rows=tuple(rows),
            notes=(Note("general", Label("causal.propensity.note_balance")),),
        )

    def figure(self) -> Figure:
        """Absolute standardised differences before and after (love plot)."""
        frame = pd.DataFrame(
            {
                "term": [b.term for b in self.balance],
                "stage": [b.stage for b in self.balance],
                "estimate": [abs(b.difference) for b in self.balance],
            }
        )
        return Figure(
            id="propensity",
            kind="balance",
            title=Label("causal.propensity.figure", treated=self.labels[self.treated]),
            frame=frame,
            labels=dict(self.labels) | {stage: Label(f"causal.stage.{stage}") for stage in STAGES},
            notes=(Label("n", n=self.n_obs),),
        )
