"""Tables of a problem flow: routes, levels, what is counted by route, printed totals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evalkit.contract import Cell, Head, Label, Note, Row, Table

if TYPE_CHECKING:
    from evalkit.cases.ledger.durations import MedianTime
    from evalkit.cases.ledger.result import Breakdown, Group, ProblemFlowResult

_UNDATED, _NOT_REACHED = "problem_flow.reason_undated", "problem_flow.reason_not_reached"


def routes_table(result: ProblemFlowResult) -> Table:
    """Routes with counts, shares, open cases, median days and satisfaction; all problems last."""
    rated = result.all.n_satisfaction > 0
    heads = [
        Head(f"problem_flow.{h}") for h in ("route", "count", "share", "settled", "open_n", "days", "days_interval")
    ]
    if rated:
        heads += [Head("problem_flow.satisfaction"), Head("problem_flow.n_satisfaction")]
    lines = [*((result.called(g.value), g, "body") for g in result.routes)]
    lines.append((Label("problem_flow.all"), result.all, "stat"))
    rows = tuple(
        Row(
            (
                Cell(name, "label"),
                Cell(g.n, "count"),
                Cell(100 * g.n / result.n_obs, "percent"),
                *_state(g),
                *_time(g.time),
                *((_rating(g), Cell(g.n_satisfaction, "count")) if rated else ()),
            ),
            role=role,  # type: ignore[arg-type]
        )
        for name, g, role in lines
    )
    return Table(
        "problem_flow",
        "routes",
        Label("problem_flow.title"),
        (tuple(heads),),
        rows,
        (*_sum_notes(result), *_notes(result)),
    )


def _state(g: Group) -> tuple[Cell, Cell]:
    settled, still = (Cell(v if math.isnan(v) else int(v), "count", reason=_UNDATED) for v in (g.settled, g.open))
    return settled, still


def _time(time: MedianTime) -> tuple[Cell, Cell]:
    reason = _NOT_REACHED if time.n else _UNDATED
    ends = tuple(None if math.isnan(v) else v for v in (time.conf_low, time.conf_high))
    if ends == (None, None):
        return Cell(time.estimate, "median", reason=reason), Cell(float("nan"), "median", reason=reason)
    return Cell(time.estimate, "median", reason=reason), Cell(ends, "median")


def _rating(g: Group) -> Cell:
    return Cell(g.satisfaction, "mean", reason="problem_flow.reason_unrated")


def _sum_notes(result: ProblemFlowResult) -> tuple[Note, ...]:
    """The counts of the routes added up, as a reader would check them."""
    parts = " + ".join(f"{g.n}" for g in result.routes)
    return (Note("general", Label("problem_flow.note_sum", parts=parts, total=result.n_obs)),)


def _notes(result: ProblemFlowResult, intervals: bool = True) -> tuple[Note, ...]:
    if not result.all.time.n:
        return ()
    if not intervals:
        return (Note("general", Label("problem_flow.note_median", until=result.until)),)
    level = f"{100 * result.conf_level:g}"
    return (Note("general", Label("problem_flow.note_days", level=level, until=result.until)),)


def levels_table(result: ProblemFlowResult) -> Table:
    """Each level: what reached it, what was settled there and the share of it, what is open, what went on."""
    names = ("level", "reached", "settled_here", "retention", "open_n", "passed", "days", "days_interval")
    heads = tuple(Head(f"problem_flow.{h}") for h in names)
    rows = tuple(
        Row(
            (
                Cell(result.called(s.level), "label"),
                Cell(s.reached, "count"),
                _state(s.at)[0],
                Cell(100 * s.retention, "percent", reason=_UNDATED),
                _state(s.at)[1],
                Cell(s.passed, "count"),
                *_time(s.at.time),
            )
        )
        for s in result.stages
    )
    notes = [Note("general", "problem_flow.note_levels")]
    unplaced = result.n_obs - result.stages[0].reached
    if unplaced:
        notes.append(Note("general", Label("problem_flow.note_unplaced", n=unplaced)))
    return Table(
        "problem_flow.levels", "levels", Label("problem_flow.title_levels"), (heads,), rows, (*notes, *_notes(result))
    )


def breakdown_table(result: ProblemFlowResult, part: Breakdown) -> Table:
    """Values down, routes across: counts with the per cent of the row; then open and median days."""
    ways = [result.called(way) for way in part.routes]
    first = Head(result.called(result.by)) if part.name == "by" else Head(f"problem_flow.{part.name}")
    top = (Head(""), Head(""), *(Head(w, 2) for w in ways), Head(""), Head(""))
    rest = (
        *(Head(f"problem_flow.{h}") for _ in ways for h in ("n", "share")),
        *(Head(f"problem_flow.{h}") for h in ("open_n", "days")),
    )
    below = (first, Head("problem_flow.count"), *rest)
    rows = tuple(
        Row(
            (
                Cell(result.called(g.value, "problem_flow.unknown"), "label"),
                Cell(g.n, "count"),
                *(c for k in counts for c in (Cell(int(k), "count"), Cell(100 * int(k) / g.n, "percent_row"))),
                _state(g)[1],
                _time(g.time)[0],
            )
        )
        for g, counts in zip(part.lines, part.counts, strict=True)
    )
    title = Label(f"problem_flow.title_{part.name}")
    return Table(f"problem_flow.{part.name}", part.name, title, (top, below), rows, _notes(result, intervals=False))


def totals_table(result: ProblemFlowResult) -> Table:
    """Printed totals beside the ledger's, with the difference."""
    heads = tuple(Head(f"problem_flow.{h}") for h in ("total", "printed", "counted", "difference"))
    rows = tuple(
        Row(
            (
                Cell(result.called(c.name), "label"),
                Cell(int(c.printed) if c.printed.is_integer() else c.printed, "count"),
                Cell(c.counted, "count"),
                Cell(c.counted - int(c.printed) if c.printed.is_integer() else c.counted - c.printed, "count"),
            )
        )
        for c in result.checks
    )
    said = {c.name: c.printed for c in result.checks}
    ways = [g.value for g in result.routes if g.value]
    notes = []
    if "received" in said and all(way in said for way in ways):
        parts = [said[way] for way in ways] + ([said["without_route"]] if "without_route" in said else [])
        key = "problem_flow.note_adds" if sum(parts) == said["received"] else "problem_flow.note_gap"
        notes.append(
            Note(
                "general",
                Label(
                    key,
                    parts=" + ".join(f"{v:g}" for v in parts),
                    sum=f"{sum(parts):g}",
                    total=f"{said['received']:g}",
                    gap=f"{said['received'] - sum(parts):+g}",
                ),
            )
        )
    return Table("problem_flow.totals", "totals", Label("problem_flow.title_totals"), (heads,), rows, tuple(notes))
