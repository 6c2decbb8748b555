"""Random intercepts of clusters, drawn once a sweep."""

from __future__ import annotations

import numpy as np

from evalkit.resample import Stream

PRIOR_DF, PRIOR_VARIANCE = 1.0, 0.05
"""A weak prior of the variance between clusters, in units of a standardised variable."""


def drawn_effects(
    score: np.ndarray,
    weight: np.ndarray,
    effects: np.ndarray,
    variance: np.ndarray,
    groups: np.ndarray,
    stream: Stream,
) -> np.ndarray:
    """Effects of the G clusters from what each row says about its linear predictors.

    Parameters
    ----------
    score, weight : ndarray, shape (n, d)
        First derivative and information of each row about its d linear predictors at the present effects.
    effects : ndarray, shape (G, d)
        Present ones.
    variance : ndarray, shape (d,)
    groups : ndarray of int, shape (n,)

    Notes
    -----
    Normal about the posterior mode: exact for a linear model, one step of Laplace's approximation for categories.
    A cluster without an answer is drawn from N(0, variance).
    """
    size = len(effects)
    total = np.column_stack([np.bincount(groups, column, size) for column in score.T])
    known = np.column_stack([np.bincount(groups, column, size) for column in weight.T])
    precision = known + 1 / variance
    mean = (known * effects + total) / precision
    return np.asarray(mean + stream.normal(mean.size).reshape(mean.shape) / np.sqrt(precision))


def drawn_variance(effects: np.ndarray, stream: Stream) -> np.ndarray:
    """Variance between clusters given their effects, shape (d,): scaled inverse chi square with a weak prior."""
    from scipy.special import gammaincinv

    df = len(effects) + PRIOR_DF
    chi2 = 2 * gammaincinv(df / 2, stream.uniform(effects.shape[1]))
    return np.asarray(((effects**2).sum(axis=0) + PRIOR_DF * PRIOR_VARIANCE) / chi2)
