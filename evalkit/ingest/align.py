"""Weights of columns against targets in, the best pairing that keeps the order of both out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Alignment:
    """The best monotone pairing.

    Attributes
    ----------
    target : ndarray of int, shape (n_columns,)
        Paired target, -1 where none.
    lead : ndarray of float, shape (n_columns,)
        By how much the total falls if this column is given to another target instead; inf where no other could
        take it, nan where it is not paired.
    rival : ndarray of int, shape (n_columns,)
        The best other target, -1 where there is none.
    """

    target: np.ndarray
    lead: np.ndarray
    rival: np.ndarray


def align(weights: np.ndarray) -> Alignment:
    """Pair columns with targets so that no two pairs cross and the sum of weights is largest.

    Parameters
    ----------
    weights : ndarray, shape (n_columns, n_targets)
        Gain of each pair; -inf or anything not above 0 forbids it.

    Notes
    -----
    Needleman & Wunsch (1970), J. Mol. Biol. 48, 443-453, with free gaps. Forward and backward sums give for each
    pair the best total through it, hence the lead over the runner-up.
    """
    n, m = weights.shape
    allowed = np.where(weights > 0, weights, -np.inf)
    forward = _sums(allowed)
    backward = _sums(allowed[::-1, ::-1])[::-1, ::-1]
    target = _trace(allowed, forward)
    through = forward[:-1, :-1] + allowed + backward[1:, 1:] if n and m else np.zeros((n, m))
    lead, rival = np.full(n, np.nan), np.full(n, -1)
    for j in np.flatnonzero(target >= 0):
        others = through[j].copy()
        others[target[j]] = -np.inf
        best = int(np.argmax(others))
        lead[j] = through[j, target[j]] - others[best]
        rival[j] = best if np.isfinite(others[best]) else -1
    return Alignment(target, lead, rival)


def _sums(weights: np.ndarray) -> np.ndarray:
    """Best total of the first j columns and i targets, shape (n + 1, m + 1)."""
    n, m = weights.shape
    best = np.zeros((n + 1, m + 1))
    for j in range(n):
        paired = weights[j] + best[j, :-1]
        best[j + 1, 1:] = np.maximum.accumulate(np.maximum(best[j, 1:], paired))
    return best


def _trace(weights: np.ndarray, best: np.ndarray) -> np.ndarray:
    n, m = weights.shape
    target = np.full(n, -1)
    j, i = n, m
    while j and i:
        if best[j, i] == best[j - 1, i]:
            j -= 1
        elif best[j, i] == best[j, i - 1]:
            i -= 1
        else:
            target[j - 1] = i - 1
            j, i = j - 1, i - 1
    return target
