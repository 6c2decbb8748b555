"""Saturation by level: tidy rows, table Q6, the curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Drop, Figure, Head, Label, Note, Problem, Row, Table, tidy_frame
from evalkit.qualitative.saturating.curves import Accumulation, Stop, Unseen

_NAN = float("nan")
_TEXT = ("group", "term", "level")
_COLUMNS = (*_TEXT, "estimate", "std_error", "conf_low", "conf_high", "n_obs", "expected", "count")


@dataclass(frozen=True, eq=False)
class Level:
    """One level of the codebook: its codes met, the curve, the rule, what may be unseen."""

    name: str
    n_codes: int
    curve: Accumulation
    stop: Stop
    unseen: Unseen


@dataclass(frozen=True)
class HeldOut:
    """Codes met only in the sources held out.

    `share` is the share of their codings under such codes, `n_bearing` the sources that bring one, of `n`.
    """

    level: str
    new: tuple[str, ...]
    share: float
    n_bearing: int
    n: int

    def upper(self, conf_level: float) -> float:
        """If none of n sources brings a new code: the highest chance of the next that this still allows."""
        return 1 - (1 - conf_level) ** (1 / self.n) if not self.n_bearing and self.n else _NAN


@dataclass(frozen=True, eq=False)
class SaturationResult:
    """Levels from the codes upwards; `sources` in order of work."""

    sources: tuple[str, ...]
    levels: tuple[Level, ...]
    held_out: tuple[HeldOut, ...]
    n_held_out: int
    permutations: int
    conf_level: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("Q6",)

    def tidy(self) -> pd.DataFrame:
        """Group = level of the codebook, term and level = what and where.

        `new` and `total` by source (with expectation and band of random orders); `ratio` of each run, by the last
        source of the run; `reached`; the estimates of all codes; `held_out.new`, `held_out.share`, `held_out.upper`.
        """
        rows = [row for level in self.levels for row in self._rows(level)]
        rows += [row for out in self.held_out for row in self._held(out)]
        columns = {n: [row.get(n, None if n in _TEXT else _NAN) for row in rows] for n in _COLUMNS}
        return tidy_frame(n_rows=len(rows), **columns)

    def _rows(self, level: Level) -> Iterator[dict[str, Any]]:
        where, n = {"group": level.name}, float(len(self.sources))
        c = level.curve
        for i, source in enumerate(self.sources):
            yield where | {"term": "new", "level": source, "estimate": float(c.new[i])}
            band = {"expected": float(c.expected[i]), "conf_low": float(c.low[i]), "conf_high": float(c.high[i])}
            yield where | {"term": "total", "level": source, "estimate": float(c.total[i]), "n_obs": n} | band
        for j, ratio in enumerate(level.stop.ratios):
            last = self.sources[level.stop.base_size + j + level.stop.run - 1]
            yield where | {"term": "ratio", "level": last, "estimate": ratio, "count": float(level.stop.base_codes)}
        reached = level.stop.reached
        yield where | {"term": "reached", "estimate": _NAN if reached is None else float(reached), "n_obs": n}
        u = level.unseen
        for term, value in (("seen", u.seen), ("once", u.once), ("twice", u.twice)):
            yield where | {"term": term, "estimate": float(value), "n_obs": n}
        yield where | {"term": "chao2", "estimate": u.chao2, "std_error": u.chao2_se, "n_obs": n}
        for term in ("chao2_bc", "jackknife1", "jackknife2", "bootstrap", "good_turing"):
            yield where | {"term": term, "estimate": float(getattr(u, term)), "n_obs": n}

    def _held(self, out: HeldOut) -> Iterator[dict[str, Any]]:
        where, n = {"group": out.level}, float(out.n)
        yield where | {"term": "held_out.new", "estimate": float(len(out.new)), "n_obs": n}
        yield where | {"term": "held_out.share", "estimate": out.share, "n_obs": n}
        yield where | {"term": "held_out.upper", "estimate": out.upper(self.conf_level), "n_obs": n}

    def glance(self) -> pd.DataFrame:
        """One row: codes of the lowest level, and how many sources it took."""
        first = self.levels[0]
        reached = _NAN if first.stop.reached is None else float(first.stop.reached)
        return pd.DataFrame([{"count": float(first.n_codes), "estimate": reached, "n_obs": float(self.n_obs)}])

    def table(self, template: str = "Q6") -> Table:
        """Q6: a line a source: new and so far at each level; below them the rule and the estimates."""
        heads = [Head("saturation.number"), Head("saturation.source")]
        for level in self.levels:
            name = self.labels[level.name]
            heads += [Head(Label("saturation.new", level=name)), Head(Label("saturation.total", level=name))]
        rows = [
            Row((Cell(i + 1, "count"), Cell(self.labels[source], "text"), *self._counts(i)))
            for i, source in enumerate(self.sources)
        ]
        rows.append(self._line("saturation.reached", [self._reached(level) for level in self.levels]))
        rows.append(self._line("saturation.chao2", [Cell(x.unseen.chao2_bc, "mean") for x in self.levels]))
        if self.held_out:
            rows.append(self._line("saturation.held_out", [Cell(len(x.new), "count") for x in self.held_out]))
        return Table("saturation", template, Label("saturation.title"), (tuple(heads),), tuple(rows), self._notes())

    def _counts(self, i: int) -> list[Cell]:
        return [
            Cell(int(values[i]), "count") for level in self.levels for values in (level.curve.new, level.curve.total)
        ]

    def _line(self, label: str, cells: list[Cell]) -> Row:
        spread = [part for cell in cells for part in (Cell(None, "text"), cell)]
        return Row((Cell(None, "text"), Cell(Label(label), "label"), *spread), role="stat")

    def _reached(self, level: Level) -> Cell:
        stop = level.stop
        if stop.reached is None:
            return Cell(Label("saturation.not_reached"), "text")
        return Cell(Label(zh=f"{stop.reached}+{stop.run}", en=f"{stop.reached}+{stop.run}"), "text")

    def _notes(self) -> tuple[Note, ...]:
        stop = self.levels[0].stop
        rule = Label("saturation.note_rule", base=stop.base_size, run=stop.run, threshold=f"{100 * stop.threshold:g}")
        notes = [Note("general", rule), Note("general", Label("saturation.note_chao2"))]
        if self.held_out:
            notes.append(Note("general", Label("saturation.note_held_out", n=self.n_held_out)))
        return (*notes, Note("general", Label("saturation.note_meaning")))

    def figure(self) -> Figure | None:
        """Codes so far in the order of work, with expectation and band of random orders; a panel a level."""
        if not self.sources or not any(level.n_codes for level in self.levels):
            return None
        parts = [
            pd.DataFrame(
                {
                    "level": level.name, "number": np.arange(1, len(self.sources) + 1), "estimate": level.curve.total,
                    "expected": level.curve.expected, "conf_low": level.curve.low, "conf_high": level.curve.high,
                }
            )
            for level in self.levels
        ]  # fmt: skip
        labels = {level.name: self.labels[level.name] for level in self.levels}
        note = Label("saturation.note_figure", level=f"{100 * self.conf_level:g}", draws=self.permutations)
        return Figure("saturation", "accumulation", Label("saturation.figure"), pd.concat(parts), labels, (note,))
