"""A ledger in, a ProblemFlowResult out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.cases.ledger.durations import MedianTime, median_time
from evalkit.cases.ledger.reading import DEFAULTS, Ledger, in_order, read_ledger, said
from evalkit.cases.ledger.result import Breakdown, Check, Group, ProblemFlowResult, Stage, name_of
from evalkit.contract import AnalysisError, Label, Problem

_NAN = float("nan")
RECEIVED, OPEN, WITHOUT = "received", "open", "without_route"
"""Names in `totals` beside the routes."""


def problem_flow(
    data: pd.DataFrame,
    *,
    problem: str = "problem_id",
    route: str = "route",
    level: str = "level",
    kind: str = "type",
    date_in: str = "date_in",
    date_out: str = "date_out",
    result: str = "result",
    satisfaction: str = "satisfaction",
    by: str | None = None,
    routes: Sequence[str] = (),
    levels: Sequence[str | float] = (),
    totals: Mapping[str, float] | None = None,
    until: str | None = None,
    labels: Mapping[str, Mapping[str, str]] | None = None,
    conf_level: float = 0.95,
) -> ProblemFlowResult:
    """Which way problems went, where they were settled, how long it took, and what is still open.

    Parameters
    ----------
    data : DataFrame
        A ledger, one row a problem. Of the columns only `problem` and `route` must be there; without a date in
        `date_out` a problem is open; an empty `route` is a problem without a route.
    level : str
        Column of the level that a problem reached: numbers, or texts in the order that `levels` gives. A problem is
        taken to have passed every lower level.
    by : str, optional
        A further column (e.g. the station) to count routes by.
    routes : sequence of str, optional
        Every route in the order to print; default by level, then the most frequent first.
    totals : mapping, optional
        Printed totals to check: route, or `received`, `open`, `without_route` -> number.
    until : str, optional
        Day (2017-12-31) up to which open problems are known to be open; default the last date of the ledger.
    labels : mapping, optional
        Value of a column -> {zh, en}.

    Returns
    -------
    ProblemFlowResult
        Median times are those of Kaplan & Meier (1958) in days, open problems censored. A printed total that differs
        from the ledger, and printed parts that do not sum to the printed total, are notices.

    Raises
    ------
    AnalysisError
        E600 for a column; E6730 for a problem listed twice; E6731 for an empty ledger; E6732 for a route or level
        that `routes` or `levels` leave out; E6733 for an unknown name in `totals`; E6735 for `until`.
    """
    columns = dict(zip(DEFAULTS, (kind, level, date_in, date_out, result, satisfaction), strict=True))
    book = read_ledger(data, problem, route, columns, by, until)
    order, notices = _levels(book, levels)
    ways = _routes(book, routes, order)
    checks = _checks(book, ways, totals or {})
    words = {name: Label(zh=pair.get("zh", name), en=pair.get("en", name)) for name, pair in (labels or {}).items()}
    groups = tuple(_group(book, way, book.route == way, conf_level) for way in ways)
    if (book.route == "").any():
        groups += (_group(book, "", book.route == "", conf_level),)
    return ProblemFlowResult(
        all=_group(book, RECEIVED, np.ones(book.n, dtype=bool), conf_level),
        routes=groups,
        stages=tuple(_stages(book, order, conf_level)),
        breakdowns=tuple(_breakdown(book, name, values, ways, conf_level) for name, values in book.parts.items()),
        by=by or "",
        checks=checks,
        flows=tuple(_flows(book, order)),
        until=book.until,
        labels=words,
        conf_level=conf_level,
        n_obs=book.n,
        dropped=book.dropped,
        notices=(*book.notices, *notices, *_told(book, groups, checks, totals or {}, ways, words)),
    )


def _levels(book: Ledger, given: Sequence[str | float]) -> tuple[list[str], list[Problem]]:
    """Levels from the lowest upwards; none, with a note, where their order is not known."""
    if book.level is None:
        return [], []
    if not given:
        order = in_order(book.level)
        met = sorted(set(book.level) - {""})
        return (order, []) if order is not None else ([], [Problem("N6734", params={"levels": met})])
    wanted = [said(float(v)) if isinstance(v, (int, float)) else said(v) for v in given]
    _complete("levels", book.level, wanted)
    return wanted, []


def _routes(book: Ledger, given: Sequence[str], order: list[str]) -> list[str]:
    """Routes in the order to print."""
    if given:
        wanted = [given] if isinstance(given, str) else [said(v) for v in given]
        _complete("routes", book.route, wanted)
        return wanted
    found = pd.Series(book.route[book.route != ""]).value_counts()
    place = {name: i for i, name in enumerate(order)}
    height = {
        way: np.mean([place[v] for v in book.level[book.route == way] if v in place] or [0.0])
        if book.level is not None
        else 0.0
        for way in found.index
    }
    return sorted(found.index, key=lambda way: (height[way], -found[way], way))


def _complete(option: str, values: np.ndarray, wanted: Sequence[str]) -> None:
    lacking = sorted(set(values) - {"", *wanted})
    if lacking:
        raise AnalysisError(Problem("E6732", params={"option": option, "names": lacking}))


def _group(book: Ledger, value: str, mine: np.ndarray, conf_level: float) -> Group:
    """Counts, median time and mean satisfaction of some problems."""
    still = float((book.open & mine).sum()) if book.open is not None else _NAN
    n = int(mine.sum())
    told = book.satisfaction[mine] if book.satisfaction is not None else np.array([])
    told = told[~np.isnan(told)]
    return Group(
        value, n, n - still, still, _median(book, mine, conf_level),
        float(told.mean()) if len(told) else _NAN, len(told),
    )  # fmt: skip


def _median(book: Ledger, mine: np.ndarray, conf_level: float) -> MedianTime:
    if book.days is None or book.open is None:
        return MedianTime()
    timed = mine & ~np.isnan(book.days)
    return median_time(book.days[timed], ~book.open[timed], conf_level)


def _stages(book: Ledger, order: list[str], conf_level: float) -> Iterator[Stage]:
    """What reached each level, was settled there, is open there, went on."""
    if book.level is None:
        return
    place = np.array([order.index(v) if v in order else -1 for v in book.level])
    for i, name in enumerate(order):
        group = _group(book, name, place == i, conf_level)
        reached = int((place >= i).sum())
        yield Stage(name, reached, group, reached - group.n)


def _breakdown(book: Ledger, name: str, values: np.ndarray, ways: list[str], conf_level: float) -> Breakdown:
    """Routes within each value of a column, the most frequent value first (units in their own order)."""
    found = pd.Series(values[values != ""]).value_counts()
    listed = sorted(found.index) if name == "by" else sorted(found.index, key=lambda v: (-found[v], v))
    if (values == "").any():
        listed.append("")
    lines = tuple(_group(book, value, values == value, conf_level) for value in listed)
    shown = [*ways, *([""] if (book.route == "").any() else [])]
    counts = np.array([[int(((values == v) & (book.route == w)).sum()) for w in shown] for v in listed])
    return Breakdown(name, lines, tuple(shown), counts)


def _checks(book: Ledger, ways: list[str], totals: Mapping[str, float]) -> tuple[Check, ...]:
    """Printed totals beside those of the ledger."""
    counted = {RECEIVED: book.n, **{way: int((book.route == way).sum()) for way in ways}}
    counted[WITHOUT] = int((book.route == "").sum())
    if book.open is not None:
        counted[OPEN] = int(book.open.sum())
    unknown = [name for name in totals if name not in counted]
    if unknown:
        raise AnalysisError(Problem("E6733", params={"names": unknown, "known": list(counted)}))
    return tuple(Check(name, float(printed), counted[name]) for name, printed in totals.items())


def _flows(book: Ledger, order: list[str]) -> Iterator[tuple[str, str, bool, int]]:
    """Level reached (empty if unknown), route (empty if none), whether open, and how many."""
    level = book.level if book.level is not None and order else np.full(book.n, "", dtype=object)
    still = book.open if book.open is not None else np.zeros(book.n, dtype=bool)
    frame = pd.DataFrame({"level": level, "route": book.route, "open": still})
    for (where, way, waits), n in frame.value_counts(sort=False).items():  # type: ignore[misc]
        yield str(where), str(way), bool(waits), int(n)


def _pair(name: Label) -> dict[str, str]:
    return {lang: name.text(lang) for lang in ("zh", "en")}


def _told(
    book: Ledger,
    groups: tuple[Group, ...],
    checks: tuple[Check, ...],
    totals: Mapping[str, float],
    ways: list[str],
    words: Mapping[str, Label],
) -> Iterator[Problem]:
    """Notices on totals, on settled problems without a route, on medians that are not reached."""

    def called(value: str) -> Label:
        return name_of(value, words)

    for check in checks:
        if check.printed != check.counted:
            name = _pair(called(check.name))
            yield Problem("W6740", params={"name": name, "printed": f"{check.printed:g}", "counted": check.counted})
    parts = [*ways, *(name for name in (WITHOUT,) if name in totals)]
    if RECEIVED in totals and all(way in totals for way in ways):
        total = sum(totals[name] for name in parts)
        if total != totals[RECEIVED]:
            gap = totals[RECEIVED] - total
            yield Problem("W6741", params={"sum": f"{total:g}", "total": f"{totals[RECEIVED]:g}", "gap": f"{gap:+g}"})
    if book.open is not None and ((book.route == "") & ~book.open).any():
        yield Problem("N6742", params={"n": int(((book.route == "") & ~book.open).sum())})
    slow = [_pair(called(g.value)) for g in groups if g.time.n and np.isnan(g.time.estimate)]
    if slow:
        yield Problem("N6743", params={"names": slow})
