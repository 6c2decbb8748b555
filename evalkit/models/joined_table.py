"""Regressions of any family in, their models side by side as one table out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.contract import Cell, Head, Label, Note, Row, Table
from evalkit.models.linear_table import regression_table

if TYPE_CHECKING:
    from evalkit.models.generalised.result import OutcomeResult
    from evalkit.models.linear import RegressionResult

Block = dict[str, tuple[Label, list[tuple[Cell, ...]], str]]
"""What a line is about (its words) -> label, the lines without their first cell, and their role."""


def joined_models(results: Sequence[RegressionResult | OutcomeResult], *, id: str, title: Label | None = None) -> Table:
    """One T13 of linear regressions and outcome models: coefficients in common rows, statistics of each below.

    Parameters
    ----------
    results : sequence of RegressionResult or OutcomeResult
        In the order of the columns. Each outcome, with its family, heads its models; models are numbered throughout.
        A coefficient of a category stands in a row of its own, named with the category.
    """
    from evalkit.models.linear import RegressionResult

    linear = [r for r in results if isinstance(r, RegressionResult)]
    if len(linear) == len(results):
        return regression_table(linear, id=id, title=title)
    tables = [result.table("T13") for result in results]
    widths = [len(result.models) for result in results]
    blocks = [_blocks(table) for table in tables]
    rows = _merged([body for body, _ in blocks], widths) + _merged([stat for _, stat in blocks], widths)
    heads = [Head(_outcome(result), span=width) for result, width in zip(results, widths, strict=True)]
    numbers = [Head(Label("model_n", n=i)) for i in range(1, sum(widths) + 1)]
    return Table(
        id=id,
        template="T13",
        title=title or Label("regression.title_models"),
        header=((Head(""), *heads), (Head("variable"), *numbers)),
        rows=tuple(rows),
        notes=_notes(results, tables),
    )


def _outcome(result: RegressionResult | OutcomeResult) -> Label:
    family = Label(f"outcomes.family.{getattr(result, 'family', 'linear')}")
    return Label("regression.outcome_family", outcome=result.labels[result.outcome], family=family)


def _blocks(table: Table) -> tuple[Block, Block]:
    """Coefficients and statistics of a table."""
    body: Block = {}
    stat: Block = {}
    section: Label | None = None
    key = ""
    for row in table.rows:
        first = row.cells[0]
        if row.role == "section":
            section = first.value
            continue
        into = stat if row.role == "stat" else body
        if first.kind == "label":
            label = first.value
            if section is not None and row.role != "stat":
                label = Label("regression.of_category", term=label, category=section)
            key = _words(label)
            while key in into:  # two variables of one name keep their lines apart
                key += "'"
            into[key] = (label, [row.cells[1:]], row.role)
        else:
            into[key][1].append(row.cells[1:])
    return body, stat


def _words(label: Label) -> str:
    return label.text("zh") + "/" + label.text("en")


def _merged(parts: Sequence[Block], widths: Sequence[int]) -> list[Row]:
    """Rows of all results, those about the same thing on common lines; constants and counts of rows come last."""
    order = dict.fromkeys(key for part in parts for key in part)
    last = [_words(Label(f"regression.{name}")) for name in ("intercept", "n", "n_clusters")]
    names = [*(key for key in order if key not in last), *(key for key in last if key in order)]
    rows = []
    for key in names:
        label, lines, role = next(part[key] for part in parts if key in part)
        for line in range(len(lines)):
            cells = [Cell(label, "label") if line == 0 else Cell("", "text")]
            for part, width in zip(parts, widths, strict=True):
                own = part[key][1] if key in part else None
                blank = Cell(None, "estimate") if line == 0 else Cell("", "text")
                cells += own[line] if own is not None else (blank,) * width
            rows.append(Row(tuple(cells), role=role))
    return rows


def _notes(results: Sequence[RegressionResult | OutcomeResult], tables: Sequence[Table]) -> tuple[Note, ...]:
    """Every note once; those that are not true of all models say of which, the others stand below them."""
    same_rows = len({result.n_obs for result in results}) == 1
    owners: dict[Note, list[int]] = {}
    start = 1
    for result, table in zip(results, tables, strict=True):
        for note in table.notes:
            rows = isinstance(note.label, Label) and note.label.key == "regression.note_rows"
            if same_rows or not rows:  # where they differ, each column's own count stands in the table
                owners.setdefault(note, []).extend(range(start, start + len(result.models)))
        start += len(result.models)
    some = [_of_models(note, own) for note, own in owners.items() if len(own) < start - 1]
    return (*some, *(note for note, own in owners.items() if len(own) == start - 1))


def _of_models(note: Note, models: Sequence[int]) -> Note:
    label = note.label if isinstance(note.label, Label) else Label(note.label)
    return Note(note.kind, Label("regression.of_models", models=", ".join(map(str, models)), note=label))
