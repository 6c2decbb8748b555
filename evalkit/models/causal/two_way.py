"""Outcome, treatment and fixed effects of units and periods in, least squares with clustered errors out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.contract import Problem
from evalkit.models.causal.adoption import NEVER, Adoption
from evalkit.models.sandwich import Covariance, Errors, covariance
from evalkit.moments import least_squares


@dataclass(frozen=True, eq=False)
class TwoWay:
    """Coefficients of the columns of interest, shape (q,), their covariance (q, q) and degrees of freedom (q,).

    `df` serves joint tests. `share` is each row's weight in the first coefficient, shape (n,): the coefficient is
    ``share @ y``.
    """

    estimate: np.ndarray
    matrix: np.ndarray
    term_df: np.ndarray
    df: float
    share: np.ndarray
    n_clusters: int | None
    notices: tuple[Problem, ...] = ()

    @property
    def std_error(self) -> np.ndarray:
        return np.sqrt(np.maximum(np.diag(self.matrix), 0.0))  # a variance of nothing may round below 0


def two_way(y: np.ndarray, interest: np.ndarray, covariates: np.ndarray, found: Adoption, errors: Errors) -> TwoWay:
    """Regression on the columns of interest, covariates, periods and units (without units: the treated group).

    Parameters
    ----------
    y : ndarray, shape (n,)
    interest : ndarray, shape (n, q)
    covariates : ndarray, shape (n, p)

    Notes
    -----
    Units are absorbed by taking their means away, which gives the coefficients of the dummies exactly, balanced or
    not (Frisch & Waugh 1933, Econometrica 1, 387-401; Lovell 1963). As the clusters hold whole units, k of the
    small-sample factors does not count the units.
    """
    n, q = interest.shape
    periods = (found.place[:, None] == np.arange(1, len(found.periods))).astype(float)
    if found.unit is None:
        base = np.column_stack([np.ones(n), found.first < NEVER, periods])
        x, outcome = np.column_stack([base, covariates, interest]), y
    else:
        base = periods
        x = _within(np.column_stack([base, covariates, interest]), found.unit)
        outcome = _within(y[:, None], found.unit)[:, 0]
    solved = least_squares(x, outcome)
    kept = [j for j in range(x.shape[1]) if j not in solved.dropped]
    used = x[:, kept]
    residual = outcome - used @ solved.coefficients[kept]
    with np.errstate(divide="ignore", invalid="ignore"):  # an exact fit leaves no degrees of freedom to estimate
        cov = covariance(used, residual, solved.inverse, errors)
    first = x.shape[1] - q
    places = [kept.index(first + j) if first + j in kept else -1 for j in range(q)]
    share = used @ solved.inverse[:, places[0]] if places[0] >= 0 else np.full(n, np.nan)
    estimate, matrix, term_df = _picked(solved.coefficients[kept], cov, places)
    return TwoWay(estimate, matrix, term_df, cov.df, share, cov.n_clusters, cov.notices)


def _picked(estimate: np.ndarray, cov: Covariance, places: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    q = len(places)
    b, matrix, df = np.full(q, np.nan), np.full((q, q), np.nan), np.full(q, np.nan)
    there = [i for i, place in enumerate(places) if place >= 0]
    at = [places[i] for i in there]
    b[there] = estimate[at]
    matrix[np.ix_(there, there)] = cov.matrix[np.ix_(at, at)]
    df[there] = cov.df if cov.term_df is None else cov.term_df[at]
    return b, matrix, df


def _within(values: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Columns less the mean of each unit."""
    totals = np.zeros((unit.max() + 1, values.shape[1]))
    np.add.at(totals, unit, values)
    out = values - (totals / np.bincount(unit)[:, None])[unit]
    # What never varies within a unit is rounding now, and no column.
    out[:, np.abs(out).max(axis=0) <= 1e-11 * np.abs(values).max(axis=0, initial=0)] = 0.0
    return out
