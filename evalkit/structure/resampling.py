"""A fit in, what its estimates would be over other samples out: bootstrap and Monte Carlo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.contract import AnalysisError, Problem
from evalkit.moments import moments, quantile
from evalkit.resample import Stream, counts
from evalkit.structure.fitting import Fit, refit
from evalkit.structure.information import joined_design
from evalkit.structure.sample import Given, GroupSample, Sample
from evalkit.structure.solution import with_definitions
from evalkit.structure.standardised import standardised_rows

INTERVALS = ("percentile", "bias_corrected")


@dataclass(frozen=True, eq=False)
class Draws:
    """Values of every parameter and definition over resamples.

    Parameters
    ----------
    fit : Fit
    estimates : ndarray, shape (k,)
        In the sample itself.
    values : ndarray, shape (n_draws, k)
        Only resamples in which the search arrived.
    n_failed : int
        Resamples set aside.
    """

    fit: Fit
    estimates: np.ndarray
    values: np.ndarray
    n_failed: int

    @property
    def notices(self) -> tuple[Problem, ...]:
        """W940 if resamples failed."""
        total = len(self.values) + self.n_failed
        return (Problem("W940", params={"failed": self.n_failed, "n": total}),) if self.n_failed else ()

    def frame(self, conf_level: float = 0.95, kind: str = "percentile") -> pd.DataFrame:
        """lhs op rhs group label est boot_mean boot_se conf_low conf_high.

        Parameters
        ----------
        kind : {"percentile", "bias_corrected"}
            Efron (1987), Journal of the American Statistical Association 82, 171-185, without acceleration.
        """
        named = self.fit.estimates()[["lhs", "op", "rhs", "group", "label"]]
        low, high = self.interval(conf_level, kind)
        mean, se = self.values.mean(axis=0), self.values.std(axis=0, ddof=1)
        return named.assign(est=self.estimates, boot_mean=mean, boot_se=se, conf_low=low, conf_high=high)

    def interval(self, conf_level: float = 0.95, kind: str = "percentile") -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends, shape (k,) each.

        Raises
        ------
        AnalysisError
            E928 for an unknown kind.
        """
        if kind not in INTERVALS:
            raise AnalysisError(Problem("E928", params={"option": "ci", "value": kind, "known": list(INTERVALS)}))
        tails = np.array([0.5 - conf_level / 2, 0.5 + conf_level / 2])
        if len(self.values) < 2:
            return (np.full(len(self.estimates), np.nan),) * 2
        if kind == "percentile":
            low, high = np.quantile(self.values, tails, axis=0)
            return low, high
        below = (self.values < self.estimates).mean(axis=0) + 0.5 * (self.values == self.estimates).mean(axis=0)
        shift = 2 * stats.norm.ppf(below) + stats.norm.ppf(tails)[:, None]
        ends = [
            quantile(self.values[:, j], stats.norm.cdf(shift[:, j])) if np.isfinite(shift[:, j]).all() else [np.nan] * 2
            for j in range(len(self.estimates))
        ]
        low, high = np.array(ends, dtype=float).T
        return low, high


def bootstrap(fit: Fit, *, resamples: int = 1000, seed: int = 0, standardised: bool = False) -> Draws:
    """Fit the model to resampled rows.

    Whole clusters and strata of the design are drawn where there is one, otherwise rows within groups. Complete rows
    enter by their cross-products only, and every search starts from the estimates.

    Raises
    ------
    AnalysisError
        E920 without rows of data, E941 for a number of resamples that is not 1 to 100,000.
    """
    if not 1 <= resamples <= 100_000:
        raise AnalysisError(Problem("E941", params={"n": resamples}))
    found, failed = [], 0
    for weights in _weights(fit, resamples, seed):
        sample = _resampled(fit, weights)
        if sample is None:
            failed += 1
            continue
        solution, objective = refit(fit, sample, fit.theta)
        if not solution.converged:
            failed += 1
            continue
        layout = objective.layout
        rows = standardised_rows(layout, solution.theta) if standardised else layout.row_values(solution.theta)
        found.append(np.real(with_definitions(fit.table, rows)))
    at = standardised_rows(fit.layout, fit.theta) if standardised else fit.values
    estimates = np.real(with_definitions(fit.table, at))
    return Draws(fit, estimates, np.array(found).reshape(-1, len(estimates)), failed)


def monte_carlo(fit: Fit, *, draws: int = 20_000, seed: int = 0) -> Draws:
    """Draw the parameters from their normal sampling distribution (MacKinnon, Lockwood & Williams 2004,
    Multivariate Behavioral Research 39, 99-128)."""
    q = len(fit.theta)
    normal = Stream(seed).normal(draws * q).reshape(draws, q)
    values, vectors = np.linalg.eigh(fit.vcov)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    theta = fit.theta + normal @ root.T
    free = np.array([row.free for row in fit.table.rows])
    rows = np.where(free[:, None] > 0, theta.T[np.maximum(free, 1) - 1], fit.values[:, None])
    derived = [i for i, row in enumerate(fit.table.rows) if row.derived]
    rows[derived] = np.nan  # they follow from the others and have no error of their own, as in `estimates`
    drawn = with_definitions(fit.table, rows).T
    return Draws(fit, with_definitions(fit.table, fit.values), drawn, 0)


def _weights(fit: Fit, resamples: int, seed: int) -> Iterator[np.ndarray]:
    sizes = [len(group.rows_needed()) for group in fit.sample.groups]
    design = joined_design(fit.objective)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    clusters = strata = None
    if design is not None and len(np.unique(design.units)) < sum(sizes):
        clusters, strata = design.units, design.strata if len(np.unique(design.strata)) > 1 else None
    elif design is not None:
        strata = design.strata if len(np.unique(design.strata)) > 1 else None
    elif len(sizes) > 1:
        strata = groups
    for block in counts(sum(sizes), resamples=resamples, seed=seed, clusters=clusters, strata=strata):
        yield from block


def _resampled(fit: Fit, weights: np.ndarray) -> Sample | None:
    """Statistics of a resample; None if a group has too few different rows."""
    groups, first = [], 0
    for group in fit.sample.groups:
        x = group.rows_needed()
        w = weights[first : first + len(x)].astype(float)
        first += len(x)
        n = float(w.sum())
        if group.ordered is not None:
            again = _ordered_again(fit, group, w)
            if again is None:
                return None
            groups.append(again)
            continue
        w = w if group.weights is None else w * group.weights
        if np.count_nonzero(w) <= x.shape[1]:
            return None
        if np.isnan(x).any():
            kept = w > 0
            # The saturated moments only shift the discrepancy by a constant: those of the sample will do.
            groups.append(GroupSample(group.label, n, group.mean, group.cov, x[kept], w[kept] * (n / w.sum())))
            continue
        w *= n / w.sum()
        step = w @ (x - group.mean) / n
        d = x - group.mean - step
        cov = (d * w[:, None]).T @ d / (n - _lost(fit))
        groups.append(replace(group, n=n, mean=group.mean + step, cov=cov, rows=None, weights=None, design=None))
    return Sample(fit.sample.names, tuple(groups), given=fit.sample.given)


def _ordered_again(fit: Fit, group: GroupSample, counts: np.ndarray) -> GroupSample | None:
    """First-stage statistics of a resample; None where a category has gone or two items became one."""
    from evalkit.structure.ordered import ordered_statistics

    rows = np.repeat(np.arange(len(counts)), counts.astype(int))
    x, known = group.rows_needed()[rows], group.statistics()
    weights = None if group.weights is None else group.weights[rows]
    gone = any(np.setdiff1d(codes, x[:, j]).size for j, codes in enumerate(known.categories))
    if gone or (np.nanmin(x, axis=0) == np.nanmax(x, axis=0)).any():
        return None
    given = None if group.given is None else _given_again(group.given.rows[rows], weights)
    if given is not None and np.linalg.matrix_rank(given.cov) < len(given.cov):
        return None
    try:
        found = ordered_statistics(x, known.ordered, fit.table.observed, group.label, weights, False, given)
    except AnalysisError:
        return None
    n = float(len(x))
    return GroupSample(group.label, n, found.mean(), found.cov(), x, weights, None, None, found, given)


def _given_again(x: np.ndarray, weights: np.ndarray | None) -> Given:
    m = moments(x, weights)
    return Given(x, m.mean, m.cross / m.n)


def _lost(fit: Fit) -> int:
    """The divisor of covariances is n less this."""
    from evalkit.structure.estimators import ESTIMATORS

    return 1 if fit.options.likelihood == "wishart" else ESTIMATORS[fit.options.estimator].ddof
