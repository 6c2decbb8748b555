"""Propensity scores in; who is matched with whom, the effect among the matched and its variance, out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CHUNK = 4_000_000
"""Distances held at a time."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Pairs: `seeker[p]` is matched with `partner[p]`, both positions among all rows, with weight `share[p]`.

    The shares of one seeker sum to 1. `alone` are seekers for whom nobody stood within the caliper.
    """

    seeker: np.ndarray
    partner: np.ndarray
    share: np.ndarray
    alone: np.ndarray

    def __add__(self, other: Matches) -> Matches:
        pairs = zip(
            (self.seeker, self.partner, self.share, self.alone),
            (other.seeker, other.partner, other.share, other.alone),
            strict=True,
        )
        return Matches(*(np.concatenate(pair) for pair in pairs))


def nearest(
    index: np.ndarray, seekers: np.ndarray, partners: np.ndarray, *, neighbours: int, reach: float, replacement: bool
) -> Matches:
    """For each seeker the nearest partners by the linear predictor of the score.

    Parameters
    ----------
    index : ndarray, shape (n,)
    seekers, partners : ndarray of int
        Positions of the rows of each arm, ascending.
    reach : float
        Largest distance allowed.
    replacement : bool
        Partners may be used again. Else seekers choose in falling order of their index, and what is taken is gone.

    Notes
    -----
    Of partners equally near the first row is taken, of seekers with the same index the first row chooses first: no
    seed, the same pairs on every machine.
    """
    if replacement:
        found = _with_replacement(index, seekers, partners, neighbours, reach)
    else:
        found = _greedy(index, seekers, partners, neighbours, reach)
    n_found = np.array([len(part) for part in found], dtype=int)
    share = np.repeat(1 / np.maximum(n_found, 1), n_found)
    chosen = np.concatenate([np.asarray(part, dtype=int) for part in found]) if found else np.empty(0, dtype=int)
    return Matches(np.repeat(seekers, n_found), chosen, share, seekers[n_found == 0])


def _with_replacement(
    index: np.ndarray, seekers: np.ndarray, partners: np.ndarray, neighbours: int, reach: float
) -> list[np.ndarray]:
    out: list[np.ndarray] = []
    step = max(1, CHUNK // max(len(partners), 1))
    for start in range(0, len(seekers), step):
        part = seekers[start : start + step]
        distance = np.abs(index[part][:, None] - index[partners])
        rows = np.arange(len(part))
        chosen, near = [], []
        for _ in range(min(neighbours, len(partners))):
            best = distance.argmin(axis=1)  # the first of those equally near
            chosen.append(partners[best])
            near.append(distance[rows, best] <= reach)
            distance[rows, best] = np.inf
        columns, allowed = np.column_stack(chosen), np.column_stack(near)
        out += [line[ok] for line, ok in zip(columns, allowed, strict=True)]
    return out


def _greedy(
    index: np.ndarray, seekers: np.ndarray, partners: np.ndarray, neighbours: int, reach: float
) -> list[np.ndarray]:
    free = index[partners].astype(float)
    out: list[np.ndarray] = [np.empty(0, dtype=int)] * len(seekers)
    for i in np.argsort(-index[seekers], kind="stable"):
        chosen = []
        for _ in range(neighbours):
            distance = np.abs(free - index[seekers[i]])
            distance[np.isnan(distance)] = np.inf
            best = int(distance.argmin())
            if not distance[best] <= reach:
                break
            chosen.append(partners[best])
            free[best] = np.nan
        out[i] = np.array(chosen, dtype=int)
    return out


def matched_effect(y: np.ndarray, treated: np.ndarray, index: np.ndarray, found: Matches) -> tuple[float, float, int]:
    """Mean difference of seekers and their partners, its variance, and how many seekers were matched.

    Treated seekers give the ATT; seekers of both arms the ATE.

    Notes
    -----
    Abadie & Imbens (2006), Econometrica 74, 235-267, theorems 6 and 7: the variance allows for partners used more
    than once, with the outcome's variance at a score taken from the nearest row of the same arm. The score is taken
    as known, which makes the ATE's variance too large and the ATT's too large or too small: Abadie & Imbens (2016),
    Econometrica 84, 781-807.
    """
    n = len(y)
    other = np.zeros(n)
    np.add.at(other, found.seeker, found.share * y[found.partner])
    who = np.unique(found.seeker)
    size = len(who)
    if size == 0:
        return float("nan"), float("nan"), 0
    difference = np.where(treated[who] == 1, 1.0, -1.0) * (y[who] - other[who])
    effect = float(difference.mean())
    used, squares = np.zeros(n), np.zeros(n)
    np.add.at(used, found.partner, found.share)
    np.add.at(squares, found.partner, found.share**2)
    both = bool((treated[who] == 1).any() and (treated[who] == 0).any())
    extra = used**2 + 2 * used - squares if both else used**2 - squares
    counted = np.flatnonzero(extra > 1e-12)
    spread = _conditional_variance(y, treated, index, counted)
    variance = (((difference - effect) ** 2).sum() + extra[counted] @ spread) / size**2
    return effect, float(variance), size


def _conditional_variance(y: np.ndarray, treated: np.ndarray, index: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Half the squared difference of each row to the nearest other of its arm, shape (rows,)."""
    out = np.full(len(rows), np.nan)
    for arm in (0.0, 1.0):
        own = np.flatnonzero(treated == arm)
        here = np.flatnonzero(treated[rows] == arm)
        if len(own) < 2 or not len(here):
            continue
        step = max(1, CHUNK // len(own))
        for start in range(0, len(here), step):
            part = here[start : start + step]
            distance = np.abs(index[rows[part]][:, None] - index[own])
            distance[own[None, :] == rows[part][:, None]] = np.inf
            out[part] = (y[rows[part]] - y[own[distance.argmin(axis=1)]]) ** 2 / 2
    return out
