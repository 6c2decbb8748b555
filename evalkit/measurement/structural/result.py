"""A structural equation model, fitted; its tidy rows, tables and figure out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.measurement.structural.hypotheses import Hypothesis

GLANCE = (
    "chisq", "df", "p_value", "chisq_df", "cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "rmsea_p", "srmr",
    "gfi", "agfi", "nfi", "ifi", "rmr", "pnfi", "pcfi", "aic", "bic", "sabic", "log_likelihood", "npar",
    "chisq_scaled", "df_scaled", "p_value_scaled", "scaling_factor", "cfi_scaled", "tli_scaled", "rmsea_scaled",
    "rmsea_low_scaled", "rmsea_high_scaled", "cfi_robust", "tli_robust", "rmsea_robust", "rmsea_low_robust",
    "rmsea_high_robust",
)  # fmt: skip
"""Columns of `glance`, before `n_obs`; nan where the estimator has none."""

LEVELS = {"=~": "loading", "~~": "covariance", "~1": "intercept", "~": "path", ":=": "defined", "|": "threshold",
          "~*~": "scale"}  # fmt: skip
"""What the key column `level` says of a row; a covariance of a variable with itself is `variance`."""


@dataclass(frozen=True)
class Factor:
    """Composite reliability and average variance extracted of one factor; of ordinal items these are of the responses
    behind them, and `categorical_omega` is the reliability of their sum (Green & Yang 2009)."""

    name: str
    group: str
    n_items: int
    composite_reliability: float
    ave: float
    categorical_omega: float = np.nan


@dataclass(frozen=True, eq=False)
class StructuralResult:
    """A fitted model.

    Parameters
    ----------
    do : str
        cfa or sem.
    model : str
        The model's text.
    estimates : DataFrame
        lhs op rhs group label est se z p_value conf_low conf_high beta beta_se.
    measures : mapping
        Every fit measure (`evalkit.structure.fit_measures`).
    explained : DataFrame
        name group value: R squared.
    factors : tuple of Factor
    correlations : mapping
        Latent correlations by group.
    modification : DataFrame, optional
        The twenty largest modification indices; None where the search did not arrive.
    labels : mapping
        Wordings of variables and groups.
    ordinal : tuple of str
        Items taken as ordered categories.
    hypotheses : tuple of Hypothesis
        What is claimed of paths and effects.
    residuals : mapping
        By group the residual correlations and the standardised residuals (z); empty where the search did not arrive.
    """

    do: str
    model: str
    estimates: pd.DataFrame
    measures: Mapping[str, float]
    explained: pd.DataFrame
    factors: tuple[Factor, ...]
    correlations: Mapping[str, pd.DataFrame]
    modification: pd.DataFrame | None
    labels: Mapping[str, Label]
    latent: tuple[str, ...]
    groups: tuple[str, ...]
    estimator: str
    missing: str
    ci: str
    resamples: int
    conf_level: float
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    ordinal: tuple[str, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    residuals: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]] = field(default_factory=dict)

    @property
    def templates(self) -> tuple[str, ...]:
        """Loadings (T5), paths (T16), the fit (T8), latent correlations (T9) of several factors."""
        ops = set(self.estimates["op"])
        found = (["T5"] if "=~" in ops else []) + (["T16"] if ops & {"~", ":="} else []) + ["T8"]
        return (*found, *(["T9"] if len(self.factors) > len(self.groups) else []))

    def tidy(self) -> pd.DataFrame:
        """One row a parameter, then R squared, CR and AVE, fit measures and modification indices.

        A loading has outcome = item, term = factor; a path outcome and term; a definition its name as term; a
        covariance its two sides; `level` says which. Fit measures are terms `model.cfi` and so on.
        """
        rows = [*self._parameter_rows(), *self._explained_rows(), *self._factor_rows(), *self._measure_rows()]
        rows += self._modification_rows()
        names = ("outcome", "group", "term", "level", "estimate", "std_error", "statistic", "df", "p_value", "conf_low",
                 "conf_high", "n_obs", "beta", "beta_se")  # fmt: skip
        text = ("outcome", "group", "term", "level")
        columns = {n: [r.get(n, None if n in text else np.nan) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row of fit measures."""
        row = {name: self.measures.get(name, np.nan) for name in GLANCE}
        return pd.DataFrame([{**row, "n_obs": self.n_obs}])

    def table(self, template: str | None = None) -> Table:
        """T5 (loadings), T16 (paths and effects), T8 (fit), T9 (latent correlations), modification, residuals."""
        from evalkit.measurement.structural.tables import TABLES

        name = template or self.templates[0]
        return TABLES[name](self)

    def figure(self) -> Figure | None:
        """The diagram of the model with standardised estimates."""
        from evalkit.measurement.structural.diagram import diagram

        return diagram(self)

    def rows(self, *ops: str, group: str = "") -> pd.DataFrame:
        """Estimates with these operators in one group (definitions belong to all)."""
        found = self.estimates
        return found[found["op"].isin(ops) & ((found["group"] == group) | (found["op"] == ":="))]

    def _parameter_rows(self) -> list[dict[str, object]]:
        out = []
        for r in self.estimates.itertuples():
            level = "variance" if r.op == "~~" and r.lhs == r.rhs else LEVELS[r.op]
            outcome, term = (r.rhs, r.lhs) if r.op == "=~" else (r.lhs, r.rhs)
            if r.op == ":=":
                outcome, term = None, r.lhs
            elif r.op == "~1":
                term = None
            out.append(
                {"outcome": outcome, "group": r.group or None, "term": term, "level": level, "estimate": r.est,
                 "std_error": r.se, "statistic": r.z, "p_value": r.p_value, "conf_low": r.conf_low,
                 "conf_high": r.conf_high, "n_obs": self.n_obs, "beta": r.beta, "beta_se": r.beta_se}
            )  # fmt: skip
        return out

    def _explained_rows(self) -> list[dict[str, object]]:
        return [
            {"outcome": r.name, "group": r.group or None, "term": "r_squared", "estimate": r.value, "n_obs": self.n_obs}
            for r in self.explained.itertuples()
        ]

    def _factor_rows(self) -> list[dict[str, object]]:
        return [
            {"outcome": f.name, "group": f.group or None, "term": term, "estimate": value, "n_obs": self.n_obs}
            for f in self.factors
            for term, value in (("composite_reliability", f.composite_reliability), ("ave", f.ave))
        ] + [
            {"outcome": f.name, "group": f.group or None, "term": "categorical_omega", "estimate": f.categorical_omega,
             "n_obs": self.n_obs}
            for f in self.factors
            if self.ordinal
        ]  # fmt: skip

    def _measure_rows(self) -> list[dict[str, object]]:
        return [
            {"term": f"model.{name}", "estimate": value, "n_obs": self.n_obs} for name, value in self.measures.items()
        ]

    def _modification_rows(self) -> list[dict[str, object]]:
        if self.modification is None:
            return []
        out = []
        for r in self.modification.itertuples():
            kind = "variance" if r.op == "~~" and r.lhs == r.rhs else LEVELS.get(r.op, "scale")
            outcome, term = (r.rhs, r.lhs) if r.op == "=~" else (r.lhs, r.rhs or None)
            out.append(
                {"outcome": outcome, "group": r.group or None, "term": term, "level": f"free_{kind}", "estimate": r.epc,
                 "statistic": r.mi, "df": 1, "beta": r.sepc_all, "n_obs": self.n_obs}
            )  # fmt: skip
        return out
