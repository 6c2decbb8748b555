"""From a measure to a membership: crisp, multi-value, direct (logistic), linear, indirect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TYPES = ("crisp", "multi_value", "direct", "linear", "indirect", "as_is")
_CLOSE = 1e-10


def crisp(x: np.ndarray, cuts: Sequence[float], falling: bool = False) -> np.ndarray:
    """0 or 1, with several cuts 0, 1, 2, ...: how many cuts a case reaches; falling: lies at or below."""
    edges = np.sort(np.asarray(cuts, dtype=float))
    found = (x[:, None] <= edges) if falling else (x[:, None] >= edges)
    return np.where(np.isnan(x), np.nan, found.sum(axis=1).astype(float))


def direct(x: np.ndarray, out: float, crossover: float, full: float, idm: float = 0.95) -> np.ndarray:
    """Logistic with a slope of its own on each side of the crossover; `idm` is the membership at `full`.

    Ragin (2008), Redesigning social inquiry, chapter 5. With idm = 0.95 the log-odds at the anchors are 2.944 (as in
    the R package QCA); Ragin's own figures use 3, which is idm = 0.9526. A falling set has `full` below `out`.
    """
    steep = np.log(idm / (1 - idm))
    return np.asarray(1 / (1 + np.exp(-steep * _signed(x, out, crossover, full))))


def linear(x: np.ndarray, out: float, crossover: float, full: float) -> np.ndarray:
    """Straight from 0 at `out` through 0.5 to 1 at `full`, flat beyond."""
    return np.clip(0.5 + _signed(x, out, crossover, full) / 2, 0, 1)


def _signed(x: np.ndarray, out: float, crossover: float, full: float) -> np.ndarray:
    """Distance from the crossover in units of the anchor on that side: -1 at `out`, 1 at `full`."""
    above = (x - crossover) / (full - crossover)
    below = (x - crossover) / (crossover - out)
    return np.where(above >= 0, above, below)


def indirect(x: np.ndarray, cuts: Sequence[float], falling: bool = False) -> np.ndarray:
    """Cases are sorted into grades by the cuts; memberships are the grades smoothed by a fractional logit.

    Ragin (2008), chapter 5: with q grades the scores are 0, 1 / (q - 1), ..., 1, and their log-odds are quadratic in
    the measure (quasi-binomial, Papke & Wooldridge 1996).
    """
    grades = crisp(x, cuts, falling) / len(cuts)
    known = ~np.isnan(x)
    z = (x - x[known].mean()) / x[known].std()
    design = np.column_stack([np.ones(known.sum()), z[known], z[known] ** 2])
    beta = _fractional_logit(design, grades[known])
    found = np.full(len(x), np.nan)
    found[known] = 1 / (1 + np.exp(-design @ beta))
    return found


def _fractional_logit(design: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Maximum quasi-likelihood by Newton steps, halved while the likelihood falls."""
    beta = np.zeros(design.shape[1])

    def likelihood(b: np.ndarray) -> float:
        eta = design @ b
        return float((share * eta - np.logaddexp(0, eta)).sum())

    best = likelihood(beta)
    for _ in range(200):
        mean = 1 / (1 + np.exp(-design @ beta))
        slope = design.T @ (share - mean)
        bend = (design * (mean * (1 - mean))[:, None]).T @ design
        step = np.linalg.lstsq(bend, slope, rcond=None)[0]
        while likelihood(beta + step) < best - 1e-12 and np.abs(step).max() > _CLOSE:
            step = step / 2
        beta = beta + step
        best = likelihood(beta)
        if np.abs(step).max() < _CLOSE:
            break
    return beta


def crossing(x: np.ndarray, crossover: float, std_error: np.ndarray) -> np.ndarray:
    """Chance that another sample of the same size puts a case on the other side of the crossover, at most 0.5.

    A membership crosses 0.5 where the measure crosses the crossover; with a normal error no draws are needed.
    """
    from scipy.stats import norm

    distance = np.abs(x - crossover)
    scaled = np.divide(distance, std_error, out=np.full(len(x), np.inf), where=std_error > 0)
    return np.where(np.isnan(x) | np.isnan(std_error), np.nan, norm.sf(scaled))
