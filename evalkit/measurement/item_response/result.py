"""An item response model, fitted; its curves, scores, tidy rows, tables and figures out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.measurement.item_response.answers import codes_of
from evalkit.measurement.item_response.categories import item_information, log_probabilities
from evalkit.measurement.item_response.item_fit import ItemFit

SHOWN = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
"""Places of the latent scale where information is told."""
_KEYS = ("group", "term", "level")


@dataclass(frozen=True, eq=False)
class ItemCurve:
    """One fitted item.

    Parameters
    ----------
    values : tuple of float
        Its answers, ascending.
    slope : float
        Discrimination.
    intercepts, thresholds : ndarray, shape (m,)
        See `categories`; thresholds stand on the latent scale.
    slope_error, threshold_errors : float, ndarray
        Standard errors.
    n_answers : int
    fit : ItemFit
    p_adjusted : float
        p of the fit by Holm over the items.
    """

    name: str
    values: tuple[float, ...]
    slope: float
    intercepts: np.ndarray
    thresholds: np.ndarray
    slope_error: float
    threshold_errors: np.ndarray
    n_answers: int
    fit: ItemFit
    p_adjusted: float


@dataclass(frozen=True, eq=False)
class IrtResult:
    """Items and the latent variable behind them, which has mean 0 and SD 1 in the people analysed.

    Parameters
    ----------
    model : str
        graded, partial_credit or generalised_partial_credit.
    family : str
        graded or credit: the form of the curves.
    items : tuple of ItemCurve
    answers : mapping
        Wordings of the answers by code, where all items share them.
    theta : ndarray
        Points of the latent scale that the likelihood sums over.
    marginal_reliability : float
        Mean over the latent distribution of information / (information + 1).
    eap_reliability : float
        Variance of the scores over that of the scores and of their errors.
    """

    model: str
    family: str
    items: tuple[ItemCurve, ...]
    labels: Mapping[str, Label]
    answers: Mapping[str, Label]
    theta: np.ndarray
    log_likelihood: float
    npar: int
    marginal_reliability: float
    eap_reliability: float
    iterations: int
    conf_level: float
    n_obs: int
    n_complete: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("irt", "irt_information")
    figures: ClassVar[tuple[str, ...]] = ("curves", "information")

    @property
    def aic(self) -> float:
        return -2 * self.log_likelihood + 2 * self.npar

    @property
    def bic(self) -> float:
        return -2 * self.log_likelihood + float(np.log(self.n_obs)) * self.npar

    def probabilities(self, theta: np.ndarray) -> tuple[np.ndarray, ...]:
        """Of each item the chances of its answers, shape (m + 1, q), at places of the latent scale."""
        return tuple(np.exp(log_probabilities(self.family, i.slope, i.intercepts, theta)) for i in self.items)

    def information(self, theta: np.ndarray) -> np.ndarray:
        """Information of each item, shape (p, q); the test's is their sum."""
        return np.array([item_information(self.family, i.slope, i.intercepts, theta) for i in self.items])

    def scores(self, data: pd.DataFrame) -> pd.DataFrame:
        """Expected place on the latent scale (`theta`) and its standard deviation (`std_error`) for each row of data.

        Rows count with the answers they have; without any they are nan.

        Raises
        ------
        AnalysisError
            E600, E610, E611; E979 for an answer that nobody gave when the model was fitted.

        Notes
        -----
        EAP: Bock & Mislevy (1982), Applied Psychological Measurement 6, 431-444.
        """
        codes = codes_of(data, [i.name for i in self.items], [i.values for i in self.items])
        joint = np.tile(log_weights(self.theta), (len(codes), 1))
        for j, item in enumerate(self.items):
            log_p = log_probabilities(self.family, item.slope, item.intercepts, self.theta)
            joint += np.vstack([log_p, np.zeros(len(self.theta))])[codes[:, j]]  # code -1: no answer
        mean, sd = posterior_moments(joint, self.theta)
        blank = (codes < 0).all(axis=1)
        mean[blank] = sd[blank] = np.nan
        return pd.DataFrame({"theta": mean, "std_error": sd}, index=data.index)

    def tidy(self) -> pd.DataFrame:
        """Items: discrimination and thresholds, fit (group fit), information (group information); `model.` rows."""
        rows = [*self._parameter_rows(), *self._fit_rows(), *self._information_rows(), *self._model_rows()]
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {n: [r.get(n, None if n in _KEYS else np.nan) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: size, likelihood, reliability."""
        values = {
            "n_obs": self.n_obs, "n_items": len(self.items), "npar": self.npar, "log_likelihood": self.log_likelihood,
            "aic": self.aic, "bic": self.bic, "marginal_reliability": self.marginal_reliability,
            "eap_reliability": self.eap_reliability, "iterations": self.iterations,
        }  # fmt: skip
        return pd.DataFrame([{name: float(value) for name, value in values.items()}])

    def table(self, template: str = "irt") -> Table:
        """irt: parameters, errors and fit of the items; irt_information: how much they tell, and where."""
        from evalkit.measurement.item_response.tables import information_table, parameter_table

        return information_table(self) if template == "irt_information" else parameter_table(self)

    def figure(self, name: str = "curves") -> Figure:
        """curves: chances of the answers by item; information: of the test and of each item."""
        from evalkit.measurement.item_response.diagrams import curve_figure, information_figure

        return information_figure(self) if name == "information" else curve_figure(self)

    def _parameter_rows(self) -> Iterator[dict[str, Any]]:
        from scipy import stats

        z = float(stats.norm.ppf((1 + self.conf_level) / 2))
        for item in self.items:
            found = [("discrimination", item.slope, item.slope_error)]
            found += [
                (f"threshold.{k}", float(b), float(se))
                for k, (b, se) in enumerate(zip(item.thresholds, item.threshold_errors, strict=True), start=1)
            ]
            for level, value, error in found:
                yield {"term": item.name, "level": level, "estimate": value, "std_error": error,
                       "conf_low": value - z * error, "conf_high": value + z * error,
                       "n_obs": item.n_answers}  # fmt: skip

    def _fit_rows(self) -> Iterator[dict[str, Any]]:
        for item in self.items:
            f = item.fit
            yield {"group": "fit", "term": item.name, "statistic": f.statistic, "df": f.df, "p_value": f.p_value,
                   "p_adjusted": item.p_adjusted, "rmsea": f.rmsea, "n_obs": self.n_complete}  # fmt: skip

    def _information_rows(self) -> Iterator[dict[str, Any]]:
        places = np.array(SHOWN)
        each = self.information(places)
        lines = [*zip([i.name for i in self.items], each, strict=True), ("model.information", each.sum(axis=0))]
        for term, values in lines:
            for place, value in zip(SHOWN, values, strict=True):
                yield {"group": "information", "term": term, "level": f"{place:g}", "estimate": float(value)}

    def _model_rows(self) -> Iterator[dict[str, Any]]:
        values = {
            "log_likelihood": self.log_likelihood, "npar": self.npar, "aic": self.aic, "bic": self.bic,
            "marginal_reliability": self.marginal_reliability, "eap_reliability": self.eap_reliability,
        }  # fmt: skip
        for name, value in values.items():
            yield {"term": f"model.{name}", "estimate": float(value), "n_obs": self.n_obs}


def log_weights(theta: np.ndarray) -> np.ndarray:
    """Logs of standard normal weights of points, adding up to 1."""
    raw = -(theta**2) / 2
    return np.asarray(raw - np.log(np.exp(raw).sum()))


def posterior_moments(joint: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and SD of the latent variable by row, from logs of weights of any total."""
    weight = np.exp(joint - joint.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ theta
    return mean, np.sqrt(np.maximum(weight @ theta**2 - mean**2, 0.0))
