"""Imputed data or pooled estimates in, their tables for print out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.studies.imputation.convergence import limit

if TYPE_CHECKING:
    from evalkit.studies.imputation.imputed import Imputed


def imputation_table(result: Imputed, template: str) -> Table:
    """A row a variable: method, gaps, answers, imputed values, R-hat.

    Raises
    ------
    AnalysisError
        E652 for an unknown template.
    """
    if template not in result.templates:
        raise AnalysisError(Problem("E652", params={"name": template, "known": list(result.templates)}))
    rows = []
    for name, part in result.filled.items():
        row = result.row(name)
        numbers = not part.codes
        cells = (
            Cell(result.labels[name], "label"),
            Cell(Label(f"imputation.method.{part.method}"), "label"),
            Cell(len(part.rows), "n_missing", id=f"{name}#n_missing"),
            Cell(row["percent"], "percent", id=f"{name}#percent"),
            Cell((row["mean"], row["sd"]) if numbers else None, "mean_sd"),
            Cell((row["imputed_mean"], row["imputed_sd"]) if numbers and len(part.rows) else None, "mean_sd"),
            _rhat(name, row["rhat"], part.method),
        )
        rows.append(Row(cells))
    header = ("variable", "method", "n_missing", "percent", "answers", "imputed", "rhat")
    return Table(
        id="imputation",
        template=template,
        title=Label("imputation.title", m=result.m),
        header=(tuple(Head(f"imputation.head.{name}") for name in header),),
        rows=tuple(rows),
        notes=_notes(result),
    )


def _rhat(name: str, value: float, method: str) -> Cell:
    if method == "cluster":
        return Cell(None, "rhat")
    return Cell(value, "rhat", id=f"{name}#rhat", reason="imputation.why_no_rhat" if np.isnan(value) else None)


def _notes(result: Imputed) -> tuple[Note, ...]:
    bound = limit(result.m, result.iterations)
    notes = [Note("general", Label("imputation.note", m=result.m, iterations=result.iterations, limit=f"{bound:.2f}"))]
    if result.rescored:
        notes.append(Note("general", "imputation.note_rescored"))
    if result.cluster is not None:
        notes.append(Note("general", Label("imputation.note_cluster", cluster=result.labels[result.cluster])))
    left = sum(part.n_left for part in result.filled.values())
    if left:
        notes.append(Note("general", Label("imputation.note_left", n=left)))
    return (*notes, Note("general", Label("n", n=result.n_obs)))
