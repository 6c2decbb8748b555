"""What a display is made of, checked: cases with their scores, codings, roles, places and judgements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import Label, Note, label_of
from evalkit.integrate.displays.coded import Coded, Count
from evalkit.integrate.displays.judgements import Judgements, lines_of, said
from evalkit.integrate.displays.places import Places, Roles
from evalkit.integrate.displays.quoting import Choice, Quote, quotes_label, withheld
from evalkit.integrate.displays.survey import Score

WITHHELD = "descriptive.withheld"
Quoted = Sequence[tuple[Sequence[str], Sequence[str]]]
"""Cases and codes of every cell that holds quotes."""


@dataclass(frozen=True, eq=False)
class Request:
    """Everything that the makers of displays read.

    Parameters
    ----------
    scores, codes : sequence of str, or mapping
        Names and ids; by construct, hypothesis or condition where the kind asks so.
    survey : mapping
        Name -> its score.
    """

    data: pd.DataFrame
    ids: tuple[str, ...]
    labels: Mapping[str, Label]
    outcome: str | None
    scores: Sequence[str] | Mapping[str, Sequence[str]]
    survey: Mapping[str, Score]
    codes: Sequence[str] | Mapping[str, Sequence[str]]
    coded: Coded | None
    choice: Choice
    roles: tuple[Roles, ...]
    places: Places | None
    fit: Judgements
    findings: pd.DataFrame | None
    hypotheses: pd.DataFrame | None
    groups: str | int
    sort: str | None
    ascending: bool
    conf_level: float
    least: int

    def score_names(self, row: str | None = None) -> tuple[str, ...]:
        """Scores of the display, or of one of its rows."""
        return _named(self.scores, row)

    def code_names(self, row: str | None = None) -> tuple[str, ...]:
        """Codes of the display, or of one of its rows."""
        return _named(self.codes, row)

    def order(self) -> list[int]:
        """Places of the cases: by `sort` (else the first score, else the outcome), then by the first score."""
        first = next(iter(self.survey), None)
        keys = [name for name in (self.sort or first or self.outcome, first) if name is not None]
        places = list(range(len(self.ids)))
        for name in reversed(keys):
            places.sort(key=self._rank(name), reverse=not self.ascending)
            places.sort(key=lambda i, name=name: self._absent(i, name))  # type: ignore[misc]
        return places

    def _values(self, name: str) -> Sequence[object]:
        return list(self.survey[name].value) if name in self.survey else list(self.data[name])

    def _rank(self, name: str):  # type: ignore[no-untyped-def]
        values = self._values(name)
        number = all(isinstance(v, (int, float, np.number)) for v in values)
        return lambda i: (0.0 if values[i] != values[i] else float(values[i])) if number else said(values[i])  # type: ignore[arg-type]

    def _absent(self, i: int, name: str) -> bool:
        return said(self._values(name)[i]) == ""

    def quotes(self, cases: Iterable[str], codes: Sequence[str]) -> tuple[Quote, ...]:
        return () if self.coded is None else self.choice.quotes(self.coded.stretches(cases, codes))

    def quoted(self, cases: Iterable[str], codes: Sequence[str]) -> Label | None:
        """The quotes one under the other; None for none."""
        return quotes_label(self.quotes(cases, codes))

    def bearing(self, cases: Sequence[str], codes: Sequence[str]) -> int:
        """Cases with at least one of the codes."""
        return 0 if self.coded is None else len({row["case"] for row in self.coded.stretches(cases, codes)})

    def coded_cases(self, cases: Sequence[str] | None = None) -> tuple[str, ...]:
        """Cases that have a source: of the others nothing can be known."""
        known = self.coded.sources if self.coded else {}
        return tuple(c for c in (self.ids if cases is None else cases) if c in known)

    def total(self, cases: Sequence[str], code: str) -> Count:
        """Stretches of a code, sources that bear it, and sources, over cases."""
        if self.coded is None:
            return Count(0, 0, 0)
        each = [self.coded.count(case, code) for case in cases]
        return Count(*(sum(getattr(c, part) for c in each) for part in ("stretches", "bearing", "sources")))

    def n_withheld(self, quoted: Quoted) -> int:
        """Different stretches of these cells that may not be quoted."""
        if self.coded is None:
            return 0
        return withheld(row for cell in quoted for row in self.coded.stretches(*cell))

    def named(self, name: str) -> Label:
        """What a construct is called: a scale of that name has its label."""
        return label_of(self.data, name)

    def outcome_label(self) -> Label:
        """What the outcome is called."""
        name = self.outcome or ""
        return Label("displays.outcome") if name == "outcome" else Label(zh=name, en=name)

    def outcome_text(self, i: int) -> str:
        """The outcome of a case as it stands in the sheet."""
        value = self.data[self.outcome].iloc[i] if self.outcome else None
        return f"{value:g}" if isinstance(value, (float, np.floating)) and value == value else said(value)

    def notes(self, quoted: Quoted, *, counted: bool = False) -> list[Note]:
        """What a display says of its quotes and, where they stand behind codes, of its counts."""
        if self.coded is None:
            return []
        notes = []
        if counted:
            round_ = Label("displays.note_round", round=self.coded.round) if self.coded.round else Label()
            notes.append(Label("displays.note_codes", round=round_))
        if self.choice.most:
            longest, shortest = self.choice.longest, self.choice.shortest
            notes.append(Label("displays.note_quotes", n=self.choice.most, shortest=shortest, longest=longest))
            notes.append(Label("displays.note_withheld", n=self.n_withheld(quoted)))
        return [Note("general", note) for note in notes]

    def fit_note(self) -> Note:
        return Note("general", "displays.note_fit")


def _named(given: Sequence[str] | Mapping[str, Sequence[str]], row: str | None) -> tuple[str, ...]:
    if not isinstance(given, Mapping):
        return tuple(given)
    return tuple(dict.fromkeys(n for key, names in given.items() if row in (None, key) for n in names))


def count_lines(coded: Coded, counts: Iterable[tuple[str, Count]]) -> Label | None:
    """`name 2/3; ...`: sources that bear a code out of the sources; None for no code."""
    parts = [
        Label("displays.code_count", name=coded.name(code), k=c.bearing, n=c.sources) for code, c in counts if c.bearing
    ]
    return lines_of(parts, "；", "; ") if parts else None
