"""A robustness check in, T21 out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.studies.variants.specification import LINEAR, SLOPES

if TYPE_CHECKING:
    from evalkit.studies.variants.result import Column, RobustnessResult

TEMPLATES = ("T21", "T21.long")


def robustness_table(result: RobustnessResult, template: str) -> Table:
    """Key effects in lines of two: estimate, and below its standard error (mediation: its interval).

    Raises
    ------
    AnalysisError
        E652 for an unknown template.
    """
    if template not in TEMPLATES:
        raise AnalysisError(Problem("E652", params={"name": template, "known": list(TEMPLATES)}))
    if template == "T21.long":
        return _long_table(result)
    heads = [Head(column.label) for column in result.columns]
    if result.without:
        heads.append(Head(Label("robustness.left_out", name=result.labels[str(result.leave_out)])))
    numbers = [Head(Label("model_n", n=i)) for i in range(1, len(heads) + 1)]
    rows = [row for key in result.keys for row in _effect_rows(result, key)]
    return Table(
        id="robustness",
        template=template,
        title=Label("robustness.title", outcome=result.labels[result.columns[0].found.outcome]),
        header=((Head(""), *heads), (Head("variable"), *numbers)),
        rows=(*rows, *_stat_rows(result)),
        notes=tuple(_notes(result, long=False)),
    )


def _effect_rows(result: RobustnessResult, key: str) -> list[Row]:
    upper, lower = [Cell(result.labels[key], "label")], [Cell("", "text")]
    for column in result.columns:
        row = column.found.rows.loc[key]
        where = f"{column.id}/{column.found.outcome}/{key}"
        lacking = np.isnan(row["estimate"])
        reason = "robustness.why_not" if lacking else None
        upper.append(Cell(row["estimate"], "estimate", p=row["p_value"], id=f"{where}#estimate", reason=reason))
        if result.do == "mediate":
            lower.append(Cell(None if lacking else (row["conf_low"], row["conf_high"]), "interval"))
        else:
            unknown = "robustness.why_not" if np.isnan(row["std_error"]) else None
            lower.append(Cell(row["std_error"], "std_error", wrap="(", id=f"{where}#std_error", reason=unknown))
    if result.without:
        low, high, count, agreeing = result.spread(key)
        upper.append(Cell((low, high) if count else None, "interval"))
        lower.append(Cell(Label("robustness.agreeing", k=agreeing, n=count), "label"))
    return [Row(tuple(upper)), Row(tuple(lower))]


def _long_table(result: RobustnessResult) -> Table:
    """An alternative a line; with several key effects a section each."""
    names = ("alternative", "estimate", "std_error", "interval", "p_value", "controls", "n", "r_squared")
    rows: list[Row] = []
    for key in result.keys:
        if len(result.keys) > 1:
            rows.append(Row((Cell(result.labels[key], "label"),), role="section"))
        rows += [_long_row(column, key) for column in result.columns]
        if result.without:
            low, high, count, agreeing = result.spread(key)
            label = Label("robustness.left_out", name=result.labels[str(result.leave_out)])
            cells = [Cell(label, "label"), Cell((low, high) if count else None, "interval")]
            words = Cell(Label("robustness.agreeing", k=agreeing, n=count), "label")
            empty = (Cell(None, "p_value"), Cell(None, "text"), Cell(None, "n_obs"), Cell(None, "r_squared"))
            rows.append(Row((*cells, Cell(None, "std_error"), words, *empty)))
    return Table(
        id="robustness",
        template="T21.long",
        title=Label("robustness.title", outcome=result.labels[result.columns[0].found.outcome]),
        header=(tuple(Head(f"robustness.{name}") for name in names),),
        rows=tuple(rows),
        notes=tuple(_notes(result, long=True)),
    )


def _long_row(column: Column, key: str) -> Row:
    row = column.found.rows.loc[key]
    where = f"{column.id}/{column.found.outcome}/{key}"

    def number(name: str, p: float | None = None) -> Cell:
        reason = "robustness.why_not" if np.isnan(row[name]) else None
        return Cell(row[name], name, p=p, id=f"{where}#{name}", reason=reason)

    ends = (row["conf_low"], row["conf_high"]) if np.isfinite(row["conf_low"]) else None
    return Row(
        (
            Cell(column.label, "label"),
            number("estimate", row["p_value"]),
            number("std_error"),
            Cell(ends, "interval"),
            number("p_value"),
            Cell(Label("robustness.yes" if column.controls else "robustness.no"), "label"),
            Cell(column.found.n_obs or None, "n_obs"),
            Cell(_or_none(column.found.r_squared), "r_squared"),
        )
    )


def _stat_rows(result: RobustnessResult) -> list[Row]:
    def line(name: str, cells: list[Cell], last: Cell) -> Row:
        more = (last,) if result.without else ()
        return Row((Cell(Label(f"robustness.{name}"), "label"), *cells, *more), role="stat")

    controls = [Cell(Label("robustness.yes" if c.controls else "robustness.no"), "label") for c in result.columns]
    counts = [Cell(c.found.n_obs, "n_obs") if c.found.n_obs else Cell(None, "n_obs") for c in result.columns]
    quality = [Cell(_or_none(c.found.r_squared), "r_squared") for c in result.columns]
    counted = [found.n_obs for found in result.without.values() if found.n_obs]
    span = Cell(f"{min(counted)}–{max(counted)}" if counted else None, "text" if counted else "n_obs")
    return [
        line("controls", controls, controls[0]),
        line("n", counts, span),
        line("r_squared", quality, Cell(None, "r_squared")),
    ]


def _or_none(value: float) -> float | None:
    return value if value == value else None


def _notes(result: RobustnessResult, *, long: bool) -> list[Note]:
    level = f"{100 * result.conf_level:g}"
    mediated = result.do == "mediate"
    if long:
        words = Label("robustness.note_long", level=level)
    else:
        words = Label("robustness.note_interval", level=level) if mediated else Label("robustness.note_se")
    notes = [Note("general", words)]
    if any(_is_nonlinear(column) for column in result.columns):
        notes.append(Note("general", "robustness.note_scale"))
    if result.without:
        notes.append(Note("general", Label("robustness.note_left_out", n=len(result.without))))
    if any(column.id == "standardised" for column in result.columns):
        notes.append(Note("general", "robustness.note_standardised"))
    return notes


def _is_nonlinear(column: Column) -> bool:
    name = column.id.removeprefix("estimator.")
    return column.kind == "estimator" and name in SLOPES and name != LINEAR
