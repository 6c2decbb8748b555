"""Who said what, and who answered, in; shares with intervals and differences between groups out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from evalkit.sampling.design import DesignArrays
from evalkit.sampling.variance import linearised_covariance

_NAN = float("nan")
_THIN = 5.0


@dataclass(frozen=True)
class Share:
    """`count` of `n` respondents; per cent (weighted, where the data have weights) with its interval."""

    count: int
    n: int
    percent: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """A test that the share is the same in every group.

    `method` is chi2 (Pearson), fisher (exact, two groups with a small expected count), wald (under a design) or
    empty where there is nothing to test; `thin`: an expected count below 5 behind a Pearson test.
    """

    method: str = ""
    statistic: float = _NAN
    df: float = _NAN
    df2: float = _NAN
    p_value: float = _NAN
    p_adjusted: float = _NAN
    thin: bool = False


def wilson(share: np.ndarray, n: np.ndarray, critical: float) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the score interval of shares among `n`; nan for n = 0.

    Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z2 = critical**2
        centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = critical * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def shares(said: np.ndarray, base: np.ndarray, design: DesignArrays | None, conf_level: float) -> list[Share]:
    """A share a column.

    Parameters
    ----------
    said : ndarray of bool, shape (n, k)
    base : ndarray of bool, shape (n,)
        Respondents who answered (of one group).
    design : DesignArrays, optional
        Of the same n rows. The interval is Wilson's with the effective number of respondents p(1 - p) / variance (where
        nobody or everybody says it, the number by the weights alone) and t for the normal: Franco, Little, Louis &
        Slud (2019), Journal of Survey Statistics and Methodology 7, 334-364.
    """
    count = (said & base[:, None]).sum(axis=0)
    n = int(base.sum())
    if design is None:
        critical = float(stats.norm.isf((1 - conf_level) / 2))
        with np.errstate(invalid="ignore"):
            share = count / n if n else np.full(len(count), _NAN)
        low, high = wilson(share, np.full(len(count), float(n)), critical)
    else:
        share, low, high = _weighted(said, base, design, conf_level)
    return [
        Share(int(c), n, 100 * float(p), 100 * float(a), 100 * float(b))
        for c, p, a, b in zip(count, share, low, high, strict=True)
    ]


def _weighted(
    said: np.ndarray, base: np.ndarray, design: DesignArrays, conf_level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weights = np.where(base, design.weights, 0.0)
    total, squares = weights.sum(), (weights**2).sum()
    if total <= 0:
        return (np.full(said.shape[1], _NAN),) * 3
    share = weights @ said / total
    scores = weights[:, None] * (said - share) / total
    covariance, df, _ = linearised_covariance(scores, design)
    variance = np.diag(covariance)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(variance > 0, share * (1 - share) / variance, total**2 / squares)
    critical = float(stats.t.ppf((1 + conf_level) / 2, df)) if df > 0 else _NAN
    return (share, *wilson(share, effective, critical))


def differences(said: np.ndarray, groups: Sequence[np.ndarray], design: DesignArrays | None) -> list[Difference]:
    """A test a column between groups of respondents (masks of those who answered), p adjusted after Holm.

    Notes
    -----
    Without a design Pearson's chi-square without correction; Fisher's exact test for two groups with an expected count
    below 5. Under a design the adjusted Wald test of Fellegi (1980), Journal of the American Statistical Association
    75, 261-268, on the linearised covariance. Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    there = [g for g in groups if g.any()]
    if len(there) < 2:
        return [Difference()] * said.shape[1]
    one = (lambda y: _pearson(y, there)) if design is None else (lambda y: _wald(y, there, design))
    found = [one(said[:, k]) for k in range(said.shape[1])]
    adjusted = holm(np.array([d.p_value for d in found]))
    return [replace(d, p_adjusted=float(p)) for d, p in zip(found, adjusted, strict=True)]


def _pearson(said: np.ndarray, groups: Sequence[np.ndarray]) -> Difference:
    yes = np.array([(said & g).sum() for g in groups])
    table = np.array([yes, np.array([g.sum() for g in groups]) - yes])
    if not table.sum(axis=1).all():
        return Difference()
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    thin = bool((expected < _THIN).any())
    if thin and len(groups) == 2:
        return Difference("fisher", p_value=float(stats.fisher_exact(table).pvalue))
    chi2 = float(((table - expected) ** 2 / expected).sum())
    df = len(groups) - 1
    return Difference("chi2", chi2, float(df), p_value=float(stats.chi2.sf(chi2, df)), thin=thin)


def _wald(said: np.ndarray, groups: Sequence[np.ndarray], design: DesignArrays) -> Difference:
    weights = np.array([np.where(g, design.weights, 0.0) for g in groups])
    total = weights.sum(axis=1)
    if (total <= 0).any():
        return Difference()
    share = weights @ said / total
    scores = (weights * (said[None, :] - share[:, None]) / total[:, None]).T
    covariance, df, _ = linearised_covariance(scores, design)
    contrast = np.hstack([-np.ones((len(groups) - 1, 1)), np.eye(len(groups) - 1)])
    between = contrast @ covariance @ contrast.T
    q = len(groups) - 1
    if df - q + 1 <= 0 or np.linalg.matrix_rank(between) < q:
        return Difference()
    gap = contrast @ share
    statistic = float(gap @ np.linalg.solve(between, gap)) * (df - q + 1) / (df * q)
    return Difference("wald", statistic, float(q), float(df - q + 1), float(stats.f.sf(statistic, q, df - q + 1)))


def holm(p: np.ndarray) -> np.ndarray:
    """Adjusted p-values; nan ones do not count."""
    out = np.full(len(p), _NAN)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out
