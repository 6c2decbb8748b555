"""Side by side: one block a construct or hypothesis, what the survey says left, what the codings say right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Head, Label, Note, Row, Table
from evalkit.integrate.displays.judgements import entries_of, lines_of, reasons_label, said, text_row, word_cell
from evalkit.integrate.displays.request import Request
from evalkit.integrate.displays.result import Sheet
from evalkit.integrate.displays.survey import Score

_NAN = float("nan")
_EMPTY = Cell("", "text")
_CODES = 4
"""Columns of the codings."""


@dataclass(frozen=True)
class Summary:
    """A score over the cases: the mean of their means with its interval, the ends, cases and respondents."""

    mean: float
    low: float
    high: float
    least: float
    most: float
    cases: int
    respondents: float


def summary_of(score: Score, conf_level: float) -> Summary:
    """Cases count alike, whatever their respondents; t with cases - 1 degrees of freedom."""
    from scipy.special import stdtrit

    x = score.value[np.isfinite(score.value)]
    k = len(x)
    if not k:
        return Summary(*(_NAN,) * 5, 0, 0.0)
    half = stdtrit(k - 1, (1 + conf_level) / 2) * x.std(ddof=1) / np.sqrt(k) if k > 1 else _NAN
    n = float(np.nansum(score.n[np.isfinite(score.value)])) if score.surveyed else _NAN
    return Summary(
        float(x.mean()), float(x.mean() - half), float(x.mean() + half), float(x.min()), float(x.max()), k, n
    )


# -- constructs -------------------------------------------------------------------------------


def side_by_side(request: Request) -> Sheet:
    """Each construct with its scales and its codes, a line each, and the fit of the two."""
    constructs = list(dict.fromkeys([*_keys(request.scores), *_keys(request.codes)]))
    summaries = {name: summary_of(score, request.conf_level) for name, score in request.survey.items()}
    rows: list[Row] = []
    for construct in constructs:
        left = [_survey_cells(request.survey[n], summaries[n]) for n in request.score_names(construct)]
        right = [_code_cells(request, code) for code in request.code_names(construct)]
        rows += _block(request, construct, Cell(request.named(construct), "label"), left, right, 5)
    heads = _heads(request, "construct", "scale", "mean_of_cases", "interval", "ends", "respondents")
    header = (_over(("displays.survey", 5)), heads)
    level = f"{100 * request.conf_level:g}"
    scored = [Note("general", Label("displays.note_means", level=level))] if request.survey else []
    hidden = [s for s in request.survey.values() if s.hidden.any()]
    if hidden:
        scored.append(Note("general", Label("displays.note_least", least=request.least)))
    notes = (*scored, *_code_notes(request), *request.notes(_quoted(request)), request.fit_note())
    table = Table("displays.constructs", "side_by_side", Label("displays.title_constructs"), header, tuple(rows), notes)
    entries = [e for name, summary in summaries.items() for e in _summary_entries(name, summary)]
    entries += _code_entries(request)
    entries += [e for name in constructs for e in entries_of(name, request.fit.about(name))]
    return Sheet(table, tuple(entries), len(constructs), _quoted(request))


def _keys(given: Sequence[str] | Mapping[str, Sequence[str]]) -> list[str]:
    return list(given) if isinstance(given, Mapping) else []


def _over(left: tuple[str, int]) -> tuple[Head, ...]:
    strand, span = left
    return Head(""), Head(strand, span=span), Head("displays.codings", span=_CODES), Head("")


def _heads(request: Request, *first: str) -> tuple[Head, ...]:
    cases = request.coded_cases()
    n = sum(len(request.coded.sources[case]) for case in cases) if request.coded else 0
    right = (
        Head("displays.code"),
        Head(Label("displays.cases_of", n=len(cases))),
        Head(Label("displays.sources_of", n=n)),
        Head("displays.references"),
    )
    return (*(Head(f"displays.{name}") for name in first), *right, Head("displays.fit_head"))


def _block(
    request: Request, name: str, stub: Cell, left: list[list[Cell]], right: list[list[Cell]], width: int
) -> Iterator[Row]:
    """The lines of one construct: the longer side says how many; the judgement stands in the first.

    Below them stand the quotes of each code and the reasons of the judgement.
    """
    found = request.fit.about(name)
    for k in range(max(len(left), len(right), 1)):
        first = k == 0
        a = left[k] if k < len(left) else [Cell(None if first else "", "text") for _ in range(width)]
        b = right[k] if k < len(right) else [Cell(None if first else "", "text") for _ in range(_CODES)]
        yield Row((stub if first else _EMPTY, *a, *b, word_cell(found) if first else _EMPTY))
    yield from text_row(quotes=_quotes(request, name), rationale=reasons_label(found))


def _quotes(request: Request, name: str) -> Label | None:
    """The quotes of each code of a construct behind the name of the code."""
    coded, cases = request.coded, request.coded_cases()
    codes = request.code_names(name) if coded is not None else ()
    found = {code: quotes for code in codes if (quotes := request.quoted(cases, [code])) is not None}
    parts = [Label("displays.of_code", code=coded.name(code), quotes=q) for code, q in found.items() if coded]
    return lines_of(parts) if parts else None


def _survey_cells(score: Score, s: Summary) -> list[Cell]:
    why = "displays.reason_no_value"
    return [
        Cell(score.label, "label"),
        Cell(s.mean, "mean", reason=why),
        Cell((s.low, s.high), "mean", reason=why),
        Cell((s.least, s.most), "mean", reason=why),
        Cell(int(s.respondents) if s.respondents == s.respondents else None, "n_obs"),
    ]


def _code_cells(request: Request, code: str) -> list[Cell]:
    coded, cases = request.coded, request.coded_cases()
    if coded is None:
        return [Cell(None, "text") for _ in range(_CODES)]
    c = request.total(cases, code)
    return [
        Cell(coded.name(code), "label"),
        Cell(request.bearing(cases, [code]), "count"),
        Cell(c.bearing, "count"),
        Cell(c.stretches, "count"),
    ]


def _quoted(request: Request) -> tuple[tuple[Sequence[str], Sequence[str]], ...]:
    """Each code is quoted over all cases."""
    cases = request.coded_cases()
    return tuple((cases, [code]) for code in request.code_names())


def _code_notes(request: Request) -> list[Note]:
    return [Note("general", "displays.note_cases")] if request.coded is not None else []


def _summary_entries(name: str, s: Summary) -> Iterator[dict[str, Any]]:
    yield {"model": "survey", "term": name, "estimate": s.mean, "df": float(s.cases - 1), "conf_low": s.low,
           "conf_high": s.high, "n_obs": float(s.cases)}  # fmt: skip


def _code_entries(request: Request) -> list[dict[str, Any]]:
    """Share of the cases with a source that bear a code."""
    cases = request.coded_cases()
    found: list[dict[str, Any]] = []
    for code in dict.fromkeys(request.code_names()) if request.coded is not None and cases else ():
        share = request.bearing(cases, [code]) / len(cases)
        n = float(request.total(cases, code).stretches)
        found.append({"model": "codes", "term": code, "estimate": share, "count": n, "n_obs": float(len(cases))})
    return found


# -- hypotheses -------------------------------------------------------------------------------


def by_hypothesis(request: Request) -> Sheet:
    """Table J1: what was claimed, the numbers that decided, codes with a quote, and the fit of the two."""
    frame = request.hypotheses if request.hypotheses is not None else pd.DataFrame()
    names = list(dict.fromkeys(frame["hypothesis"])) if len(frame) else []
    rows: list[Row] = []
    entries: list[dict[str, Any]] = []
    for name in names:
        tests = frame[frame["hypothesis"] == name].to_dict("records")
        stub = Cell(Label("displays.claim", id=name, claim=_worded(tests[0], "")), "label")
        verdict = Cell(Label(f"verdict.{tests[0]['decision']}") if said(tests[0]["decision"]) else None, "text")
        left = [[*_test_cells(test), verdict if k == 0 else _EMPTY] for k, test in enumerate(tests)]
        right = [_code_cells(request, code) for code in request.code_names(name)]
        rows += _block(request, name, stub, left, right, 4)
        entries += [_test_entry(name, k, test) for k, test in enumerate(tests) if said(test["step"])]
    entries += _code_entries(request)
    entries += [e for name in names for e in entries_of(name, request.fit.about(name))]
    heads = _heads(request, "hypothesis", "test", "effect", "interval", "verdict")
    header = (_over(("displays.quantitative", 4)), heads)
    notes = (
        Note("general", "displays.note_verdicts"),
        *_code_notes(request),
        *request.notes(_quoted(request)),
        request.fit_note(),
    )
    table = Table("displays.hypotheses", "J1", Label("displays.title_hypotheses"), header, tuple(rows), notes)
    return Sheet(table, tuple(entries), len(names), _quoted(request))


def _worded(row: Mapping[str, Any], prefix: str) -> Label:
    return Label(zh=said(row[f"{prefix}zh"]), en=said(row[f"{prefix}en"]))


def _test_cells(row: Mapping[str, Any]) -> list[Cell]:
    if not said(row["step"]):
        return [Cell(None, "text"), Cell(None, "estimate"), Cell(None, "interval")]
    p = float(row["p_value"])
    low, high = float(row["conf_low"]), float(row["conf_high"])
    return [
        Cell(Label("displays.test_of", method=_worded(row, "method_"), term=_worded(row, "term_")), "text"),
        Cell(float(row["estimate"]), "estimate", p=p if p == p else None, reason="displays.reason_no_value"),
        Cell((low, high) if low == low else None, "interval"),
    ]


def _test_entry(name: str, k: int, row: Mapping[str, Any]) -> dict[str, Any]:
    entry = {"model": "survey", "group": name, "term": f"test.{k + 1}", "label": said(row["decision"])}
    return entry | {c: float(row[c]) for c in ("estimate", "conf_low", "conf_high")}
