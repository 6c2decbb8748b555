"""Case-ordered matrix: one row a case, with what every strand says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Figure, Head, Label, Note, Row, Table
from evalkit.integrate.displays.judgements import entries_of, reasons_label, text_row, word_cell
from evalkit.integrate.displays.places import AS_ACTOR, MEASURES
from evalkit.integrate.displays.request import WITHHELD, Quoted, Request, count_lines
from evalkit.integrate.displays.result import Sheet
from evalkit.integrate.displays.survey import Score

_KINDS = {
    "actors": "count", "ties": "count", "degree": "count", "rank": "rank", "lead_share": "share",
}  # fmt: skip


def by_case(request: Request) -> Sheet:
    """The cases in their order."""
    order = request.order()
    quoted = tuple(([request.ids[i]], request.code_names()) for i in order)
    rows = tuple(row for i in order for row in _rows(request, i))
    title = Label("displays.title_cases", order=_order_label(request))
    table = Table("displays.cases", "cases", title, _header(request), rows, tuple(_notes(request, quoted)))
    entries = tuple(entry for i in order for entry in _entries(request, i))
    return Sheet(table, entries, len(order), quoted, _figure(request, order))


def _order_label(request: Request) -> Label:
    name = request.sort or next(iter(request.survey), None) or request.outcome
    if name is None:
        return Label("displays.order_sheet")
    if name in request.survey:
        return request.survey[name].label
    return request.outcome_label() if name == request.outcome else Label(zh=name, en=name)


# -- the table --------------------------------------------------------------------------------


def _parts(score: Score) -> tuple[str, ...]:
    if not score.surveyed:
        return ("value",)
    return ("mean", "interval", "n", "reliability") if score.has_reliability else ("mean", "interval", "n")


def _header(request: Request) -> tuple[tuple[Head, ...], ...]:
    """Spanning heads of the strands above the heads of the columns."""
    top, low = [Head("")], [Head("displays.case")]

    def add(head: Head, *below: Head) -> None:
        top.append(head)
        low.extend(below)

    if request.outcome:
        add(Head(""), Head(request.outcome_label()))
    for score in request.survey.values():
        parts = _parts(score)
        add(Head(score.label, span=len(parts)), *(Head(f"displays.score.{part}") for part in parts))
    for roles in request.roles:
        add(Head(""), Head(Label("displays.role_in", outcome=roles.outcome)))
    if request.places is not None and request.places.measures:
        measures = request.places.measures
        add(Head("displays.network", span=len(measures)), *(Head(f"displays.place.{m}") for m in measures))
    add(Head(""), Head("displays.fit_head"))
    return (tuple(top), tuple(low)) if any(head.label for head in top) else (tuple(low),)


def _rows(request: Request, i: int) -> Iterator[Row]:
    """The numbers of a case, and below them its codes, quotes and the reasons of the judgements."""
    case, coded = request.ids[i], request.coded
    yield Row(tuple(_cells(request, i)))
    codes = quotes = None
    if coded is not None:
        counts = [(code, coded.count(case, code)) for code in request.code_names()]
        none = Label("displays.no_code" if case in coded.sources else "displays.no_source")
        codes = count_lines(coded, counts) or none
        quotes = request.quoted([case], request.code_names())
    yield from text_row(codes=codes, quotes=quotes, rationale=reasons_label(request.fit.about(case)))


def _cells(request: Request, i: int) -> Iterator[Cell]:
    case = request.ids[i]
    yield Cell(request.labels[case], "label")
    if request.outcome:
        yield Cell(request.outcome_text(i) or None, "text")
    for score in request.survey.values():
        yield from _score_cells(score, i)
    for roles in request.roles:
        yield Cell(roles.of(case), "text")
    if request.places is not None:
        place = request.places.of.get(case)
        for m in request.places.measures:
            yield Cell(None if place is None else _whole(place[m], m), _KINDS.get(m, "correlation"),
                       reason="displays.reason_no_lead" if m == "lead_share" else "displays.reason_few")  # fmt: skip
    yield word_cell(request.fit.about(case))


def _whole(value: float, measure: str) -> float | int:
    return int(value) if _KINDS.get(measure) in ("count", "rank") and np.isfinite(value) else float(value)


def _score_cells(score: Score, i: int) -> Iterator[Cell]:
    value, n = float(score.value[i]), score.n[i]
    if not score.surveyed:
        yield Cell(value, "mean", reason="displays.reason_no_value")
        return
    if score.hidden[i]:
        reason: str = WITHHELD
    else:
        reason = "displays.reason_nobody" if not n > 0 else "displays.reason_one"
    yield Cell(value, "mean", reason=reason)
    yield Cell((float(score.low[i]), float(score.high[i])), "mean", reason=reason)
    yield Cell(int(n) if np.isfinite(n) else float("nan"), "n_obs", reason=reason)
    if score.has_reliability:
        yield Cell(float(score.reliability[i]), "group_reliability", reason=reason)


def _notes(request: Request, quoted: Quoted) -> Iterator[Note]:
    surveyed = [score for score in request.survey.values() if score.surveyed]
    if surveyed:
        yield Note("general", Label("displays.note_scores", level=f"{100 * request.conf_level:g}"))
    if any(score.has_reliability for score in surveyed):
        yield Note("general", "displays.note_reliability")
    if any(score.hidden.any() for score in surveyed):
        yield Note("general", Label("displays.note_least", least=request.least))
    yield from request.notes(quoted, counted=True)
    for roles in request.roles:
        if roles.paths:
            zh, en = (sign.join(f"{p.name} = {p.text}" for p in roles.paths) for sign in ("，", ", "))
            paths = Label(zh=zh, en=en)
            yield Note("general", Label("displays.note_paths", outcome=roles.outcome, paths=paths))
    if request.places is not None and request.places.measures:
        yield Note("general", f"displays.note_place.{request.places.how}")
    yield request.fit_note()


# -- numbers and figure -----------------------------------------------------------------------


def _entries(request: Request, i: int) -> Iterator[dict[str, Any]]:
    case = request.ids[i]
    for name, score in request.survey.items():
        entry = {"model": "survey", "term": name, "level": case, "estimate": float(score.value[i])}
        if score.surveyed:
            entry |= {
                "std_error": float(score.error[i]), "df": float(score.n[i]) - 1, "conf_low": float(score.low[i]),
                "conf_high": float(score.high[i]), "n_obs": float(score.n[i]),
                "group_reliability": float(score.reliability[i]), "reason": WITHHELD if score.hidden[i] else None,
            }  # fmt: skip
        yield entry
    if request.coded is not None and case in request.coded.sources:
        for code in request.code_names():
            c = request.coded.count(case, code)
            yield {"model": "codes", "term": code, "level": case, "estimate": c.bearing / c.sources,
                   "count": float(c.stretches), "n_obs": float(c.sources)}  # fmt: skip
    for roles in request.roles:
        if case in roles.types:
            yield {"model": "qca", "outcome": roles.outcome_text, "term": "membership", "level": case,
                   "estimate": roles.membership[case], "label": roles.types[case]}  # fmt: skip
    if request.places is not None and case in request.places.of:
        for m in (*AS_ACTOR, *MEASURES):
            if m in request.places.of[case]:
                yield {"model": "network", "term": m, "level": case, "estimate": request.places.of[case][m]}
    yield from entries_of(case, request.fit.about(case))


def _figure(request: Request, order: list[int]) -> Figure | None:
    """Cases in order with the first score that has intervals; none where fewer than two cases have it."""
    score = next((s for s in request.survey.values() if s.surveyed), None)
    drawn = [i for i in order if score is not None and np.isfinite(score.value[i])]
    if score is None or len(drawn) < 2:
        return None
    roles = request.roles[0] if request.roles else None
    frame = pd.DataFrame({
        "case": [request.ids[i] for i in drawn],
        "estimate": score.value[drawn], "conf_low": score.low[drawn], "conf_high": score.high[drawn],
        "role": [roles.types.get(request.ids[i], "") if roles else "" for i in drawn],
        "outcome": [request.outcome_text(i) for i in drawn],
    })  # fmt: skip
    labels = {case: request.labels[case] for case in frame["case"]}
    labels |= {role: Label(f"qca.type.{role}") for role in dict.fromkeys(frame["role"]) if role}
    labels |= {"axis": score.label, "outcome_head": request.outcome_label()}
    notes = (Label("displays.figure_note", level=f"{100 * request.conf_level:g}"),)
    title = Label("displays.figure", score=score.label)
    return Figure("display", "case_order", title, frame, labels, notes)
