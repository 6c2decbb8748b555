"""The result of a robustness check: tidy rows, table, figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.studies.variants.estimating import NUMBERS, Estimated

LEAVE_OUT = "leave_out"
MOST_COLUMNS = 7
"""Alternatives that stand side by side on a page."""


@dataclass(frozen=True, eq=False)
class Column:
    """One alternative: `id` names it in the results; `controls`: there are variables besides the key ones."""

    id: str
    kind: str
    label: Label
    found: Estimated
    controls: bool


@dataclass(frozen=True, eq=False)
class RobustnessResult:
    """Key effects of a model under alternatives, the base model first.

    Attributes
    ----------
    do : str
        Function of the model.
    without : mapping
        Cluster left out -> its estimates.
    """

    do: str
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    without: Mapping[str, Estimated]
    leave_out: str | None
    conf_level: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """`T21`, an alternative a column; with many of them `T21.long`, an alternative a line."""
        return ("T21.long",) if len(self.columns) + bool(self.without) > MOST_COLUMNS else ("T21",)

    @property
    def alpha(self) -> float:
        return round(1 - self.conf_level, 12)

    def agrees(self, found: Estimated, key: str) -> float:
        """1 where the effect is significant with the same sign as in the base model, or in neither; else 0; or nan."""
        ours, theirs = (one.verdict(key, self.alpha) for one in (self.columns[0].found, found))
        return float("nan") if np.isnan(ours) or np.isnan(theirs) else float(ours == theirs)

    def tidy(self) -> pd.DataFrame:
        """Rows an alternative (`model`) and key effect; `as_expected` is 1 where it agrees with the base model.

        With `leave_out` a row a cluster (`group`), and one that sums them up: `min`, `max` of the estimate, `count`
        estimated, `as_expected` how many agree.
        """
        rows = [self._row(column.id, column.found, key, None) for column in self.columns for key in self.keys]
        rows += [self._row(LEAVE_OUT, found, key, name) for name, found in self.without.items() for key in self.keys]
        if self.without:
            rows += [self._summary(key) for key in self.keys]
        frame = pd.DataFrame(rows)
        return tidy_frame(len(frame), **{str(name): frame[name].tolist() for name in frame})

    def _row(self, model: str, found: Estimated, key: str, group: str | None) -> dict[str, Any]:
        numbers = {name: float(found.rows.at[key, name]) for name in NUMBERS}
        keys = {"model": model, "outcome": found.outcome, "group": group, "term": key}
        more = {"n_obs": found.n_obs, "r_squared": found.r_squared, "as_expected": self.agrees(found, key)}
        return keys | numbers | more | dict.fromkeys(("min", "max", "count"), np.nan)

    def _summary(self, key: str) -> dict[str, Any]:
        low, high, count, agreeing = self.spread(key)
        keys = {"model": LEAVE_OUT, "outcome": self.columns[0].found.outcome, "group": None, "term": key}
        numbers = dict.fromkeys((*NUMBERS, "n_obs", "r_squared"), np.nan)
        return keys | numbers | {"as_expected": agreeing, "min": low, "max": high, "count": count}

    def spread(self, key: str) -> tuple[float, float, int, int]:
        """Smallest and largest estimate without a cluster, how many could be estimated, how many agree."""
        values = np.array([found.rows.at[key, "estimate"] for found in self.without.values()], dtype=float)
        known = values[np.isfinite(values)]
        agreeing = np.nansum([self.agrees(found, key) for found in self.without.values()])
        low, high = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
        return float(low), float(high), len(known), int(agreeing)

    def glance(self) -> pd.DataFrame:
        """Rows used, alternatives tried (clusters left out not counted), effects in them that agree, and failures."""
        others = self.columns[1:]
        agreeing = [self.agrees(column.found, key) for column in others for key in self.keys]
        failed = sum(column.found.why is not None for column in others)
        row = {"n_obs": self.n_obs, "count": len(agreeing), "as_expected": np.nansum(agreeing), "n_failed": failed}
        clusters = len(self.without) if self.without else np.nan
        return pd.DataFrame([row | {"n_clusters": clusters}]).astype(float)

    def table(self, template: str = "T21") -> Table:
        """`T21`: an alternative a column; `T21.long`: a line. Key effects, control variables, n, R squared."""
        from evalkit.studies.variants.tables import robustness_table

        return robustness_table(self, template)

    def figure(self) -> Figure:
        """The key effects with their intervals, an alternative a line."""
        rows = [
            {"model": key, "term": column.id} | {n: column.found.rows.at[key, n] for n in NUMBERS}
            for column in self.columns
            for key in self.keys
            if np.isfinite(column.found.rows.at[key, "estimate"])
        ]
        names = ["model", "term", *NUMBERS]
        return Figure(
            id="robustness",
            kind="coefficients",
            title=Label("robustness.figure"),
            frame=pd.DataFrame(rows, columns=names),
            labels=dict(self.labels),
            notes=(Label("regression.figure_note", level=f"{100 * self.conf_level:g}", n=self.n_obs),),
        )
