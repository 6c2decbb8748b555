"""Rows with ordered answers in; thresholds, correlations and their sampling covariance by group out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import AnalysisError, Problem
from evalkit.correlations import (
    ConditionalCorrelations,
    MixedCorrelations,
    conditional_correlations,
    mixed_correlations,
    polychoric,
)
from evalkit.structure.implied import Implied, Jacobian

if TYPE_CHECKING:
    from evalkit.structure.sample import Given


@dataclass(frozen=True, eq=False)
class OrderedStatistics:
    """First-stage statistics of one group with p variables.

    Their order: thresholds of the ordered variables one after another, means of the continuous ones, slopes of one
    variable after another on the exogenous ones where all is conditional on these, variances of the continuous ones,
    then the pairs below the diagonal, column by column: polychoric and polyserial correlations (the latter times the
    standard deviation of the continuous variable), covariances of two continuous variables.

    Parameters
    ----------
    ordered : ndarray of bool, shape (p,)
    categories : tuple of ndarray
        Observed codes of each ordered variable, empty for a continuous one.
    items : ndarray of int
        The variable of each threshold.
    pairs : ndarray of int, shape (m, 2)
    values : ndarray, shape (k,)
    gamma : ndarray, shape (k, k)
        Rows times the covariance matrix of `values`, for independent rows.
    influence : ndarray, shape (n, k), optional
        Of each row on `values`, where a sampling design asks for it.
    n_given : int
        Exogenous variables that the statistics are conditional on: thresholds and means are where these are zero,
        variances, covariances and correlations those of the residuals.
    """

    ordered: np.ndarray
    categories: tuple[np.ndarray, ...]
    items: np.ndarray
    pairs: np.ndarray
    values: np.ndarray
    gamma: np.ndarray
    influence: np.ndarray | None = None
    n_given: int = 0

    @property
    def n_thresholds(self) -> int:
        return len(self.items)

    @property
    def first_pair(self) -> int:
        """Where the pairs begin among the statistics."""
        return len(self.values) - len(self.pairs)

    @property
    def thresholds(self) -> tuple[np.ndarray, ...]:
        """Of each variable; empty for a continuous one."""
        tau = self.values[: self.n_thresholds]
        return tuple(tau[self.items == j] for j in range(len(self.ordered)))

    def cov(self) -> np.ndarray:
        """The pairs as a matrix, with 1 as the variance of an ordered variable, shape (p, p)."""
        p, loose = len(self.ordered), np.flatnonzero(~self.ordered)
        out = np.eye(p)
        out[loose, loose] = self.values[self.first_pair - len(loose) : self.first_pair]
        i, j = self.pairs.T
        out[i, j] = out[j, i] = self.values[self.first_pair :]
        return out

    def mean(self) -> np.ndarray:
        """Means, 0 for an ordered variable, shape (p,)."""
        out, loose = np.zeros(len(self.ordered)), np.flatnonzero(~self.ordered)
        out[loose] = self.values[self.n_thresholds : self.n_thresholds + len(loose)]
        return out

    def regression(self) -> np.ndarray:
        """Slopes on the exogenous variables, shape (p, n_given)."""
        first = self.n_thresholds + int((~self.ordered).sum())
        p = len(self.ordered)
        return self.values[first : first + p * self.n_given].reshape(p, self.n_given)

    def implied(self, implied: Implied) -> np.ndarray:
        """The same statistics as a model implies them, shape (k,); nan where a variance is not positive."""
        scale, cov = self.scale(implied), self.implied_cov(implied)
        loose = np.flatnonzero(~self.ordered)
        at = self.items
        cut = scale[at] * (implied.thresholds - implied.mean[at])
        slopes = (scale[:, None] * self._reach(implied)).ravel()
        pairs = cov[self.pairs[:, 0], self.pairs[:, 1]]
        return np.concatenate([cut, implied.mean[loose], slopes, np.diag(cov)[loose], pairs])

    def _reach(self, implied: Implied) -> np.ndarray:
        """Total effects of the exogenous variables, which come last among all, shape (p, n_given)."""
        return implied.paths_inverse[: len(self.ordered), len(implied.paths_inverse) - self.n_given :]

    def scale(self, implied: Implied) -> np.ndarray:
        """What brings each ordered variable to variance 1, shape (p,)."""
        variance = np.diag(implied.cov)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.ordered, 1 / np.sqrt(np.where(variance > 0, variance, np.nan)), 1.0)

    def implied_cov(self, implied: Implied) -> np.ndarray:
        """Implied covariances where ordered variables have variance 1, shape (p, p)."""
        scale = self.scale(implied)
        return np.asarray(implied.cov * np.outer(scale, scale))

    def slopes(self, implied: Implied, jacobian: Jacobian) -> np.ndarray:
        """Derivatives of the implied statistics by the parameters, shape (q, k)."""
        scale, loose, at = self.scale(implied), np.flatnonzero(~self.ordered), self.items
        variances = np.diagonal(jacobian.cov, axis1=1, axis2=2)
        by_scale = np.where(self.ordered, -0.5 * scale**3 * variances, 0.0)
        cut = scale[at] * (jacobian.thresholds - jacobian.mean[:, at])
        cut += by_scale[:, at] * (implied.thresholds - implied.mean[at])
        i, j = self.pairs.T
        shared = implied.cov[i, j]
        pair = scale[i] * scale[j] * jacobian.cov[:, i, j]
        pair += shared * (by_scale[:, i] * scale[j] + scale[i] * by_scale[:, j])
        parts = [cut, jacobian.mean[:, loose]]
        if self.n_given:
            moved = scale[:, None] * jacobian.effects + by_scale[:, :, None] * self._reach(implied)
            parts.append(moved.reshape(len(moved), -1))
        return np.hstack([*parts, variances[:, loose], pair])


def ordered_statistics(
    x: np.ndarray,
    ordered: np.ndarray,
    names: Sequence[str],
    label: str,
    weights: np.ndarray | None,
    keep: bool,
    given: Given | None = None,
) -> OrderedStatistics:
    """First-stage statistics of the rows of one group.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        nan where missing: each statistic from the rows that have its variables.
    ordered : ndarray of bool, shape (p,)
    keep : bool
        Whether the influence of the rows is kept.
    given : Given, optional
        Exogenous variables to regress on first.

    Raises
    ------
    AnalysisError
        E945 for pairs that determine one another, E946 for pairs nobody answered both of, E6010 for a variable that
        the exogenous ones foretell without error.

    Notes
    -----
    Muthén (1984), Psychometrika 49, 115-132.
    """
    if given is not None:
        regressed = conditional_correlations(x, ordered, given.rows, weights=weights)
        if regressed.improper:
            items = [names[j] for j in regressed.improper]
            raise AnalysisError(Problem("E6010", params={"items": items, "group": label}))
        statistics, bound = _mixed(x, regressed, keep), regressed.at_bound
    elif ordered.all():
        statistics, bound = _polychoric(x, weights, keep)
    else:
        mixed = mixed_correlations(x, ordered, weights=weights)
        statistics, bound = _mixed(x, mixed, keep), mixed.at_bound
    lost = statistics.pairs[np.isnan(statistics.values[statistics.first_pair :])]
    for code, pairs in (("E946", lost), ("E945", bound)):
        if len(pairs):
            named = [f"{names[int(j)]}–{names[int(i)]}" for i, j in pairs][:8]
            raise AnalysisError(Problem(code, params={"items": named, "group": label}))
    return statistics


def _polychoric(
    x: np.ndarray, weights: np.ndarray | None, keep: bool
) -> tuple[OrderedStatistics, Sequence[Sequence[int]]]:
    poly = polychoric(x, weights=weights)
    items = np.repeat(np.arange(x.shape[1]), [len(t) for t in poly.thresholds])
    return OrderedStatistics(
        np.ones(x.shape[1], dtype=bool), poly.categories, items, poly.pairs, np.concatenate([poly.tau, poly.rho]),
        poly.gamma(), poly.influence() if keep else None,
    ), poly.at_bound  # fmt: skip


def _mixed(x: np.ndarray, mixed: MixedCorrelations | ConditionalCorrelations, keep: bool) -> OrderedStatistics:
    ordered = mixed.ordinal
    loose = np.flatnonzero(~ordered)
    slopes = mixed.slopes if isinstance(mixed, ConditionalCorrelations) else np.empty((len(ordered), 0))
    at = {column: k for k, column in enumerate(mixed.columns)}
    items = np.repeat(np.arange(x.shape[1]), [len(t) for t in mixed.thresholds])
    sd = np.where(ordered, 1.0, np.sqrt(np.where(ordered, 1.0, mixed.variance)))
    first = [k for k, column in enumerate(mixed.columns) if column[0] == "tau"]
    first += [at["mean", int(j), 0] for j in loose]
    first += [at["slope", j, k] for j in range(len(ordered)) for k in range(slopes.shape[1])]
    first += [at["variance", int(j), 0] for j in loose]
    parts = [mixed.influence[:, first]]
    for i, j in mixed.pairs:
        own = sd[i] * sd[j] * mixed.influence[:, at["rho", int(i), int(j)]]
        for one, other in ((i, j), (j, i)):
            if not ordered[one]:  # the standard deviation is an estimate too
                own = own + mixed.r[i, j] * sd[other] / (2 * sd[one]) * mixed.influence[:, at["variance", int(one), 0]]
        parts.append(own[:, None])
    influence = np.hstack(parts)
    i, j = mixed.pairs.T
    pairs = mixed.r[i, j] * sd[i] * sd[j]
    values = np.concatenate([*mixed.thresholds, mixed.mean[loose], slopes.ravel(), mixed.variance[loose], pairs])
    codes = tuple(np.unique(c[~np.isnan(c)]) if o else np.empty(0) for c, o in zip(x.T, ordered, strict=True))
    gamma = influence.T @ influence / mixed.n_obs
    kept = influence if keep else None
    return OrderedStatistics(ordered, codes, items, mixed.pairs, values, gamma, kept, slopes.shape[1])


def threshold_counts(
    names: Sequence[str], statistics: Sequence[OrderedStatistics], labels: Sequence[str]
) -> dict[str, int]:
    """Thresholds of each ordered variable.

    Raises
    ------
    AnalysisError
        E947 naming the variable, the category and the group where nobody of a group chose a category that others did.
    """
    out = {}
    for j in np.flatnonzero(statistics[0].ordered):
        everything = np.unique(np.concatenate([s.categories[j] for s in statistics]))
        for label, group in zip(labels, statistics, strict=True):
            gone = np.setdiff1d(everything, group.categories[j])
            if len(gone):
                codes = [f"{code:g}" for code in gone]
                raise AnalysisError(Problem("E947", params={"item": names[j], "codes": codes, "group": label}))
        out[names[j]] = len(everything) - 1
    return out
