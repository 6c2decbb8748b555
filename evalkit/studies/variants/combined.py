"""The result of a specification curve: tidy rows, table, figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Drop, Figure, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.studies.variants.estimating import NUMBERS, Estimated

SUMMARY = ("median", "min", "max", "positive", "significant_positive", "significant_negative", "not_significant")
"""Terms of the summary: estimates, and per cent of the specifications that could be estimated."""


@dataclass(frozen=True, eq=False)
class Line:
    """One specification: ids of what it does otherwise than the base model."""

    choices: tuple[str, ...]
    found: Estimated

    @property
    def id(self) -> str:
        return "|".join(self.choices) or "base"


@dataclass(frozen=True, eq=False)
class CurveResult:
    """One key effect under every combination of choices.

    Attributes
    ----------
    panels : tuple
        Kind of choice -> ids and words of the choices.
    """

    do: str
    key: str
    lines: tuple[Line, ...]
    panels: tuple[tuple[str, tuple[tuple[str, Label], ...]], ...]
    conf_level: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("curve",)

    def numbers(self) -> dict[str, float]:
        """The summary; nan without any estimate."""
        alpha = round(1 - self.conf_level, 12)
        verdicts = np.array([line.found.verdict(self.key, alpha) for line in self.lines])
        values = np.array([line.found.rows.at[self.key, "estimate"] for line in self.lines], dtype=float)
        known = np.isfinite(values)
        if not known.any():
            return dict.fromkeys(SUMMARY, float("nan"))
        values, verdicts = values[known], verdicts[known]
        shares = {"positive": values > 0, "significant_positive": verdicts > 0}
        shares |= {"significant_negative": verdicts < 0, "not_significant": verdicts == 0}
        ends = {"median": float(np.median(values)), "min": float(values.min()), "max": float(values.max())}
        return ends | {name: 100 * float(where.mean()) for name, where in shares.items()}

    def tidy(self) -> pd.DataFrame:
        """Rows a specification (`model`: what it does otherwise, joined by |); `curve.<name>` for the summary.

        Of the summary `estimate` holds median, min and max, `percent` the shares.
        """
        rows: list[dict[str, Any]] = []
        for line in self.lines:
            numbers = {name: float(line.found.rows.at[self.key, name]) for name in NUMBERS}
            keys = {"model": line.id, "outcome": line.found.outcome, "term": self.key}
            rows.append(keys | numbers | {"n_obs": line.found.n_obs, "percent": np.nan})
        for name, value in self.numbers().items():
            blank = dict.fromkeys((*NUMBERS, "n_obs", "percent"), np.nan)
            column = "estimate" if name in SUMMARY[:3] else "percent"
            rows.append({"model": None, "outcome": None, "term": f"curve.{name}"} | blank | {column: value})
        frame = pd.DataFrame(rows)
        return tidy_frame(len(frame), **{str(name): frame[name].tolist() for name in frame})

    def glance(self) -> pd.DataFrame:
        """Specifications, those without an estimate, and the median effect."""
        failed = sum(line.found.why is not None for line in self.lines)
        row = {"n_obs": self.n_obs, "count": len(self.lines), "n_failed": failed, "median": self.numbers()["median"]}
        return pd.DataFrame([row]).astype(float)

    def table(self, template: str = "curve") -> Table:
        """The median effect and the share of each conclusion, over all specifications and by choice.

        Raises
        ------
        AnalysisError
            E652 for an unknown template.
        """
        if template not in self.templates:
            raise AnalysisError(Problem("E652", params={"name": template, "known": list(self.templates)}))
        names = ("choice", "count", "median", "range", "significant_positive", "significant_negative")
        rows = [self._row(Label("curve.all"), self.lines, "curve")]
        for kind, options in self.panels:
            rows.append(Row((Cell(Label(f"curve.panel.{kind}"), "label"),), role="section"))
            others = {name for name, _ in options}
            for name, words in options:
                used = [li for li in self.lines if _has(li, name, kind, others)]
                rows.append(self._row(words, tuple(used), ""))
        notes = (
            Note("general", Label("curve.note", effect=self.labels[self.key], level=f"{100 * self.conf_level:g}")),
        )
        header = (tuple(Head(f"curve.{name}") for name in names),)
        title = Label("curve.title", effect=self.labels[self.key])
        return Table("curve", template, title, header, tuple(rows), notes)

    def _row(self, words: Label, lines: tuple[Line, ...], where: str) -> Row:
        from dataclasses import replace

        found = replace(self, lines=lines).numbers()

        def cell(name: str, kind: str) -> Cell:
            reason = "robustness.why_not" if np.isnan(found[name]) else None
            id = f"{where}.{name}#{'estimate' if kind == 'estimate' else 'percent'}" if where else None
            return Cell(found[name], kind, id=id, reason=reason)

        ends = (found["min"], found["max"])
        return Row(
            (
                Cell(words, "label"),
                Cell(len(lines), "count"),
                cell("median", "estimate"),
                Cell(None if np.isnan(ends[0]) else ends, "interval"),
                cell("significant_positive", "percent"),
                cell("significant_negative", "percent"),
            )
        )

    def figure(self) -> Figure | None:
        """Sorted estimates with intervals above, what each specification chose below; nothing without an estimate."""
        known = [line for line in self.lines if np.isfinite(line.found.rows.at[self.key, "estimate"])]
        known.sort(key=lambda line: float(line.found.rows.at[self.key, "estimate"]))
        names = ("estimate", "conf_low", "conf_high", "p_value")
        rows = []
        for place, line in enumerate(known, 1):
            numbers = {name: float(line.found.rows.at[self.key, name]) for name in names}
            for kind, options in self.panels:
                others = {name for name, _ in options}
                rows += [
                    {"position": place, "base": not line.choices, "panel": kind, "choice": name, **numbers}
                    for name, _ in options
                    if _has(line, name, kind, others)
                ]
        if not rows:
            return None
        labels = {name: words for _, options in self.panels for name, words in options}
        return Figure(
            id="specification_curve",
            kind="specification_curve",
            title=Label("curve.title", effect=self.labels[self.key]),
            frame=pd.DataFrame(rows),
            labels=labels | {kind: Label(f"curve.panel.{kind}") for kind, _ in self.panels},
            notes=(Label("curve.figure_note", n=len(known), level=f"{100 * self.conf_level:g}"),),
        )


def _has(line: Line, name: str, kind: str, others: set[str]) -> bool:
    """Whether a specification makes a choice: its own, or the base model's where it makes none of the kind."""
    return name in line.choices if name != f"{kind}.own" else not others & set(line.choices)
