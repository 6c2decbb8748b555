"""Coefficients of agreement as functions of how often each pattern of codes occurs.

Each takes patterns, weights of agreement (q, q) and a batch of counts (B, P), and gives the observed and the expected
agreement, two arrays (B,). The estimate is (observed - expected) / (1 - expected). Counts may be complex: a step along
the imaginary axis is how `uncertainty` differentiates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations

import numpy as np

from evalkit.qualitative.agreeing.ratings import Patterns
from evalkit.qualitative.agreeing.weights import squared_differences

Agreement = tuple[np.ndarray, np.ndarray]
Coefficient = Callable[[Patterns, np.ndarray, np.ndarray], Agreement]


def estimate(found: Agreement) -> np.ndarray:
    """(observed - expected) / (1 - expected); nan where chance alone explains all."""
    observed, expected = found
    room = 1 - expected
    possible = np.abs(room) > 1e-12
    return np.where(possible, (observed - expected) / np.where(possible, room, 1), np.nan)


def observed_agreement(p: Patterns, w: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Mean over units with two values or more of the weighted share of agreeing pairs."""
    pairs = p.sizes * (p.sizes - 1)
    several = p.sizes >= 2
    agreeing = (p.tallies * (p.tallies @ w - 1)).sum(axis=1) / np.where(several, pairs, 1)
    return _ratio(n @ np.where(several, agreeing, 0.0), n[:, several].sum(axis=1))


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    possible = np.abs(bottom) > 0
    return np.where(possible, top / np.where(possible, bottom, 1), np.nan)


def category_shares(p: Patterns, n: np.ndarray) -> np.ndarray:
    """Mean share of a unit's values that fall in each category, shape (B, q)."""
    rated = p.sizes > 0
    shares = p.tallies / np.where(rated, p.sizes, 1)[:, None]
    return (n @ shares) / n[:, rated].sum(axis=1)[:, None]


def percent(p: Patterns, w: np.ndarray, n: np.ndarray) -> Agreement:
    """Agreement without allowance for chance."""
    observed = observed_agreement(p, w, n)
    return observed, np.zeros_like(observed)


def fleiss(p: Patterns, w: np.ndarray, n: np.ndarray) -> Agreement:
    """Fleiss (1971), Psychological Bulletin 76, 378-382; for two coders Scott's pi (1955)."""
    pi = category_shares(p, n)
    return observed_agreement(p, w, n), np.einsum("bk,kl,bl->b", pi, w, pi)


def conger(p: Patterns, w: np.ndarray, n: np.ndarray) -> Agreement:
    """Conger (1980), Psychological Bulletin 88, 322-328: each coder has a marginal; for two, Cohen (1960)."""
    given = np.einsum("bp,prk->brk", n, p.indicators)
    size = given.sum(axis=2, keepdims=True)
    of_coder = np.where(np.abs(size) > 0, given / np.where(np.abs(size) > 0, size, 1), np.nan)
    total = of_coder.sum(axis=1)
    together = np.einsum("bk,kl,bl->b", total, w, total)
    alone = np.einsum("brk,kl,brl->b", of_coder, w, of_coder)
    return observed_agreement(p, w, n), (together - alone) / (p.n_coders * (p.n_coders - 1))


def brennan_prediger(p: Patterns, w: np.ndarray, n: np.ndarray) -> Agreement:
    """Brennan & Prediger (1981), Educational and Psychological Measurement 41, 687-699: all categories alike."""
    observed = observed_agreement(p, w, n)
    return observed, np.full_like(observed, w.sum() / p.n_categories**2)


def gwet(p: Patterns, w: np.ndarray, n: np.ndarray) -> Agreement:
    """AC1, with weights AC2: Gwet (2008), British Journal of Mathematical and Statistical Psychology 61, 29-48."""
    observed = observed_agreement(p, w, n)
    if p.n_categories < 2:
        return observed, np.full_like(observed, np.nan)
    pi = category_shares(p, n)
    scale = w.sum() / (p.n_categories * (p.n_categories - 1))
    return observed, scale * (pi * (1 - pi)).sum(axis=1)


def light(p: Patterns, w: np.ndarray, n: np.ndarray) -> Agreement:
    """Light (1971), Psychological Bulletin 76, 365-377: the mean of Cohen's kappa over pairs of coders.

    Expected agreement is 0 here, so that the estimate is that mean.
    """
    each = []
    for a, b in combinations(range(p.n_coders), 2):
        pair = Patterns(p.codes[:, [a, b]], p.counts, p.categories, p.row)
        each.append(estimate(conger(pair, w, n)))
    found = np.mean(each, axis=0)
    return found, np.zeros_like(found)


def coincidences(p: Patterns, n: np.ndarray) -> np.ndarray:
    """Krippendorff's coincidence matrix, shape (B, q, q): ordered pairs within a unit, each by 1 / (values - 1)."""
    several = p.sizes >= 2
    t = p.tallies[several]
    pairs = (t[:, :, None] * t[:, None, :] - t[:, :, None] * np.eye(p.n_categories)) / (p.sizes[several] - 1)[
        :, None, None
    ]
    return np.einsum("bp,pkl->bkl", n[:, several], pairs)


def krippendorff(metric: str) -> Coefficient:
    """Alpha = 1 - observed / expected disagreement: Krippendorff (2011), section A to D.

    Given as agreements on the scale where chance is 0: observed = alpha, expected = 0. One category only: nan.
    """

    def alpha(p: Patterns, w: np.ndarray, n: np.ndarray) -> Agreement:
        found = coincidences(p, n)
        marginals = found.sum(axis=2)
        apart = squared_differences(metric, p.scores, marginals)
        disagreement = (found * apart).sum(axis=(1, 2))
        expected = np.einsum("bk,bkl,bl->b", marginals, apart, marginals)
        alpha = 1 - (marginals.sum(axis=1) - 1) * _ratio(disagreement, expected)
        return alpha, np.zeros_like(alpha)

    return alpha


COEFFICIENTS: Mapping[str, Coefficient] = {
    "percent": percent,
    "cohen": conger,
    "scott": fleiss,
    "fleiss": fleiss,
    "conger": conger,
    "light": light,
    "brennan_prediger": brennan_prediger,
    "gwet": gwet,
}
"""All but Krippendorff's alpha, which has a metric. Cohen and Scott are for two coders."""
