"""Least squares over thresholds and polychoric correlations: weighted by their variances, or unweighted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.structure.implied import Implied, Jacobian
from evalkit.structure.ordered import OrderedStatistics
from evalkit.structure.sample import GroupSample, Sample


@dataclass(frozen=True, eq=False)
class WeightedBlock:
    """``r' W r / 2`` with ``r`` the statistics less what the model implies and W diagonal.

    Muthén, du Toit & Spisic (1997), Robust inference using weighted least squares and quadratic estimating equations
    (technical report). `weight` has the diagonal of W, shape (k,).
    """

    sample: GroupSample
    statistics: OrderedStatistics
    weight: np.ndarray

    @property
    def n(self) -> float:
        """Rows less one, as for the other least squares here."""
        return self.sample.n - 1

    def value(self, implied: Implied) -> float:
        """The discrepancy; inf where an ordered variable has no positive variance."""
        rest = self.statistics.values - self.statistics.implied(implied)
        found = 0.5 * float(rest @ (self.weight * rest))
        return found if np.isfinite(found) else float("inf")

    def slopes(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        """Derivatives of the implied statistics by the parameters, shape (q, k)."""
        return self.statistics.slopes(implied, jacobian)

    def gradient(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        """Derivatives of the value by the parameters, shape (q,)."""
        rest = self.statistics.values - self.statistics.implied(implied)
        return -self.slopes(implied, jacobian) @ (self.weight * rest)

    def information(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        """``Delta' W Delta``, shape (q, q)."""
        slopes = self.slopes(implied, jacobian)
        return np.asarray((slopes * self.weight) @ slopes.T)

    def case_scores(self, implied: Implied, jacobian: Jacobian) -> None:
        """A least-squares fit has no likelihood."""


def diagonal(sample: Sample, means: bool) -> tuple[WeightedBlock, ...]:
    """Weights are the inverse variances of the statistics (DWLS); means are always modelled."""
    found = [(g, g.statistics()) for g in sample.groups]
    return tuple(WeightedBlock(g, s, 1 / np.diag(s.gamma)) for g, s in found)


def unit(sample: Sample, means: bool) -> tuple[WeightedBlock, ...]:
    """Every statistic weighs the same (ULS); means are always modelled."""
    found = [(g, g.statistics()) for g in sample.groups]
    return tuple(WeightedBlock(g, s, np.ones(len(s.values))) for g, s in found)
