"""Answers of all respondents in, one careless-answer index a respondent out; arrays only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_ROUNDING = 1e-10
"""A sum of squares below this share of its raw sum is rounding: the person did not vary."""


def longest_runs(answers: np.ndarray, *, across_missing: bool = False) -> np.ndarray:
    """Longest run of equal answers in displayed order.

    Parameters
    ----------
    answers : ndarray, shape (n, k)
        Answers as given; nan where missing.
    across_missing : bool
        A missing answer ends the run; with True it is left out instead, and the run goes on behind it.

    Returns
    -------
    ndarray, shape (n,)
        0 where nothing was answered.

    Notes
    -----
    Johnson (2005), Journal of Research in Personality 39, 103-129.
    """
    n = len(answers)
    longest, run, before = np.zeros(n), np.zeros(n), np.full(n, np.nan)
    for now in np.ascontiguousarray(answers.T):
        blank = np.isnan(now)
        going = np.where(now == before, run + 1, 1.0)
        run = np.where(blank, run if across_missing else 0.0, going)
        before = np.where(blank, before, now) if across_missing else now
        np.maximum(longest, run, out=longest)
    return longest


def person_sd(answers: np.ndarray) -> np.ndarray:
    """Standard deviation (n - 1) of each person's answers; nan with fewer than two. Shape (n, k) in, (n,) out.

    Notes
    -----
    Intra-individual response variability: Dunn, Heggestad, Shanock & Theilgard (2018),
    Journal of Business and Psychology 33, 105-121.
    """
    seen = ~np.isnan(answers)
    count = seen.sum(axis=1)
    # From a whole number near the middle, sums of whole answers stay whole and their squares small.
    middle = np.rint(np.nanmedian(answers[:1000])) if seen[:1000].any() else 0.0
    away = np.where(seen, answers - middle, 0.0)
    total, square = away.sum(axis=1), np.einsum("ij,ij->i", away, away)
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = square - total * total / count
        variance = np.where(inner > _ROUNDING * square, inner, 0.0) / (count - 1)
    return np.where(count > 1, np.sqrt(variance), np.nan)


def even_odd(scales: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Even-odd consistency of each person over scales; higher is more consistent.

    Parameters
    ----------
    scales : sequence of ndarray, shape (n, k_s)
        Keyed answers of each scale.

    Returns
    -------
    consistency : ndarray, shape (n,)
        Correlation r of the odd and the even half's means over the scales of which both halves were answered,
        stepped up by Spearman-Brown, `2 r / (1 + r)`, at least -1; nan with fewer than two scales or where a
        half does not vary.
    count : ndarray, shape (n,)
        Scales behind it.

    Notes
    -----
    Johnson (2005), Journal of Research in Personality 39, 103-129.
    """
    odd = np.column_stack([_row_means(answers[:, 0::2]) for answers in scales])
    even = np.column_stack([_row_means(answers[:, 1::2]) for answers in scales])
    both = ~(np.isnan(odd) | np.isnan(even))
    a, b = np.where(both, odd, 0.0), np.where(both, even, 0.0)
    count = both.sum(axis=1)
    r = _correlation(count, a.sum(1), b.sum(1), (a * a).sum(1), (b * b).sum(1), (a * b).sum(1))
    with np.errstate(divide="ignore", invalid="ignore"):
        stepped = np.maximum(2 * r / (1 + r), -1.0)
    return np.where(r <= -1, -1.0, stepped), count


def pairs_beyond(correlations: np.ndarray, bound: float) -> np.ndarray:
    """Pairs of items correlated above `bound` (below it, if it is negative): 0/1, shape (k, k), earlier item first."""
    with np.errstate(invalid="ignore"):
        beyond = correlations > bound if bound > 0 else correlations < bound
    return np.triu(beyond, 1).astype(float)


def within_person(answers: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlation over item pairs within each person: psychometric synonyms or antonyms.

    Parameters
    ----------
    answers : ndarray, shape (n, k)
    pairs : ndarray, shape (k, k)
        1 where the row's item is paired with the column's.

    Returns
    -------
    correlation, count : ndarray, shape (n,)
        Pearson's r between first and second answers of the pairs answered, nan where one of them does not vary;
        and the number of pairs answered.

    Notes
    -----
    Meade & Craig (2012), Psychological Methods 17, 437-455. All sums over pairs are matrix products: their cost
    grows with the items, not with the pairs.
    """
    seen = (~np.isnan(answers)).astype(float)
    x = np.where(seen > 0, answers, 0.0)
    forward, forward_seen, forward_square = x @ pairs, seen @ pairs, (x * x) @ pairs
    count = (forward_seen * seen).sum(axis=1)
    r = _correlation(
        count,
        (forward * seen).sum(axis=1),
        (forward_seen * x).sum(axis=1),
        (forward_square * seen).sum(axis=1),
        (forward_seen * x * x).sum(axis=1),
        (forward * x).sum(axis=1),
    )
    return r, count


def _row_means(answers: np.ndarray) -> np.ndarray:
    seen = ~np.isnan(answers)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(seen, answers, 0.0).sum(axis=1) / seen.sum(axis=1)


def _correlation(
    n: np.ndarray, a: np.ndarray, b: np.ndarray, aa: np.ndarray, bb: np.ndarray, ab: np.ndarray
) -> np.ndarray:
    """Pearson's r of each row from its sums, squares and products; nan where a side does not vary."""
    with np.errstate(divide="ignore", invalid="ignore"):
        inner_a, inner_b = aa - a * a / n, bb - b * b / n
        varies = (n > 1) & (inner_a > _ROUNDING * aa) & (inner_b > _ROUNDING * bb)
        r = (ab - a * b / n) / np.sqrt(inner_a * inner_b)
    return np.where(varies, np.clip(r, -1.0, 1.0), np.nan)
