"""Regression results in, models side by side as a table out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.models.matrix import INTERCEPT
from evalkit.models.sandwich import CLUSTERED

if TYPE_CHECKING:
    from evalkit.models.blocks import Model
    from evalkit.models.generalised.result import OutcomeResult
    from evalkit.models.linear import RegressionResult
    from evalkit.models.predicted.result import PredictionResult

Column = tuple["RegressionResult", "Model"]

# What stands in the upper and the lower line of a coefficient, by template.
LINES = {
    "T13": (("estimate", "estimate"), ("std_error", "std_error")),
    "T13.t": (("estimate", "estimate"), ("statistic", "statistic")),
    "T13.beta": (("beta", "beta"),),
}
NOTES = {"T13": "regression.note_se", "T13.t": "regression.note_t", "T13.beta": "regression.note_beta"}


def regression_table(
    results: Sequence[RegressionResult], *, id: str = "regression", title: Label | None = None, template: str = "T13"
) -> Table:
    """All models of one or several results side by side (T13), one column a model.

    Parameters
    ----------
    results : sequence of RegressionResult
        Outcomes may differ; each outcome heads its models.
    template : str
        `T13`, `T13.t` or `T13.beta`.

    Raises
    ------
    AnalysisError
        E652 for an unknown template.
    """
    if template not in LINES:
        raise AnalysisError(Problem("E652", params={"name": template, "known": list(LINES)}))
    columns: list[Column] = [(result, model) for result in results for model in result.models]
    if title is None:
        only = results[0].labels[results[0].outcome] if len(results) == 1 else None
        title = Label("regression.title_several") if only is None else Label("regression.title", outcome=only)
    rows = [row for term in _terms(columns) for row in _coefficient_rows(term, columns, template)]
    return Table(
        id=id,
        template=template,
        title=title,
        header=(_outcome_heads(results), _model_heads(columns)),
        rows=(*rows, *_statistic_rows(columns)),
        notes=_notes(results, template),
    )


def _terms(columns: Sequence[Column]) -> list[str]:
    """Every term once, in the order of entry, the constant last."""
    seen = dict.fromkeys(term for _, model in columns for term in model.fit.terms if term != INTERCEPT)
    return [*seen, INTERCEPT]


def _outcome_heads(results: Sequence[RegressionResult]) -> tuple[Head, ...]:
    heads = [
        Head(Label("regression.outcome", outcome=result.labels[result.outcome]), span=len(result.models))
        for result in results
    ]
    return (Head(""), *heads)


def _model_heads(columns: Sequence[Column]) -> tuple[Head, ...]:
    return (Head("variable"), *(Head(Label("model_n", n=i)) for i in range(1, len(columns) + 1)))


def _coefficient_rows(term: str, columns: Sequence[Column], template: str) -> list[Row]:
    label = next(result.labels[term] for result, _ in columns if term in result.labels)
    rows = []
    for line, (name, kind) in enumerate(LINES[template]):
        cells = [Cell(label, "label") if line == 0 else Cell("", "text")]
        for result, model in columns:
            fit = model.fit
            if term not in fit.terms:
                cells.append(Cell(None if line == 0 else "", kind if line == 0 else "text"))
                continue
            i = fit.place(term)
            value, p = float(getattr(fit, name)[i]), float(model.p_values[i])
            if name == "beta" and term == INTERCEPT:
                cells.append(Cell(None, kind))
                continue
            cells.append(
                Cell(
                    value,
                    kind,
                    p=p if line == 0 else None,
                    wrap="(" if line else "",
                    id=f"{_key(result, model)}{term}#{name}",
                    reason=_why(fit.rank, fit.estimate[i]) if np.isnan(value) else None,
                )
            )
        rows.append(Row(tuple(cells)))
    return rows


def _key(result: RegressionResult, model: Model) -> str:
    """Start of the result ids of a model's statistics, without the step."""
    return "".join(f"{part}/" for part in (model.name, result.outcome) if part)


def _why(rank: int, estimate: float) -> str:
    """Word key: why a coefficient or its standard error is not there."""
    if rank == 0:
        return "regression.why_undefined"
    return "regression.why_left_out" if np.isnan(estimate) else "regression.why_no_error"


def _statistic_rows(columns: Sequence[Column]) -> list[Row]:
    rows = []
    clustered = any(model.fit.n_clusters for _, model in columns)
    lines = ["r_squared", "r_squared_adj", "r_squared_change", "f", "f_change", "n", "vif_max"]
    for name in [*lines, *(["n_clusters"] if clustered else [])]:
        cells = [Cell(Label(f"regression.{name}"), "label")]
        rows.append(Row((*cells, *(_statistic(name, result, model) for result, model in columns)), role="stat"))
    return rows


def _statistic(name: str, result: RegressionResult, model: Model) -> Cell:
    fit = model.fit
    first = model.name == result.models[0].name
    key = f"{_key(result, model)}model."
    why = "regression.why_undefined" if fit.rank == 0 else "regression.why_no_error"

    def number(value: float, kind: str, statistic: str, p: float | None = None) -> Cell:
        missing = bool(np.isnan(value))
        return Cell(float(value), kind, p=p, id=f"{key}{statistic}#estimate", reason=why if missing else None)

    if name in ("r_squared", "r_squared_adj"):
        return number(getattr(fit, name), name, name)
    if name == "r_squared_change":
        return Cell(None, name) if first else number(model.r_squared_change, name, name)
    if name == "f":
        return (
            number(fit.f_statistic, "f_statistic", "f_statistic", fit.f_p_value)
            if fit.df_model
            else Cell(None, "f_statistic")
        )
    if name == "f_change":
        none = first or model.df_change < 1
        return Cell(None, name) if none else number(model.f_change, name, name, model.f_change_p)
    if name == "n":
        return Cell(fit.n_obs, "n_obs")
    if name == "n_clusters":
        return Cell(fit.n_clusters, "n_clusters")
    vif = fit.vif[~np.isnan(fit.vif)]
    return Cell(float(vif.max()) if len(vif) else None, "vif")


def _notes(results: Sequence[RegressionResult], template: str) -> tuple[Note, ...]:
    notes = []
    for errors in dict.fromkeys(errors_of(r) for r in results):
        notes.append(Note("general", Label(NOTES[template], errors=errors)))
    for r in results:
        if r.models[-1].wild is not None and template != "T13.wild":
            notes.append(Note("general", Label("regression.note_wild_stars")))
            break
    if any(r.precision for r in results):
        notes.append(Note("general", Label("regression.note_precision")))
    if any(r.weighted for r in results):
        notes.append(Note("general", Label("regression.note_weighted")))
    if any(r.cov != "classical" for r in results):
        notes.append(Note("general", Label("regression.note_wald")))
    groups = {name: (r.labels[name], category) for r in results for name, category in r.references.items()}
    if groups:
        parts = [Label("regression.reference", variable=v, category=c) for v, c in groups.values()]
        both = Label(zh="；".join(p.text("zh") for p in parts), en="; ".join(p.text("en") for p in parts))
        notes.append(Note("specific", Label("regression.note_reference", groups=both)))
    if len(results) == 1:
        notes.append(Note("general", Label("regression.note_rows", n=results[0].n_obs)))
    return tuple(notes)


def wild_table(result: RegressionResult) -> Table:
    """The bootstrap of the last model: b, SE, t, p and interval of each coefficient (`T13.wild`)."""
    model = result.models[-1]
    fit, found, wild = model.fit, model.bootstrapped(), model.wild
    rows = []
    for i, term in enumerate(fit.terms):
        key = f"{_key(result, model)}{term}"
        why = "regression.why_left_out" if np.isnan(fit.estimate[i]) else "regression.why_no_bootstrap"
        p, ends = float(found["p_boot"][i]), (float(found["boot_low"][i]), float(found["boot_high"][i]))
        cells = [Cell(result.labels[term], "label")]
        for name in ("estimate", "std_error", "statistic"):
            value = float(getattr(fit, name)[i])
            cells.append(Cell(value, name, id=f"{key}#{name}", reason=why if np.isnan(value) else None))
        cells.append(Cell(p, "p_value", p=p, id=f"{key}#p_boot", reason=why if np.isnan(p) else None))
        cells.append(Cell(np.nan, "interval", reason=why) if np.isnan(ends).any() else Cell(ends, "interval", wrap="["))
        rows.append(Row(tuple(cells)))
    how = Label("regression.note_rows", n=fit.n_obs)
    notes = [Note("general", Label("regression.note_wild_t", errors=errors_of(result)))]
    if wild is not None:
        names = {"n": wild.draws, "level": f"{100 * result.conf_level:g}", "clusters": fit.n_clusters}
        weights = Label(f"regression.wild_{'all' if wild.enumerated else wild.weights}")
        notes.append(Note("general", Label("regression.note_wild", weights=weights, **names)))
    return Table(
        id="regression",
        template="T13.wild",
        title=Label("regression.title_wild", outcome=result.labels[result.outcome]),
        header=((Head("variable"), *(Head(f"regression.wild.{n}") for n in ("b", "se", "t", "p", "interval"))),),
        rows=tuple(rows),
        notes=(*notes, Note("general", how)),
    )


def errors_of(result: RegressionResult | OutcomeResult | PredictionResult) -> Label:
    """What the standard errors of a result are, in words."""
    if result.cov in CLUSTERED and result.crossed is not None and result.cluster is not None:
        names = {"first": result.labels[result.cluster], "second": result.labels[result.crossed]}
        return Label("regression.se_crossed", kind=result.cov, **names)
    return errors_label(result.cov, result.labels.get(result.cluster or ""))


def errors_label(kind: str, cluster: Label | None) -> Label:
    """What the standard errors are, in words."""
    if kind == "classical":
        return Label("regression.se_classical")
    if kind == "linearised":
        return Label("regression.se_linearised")
    if kind in CLUSTERED and cluster is not None:
        return Label("regression.se_clustered", cluster=cluster, kind=kind)
    return Label("regression.se_robust", kind=kind)
