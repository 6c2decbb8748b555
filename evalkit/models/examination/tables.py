"""Diagnostics in, their tables out."""

from __future__ import annotations

import numpy as np

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.models.examination.cases import MEASURES
from evalkit.models.examination.residual_tests import NAMES
from evalkit.models.examination.result import DiagnosticsResult

WHY = "examination.why"


def diagnostics_table(result: DiagnosticsResult, template: str) -> Table:
    """One of the tables; E652 for an unknown template."""
    makers = {"assumptions": _assumptions, "variables": _variables, "cases": _cases}
    if template not in makers:
        raise AnalysisError(Problem("E652", params={"name": template, "known": list(makers)}))
    header, rows, notes = makers[template](result)
    size = Note("general", Label("examination.note_n", n=result.n_obs))
    return Table(
        id="diagnostics",
        template=template,
        title=Label(f"examination.title.{template}", outcome=result.labels[result.outcome]),
        header=(tuple(Head(name) for name in header),),
        rows=tuple(rows),
        notes=(*notes, size),
    )


Parts = tuple[list[str], list[Row], list[Note]]


def _number(value: float, kind: str, id: str | None = None, p: float | None = None) -> Cell:
    missing = bool(np.isnan(value))
    return Cell(float(value), kind, p=p, id=id, reason=WHY if missing else None)


def _assumptions(result: DiagnosticsResult) -> Parts:
    rows = []
    for name in NAMES:
        value, df, df2, p = result.tests[name]
        key = f"{result.outcome}/test/{name}"
        plain = name in ("durbin_watson", "shapiro")
        cells = [
            Cell(Label(f"examination.test.{name}"), "label"),
            _number(value, "statistic", f"{key}#estimate"),
            Cell(None, "df") if plain else _number(df, "df", f"{key}#df"),
            Cell(None, "df2") if np.isnan(df2) else Cell(df2, "df2", id=f"{key}#df2"),
            Cell(None, "p_value") if name == "durbin_watson" else _number(p, "p_value", f"{key}#p_value"),
            Cell(Label(f"examination.about.{name}"), "label"),
        ]
        rows.append(Row(tuple(cells)))
    outlier = result.tests["outlier"][3]
    bound = Label("examination.note_outlier", p=f"{min(1.0, result.n_obs * outlier):.3f}")
    notes = [Note("general", "examination.note_tests")]
    if not np.isnan(outlier):
        notes.append(Note("general", bound))
    header = ["examination.test", "examination.statistic", "df", "examination.df2", "p_value", "examination.about"]
    return header, rows, notes


def _variables(result: DiagnosticsResult) -> Parts:
    found = result.squares
    share, low, high = result.shares
    rows = []
    for i, name in enumerate(result.variables):
        key = f"{result.outcome}/variable/{name}"
        ends = (float(low[i]), float(high[i]))
        known = bool(np.isfinite(ends).all())
        cells = [
            Cell(result.labels[name], "label"),
            _number(result.gvif[i], "gvif", f"{key}#gvif"),
            _number(result.gvif_root[i], "gvif_root", f"{key}#gvif_root"),
            _number(found.sums[i], "sum_of_squares", f"{key}#sum_of_squares"),
            _number(found.df[i], "df", f"{key}#df"),
            _number(found.f[i], "statistic", f"{key}#statistic", float(found.p[i])),
            _number(found.p[i], "p_value", f"{key}#p_value"),
            _number(share[i], "r_squared", f"{key}#estimate"),
            Cell(ends, "interval", wrap="[", id=f"{key}#conf_low") if known else Cell(np.nan, "interval", reason=WHY),
        ]
        rows.append(Row(tuple(cells)))
    rest = f"{result.outcome}/variable/residual"
    cells = [Cell(Label("examination.residual"), "label"), Cell(None, "gvif"), Cell(None, "gvif_root")]
    cells += [_number(found.rest, "sum_of_squares", f"{rest}#sum_of_squares")]
    cells += [
        _number(float(found.rest_df or np.nan), "df", f"{rest}#df"),
        Cell(None, "statistic"),
        Cell(None, "p_value"),
        Cell(None, "r_squared"),
        Cell(None, "interval"),
    ]
    rows.append(Row(tuple(cells), role="stat"))
    largest = float(result.condition.max()) if len(result.condition) else np.nan
    notes = [Note("general", Label("examination.note_variables", type=result.squares_type))]
    if not np.isnan(largest):
        notes.append(Note("general", Label("examination.note_condition", value=f"{largest:.1f}")))
    columns = ["gvif", "gvif_root", "sum_of_squares"]
    shares = ["examination.partial_eta", "examination.partial_eta_interval"]
    return ["variable", *(f"examination.{c}" for c in columns), "df", "examination.f", "p_value", *shares], rows, notes


def _cases(result: DiagnosticsResult) -> Parts:
    header = ["examination.case", *(f"examination.case.{name}" for name in MEASURES), "examination.largest"]
    shown = result.cases
    rows = []
    if shown is not None:
        for i, row in zip(shown.places, shown.ids, strict=True):
            key = f"{result.outcome}/case/{row}"
            cells = [Cell(shown.labels[row], "label")]
            cells += [_number(getattr(shown.measures, name)[i], name, f"{key}#{name}") for name in MEASURES]
            moved = shown.measures.dfbetas[i]
            if np.isnan(moved).all():
                cells.append(Cell(np.nan, "text", reason=WHY))
            else:
                term = shown.terms[int(np.nanargmax(np.abs(moved)))]
                cells.append(Cell(result.labels[term], "label"))
            rows.append(Row(tuple(cells)))
    notes = [Note("general", "examination.note_cases")]
    if result.beyond:
        notes.append(Note("general", Label("examination.note_beyond", **result.beyond)))
    return header, rows, notes
