"""Fitted items and complete answers in; a test of each curve against what people of each total answered out.

S-X2: Orlando & Thissen (2000), Applied Psychological Measurement 24, 50-64; for several answers Kang & Chen (2008),
Journal of Educational Measurement 45, 391-406. It takes people with an answer to every item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEAST_EXPECTED = 1.0
"""Neighbouring answers of a total are taken together until so many are expected."""


@dataclass(frozen=True)
class ItemFit:
    """S-X2 of one item; nan where no degrees of freedom are left."""

    statistic: float
    df: float
    p_value: float
    rmsea: float


NOT_FITTED = ItemFit(float("nan"), float("nan"), float("nan"), float("nan"))


def item_fits(
    probabilities: Sequence[np.ndarray], weights: np.ndarray, codes: np.ndarray, n_parameters: Sequence[int]
) -> list[ItemFit]:
    """S-X2 of every item.

    Parameters
    ----------
    probabilities : sequence of ndarray, shape (m + 1, q)
        Of each item's answers at points of the latent scale.
    weights : ndarray, shape (q,)
        Of the points, adding up to 1.
    codes : ndarray of int, shape (n, p)
        Answers 0 to m, none missing.
    n_parameters : sequence of int
        Parameters of each item's own, which cost degrees of freedom.
    """
    totals = codes.sum(axis=1)
    found = []
    for j, p in enumerate(probabilities):
        rest = total_distribution([other for i, other in enumerate(probabilities) if i != j])
        expected = _shares(p, rest, weights)
        size, n_totals = len(p), len(rest) + len(p) - 1
        observed = np.zeros((n_totals, size))
        np.add.at(observed, (totals, codes[:, j]), 1)
        found.append(_fit(observed, expected, n_parameters[j]))
    return found


def total_distribution(probabilities: Sequence[np.ndarray]) -> np.ndarray:
    """Chance of each total of some items at each point, shape (most + 1, q).

    Lord & Wingersky (1984), Applied Psychological Measurement 8, 453-461.
    """
    chance = np.ones((1, probabilities[0].shape[1]))
    for p in probabilities:
        longer = np.zeros((len(chance) + len(p) - 1, chance.shape[1]))
        for k, share in enumerate(p):
            longer[k : k + len(chance)] += share * chance
        chance = longer
    return chance


def _shares(p: np.ndarray, rest: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Expected shares of the item's answers given the total of all items, shape (n_totals, m + 1)."""
    out = np.zeros((len(rest) + len(p) - 1, len(p)))
    for k, share in enumerate(p):
        out[k : k + len(rest), k] = (rest * share) @ weights
    sums = out.sum(axis=1, keepdims=True)
    return np.divide(out, sums, out=np.zeros_like(out), where=sums > 0)


def _fit(observed: np.ndarray, shares: np.ndarray, n_parameters: int) -> ItemFit:
    statistic, df = 0.0, -n_parameters
    # The lowest and the highest total leave the item no choice.
    for seen, share in zip(observed[1:-1], shares[1:-1], strict=True):
        n = seen.sum()
        if n == 0:
            continue
        cells = _merged(seen, n * share)
        statistic += sum((o - e) ** 2 / e for o, e in cells)
        df += len(cells) - 1
    n = observed.sum()
    if df < 1 or n < 2:
        return NOT_FITTED
    rmsea = float(np.sqrt(max(statistic - df, 0.0) / (df * (n - 1))))
    return ItemFit(float(statistic), float(df), float(stats.chi2.sf(statistic, df)), rmsea)


def _merged(seen: np.ndarray, expected: np.ndarray) -> list[tuple[float, float]]:
    """Observed and expected counts, neighbours joined until enough is expected of each."""
    cells: list[tuple[float, float]] = []
    o, e = 0.0, 0.0
    for own, due in zip(seen, expected, strict=True):
        o, e = o + own, e + due
        if e >= LEAST_EXPECTED:
            cells.append((o, e))
            o, e = 0.0, 0.0
    if cells:
        last = cells.pop()
        cells.append((last[0] + o, last[1] + e))
    return cells
