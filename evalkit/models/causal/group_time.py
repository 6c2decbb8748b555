"""Unit means by period in; effects of each cohort at each time, and their averages, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.models.causal.adoption import NEVER, Adoption


@dataclass(frozen=True, eq=False)
class GroupTime:
    """Effects of cohorts, by place in the periods.

    Parameters
    ----------
    cohort, place : ndarray of int, shape (m,)
        First treated period and period of each effect.
    estimate : ndarray, shape (m,)
    influence : ndarray, shape (U, m)
        Of each unit; columns of effects with fewer than two units on a side are nan.
    share : ndarray, shape (m,)
        The cohort's share of all units.
    member : ndarray of bool, shape (U, m)
        Units of the cohort.
    """

    cohort: np.ndarray
    place: np.ndarray
    estimate: np.ndarray
    influence: np.ndarray
    share: np.ndarray
    member: np.ndarray

    def average(self, use: np.ndarray) -> tuple[float, np.ndarray]:
        """Effects averaged by the size of their cohorts, with the influence of each unit, shape (U,).

        The shares are estimated, which the influence takes into account.
        """
        use = use & np.isfinite(self.estimate)
        if not use.any():
            return float("nan"), np.full(len(self.influence), np.nan)
        estimate, share, total = self.estimate[use], self.share[use], self.share[use].sum()
        moved = self.member[:, use] - share
        of_shares = moved @ estimate / total - (share @ estimate) / total**2 * moved.sum(axis=1)
        value = float(share @ estimate / total)
        return value, self.influence[:, use] @ (share / total) + of_shares


def group_time(y: np.ndarray, found: Adoption, comparison: str) -> GroupTime:
    """Difference of the change since the last untreated period between a cohort and its comparison units.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Rows of one unit and period are averaged first; every unit counts once.
    comparison : str
        `never` treated units, or those `not_yet` treated at either time (the never treated among them).

    Notes
    -----
    Callaway & Sant'Anna (2021), Journal of Econometrics 225, 200-230, eqs 2.8 and 2.9 without covariates, long
    differences from the period before treatment. Cohorts treated from the first period on have no such period.
    """
    means, first = _cells(y, found)
    n_units, n_periods = means.shape
    cohorts = [g for g in found.cohorts if g > 0]
    keys = [(g, t) for g in cohorts for t in range(n_periods) if t != g - 1]
    estimate, influence = np.full(len(keys), np.nan), np.full((n_units, len(keys)), np.nan)
    member = np.zeros((n_units, len(keys)))
    for i, (g, t) in enumerate(keys):
        change = means[:, t] - means[:, g - 1]
        there = np.isfinite(change)
        member[:, i] = first == g
        ours = there & (first == g)
        other = first == NEVER if comparison == "never" else (first > max(t, g - 1)) & (first != g)
        other &= there
        if not ours.any() or not other.any():
            continue
        a, b = change[ours], change[other]
        estimate[i] = a.mean() - b.mean()
        if len(a) > 1 and len(b) > 1:
            influence[:, i] = 0.0
            influence[ours, i] = n_units / len(a) * (a - a.mean())
            influence[other, i] = -n_units / len(b) * (b - b.mean())
    share = member.mean(axis=0)
    cohort, place = (np.array([key[j] for key in keys], dtype=int) for j in (0, 1))
    return GroupTime(cohort, place, estimate, influence, share, member)


def influence_covariance(influence: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Covariance of estimates from the influence of units, shape (U, q), summed within clusters: ``S'S / U^2``."""
    totals = np.zeros((clusters.max() + 1, influence.shape[1]))
    np.add.at(totals, clusters, influence)
    return np.asarray(totals.T @ totals) / len(influence) ** 2


def relative_times(found: GroupTime) -> list[int]:
    """Periods since the start of treatment for which there is an effect; -1 is the reference."""
    return sorted({int(e) for e in (found.place - found.cohort)[np.isfinite(found.estimate)]})


def unit_clusters(unit: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """The cluster of each unit, shape (U,)."""
    out = np.zeros(unit.max() + 1, dtype=np.int64)
    out[unit] = clusters
    return out


def by_relative_time(found: GroupTime, times: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Averages over cohorts by time since the start: estimates (q,) and influence (U, q)."""
    parts = [found.average(found.place - found.cohort == e) for e in times]
    return np.array([p[0] for p in parts]), np.column_stack([p[1] for p in parts])


def _cells(y: np.ndarray, found: Adoption) -> tuple[np.ndarray, np.ndarray]:
    """Mean outcome by unit and period, nan where there is none, and each unit's first treated period."""
    if found.unit is None:
        raise ValueError("effects of cohorts need units")
    shape = (found.unit.max() + 1, len(found.periods))
    total, n = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (found.unit, found.place), y)
    np.add.at(n, (found.unit, found.place), 1.0)
    first = np.zeros(shape[0], dtype=np.int64)
    first[found.unit] = found.first
    with np.errstate(invalid="ignore"):
        return total / n, first
