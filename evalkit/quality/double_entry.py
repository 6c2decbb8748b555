"""The same papers typed in by two clerks in, every cell where they differ out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Drop, Head, InputError, Label, Note, Place, Problem, Row, Table, tidy_frame

if TYPE_CHECKING:
    from evalkit.ingest import Responses

# What a platform or the reader adds by itself; two clerks' files differ in it by nature.
_ASIDE = frozenset(
    {"submitted_at", "started_at", "duration_s", "channel", "ip", "nickname", "user_id", "source_file", "source_sheet"}
)


@dataclass(frozen=True, eq=False)
class DoubleEntry:
    """Where two entries of the same papers differ.

    Attributes
    ----------
    by_column : DataFrame (n_obs, count), index: column
        Papers compared and cells that differ.
    labels : mapping
        Column -> its label.
    only_first, only_second : tuple of str
        Numbers of papers that the other file lacks.
    n_obs : int
        Papers in both files.
    notices : tuple of Problem
        W825 a cell, at its address in the first file; W826 papers in one file only; in the order of the papers.
    """

    by_column: pd.DataFrame
    labels: dict[str, Label]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("double_entry",)

    @property
    def rate(self) -> float:
        """Share of cells that differ; nan without a cell."""
        cells = self.by_column["n_obs"].sum()
        return float(self.by_column["count"].sum() / cells) if cells else float("nan")

    def tidy(self) -> pd.DataFrame:
        """One row a column: `estimate` is the share of papers in which the clerks differ, `count` their number."""
        n, count = (self.by_column[name].to_numpy(float) for name in ("n_obs", "count"))
        share = np.divide(count, n, out=np.full(len(n), np.nan), where=n > 0)
        return tidy_frame(term=list(self.by_column.index), estimate=share, n_obs=n, count=count)

    def glance(self) -> pd.DataFrame:
        """One row: papers in both files, cells that differ, their share."""
        count = float(self.by_column["count"].sum())
        return pd.DataFrame({"n_obs": [float(self.n_obs)], "estimate": [self.rate], "count": [count]})

    def table(self, template: str = "double_entry") -> Table:
        """The columns in which the clerks differ, most often first."""
        found = self.by_column[self.by_column["count"] > 0].sort_values("count", ascending=False, kind="stable")
        rows = [
            Row((Cell(self.labels[name], "label"), Cell(int(one["n_obs"]), "n_obs"), Cell(int(one["count"]), "count"),
                 Cell(100 * one["count"] / one["n_obs"], "percent")))
            for name, one in found.iterrows()
        ]  # fmt: skip
        cells = int(self.by_column["n_obs"].sum())
        differing = int(self.by_column["count"].sum())
        rows.append(
            Row((Cell(Label("total"), "label"), Cell(cells, "n_obs"), Cell(differing, "count"),
                 Cell(100 * self.rate, "percent")), role="stat")
        )  # fmt: skip
        heads = ("variable", "entry.head.cells", "entry.head.differing", "percent")
        missed = Label("entry.note", n=self.n_obs, first=len(self.only_first), second=len(self.only_second))
        return Table(
            "double_entry",
            template,
            Label("entry.title"),
            (tuple(Head(head) for head in heads),),
            tuple(rows),
            (Note("general", missed),),
        )


def compare_entries(first: Responses, second: Responses, *, by: str = "respondent_id") -> DoubleEntry:
    """Hold two clerks' entries of the same papers against each other, cell by cell.

    Parameters
    ----------
    first, second : Responses
        Read with the same instrument.
    by : str
        Column with the number of the paper.

    Returns
    -------
    DoubleEntry
        Every column both files can hold is compared, private ones too (their values are never quoted). Two cells
        are the same if value and missing kind are.

    Raises
    ------
    InputError
        E828 if a file has no column `by`; E829 for a number that is blank or stands twice in a file.
    """
    numbers = [_numbers(one, by) for one in (first, second)]
    both = [number for number in numbers[0] if number in numbers[1]]
    only = tuple(tuple(n for n in mine if n not in other) for mine, other in (numbers, numbers[::-1]))
    rows = [np.array([mine[number] for number in both], dtype=object) for mine in numbers]
    columns = [c for c in (*first.frame, *first.private) if c != by and c not in _ASIDE and _has(second, c)]
    counts, told = {}, []
    for name in columns:
        differ = _differ(_cells(first, name, rows[0]), _cells(second, name, rows[1]))
        counts[name] = {"n_obs": len(both), "count": int(differ.sum())}
        told += [
            (int(k), _difference(first, second, name, rows[0][k], rows[1][k], both[k])) for k in np.flatnonzero(differ)
        ]
    notices = [problem for _, problem in sorted(told, key=lambda one: one[0])]
    for mine, theirs, missing in ((first, second, only[0]), (second, first, only[1])):
        if missing:
            params = {"n": len(missing), "ids": list(missing), "other": _file(theirs)}
            notices.append(Problem("W826", Place(_file(mine)), params))
    labels = {name: Label(zh=name, en=name) for name in columns} | {
        name: _label(first, name) for name in columns if name in first.codebook.variables
    }
    frame = pd.DataFrame.from_dict(counts, orient="index", columns=["n_obs", "count"])
    return DoubleEntry(frame, labels, *only, n_obs=len(both), notices=tuple(notices))


def _numbers(responses: Responses, by: str) -> dict[str, object]:
    """Number of each paper -> its row."""
    if by not in responses.frame:
        raise InputError(Problem("E828", Place(_file(responses)), {"column": by}))
    found: dict[str, object] = {}
    faults = []
    for row, value in responses.frame[by].items():
        number = "" if pd.isna(value) else str(value).strip()
        if not number or number in found:
            faults.append(Problem("E829", responses.where(row, by), {"id": number}))
        found[number] = row
    if faults:
        raise InputError(faults)
    return found


def _has(responses: Responses, name: str) -> bool:
    return name in responses.frame or name in responses.private


def _cells(responses: Responses, name: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values and missing kinds of one column, in the order of the papers."""
    table = responses.frame if name in responses.frame else responses.private
    values = table.loc[list(rows), name].to_numpy(dtype=object)
    kinds = responses.missing.loc[list(rows), name] if name in responses.missing else pd.Series(0, index=list(rows))
    return values, kinds.to_numpy(dtype=np.int8)


def _differ(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    blank_a, blank_b = pd.isna(a[0]), pd.isna(b[0])
    same = (a[0] == b[0]).astype(bool) | (blank_a & blank_b)
    return ~same | (a[1] != b[1])


def _difference(first: Responses, second: Responses, name: str, row: object, other: object, number: str) -> Problem:
    """W825, W827 for a private column: its values stay unsaid."""
    there = second.where(other, name)
    params = {"item": name, "id": number, "there": there.cell or there.file, "other": there.file}
    if name in first.private or name in second.private:
        return Problem("W827", first.where(row, name), params)
    mine, theirs = first.frame.loc[row, name], second.frame.loc[other, name]
    return Problem("W825", first.where(row, name), {**params, "one": _said(mine), "two": _said(theirs)})


def _said(value: object) -> str:
    if pd.isna(value):
        return "—"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _label(responses: Responses, name: str) -> Label:
    variable = responses.codebook.variables[name]
    return Label(zh=variable.zh or name, en=variable.en or variable.zh or name)


def _file(responses: Responses) -> str:
    return str(responses.source["file"].iloc[0]) if len(responses.source) else ""
