"""Memberships with how they were made: tidy rows, table S1, the curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.cases.calibrating.rules import Rule
from evalkit.contract import Cell, Drop, Figure, Head, Label, Note, Problem, Row, Table, tidy_frame


@dataclass(frozen=True, eq=False)
class Made:
    """One set: its rule, the measures, the memberships, and the chance of each case to cross 0.5."""

    rule: Rule
    measure: np.ndarray
    membership: np.ndarray
    crossing: np.ndarray


@dataclass(frozen=True, eq=False)
class CalibrationResult:
    """Sets made of measures; `data` are the cases with the memberships as columns."""

    data: pd.DataFrame
    cases: tuple[str, ...]
    sets: tuple[Made, ...]
    likely: float
    labels: Mapping[str, Label]
    n_obs: int
    round_note: Label | None = None
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("S1", "memberships")

    @property
    def expectations(self) -> dict[str, str]:
        """Expectations as they stand in the calibration, for `qca`."""
        return {m.rule.name: m.rule.expectation for m in self.sets if m.rule.expectation}

    def tidy(self) -> pd.DataFrame:
        """Term = set, level = case; estimate = membership, p_value = chance to cross 0.5."""
        rows = [
            (m.rule.name, case, float(u), float(x), float(p))
            for m in self.sets
            for case, u, x, p in zip(self.cases, m.membership, m.measure, m.crossing, strict=True)
        ]
        term, level, estimate, raw, crossing = zip(*rows, strict=True) if rows else ((),) * 5
        return tidy_frame(
            n_rows=len(rows), term=term, level=level, estimate=estimate, observed=raw, p_value=crossing,
            n_obs=float(self.n_obs),
        )  # fmt: skip

    def glance(self) -> pd.DataFrame:
        """One row: sets, and memberships at a chance of crossing that is worth naming."""
        close = sum(int((m.crossing >= self.likely).sum()) for m in self.sets)
        return pd.DataFrame([{"count": float(len(self.sets)), "n_failed": float(close), "n_obs": float(self.n_obs)}])

    def table(self, template: str = "S1") -> Table:
        """S1: set, type, anchors, why; `memberships`: case by set."""
        return self._memberships() if template == "memberships" else self._anchors()

    def _anchors(self) -> Table:
        heads = tuple(Head(f"calibration.{h}") for h in ("set", "type", "full", "crossover", "out", "why"))
        rows = []
        for m in self.sets:
            r = m.rule
            cuts = ", ".join(f"{c:g}" for c in r.cuts)
            full, middle, out = (
                (f"{r.full:g}", f"{r.crossover:g}", f"{r.out:g}") if r.type in ("direct", "linear") else ("", cuts, "")
            )
            kind = Label(f"calibration.type.{r.type}")
            cells = (Cell(self._name(r), "label"), Cell(kind, "text"), *(Cell(t, "text") for t in (full, middle, out)))
            rows.append(Row((*cells, Cell(r.rationale, "text"))))
        idm = sorted({m.rule.idm for m in self.sets if m.rule.type == "direct"})
        notes = [Note("general", Label("calibration.note_idm", idm=", ".join(f"{v:g}" for v in idm)))] if idm else []
        if any(m.rule.origin.coded for m in self.sets):
            notes.append(Note("general", "quantify.note_below"))
        if self.round_note:
            notes.append(Note("general", self.round_note))
        return Table("calibration", "S1", Label("calibration.title"), (heads,), tuple(rows), tuple(notes))

    def _name(self, rule: Rule) -> Label:
        source = self.labels[rule.source]
        return Label("calibration.name", name=rule.name, source=source) if rule.source != rule.name else source

    def _memberships(self) -> Table:
        heads = (Head("calibration.case"), *(Head(Label(zh=m.rule.name, en=m.rule.name)) for m in self.sets))
        rows = tuple(
            Row(
                (
                    Cell(case, "label"),
                    *(
                        Cell(float(m.membership[i]), "membership", bold=bool(m.crossing[i] >= self.likely),
                             reason="calibration.reason_missing")
                        for m in self.sets
                    ),
                )
            )
            for i, case in enumerate(self.cases)
        )  # fmt: skip
        any_error = any(np.isfinite(m.crossing).any() for m in self.sets)
        share = f"{100 * self.likely:g}"
        notes = (Note("general", Label("calibration.note_crossing", share=share)),) if any_error else ()
        return Table("calibration.cases", "memberships", Label("calibration.title_cases"), (heads,), rows, notes)

    def figure(self) -> Figure | None:
        """Membership over the measure, one panel a set, with the cases."""
        parts = [
            pd.DataFrame({"set": m.rule.name, "x": m.measure, "y": m.membership, "middle": m.rule.middle})
            for m in self.sets
            if m.rule.type != "as_is"
        ]
        drawn = pd.concat(parts).dropna(subset=["x", "y"]) if parts else pd.DataFrame()
        if not len(drawn):
            return None
        labels = {m.rule.name: self._name(m.rule) for m in self.sets}
        return Figure("calibration", "calibration", Label("calibration.figure"), drawn, labels)
