"""A set-theoretic comparison: tidy rows, tables S3 and S4, the text that QCA users know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evalkit.cases.configurations.robustness import Range
from evalkit.cases.configurations.sample import Cases
from evalkit.cases.configurations.solutions import Model, Solution
from evalkit.cases.configurations.terms import ANY, Term, within
from evalkit.cases.configurations.truth_table import Cuts, TruthTable
from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame

_NAN = float("nan")
MOST_RADARS = 12
_TEXT = ("model", "outcome", "group", "term", "level", "label")
_COLUMNS = (*_TEXT[:5], "estimate", "n_obs", "pri", "coverage", "unique_coverage", "count", "label")


@dataclass(frozen=True, eq=False)
class QcaResult:
    """The truth table, the three solutions with all tied models, and what each case is to the printed ones.

    Parameters
    ----------
    printed : str
        Kind of the solution in table S4; `types` belong to its models.
    drawn : str
        What `figure` gives: `xy`, `radar`, or what suits the memberships.
    barred : tuple of int
        Rows that no solution may use.
    """

    cases: Cases
    cuts: Cuts
    table_: TruthTable
    solutions: Mapping[str, Solution]
    printed: str
    drawn: str | None
    expectations: Mapping[str, int]
    barred: tuple[int, ...]
    types: tuple[tuple[str, ...], ...]
    ranges: tuple[Range, ...]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("S3", "S4", "cases")

    @property
    def models(self) -> tuple[Model, ...]:
        """Those of the printed solution."""
        return self.solutions[self.printed].models

    def tidy(self) -> pd.DataFrame:
        """Model = `<kind>.<number>`, term = path, `solution` or `row`; estimate = consistency.

        `row`: level = combination, label = 1, 0, C or ?; `case`: level = case, label = type; `range.<cut>`: level =
        low or high.
        """
        rows = [*self._rows(), *self._paths(), *self._cases(), *self._ranges()]
        columns = {n: [row.get(n, None if n in _TEXT else _NAN) for row in rows] for n in _COLUMNS}
        columns["outcome"] = [self.cases.outcome_text] * len(rows)
        return tidy_frame(n_rows=len(rows), **columns)

    def _rows(self) -> Iterator[dict[str, Any]]:
        t = self.table_
        for r in np.flatnonzero(t.n > 0):
            combination = "".join(map(str, t.conditions.corners[r]))
            yield {"term": "row", "level": combination, "estimate": float(t.consistency[r]), "pri": float(t.pri[r]),
                   "n_obs": float(t.n[r]), "label": str(t.out[r])}  # fmt: skip

    def _paths(self) -> Iterator[dict[str, Any]]:
        for kind, solution in self.solutions.items():
            for i, model in enumerate(solution.models, start=1):
                where = {"model": f"{kind}.{i}"}
                for p in model.paths:
                    yield where | {"term": p.text, "estimate": p.consistency, "pri": p.pri, "coverage": p.coverage,
                                   "unique_coverage": p.unique, "count": float(len(p.members))}  # fmt: skip
                yield where | {"term": "solution", "estimate": model.consistency, "pri": model.pri,
                               "coverage": model.coverage, "count": float(len(model.simplifying))}  # fmt: skip

    def _cases(self) -> Iterator[dict[str, Any]]:
        for i, (model, types) in enumerate(zip(self.models, self.types, strict=True), start=1):
            for name, value, kind in zip(self.cases.names, model.membership, types, strict=True):
                yield {
                    "model": f"{self.printed}.{i}",
                    "term": "case",
                    "level": name,
                    "estimate": float(value),
                    "label": kind,
                }

    def _ranges(self) -> Iterator[dict[str, Any]]:
        for found in self.ranges:
            for level, value in (("low", found.low), ("high", found.high)):
                yield {
                    "term": f"range.{found.name}",
                    "level": level,
                    "estimate": _NAN if value is None else float(value),
                }

    def glance(self) -> pd.DataFrame:
        """One row: the first model of the printed solution, how many are tied, share of rows with a case."""
        first = self.models[0] if self.models else None
        row = {
            "estimate": first.consistency if first else _NAN,
            "pri": first.pri if first else _NAN,
            "coverage": first.coverage if first else _NAN,
            "count": float(len(self.models)),
            "share": 100 * self.table_.diversity,
            "n_obs": float(self.n_obs),
        }
        return pd.DataFrame([row])

    def table(self, template: str = "S4") -> Table:
        """`S3`: truth table; `S4`: configurations as a chart; `cases`: what each case is to the first model."""
        from evalkit.cases.configurations.tables import cases_table, chart_table, rows_table

        return {"S3": rows_table, "S4": chart_table, "cases": cases_table}[template](self)

    def text(self, kind: str | None = None) -> str:
        """A solution as users of QCA know it: models, then consistency, PRI and coverages of each term with cases."""
        from evalkit.cases.configurations.text import solution_text

        return solution_text(self, kind or self.printed)

    def roles(self) -> pd.DataFrame:
        """Each case in each path of the printed models, with its type (`roles_frame`)."""
        from evalkit.cases.configurations.roles import roles_frame

        return roles_frame(self)

    def figure(self) -> Figure | None:
        """The first model: membership in it against membership in the outcome, or its paths as radars."""
        if not self.models:
            return None
        if self.drawn is None:
            return self._radar() if self._crisp and len(self.models[0].paths) <= MOST_RADARS else self._xy()
        return self._radar() if self.drawn == "radar" else self._xy()

    @property
    def _crisp(self) -> bool:
        """Whether all memberships are 0 or 1, so that a plot of them shows corners only."""
        of = self.cases.conditions
        return max(of.levels) == 2 and bool(
            np.isin(of.values, (0, 1)).all() and np.isin(self.cases.outcome, (0, 1)).all()
        )

    def core(self, term: Term, j: int) -> bool:
        """Whether condition `j` of a path stands in the parsimonious solution too (Ragin & Fiss 2008)."""
        shorter = (p.term for m in self.solutions["parsimonious"].models for p in m.paths)
        return term[j] != ANY and any(s[j] == term[j] and within(term, s) for s in shorter)

    def _radar(self) -> Figure:
        names = self.cases.conditions.names
        rows = [
            {"path": str(i), "condition": names[j], "estimate": 0.5 if v == ANY else float(v),
             "core": float(self.core(path.term, j))}
            for i, path in enumerate(self.models[0].paths, start=1)
            for j, v in enumerate(path.term)
        ]  # fmt: skip
        kind = Label(f"qca.kind.{self.printed}")
        labels = {name: self.cases.labels[name] for name in names}
        for i, path in enumerate(self.models[0].paths, start=1):
            labels[str(i)] = Label("qca.path", n=i, text=path.text)
        title = Label("qca.title_radar", outcome=self.outcome_label, kind=kind)
        return Figure("qca", "radar", title, pd.DataFrame(rows), labels)

    def _xy(self) -> Figure:
        frame = pd.DataFrame(
            {"case": self.cases.names, "x": self.models[0].membership, "y": self.cases.outcome, "kind": self.types[0]}
        )
        labels = {name: Label(zh=name, en=name) for name in self.cases.names}
        labels |= {kind: Label(f"qca.type.{kind}") for kind in dict.fromkeys(self.types[0])}
        labels |= {"x": Label("qca.in_solution"), "y": self.outcome_label}
        first = self.models[0]
        note = Label("qca.note_fit", consistency=f"{first.consistency:.3f}", coverage=f"{first.coverage:.3f}")
        return Figure("qca", "xy_plot", Label("qca.title_xy"), frame, labels, (note,))

    @property
    def outcome_label(self) -> Label:
        """The outcome, or its absence where that was explained."""
        name = self.cases.labels[self.cases.outcome_name]
        return Label("qca.absent", name=name) if self.cases.negated else Label("qca.present", name=name)
