"""What every mediation result has, and the result of simple, parallel and serial chains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import GLOSSARY, Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.models.blocks import Model, compared, tidy_model

if TYPE_CHECKING:
    from evalkit.models.fit import Fit
    from evalkit.models.mediation.equations import Equations
    from evalkit.models.mediation.layout import Layout
    from evalkit.models.mediation.sensitivity import Sensitivity


@dataclass(frozen=True, eq=False, kw_only=True)
class MediationResult:
    """Effects of x on y by way of mediators, with the regressions they come from.

    Attributes
    ----------
    effects : DataFrame
        The effect rows of `tidy()`.
    covariates : tuple of str
        Variables that stand in every equation.
    cov : str
        Standard errors of the paths: `classical`, `CR1` or `linearised`.
    resamples, n_failed : int
        Bootstrap resamples drawn, and those that could not be solved; 0 without a bootstrap.
    sensitivity : Sensitivity, optional
        How much confounding the indirect effects would bear out.
    """

    effects: pd.DataFrame
    covariates: tuple[str, ...]
    cov: str
    cluster: str | None
    weighted: bool
    ci: tuple[str, ...]
    conf_level: float
    resamples: int
    n_failed: int
    seed: int
    labels: Mapping[str, Label]
    references: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    sensitivity: Sensitivity | None = None

    @property
    def templates(self) -> tuple[str, ...]:
        """The tables printed by default."""
        raise NotImplementedError

    @property
    def models(self) -> tuple[tuple[str, Model], ...]:
        """Outcome and model of every regression."""
        raise NotImplementedError

    @property
    def last_fit(self) -> Fit:
        """The regression of (the last) y."""
        return self.models[-1][1].fit

    @property
    def _sensitivity(self) -> tuple[str, ...]:
        return ("sensitivity",) if self.sensitivity is not None and len(self.sensitivity.curves) else ()

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures."""
        return ("paths",)

    def tidy(self) -> pd.DataFrame:
        """Rows an effect, then rows a path.

        Effects: `total`, `direct`, `indirect.<m>` (in a row `indirect.<m1>.<m2>`), `indirect.total`,
        `contrast.<i>-<j>`, and by kind of model `proportion`, `difference.<m>`, `index.<m>` with the condition in
        `level`. `conf_low` and `conf_high` are those of the first method of `ci`; `p_value` of what is linear in one
        regression is that of its t test, of the others that of the bootstrap (`p_boot`), or Sobel's without one;
        `share` is in per cent of the total effect.
        Paths: `outcome` = mediator or y, `term` = predictor, with t tests, and each regression's `model.r_squared`
        and so on; `model` = "total" for the regression of y without mediators.
        """
        parts = [self.effects, *(tidy_model(outcome, model) for outcome, model in self.models)]
        rows = [row for part in parts for row in part.to_dict("records")]
        columns = [*self.effects.columns, *(c for c in parts[-1].columns if c not in self.effects.columns)]
        empty = {c: None if GLOSSARY[c] == "text" else np.nan for c in columns}
        return tidy_frame(len(rows), **{c: [row.get(c, empty[c]) for row in rows] for c in columns})

    def glance(self) -> pd.DataFrame:
        """Rows, resamples, R squared of y and the share of the total indirect effect; effects are in `tidy()`."""
        fit = self.last_fit
        shares = self.effects.loc[self.effects["term"] == "indirect.total", "share"]
        row = {
            "n_obs": self.n_obs,
            "n_clusters": np.nan if fit.n_clusters is None else fit.n_clusters,
            "resamples": self.resamples,
            "n_failed": self.n_failed,
            "r_squared": fit.r_squared,
            "r_squared_adj": fit.r_squared_adj,
            "share": shares.iloc[0] if len(shares) == 1 else np.nan,
        }
        return pd.DataFrame([row])

    def table(self, template: str | None = None) -> Table:
        """A table; by default the first of `templates`."""
        raise NotImplementedError

    def figure(self, name: str = "paths") -> Figure:
        """The path diagram: standardised coefficients, x to mediators to y."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False, kw_only=True)
class ChainResult(MediationResult):
    """One x, one y, and mediators side by side or in a row.

    Attributes
    ----------
    equations : Equations
        Fits of the mediators, of y, and of y without the mediators.
    """

    x: str
    x_term: str
    y: str
    layout: Layout
    mediators: tuple[str, ...]
    equations: Equations

    @property
    def templates(self) -> tuple[str, ...]:
        """`T14` for one mediator, `T15` (with contrasts) for several, the regressions side by side, `sensitivity`."""
        return ("T14" if self.layout.kind == "simple" else "T15", "T13", *self._sensitivity)

    @property
    def figures(self) -> tuple[str, ...]:
        """`paths`, and `sensitivity` where there are indirect effects."""
        return ("paths", *self._sensitivity)

    @property
    def models(self) -> tuple[tuple[str, Model], ...]:
        """Outcome and model of every regression: mediators, y without mediators (`total`), y with them."""
        total, outcome = self.equations.total, self.equations.outcome
        fits = zip(self.layout.mediators, self.equations.mediators, strict=True)
        return (
            *((name, compared("", fit, None, self.cov)) for name, fit in fits),
            (self.y, compared("total", total, None, self.cov)),
            (self.y, compared("", outcome, total, self.cov)),
        )

    def table(self, template: str | None = None) -> Table:
        """`T14`: effects; `T15`: with contrasts; `T13`: the regressions; `sensitivity`. By default the first."""
        from evalkit.models.mediation.sensitivity_views import sensitivity_table
        from evalkit.models.mediation.tables import mediation_table

        if template == "sensitivity" and self.sensitivity is not None:
            return sensitivity_table(self, self.sensitivity)
        return mediation_table(self, template or self.templates[0])

    def figure(self, name: str = "paths") -> Figure:
        """`paths`: the diagram with standardised coefficients; `sensitivity`: indirect effects along rho."""
        from evalkit.models.mediation.diagram import path_figure
        from evalkit.models.mediation.sensitivity_views import sensitivity_figure

        if name == "sensitivity" and self.sensitivity is not None:
            return sensitivity_figure(self, self.sensitivity)
        return path_figure(self)
