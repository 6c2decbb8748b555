"""Convergent and discriminant validity, computed; its tidy rows, tables and figure out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.measurement.validation.htmt import Ratios
from evalkit.measurement.validation.strength import Strength

FIT = ("chisq", "df", "p_value", "chisq_df", "cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "srmr")


@dataclass(frozen=True)
class Norms:
    """Bounds that the printed judgements go by."""

    ave: float = 0.5
    composite_reliability: float = 0.7
    loading: float = 0.6
    htmt: float = 0.85


@dataclass(frozen=True, eq=False)
class Scores:
    """Means of the items of each factor: mean and sd (k,), correlations and their p (k, k)."""

    mean: np.ndarray
    sd: np.ndarray
    r: np.ndarray
    p_value: np.ndarray


@dataclass(frozen=True, eq=False)
class ValidityResult:
    """Validity of several scales.

    Parameters
    ----------
    factors : tuple of Strength
    alpha, omega : mapping
        By factor, over the rows of the model.
    loadings : DataFrame
        factor item est se z p_value conf_low conf_high beta r_squared.
    latent : ndarray, shape (k, k)
        Correlations of the factors.
    ratios : mapping
        `htmt` and `htmt2`; empty for one factor.
    measures : mapping
        Fit of the model, corrected where the estimator corrects it.
    """

    factors: tuple[Strength, ...]
    alpha: Mapping[str, float]
    omega: Mapping[str, float]
    loadings: pd.DataFrame
    latent: np.ndarray
    scores: Scores
    ratios: Mapping[str, Ratios]
    measures: Mapping[str, float]
    correlation: str
    norms: Norms
    estimator: str
    conf_level: float
    resamples: int
    appendix: bool
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """T5, and of several factors T9; with the appendix the latent correlations and the ratios too."""
        several = len(self.factors) > 1
        more = ("latent", "htmt") if several and self.appendix else ()
        return ("T5", *(("T9",) if several else ()), *more)

    def tidy(self) -> pd.DataFrame:
        """Loadings (outcome = item, term = factor), then factors (outcome) and pairs, then the fit (`model.cfi`).

        Terms of a factor: alpha, omega, composite_reliability, ave, maximal_reliability, msv, asv, mean, sd; of a pair
        (term = other factor) the level says which: latent, score, htmt, htmt2.
        """
        rows = [*self._loading_rows(), *self._factor_rows(), *self._pair_rows()]
        rows += [
            {"term": f"model.{name}", "estimate": self.measures.get(name, np.nan), "n_obs": self.n_obs} for name in FIT
        ]
        names = ("outcome", "term", "level", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high",
                 "n_obs", "beta", "r_squared")  # fmt: skip
        text = ("outcome", "term", "level")
        columns = {n: [r.get(n, None if n in text else np.nan) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: lowest AVE and CR, largest HTMT, factors that fail Fornell & Larcker (`count`), fit."""
        row: dict[str, Any] = {
            "ave": least([f.ave for f in self.known]),
            "composite_reliability": least([f.composite_reliability for f in self.known]),
            "htmt": -least(-self.pairs("htmt")),
            "count": len(self.blurred),
        }
        row |= {name: self.measures.get(name, np.nan) for name in FIT}
        return pd.DataFrame([{**row, "n_obs": self.n_obs}])

    def table(self, template: str = "T5") -> Table:
        """T5 (loadings, alpha, omega, CR, AVE), T9 (scores and discriminant validity), latent, htmt."""
        from evalkit.measurement.validation.convergent_tables import TABLES

        return TABLES[template](self)

    def figure(self) -> Figure | None:
        """Heat map of the correlations of the scales; None for one."""
        if len(self.factors) < 2:
            return None
        names = np.array([f.name for f in self.factors], dtype=object)
        i, j = np.indices(self.scores.r.shape).reshape(2, -1)
        values = {"estimate": self.scores.r[i, j], "p_value": self.scores.p_value[i, j]}
        frame = pd.DataFrame({"row": names[i], "column": names[j]} | values)
        return Figure("validity", "heatmap", Label("validation.figure"), frame, dict(self.labels),
                      (Label("n", n=self.n_obs),))  # fmt: skip

    @property
    def known(self) -> tuple[Strength, ...]:
        """Factors of two items or more: of one item nothing can be said."""
        return tuple(f for f in self.factors if len(f.items) > 1)

    @property
    def blurred(self) -> tuple[str, ...]:
        """Factors that fail Fornell & Larcker's criterion."""
        return tuple(f.name for f in self.known if f.distinct is False)

    def pairs(self, kind: str) -> np.ndarray:
        """The ratios of a kind below the diagonal, row by row; empty for one factor."""
        if not self.ratios:
            return np.empty(0)
        return self.ratios[kind].estimate[np.tril_indices(len(self.factors), -1)]

    def _loading_rows(self) -> Iterator[dict[str, object]]:
        for r in self.loadings.itertuples():
            yield {
                "outcome": r.item, "term": r.factor, "level": "loading", "estimate": r.est, "std_error": r.se,
                "statistic": r.z, "p_value": r.p_value, "conf_low": r.conf_low, "conf_high": r.conf_high,
                "n_obs": self.n_obs, "beta": r.beta, "r_squared": r.r_squared,
            }  # fmt: skip

    def _factor_rows(self) -> Iterator[dict[str, object]]:
        for k, f in enumerate(self.factors):
            one = len(f.items) < 2
            values = {
                "alpha": self.alpha[f.name], "omega": self.omega[f.name],
                "composite_reliability": np.nan if one else f.composite_reliability, "ave": np.nan if one else f.ave,
                "reliability_raw": np.nan if one else f.reliability_raw, "ave_raw": np.nan if one else f.ave_raw,
                "maximal_reliability": np.nan if one else f.maximal_reliability, "msv": f.msv, "asv": f.asv,
                "mean": self.scores.mean[k], "sd": self.scores.sd[k],
            }  # fmt: skip
            for name, value in values.items():
                yield {"outcome": f.name, "term": name, "estimate": float(value), "n_obs": self.n_obs}

    def _pair_rows(self) -> Iterator[dict[str, object]]:
        for i, j in zip(*np.tril_indices(len(self.factors), -1), strict=True):
            pair = {"outcome": self.factors[i].name, "term": self.factors[j].name, "n_obs": self.n_obs}
            yield {**pair, "level": "latent", "estimate": self.latent[i, j]}
            yield {**pair, "level": "score", "estimate": self.scores.r[i, j], "p_value": self.scores.p_value[i, j]}
            for kind, found in self.ratios.items():
                yield {**pair, "level": kind, "estimate": found.estimate[i, j], "conf_low": found.low[i, j],
                       "conf_high": found.high[i, j]}  # fmt: skip


def least(values: Any) -> float:
    """The smallest number that is known; nan for none."""
    known = [float(v) for v in values if np.isfinite(v)]
    return min(known) if known else float("nan")
