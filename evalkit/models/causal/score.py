"""Covariates and a treatment in, the chance of treatment (propensity score) of each row out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.contract import AnalysisError, Problem
from evalkit.models.generalised.ascent import maximum, separated
from evalkit.models.generalised.links import LOGIT, SingleIndex
from evalkit.moments import least_squares


@dataclass(frozen=True, eq=False)
class Score:
    """A logit of the treatment, fitted.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        The constant first.
    treated : ndarray, shape (n,)
    chance : ndarray, shape (n,)
        Between 0 and 1, both left out.
    index : ndarray, shape (n,)
        The linear predictor, to ten decimals: rows alike in their covariates are exactly alike here.
    influence : ndarray, shape (n, k)
        Of each row on the coefficients, times n.
    """

    x: np.ndarray
    treated: np.ndarray
    chance: np.ndarray
    index: np.ndarray
    influence: np.ndarray

    @property
    def outside(self) -> np.ndarray:
        """Rows whose score lies beyond all scores of the other arm, shape (n,)."""
        ours, theirs = (self.index[self.treated == arm] for arm in (1, 0))
        low, high = max(ours.min(), theirs.min()), min(ours.max(), theirs.max())
        return np.asarray((self.index < low) | (self.index > high))


def score_of(covariates: np.ndarray, terms: tuple[str, ...], treated: np.ndarray) -> tuple[Score, tuple[Problem, ...]]:
    """Maximum-likelihood logit of the treatment on the covariates.

    Raises
    ------
    AnalysisError
        E6293 for too few rows; E6299 where the covariates tell the arms apart, so that nobody could be in the other.
    """
    n = len(treated)
    x = np.column_stack([np.ones(n), covariates])
    if n <= x.shape[1]:
        raise AnalysisError(Problem("E6293", params={"n": n, "k": x.shape[1]}))
    dropped = least_squares(x, treated).dropped
    notices = tuple(Problem("W656", params={"term": terms[j - 1]}) for j in dropped)
    kept = [j for j in range(x.shape[1]) if j not in dropped]
    x = x[:, kept]
    likelihood = SingleIndex(x, treated, LOGIT, np.zeros(n))
    found = maximum(likelihood, np.ones(n))
    index = x @ found.b
    if not found.converged or np.abs(index).max() > 12:
        direction = separated(likelihood)
        if direction is not None or not found.converged:
            moved = np.ones(len(kept)) if direction is None else np.abs(direction)
            names = [terms[kept[i] - 1] for i in range(1, len(kept)) if moved[i] > 1e-6]
            raise AnalysisError(Problem("E6299", params={"names": names or list(terms)}))
    chance = LOGIT.mean(index)
    influence = n * ((treated - chance)[:, None] * x) @ found.inverse
    return Score(x, treated, chance, np.round(index, 10), influence), notices
