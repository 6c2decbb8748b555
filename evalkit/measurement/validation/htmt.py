"""Answers to the items of several factors in; heterotrait-monotrait ratios with intervals out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from evalkit.correlations import polychoric
from evalkit.moments import correlation_of
from evalkit.resample import counts

KINDS = ("htmt", "htmt2")


@dataclass(frozen=True, eq=False)
class Ratios:
    """Ratios of every pair of factors with their intervals, shape (k, k) each; 1 on the diagonal of `estimate`.

    `n_failed` resamples had no ratio for some pair; `mixed` pairs (i, j) have correlations of both signs.
    """

    kind: str
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n_failed: int
    mixed: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Rows:
    """Complete answers with what is needed to resample them.

    Parameters
    ----------
    x : ndarray, shape (n, p)
    weights, clusters, strata : ndarray, shape (n,), optional
    """

    x: np.ndarray
    weights: np.ndarray | None = None
    clusters: np.ndarray | None = None
    strata: np.ndarray | None = None


def membership(factors: Mapping[str, Sequence[str]], names: Sequence[str]) -> np.ndarray:
    """1 where an item belongs to a factor, shape (p, k)."""
    return np.array([[float(name in items) for items in factors.values()] for name in names])


def ratios(r: np.ndarray, member: np.ndarray, kind: str = "htmt") -> np.ndarray:
    """Ratios of absolute correlations, shape (..., k, k).

    Parameters
    ----------
    r : ndarray, shape (..., p, p)
        Correlations of the items.
    member : ndarray, shape (p, k)
    kind : {"htmt", "htmt2"}
        Arithmetic means, Henseler, Ringle & Sarstedt (2015), Journal of the Academy of Marketing Science 43, 115-135,
        eq. 6; or geometric means, Roemer, Schuberth & Henseler (2021), Industrial Management & Data Systems 121,
        2637-2650, which do not take equal loadings for granted. nan for a factor of one item.
    """
    size = member.sum(axis=0)
    value = np.abs(r)
    if kind == "htmt2":
        with np.errstate(divide="ignore"):
            value = np.log(value)
    diagonal = np.arange(r.shape[-1])
    value[..., diagonal, diagonal] = 0.0
    total = member.T @ value @ member
    own = np.eye(len(size), dtype=bool)
    pairs = np.where(own, size * (size - 1), np.multiply.outer(size, size))
    with np.errstate(divide="ignore", invalid="ignore"):
        average = total / np.where(pairs > 0, pairs, np.nan)
        average = np.exp(average) if kind == "htmt2" else average
        within = np.sqrt(np.diagonal(average, axis1=-2, axis2=-1))
        found = average / (within[..., :, None] * within[..., None, :])
    return np.asarray(np.where(own, 1.0, found))


def bootstrapped(rows: Rows, member: np.ndarray, kind: str, resamples: int, seed: int, level: float) -> Ratios:
    """Ratios of Pearson correlations with percentile intervals; rows (or whole clusters within strata) are drawn."""
    estimate = ratios(correlation_of(_covariance(rows.x, rows.weights)), member, kind)
    drawn = [ratios(r, member, kind) for r in _resampled(rows, resamples, seed)] if resamples else []
    low = high = np.full(estimate.shape, np.nan)
    failed = 0
    if drawn:
        values = np.concatenate(drawn)
        upper = np.triu_indices(len(estimate), 1)
        fine = np.isfinite(values[:, upper[0], upper[1]]).all(axis=1)
        failed = int((~fine).sum())
        if fine.sum() > 1:
            low, high = np.quantile(values[fine], [(1 - level) / 2, (1 + level) / 2], axis=0)
    mixed = _mixed(correlation_of(_covariance(rows.x, rows.weights)), member)
    return Ratios(kind, estimate, _off(low), _off(high), failed, mixed)


def of_polychorics(x: np.ndarray, member: np.ndarray, kind: str, level: float) -> Ratios:
    """Ratios of polychoric correlations; the interval of their logarithm by the delta method.

    The influence of each row on the correlations stands for a bootstrap that would fit them anew a thousand times.
    """
    found = polychoric(x, missing="listwise")
    estimate = ratios(found.r, member, kind)
    n_pairs, k = len(found.pairs), len(estimate)
    influence = found.influence()[:, -n_pairs:] / found.n_obs
    rho = found.rho
    low, high = np.full((k, k), np.nan), np.full((k, k), np.nan)
    z = stats.norm.ppf((1 + level) / 2)
    home = [np.flatnonzero(row) for row in member]
    first, second = (np.array([home[i][0] for i in found.pairs[:, side]]) for side in (0, 1))
    for i in range(k):
        for j in range(i):
            slope = np.zeros(n_pairs)
            between = ((first == i) & (second == j)) | ((first == j) & (second == i))
            parts = [(between, 1.0)] + [((first == f) & (second == f), -0.5) for f in (i, j)]
            for chosen, factor in parts:
                size, values = int(chosen.sum()), np.abs(rho[chosen])
                mean = values if kind == "htmt2" else values.sum() / size
                slope[chosen] += factor * np.sign(rho[chosen]) / (size * mean)
            half = z * np.sqrt(np.sum((influence @ slope) ** 2))
            low[i, j] = low[j, i] = estimate[i, j] * np.exp(-half)
            high[i, j] = high[j, i] = estimate[i, j] * np.exp(half)
    return Ratios(kind, estimate, low, high, 0, _mixed(found.r, member))


def _resampled(rows: Rows, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Correlations over blocks of resamples, shape (block, p, p), from weighted cross-products."""
    d = rows.x - rows.x.mean(axis=0)
    turned = np.ascontiguousarray(d.T)
    for drawn in counts(len(d), resamples=resamples, seed=seed, clusters=rows.clusters, strata=rows.strata):
        w = drawn if rows.weights is None else drawn * rows.weights
        total = w.sum(axis=1)[:, None]
        mean = (w @ d) / total
        cross = np.matmul(turned * w[:, None, :], d) / total[:, :, None] - mean[:, :, None] * mean[:, None, :]
        scale = np.sqrt(np.maximum(np.diagonal(cross, axis1=1, axis2=2), 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            yield cross / (scale[:, :, None] * scale[:, None, :])


def _covariance(x: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    from evalkit.moments import moments

    return moments(x, weights).cov(0)


def _mixed(r: np.ndarray, member: np.ndarray) -> tuple[tuple[int, int], ...]:
    """Pairs of factors, or a factor with itself, whose items correlate with both signs."""
    off = ~np.eye(len(r), dtype=bool)
    plus, minus = (member.T @ (where & off).astype(float) @ member for where in (r > 0, r < 0))
    return tuple((int(i), int(j)) for i, j in np.argwhere(np.triu((plus > 0) & (minus > 0))))


def _off(values: np.ndarray) -> np.ndarray:
    return np.where(np.eye(len(values), dtype=bool), np.nan, values)
