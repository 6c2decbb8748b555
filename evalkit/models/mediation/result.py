"""A fitted mediation model and its views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.models.fit import PER_TERM, Fit
from evalkit.models.matrix import INTERCEPT
from evalkit.models.mediation.equations import Equations
from evalkit.models.mediation.layout import Layout


@dataclass(frozen=True, eq=False)
class MediationResult:
    """Total, direct and indirect effects of x on y, with the regressions they come from.

    Attributes
    ----------
    effects : DataFrame
        The effect rows of `tidy()`.
    equations : Equations
        Fits of the mediators, of y, and of y without the mediators.
    cov : str
        Standard errors of the paths: `classical`, `CR1` or `linearised`.
    resamples, n_failed : int
        Bootstrap resamples drawn, and those that could not be solved; 0 without a bootstrap.
    """

    x: str
    x_term: str
    y: str
    layout: Layout
    mediators: tuple[str, ...]
    covariates: tuple[str, ...]
    effects: pd.DataFrame
    equations: Equations
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

    @property
    def templates(self) -> tuple[str, ...]:
        """`T14` for one mediator, `T15` (with contrasts) for several, and the regressions side by side."""
        return ("T14" if self.layout.kind == "simple" else "T15", "T13")

    def tidy(self) -> pd.DataFrame:
        """Rows an effect, then rows a path.

        Effects: `total`, `direct`, `indirect.<m>` (serial also `indirect.<m1>.<m2>`), `indirect.total`,
        `contrast.<i>-<j>`, `proportion` (total indirect over total effect). `conf_low` and `conf_high` are those
        of the first method of `ci`; `p_value` of total and direct is that of the t test, of the others that of
        the bootstrap (`p_boot`), or Sobel's without one; `share` is in per cent of the total effect.
        Paths: `outcome` = mediator or y, `term` = predictor, with t tests; `model` = "total" for the regression of
        y without mediators.
        """
        fits = list(
            zip((*self.layout.mediators, self.y), (*self.equations.mediators, self.equations.outcome), strict=True)
        )
        parts = [_paths(None, outcome, fit) for outcome, fit in fits]
        parts.append(_paths("total", self.y, self.equations.total))
        columns = list(self.effects.columns) + ["beta", "vif"]
        rows = [dict(r) for part in (self.effects, *parts) for r in part.to_dict("records")]
        return tidy_frame(
            len(rows), **{c: [r.get(c, None if c == "reason" else np.nan) for r in rows] for c in columns}
        )

    def glance(self) -> pd.DataFrame:
        """Total, direct and total indirect effect are in `tidy()`; here rows, resamples and R squared of y."""
        fit = self.equations.outcome
        share = self.effects.loc[self.effects["term"] == "indirect.total", "share"].iloc[0]
        row = {
            "n_obs": self.n_obs,
            "n_clusters": np.nan if fit.n_clusters is None else fit.n_clusters,
            "resamples": self.resamples,
            "n_failed": self.n_failed,
            "r_squared": fit.r_squared,
            "r_squared_adj": fit.r_squared_adj,
            "share": share,
        }
        return pd.DataFrame([row])

    def table(self, template: str | None = None) -> Table:
        """`T14`: effects; `T15`: with contrasts; `T13`: the regressions. By default the first of `templates`."""
        from evalkit.models.mediation.tables import mediation_table

        return mediation_table(self, template or self.templates[0])

    def figure(self) -> Figure:
        """The path diagram: standardised coefficients, x to mediators to y."""
        return path_figure(self)


def path_figure(result: MediationResult) -> Figure:
    """Edges of the model with standardised coefficients; total and direct effect (b) in the notes."""
    layout, equations = result.layout, result.equations
    edges = []

    def edge(start: str, end: str, fit: Fit, term: str, role: str) -> None:
        i = fit.place(term)
        edges.append({"from": start, "to": end, "estimate": fit.beta[i], "p_value": fit.p_value[i], "role": role})

    for j, (name, fit) in enumerate(zip(layout.mediators, equations.mediators, strict=True)):
        edge(result.x_term, name, fit, result.x_term, "a")
        for before in layout.mediators[:j] if layout.kind == "serial" else ():
            edge(before, name, fit, before, "d")
    for name in layout.mediators:
        edge(name, result.y, equations.outcome, name, "b")
    edge(result.x_term, result.y, equations.outcome, result.x_term, "direct")
    i = equations.total.place(result.x_term)
    total = f"{equations.total.beta[i]:.3f}" if np.isfinite(equations.total.beta[i]) else "—"
    notes = (Label("mediation.figure_total", beta=total), Label("mediation.figure_note", n=result.n_obs))
    return Figure(
        id="mediation",
        kind="path",
        title=Label("mediation.figure", x=result.labels[result.x], y=result.labels[result.y]),
        frame=pd.DataFrame(edges),
        labels={key: label for key, label in result.labels.items() if key != INTERCEPT},
        notes=notes,
    )


def _paths(model: str | None, outcome: str, fit: Fit) -> pd.DataFrame:
    order = [*range(1, len(fit.terms)), 0]
    return tidy_frame(
        len(order),
        model=model,
        outcome=outcome,
        term=[fit.terms[i] for i in order],
        df=fit.df,
        n_obs=fit.n_obs,
        **{name: getattr(fit, name)[order] for name in PER_TERM},
    )
