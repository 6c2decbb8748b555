"""Values and verdicts of one check, and why nothing could be said about a respondent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Obstacle = tuple[np.ndarray | bool, str]


@dataclass(frozen=True, eq=False)
class Check:
    """One check of all respondents.

    Parameters
    ----------
    values : ndarray, shape (n,)
        nan where there is no value.
    flagged : ndarray, shape (n,)
        1 or 0; nan where nothing can be said.
    reason : ndarray of int, shape (n,)
        Place in `reasons` of why nothing can be said.
    partner : ndarray of int, optional
        For duplicates: place of the first other row that is alike, -1 without one.
    """

    name: str
    values: np.ndarray
    flagged: np.ndarray
    reason: np.ndarray
    reasons: tuple[str, ...]
    partner: np.ndarray | None = None

    @property
    def n_computed(self) -> int:
        return int((~np.isnan(self.flagged)).sum())

    @property
    def n_flagged(self) -> int:
        return int((self.flagged == 1).sum())

    def obstacles(self) -> dict[str, int]:
        """Why nothing could be said, and for how many."""
        return {key: int((self.reason == i).sum()) for i, key in enumerate(self.reasons) if (self.reason == i).any()}


def judged(
    name: str, values: np.ndarray, found: np.ndarray, obstacles: Sequence[Obstacle], partner: np.ndarray | None = None
) -> Check:
    """A check whose first obstacle of a row is the reason for it."""
    reason = np.full(len(values), -1)
    for i, (where, _) in enumerate(obstacles):
        reason[(reason < 0) & where] = i
    flagged = np.where(reason < 0, np.asarray(found, dtype=float), np.nan)
    return Check(name, values, flagged, reason, tuple(key for _, key in obstacles), partner)


def nothing(name: str, n: int, reason: str) -> Check:
    """A check of which nothing can be said about anybody."""
    return judged(name, np.full(n, np.nan), np.zeros(n), [(True, reason)])
