"""A table of counts in, the same table without its small cells and what would give them away out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Drop, Figure, Label, Note, Problem, Result, Table, result_id
from evalkit.descriptive.crosstab import CrosstabResult
from evalkit.descriptive.multiple import MultipleResponse
from evalkit.descriptive.profile import ProfileResult
from evalkit.descriptive.small_cells import hidden_in_line, hidden_in_table

REASON = "descriptive.withheld"
"""Word key of the reason in tables, `tidy` and results.json."""
_TEST = ("statistic", "p_value", "cramers_v", "estimate", "expected", "p_adjusted")
_TELLING_NOTES = ("descriptive.crosstab.expected", "descriptive.profile.fit")
_TELLING = ("W621", "W622", "W623", "N624")
"""Notices that quote expected counts or name options by them."""


@dataclass(frozen=True, eq=False)
class Withheld:
    """A result with cells taken out. `hidden` holds their result ids without the step; what is left acts as before.

    `shown` is the result reduced to what may be seen: sentences and figures are made from it.
    """

    result: Result
    shown: Any
    hidden: frozenset[str]
    n_withheld: int
    least: int
    n_obs: int = 0
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    labels: Mapping[str, Label] = field(default_factory=dict)

    @property
    def templates(self) -> tuple[str, ...]:
        return self.result.templates

    def __getattr__(self, name: str) -> Any:
        """Parts that sentences read: of the reduced result only."""
        return getattr(object.__getattribute__(self, "shown"), name)

    def tidy(self) -> pd.DataFrame:
        """Rows as before; a hidden number is nan, and `reason` says why."""
        return self._masked(self.result.tidy())

    def glance(self) -> pd.DataFrame:
        return self._masked(self.result.glance(), reason=False)

    def table(self, template: str | None = None) -> Table:
        """The table with the hidden cells empty, and a note."""
        table = self.result.table(template or self.templates[0])

        def seen(cell: Cell) -> Cell:
            if cell.id is None or cell.id not in self.hidden:
                return cell
            return dataclasses.replace(cell, value=float("nan"), p=None, reason=REASON)

        rows = tuple(dataclasses.replace(row, cells=tuple(map(seen, row.cells))) for row in table.rows)
        if rows == table.rows:
            return table
        notes = [n for n in table.notes if not (isinstance(n.label, Label) and n.label.key in _TELLING_NOTES)]
        note = Note("general", Label("descriptive.withheld_note", least=self.least))
        return dataclasses.replace(table, rows=rows, notes=(*notes, note))

    def figure(self) -> Figure | None:
        """Drawn from what may be seen; a note says that something is left out."""
        figure: Figure | None = self.shown.figure()
        if figure is None or not self.n_withheld:
            return figure
        frame = figure.frame
        if "group" in frame:
            rows, columns = self.shown.rows, self.shown.columns
            keys = [
                f"{columns}.{r.group}/{rows}.{str(r.option).partition('.')[2]}" for r in frame.itertuples(index=False)
            ]
            keep = [f"{key}#count" not in self.hidden and f"{key}#percent_cases" not in self.hidden for key in keys]
            frame = frame.loc[keep].reset_index(drop=True)
        if frame.empty:
            return None
        note = Label("descriptive.withheld_note", least=self.least)
        return dataclasses.replace(figure, frame=frame, notes=(*figure.notes, note))

    def _masked(self, frame: pd.DataFrame, *, reason: bool = True) -> pd.DataFrame:
        out = frame.copy()
        if reason and "reason" not in out:
            out["reason"] = None
        for place, record in zip(frame.index, frame.to_dict("records"), strict=True):
            names = [name for name in frame.columns if result_id("", record, name).lstrip("/") in self.hidden]
            if names:
                out.loc[place, names] = np.nan
                if reason:
                    out.loc[place, "reason"] = REASON
        return out


def withheld(result: Result, least: int) -> Result:
    """A profile or cross table without counts below `least`, what is computed from them, and what would tell them.

    Parameters
    ----------
    result : Result
        Other results come back as they are.
    least : int
        Smallest count that is printed: 5 for work, 10 for publication. A count of 0 is printed; lines of missing
        answers are, too: they tell about the file and not about a group of people.

    Returns
    -------
    Result
        Further counts are hidden where a small one would follow from totals; per cents, means and tests that rest on
        hidden counts are hidden with them; least and greatest values, each one person's answer, always. Within one
        table no hidden count can be worked out; tables of one variable by several others are not compared.
    """
    if isinstance(result, ProfileResult):
        return _profile(result, least)
    if isinstance(result, CrosstabResult):
        return _of_options(result, least) if result.multiple else _of_categories(result, least)
    return result


def _made(result: Any, shown: Any, hidden: Iterable[str], n: int, least: int) -> Withheld:
    notices = tuple(p for p in result.notices if not n or p.code not in _TELLING)
    if n:
        notices = (*notices, Problem("N874", params={"n": n, "least": least}))
    labels = getattr(result, "labels", {})
    return Withheld(result, shown, frozenset(hidden), n, least, result.n_obs, result.dropped, notices, labels)


def _ids(key: str, names: Iterable[str]) -> Iterator[str]:
    return (f"{key}#{name}" for name in names)


# -- profiles ---------------------------------------------------------------------------------


def _profile(result: ProfileResult, least: int) -> Withheld:
    hidden: set[str] = set()
    n = 0
    frequencies, numbers, multiple = [], [], []
    for f in result.frequencies:
        mask = hidden_in_line(np.array([s.count for s in f.shares]), least)
        gone = [s for s, hide in zip(f.shares, mask, strict=True) if hide]
        for share in gone:
            hidden.update(_ids(f"{f.name}/{share.id}", ("count", "percent", "percent_valid", "estimate")))
        if gone:
            # Each would be one more equation for the hidden counts.
            hidden.update(_ids(f.name, ("mean", "statistic", "p_value")))
        n += len(gone)
        left = tuple(s for s in f.shares if s not in gone)
        frequencies.append(dataclasses.replace(f, shares=left, fit=None if gone else f.fit))
    whole = [f.name for f, seen in zip(result.frequencies, frequencies, strict=True) if f.shares == seen.shares]
    for v in result.numbers:
        hidden.update(_ids(v.name, ("min", "max")))
        if 0 < v.n_valid < least:
            hidden.update(_ids(v.name, ("n_obs", "n_missing", "mean", "sd", "estimate")))
            hidden.update(i for kind, _ in v.missing for i in _ids(f"{v.name}/missing.{kind}", ("count", "percent")))
            n += 1
        else:
            numbers.append(v)
    for q in result.multiple:
        seen = _seen_options(q, least, hidden)
        n += len(q.options) - len(seen.options)
        multiple.append(seen)
    # Items are drawn only whole: a bar without a part would show its size.
    kept = [f for f in frequencies if f.kind != "item" or f.name in whole]
    drawn = [q for q in multiple if q.options]
    shown = dataclasses.replace(
        result, frequencies=tuple(kept), numbers=tuple(numbers), multiple=tuple(drawn), notices=()
    )
    return _made(result, shown, hidden, n, least)


def _seen_options(q: MultipleResponse, least: int, hidden: set[str]) -> MultipleResponse:
    counts = np.array([o.count for o in q.options])
    mask = hidden_in_line(counts, least, np.full(len(counts), q.n_cases))
    for option, hide in zip(q.options, mask, strict=True):
        if hide:
            names = ("count", "percent_responses", "percent_cases", "estimate")
            hidden.update(_ids(f"{q.question}/{option.id}", names))
    return dataclasses.replace(q, options=tuple(o for o, hide in zip(q.options, mask, strict=True) if not hide))


# -- cross tables -----------------------------------------------------------------------------


def _of_categories(result: CrosstabResult, least: int) -> Withheld:
    mask = hidden_in_table(result.counts.to_numpy(), least)
    hidden: set[str] = set()
    for (i, row), (j, group) in _pairs(result):
        key = f"{result.columns}.{group}/{result.rows}.{row}"
        row_gone, group_gone = mask[i, -1], mask[-1, j]
        if mask[i, j]:
            hidden.update(_ids(key, ("count", "percent", "percent_row", "percent_column", "estimate", "residual")))
        if row_gone:
            hidden.update(_ids(key, ("percent_row", "expected", "residual")))
        if group_gone:
            hidden.update(_ids(key, ("percent_column", "expected", "residual", "n_obs")))
        if (row_gone and result.percent == "row") or (group_gone and result.percent == "column"):
            hidden.add(f"{key}#estimate")
    for i, row in enumerate(result.counts.index):
        if mask[i, -1]:
            hidden.update(_ids(f"{result.rows}.{row}", ("count", "percent")))
    for j, group in enumerate(result.counts.columns):
        if mask[-1, j]:
            hidden.update(_ids(f"{result.columns}.{group}", ("count", "percent")))
    if mask.any():  # one equation more for the hidden counts: in a small table it solves them
        hidden.update((*_ids("chi2", _TEST), *_ids("", _TEST)))
    return _made(result, result, hidden, int(mask.sum()), least)


def _of_options(result: CrosstabResult, least: int) -> Withheld:
    counts, cases = result.counts.to_numpy(), result.cases.astype(int)
    few = hidden_in_line(cases, least)
    hidden: set[str] = set()
    n = int(few.sum())
    for i, row in enumerate(result.counts.index):
        total = int(counts[i].sum())
        small_total = 0 < total < least
        mask = counts[i] > 0 if small_total else hidden_in_line(counts[i], least, cases)
        for j, group in enumerate(result.counts.columns):
            key = f"{result.columns}.{group}/{result.rows}.{row}"
            if mask[j]:
                hidden.update(_ids(key, ("count", "percent_cases", "estimate")))
            if few[j]:
                hidden.update(_ids(key, ("percent_cases", "estimate", "n_obs")))
        if small_total:
            hidden.update(_ids(f"{result.rows}.{row}", ("count", "percent_cases")))
        if mask.any() or few.any():
            hidden.update(_ids(f"{result.rows}.{row}", _TEST))
        n += int(mask.sum()) + small_total
    if n:
        hidden.update(_ids("", _TEST))
    return _made(result, result, hidden, n, least)


def _pairs(result: CrosstabResult) -> Iterator[tuple[tuple[int, object], tuple[int, object]]]:
    return ((r, c) for r in enumerate(result.counts.index) for c in enumerate(result.counts.columns))
