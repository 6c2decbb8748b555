"""The truth table: every combination of conditions, the cases in it, and whether the outcome follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.cases.configurations.measures import consistency, pri
from evalkit.cases.configurations.terms import Conditions

TOLERANCE = 1e-9
YES, NO, CONTRADICTION, REMAINDER = "1", "0", "C", "?"


@dataclass(frozen=True)
class Cuts:
    """What a row needs to count as sufficient.

    `consistency` and `pri` at least; between `contradiction` and `consistency` a row is contradictory (C);
    `frequency` cases at least, else it is a remainder.
    """

    consistency: float = 0.8
    pri: float = 0.0
    frequency: int = 1
    contradiction: float | None = None


@dataclass(frozen=True, eq=False)
class TruthTable:
    """Rows in the order of `Conditions.corners`.

    Parameters
    ----------
    n : ndarray of int, shape (rows,)
        Cases with membership above 0.5.
    consistency, pri : ndarray, shape (rows,)
        nan where no case has any membership.
    out : ndarray of str, shape (rows,)
        `1`, `0`, `C` or `?`.
    best : ndarray of int, shape (cases,)
        The row each case belongs to.
    """

    conditions: Conditions
    outcome: np.ndarray
    n: np.ndarray
    consistency: np.ndarray
    pri: np.ndarray
    out: np.ndarray
    best: np.ndarray

    def rows(self, kind: str) -> np.ndarray:
        """Places of the rows of a kind."""
        return np.flatnonzero(self.out == kind)

    @property
    def n_remainders(self) -> int:
        return int((self.n == 0).sum())

    @property
    def diversity(self) -> float:
        """Share of the logically possible rows that have a case."""
        return float((self.n > 0).mean())


def truth_table(conditions: Conditions, outcome: np.ndarray, cuts: Cuts) -> TruthTable:
    """Sort cases into rows and judge each row.

    Schneider & Wagemann (2012), chapter 7; a row is judged against its cut-offs with a tolerance of 1e-9.
    """
    inside = conditions.corner_memberships
    n = (inside > 0.5).sum(axis=0)
    found, proportional = consistency(inside, outcome), pri(inside, outcome)
    enough = (found >= cuts.consistency - TOLERANCE) & (np.nan_to_num(proportional) >= cuts.pri - TOLERANCE)
    out = np.where(enough, YES, NO)
    if cuts.contradiction is not None:
        between = ~enough & (found >= cuts.contradiction - TOLERANCE) & (found < cuts.consistency - TOLERANCE)
        out = np.where(between, CONTRADICTION, out)
    out = np.where(n < cuts.frequency, REMAINDER, out)
    return TruthTable(conditions, outcome, n, found, proportional, out, inside.argmax(axis=1))
