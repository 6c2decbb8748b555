"""Values, weights and a domain in; weighted estimates and each row's contribution to their variance out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Estimator = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, np.ndarray]]
"""(values (n,), per (n,), weights (n,), 0 outside the domain) -> estimate, scores (n,)."""


def mean(values: np.ndarray, per: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """``sum w y / sum w``; score ``w (y - mean) / sum w``."""
    return ratio(values, np.ones(len(values)), weights)


def total(values: np.ndarray, per: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """``sum w y``; score ``w y``."""
    scores = weights * values
    return float(scores.sum()), scores


def ratio(values: np.ndarray, per: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """``sum w y / sum w x``; score ``w (y - ratio x) / sum w x``: Woodruff (1971), JASA 66, 411-414."""
    below = float(weights @ per)
    if below == 0:
        return float("nan"), np.full(len(values), np.nan)
    found = float(weights @ values) / below
    return found, weights * (values - found * per) / below


def variance(values: np.ndarray, per: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Variance of the population: weighted mean square about the weighted mean, times n / (n - 1)."""
    n = int(np.count_nonzero(weights))
    if n < 2:
        return float("nan"), np.full(len(values), np.nan)
    centre, _ = mean(values, per, weights)
    return mean((values - centre) ** 2 * n / (n - 1), per, weights)


ESTIMATORS: Mapping[str, Estimator] = {
    "mean": mean,
    "total": total,
    "proportion": mean,
    "ratio": ratio,
    "variance": variance,
}


def weighted_quantile(values: np.ndarray, weights: np.ndarray, probability: float) -> float:
    """Smallest value whose weighted share of values not above it is at least `probability`; nan of nothing."""
    inside = weights > 0
    if not inside.any():
        return float("nan")
    order = np.argsort(values[inside], kind="stable")
    reached = np.cumsum(weights[inside][order])
    place = int(np.searchsorted(reached, (probability - 1e-12) * reached[-1]))
    return float(values[inside][order][min(place, len(order) - 1)])
