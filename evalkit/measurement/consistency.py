"""A covariance or correlation matrix of items in; coefficients of the reliability of their sum out.

Every function takes a matrix of shape (k, k) and gives nan where the total does not vary or the matrix does not allow
the coefficient.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, islice
from math import comb
from typing import NamedTuple

import numpy as np

from evalkit.moments import correlation_of

_NAN = float("nan")
_SINGULAR = 1e-10

MOST_SPLITS = 20_000
"""All splits are gone through up to this many (16 items have 6,435); with more there is no lambda 4."""


def alpha_of(cov: np.ndarray) -> float:
    """Cronbach's alpha of a covariance matrix, shape (k, k); nan for one item or a total that never varies."""
    k, total = len(cov), float(cov.sum())
    return k / (k - 1) * (1 - float(np.trace(cov)) / total) if k > 1 and total > 0 else _NAN


def duhachek_error(cov: np.ndarray, n: float) -> float:
    """Standard error of alpha under multivariate normal answers.

    Duhachek & Iacobucci (2004), Journal of Applied Psychology 89, 792-808, eq. 2.
    """
    k, total, trace = len(cov), float(cov.sum()), float(np.trace(cov))
    if k < 2 or total <= 0 or n < 1:
        return _NAN
    square = cov @ cov
    inner = total * (np.trace(square) + trace**2) - 2 * trace * square.sum()
    return float(np.sqrt(max(2 * k**2 / ((k - 1) ** 2 * total**3) * inner, 0.0) / n))


def explained_by_others(r: np.ndarray) -> np.ndarray:
    """Squared multiple correlation of each item with the others, shape (k,); nan where the matrix is singular."""
    if not np.isfinite(r).all() or np.linalg.eigvalsh(r)[0] < _SINGULAR:
        return np.full(len(r), np.nan)
    return 1 - 1 / np.diag(np.linalg.inv(r))


def average_correlation(r: np.ndarray) -> float:
    """Mean of the correlations between items; nan for one item."""
    k = len(r)
    return (float(r.sum()) - float(np.trace(r))) / (k * (k - 1)) if k > 1 else _NAN


def median_correlation(r: np.ndarray) -> float:
    """Median of the correlations between items; nan for one item."""
    return float(np.median(r[np.tril_indices(len(r), -1)])) if len(r) > 1 else _NAN


class Lambdas(NamedTuple):
    """Guttman's lower bounds; `four` is the best of all splits (see `Splits`)."""

    one: float
    two: float
    three: float
    five: float
    six: float


def lambdas(cov: np.ndarray) -> Lambdas:
    """Guttman's lambda 1, 2, 3, 5 and 6 of a covariance (or correlation) matrix.

    Guttman (1945), Psychometrika 10, 255-282. Lambda 3 is alpha; lambda 6 takes what the other items do not explain of
    an item as its error.
    """
    k, total = len(cov), float(cov.sum())
    if k < 2 or total <= 0:
        return Lambdas(*[_NAN] * 5)
    own = np.diag(cov)
    squares = (cov - np.diag(own)) ** 2
    first = 1 - float(own.sum()) / total
    unexplained = own * (1 - explained_by_others(correlation_of(cov)))
    return Lambdas(
        first,
        first + float(np.sqrt(k / (k - 1) * squares.sum())) / total,
        k / (k - 1) * first,
        first + 2 * float(np.sqrt(squares.sum(axis=0).max())) / total,
        1 - float(unexplained.sum()) / total,
    )


def ten_berge(cov: np.ndarray, most: int = 3) -> tuple[float, ...]:
    """The series of lower bounds mu 0 (alpha), mu 1 (lambda 2), ... mu `most`.

    Ten Berge & Zegers (1978), Psychometrika 43, 575-579, eq. 4.
    """
    k, total = len(cov), float(cov.sum())
    if k < 2 or total <= 0:
        return (_NAN,) * (most + 1)
    off = cov - np.diag(np.diag(cov))
    powers = [float(np.sum(off ** (2**h))) if h else float(off.sum()) for h in range(most + 1)]
    found = []
    for h in range(most + 1):
        inner = k / (k - 1) * powers[h]
        for g in range(h - 1, -1, -1):
            inner = powers[g] + np.sqrt(max(inner, 0.0))
        found.append(float(inner) / total)
    return tuple(found)


class Splits(NamedTuple):
    """Split-half reliability `4 c / V` over all splits into halves: the best (lambda 4), the worst, the mean."""

    best: float
    worst: float
    mean: float


def split_values(cov: np.ndarray) -> np.ndarray:
    """Reliability of each split into two halves, of which one has an item more when k is odd; each split once.

    Guttman (1945), Psychometrika 10, 255-282, lambda 4: four times the covariance of the halves over the variance of
    the total. In the order of `itertools.combinations` of the smaller half. Empty with more than `MOST_SPLITS`.
    """
    k, total = len(cov), float(cov.sum())
    number = comb(k, k // 2) // (2 if k % 2 == 0 else 1)
    if k < 2 or total <= 0 or number > MOST_SPLITS:
        return np.empty(0)
    # With k even the second half of the list holds the complements of the first.
    chosen = np.array(list(islice(combinations(range(k), k // 2), number)))
    half = np.zeros((number, k))
    np.put_along_axis(half, chosen, 1.0, axis=1)
    return np.asarray(4 * np.sum((half @ cov) * (1 - half), axis=1) / total)


def all_splits(cov: np.ndarray) -> Splits:
    """The best, the worst and the mean of `split_values`; nan where there are none.

    R's psych 2.2.9 goes through the first half of the splits also when k is odd, so its minimum and mean can differ.
    """
    values = split_values(cov)
    return (
        Splits(float(values.max()), float(values.min()), float(values.mean())) if len(values) else Splits(*[_NAN] * 3)
    )


class OddEven(NamedTuple):
    """Halves of odd and even items: their correlation, stepped up, and the form that lets their variances differ."""

    r: float
    spearman_brown: float
    guttman: float


def odd_even(cov: np.ndarray) -> OddEven:
    """Split into the 1st, 3rd, ... and the 2nd, 4th, ... item.

    Spearman (1910), British Journal of Psychology 3, 271-295; Guttman (1945) and Rulon (1939), Harvard Educational
    Review 9, 99-103.
    """
    odd = np.arange(len(cov)) % 2 == 0
    a, b = float(cov[np.ix_(odd, odd)].sum()), float(cov[np.ix_(~odd, ~odd)].sum())
    between = float(cov[np.ix_(odd, ~odd)].sum())
    if not (a > 0 and b > 0):
        return OddEven(_NAN, _NAN, _NAN)
    r = between / np.sqrt(a * b)
    total = a + b + 2 * between
    return OddEven(float(r), spearman_brown(float(r), 2), 4 * between / total if total > 0 else _NAN)


def spearman_brown(reliability: float, length: float) -> float:
    """Reliability of a scale `length` times as long made of like items.

    Spearman (1910) and Brown (1910), British Journal of Psychology 3, 271-295 and 296-322.
    """
    below = 1 + (length - 1) * reliability
    return length * reliability / below if below > 0 else _NAN


def stratified_alpha(cov: np.ndarray, parts: Sequence[Sequence[int]]) -> float:
    """Reliability of the sum of all items from the alphas of their parts (positions of items).

    ``1 - sum V_i (1 - alpha_i) / V``: Cronbach, Schönemann & McKie (1965), Educational and Psychological
    Measurement 25, 291-312. nan where a part has one item.
    """
    total = float(cov.sum())
    error = 0.0
    for part in parts:
        own = cov[np.ix_(part, part)]
        error += float(own.sum()) * (1 - alpha_of(own))
    return 1 - error / total if total > 0 else _NAN


class ItemTotals(NamedTuple):
    """Correlations of each item, shape (k,), with the standardised total; and with it less what is the item's own."""

    standardised: np.ndarray
    corrected: np.ndarray


def item_totals(r: np.ndarray) -> ItemTotals:
    """Correlation of items with the sum of standardised items, plain and corrected for overlap.

    The correction puts the squared multiple correlation for the item's own variance: Cureton (1966), Psychometrika 31,
    93-96.
    """
    shared = r - np.diag(np.diag(r)) + np.diag(explained_by_others(r))
    with np.errstate(invalid="ignore", divide="ignore"):
        return ItemTotals(r.sum(axis=0) / np.sqrt(r.sum()), shared.sum(axis=0) / np.sqrt(shared.sum()))
