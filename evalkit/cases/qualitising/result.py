"""Types with their rules and cases: tidy rows, tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.cases.qualitising.rules import TypeRule
from evalkit.contract import Cell, Drop, Head, Label, Note, Problem, Row, Table, tidy_frame

_NAN = float("nan")
_MOST = 60
"""Cases that are listed one by one."""


@dataclass(frozen=True, eq=False)
class QualitiseResult:
    """Types in the order of their rules; `place` is the rule of each case, -1 for none; `columns` those they name."""

    data: pd.DataFrame
    cases: tuple[str, ...]
    rules: tuple[TypeRule, ...]
    place: np.ndarray
    columns: tuple[str, ...]
    labels: Mapping[str, Label]
    name: str
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """`types`; `cases` where there are 60 at most."""
        return ("types", "cases") if len(self.cases) <= _MOST else ("types",)

    def members(self, k: int) -> list[str]:
        """The cases of a type; of -1 those without."""
        return [self.cases[i] for i in np.flatnonzero(self.place == k)]

    def tidy(self) -> pd.DataFrame:
        """Term = type (`none` for cases without), count of n_obs, estimate = share; then group = type, term = column,
        level = case, estimate = value of a number, label of a text.
        """
        rows = list(self._rows())
        names = ("group", "term", "level", "label", "estimate", "count", "n_obs")
        empty = dict.fromkeys(names[:4], None) | dict.fromkeys(names[4:], _NAN)
        return tidy_frame(n_rows=len(rows), **{name: [row.get(name, empty[name]) for row in rows] for name in names})

    def _rows(self) -> Iterator[dict[str, Any]]:
        for k in (*range(len(self.rules)), -1):
            n = float(len(self.members(k)))
            yield {"term": self._id(k), "estimate": n / self.n_obs if self.n_obs else _NAN, "count": n,
                   "n_obs": float(self.n_obs)}  # fmt: skip
        for i, case in enumerate(self.cases):
            for column in self.columns:
                value = self.data[column].iloc[i]
                number = isinstance(value, (int, float, np.number))
                yield {"group": self._id(int(self.place[i])), "term": "_".join(column.split()), "level": case,
                       "estimate": float(value) if number else _NAN, "n_obs": 1.0,
                       "label": None if number or pd.isna(value) else str(value)}  # fmt: skip

    def _id(self, k: int) -> str:
        return "none" if k < 0 else "_".join(self.rules[k].name.split())

    def glance(self) -> pd.DataFrame:
        """One row: types, cases without one (`n_missing`), cases."""
        without = float((self.place < 0).sum())
        return pd.DataFrame([{"count": float(len(self.rules)), "n_missing": without, "n_obs": float(self.n_obs)}])

    def table(self, template: str = "types") -> Table:
        """`types`: rule, number and cases of each; `cases`: type and the values that its rule rests on."""
        return self._cases() if template == "cases" else self._types()

    def _types(self) -> Table:
        heads = tuple(Head(f"qualify.{name}") for name in ("type", "rule", "n", "share", *self._listed("members")))
        rows = [(rule.label, rule.condition.text, self.members(k)) for k, rule in enumerate(self.rules)]
        without = self.members(-1)
        made = [self._type_row(*row) for row in rows]
        if without:
            made.append(self._type_row(Label("qualify.none"), "", without))
        called = [(c, self.labels[c]) for c in self.columns if self.labels[c].text("zh") != c]
        notes = [Note("general", "qualify.note_first")]
        notes += [Note("general", Label("qualify.note_column", column=c, label=label)) for c, label in called]
        return Table("qualify", "types", Label("qualify.title"), (heads,), tuple(made), tuple(notes))

    def _listed(self, *names: str) -> tuple[str, ...]:
        return names if "cases" in self.templates else ()

    def _type_row(self, label: Label, rule: str, members: list[str]) -> Row:
        cells = [
            Cell(label, "label"),
            Cell(Label(zh=rule, en=rule) if rule else None, "text"),
            Cell(len(members), "count"),
        ]
        cells.append(Cell(100 * len(members) / self.n_obs if self.n_obs else _NAN, "percent", reason="qualify.reason"))
        if self._listed("members"):
            cells.append(Cell(Label(zh="、".join(members), en=", ".join(members)) if members else None, "text"))
        return Row(tuple(cells))

    def _cases(self) -> Table:
        heads = (Head("qualify.case"), Head("qualify.type"), *(Head(self.labels[c]) for c in self.columns))
        kinds = {column: _kind(self.data[column]) for column in self.columns}
        rows = []
        for i, case in enumerate(self.cases):
            k = int(self.place[i])
            kind = self.rules[k].label if k >= 0 else Label("qualify.none")
            values = (_value(self.data[column].iloc[i], kinds[column]) for column in self.columns)
            rows.append(Row((Cell(Label(zh=case, en=case), "label"), Cell(kind, "text"), *values)))
        notes = (Note("general", "qualify.note_first"),)
        return Table("qualify.cases", "cases", Label("qualify.title_cases"), (heads,), tuple(rows), notes)


def _kind(column: pd.Series) -> str:
    """Whole numbers are printed without decimals."""
    numbers = pd.to_numeric(column, errors="coerce").dropna()
    return "count" if (numbers % 1 == 0).all() else "mean"


def _value(value: Any, kind: str) -> Cell:
    if pd.isna(value):
        return Cell(_NAN, kind, reason="qualify.reason_missing")
    if isinstance(value, (int, float, np.number)):
        return Cell(float(value), kind)
    return Cell(Label(zh=str(value), en=str(value)), "text")
