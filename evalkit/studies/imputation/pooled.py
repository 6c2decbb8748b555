"""Estimates pooled over imputations, and their views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from evalkit.contract import KEYS, VALUES, Drop, Figure, Label, Problem, Table

COLUMNS = (
    *KEYS, *VALUES, "df2", "riv", "lambda", "fmi", "efficiency", "beta", "listwise", "listwise_se", "listwise_n",
    "label",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PooledResult:
    """One analysis over m completed data sets.

    Attributes
    ----------
    estimates : DataFrame
        The rows of `tidy()`.
    source : str
        Class of the pooled results.
    n_obs : int
        Rows of the imputation that used fewest.
    n_listwise : int or None
        Rows of the analysis without imputation.
    """

    estimates: pd.DataFrame
    m: int
    conf_level: float
    labels: Mapping[str, Label]
    source: str
    n_obs: int
    n_listwise: int | None = None
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("pooled",)
    said_as: ClassVar[str] = "pool"

    def tidy(self) -> pd.DataFrame:
        """Rows a statistic, with the keys of the pooled results.

        `label` says how: rubin, recovered, fisher, root, alpha, d1, d2, d3, mean, change. `riv`, `lambda`, `fmi`,
        `efficiency` as in `rubin.Rubin`; `listwise`, `listwise_se`, `listwise_n` without imputation.
        """
        return self.estimates.copy()

    def glance(self) -> pd.DataFrame:
        """Imputations, rows, and the largest fraction of missing information."""
        row = {"n_obs": self.n_obs, "imputations": self.m, "fmi": self.estimates["fmi"].max()}
        return pd.DataFrame([row | {"listwise_n": self.n_listwise}]).astype(float)

    def table(self, template: str = "pooled") -> Table:
        """Pooled estimates beside the listwise ones."""
        from evalkit.studies.imputation.pooled_table import pooled_table

        return pooled_table(self, template)

    def figure(self) -> Figure | None:
        """Pooled coefficients of the last model with their intervals; nothing where none has one."""
        rows = self.estimates
        rows = rows[rows["conf_low"].notna() & ~rows["term"].astype(str).str.startswith(NOT_DRAWN)]
        models = rows["model"].dropna().unique()
        if len(models):
            rows = rows[rows["model"] == models[-1]]
        if not len(rows):
            return None
        names = [term_id(row) for row in rows.to_dict("records")]
        frame = pd.DataFrame({"model": "pooled", "term": names}).assign(
            **{name: rows[name].to_numpy() for name in ("estimate", "conf_low", "conf_high", "p_value")}
        )
        labels = {n: self.label(row) for n, row in zip(names, rows.to_dict("records"), strict=True)}
        return Figure(
            id="pooled",
            kind="coefficients",
            title=Label("imputation.figure_pooled", m=self.m),
            frame=frame,
            labels=labels | {"pooled": Label("imputation.pooled")},
            notes=(Label("regression.figure_note", level=f"{100 * self.conf_level:g}", n=self.n_obs),),
        )

    def label(self, row: Mapping[str, object]) -> Label:
        """What a row is called: its keys in the words of the data."""
        keys = ("outcome", "group", "term", "level")
        parts = [self._word(str(row[k])) for k in keys if row[k] is not None and row[k] == row[k]]
        several = self.estimates["outcome"].nunique() > 1
        parts = parts if several or len(parts) < 2 or not _given(row["outcome"]) else parts[1:]
        return Label(zh=" · ".join(p.text("zh") for p in parts), en=" · ".join(p.text("en") for p in parts))

    def _word(self, name: str) -> Label:
        known = self.labels.get(name)
        if known is not None:
            return known
        if name in _STATISTICS:
            return Label(f"imputation.statistic.{name.replace('model.', '')}")
        kind, _, rest = name.partition(".")
        if kind == "indirect":
            path = [self._word(part) for part in rest.split(".")]
            zh, en = (" → ".join(part.text(lang) for part in path) for lang in ("zh", "en"))
            return Label("imputation.statistic.indirect", path=Label(zh=zh, en=en))
        return Label(zh=name, en=name)


_STATISTICS = (
    "model.r_squared", "model.r_squared_adj", "model.r_squared_change", "model.f_statistic", "model.f_change",
    "model.chi2_model", "model.chi2_change", "model.mcfadden", "model.nagelkerke", "total", "direct", "indirect.total",
    "variance.intercept", "variance.residual", "sd.intercept", "sd.residual", "slope.low", "slope.mean", "slope.high",
    "difference.high-low",
)  # fmt: skip
ASIDE = ("floodlight.", "effect.")
"""Points of a curve and effects of single groups: not printed."""
NOT_DRAWN = ("model.", "intercept", "threshold.", "ame.", "mem.", *ASIDE)


def _given(value: object) -> bool:
    return value is not None and value == value


def term_id(row: Mapping[str, object]) -> str:
    """The keys of a row as one id."""
    return "/".join(str(row[k]) for k in KEYS if _given(row[k]))
