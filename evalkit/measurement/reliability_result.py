"""Reliability of scales, computed; its tidy rows, table T5 and figure out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.measurement.hierarchical import SchmidLeiman
from evalkit.measurement.item_answers import ItemAnswers
from evalkit.measurement.reliability_intervals import NO_INTERVAL, Interval
from evalkit.measurement.scale_coefficients import Coefficient

_TEXT = ("group", "term", "level", "reason")
_OF_ITEM = (
    "n_obs", "item_rest", "alpha_if_dropped", "omega_if_dropped", "loading", "mean", "sd", "item_total",
    "item_total_standardised", "item_total_corrected", "alpha_standardised_if_dropped", "lambda_6_if_dropped",
    "average_r_if_dropped",
)  # fmt: skip


_NAN = float("nan")


@dataclass(frozen=True)
class ItemReliability:
    """One item within its scale.

    Parameters
    ----------
    item_rest : float
        Correlation with the sum of the others.
    loading : float
        On one minres factor.
    item_total, item_total_standardised, item_total_corrected : float
        Correlation with the mean of the answers, with the sum of standardised items, and with the latter less what is
        the item's own.
    lambda_6_if_dropped, average_r_if_dropped : float
        Guttman's lambda 6 and the mean correlation of the other items, of standardised items.
    """

    name: str
    label: Label
    mean: float
    sd: float
    item_rest: float = _NAN
    alpha_if_dropped: float = _NAN
    loading: float = _NAN
    n_obs: float = _NAN
    omega_if_dropped: float = _NAN
    item_total: float = _NAN
    item_total_standardised: float = _NAN
    item_total_corrected: float = _NAN
    alpha_standardised_if_dropped: float = _NAN
    lambda_6_if_dropped: float = _NAN
    average_r_if_dropped: float = _NAN


@dataclass(frozen=True)
class ScaleReliability:
    """One scale over its own rows; `mean` and `sd` are those of the mean of its items.

    `reason` and `omega_reason` are word keys that say why a coefficient is nan. `coefficients` and `hierarchical` are
    there with `coefficients="all"`.
    """

    id: str
    label: Label
    items: tuple[ItemReliability, ...]
    n_obs: int
    alpha: float = _NAN
    alpha_interval: Interval = NO_INTERVAL
    alpha_standardised: float = _NAN
    omega: float = _NAN
    omega_interval: Interval = NO_INTERVAL
    mean: float = _NAN
    sd: float = _NAN
    reason: str | None = None
    omega_reason: str | None = None
    coefficients: tuple[Coefficient, ...] = ()
    hierarchical: SchmidLeiman | None = None

    def coefficient(self, term: str) -> Coefficient:
        """One of `coefficients`; nan with the scale's reason where it has none."""
        return next((c for c in self.coefficients if c.term == term), Coefficient(term, _NAN, reason=self.reason))


@dataclass(frozen=True, eq=False)
class ReliabilityResult:
    """Reliability of one scale or of several.

    Each scale uses its own rows (its `n_obs` in `tidy`); `n_obs` of the result counts the rows that enter at least
    one scale. `answers` is what `figure` draws; None for more items than a page holds.
    """

    scales: tuple[ScaleReliability, ...]
    conf_level: float
    answers: ItemAnswers | None
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    ci: str = "feldt"
    missing: str = "listwise"
    coefficients: str = "usual"
    weighted: bool = False
    resamples: int = 0

    @property
    def templates(self) -> tuple[str, ...]:
        """T5, and the further coefficients where they were asked for."""
        return ("T5", "T5_coefficients") if self.coefficients == "all" else ("T5",)

    def tidy(self) -> pd.DataFrame:
        """Group = scale; term `scale` (estimate is alpha with its interval), then one row an item (item-rest r).

        With all coefficients a row `model.<name>` each, and of a hierarchical solution `group_factor.<k>` with the
        levels total, general and own: shares of the variance of the sum of the group's items.
        """
        rows = [
            row
            for scale in self.scales
            for row in (_scale_row(scale), *_item_rows(scale), *_coefficient_rows(scale), *_group_rows(scale))
        ]
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {n: [r.get(n, None if n in _TEXT else np.nan) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: the scale with the lowest alpha (`group` names it)."""
        found = [s for s in self.scales if np.isfinite(s.alpha)] or list(self.scales)
        least = min(found, key=lambda s: s.alpha)
        row = _scale_row(least)
        names = ("group", "estimate", "std_error", "conf_low", "conf_high", "omega", "n_items", "n_obs")
        return pd.DataFrame([{n: row[n] for n in names}])

    def table(self, template: str = "T5") -> Table:
        """T5: scale, items, n, alpha with interval, omega, and each item's CITC; T5_coefficients: a line a scale."""
        from evalkit.measurement.reliability_tables import coefficient_table, scale_table

        return coefficient_table(self) if template == "T5_coefficients" else scale_table(self, template)

    def figure(self) -> Figure | None:
        """Stacked bars of the answers to the items; None where they are no answer scale, or too many for a page."""
        shown = self.answers
        if shown is None or not len(shown.frame):
            return None
        notes = (Label("reliability.figure_left", n=shown.n_left),) if shown.n_left else ()
        title = Label("reliability.figure")
        return Figure("reliability", "likert", title, shown.frame.copy(), dict(shown.labels), notes)


def _scale_row(s: ScaleReliability) -> dict[str, object]:
    a, w = s.alpha_interval, s.omega_interval
    return {
        "group": s.id, "term": "scale", "estimate": s.alpha, "std_error": a.std_error, "conf_low": a.low,
        "conf_high": a.high, "n_obs": s.n_obs, "n_items": len(s.items), "alpha": s.alpha, "alpha_low": a.low,
        "alpha_high": a.high, "alpha_standardised": s.alpha_standardised, "omega": s.omega, "omega_low": w.low,
        "omega_high": w.high, "mean": s.mean, "sd": s.sd, "reason": s.reason or s.omega_reason,
    }  # fmt: skip


def _item_rows(s: ScaleReliability) -> list[dict[str, object]]:
    h = s.hierarchical
    return [
        {"group": s.id, "term": i.name, "estimate": i.item_rest, "reason": s.reason,
         **{name: getattr(i, name) for name in _OF_ITEM},
         "general_loading": _NAN if h is None else float(h.general[j]),
         "communality": _NAN if h is None else float(h.communality[j])}
        for j, i in enumerate(s.items)
    ]  # fmt: skip


def _coefficient_rows(s: ScaleReliability) -> list[dict[str, object]]:
    if not s.coefficients:
        return []
    w = s.omega_interval
    omega = Coefficient("omega", s.omega, w.std_error, w.low, w.high, s.omega_reason)
    return [
        {"group": s.id, "term": f"model.{c.term}", "estimate": c.estimate, "std_error": c.std_error, "conf_low": c.low,
         "conf_high": c.high, "n_obs": s.n_obs, "reason": c.reason}
        for c in (omega, *s.coefficients)
    ]  # fmt: skip


def _group_rows(s: ScaleReliability) -> list[dict[str, object]]:
    if s.hierarchical is None:
        return []
    return [
        {"group": s.id, "term": f"group_factor.{k}", "level": level, "estimate": float(value), "n_obs": s.n_obs}
        for k, shares in enumerate(s.hierarchical.of_groups(), start=1)
        for level, value in zip(("total", "general", "own"), shares, strict=True)
    ]
