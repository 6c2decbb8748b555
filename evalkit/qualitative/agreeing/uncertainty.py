"""How sure a coefficient is: linearised, jackknife and bootstrap standard errors over units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from evalkit.qualitative.agreeing.ratings import Patterns
from evalkit.resample import Plan

INTERVALS = ("bootstrap", "jackknife", "analytic")
Statistic = Callable[[np.ndarray], np.ndarray]
"""Counts (B, P) in, estimates (B,) out; both may be complex."""

_STEP = 1e-30
_CHUNK_CELLS = 4_000_000
_NAN = float("nan")


@dataclass(frozen=True)
class Spread:
    """Standard error and interval of one kind; `n_failed` counts resamples without an estimate."""

    kind: str
    std_error: float = _NAN
    low: float = _NAN
    high: float = _NAN
    n_failed: int = 0


def gradient(statistic: Statistic, counts: np.ndarray) -> np.ndarray:
    """Derivative of the estimate by each pattern's count, shape (P,), by a step along the imaginary axis."""
    size = len(counts)
    chunk = max(1, _CHUNK_CELLS // size)
    parts = []
    for start in range(0, size, chunk):
        moved = np.repeat(counts[None].astype(complex), min(chunk, size - start), axis=0)
        moved[np.arange(len(moved)), np.arange(start, start + len(moved))] += 1j * _STEP
        parts.append(statistic(moved).imag / _STEP)
    return np.concatenate(parts)


def analytic(statistic: Statistic, p: Patterns, counts: np.ndarray, value: float, form: str, level: float) -> Spread:
    """Linearised standard error.

    Parameters
    ----------
    form : str
        `multinomial`: the delta method over a table of n units, normal interval (Fleiss, Cohen & Everitt 1969);
        `gwet`: units with one value count as disagreeing with chance, t with n - 1 degrees of freedom
        (Gwet 2014, Handbook of inter-rater reliability, chapter 5); `units`: the same without that rule, for means
        over pairs and for an alpha whose differences depend on the values given.
    """
    n = counts.sum()
    if n < 2 or not np.isfinite(value):
        return Spread("analytic")
    influence = n * gradient(statistic, counts)
    if form == "gwet":
        several = p.sizes >= 2
        influence += value * (several * n / counts[several].sum() - 1)
    divisor = n**2 if form == "multinomial" else n * (n - 1)
    error = float(np.sqrt((counts * influence**2).sum() / divisor))
    quantile = stats.norm.ppf((1 + level) / 2) if form == "multinomial" else stats.t.ppf((1 + level) / 2, n - 1)
    return _symmetric("analytic", value, error, float(quantile))


def analytic_alpha(p: Patterns, w: np.ndarray, value: float, level: float) -> Spread:
    """Gwet's standard error of Krippendorff's alpha, t with n - 1 degrees of freedom.

    Gwet (2014), Handbook of inter-rater reliability, 4th edition, chapter 5, as the R package irrCAC computes it: the
    linearisation of alpha without the correction for small samples, except in the weight of the units' sizes.

    Parameters
    ----------
    p : Patterns
        Units with two values or more.
    w : ndarray, shape (q, q)
        Agreement of categories, 1 on the diagonal; with squared differences ``1 - apart / apart.max()``.
    """
    n = p.counts.sum()
    if n < 2:
        return Spread("analytic")
    mean = float(p.counts @ p.sizes / n)
    pairs = (p.tallies * (p.tallies @ w - 1)).sum(axis=1) / (mean * (p.sizes - 1))
    plain = float(p.counts @ pairs / n)
    small = 1 / (n * mean)
    shares = p.counts @ p.tallies / (n * mean)
    chance = float(shares @ w @ shares)
    uneven = (p.sizes - mean) / mean
    seen = pairs - ((1 - small) * plain + small) * uneven
    expected = p.tallies @ (w + w.T) @ shares / (2 * mean) - chance * uneven
    without = (plain - chance) / (1 - chance)
    parts = (seen - chance - 2 * (1 - without) * (expected - chance)) / (1 - chance)
    error = float(np.sqrt(p.counts @ (parts - without) ** 2 / (n * (n - 1))))
    return _symmetric("analytic", value, error, float(stats.t.ppf((1 + level) / 2, n - 1)))


def jackknife(statistic: Statistic, counts: np.ndarray, value: float, level: float) -> Spread:
    """Leave out one unit at a time (equal units once); t interval round the estimate."""
    n, size = counts.sum(), len(counts)
    if n < 3 or not np.isfinite(value):
        return Spread("jackknife")
    chunk = max(1, _CHUNK_CELLS // size)
    without = np.concatenate(
        [statistic(counts[None] - np.eye(size)[start : start + chunk]) for start in range(0, size, chunk)]
    )
    if not np.isfinite(without).all():
        return Spread("jackknife", n_failed=int(counts[~np.isfinite(without)].sum()))
    mean = (counts * without).sum() / n
    error = float(np.sqrt((n - 1) / n * (counts * (without - mean) ** 2).sum()))
    return _symmetric("jackknife", value, error, float(stats.t.ppf((1 + level) / 2, n - 1)))


def bootstrap(statistic: Statistic, counts: np.ndarray, resamples: int, seed: int, level: float) -> Spread:
    """Units drawn with replacement; percentile interval. Resamples of one category have no estimate and are counted."""
    n = int(counts.sum())
    if n < 2:
        return Spread("bootstrap")
    pattern = np.repeat(np.arange(len(counts)), counts.astype(int))
    starts = np.concatenate([[0], np.cumsum(counts.astype(int))[:-1]])
    drawn = [
        statistic(np.add.reduceat(block, starts, axis=1)) for block in Plan(len(pattern), resamples, seed).blocks()
    ]
    found = np.concatenate(drawn)
    kept = found[np.isfinite(found)]
    failed = resamples - len(kept)
    if len(kept) < max(2, resamples // 2):
        return Spread("bootstrap", n_failed=failed)
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return Spread("bootstrap", float(kept.std(ddof=1)), float(low), float(high), failed)


def _symmetric(kind: str, value: float, error: float, quantile: float) -> Spread:
    """No coefficient of agreement passes 1."""
    return Spread(kind, error, max(-1.0, value - quantile * error), min(1.0, value + quantile * error))
