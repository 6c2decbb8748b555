"""The way of problems: tidy rows, tables of routes, levels, kinds and totals, the flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.cases.ledger.durations import MedianTime
from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame

_NAN = float("nan")


@dataclass(frozen=True)
class Group:
    """Some problems: how many, settled and open (nan where the ledger does not say), days, mean satisfaction."""

    value: str
    n: int
    settled: float
    open: float
    time: MedianTime
    satisfaction: float
    n_satisfaction: int


@dataclass(frozen=True)
class Stage:
    """A level: `reached` it or a higher one; `at` it, settled or open; `passed` on to the next."""

    level: str
    reached: int
    at: Group
    passed: int

    @property
    def retention(self) -> float:
        """Of those that reached the level the share that was settled there."""
        return self.at.settled / self.reached if self.reached else _NAN


@dataclass(frozen=True, eq=False)
class Breakdown:
    """Routes within the values of a column; `counts` has shape (values, routes)."""

    name: str
    lines: tuple[Group, ...]
    routes: tuple[str, ...]
    counts: np.ndarray


@dataclass(frozen=True)
class Check:
    """A printed total and what the ledger holds."""

    name: str
    printed: float
    counted: int


@dataclass(frozen=True, eq=False)
class ProblemFlowResult:
    """`routes` in order, that without a route (value empty) last; `flows`: level, route, open, count."""

    all: Group
    routes: tuple[Group, ...]
    stages: tuple[Stage, ...]
    breakdowns: tuple[Breakdown, ...]
    by: str
    checks: tuple[Check, ...]
    flows: tuple[tuple[str, str, bool, int], ...]
    until: str
    labels: Mapping[str, Label]
    conf_level: float
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """Routes; levels, kinds, results, units and totals where the ledger or the call names them."""
        found = ["routes", *(["levels"] if self.stages else []), *(b.name for b in self.breakdowns)]
        return (*found, *(["totals"] if self.checks else []))

    def tidy(self) -> pd.DataFrame:
        """Group `all`, `route`, `level`, `kind`, `result`, `by` or `total`; term = measure; level = the value.

        Terms: count, share, settled, open, median_days (with interval), satisfaction; of levels also reached,
        passed, retention; of a breakdown `route.<route>`; of totals printed and counted.
        """
        rows = list(self._rows())
        group, term, level, estimate, low, high, n = zip(*rows, strict=True)
        return tidy_frame(
            n_rows=len(rows), group=group, term=term, level=level, estimate=estimate, conf_low=low, conf_high=high,
            n_obs=n,
        )  # fmt: skip

    def _rows(self) -> Iterator[tuple[str, str, str | None, float, float, float, float]]:
        yield from self._lines("all", None, self.all)
        for g in self.routes:
            yield from self._lines("route", g.value or "without_route", g)
        for s in self.stages:
            yield from self._lines("level", s.level, s.at)
            for name, value in (("reached", s.reached), ("passed", s.passed), ("retention", s.retention)):
                yield "level", name, s.level, float(value), _NAN, _NAN, float(s.reached)
        for b in self.breakdowns:
            for g, counts in zip(b.lines, b.counts, strict=True):
                yield from self._lines(b.name, g.value or "unknown", g)
                for way, count in zip(b.routes, counts, strict=True):
                    term = f"route.{'_'.join(way.split()) or 'without_route'}"
                    yield b.name, term, g.value or "unknown", float(count), _NAN, _NAN, float(g.n)
        for c in self.checks:
            for name, value in (("printed", c.printed), ("counted", c.counted)):
                yield "total", name, c.name, float(value), _NAN, _NAN, float(self.n_obs)

    def _lines(
        self, group: str, value: str | None, g: Group
    ) -> Iterator[tuple[str, str, str | None, float, float, float, float]]:
        for name, number, n in (
            ("count", float(g.n), self.n_obs), ("share", g.n / self.n_obs, self.n_obs), ("settled", g.settled, g.n),
            ("open", g.open, g.n), ("satisfaction", g.satisfaction, g.n_satisfaction),
        ):  # fmt: skip
            yield group, name, value, number, _NAN, _NAN, float(n)
        t = g.time
        yield group, "median_days", value, t.estimate, t.conf_low, t.conf_high, float(t.n)

    def glance(self) -> pd.DataFrame:
        """One row: problems, those open, the median time in days."""
        return pd.DataFrame([{"n_obs": float(self.n_obs), "count": self.all.open, "median": self.all.time.estimate}])

    def table(self, template: str = "routes") -> Table:
        """`routes`, `levels`, `kind`, `result`, `by` or `totals`."""
        from evalkit.cases.ledger import tables

        if template in ("routes", "levels", "totals"):
            makers = {"routes": tables.routes_table, "levels": tables.levels_table, "totals": tables.totals_table}
            return makers[template](self)
        return tables.breakdown_table(self, next(b for b in self.breakdowns if b.name == template))

    def called(self, value: str, empty: str = "problem_flow.without_route") -> Label:
        """A value as it is printed (`name_of`)."""
        return name_of(value, self.labels, empty)

    def figure(self) -> Figure:
        """The flow (G13): bands as wide as their counts, from the receipt over the levels to the routes."""
        nodes, bands = self._nodes(), self._bands()
        rows: list[dict[str, Any]] = [
            {"part": "node", "a": a, "b": "", "column": column, "size": size, "kind": kind}
            for a, column, size, kind in nodes
        ]
        rows += [
            {"part": "band", "a": a, "b": b, "column": _NAN, "size": size, "kind": kind} for a, b, size, kind in bands
        ]
        first = self.called("received")
        labels = {"received": first}
        labels |= {f"level:{s.level}": self.called(s.level) for s in self.stages}
        labels |= {f"route:{g.value}": self.called(g.value) for g in self.routes if g.value}
        labels |= {"open": self.called("open"), "without_route": self.called("without_route")}
        return Figure("problem_flow", "flow", Label("problem_flow.figure"), pd.DataFrame(rows), labels)

    def _heads(self) -> list[tuple[str, int]]:
        """Receipt and levels with what reached them; where all problems reached the lowest level, it is the first."""
        levels = [(f"level:{s.level}", s.reached) for s in self.stages if s.reached]
        return levels if levels and levels[0][1] == self.n_obs else [("received", self.n_obs), *levels]

    def _nodes(self) -> Iterator[tuple[str, float, float, str]]:
        """Name, column, size and kind (stage, route, open, none) from left to right, each column from the top."""
        heads = self._heads()
        for i, (name, size) in enumerate(heads):
            yield name, float(i), float(size), "stage"
        end = float(len(heads))
        sums: dict[tuple[str, str], int] = {}
        for _, way, waits, n in self.flows:
            key = _end(way, waits)
            sums[key] = sums.get(key, 0) + n
        for g in self.routes:
            if g.value and (f"route:{g.value}", "route") in sums:
                yield f"route:{g.value}", end, float(sums[f"route:{g.value}", "route"]), "route"
        for key in (("open", "open"), ("without_route", "none")):
            if key in sums:
                yield key[0], end, float(sums[key]), key[1]

    def _bands(self) -> Iterator[tuple[str, str, float, str]]:
        """From, to, count and kind (on, route, open, none)."""
        heads = self._heads()
        for (before, _), (after, size) in zip(heads, heads[1:], strict=False):
            yield before, after, float(size), "on"
        sums: dict[tuple[str, str, str], int] = {}
        for level, way, waits, n in self.flows:
            name, kind = _end(way, waits)
            at = (f"level:{level}" if level else heads[0][0], name, kind)
            sums[at] = sums.get(at, 0) + n
        for (a, b, kind), n in sums.items():
            yield a, b, float(n), kind


def name_of(value: str, words: Mapping[str, Label], empty: str = "problem_flow.without_route") -> Label:
    """A value in the words of the call, the catalogue's for received, open and without_route, else as it stands."""
    if not value:
        return Label(empty)
    if value in words:
        return words[value]
    if value in ("received", "open", "without_route"):
        return Label(f"problem_flow.{value}")
    return Label(zh=value, en=value)


def _end(way: str, waits: bool) -> tuple[str, str]:
    """Where a problem ends in the drawing, and of what kind that is: one without a route is shown so, open or not."""
    if not way:
        return "without_route", "none"
    return ("open", "open") if waits else (f"route:{way}", "route")
