"""Pooled estimates in, a table beside the listwise ones out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.studies.imputation.naming import given
from evalkit.studies.imputation.pooled import term_id

if TYPE_CHECKING:
    from evalkit.studies.imputation.pooled import PooledResult

MEASURES = (
    "model.r_squared", "model.r_squared_adj", "model.r_squared_change", "model.f_statistic", "model.f_change",
    "model.chi2_model", "model.chi2_change", "model.mcfadden", "model.nagelkerke", "model.chisq", "model.cfi",
    "model.tli", "model.rmsea", "model.srmr", "model.chisq_scaled", "model.cfi_scaled", "model.tli_scaled",
)  # fmt: skip
CHANGES = ("model.r_squared_change", "model.f_change", "model.chi2_change")
"""Measures of a block against the one before, which the first has not."""
HEADS = ("variable", "listwise", "estimate", "se", "statistic", "df", "p", "p_adjusted", "interval", "fmi")


def pooled_table(result: PooledResult, template: str) -> Table:
    """A row a statistic: the estimate of complete rows only, then the pooled one with its tests.

    Raises
    ------
    AnalysisError
        E652 for an unknown template.
    """
    if template not in result.templates:
        raise AnalysisError(Problem("E652", params={"name": template, "known": list(result.templates)}))
    heads = [h for h in HEADS if h != "p_adjusted" or result.estimates["p_adjusted"].notna().any()]
    rows: list[Row] = []
    model: object = None
    models = [m for m in result.estimates["model"].unique() if given(m)]
    for row in result.estimates.to_dict("records"):
        if not _printed(result, row, models):
            continue
        own = row["model"] if given(row["model"]) else None
        if own != model:
            model = own
            head = Cell(Label("imputation.further") if own is None else result.naming.model(str(own)), "label")
            rows.append(Row((head, *(Cell("", "text"),) * (len(heads) - 1)), role="section"))
        rows.append(_row(result, row, heads))
    return Table(
        id="pooled",
        template=template,
        title=Label("imputation.title_pooled", m=result.m),
        header=(tuple(Head(f"imputation.head.{name}") for name in heads),),
        rows=tuple(rows),
        notes=_notes(result),
    )


def _printed(result: PooledResult, row: dict[str, Any], models: list[str]) -> bool:
    """Whether a row stands in the table; D2, D3, other measures, points of curves and groups are in `tidy()` only."""
    term = str(row["term"])
    if not term.startswith("model."):
        return not result.aside(row)
    first = bool(models) and row["model"] == models[0]
    return term in MEASURES and not (first and len(models) > 1 and term in CHANGES)


def _row(result: PooledResult, row: dict[str, Any], heads: list[str]) -> Row:
    key, term = term_id(row), str(row["term"])
    joint = str(row["label"]) in ("d1", "d2", "d3")
    kind = "chisq" if term.startswith("model.chisq") else "f_statistic" if joint else "estimate"
    ends = (row["conf_low"], row["conf_high"])
    test = (row["df"], row["df2"]) if joint and np.isfinite(row["df2"]) else row["df"]
    cells = {
        "variable": Cell(result.label(row), "label"),
        "listwise": _number(row["listwise"], "estimate", f"{key}#listwise"),
        "estimate": _number(row["estimate"], kind, f"{key}#estimate", row["p_value"]),
        "se": _number(row["std_error"], "std_error", f"{key}#std_error"),
        "statistic": _number(row["statistic"], "statistic", f"{key}#statistic"),
        "df": Cell(test, "df") if np.isfinite(test).all() else Cell(None, "df"),
        "p": _number(row["p_value"], "p_value", f"{key}#p_value"),
        "p_adjusted": _number(row["p_adjusted"], "p_value", f"{key}#p_adjusted"),
        "interval": Cell(ends, "interval", id=f"{key}#conf_low") if np.isfinite(ends).all() else Cell(None, "interval"),
        "fmi": _number(row["fmi"], "fmi", f"{key}#fmi"),
    }
    return Row(tuple(cells[name] for name in heads), role="stat" if term.startswith("model.") else "body")


def _number(value: float, kind: str, id: str, p: float | None = None) -> Cell:
    if not np.isfinite(value):
        return Cell(None, kind)
    return Cell(float(value), kind, p=None if p is None or np.isnan(p) else p, id=id)


def _notes(result: PooledResult) -> tuple[Note, ...]:
    notes = [Note("general", Label("imputation.note_pooled", m=result.m, level=f"{100 * result.conf_level:g}"))]
    how = set(result.estimates["label"])
    if result.estimates["p_adjusted"].notna().any():
        notes.append(Note("general", "imputation.note_adjusted"))
    for label in ("recovered", "ratio", "d1", "fit", "bound", "mean"):
        if label in how:
            notes.append(Note("general", f"imputation.note_{label}"))
    if result.n_listwise is not None:
        notes.append(Note("general", Label("imputation.note_listwise", n=result.n_listwise)))
    notes.append(Note("general", Label("n", n=result.n_obs)))
    return tuple(notes)
