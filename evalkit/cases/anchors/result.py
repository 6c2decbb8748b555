"""Ranges of anchors and cut-offs, the fit of what all solutions share, and what cases are to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evalkit.cases.configurations import QcaResult
from evalkit.cases.configurations.robustness import RobustnessFit
from evalkit.contract import Cell, Drop, Figure, Head, Label, Note, Problem, Row, Table, tidy_frame

_NAN = float("nan")
_TEXT = ("outcome", "term", "level", "label")
FITS = ("core_consistency", "core_coverage", "consistency", "coverage", "smallest", "largest")
ROLES = ("robust", "shaky", "possible", "outside")
CUT_OFFS = ("consistency", "frequency")


@dataclass(frozen=True)
class Reach:
    """How far one number can move without a change of the models.

    Parameters
    ----------
    name : str
        A set, or `consistency` or `frequency`.
    anchor : str
        `e`, `c`, `i`, `cut`; empty for a cut-off.
    low, high : float or None
        Last values at which the models stay; None where no bound was found.
    open_low, open_high : bool
        Nothing changed as far as was tried.
    """

    name: str
    anchor: str
    value: float
    low: float | None
    high: float | None
    open_low: bool = False
    open_high: bool = False

    @property
    def term(self) -> str:
        return f"{self.name}.{self.anchor}" if self.anchor else self.name


@dataclass(frozen=True, eq=False)
class QcaRobustnessResult:
    """A solution under moved anchors and cut-offs.

    Parameters
    ----------
    found : QcaResult
        The solution as reported.
    alternatives : tuple of ndarray, shape (n,)
        Memberships in the solutions just outside the ranges.
    n_without : int
        Places just outside a range where there is no solution; they enter no fit.
    fit : RobustnessFit or None
        None where no alternative differs.
    """

    found: QcaResult
    reaches: tuple[Reach, ...]
    alternatives: tuple[np.ndarray, ...]
    n_without: int
    fit: RobustnessFit | None
    steps: int
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("ranges", "fit", "cases")

    @property
    def roles(self) -> tuple[str, ...]:
        """Of each case: in every solution, in the reported one only now and then, in an alternative only, in none."""
        own = self.found.models[0].membership > 0.5
        inside = np.array([m > 0.5 for m in self.alternatives]).reshape(-1, len(own))
        every, some = inside.all(axis=0), inside.any(axis=0)
        places = np.where(own, np.where(every, 0, 1), np.where(some, 2, 3))
        return tuple(ROLES[k] for k in places)

    def ratio(self, typical: bool) -> float:
        """Robust among all cases that some solution holds: typical (in the outcome) or deviant ones."""
        side = (self.found.cases.outcome > 0.5) == typical
        held = sum(bool(s) and r != "outside" for s, r in zip(side, self.roles, strict=True))
        sure = sum(bool(s) and r == "robust" for s, r in zip(side, self.roles, strict=True))
        return sure / held if held else _NAN

    def tidy(self) -> pd.DataFrame:
        """Term = `<set>.<anchor>` or the cut-off, level = `low` or `high`, estimate = the bound (nan: none found).

        `fit.<name>` and `ratio.typical`, `ratio.deviant`: robustness; `case`: level = case, label = its role.
        """
        rows = [*self._reaches(), *self._fit(), *self._cases()]
        columns: dict[str, Any] = {
            n: [row.get(n, None if n in _TEXT else _NAN) for row in rows]
            for n in ("term", "level", "estimate", "label")
        }
        outcome = [self.found.cases.outcome_text] * len(rows)
        return tidy_frame(n_rows=len(rows), outcome=outcome, n_obs=float(self.n_obs), **columns)

    def _reaches(self) -> Iterator[dict[str, Any]]:
        for r in self.reaches:
            for level, value, unbound in (("low", r.low, r.open_low), ("high", r.high, r.open_high)):
                yield {"term": r.term, "level": level, "estimate": _NAN if unbound or value is None else float(value)}

    def _fit(self) -> Iterator[dict[str, Any]]:
        for name in FITS:
            yield {"term": f"fit.{name}", "estimate": _NAN if self.fit is None else getattr(self.fit, name)}
        for name, typical in (("typical", True), ("deviant", False)):
            yield {"term": f"ratio.{name}", "estimate": self.ratio(typical)}

    def _cases(self) -> Iterator[dict[str, Any]]:
        for name, value, role in zip(self.found.cases.names, self.found.models[0].membership, self.roles, strict=True):
            yield {"term": "case", "level": name, "estimate": float(value), "label": role}

    def glance(self) -> pd.DataFrame:
        """One row: how many alternatives there are, overlap with their least and greatest."""
        row = {
            "count": float(len(self.alternatives)),
            "conf_low": self.fit.smallest if self.fit else _NAN,
            "conf_high": self.fit.largest if self.fit else _NAN,
            "n_obs": float(self.n_obs),
        }
        return pd.DataFrame([row])

    def table(self, template: str = "ranges") -> Table:
        """`ranges`: number by number; `fit`: robustness; `cases`: what each case is to all solutions."""
        return {"ranges": self._ranges_table, "fit": self._fit_table, "cases": self._cases_table}[template]()

    def _name(self, reach: Reach) -> Label:
        if not reach.anchor:
            return Label(f"anchors.{reach.name}")
        return Label("anchors.of", name=self.found.cases.labels[reach.name], anchor=Label(f"anchors.{reach.anchor}"))

    def _ranges_table(self) -> Table:
        heads = tuple(Head(f"anchors.{h}") for h in ("number", "value", "low", "high"))
        rows = tuple(
            Row((
                Cell(self._name(r), "label"),
                Cell(f"{r.value:g}", "text"),
                Cell(_edge(r.low, r.open_low, "anchors.down_to"), "text"),
                Cell(_edge(r.high, r.open_high, "anchors.up_to"), "text"),
            ))
            for r in self.reaches
        )  # fmt: skip
        kind = Label(f"qca.kind.{self.found.printed}")
        notes = (Note("general", Label("anchors.note_ranges", kind=kind, steps=self.steps)),)
        title = Label("anchors.title_ranges", outcome=self.found.outcome_label)
        return Table("qca_robustness", "ranges", title, (heads,), rows, notes)

    def _fit_table(self) -> Table:
        heads = tuple(Head(f"anchors.{h}") for h in ("measure", "estimate"))
        reason = None if self.fit else "anchors.reason_same"
        values = [(f"anchors.fit.{name}", getattr(self.fit, name) if self.fit else _NAN, reason) for name in FITS]
        for name, typical in (("typical", True), ("deviant", False)):
            values.append((f"anchors.ratio.{name}", self.ratio(typical), "anchors.reason_none"))
        rows = tuple(Row((Cell(Label(k), "label"), Cell(v, "consistency", reason=why))) for k, v, why in values)
        note = Note("general", Label("anchors.note_fit", n=len(self.alternatives), without=self.n_without))
        return Table("qca_robustness.fit", "fit", Label("anchors.title_fit"), (heads,), rows, (note,))

    def _cases_table(self) -> Table:
        heads = tuple(Head(h) for h in ("qca.case", "qca.in_solution", "qca.in_outcome", "anchors.role"))
        cases = self.found.cases
        lines = list(zip(cases.names, self.found.models[0].membership, cases.outcome, self.roles, strict=True))
        lines.sort(key=lambda line: (ROLES.index(line[3]), -line[1]))
        rows = tuple(
            Row((Cell(name, "label"), Cell(float(x), "membership"), Cell(float(y), "membership"),
                 Cell(Label(f"anchors.role.{role}"), "text")))
            for name, x, y, role in lines
        )  # fmt: skip
        return Table("qca_robustness.cases", "cases", Label("anchors.title_cases"), (heads,), rows)

    def figure(self) -> Figure | None:
        """None: the ranges are a table."""
        return None


def _edge(value: float | None, unbound: bool, key: str) -> str | Label:
    if value is None:
        return Label("anchors.none")
    return Label(key, value=f"{value:.4g}") if unbound else f"{value:.4g}"
