"""Fits of nested models in; intraclass correlation and shares of explained variance out."""

from __future__ import annotations

import numpy as np

from evalkit.models.multilevel.linear_fit import LinearFit

LOGISTIC_VARIANCE = np.pi**2 / 3


def nakagawa(fixed: np.ndarray, z: np.ndarray, covariance: np.ndarray, residual: float) -> tuple[float, float]:
    """Marginal and conditional R squared.

    Nakagawa & Schielzeth (2013), Methods in Ecology and Evolution 4, 133-142; with random slopes the mean variance
    over the rows: Johnson (2014), Methods in Ecology and Evolution 5, 944-946.

    Parameters
    ----------
    fixed : ndarray, shape (n,)
        Fixed part of the linear predictor.
    z : ndarray, shape (n, q)
    """
    own = float(np.var(fixed, ddof=1))
    random = float(np.einsum("ij,jk,ik->", z, covariance, z) / len(z))
    total = own + random + residual
    return own / total, (own + random) / total


def reduction(before: tuple[float, float], after: tuple[float, float]) -> tuple[float, float]:
    """Share by which the variance within and the variance between groups fell against the null model.

    Raudenbush & Bryk (2002), Hierarchical Linear Models, 2nd ed., p. 79 and 74; it may be negative.

    Parameters
    ----------
    before, after : (within, between)
    """
    within, between = (1 - new / old if old > 0 else np.nan for new, old in zip(after, before, strict=True))
    return within, between


def snijders_bosker(null: LinearFit, fit: LinearFit, sizes: np.ndarray) -> tuple[float, float, float]:
    """Share of the error of prediction that is gone, for a person and for a group mean, and the harmonic mean size.

    Snijders & Bosker (2012), Multilevel Analysis, 2nd ed., section 7.1; from ML fits with a random intercept only.
    """
    size = len(sizes) / float((1 / sizes).sum())
    before, after = ((f.covariance[0, 0] + f.sigma**2, f.covariance[0, 0] + f.sigma**2 / size) for f in (null, fit))
    return 1 - after[0] / before[0], 1 - after[1] / before[1], size


def intraclass(between: float, within: float, sizes: np.ndarray) -> tuple[float, float]:
    """Intraclass correlation and Kish's design effect at the mean group size."""
    share = between / (between + within)
    return share, 1 + (float(sizes.mean()) - 1) * share


def median_odds_ratio(variance: float) -> float:
    """Larsen & Merlo (2005), American Journal of Epidemiology 161, 81-88."""
    from scipy.stats import norm

    return float(np.exp(np.sqrt(2 * variance) * norm.ppf(0.75)))
