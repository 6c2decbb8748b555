"""The typed table of evidence, tests counted, weights with what they leave of a prior."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from evalkit.cases.tracing.weighing import TESTS
from evalkit.contract import Cell, Head, Label, Note, Row, Table

if TYPE_CHECKING:
    from evalkit.cases.tracing.result import Evidence, Strand, TracingResult


def _evidence(result: TracingResult) -> Table:
    """Sections by case and hypothesis; a row a piece of evidence: step, what, source, test, what that says."""
    sought = any(not e.found for e in result.rows)
    names = ("place", "step", "text", "source", *(["found"] if sought else []), "test", "says")
    heads = tuple(Head(f"tracing.{name}") for name in names)
    rows = []
    for strand in result.strands:
        rows.append(_section(strand))
        for e in strand.rows:
            found = [Cell(Label("tracing.yes" if e.found else "tracing.no"), "text")] if sought else []
            rows.append(
                Row(
                    (
                        Cell(f"e{e.place}", "label"),
                        Cell(e.step or None, "text"),
                        Cell(plain(e.text), "text"),
                        Cell(e.source or None, "text"),
                        *found,
                        _kind(e.test),
                        Cell(_says(e), "text"),
                    )
                )
            )
    notes = (Note("general", "tracing.note_tests"),)
    return Table("tracing", "evidence", Label("tracing.title"), (heads,), tuple(rows), notes)


def _section(strand: Strand) -> Row:
    label = (
        Label("tracing.section", case=strand.case, hypothesis=strand.hypothesis)
        if strand.case
        else Label("tracing.section_plain", hypothesis=strand.hypothesis)
    )
    return Row((Cell(label, "label"),), role="section")


def _kind(test: str) -> Cell:
    return Cell(Label(f"tracing.test.{test}") if test else None, "text")


def _says(e: Evidence) -> Label | None:
    """What a test of this kind says when passed or failed (Collier 2011, table 1)."""
    return Label(f"tracing.{'passed' if e.found else 'failed'}.{e.test}") if e.test else None


def _tests(result: TracingResult) -> Table:
    """A row a case and hypothesis: evidence of each kind, found and not found."""
    cased = any(s.case for s in result.strands)
    heads = (
        *([Head("tracing.case")] if cased else []),
        Head("tracing.hypothesis"),
        *(Head(f"tracing.test.{test}") for test in TESTS),
        Head("tracing.untyped"),
    )
    rows = []
    for s in result.strands:
        counts = [_count(s.counts(test)) for test in TESTS]
        first = [Cell(plain(s.case), "label")] if cased else []
        rows.append(Row((*first, Cell(plain(s.hypothesis), "label"), *counts, _count(s.counts("")))))
    return Table(
        "tracing.tests",
        "tests",
        Label("tracing.title_tests"),
        (heads,),
        tuple(rows),
        (Note("general", "tracing.note_counts"),),
    )


def _count(counts: tuple[int, int]) -> Cell:
    return Cell(f"{counts[0]} / {counts[1]}" if counts[1] else counts[0], "count" if not counts[1] else "text")


def _weights(result: TracingResult) -> Table:
    """Sections by case and hypothesis; a row a piece with both probabilities; prior and posterior where asked for."""
    names = ("place", "test", "p_h", "p_not_h", "implied", "ratio", "weight", "independent")
    heads = tuple(Head(f"tracing.{name}") for name in names)
    rows = []
    for strand in result.strands:
        weighed = [e for e in strand.rows if e.weighed]
        if weighed:
            rows += [_section(strand), *(_weight(e) for e in weighed), *_after(strand, len(heads))]
    bounds = Label("tracing.note_bounds", high=f"{result.high:g}", low=f"{result.low:g}")
    notes = [Note("general", bounds), Note("general", "tracing.note_weights")]
    if any(not math.isnan(s.prior) for s in result.strands):
        notes.append(Note("general", "tracing.note_posterior"))
    notes.append(Note("general", "tracing.note_zaks"))
    title = Label("tracing.title_weights")
    return Table("tracing.weights", "weights", title, (heads,), tuple(rows), tuple(notes))


def _weight(e: Evidence) -> Row:
    contradicted = bool(e.test) and e.implied != e.test
    return Row(
        (
            Cell(f"e{e.place}", "label"),
            _kind(e.test),
            Cell(e.p_h, "p_if_true"),
            Cell(e.p_not_h, "p_if_false"),
            Cell(Label(f"tracing.test.{e.implied}"), "text", bold=contradicted),
            _extreme(e.ratio, "ratio"),
            _extreme(e.weight, "statistic"),
            Cell(Label("tracing.yes" if e.independent else "tracing.no"), "text"),
        )
    )


def _extreme(value: float, kind: str) -> Cell:
    if math.isinf(value):
        return Cell("∞" if value > 0 else "−∞", "text")
    return Cell(value, kind, reason="tracing.reason_undefined")


def _after(strand: Strand, width: int) -> Iterator[Row]:
    if math.isnan(strand.prior):
        return
    empty = tuple(Cell("", "text") for _ in range(width - 6))
    for name, value in (("prior", strand.prior), ("posterior", strand.posterior)):
        label = Cell(
            Label(f"tracing.{name}", n=len(strand.used)) if name == "posterior" else Label("tracing.prior"), "label"
        )
        cell = Cell(value, "p_if_true", reason="tracing.reason_posterior")
        yield Row(
            (label, Cell("", "text"), cell, Cell("", "text"), Cell("", "text"), Cell("", "text"), *empty), role="stat"
        )


def plain(text: str) -> Label:
    return Label(zh=text, en=text)


TABLES: Mapping[str, Callable[[TracingResult], Table]] = {"evidence": _evidence, "tests": _tests, "weights": _weights}
