"""A data set and a newer file in; every respondent unchanged, changed, new or in conflict, and the two merged, out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Place, Problem, Row, Table
from evalkit.ingest.desk.comparing import Places, answer_columns, column_of, compare, groups, ids_in
from evalkit.ingest.desk.merging import Step, kept_apart, merged, told_apart
from evalkit.ingest.findings import HIDDEN, shown
from evalkit.ingest.responses import Responses

STATUSES = ("unchanged", "changed", "new", "conflict")
REASONS = ("", "repeated", "blank", "twice", "twice_before", "no_id")
"""Why a row is in conflict; `repeated`: the same answers as an earlier row of the same file."""


@dataclass(frozen=True, eq=False)
class Appended:
    """What a newer file brought.

    Attributes
    ----------
    rows : DataFrame (id, status, reason, n_cells, old_row, new_row)
        One row of the newer file each; status is one of STATUSES, reason one of REASONS. `old_row` and `new_row` are
        labels of the two frames.
    cells : DataFrame (id, column, old, new, taken, old_place, new_place)
        One cell each that differs; `taken` says whether the new answer stands in the data now. Answers to private
        questions, and answers that look like a telephone or card number, are not quoted.
    absent : tuple of str
        Ids of the older data that the newer file does not have; their rows stay.
    responses : Responses
        The two merged.
    problems : tuple of Problem
        A warning for each conflict, a note for each cell that changed.
    """

    rows: pd.DataFrame
    cells: pd.DataFrame
    absent: tuple[str, ...]
    responses: Responses
    problems: tuple[Problem, ...]

    def counts(self) -> Mapping[str, int]:
        """Rows by status, and ids the newer file lacks."""
        return {status: int((self.rows["status"] == status).sum()) for status in STATUSES} | {
            "absent": len(self.absent)
        }

    def table(self) -> Table:
        """One row a status: how many respondents, and how many cells differ."""
        rows = [
            Row((Cell(Label(f"append.{status}"), "label"), Cell(n, "count"), Cell(self._cells(status), "count")))
            for status, n in self.counts().items()
        ]
        head = tuple(Head(f"append.head.{name}") for name in ("status", "n", "cells"))
        note = Note("general", Label("append.note", n=len(self.responses.frame)))
        return Table("append", "append", Label("append.title"), (head,), tuple(rows), (note,))

    def _cells(self, status: str) -> int | None:
        here = self.rows[self.rows["status"] == status]
        return int(here["n_cells"].sum()) if status in ("changed", "conflict") else None


def append(old: Responses, new: Responses, *, by: str = "respondent_id") -> Appended:
    """Bring newer answers to a data set, respondent by respondent.

    Parameters
    ----------
    old, new : Responses
        Answers to the same instrument.
    by : str
        Column of both frames that says who is who.

    Returns
    -------
    Appended
        `unchanged`: every answer is the same. `changed`: the newer file has other or more answers, which are taken.
        `new`: an id the data did not have; the row is added. `conflict`: the newer file leaves blank what was answered
        (the old answer stays, the row's other changes are taken), one of the files holds the id several times with
        different answers, or the row has no id (nothing of it is taken). Questions the newer file does not ask stay as
        they were. A column that is private in one of the two is so in the merged data.

    Raises
    ------
    AnalysisError
        E352 two instruments; E353 `by` is no column of both.
    """
    _check(old, new, by)
    new = kept_apart(told_apart(old, new), old)
    old = kept_apart(old, new)
    work = _Comparison(old, new, by)
    work.sort()
    return work.close()


def _check(old: Responses, new: Responses, by: str) -> None:
    if old.instrument.id != new.instrument.id:
        raise AnalysisError(Problem("E352", params={"old": old.instrument.id, "new": new.instrument.id}))
    for responses in (old, new):
        if by not in responses.frame:
            near = [str(name) for name in responses.frame.columns[:6]]
            raise AnalysisError(Problem("E353", _file(responses), {"name": by, "near": near}))


def _file(responses: Responses) -> Place | None:
    return Place(file=str(responses.source["file"].iloc[0])) if len(responses.source) else None


class _Comparison:
    """The work on two tables."""

    def __init__(self, old: Responses, new: Responses, by: str) -> None:
        self.old, self.new, self.by = old, new, by
        self.before, self.after = groups(ids_in(old.frame[by])), groups(ids_in(new.frame[by]))
        self.ids = ids_in(new.frame[by])
        self.had = set(answer_columns(old))
        self.places = Places(old), Places(new)
        self.values: dict[tuple[bool, str], list[Any]] = {}
        self.said: dict[str, Any] = {}
        self.hidden = {str(name) for responses in (old, new) for name in responses.private.columns}
        self.rows: dict[int, tuple[str, str, int, int | None]] = {}
        self.cells: list[dict[str, Any]] = []
        self.steps: list[Step] = []
        self.problems: list[Problem] = []

    def sort(self) -> None:
        """Give every row of the newer file its status."""
        pairs, added = [], []
        for k in np.flatnonzero(self.ids == "").tolist():
            self._conflict(k, "no_id", None, "W356", {})
        for one, places in self.after.items():
            olds = self.before.get(one, [])
            if not self._alike(self.new, places):
                for k in places:
                    self._conflict(k, "twice", olds[0] if olds else None, "W354", {"n": len(places)})
                continue
            for k in places[1:]:
                self.rows[k] = ("unchanged", "repeated", 0, olds[0] if olds else None)
            if olds:
                pairs.append((olds, places[0]))
            else:
                self.rows[places[0]] = ("new", "", 0, None)
                added.append(places[0])
        self._compare(pairs)
        self.steps.append(Step("add", added))

    def _alike(self, responses: Responses, places: Sequence[int]) -> bool:
        """Whether the rows of one id hold the same answers."""
        if len(places) < 2:
            return True
        found = compare(responses, responses, [places[0]] * (len(places) - 1), places[1:])
        return not (found.changed.any() or found.blanked.any())

    def _compare(self, pairs: Sequence[tuple[list[int], int]]) -> None:
        """Hold each row against the older one of its id."""
        found = compare(self.old, self.new, [olds[0] for olds, _ in pairs], [k for _, k in pairs])
        for p, (olds, k) in enumerate(pairs):
            changed, blanked = np.flatnonzero(found.changed[p]), np.flatnonzero(found.blanked[p])
            a = olds[0]
            if not len(changed) and not len(blanked):
                self.rows[k] = ("unchanged", "", 0, a)
                continue
            if not self._alike(self.old, olds):
                self._conflict(k, "twice_before", a, "W355", {"n": len(olds)})
                continue
            for c in [*changed, *blanked]:
                self._differs(found.names[c], a, k, taken=c in changed)
            status, reason = ("conflict", "blank") if len(blanked) else ("changed", "")
            self.rows[k] = (status, reason, len(changed) + len(blanked), a)
            names = [found.names[c] for c in changed]
            self.steps += [Step("take", [k], [one], names) for one in olds]

    def _differs(self, name: str, a: int, k: int, *, taken: bool) -> None:
        places = [self.places[0].at(a, name) if name in self.had else None, self.places[1].at(k, name)]
        said = [self._quoted(name, value) for value in (self._value(True, name, a), self._value(False, name, k))]
        cell = {"id": shown(self.ids[k]), "column": name, "old": said[0], "new": said[1], "taken": taken}
        self.cells.append(cell | {"old_place": places[0], "new_place": places[1]})
        params = {"id": shown(self.ids[k]), "column": name, "old": said[0]}
        self.problems.append(
            Problem("N358", places[1], params | {"new": said[1]}) if taken else Problem("W357", places[1], params)
        )

    def _value(self, before: bool, name: str, position: int) -> Any:
        if before and name not in self.had:
            return np.nan
        if (before, name) not in self.values:
            self.values[before, name] = column_of(self.old if before else self.new, name).tolist()
        return self.values[before, name][position]

    def _quoted(self, name: str, value: object) -> Any:
        if value is None or value != value:
            return "—"
        if name in self.hidden:
            return HIDDEN
        text = _text(value)
        if text not in self.said:
            self.said[text] = shown(text)
        return self.said[text]

    def _conflict(self, k: int, reason: str, a: int | None, code: str, params: Mapping[str, Any]) -> None:
        self.rows[k] = ("conflict", reason, 0, a)
        named = {} if reason == "no_id" else {"id": shown(self.ids[k])}
        self.problems.append(Problem(code, self._id_cell(k), {**named, **params}))

    def _id_cell(self, k: int) -> Place:
        """The cell of the id: `respondent_id` may come from a question of the instrument."""
        own = [i.id for i in self.new.instrument.items if i.role == "respondent_id" and i.id in self.new.frame]
        label = self.new.frame.index[k]
        places = [self.new.where(label, name) for name in (self.by, *own)]
        return next((at for at in places if at.cell), places[0])

    def close(self) -> Appended:
        """Merge, and put the account together."""
        names = ("id", "status", "reason", "n_cells", "old_row", "new_row")
        lines = [
            (self.ids[k], status, reason, n, None if a is None else self.old.frame.index[a], self.new.frame.index[k])
            for k, (status, reason, n, a) in sorted(self.rows.items())
        ]
        columns = ["id", "column", "old", "new", "taken", "old_place", "new_place"]
        fates = [self.rows[k][0] for k in range(len(self.ids))]
        both = merged(self.old, self.new, self.steps, fates)
        problems = (*dict.fromkeys([*self.old.problems, *self.new.problems]), *self.problems)
        return Appended(
            pd.DataFrame(lines, columns=list(names)),
            pd.DataFrame(self.cells, columns=columns),
            tuple(one for one in self.before if one not in self.after),
            dataclasses.replace(both, problems=problems),
            tuple(self.problems),
        )


def _text(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)
