"""A fitted model of a binary outcome or a count in; its distance from the saturated model, and who is classified how,
out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evalkit.models.generalised.ascent import maximum
from evalkit.models.generalised.links import LOG, SingleIndex

CUTOFF = 0.5
"""Probability from which a row is classified as the higher value."""
CELLS = ("true_negative", "false_positive", "false_negative", "true_positive")
CLASSIFIED = (*CELLS, "sensitivity", "specificity")
DEVIANCES = ("residual_deviance", "null_deviance", "pearson")


def deviances(likelihood: SingleIndex, b: np.ndarray) -> dict[str, float]:
    """Residual and null deviance against the saturated model, and Pearson's chi square; unweighted.

    McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 2.3. The null model has a constant (and the
    offset); of a negative binomial it keeps theta, as `MASS::glm.nb` does.
    """
    alone = replace(likelihood, x=np.ones((len(likelihood.y), 1)))
    eta = likelihood.eta(b)
    pearson = (likelihood.y - likelihood.link.mean(eta)) ** 2 / likelihood.variance(eta)
    return {
        "residual_deviance": _deviance(likelihood, b),
        "null_deviance": _deviance(alone, maximum(alone, np.ones(len(likelihood.y))).b),
        "pearson": float(pearson.sum()),
    }


def _deviance(likelihood: SingleIndex, b: np.ndarray) -> float:
    """Twice what the log-likelihood lacks of that of a mean a row."""
    from scipy.special import xlogy

    if likelihood.link is not LOG:  # 0 and 1: the saturated model is certain of every row
        return float(-2 * likelihood.rows(b).sum())
    y, mu, theta = likelihood.y, likelihood.link.mean(likelihood.eta(b)), likelihood.theta
    if theta is None:
        return float(2 * (xlogy(y, y / mu) - (y - mu)).sum())
    return float(2 * (xlogy(y, y / mu) - (y + theta) * np.log((y + theta) / (mu + theta))).sum())


def classified(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Rows by outcome and by classification at `CUTOFF`, with sensitivity and specificity."""
    higher, truth = p >= CUTOFF, y == 1
    counts = [(~higher & ~truth).sum(), (higher & ~truth).sum(), (~higher & truth).sum(), (higher & truth).sum()]
    tn, fp, fn, tp = (float(n) for n in counts)
    rates = {"sensitivity": tp / (tp + fn), "specificity": tn / (tn + fp)}
    return dict(zip(CELLS, (tn, fp, fn, tp), strict=True)) | rates
