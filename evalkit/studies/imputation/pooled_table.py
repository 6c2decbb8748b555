"""Pooled estimates in, a table beside the listwise ones out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.studies.imputation.pooled import ASIDE, term_id

if TYPE_CHECKING:
    from evalkit.studies.imputation.pooled import PooledResult

MEASURES = (
    "model.r_squared", "model.r_squared_adj", "model.r_squared_change", "model.f_statistic", "model.f_change",
    "model.chi2_model", "model.chi2_change", "model.mcfadden", "model.nagelkerke",
)  # fmt: skip
CHANGES = ("model.r_squared_change", "model.f_change", "model.chi2_change")
"""Measures of a block against the one before, which the first has not."""
HEADS = ("variable", "listwise", "estimate", "se", "statistic", "df", "p", "interval", "fmi")


def pooled_table(result: PooledResult, template: str) -> Table:
    """A row a statistic: the estimate of complete rows only, then the pooled one with its tests.

    Raises
    ------
    AnalysisError
        E652 for an unknown template.
    """
    if template not in result.templates:
        raise AnalysisError(Problem("E652", params={"name": template, "known": list(result.templates)}))
    rows: list[Row] = []
    model = None
    models = [m for m in result.estimates["model"].unique() if m is not None and m == m]
    for row in result.estimates.to_dict("records"):
        if not _printed(row, models):
            continue
        if row["model"] is not None and row["model"] != model:
            model = row["model"]
            head = Cell(Label("imputation.model", name=str(model)), "label")
            rows.append(Row((head, *(Cell("", "text"),) * (len(HEADS) - 1)), role="section"))
        rows.append(_row(result, row))
    return Table(
        id="pooled",
        template=template,
        title=Label("imputation.title_pooled", m=result.m),
        header=(tuple(Head(f"imputation.head.{name}") for name in HEADS),),
        rows=tuple(rows),
        notes=_notes(result),
    )


def _printed(row: dict[str, Any], models: list[str]) -> bool:
    """Whether a row stands in the table; D2, D3, other measures, points of curves and groups are in `tidy()` only."""
    term = str(row["term"])
    if not term.startswith("model."):
        return not term.startswith(ASIDE)
    first = bool(models) and row["model"] == models[0]
    return term in MEASURES and not (first and len(models) > 1 and term in CHANGES)


def _row(result: PooledResult, row: dict[str, Any]) -> Row:
    key = term_id(row)
    joint = str(row["label"]) in ("d1", "d2", "d3")
    ends = (row["conf_low"], row["conf_high"])
    interval = Cell(ends, "interval", id=f"{key}#conf_low") if np.isfinite(ends).all() else Cell(None, "interval")
    test = (row["df"], row["df2"]) if joint and np.isfinite(row["df2"]) else row["df"]
    cells = (
        Cell(result.label(row), "label"),
        _number(row["listwise"], "estimate", f"{key}#listwise"),
        _number(row["estimate"], "f_statistic" if joint else "estimate", f"{key}#estimate", row["p_value"]),
        _number(row["std_error"], "std_error", f"{key}#std_error"),
        _number(row["statistic"], "statistic", f"{key}#statistic"),
        Cell(test, "df") if np.isfinite(test).all() else Cell(None, "df"),
        _number(row["p_value"], "p_value", f"{key}#p_value"),
        interval,
        _number(row["fmi"], "fmi", f"{key}#fmi"),
    )
    return Row(cells, role="stat" if str(row["term"]).startswith("model.") else "body")


def _number(value: float, kind: str, id: str, p: float | None = None) -> Cell:
    if not np.isfinite(value):
        return Cell(None, kind)
    return Cell(float(value), kind, p=None if p is None or np.isnan(p) else p, id=id)


def _notes(result: PooledResult) -> tuple[Note, ...]:
    notes = [Note("general", Label("imputation.note_pooled", m=result.m, level=f"{100 * result.conf_level:g}"))]
    how = set(result.estimates["label"])
    for label in ("recovered", "d1"):
        if label in how:
            notes.append(Note("general", f"imputation.note_{label}"))
    if result.n_listwise is not None:
        notes.append(Note("general", Label("imputation.note_listwise", n=result.n_listwise)))
    notes.append(Note("general", Label("n", n=result.n_obs)))
    return tuple(notes)
