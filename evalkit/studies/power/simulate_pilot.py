"""Answers of a pilot in, the standardised effects, correlations, shares and intraclass correlations they show out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.models.mediation.system import Term, design
from evalkit.moments import least_squares
from evalkit.studies.power.simulate_model import Model


@dataclass(frozen=True)
class Pilot:
    """What the rows complete in a model show.

    Attributes
    ----------
    n : int
        Rows complete in every variable.
    icc : mapping
        Exogenous column, or outcome (of its residuals) -> share of variance between clusters.
    cluster_size : float
        Mean; nan without clusters.
    """

    n: int
    effects: Mapping[tuple[str, Term], float]
    correlations: Mapping[tuple[str, str], float]
    shares: Mapping[str, float]
    icc: Mapping[str, float]
    cluster_size: float


NOTHING = Pilot(0, {}, {}, {}, {}, float("nan"))


def pilot_of(data: pd.DataFrame, model: Model) -> Pilot:
    """What `data` shows about the model; `NOTHING` where it is too small or a variable does not vary."""
    system = model.system
    whole = model.columns.values
    clusters = None if model.cluster is None else data.get(model.cluster)
    fine = np.isfinite(whole).all(axis=1) & (np.ones(len(data), bool) if clusters is None else clusters.notna())
    values = whole[np.asarray(fine)]
    groups = None if clusters is None else pd.factorize(clusters[fine])[0]
    n, k = len(values), max(len(e.terms) for e in system.equations)
    if n <= k + 1 or (np.ptp(values, axis=0) == 0).any():
        return NOTHING
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    places, effects = system.places, {}
    left = {}
    for equation in system.equations:
        x, y = design(equation, places, standard), standard[:, places[equation.outcome]]
        beta = least_squares(x, y).coefficients
        if np.isnan(beta).any():
            return NOTHING
        left[equation.outcome] = y - x @ beta
        effects |= {(equation.outcome, term): float(b) for term, b in zip(equation.terms, beta, strict=True)}
    exogenous = [name for name in system.columns if name not in left]
    correlations = {
        (one, two): float((standard[:, places[one]] * standard[:, places[two]]).mean())
        for i, one in enumerate(exogenous)
        for two in exogenous[i + 1 :]
    }
    two_valued = [name for name in exogenous if len(np.unique(values[:, places[name]])) == 2]
    shares = {name: float((standard[:, places[name]] > 0).mean()) for name in two_valued}
    columns = {name: standard[:, places[name]] for name in exogenous} | left
    icc = {} if groups is None else {name: between_share(column, groups) for name, column in columns.items()}
    size = float("nan") if groups is None else n / (groups.max() + 1)
    return Pilot(n, effects, correlations, shares, icc, size)


def between_share(values: np.ndarray, groups: np.ndarray) -> float:
    """ICC(1) by analysis of variance, within 0 and 1: Donner & Koval (1980), Biometrics 36, 19-25."""
    sizes = np.bincount(groups)
    n, j = len(values), len(sizes)
    if j < 2 or n <= j:
        return 0.0
    means = np.bincount(groups, weights=values) / sizes
    between = float(sizes @ (means - values.mean()) ** 2) / (j - 1)
    within = float(((values - means[groups]) ** 2).sum()) / (n - j)
    typical = (n - (sizes**2).sum() / n) / (j - 1)
    total = between + (typical - 1) * within
    return float(np.clip((between - within) / total, 0.0, 1.0)) if total > 0 else 0.0
