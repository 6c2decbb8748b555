"""A maximum in, the ends between which the likelihood of a coefficient stays near it out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.models.generalised.ascent import Likelihood, Maximum, maximum

WIDEST = 40.0
"""Standard errors from the estimate at most; what lies beyond is taken for no end."""


@dataclass(frozen=True, eq=False)
class Held:
    """A likelihood with one parameter held at a value: the others are its parameters."""

    whole: Likelihood
    place: int
    value: float

    def full(self, b: np.ndarray) -> np.ndarray:
        return np.insert(b, self.place, self.value)

    def rows(self, b: np.ndarray) -> np.ndarray:
        return self.whole.rows(self.full(b))

    def derivatives(self, b: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scores, information = self.whole.derivatives(self.full(b), weights)
        return np.delete(scores, self.place, 1), np.delete(np.delete(information, self.place, 0), self.place, 1)

    def start(self, weights: np.ndarray) -> np.ndarray:
        return np.delete(self.whole.start(weights), self.place)

    def inside(self, b: np.ndarray) -> bool:
        return self.whole.inside(self.full(b))


def profile_interval(likelihood: Likelihood, found: Maximum, place: int, conf_level: float) -> tuple[float, float]:
    """Values of one coefficient at which twice the drop of the log-likelihood is the quantile of chi square.

    nan for an end that is not there (the likelihood stays near its maximum for ever) or cannot be found. Venzon &
    Moolgavkar (1988), Applied Statistics 37, 87-94.
    """
    from scipy.stats import chi2

    weights = np.ones(len(found.scores))
    drop = chi2.ppf(conf_level, 1)
    estimate, error = float(found.b[place]), float(np.sqrt(found.inverse[place, place]))
    ends = []
    for side in (-1.0, 1.0):
        others = np.delete(found.b, place)

        def excess(steps: float, side: float = side) -> float:
            nonlocal others
            held = Held(likelihood, place, estimate + side * steps * error)
            if not held.inside(others):
                others = held.start(weights)
            at = maximum(held, weights, others)
            if not at.converged:
                return float("nan")
            others = at.b
            return 2 * (found.log_likelihood - at.log_likelihood) - drop

        ends.append(estimate + side * error * _root(excess, float(np.sqrt(drop))))
    return ends[0], ends[1]


def _root(excess, first: float) -> float:  # type: ignore[no-untyped-def]
    """Where a rising function is 0, from a first guess; nan where it is not found below `WIDEST`."""
    low, high = 0.0, first
    value = excess(high)
    while value < 0:
        low, high = high, high * 1.6
        if high > WIDEST:
            return float("nan")
        value = excess(high)
    if np.isnan(value):
        return float("nan")
    for _ in range(60):
        middle = (low + high) / 2
        value = excess(middle)
        if np.isnan(value):
            return float("nan")
        low, high = (middle, high) if value < 0 else (low, middle)
        if high - low < 1e-7 * high:
            break
    return (low + high) / 2
