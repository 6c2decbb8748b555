"""Outcomes and propensity scores in; effects by weighting, plain and doubly robust, with each row's influence, out."""

from __future__ import annotations

import numpy as np

from evalkit.models.causal.score import Score

Estimate = tuple[float, np.ndarray]
"""An effect, and the influence of each row on it, shape (n,): its variance is ``sum(influence^2) / n^2``."""


def arm_weights(score: Score, estimand: str) -> np.ndarray:
    """Weight of each row, shape (n,): `ate` 1 / chance of its own arm; `att` 1 for the treated, the odds for others."""
    d, e = score.treated, score.chance
    if estimand == "att":
        return np.where(d == 1, 1.0, e / (1 - e))
    return np.where(d == 1, 1 / e, 1 / (1 - e))


def weighted(y: np.ndarray, score: Score, estimand: str, normalised: bool) -> Estimate:
    """Difference of weighted means.

    Parameters
    ----------
    y : ndarray, shape (n,)
    normalised : bool
        Weights that sum to 1 in each arm (Hajek); else sums are divided by the number of rows, or of the treated
        (Horvitz & Thompson).

    Notes
    -----
    Hirano, Imbens & Ridder (2003), Econometrica 71, 1161-1189. The influence is that of the stacked moments of score
    and means, so that the score's being estimated counts: Lunceford & Davidian (2004), Statistics in Medicine 23,
    2937-2960, section 3.
    """
    d, w = score.treated, arm_weights(score, estimand)
    steepness = _steepness(score, estimand)
    total, influence = 0.0, np.zeros(len(y))
    base = d if estimand == "att" else np.ones(len(y))
    for arm, sign in ((1, 1.0), (0, -1.0)):
        own = (d == arm) * w
        over = own if normalised else base
        mean = float(own @ y / over.sum())
        moment = own * y - over * mean
        moved = y - mean if normalised else y
        slope = (((d == arm) * steepness * moved)[:, None] * score.x).mean(axis=0)
        influence += sign * (moment + score.influence @ slope) / over.mean()
        total += sign * mean
    return total, influence


def doubly_robust(y: np.ndarray, score: Score, estimand: str) -> Estimate:
    """Predictions of linear outcome models, corrected by the weighted residuals.

    Right if either the score or the outcome models are.

    Notes
    -----
    Robins, Rotnitzky & Zhao (1994), Journal of the American Statistical Association 89, 846-866; ATT: Sant'Anna & Zhao
    (2020), Journal of Econometrics 219, 101-122, eq. 2.3 for one period. The influence takes both models as known,
    which is exact where both are right.
    """
    d, e = score.treated, score.chance
    first, second = (_predicted(y, score.x, d == arm) for arm in (1, 0))
    if estimand == "att":
        share = d.mean()
        part = (d * (y - second) - (1 - d) * e / (1 - e) * (y - second)) / share
        value = float(part.mean())
        return value, part - d * value / share
    part = first - second + d * (y - first) / e - (1 - d) * (y - second) / (1 - e)
    value = float(part.mean())
    return value, part - value


def effective_size(weights: np.ndarray) -> float:
    """Kish's effective number of rows, ``(sum w)^2 / sum w^2``."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def _steepness(score: Score, estimand: str) -> np.ndarray:
    """Derivative of each row's weight to the linear predictor, shape (n,)."""
    d, e = score.treated, score.chance
    if estimand == "att":
        return np.where(d == 1, 0.0, e / (1 - e))
    return np.where(d == 1, -(1 - e) / e, e / (1 - e))


def _predicted(y: np.ndarray, x: np.ndarray, arm: np.ndarray) -> np.ndarray:
    """A linear model of one arm, at the covariates of all rows; least-norm where the arm lacks a category."""
    scale = np.maximum(np.abs(x).max(axis=0), 1e-300)
    return np.asarray(x / scale @ np.linalg.lstsq(x[arm] / scale, y[arm], rcond=None)[0])
