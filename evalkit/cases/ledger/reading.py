"""A ledger as given in, columns that can be counted out: one line a problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Problem, require_columns

DEFAULTS = {
    "kind": "type", "level": "level", "date_in": "date_in", "date_out": "date_out", "result": "result",
    "satisfaction": "satisfaction",
}  # fmt: skip
"""Parameter -> column, for those that a ledger may lack."""


@dataclass(frozen=True, eq=False)
class Ledger:
    """One line a problem; `route`, `level` and so on are texts, empty where nothing is said; None: no such column.

    `days` until settled, or until the ledger was closed; nan without usable dates. `open` is None where the ledger
    has no dates of settlement.
    """

    n: int
    route: np.ndarray
    level: np.ndarray | None
    parts: dict[str, np.ndarray]
    days: np.ndarray | None
    open: np.ndarray | None
    satisfaction: np.ndarray | None
    until: str
    dropped: tuple[Drop, ...]
    notices: tuple[Problem, ...]


def read_ledger(
    data: pd.DataFrame, problem: str, route: str, columns: dict[str, str], by: str | None, until: str | None
) -> Ledger:
    """Texts, days and states of the problems.

    Raises
    ------
    AnalysisError
        E600 for a column; E6730 for a problem listed twice; E6731 for an empty ledger; E6735 for a closing day that
        is none or lies before the last date.
    """
    named = [name for key, name in columns.items() if name != DEFAULTS[key]]
    require_columns(data, [problem, route, *named, *([by] if by else [])])
    kept = data[data[problem].notna()]
    ids = kept[problem].map(said)
    doubled = sorted(set(ids[ids.duplicated()]))
    if doubled:
        raise AnalysisError(Problem("E6730", params={"n": len(doubled), "names": doubled[:10]}))
    if kept.empty:
        raise AnalysisError(Problem("E6731"))
    there = {key: kept[name] for key, name in columns.items() if name in kept and kept[name].notna().any()}
    parts = {key: texts(there[key]) for key in ("kind", "result") if key in there}
    if by:
        parts["by"] = texts(kept[by])
    days, open_, closed, notices = _durations(ids, there.get("date_in"), there.get("date_out"), until)
    if open_ is None:
        notices.append(Problem("N6736"))
    satisfaction, more = _satisfaction(there.get("satisfaction"))
    lost = len(data) - len(kept)
    return Ledger(
        len(kept), texts(kept[route]), texts(there["level"]) if "level" in there else None, parts, days, open_,
        satisfaction, closed, (Drop("drop.no_id", lost),) if lost else (), (*notices, *more),
    )  # fmt: skip


def said(value: object) -> str:
    """A value as text; 2.0 is 2."""
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value).strip()


def texts(values: pd.Series) -> np.ndarray:
    """Values as texts, empty where there is none; each distinct value is put into words once."""
    at, distinct = pd.factorize(values)
    words = np.array([*(said(v) for v in distinct), ""], dtype=object)
    return words[at]


def in_order(values: Sequence[str]) -> list[str] | None:
    """Distinct values in the order of the numbers that they are; None where one is no number."""
    try:
        return sorted(dict.fromkeys(v for v in values if v), key=float)
    except ValueError:
        return None


def _durations(
    ids: pd.Series, start: pd.Series | None, end: pd.Series | None, until: str | None
) -> tuple[np.ndarray | None, np.ndarray | None, str, list[Problem]]:
    """Days, who is open, the closing day, and what is wrong with dates."""
    if end is None:
        if until is not None:
            _day(until)
        return None, None, "", []
    out = _days_of(end)
    open_ = end.isna().to_numpy()
    if start is None:
        return None, open_, "", []
    began = _days_of(start)
    closed = _closing(began, out, until)
    notices = []
    inexact = (began.isna() | (out.isna() & end.notna())).to_numpy()
    if inexact.any():
        notices.append(_listed("W6737", ids[inexact]))
    days = np.where(inexact, np.nan, (out.fillna(closed) - began).dt.days.to_numpy(dtype=float))
    backwards = days < 0
    if backwards.any():
        notices.append(_listed("W6738", ids[backwards]))
    days[backwards] = np.nan
    return days, open_, f"{closed:%Y-%m-%d}" if pd.notna(closed) else "", notices


def _days_of(values: pd.Series) -> pd.Series:
    """Days; a month or a year alone is none."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.normalize()
    at, distinct = pd.factorize(values)
    told = pd.Series([str(v).strip()[:10] for v in distinct], dtype="str")
    days = pd.to_datetime(told.where(told.str.len() == 10), format="%Y-%m-%d", errors="coerce")
    return pd.Series(days.reindex(at).to_numpy(), index=values.index)


def _day(until: str) -> pd.Timestamp:
    found = pd.to_datetime(str(until), format="%Y-%m-%d", errors="coerce")
    if pd.isna(found):
        raise AnalysisError(Problem("E6735", params={"until": until, "last": "–"}))
    return found


def _closing(began: pd.Series, out: pd.Series, until: str | None) -> pd.Timestamp:
    """The day up to which open problems are known to be open: the last date, or a later one that is given."""
    last = pd.concat([began, out]).max()
    if until is None:
        return last
    day = _day(until)
    if pd.notna(last) and day < last:
        raise AnalysisError(Problem("E6735", params={"until": until, "last": f"{last:%Y-%m-%d}"}))
    return day


def _satisfaction(values: pd.Series | None) -> tuple[np.ndarray | None, list[Problem]]:
    if values is None:
        return None, []
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
    bad = int((np.isnan(numbers) & values.notna().to_numpy()).sum())
    return numbers, [Problem("W6739", params={"n": bad})] if bad else []


def _listed(code: str, ids: pd.Series) -> Problem:
    return Problem(code, params={"n": len(ids), "names": list(ids)[:10]})
