"""Treatment, time and units row by row in; who was first treated when, out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.contract import AnalysisError, Problem
from evalkit.resample import codes

NEVER = 10**9
"""Place of the first treated period of those who never are."""


@dataclass(frozen=True, eq=False)
class Adoption:
    """Rows of a design with units, periods and treatment.

    Parameters
    ----------
    periods : ndarray of float, shape (T,)
        Distinct times in order.
    place : ndarray of int, shape (n,)
        Position of the row's time in `periods`.
    first : ndarray of int, shape (n,)
        Position of the first treated period of the row's unit (or group); `NEVER` for the untreated.
    unit : ndarray of int, shape (n,), optional
        0 .. U - 1; None where groups are compared without units.
    """

    periods: np.ndarray
    place: np.ndarray
    first: np.ndarray
    unit: np.ndarray | None

    @property
    def status(self) -> np.ndarray:
        """Whether the row is treated, shape (n,), 0 or 1."""
        return (self.place >= self.first).astype(float)

    @property
    def cohorts(self) -> np.ndarray:
        """Places of first treatment that occur, without `NEVER`."""
        found = np.unique(self.first)
        return found[found < NEVER]

    @property
    def staggered(self) -> bool:
        return len(self.cohorts) > 1

    def period_name(self, place: int) -> str:
        return f"{self.periods[place]:.15g}"


def adoption(
    treated: np.ndarray, time: np.ndarray, unit: np.ndarray | None, start: float | None, names: dict[str, str]
) -> Adoption:
    """Who was treated from when on.

    Parameters
    ----------
    treated : ndarray, shape (n,)
        0 and 1: the treated group if `start` is given, or if it never changes within units; else the status of the
        row at its time.
    time : ndarray of float, shape (n,)
    unit : ndarray, shape (n,), optional
        Labels of units.
    start : float, optional
        First treated time of the treated group.
    names : dict
        Column behind `treated`, `time` and `unit`, for messages.

    Raises
    ------
    AnalysisError
        E6276 one period; E6277 no period before or after the start; E6278 a start that is not known; E6279 treatment
        that is switched off; E6280 treatment that differs within a unit (at one time, or of a group).
    """
    periods, place = np.unique(time, return_inverse=True)
    if len(periods) < 2:
        raise AnalysisError(Problem("E6276", params={"name": names["time"], "n": len(periods)}))
    ids = None if unit is None else codes(unit)
    changes = ids is not None and bool((_largest(treated, ids) != -_largest(-treated, ids)).any())
    if start is None and changes and ids is not None:
        first = _switched_on(treated, place, ids, names)
    else:
        if changes:
            raise AnalysisError(Problem("E6280", params={"treated": names["treated"], "unit": names["unit"]}))
        begin = _start(periods, start, names)
        first = np.where(treated == 1, begin, NEVER)
    return Adoption(periods, place, first.astype(np.int64), ids)


def _start(periods: np.ndarray, start: float | None, names: dict[str, str]) -> int:
    if start is None:
        if len(periods) != 2:
            raise AnalysisError(Problem("E6278", params={"treated": names["treated"], "n": len(periods)}))
        return 1
    begin = int(np.searchsorted(periods, start))
    if not 0 < begin < len(periods):
        ends = {"low": f"{periods[0]:g}", "high": f"{periods[-1]:g}"}
        raise AnalysisError(Problem("E6277", params={"start": f"{start:g}", **ends}))
    return begin


def _switched_on(treated: np.ndarray, place: np.ndarray, ids: np.ndarray, names: dict[str, str]) -> np.ndarray:
    cell = ids * (place.max() + 1) + place
    cells = codes(cell)
    if (_largest(treated, cells) != -_largest(-treated, cells)).any():
        raise AnalysisError(Problem("E6280", params={"treated": names["treated"], "unit": names["unit"]}))
    first = np.full(ids.max() + 1, NEVER)
    np.minimum.at(first, ids[treated == 1], place[treated == 1])
    off = (place >= first[ids]) & (treated == 0)
    if off.any():
        params = {"treated": names["treated"], "unit": names["unit"], "n": len(np.unique(ids[off]))}
        raise AnalysisError(Problem("E6279", params=params))
    return first[ids]


def _largest(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The largest value of each group, shape (G,)."""
    out = np.full(groups.max() + 1, -np.inf)
    np.maximum.at(out, groups, values)
    return out
