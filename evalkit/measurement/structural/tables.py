"""A structural result in, its printed tables out: loadings (T5), paths (T16), fit (T8), latent correlations (T9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.contract import Cell, Head, Label, Note, Row, Table

if TYPE_CHECKING:
    from evalkit.measurement.structural.result import StructuralResult

# Measure, its ends where it has an interval, and the word key of its norm.
_FIT: tuple[tuple[str, str, str], ...] = (
    ("chisq", "structural.chisq", ""),
    ("df", "df", ""),
    ("p_value", "p_value", "structural.norm_p"),
    ("chisq_df", "structural.chisq_df", "structural.norm_ratio"),
    ("rmsea", "structural.rmsea", "structural.norm_08"),
    ("rmsea_low", "structural.rmsea_interval", ""),
    ("rmsea_p", "structural.rmsea_p", "structural.norm_p"),
    ("srmr", "structural.srmr", "structural.norm_08"),
    ("rmr", "structural.rmr", "structural.norm_05"),
    ("cfi", "structural.cfi", "structural.norm_90"),
    ("tli", "structural.tli", "structural.norm_90"),
    ("gfi", "structural.gfi", "structural.norm_90"),
    ("agfi", "structural.agfi", "structural.norm_90"),
    ("nfi", "structural.nfi", "structural.norm_90"),
    ("ifi", "structural.ifi", "structural.norm_90"),
    ("pnfi", "structural.pnfi", "structural.norm_50"),
    ("pcfi", "structural.pcfi", "structural.norm_50"),
    ("aic", "structural.aic", ""),
    ("bic", "structural.bic", ""),
)
_FIXED = Cell(None, "estimate")
LARGE_RESIDUAL, LARGE_Z = 0.10, 2.58
"""Kline (2016), Principles and Practice of Structural Equation Modeling, 4th ed., ch. 11; |z| of p < .01."""


def loading_table(result: StructuralResult) -> Table:
    """T5 of a model: factors with CR and AVE, below each its items with loading, error, z, p and SMC."""
    heads = ("structural.factor_item", "structural.b", "std_error", "structural.z", "p_value", "structural.loading",
             "structural.smc", "structural.cr", "structural.ave")  # fmt: skip
    rows: list[Row] = []
    for group in result.groups:
        if len(result.groups) > 1:
            rows.append(_section(result, group))
        smc = {r.name: r.value for r in result.explained[result.explained["group"] == group].itertuples()}
        found = result.rows("=~", group=group)
        strength = {f.name: f for f in result.factors if f.group == group}
        for name in result.latent:
            blank = [Cell(None, "estimate") for _ in range(6)]
            factor = strength.get(name)
            ends = (
                (Cell(factor.composite_reliability, "composite_reliability"), Cell(factor.ave, "ave"))
                if factor
                else (Cell(None, "composite_reliability"), Cell(None, "ave"))
            )
            rows.append(Row((Cell(result.labels[name], "label", bold=True), *blank, *ends)))
            for r in found[found["lhs"] == name].itertuples():
                cells = _estimate_cells(r, "loading")
                last = (Cell(smc.get(r.rhs, np.nan), "r_squared"), _FIXED, _FIXED)
                rows.append(Row((Cell(result.labels[r.rhs], "label"), *cells, *last), indent=1))
    notes = [Label("structural.note_loading"), Label("structural.note_strength"), *_method_notes(result)]
    notes += [Label("structural.note_ordinal")] if result.ordinal else []
    title = Label("structural.loadings")
    return Table(f"{result.do}.loadings", "T5", title, (tuple(map(Head, heads)),), tuple(rows), _general(notes))


def path_table(result: StructuralResult) -> Table:
    """T16: paths with b, error, z, p, interval and beta; then defined effects; the fit below.

    With hypotheses each row says which it tests and whether its interval supports it.
    """
    interval = Label("confidence_interval", level=f"{100 * result.conf_level:g}")
    heads = [Head("structural.path"), Head("structural.b"), Head("std_error"), Head("structural.z"), Head("p_value"),
             Head(interval), Head("structural.beta")]  # fmt: skip
    if result.hypotheses:
        heads = [Head("structural.hypothesis"), *heads, Head("structural.conclusion")]
    rows: list[Row] = []
    for group in result.groups:
        if len(result.groups) > 1:
            rows.append(_section(result, group))
        for r in result.rows("~", group=group).query("op == '~'").itertuples():
            name = Label("structural.arrow", start=result.labels[r.rhs], end=result.labels[r.lhs])
            rows.append(_path_row(result, name, r))
    defined = result.estimates[result.estimates["op"] == ":="]
    if len(defined):
        rows.append(Row((Cell(Label("structural.defined"), "label"),), role="section"))
        for r in defined.itertuples():
            rows.append(_path_row(result, Label("structural.formula", name=r.lhs, formula=r.rhs), r))
    rows += _fit_rows(result, len(heads))
    judged = [Label("structural.note_conclusion")] if result.hypotheses else []
    notes = [*judged, *_interval_notes(result), *_method_notes(result)]
    return Table(f"{result.do}.paths", "T16", Label("structural.paths"), (tuple(heads),), tuple(rows), _general(notes))


def _fit_rows(result: StructuralResult, width: int) -> list[Row]:
    """The fit below the paths: the corrected values where the estimator has them."""
    rows = []
    first = [Cell("", "text")] if result.hypotheses else []
    for name in ("chisq", "df", "p_value", "cfi", "tli", "rmsea", "srmr"):
        key = next(k for n, k, _ in _FIT if n == name)
        ends = [end for end in ("_robust", "_scaled") if np.isfinite(result.measures.get(name + end, np.nan))]
        cell = _measure_cell(result, name, ends[0] if ends else "")
        blanks = [Cell("", "text") for _ in range(width - 2 - len(first))]
        rows.append(Row((*first, Cell(Label(key), "label"), cell, *blanks), role="stat"))
    return rows


def fit_table(result: StructuralResult) -> Table:
    """T8 of one model: each measure, the corrected value where the estimator has one, and the usual norm."""
    corrected = result.estimator in ("MLM", "MLR", "WLSM", "WLSMV", "ULSMV")
    heads = [Head("structural.measure"), Head("estimate")]
    heads += [Head("structural.corrected")] if corrected else []
    heads += [Head("structural.norm")]
    rows = []
    for name, key, norm in _FIT:
        cells = [Cell(Label(key), "label"), _measure_cell(result, name, "")]
        if corrected:
            cells.append(_corrected_cell(result, name))
        rows.append(Row((*cells, Cell(Label(norm), "text") if norm else Cell(None, "text"))))
    notes = [Label("structural.note_norms"), *([Label("structural.note_corrected")] if corrected else [])]
    notes += _method_notes(result)
    return Table(f"{result.do}.fit", "T8", Label("structural.fit"), (tuple(heads),), tuple(rows), _general(notes))


def correlation_table(result: StructuralResult) -> Table:
    """Latent correlations below the diagonal, the root of AVE bold on it."""
    names = list(result.latent)
    heads = (Head("structural.factor"), *(Head(result.labels[name]) for name in names))
    rows: list[Row] = []
    p_values = {
        frozenset((r.lhs, r.rhs, r.group)): r.p_value
        for r in result.estimates[result.estimates["op"] == "~~"].itertuples()
    }
    for group in result.groups:
        if len(result.groups) > 1:
            rows.append(_section(result, group))
        matrix = result.correlations[group].to_numpy()
        ave = {f.name: f.ave for f in result.factors if f.group == group}
        for i, name in enumerate(names):
            below = [
                Cell(float(matrix[i, j]), "correlation", p=p_values.get(frozenset((name, names[j], group))))
                for j in range(i)
            ]
            own = Cell(float(np.sqrt(ave[name])), "correlation", bold=True) if name in ave else _EMPTY
            rest = [Cell("", "text") for _ in names[i + 1 :]]
            rows.append(Row((Cell(result.labels[name], "label"), *below, own, *rest)))
    notes = _general([Label("structural.note_diagonal"), *_method_notes(result)])
    return Table(f"{result.do}.correlations", "T9", Label("structural.correlations"), (heads,), tuple(rows), notes)


_EMPTY = Cell(None, "correlation")


def modification_table(result: StructuralResult) -> Table:
    """The largest modification indices with the values expected of the parameters."""
    heads = ("structural.parameter", "structural.mi", "structural.epc", "structural.sepc")
    rows = []
    for r in () if result.modification is None else result.modification.itertuples():
        left, right = result.labels[r.lhs], result.labels.get(r.rhs, Label(zh=r.rhs, en=r.rhs))
        name = Label("structural.relation", left=left, op=r.op, right=right)
        if len(result.groups) > 1:
            name = Label("structural.in_group", name=name, group=result.labels[r.group])
        values = (Cell(r.mi, "chi2"), Cell(r.epc, "estimate"), Cell(r.sepc_all, "beta"))
        rows.append(Row((Cell(name, "label"), *values)))
    if not rows:
        rows.append(Row((_FIXED,) * 4))
    notes = _general([Label("structural.note_modification")])
    return Table(
        f"{result.do}.modification", "modification", Label("structural.modification"), (tuple(map(Head, heads)),),
        tuple(rows), notes,
    )  # fmt: skip


def residual_table(result: StructuralResult) -> Table:
    """Residual correlations below the diagonal, standardised residuals above it; large ones bold."""
    names = [name for name in result.labels if result.residuals and name in next(iter(result.residuals.values()))[0]]
    heads = (Head("structural.variable"), *(Head(result.labels[name]) for name in names))
    rows: list[Row] = []
    for group, (correlations, z) in result.residuals.items():
        if len(result.groups) > 1:
            rows.append(_section(result, group))
        for i, name in enumerate(names):
            cells = [Cell(result.labels[name], "label")]
            for j, other in enumerate(names):
                if i == j:
                    cells.append(Cell("", "text"))
                elif j < i:
                    value = float(correlations.loc[name, other])
                    cells.append(Cell(value, "correlation", bold=abs(value) > LARGE_RESIDUAL))
                else:
                    value = float(z.loc[name, other])
                    reason = "structural.reason_residual"
                    cells.append(Cell(value, "statistic", bold=abs(value) > LARGE_Z, reason=reason))
            rows.append(Row(tuple(cells)))
    if not rows:
        rows.append(Row((Cell(None, "estimate"),)))
    notes = _general([Label("structural.note_residuals"), *_method_notes(result)])
    return Table(f"{result.do}.residuals", "residuals", Label("structural.residuals"), (heads,), tuple(rows), notes)


TABLES: Mapping[str, Callable[[StructuralResult], Table]] = {
    "T5": loading_table,
    "T16": path_table,
    "T8": fit_table,
    "T9": correlation_table,
    "modification": modification_table,
    "residuals": residual_table,
}


def _section(result: StructuralResult, group: str) -> Row:
    return Row((Cell(result.labels[group], "label"),), role="section")


def _estimate_cells(r: Any, kind: str) -> list[Cell]:
    """b, SE, z, p and the standardised value; a fixed parameter has no error."""
    if not r.se > 0:
        fixed = r.se == 0
        reason = None if fixed else "structural.reason_error"
        gaps = [Cell(None if fixed else np.nan, k, reason=reason) for k in ("std_error", "statistic", "p_value")]
        return [Cell(r.est, "estimate"), *gaps, Cell(r.beta, kind)]
    return [
        Cell(r.est, "estimate"),
        Cell(r.se, "std_error"),
        Cell(r.z, "statistic"),
        Cell(r.p_value, "p_value"),
        Cell(r.beta, kind, p=r.p_value),
    ]


def _path_row(result: StructuralResult, name: Label, r: Any) -> Row:
    *cells, beta = _estimate_cells(r, "beta")
    interval = Cell((r.conf_low, r.conf_high), "interval") if r.se > 0 else Cell(None, "interval")
    row = (Cell(name, "label"), *cells, interval, beta)
    if not result.hypotheses:
        return Row(row)
    found = [h for h in result.hypotheses if (h.lhs, h.op, h.rhs) == (r.lhs, r.op, r.rhs)]
    if not found:
        return Row((Cell("", "text"), *row, Cell("", "text")))
    says = {True: "structural.supported", False: "structural.unsupported", None: "structural.undecided"}
    judged = [Label(says[h.supported(r.conf_low, r.conf_high)]) for h in found]
    zh, en = ("；".join(j.text("zh") for j in judged), "; ".join(j.text("en") for j in judged))
    ids = ", ".join(h.id for h in found)
    return Row((Cell(ids, "text"), *row, Cell(Label(zh=zh, en=en), "text")))


def _measure_cell(result: StructuralResult, name: str, end: str) -> Cell:
    value = result.measures.get(name + end, np.nan)
    if name == "rmsea_low":
        value = (value, result.measures.get(f"rmsea_high{end}", np.nan))  # type: ignore[assignment]
        return Cell(value, "interval", reason="structural.reason_measure")
    return Cell(value, name, reason="structural.reason_measure")


def _corrected_cell(result: StructuralResult, name: str) -> Cell:
    """Robust where there is a robust version, else from the corrected statistic, else nothing."""
    if name == "chisq_df":
        df = result.measures["df_scaled"]
        return Cell(result.measures["chisq_scaled"] / df if df else np.nan, name, reason="structural.reason_measure")
    for end in ("_robust", "_scaled"):
        if f"{name}{end}" in result.measures:
            return _measure_cell(result, name, end)
    return Cell(None, name)


def _method_notes(result: StructuralResult) -> list[Label]:
    return [
        Label("structural.note_method", estimator=result.estimator, n=result.n_obs),
        Label(f"structural.missing_{result.missing}"),
    ]


def _interval_notes(result: StructuralResult) -> list[Label]:
    key = f"structural.ci_{result.ci}"
    return [Label(key, n=result.resamples)] if result.resamples else [Label(key)]


def _general(labels: list[Label]) -> tuple[Note, ...]:
    return tuple(Note("general", label) for label in labels)
