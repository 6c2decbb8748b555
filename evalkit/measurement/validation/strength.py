"""A fitted measurement model in; reliability of its factors and what they share with one another out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.structure import Fit, categorical_omega
from evalkit.structure.solution import with_definitions
from evalkit.structure.standardised import standardised_rows


@dataclass(frozen=True)
class Strength:
    """One factor.

    Parameters
    ----------
    ave, composite_reliability : float
        Fornell & Larcker (1981), Journal of Marketing Research 18, 39-50, from standardised loadings.
    ave_raw, reliability_raw : float
        The same from unstandardised loadings, over the observed variances of the items and of their sum; of ordinal
        items the reliability of the sum of their points (`structure.categorical_omega`).
    maximal_reliability : float
        Coefficient H of Hancock & Mueller (2001); nan for a loading of 1 or beyond.
    msv, asv : float
        Largest and average squared correlation with the other factors; nan for one factor.
    """

    name: str
    items: tuple[str, ...]
    loadings: tuple[float, ...]
    ave: float
    composite_reliability: float
    ave_raw: float
    reliability_raw: float
    maximal_reliability: float
    msv: float
    asv: float

    @property
    def distinct(self) -> bool | None:
        """Fornell & Larcker's criterion: more shared with the own items than with any factor; None for one factor."""
        return None if np.isnan(self.msv) else bool(self.ave > self.msv)


def standardised_values(fit: Fit) -> np.ndarray:
    """The standardised solution in the order of `fit.estimates()`, without the errors that take most of its time."""
    return np.real(with_definitions(fit.table, standardised_rows(fit.layout, fit.theta)))


def strengths(fit: Fit, standard: np.ndarray) -> tuple[Strength, ...]:
    """Every factor that observed items measure, in order of the model.

    Parameters
    ----------
    standard : ndarray, shape (n_rows,)
        `standardised_values(fit)`.
    """
    observed = list(fit.table.observed)
    estimates = fit.estimates()
    loads = (estimates["op"] == "=~") & estimates["rhs"].isin(observed)
    correlations, variances = fit.latent_cor(), np.diag(fit.latent_cov())
    spread = pd.Series(variances, index=list(fit.table.latent))
    sample = fit.sample.groups[0].cov
    names = [n for n in fit.table.latent if (loads & (estimates["lhs"] == n)).any()]
    of_points = categorical_omega(fit) if fit.options.ordinal else {}
    out = []
    for name in names:
        rows = np.flatnonzero(loads & (estimates["lhs"] == name))
        items = tuple(estimates["rhs"].iloc[rows])
        at = [observed.index(i) for i in items]
        beta, raw = standard[rows], estimates["est"].to_numpy()[rows]
        own = sample[np.ix_(at, at)]
        others = correlations.loc[name, [n for n in names if n != name]].to_numpy() ** 2
        total = beta.sum() ** 2
        out.append(
            Strength(
                name, items, tuple(float(b) for b in beta),
                float(np.mean(beta**2)), float(total / (total + np.sum(1 - beta**2))),
                float(np.sum(raw**2) * spread[name] / np.trace(own)),
                of_points.get(name, float(raw.sum() ** 2 * spread[name] / own.sum())),
                _maximal(beta), float(others.max()) if len(others) else float("nan"),
                float(others.mean()) if len(others) else float("nan"),
            )
        )  # fmt: skip
    return tuple(out)


def _maximal(beta: np.ndarray) -> float:
    if (np.abs(beta) >= 1).any():
        return float("nan")
    s = float(np.sum(beta**2 / (1 - beta**2)))
    return s / (1 + s)
