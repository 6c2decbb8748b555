"""Reliability of scales, computed; its tidy rows, table T5 and figure out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Drop, Figure, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.measurement.item_answers import ItemAnswers


@dataclass(frozen=True)
class ItemReliability:
    """One item within its scale: correlation with the sum of the others, alpha without it, minres loading."""

    name: str
    label: Label
    mean: float
    sd: float
    item_rest: float
    alpha_if_dropped: float
    loading: float


@dataclass(frozen=True)
class ScaleReliability:
    """One scale over its own complete rows; `mean` and `sd` are those of the mean of its items.

    `reason` and `omega_reason` are word keys that say why a coefficient is nan.
    """

    id: str
    label: Label
    items: tuple[ItemReliability, ...]
    n_obs: int
    alpha: float
    alpha_low: float
    alpha_high: float
    alpha_standardised: float
    omega: float
    mean: float
    sd: float
    reason: str | None = None
    omega_reason: str | None = None


@dataclass(frozen=True, eq=False)
class ReliabilityResult:
    """Reliability of one scale or of several.

    Each scale uses the rows complete on its own items (its `n_obs` in `tidy`); `n_obs` of the result counts the rows
    complete on at least one scale. `answers` is what `figure` draws; None for more items than a page holds.
    """

    scales: tuple[ScaleReliability, ...]
    conf_level: float
    answers: ItemAnswers | None
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T5",)

    def tidy(self) -> pd.DataFrame:
        """Group = scale; term `scale` (estimate is alpha with its interval), then one row an item (item-rest r)."""
        rows = [row for scale in self.scales for row in (_scale_row(scale), *_item_rows(scale))]
        names = ("group", "term", "estimate", "conf_low", "conf_high", "n_obs", "n_items", "alpha", "alpha_low",
                 "alpha_high", "alpha_standardised", "omega", "item_rest", "alpha_if_dropped", "loading", "mean", "sd",
                 "reason")  # fmt: skip
        text = ("group", "term", "reason")
        columns = {n: [r.get(n, None if n in text else np.nan) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: the scale with the lowest alpha (`group` names it)."""
        found = [s for s in self.scales if np.isfinite(s.alpha)] or list(self.scales)
        least = min(found, key=lambda s: s.alpha)
        row = _scale_row(least)
        names = ("group", "estimate", "conf_low", "conf_high", "omega", "n_items", "n_obs")
        return pd.DataFrame([{n: row[n] for n in names}])

    def table(self, template: str = "T5") -> Table:
        """T5: scale, items, n, alpha with interval, omega; below it each item's CITC and alpha without it."""
        interval = Label("confidence_interval", level=f"{100 * self.conf_level:g}")
        heads = ("reliability.scale_item", "reliability.k", "n_obs", "reliability.alpha")
        last = ("reliability.omega", "reliability.citc", "reliability.if_dropped")
        header = (*map(Head, heads), Head(interval), *map(Head, last))
        rows = tuple(row for scale in self.scales for row in _printed(scale))
        notes = tuple(Note("general", Label(key)) for key in ("reliability.note_alpha", "reliability.note_items"))
        return Table("reliability", template, Label("reliability.title"), (header,), rows, notes)

    def figure(self) -> Figure | None:
        """Stacked bars of the answers to the items; None where they are no answer scale, or too many for a page."""
        shown = self.answers
        if shown is None or not len(shown.frame):
            return None
        notes = (Label("reliability.figure_left", n=shown.n_left),) if shown.n_left else ()
        title = Label("reliability.figure")
        return Figure("reliability", "likert", title, shown.frame.copy(), dict(shown.labels), notes)


def _scale_row(s: ScaleReliability) -> dict[str, object]:
    return {
        "group": s.id, "term": "scale", "estimate": s.alpha, "conf_low": s.alpha_low, "conf_high": s.alpha_high,
        "n_obs": s.n_obs, "n_items": len(s.items), "alpha": s.alpha, "alpha_low": s.alpha_low,
        "alpha_high": s.alpha_high, "alpha_standardised": s.alpha_standardised, "omega": s.omega, "mean": s.mean,
        "sd": s.sd, "reason": s.reason or s.omega_reason,
    }  # fmt: skip


def _item_rows(s: ScaleReliability) -> list[dict[str, object]]:
    return [
        {"group": s.id, "term": i.name, "estimate": i.item_rest, "n_obs": s.n_obs, "item_rest": i.item_rest,
         "alpha_if_dropped": i.alpha_if_dropped, "loading": i.loading, "mean": i.mean, "sd": i.sd, "reason": s.reason}
        for i in s.items
    ]  # fmt: skip


def _printed(s: ScaleReliability) -> list[Row]:
    few = s.reason or "reliability.reason_two_items"
    first = Row(
        (
            Cell(s.label, "label", bold=True),
            Cell(len(s.items), "n_items"),
            Cell(s.n_obs, "n_obs"),
            Cell(s.alpha, "alpha", reason=s.reason),
            Cell((s.alpha_low, s.alpha_high), "interval", reason=s.reason),
            Cell(s.omega, "omega", reason=s.omega_reason),
            Cell(None, "item_rest"),
            Cell(None, "alpha_if_dropped"),
        )
    )
    blank = (
        Cell(None, "n_items"),
        Cell(None, "n_obs"),
        Cell(None, "alpha"),
        Cell(None, "interval"),
        Cell(None, "omega"),
    )
    rest = [
        Row(
            (
                Cell(i.label, "label"),
                *blank,
                Cell(i.item_rest, "item_rest", reason=few),
                Cell(i.alpha_if_dropped, "alpha_if_dropped", reason=few),
            ),
            indent=1,
        )
        for i in s.items
    ]
    return [first, *rest]
