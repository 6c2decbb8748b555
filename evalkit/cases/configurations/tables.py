"""Tables of a set-theoretic comparison: truth table (S3), configurations (S4), cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.cases.configurations.terms import ANY, Term
from evalkit.contract import Cell, Head, Label, Note, Row, Table

if TYPE_CHECKING:
    from evalkit.cases.configurations.result import QcaResult
    from evalkit.cases.configurations.solutions import Model

CORE, EDGE = {1: "●", 0: "⊗"}, {1: "•", 0: "⊗"}
"""Present and absent; core conditions stand in the parsimonious solution too, peripheral absence is in brackets."""


def rows_table(result: QcaResult) -> Table:
    """S3: rows with a case, the most consistent first; the remainders are counted in the note."""
    t = result.table_
    heads = [Head(result.cases.labels[name]) for name in t.conditions.names]
    heads += [Head(f"qca.{h}") for h in ("out", "n_cases", "raw_consistency", "pri", "cases")]
    filled = sorted(np.flatnonzero(t.n > 0), key=lambda r: (-np.nan_to_num(t.consistency[r]), r))
    members = t.conditions.corner_memberships > 0.5
    rows = tuple(
        Row(
            (
                *(Cell(int(v), "count") for v in t.conditions.corners[r]),
                Cell(str(t.out[r]), "text"),
                Cell(int(t.n[r]), "count"),
                Cell(float(t.consistency[r]), "consistency"),
                Cell(float(t.pri[r]), "pri", reason="qca.reason_no_pri"),
                Cell(", ".join(result.cases.names[i] for i in np.flatnonzero(members[:, r])), "text"),
            )
        )
        for r in filled
    )
    cuts = Label("qca.note_cuts", consistency=f"{result.cuts.consistency:g}", pri=f"{result.cuts.pri:g}",
                 frequency=result.cuts.frequency)  # fmt: skip
    limited = Label("qca.note_diversity", filled=int((t.n > 0).sum()), rows=len(t.n), remainders=t.n_remainders)
    notes = [Note("general", cuts), Note("general", limited)]
    if result.barred:
        notes.append(Note("general", Label("qca.note_barred", n=len(result.barred))))
    title = Label("qca.title_truth", outcome=result.outcome_label)
    return Table("qca.truth_table", "S3", title, (tuple(heads),), rows, tuple(notes))


def chart_table(result: QcaResult) -> Table:
    """S4: conditions down, paths of every tied model across, fit below (Ragin & Fiss 2008)."""
    models = result.models
    heads = [Head("qca.condition")]
    top = [Head("")]
    for i, m in enumerate(models, start=1):
        top.append(Head(Label("qca.model", n=i), span=max(1, len(m.paths))))
        heads += [Head(Label(zh=f"{i}{path_letter(j)}", en=f"{i}{path_letter(j)}")) for j in range(len(m.paths))]
    paths = [p for m in models for p in m.paths]
    rows = [
        Row((Cell(result.cases.labels[name], "label"), *(Cell(_sign(result, p.term, j), "text") for p in paths)))
        for j, name in enumerate(result.table_.conditions.names)
    ]
    for kind in ("consistency", "pri", "coverage", "unique"):
        cells = (Cell(getattr(p, kind), "unique_coverage" if kind == "unique" else kind) for p in paths)
        rows.append(Row((Cell(Label(f"qca.path_{kind}"), "label"), *cells), role="stat"))
    covered = (Cell(", ".join(result.cases.names[c] for c in p.members), "text") for p in paths)
    rows.append(Row((Cell(Label("qca.cases"), "label"), *covered), role="stat"))
    for kind in ("consistency", "coverage"):
        rows.append(Row((Cell(Label(f"qca.model_{kind}"), "label"), *_once(models, kind)), role="stat"))
    header = (tuple(top), tuple(heads)) if len(models) > 1 else (tuple(heads),)
    title = Label("qca.title_chart", kind=Label(f"qca.kind.{result.printed}"), outcome=result.outcome_label)
    return Table("qca.configurations", "S4", title, header, tuple(rows), _chart_notes(result))


def path_letter(j: int) -> str:
    """What tells the paths of a model apart: a, b, ..."""
    return chr(ord("a") + j) if j < 26 else f".{j + 1}"


def _sign(result: QcaResult, term: Term, j: int) -> str:
    """A filled circle for presence, a crossed one for absence; large where the parsimonious solution keeps it."""
    value = term[j]
    if value == ANY:
        return ""
    if result.table_.conditions.levels[j] > 2:
        return str(value)
    return CORE[value] if result.core(term, j) else EDGE[value] if value else f"({EDGE[value]})"


def _once(models: tuple[Model, ...], kind: str) -> list[Cell]:
    """The value of a model below its first path."""
    cells = []
    for m in models:
        cells.append(Cell(getattr(m, kind), kind))
        cells += [Cell("", "text")] * (len(m.paths) - 1)
    return cells


def _chart_notes(result: QcaResult) -> tuple[Note, ...]:
    notes = [Label("qca.note_signs")]
    if not result.models:
        notes = [Label("qca.note_empty")]
    if len(result.models) > 1:
        notes.append(Label("qca.note_tied", n=len(result.models)))
    if result.expectations:
        said = ", ".join(f"{name}={value}" for name, value in result.expectations.items())
        notes.append(Label("qca.note_expectations", said=said))
    for r in result.ranges:
        if r.low is not None and r.high is not None:
            notes.append(Label(f"qca.note_range_{r.name}", low=f"{r.low:.3g}", high=f"{r.high:.3g}"))
    return tuple(Note("general", n) for n in notes)


def cases_table(result: QcaResult) -> Table:
    """Case, membership in the first model and in the outcome, type."""
    heads = tuple(Head(h) for h in ("qca.case", "qca.in_solution", "qca.in_outcome", "qca.type"))
    rows: tuple[Row, ...] = ()
    if result.models:
        lines = zip(result.cases.names, result.models[0].membership, result.cases.outcome, result.types[0], strict=True)
        ordered = sorted(lines, key=lambda line: (_ORDER.index(line[3]), -line[1]))
        rows = tuple(
            Row((Cell(name, "label"), Cell(float(x), "membership"), Cell(float(y), "membership"),
                 Cell(Label(f"qca.type.{kind}"), "text")))
            for name, x, y, kind in ordered
        )  # fmt: skip
    return Table("qca.cases", "cases", Label("qca.title_cases"), (heads,), rows, (Note("general", "qca.note_types"),))


_ORDER = ("typical", "typical_inconsistent", "deviant_consistency", "deviant_coverage", "irrelevant")
