"""The result of a model by instrumental variables, and its table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from evalkit.contract import Cell, Drop, Figure, Head, Label, Note, Problem, Row, Table
from evalkit.models.causal.effects import Effect, Test, known_template, tidy_effects
from evalkit.models.linear_table import errors_label
from evalkit.models.matrix import INTERCEPT

# Tests of the equation of y, in the order of the table, with the column their number stands in.
OF_EQUATION = ("sargan", "hansen", "endogeneity")
OF_STAGES = ("effective_f", "cragg_donald")


@dataclass(frozen=True, eq=False)
class InstrumentalResult:
    """Effects by instruments, beside OLS and the first stages, with tests of the instruments.

    Attributes
    ----------
    endogenous, instruments, covariates : tuple of str
        Terms; the constant is the first of the covariates.
    overidentified : bool
        More instruments than endogenous columns.
    """

    outcome: str
    endogenous: tuple[str, ...]
    instruments: tuple[str, ...]
    covariates: tuple[str, ...]
    method: str
    overidentified: bool
    effects: tuple[Effect, ...]
    tests: tuple[Test, ...]
    cov: str
    cluster: str | None
    conf_level: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T22",)

    @property
    def headline(self) -> tuple[Effect, ...]:
        """The effects of the endogenous columns by the method asked for."""
        return tuple(e for e in self.effects if e.model == self.method and e.term in self.endogenous)

    @property
    def weak(self) -> bool:
        """Whether the instruments are weak."""
        return any(p.code == "W6295" for p in self.notices)

    @property
    def robust_set(self) -> tuple[tuple[float, float], ...]:
        """The pieces of Anderson and Rubin's interval; empty for several endogenous columns."""
        return tuple((e.conf_low, e.conf_high) for e in self.effects if e.model == "anderson_rubin")

    def tidy(self) -> pd.DataFrame:
        """Rows a coefficient by model (`2sls`, `liml`, `ols`, `first_stage`), the robust interval, and the tests."""
        return tidy_effects(self.outcome, self.effects, self.tests)

    def glance(self) -> pd.DataFrame:
        """The effect of the (first) endogenous column, and the strength of the instruments."""
        one = self.headline[0]
        names = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
        strength = next(t.statistic for t in self.tests if t.name in OF_STAGES)
        return pd.DataFrame([{n: getattr(one, n) for n in names} | {"f_statistic": strength, "n_obs": self.n_obs}])

    def table(self, template: str = "T22") -> Table:
        """First stages, OLS and the instrumental estimates side by side; the tests below."""
        known_template(template, self.templates)
        columns = self._columns()
        shown = [*self.endogenous, *self.instruments, *self.covariates[1:], INTERCEPT]
        rows = [row for term in shown for row in self._lines(term, columns)]
        heads = [
            Head(Label("causal.iv.stage", name=self.labels[group]) if group else Label(f"causal.iv.{model}"))
            for model, group in columns
        ]
        return Table(
            id="iv",
            template=template,
            title=Label("causal.iv.title", outcome=self.labels[self.outcome]),
            header=((Head("variable"), *heads),),
            rows=(*rows, *self._statistics(columns)),
            notes=tuple(Note("general", note) for note in self._notes()),
        )

    def figure(self) -> Figure:
        """The effects by OLS and by instruments beside one another."""
        models = [m for m, group in self._columns() if group is None]
        found = [e for e in self.effects if e.model in models and e.term in self.endogenous]
        names = ("model", "term", "estimate", "conf_low", "conf_high", "p_value")
        frame = pd.DataFrame([{n: getattr(e, n) for n in names} for e in found])
        return Figure(
            id="iv",
            kind="coefficients",
            title=Label("causal.iv.figure", outcome=self.labels[self.outcome]),
            frame=frame,
            labels=dict(self.labels) | {m: Label(f"causal.iv.{m}") for m in models},
            notes=(Label("causal.note_level", level=f"{100 * self.conf_level:g}"), Label("n", n=self.n_obs)),
        )

    def _columns(self) -> list[tuple[str, str | None]]:
        """(model, endogenous column of a first stage)."""
        more = ["liml"] if self.overidentified or self.method == "liml" else []
        return [*(("first_stage", name) for name in self.endogenous), *((m, None) for m in ("ols", "2sls", *more))]

    def _lines(self, term: str, columns: list[tuple[str, str | None]]) -> tuple[Row, Row]:
        first, second = [Cell(self.labels[term], "label")], [Cell("", "text")]
        for model, group in columns:
            one = next((e for e in self.effects if (e.model, e.group, e.term) == (model, group, term)), None)
            if one is None:
                first.append(Cell(None, "estimate"))
                second.append(Cell("", "text"))
                continue
            key = "/".join(part for part in (model, self.outcome, group or "", term) if part)
            why = "causal.why_bare" if math.isnan(one.std_error) else None
            first.append(Cell(one.estimate, "estimate", p=one.p_value, id=f"{key}#estimate"))
            second.append(Cell(one.std_error, "std_error", wrap="(", id=f"{key}#std_error", reason=why))
        return Row(tuple(first)), Row(tuple(second))

    def _statistics(self, columns: list[tuple[str, str | None]]) -> list[Row]:
        equation = columns.index(("2sls", None))
        lines: list[tuple[Label, dict[int, Cell]]] = []
        stages = {t.group: t for t in self.tests if t.name == "first_stage_f"}
        cells = {
            i: Cell(stages[group].statistic, "f_statistic", p=stages[group].p_value)
            for i, (_, group) in enumerate(columns)
            if group is not None
        }
        lines.append((Label("causal.test.first_stage_f"), cells))
        for test in self.tests:
            why = "causal.why_no_test" if math.isnan(test.statistic) else None
            place = 0 if test.name in OF_STAGES else equation
            if test.name in (*OF_STAGES, *OF_EQUATION):
                cell = Cell(test.statistic, test.kind, id=f"{self.outcome}/test.{test.name}#estimate", reason=why)
                lines.append((Label(f"causal.test.{test.name}"), {place: cell}))
            if test.name in OF_EQUATION:
                lines.append((Label("causal.iv.p_below"), {equation: Cell(test.p_value, "p_value", reason=why)}))
        for i, (low, high) in enumerate(self.robust_set, 1):
            label = Label("causal.iv.robust", level=f"{100 * self.conf_level:g}", n=i)
            missing = math.isnan(low)
            cell = Cell(
                math.nan if missing else (low, high), "interval", reason="causal.iv.why_empty" if missing else None
            )
            lines.append((label, {equation: cell}))
        lines.append((Label("causal.n_rows"), dict.fromkeys(range(len(columns)), Cell(self.n_obs, "n_obs"))))
        blank = Cell("", "text")
        return [
            Row((Cell(label, "label"), *(found.get(i, blank) for i in range(len(columns)))), role="stat")
            for label, found in lines
        ]

    def _notes(self) -> list[Label]:
        notes = [
            Label("causal.iv.assumption"),
            Label("causal.note_errors", errors=errors_label(self.cov, self.labels.get(self.cluster or ""))),
        ]
        return [*notes, Label("causal.iv.note_weak" if self.weak else "causal.iv.note_strength")]
