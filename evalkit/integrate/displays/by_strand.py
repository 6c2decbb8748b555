"""Convergence matrix: constructs down, strands across, what each found, and how a person judged their fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table, require_columns
from evalkit.integrate.displays.judgements import Judgement, entries_of, lines_of, pair_label, said, strand_label
from evalkit.integrate.displays.request import Request
from evalkit.integrate.displays.result import Sheet

_EMPTY = Cell("", "text")


def by_strand(request: Request) -> Sheet:
    """The findings by construct and strand, with a line a judgement.

    Raises
    ------
    AnalysisError
        E6637 without findings; E600 for a column of theirs.
    """
    findings = request.findings
    if findings is None or not len(findings):
        raise AnalysisError(Problem("E6637", params={"kind": "convergence"}))
    require_columns(findings, ["finding_id", "construct", "strand", "claim"])
    constructs = list(dict.fromkeys(findings["construct"].map(said)))
    strands = list(dict.fromkeys(findings["strand"].map(said)))
    rows: list[Row] = []
    for construct in constructs:
        claims = [_claims(findings, construct, strand) for strand in strands]
        judged = request.fit.about(construct)
        rows += _block(request.named(construct), claims, judged)
    heads = [Head("displays.construct")]
    heads += [Head(strand_label(s) if s else Label("displays.no_strand")) for s in strands]
    heads += [Head(f"displays.{name}") for name in ("pair", "fit_head", "rationale", "by")]
    notes = (Note("general", "displays.note_findings"), request.fit_note())
    table = Table(
        "displays.strands", "convergence", Label("displays.title_strands"), (tuple(heads),), tuple(rows), notes
    )
    entries = [e for construct in constructs for e in _entries(findings, construct, strands)]
    entries += [e for construct in constructs for e in entries_of(construct, request.fit.about(construct))]
    return Sheet(table, tuple(entries), len(constructs))


def _claims(findings: pd.DataFrame, construct: str, strand: str) -> Cell:
    here = (findings["construct"].map(said) == construct) & (findings["strand"].map(said) == strand)
    parts = [_claim(row) for row in findings[here].to_dict("records")]
    return Cell(lines_of(parts) if parts else None, "text")


def _claim(row: dict[str, Any]) -> Label:
    """The claim with its id, case and sources."""
    sources = row.get("sources")
    listed = list(map(str, sources)) if isinstance(sources, (list, tuple)) else [said(sources)]
    parts = [p for p in (said(row["finding_id"]), said(row.get("case_id")), *listed) if p]
    return Label("displays.finding", claim=said(row["claim"]), at=", ".join(parts))


def _block(construct: Label, claims: Sequence[Cell], judged: Sequence[Judgement]) -> Iterator[Row]:
    if not judged:
        none = Cell(Label("displays.not_judged"), "text")
        yield Row((Cell(construct, "label"), *claims, Cell(None, "text"), none, Cell(None, "text"), Cell(None, "text")))
    for k, one in enumerate(judged):
        first = k == 0
        stub = [Cell(construct, "label"), *claims] if first else [_EMPTY] * (1 + len(claims))
        texts = (Cell(text or None, "text") for text in (one.rationale, one.by))
        yield Row(
            (
                *stub,
                Cell(pair_label(one.pair) if one.pair else None, "text"),
                Cell(Label(f"displays.fit.{one.word}"), "text"),
                *texts,
            )
        )


def _entries(findings: pd.DataFrame, construct: str, strands: Sequence[str]) -> Iterator[dict[str, Any]]:
    mine = findings[findings["construct"].map(said) == construct]
    for strand in strands:
        n = int((mine["strand"].map(said) == strand).sum())
        yield {"model": "findings", "term": strand or "none", "level": construct, "count": float(n)}
