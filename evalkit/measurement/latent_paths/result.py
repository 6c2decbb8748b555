"""The result of a latent mediation: effects with their intervals, and the structural model behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import GLOSSARY, AnalysisError, Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.measurement.latent_paths.wording import Effects
from evalkit.measurement.structural.result import StructuralResult


@dataclass(frozen=True, eq=False)
class LatentMediationResult:
    """Effects of x on y by way of mediators, some or all of them latent.

    Attributes
    ----------
    layout : Effects
        Kind of the chain and its list of effects.
    items : mapping
        Latent role -> the columns that measure it.
    effects : DataFrame
        The effect rows of `tidy()`.
    structural : StructuralResult
        The fitted model without the definitions, with delta-method intervals.
    resamples, n_failed : int
        Bootstrap resamples drawn, and those that could not be fitted; 0 without a bootstrap.
    """

    x: str
    mediators: tuple[str, ...]
    y: str
    layout: Effects
    items: Mapping[str, tuple[str, ...]]
    covariates: tuple[str, ...]
    effects: pd.DataFrame
    structural: StructuralResult
    ci: tuple[str, ...]
    conf_level: float
    resamples: int
    n_failed: int
    cluster: str | None
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """`T14` for one mediator, `T15` for several, then the tables of the model: T5, T16, T8, T9."""
        return ("T14" if self.layout.kind == "simple" else "T15", *self.structural.templates)

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures."""
        return ("paths",)

    @property
    def model(self) -> str:
        """The model's text, as it can be given to `sem`."""
        return self.structural.model

    def tidy(self) -> pd.DataFrame:
        """Rows an effect, then the rows of the structural model (`sem`).

        Effects: `total`, `direct`, `indirect.<m>` (in a row `indirect.<m1>.<m2>`), `indirect.total`,
        `contrast.<i>-<j>`. `conf_low` and `conf_high` are those of the first method of `ci`; `std_error` and `p_value`
        the delta method's, `boot_se` and `p_boot` the bootstrap's; `share` is in per cent of the total effect.
        """
        parts = [self.effects, self.structural.tidy()]
        rows = [row for part in parts for row in part.to_dict("records")]
        columns = list(dict.fromkeys(str(c) for part in parts for c in part.columns))
        empty = {c: None if GLOSSARY[c] == "text" else np.nan for c in columns}
        return tidy_frame(len(rows), **{c: [row.get(c, empty[c]) for row in rows] for c in columns})

    def glance(self) -> pd.DataFrame:
        """One row of fit measures, with the resamples."""
        return self.structural.glance().assign(resamples=self.resamples, n_failed=self.n_failed)

    def table(self, template: str | None = None) -> Table:
        """`T14` or `T15` (effects), `T5` (loadings), `T16` (paths), `T8` (fit), `T9` (latent correlations)."""
        from evalkit.measurement.latent_paths.tables import effect_table

        name = template or self.templates[0]
        if name not in self.templates:
            raise AnalysisError(Problem("E652", params={"name": name, "known": list(self.templates)}))
        return effect_table(self, name) if name == self.templates[0] else self.structural.table(name)

    def figure(self, name: str = "paths") -> Figure:
        """The path diagram: standardised coefficients; effects with their intervals below."""
        from evalkit.measurement.latent_paths.tables import path_figure

        return path_figure(self)
