"""Statistics by themes: codes down, groups of cases by score or outcome across, cases that bear a code and a quote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table, require_columns
from evalkit.integrate.displays.judgements import entries_of, reasons_label, said, text_row, word_cell
from evalkit.integrate.displays.request import Request
from evalkit.integrate.displays.result import Sheet


@dataclass(frozen=True)
class Group:
    """Cases that belong together; of them `cases` have a source."""

    id: str
    label: Label
    cases: tuple[str, ...]


def by_theme(request: Request) -> Sheet:
    """Codes by groups.

    Raises
    ------
    AnalysisError
        E6637 without codings; E6638 for groups that cannot be made.
    """
    if request.coded is None:
        raise AnalysisError(Problem("E6637", params={"kind": "themes"}))
    groups = groups_of(request)
    codes = request.code_names()
    quoted = tuple((group.cases, [code]) for code in codes for group in groups)
    rows = tuple(row for code in codes for row in _rows(request, groups, code))
    width = 2 if request.choice.most else 1
    top = (Head(""), *(Head(_named(g), span=width) for g in groups), Head(""))
    below = ("cases_bearing", "quotes")[:width]
    low = (Head("displays.code"), *(Head(f"displays.{b}") for _ in groups for b in below), Head("displays.fit_head"))
    title = Label("displays.title_themes", by=_by(request))
    notes = (*_notes(request, groups), *request.notes(quoted), request.fit_note())
    table = Table("displays.themes", "themes", title, (top, low), rows, notes)
    entries = [entry for code in codes for entry in _entries(request, groups, code)]
    entries += [e for code in codes for e in entries_of(code, request.fit.about(code))]
    return Sheet(table, tuple(entries), len(codes), quoted)


def groups_of(request: Request) -> tuple[Group, ...]:
    """Groups of cases with a source: by a column in the order of its values, or of about equal size by the first score.

    Cases of the same score stand in one group; a case without a value stands in none.
    """
    if isinstance(request.groups, str):
        require_columns(request.data, [request.groups])
        values = request.data[request.groups]
        number = pd.api.types.is_numeric_dtype(values)
        given = [(f"{v:g}" if isinstance(v, (float, np.floating)) and v == v else said(v)) for v in values]
        kept = [v for v in given if v]
        shown = sorted(set(kept), key=float, reverse=True) if number else list(dict.fromkeys(kept))
        found = [Group(v, Label(zh=v, en=v), _coded(request, [g == v for g in given])) for v in shown]
    else:
        found = list(_by_score(request, request.groups))
    groups = tuple(group for group in found if group.cases)
    if len(groups) < 2:
        raise AnalysisError(Problem("E6638", params={"groups": request.groups, "n": len(groups)}))
    return groups


def _coded(request: Request, keep: Sequence[bool]) -> tuple[str, ...]:
    return request.coded_cases([case for case, k in zip(request.ids, keep, strict=True) if k])


def _by_score(request: Request, k: int) -> Iterator[Group]:
    score = next(iter(request.survey.values()), None)
    if score is None or k < 2:
        raise AnalysisError(Problem("E6638", params={"groups": k, "n": 0}))
    with_source = set(request.coded_cases())
    x = np.where([case in with_source for case in request.ids], score.value, np.nan)
    known = x[np.isfinite(x)]
    below = np.array([(known < v).sum() for v in x])
    place = np.where(np.isfinite(x), below * k // max(len(known), 1), -1)
    for g in sorted(set(place[place >= 0]), reverse=True):
        inside = place == g
        label = Label("displays.band", low=f"{x[inside].min():.2f}", high=f"{x[inside].max():.2f}")
        yield Group(f"{g + 1}", label, _coded(request, list(inside)))


def _by(request: Request) -> Label:
    if isinstance(request.groups, str):
        own = request.groups == request.outcome
        return request.outcome_label() if own else Label(zh=request.groups, en=request.groups)
    return next(iter(request.survey.values())).label


def _named(group: Group) -> Label:
    return Label("displays.group", name=group.label, n=len(group.cases))


def _rows(request: Request, groups: Sequence[Group], code: str) -> Iterator[Row]:
    yield Row(tuple(_cells(request, groups, code)))
    yield from text_row(rationale=reasons_label(request.fit.about(code)))


def _cells(request: Request, groups: Sequence[Group], code: str) -> Iterator[Cell]:
    if request.coded is None:
        return
    yield Cell(request.coded.name(code), "label")
    for group in groups:
        yield Cell(request.bearing(group.cases, [code]), "count")
        if request.choice.most:
            yield Cell(request.quoted(group.cases, [code]), "text")
    yield word_cell(request.fit.about(code))


def _notes(request: Request, groups: Sequence[Group]) -> Iterator[Note]:
    yield Note("general", "displays.note_cases")
    if not isinstance(request.groups, str):
        yield Note("general", Label("displays.note_groups", k=len(groups), score=_by(request)))
    apart = len(request.coded_cases()) - sum(len(g.cases) for g in groups)
    if apart:
        yield Note("general", Label("displays.note_apart", n=apart))


def _entries(request: Request, groups: Sequence[Group], code: str) -> Iterator[dict[str, Any]]:
    for group in groups:
        n = len(group.cases)
        k = request.bearing(group.cases, [code])
        yield {"model": "codes", "group": group.id, "term": code, "estimate": k / n, "count": float(k),
               "n_obs": float(n)}  # fmt: skip
