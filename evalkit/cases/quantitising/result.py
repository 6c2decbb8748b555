"""Numbers made of codings: tidy rows, the table case by code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.cases.quantitising.measures import Measured
from evalkit.contract import Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame

_MOST = 15
"""Columns of cases or codes that a page bears."""
_KINDS = {"presence": "count", "count": "count", "per_10000": "mean"}


@dataclass(frozen=True)
class Quantified:
    """One code: id, column of the data, name, depth in the tree, its number for every case."""

    code: str
    column: str
    label: Label
    depth: int
    measured: Measured


@dataclass(frozen=True, eq=False)
class QuantitiseResult:
    """Codings as numbers; `data` has one row a case and one column a code; `n_obs` counts cases with sources."""

    data: pd.DataFrame
    cases: tuple[str, ...]
    case_labels: Mapping[str, str]
    codes: tuple[Quantified, ...]
    rule: str
    round_note: Label | None
    n_sources: np.ndarray
    n_chars: np.ndarray
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("quantities",)

    @property
    def labels(self) -> dict[str, Label]:
        return {one.column: one.label for one in self.codes}

    def tidy(self) -> pd.DataFrame:
        """Term = code, level = case; estimate = the number, count over n_obs what it was made of."""
        rows = [
            (one.column, case, *numbers)
            for one in self.codes
            for case, *numbers in zip(
                self.cases, one.measured.values, one.measured.count, one.measured.base, strict=True
            )
        ]
        term, level, estimate, count, base = zip(*rows, strict=True) if rows else ((),) * 5
        return tidy_frame(n_rows=len(rows), term=term, level=level, estimate=estimate, count=count, n_obs=base)

    def glance(self) -> pd.DataFrame:
        """One row: codes, and cases with sources."""
        return pd.DataFrame([{"count": float(len(self.codes)), "n_obs": float(self.n_obs)}])

    def table(self, template: str = "quantities") -> Table:
        """Code by case; case by code where there are more than 15 cases; else mean and range of each code."""
        if len(self.cases) <= _MOST:
            header, rows = self._by_code()
        elif len(self.codes) <= _MOST:
            header, rows = self._by_case()
        else:
            header, rows = self._spread()
        return Table("quantities", template, Label("quantify.title"), (header,), rows, self._notes())

    def _cell(self, value: float) -> Cell:
        kind = _KINDS.get(self.rule, "percent")
        return Cell(100 * float(value) if kind == "percent" else float(value), kind, reason="quantify.reason_none")

    def _case(self, case: str) -> Label:
        text = self.case_labels.get(case, case)
        return Label(zh=text, en=text)

    def _by_code(self) -> tuple[tuple[Head, ...], tuple[Row, ...]]:
        header = (Head("quantify.code"), *(Head(self._case(case)) for case in self.cases))
        rows = [
            Row((Cell(one.label, "label"), *(self._cell(v) for v in one.measured.values)), indent=one.depth)
            for one in self.codes
        ]
        sizes = (Cell(Label("quantify.n_sources"), "label"), *(Cell(float(n), "count") for n in self.n_sources))
        return header, (*rows, Row(sizes, role="stat"))

    def _by_case(self) -> tuple[tuple[Head, ...], tuple[Row, ...]]:
        header = (Head("quantify.case"), *(Head(one.label) for one in self.codes), Head("quantify.n_sources"))
        rows = tuple(
            Row(
                (
                    Cell(self._case(case), "label"),
                    *(self._cell(one.measured.values[i]) for one in self.codes),
                    Cell(float(self.n_sources[i]), "count"),
                )
            )
            for i, case in enumerate(self.cases)
        )
        return header, rows

    def _spread(self) -> tuple[tuple[Head, ...], tuple[Row, ...]]:
        header = tuple(Head(f"quantify.{name}") for name in ("code", "cases_with", "mean", "least", "most"))
        rows = []
        for one in self.codes:
            known = one.measured.values[~np.isnan(one.measured.values)]
            parts: Sequence[float] = (known.mean(), known.min(), known.max()) if len(known) else (np.nan,) * 3
            numbers = [self._mean(p) for p in parts]
            rows.append(
                Row((Cell(one.label, "label"), Cell(float((known > 0).sum()), "count"), *numbers), indent=one.depth)
            )
        return header, tuple(rows)

    def _mean(self, value: float) -> Cell:
        cell = self._cell(value)
        return cell if cell.kind == "percent" else Cell(cell.value, "mean", reason=cell.reason)

    def _notes(self) -> tuple[Note, ...]:
        found = [Note("general", Label(f"quantify.note.{self.rule}")), Note("general", "quantify.note_below")]
        if self.round_note:
            found.append(Note("general", self.round_note))
        if (self.n_sources == 0).any():
            found.append(Note("general", "quantify.note_none"))
        return tuple(found)
