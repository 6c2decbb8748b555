"""Estimates pooled over imputations, and their views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import KEYS, VALUES, Drop, Figure, Label, Problem, Table
from evalkit.studies.imputation.naming import Naming, given

COLUMNS = (
    *KEYS, *VALUES, "df2", "p_adjusted", "riv", "lambda", "fmi", "efficiency", "beta", "listwise", "listwise_se",
    "listwise_n", "label",
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

        `label` says how: rubin, recovered, fisher, root, alpha, ratio, d1, d2, d3, mean, change, and of numbers that
        follow from pooled ones fit (indices of the pooled chi-square) and bound (Johnson-Neyman). `p_adjusted` as the
        pooled analysis adjusts, over the pooled p-values. `riv`, `lambda`, `fmi`,
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
        records = rows.to_dict("records")
        shown = np.array([not self.aside(row) and row["level"] not in _OF_NOBODY for row in records], dtype=bool)
        rows = rows[rows["conf_low"].notna() & ~rows["term"].astype(str).str.startswith(NOT_DRAWN) & shown]
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

    def aside(self, row: Mapping[str, object]) -> bool:
        """Whether a row stands in `tidy()` only: points of curves, single groups."""
        if self.source == "AggregationResult":
            return given(row["group"]) or row["level"] not in _OF_CLUSTERS
        return str(row["term"]).startswith(_ASIDE.get(self.source, ("\0",)))

    @property
    def naming(self) -> Naming:
        """What rows and models are called."""
        return Naming(self.labels, self.source)

    def label(self, row: Mapping[str, object]) -> Label:
        """What a row is called: its keys in the words of the data."""
        return self.naming.row(row, outcome=self.estimates["outcome"].nunique() > 1)


_ASIDE: Mapping[str, tuple[str, ...]] = {
    "ModerationResult": ("floodlight.", "predicted.", "contrast.", "beta."),
    "MixedResult": ("effect.", "predicted."),
}
"""Points of curves and effects of single groups, which are not printed."""
NOT_DRAWN = ("model.", "test.", "intercept", "threshold.", "ame.", "mem.", "mean", "score.", "rr.", "or.")
_OF_CLUSTERS = ("icc1", "icc2", "rwg_j.uniform.mean", "rwg_j.uniform.median")
_OF_NOBODY = ("variance", "covariance", "intercept", "threshold", "scale")
"""What `level` says of the rows of structural models that are no effects."""


def term_id(row: Mapping[str, object]) -> str:
    """The keys of a row as one id."""
    return "/".join(str(row[k]) for k in KEYS if given(row[k]))
