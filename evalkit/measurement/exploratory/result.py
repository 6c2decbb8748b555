"""An exploratory factor analysis, computed; its tidy rows, scores, residuals, tables and scree figure out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.measurement.exploratory.adequacy import Adequacy, Sphericity
from evalkit.measurement.exploratory.retention import AveragePartial, Parallel
from evalkit.measurement.exploratory.scores import SCORES, score_weights
from evalkit.measurement.exploratory.solution import FactorFit, Solution
from evalkit.moments import number_matrix

_TEXT = ("outcome", "group", "term")


@dataclass(frozen=True)
class EfaChoices:
    """What was asked for: extraction, rotation, correlations, how gaps and the number of factors were treated."""

    method: str
    rotation: str
    correlation: str
    missing: str
    kaiser: bool
    chosen_by: str
    percentile: float
    reference: str
    suppress: float


@dataclass(frozen=True, eq=False)
class EfaResult:
    """Exploratory factors of some items.

    Parameters
    ----------
    names : tuple of str
        Items, in the order of every array.
    solution : Solution
        Loadings (p, m), factor correlations, communalities, residuals; factors `F1`, `F2`, ... by falling variance.
    mean, sd : ndarray, shape (p,)
        Of the answers used, for factor scores.
    """

    names: tuple[str, ...]
    labels: Mapping[str, Label]
    choices: EfaChoices
    solution: Solution
    fit: FactorFit
    adequacy: Adequacy
    sphericity: Sphericity
    parallel: Parallel
    average_partial: AveragePartial
    mean: np.ndarray
    sd: np.ndarray
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T6", "T6_retention")

    @property
    def factors(self) -> tuple[str, ...]:
        """`F1`, `F2`, ..."""
        return tuple(f"F{k}" for k in range(1, self.solution.loadings.shape[1] + 1))

    @property
    def loadings(self) -> pd.DataFrame:
        """Pattern loadings, items by factors."""
        return pd.DataFrame(self.solution.loadings, index=list(self.names), columns=list(self.factors))

    @property
    def residuals(self) -> pd.DataFrame:
        """Observed less reproduced correlations, items by items; uniquenesses on the diagonal."""
        return pd.DataFrame(self.solution.residual, index=list(self.names), columns=list(self.names))

    def scores(self, data: pd.DataFrame, method: str = "regression") -> pd.DataFrame:
        """Factor scores of the rows of `data`, nan where an answer is missing.

        Parameters
        ----------
        data : DataFrame
            The items as they were analysed.
        method : {"regression", "bartlett", "tenberge"}
            See `scores.score_weights`. Answers are standardised by the mean and SD of the rows analysed, also where
            the correlations are polychoric.

        Raises
        ------
        AnalysisError
            E614 for another method; E600, E610, E611 for columns that are missing or no numbers; E647 where no weights
            exist (a Heywood case, components with Bartlett's).
        """
        if method not in SCORES:
            raise AnalysisError(Problem("E614", params={"option": "method", "value": method}))
        z = (number_matrix(data, self.names) - self.mean) / self.sd
        try:
            weights = score_weights(self.solution, method)
        except np.linalg.LinAlgError:
            weights = np.full(self.solution.loadings.shape, np.nan)
        if not np.isfinite(weights).all():
            raise AnalysisError(Problem("E647", params={"method": method}))
        return pd.DataFrame(z @ weights, index=data.index, columns=list(self.factors))

    def tidy(self) -> pd.DataFrame:
        """Loadings (group = factor), items, factors, factor correlations, eigenvalues, and `model.` statistics."""
        rows = [
            *self._loading_rows(), *self._item_rows(), *self._factor_rows(), *self._retention_rows(),
            *self._model_rows(),
        ]  # fmt: skip
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {n: [r.get(n, None if n in _TEXT else np.nan) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns, n_obs=self.n_obs)

    def glance(self) -> pd.DataFrame:
        """One row: size, adequacy and fit."""
        f = self.fit
        values = {
            "n_obs": self.n_obs, "n_items": len(self.names), "n_factors": len(self.factors), "kmo": self.adequacy.kmo,
            "chi2": f.chi2, "df": f.df, "p_value": f.p_value, "tli": f.tli, "rmsea": f.rmsea,
            "rmsea_low": f.rmsea_low, "rmsea_high": f.rmsea_high, "rmsr": f.rmsr, "bic": f.bic,
        }  # fmt: skip
        return pd.DataFrame([{name: float(value) for name, value in values.items()}])

    def table(self, template: str = "T6") -> Table:
        """T6: loadings with small ones blank, communalities, variance; T6_retention: how many factors."""
        from evalkit.measurement.exploratory.tables import loading_table, retention_table

        return retention_table(self) if template == "T6_retention" else loading_table(self)

    def figure(self) -> Figure:
        """Scree of the eigenvalues with those of random data."""
        found = self.parallel
        number = np.arange(1, len(self.names) + 1)
        parts = [("components", found.components, found.component_reference)]
        if self.choices.method != "pca":
            parts.append(("factors", found.factors, found.factor_reference))
        frames = [
            pd.DataFrame({"basis": basis, "number": number, "estimate": own, "reference": bar})
            for basis, own, bar in parts
        ]
        labels = {
            "components": Label("efa.components"),
            "factors": Label("efa.factors"),
            "reference": self.reference_label,
        }
        frame = pd.concat(frames, ignore_index=True)
        return Figure("efa", "scree", Label("efa.scree"), frame, labels, (Label("n", n=self.n_obs),))

    @property
    def reference_label(self) -> Label:
        """What the random eigenvalues are, in words."""
        c = self.choices
        return Label(f"efa.reference_{c.reference}", percentile=f"{c.percentile:g}", draws=self.parallel.draws)

    def _loading_rows(self) -> list[dict[str, Any]]:
        s = self.solution
        return [
            {"group": factor, "term": name, "estimate": s.loadings[i, k], "loading": s.loadings[i, k],
             "correlation": s.structure[i, k]}
            for k, factor in enumerate(self.factors) for i, name in enumerate(self.names)
        ]  # fmt: skip

    def _item_rows(self) -> list[dict[str, Any]]:
        s = self.solution
        values = zip(s.communality, s.uniqueness, s.complexity, self.adequacy.msa, strict=True)
        return [
            {"term": name, "estimate": h, "communality": h, "uniqueness": u, "complexity": c, "msa": m}
            for name, (h, u, c, m) in zip(self.names, values, strict=True)
        ]

    def _factor_rows(self) -> list[dict[str, Any]]:
        s, p = self.solution, len(self.names)
        rows: list[dict[str, Any]] = [
            {"term": factor, "estimate": value, "share": 100 * value / p}
            for factor, value in zip(self.factors, s.explained, strict=True)
        ]
        pairs = [(i, j) for j in range(len(self.factors)) for i in range(j)]
        return rows + [
            {"outcome": self.factors[i], "term": self.factors[j], "estimate": s.phi[i, j], "correlation": s.phi[i, j]}
            for i, j in pairs
        ]

    def _retention_rows(self) -> list[dict[str, Any]]:
        found = self.parallel
        rows: list[dict[str, Any]] = []
        for basis, own, bar in (
            ("components", found.components, found.component_reference),
            ("factors", found.factors, found.factor_reference),
        ):
            rows += [
                {"group": basis, "term": f"eigenvalue.{k + 1}", "estimate": own[k], "reference": bar[k]}
                for k in range(len(own))
            ]
        partial = self.average_partial
        for basis, values in (("map", partial.squares), ("map_revised", partial.fourths)):
            rows += [{"group": basis, "term": f"map.{k}", "estimate": v} for k, v in enumerate(values)]
        return rows

    def _model_rows(self) -> list[dict[str, Any]]:
        f, b = self.fit, self.sphericity
        return [
            {"term": "model.kmo", "estimate": self.adequacy.kmo},
            {"term": "model.bartlett", "statistic": b.chi2, "df": b.df, "p_value": b.p_value},
            {"term": "model.chi2", "statistic": f.chi2, "df": f.df, "p_value": f.p_value},
            {"term": "model.chi2_empirical", "statistic": f.chi2_empirical, "df": f.df},
            {"term": "model.chi2_null", "statistic": f.chi2_null, "df": f.df_null},
            {"term": "model.objective", "estimate": f.objective},
            {"term": "model.tli", "estimate": f.tli},
            {"term": "model.rmsea", "estimate": f.rmsea, "conf_low": f.rmsea_low, "conf_high": f.rmsea_high},
            {"term": "model.rmsr", "estimate": f.rmsr},
            {"term": "model.rmsr_adj", "estimate": f.rmsr_adj},
            {"term": "model.bic", "estimate": f.bic},
            {"term": "model.sabic", "estimate": f.sabic},
            {"term": "model.fit", "estimate": f.fit},
            {"term": "model.fit_off", "estimate": f.fit_off},
            {"term": "model.share", "estimate": 100 * float(np.sum(self.solution.communality)) / len(self.names)},
            {"term": "model.n_parallel_factors", "estimate": self.parallel.n_factors},
            {"term": "model.n_parallel_components", "estimate": self.parallel.n_components},
            {"term": "model.n_map", "estimate": self.average_partial.n_components},
            {"term": "model.n_map_revised", "estimate": self.average_partial.n_components_revised},
        ]
