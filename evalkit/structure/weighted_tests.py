"""A fit to thresholds and polychorics in; its sandwich, its adjusted tests and its baseline out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from evalkit.sampling import linearised_covariance
from evalkit.structure.estimators.weighted import WeightedBlock
from evalkit.structure.implied import Implied
from evalkit.structure.information import bread, expected_information, free_basis, joined_design
from evalkit.structure.optimise import Objective, Solution
from evalkit.structure.testing import ChiSquare, chi_square

NAN = float("nan")


@dataclass(frozen=True, eq=False)
class Stack:
    """All groups, one after the other (K statistics).

    Parameters
    ----------
    weight : ndarray, shape (K,)
        Of each statistic in the discrepancy, the group's share inside.
    spread : ndarray, shape (K, K)
        Covariance matrix of the statistics times the total n.
    slopes : ndarray, shape (q, K)
        Derivatives of the implied statistics.
    """

    weight: np.ndarray
    spread: np.ndarray
    slopes: np.ndarray

    @property
    def heavy(self) -> np.ndarray:
        """``W Delta``, shape (q, K)."""
        return self.slopes * self.weight

    def meat(self) -> np.ndarray:
        """``Delta' W Gamma W Delta``, shape (q, q)."""
        return np.asarray(self.heavy @ self.spread @ self.heavy.T)

    def traces(self, bread: np.ndarray) -> tuple[float, float]:
        """Traces of ``U Gamma`` and its square, ``U = W - W Delta E Delta' W`` with E the `bread`."""
        whole = self.weight[:, None] * self.spread
        half = self.heavy @ self.spread
        pulled = bread @ self.meat()
        twice = bread @ ((half * self.weight) @ half.T)
        one = float(np.trace(whole) - np.trace(pulled))
        two = float(np.sum(whole * whole.T) - 2 * np.trace(twice) + np.sum(pulled * pulled.T))
        return one, two

    def projection(self, bread: np.ndarray) -> np.ndarray:
        """What is left of a deviation of the statistics after the fit: ``I - Delta E Delta' W``, shape (K, K)."""
        return np.eye(len(self.weight)) - self.slopes.T @ bread @ self.heavy


def blocks_of(objective: Objective) -> tuple[WeightedBlock, ...]:
    """The blocks, known to be those of ordered variables."""
    return tuple(block for block in objective.blocks if isinstance(block, WeightedBlock))


def stacked(objective: Objective, implied: Sequence[Implied]) -> Stack:
    """Weights, covariance matrix and slopes of all groups at a point."""
    blocks = blocks_of(objective)
    shares = np.array(objective.shares)
    weight = np.concatenate([s * b.weight for s, b in zip(shares, blocks, strict=True)])
    parts = zip(blocks, implied, objective.jacobians(implied), strict=True)
    slopes = np.hstack([b.slopes(m, j) for b, m, j in parts])
    return Stack(weight, spread(objective), slopes)


def spread(objective: Objective) -> np.ndarray:
    """Total n times the covariance matrix of the statistics of all groups, shape (K, K).

    Groups are independent, unless a sampling design has clusters that reach over groups.
    """
    blocks = blocks_of(objective)
    sizes = [len(b.statistics.values) for b in blocks]
    ends = np.cumsum([0, *sizes])
    arrays = joined_design(objective)
    if arrays is None:
        out = np.zeros((ends[-1], ends[-1]))
        for block, first, last in zip(blocks, ends, ends[1:], strict=False):
            out[first:last, first:last] = block.statistics.gamma * (objective.total / block.n)
        return out
    influence = np.zeros((len(arrays.units), ends[-1]))
    row = 0
    for block, first, last in zip(blocks, ends, ends[1:], strict=False):
        part = block.statistics.influence
        if part is not None:
            influence[row : row + len(part), first:last] = part / len(part)
            row += len(part)
    return np.asarray(objective.total * linearised_covariance(influence, arrays)[0])


def adjusted(test: str, plain: ChiSquare, traces: tuple[float, float]) -> ChiSquare:
    """The plain statistic brought to the mean of a chi-square (`mean_adjusted`), or to its mean and variance.

    Satorra & Bentler (1994), in von Eye & Clogg, Latent Variables Analysis, 399-419; scaled and shifted: Asparouhov &
    Muthén (2010), Simple second order chi-square correction (technical note).
    """
    df, (one, two) = plain.df, traces
    if df <= 0 or one <= 0 or two <= 0:
        return ChiSquare(NAN if df else plain.statistic, df, NAN)
    if test == "mean_adjusted":
        scaling, shift = one / df, 0.0
    else:
        scaling = float(np.sqrt(two / df))
        shift = df - one / scaling
    statistic = plain.statistic / scaling + shift
    return ChiSquare(statistic, df, float(stats.chi2.sf(max(statistic, 0.0), df)), scaling, shift=shift)


def bread_of(objective: Objective, solution: Solution) -> np.ndarray:
    """Inverse of the information in the free directions, shape (q, q)."""
    return bread(expected_information(objective, solution), free_basis(objective, solution))


def adjusted_test(objective: Objective, solution: Solution, plain: ChiSquare, test: str) -> ChiSquare:
    """The test of a fit, adjusted."""
    return adjusted(test, plain, stacked(objective, solution.implied).traces(bread_of(objective, solution)))


def residual_errors(objective: Objective, solution: Solution) -> np.ndarray:
    """Standard errors of the residuals of all statistics, shape (K,)."""
    stack = stacked(objective, solution.implied)
    left = stack.projection(bread_of(objective, solution))
    variance = np.einsum("ij,jk,ik->i", left, stack.spread, left, optimize=True)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0) / objective.total))


def baseline(objective: Objective, test: str) -> tuple[ChiSquare, ChiSquare | None]:
    """Independence: thresholds, means and variances as they are, no correlations; plain and adjusted."""
    statistic, weights, chosen, first = 0.0, [], [], 0
    for share, block in zip(objective.shares, blocks_of(objective), strict=True):
        at = np.arange(block.statistics.first_pair, len(block.statistics.values))
        statistic += block.n * float(block.weight[at] @ block.statistics.values[at] ** 2)
        weights.append(share * block.weight[at])
        chosen.append(first + at)
        first += len(block.statistics.values)
    rows = np.concatenate(chosen)
    plain = chi_square(statistic, len(rows))
    if test == "standard":
        return plain, None
    product = np.concatenate(weights)[:, None] * spread(objective)[np.ix_(rows, rows)]
    return plain, adjusted(test, plain, (float(np.trace(product)), float(np.sum(product * product.T))))
