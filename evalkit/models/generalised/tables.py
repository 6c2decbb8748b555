"""An outcome result in, its models side by side as a table out."""

from __future__ import annotations

import numpy as np

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.models.generalised.outcomes import FAMILIES, QUASI
from evalkit.models.generalised.result import OutcomeResult
from evalkit.models.generalised.series import NO_TEST, Model
from evalkit.models.linear_table import errors_of
from evalkit.models.matrix import INTERCEPT


def outcome_table(result: OutcomeResult, template: str) -> Table:
    """T13 of one result: a column a model; a section a category where the outcome is nominal.

    Raises
    ------
    AnalysisError
        E652 for an unknown template.
    """
    if template not in result.templates:
        raise AnalysisError(Problem("E652", params={"name": template, "known": list(result.templates)}))
    outcome = result.labels[result.outcome]
    levels = list(dict.fromkeys(level for m in result.models for level in m.fit.levels))
    width = 1 + len(result.models)
    rows: list[Row] = []
    for level in levels:
        if level:
            against = result.categories[next(iter(result.categories))]
            title = (
                result.labels[level]
                if level.startswith("cut.")
                else Label("outcomes.against", category=result.categories[level], reference=against)
            )
            rows.append(Row((Cell(title, "label"), *[Cell("", "text")] * (width - 1)), role="section"))
        rows += [row for term in _terms(result, level) for row in _rows(result, term, level, template)]
    family = Label(f"outcomes.family.{result.family}")
    return Table(
        id="outcome_model",
        template=template,
        title=Label("outcomes.title", outcome=outcome, family=family),
        header=(
            (Head(""), Head(Label("regression.outcome", outcome=outcome), span=len(result.models))),
            (Head("variable"), *(Head(Label("model_n", n=i)) for i in range(1, width))),
        ),
        rows=(*rows, *_statistics(result)),
        notes=_notes(result, template),
    )


def _terms(result: OutcomeResult, level: str) -> list[str]:
    """In the order of entry; constants and thresholds last."""
    seen = dict.fromkeys(
        t for m in result.models for t, own in zip(m.fit.terms, m.fit.levels, strict=True) if own == level
    )
    last = [t for t in seen if t == INTERCEPT or t.startswith("threshold.")]
    return [*(t for t in seen if t not in last), *last]


def _rows(result: OutcomeResult, term: str, level: str, template: str) -> list[Row]:
    first = [Cell(result.labels.get(term, Label(zh=term, en=term)), "label")]
    second = [Cell("", "text")]
    for model in result.models:
        upper, lower = _cells(result, model, term, level, template)
        first.append(upper)
        second.append(lower)
    return [Row(tuple(first)), Row(tuple(second))]


def _cells(result: OutcomeResult, model: Model, term: str, level: str, template: str) -> tuple[Cell, Cell]:
    fit = model.fit
    places = [i for i, key in enumerate(zip(fit.terms, fit.levels, strict=True)) if key == (term, level)]
    base = term == INTERCEPT or term.startswith("threshold.")
    if (not places and not fit.why) or (template == "T13.ratio" and base):
        return Cell(None, "estimate"), Cell("", "text")
    i = places[0] if places else 0
    key = "/".join(part for part in (model.name, result.outcome, term, level) if part)
    why = (
        (fit.why or "regression.why_left_out") if not places or np.isnan(fit.estimate[i]) else "regression.why_no_error"
    )
    ratio = template == "T13.ratio"
    name = "ratio" if ratio and FAMILIES[result.family][2] else "estimate"
    value = float(getattr(fit, name)[i])
    upper = Cell(value, name, p=float(fit.p_value[i]), id=f"{key}#{name}", reason=why if np.isnan(value) else None)
    if ratio:
        low, high = ("ratio_low", "ratio_high") if name == "ratio" else ("conf_low", "conf_high")
        ends = (float(getattr(fit, low)[i]), float(getattr(fit, high)[i]))
        empty = bool(np.isnan(ends).any())
        return upper, Cell(
            np.nan if empty else ends, "interval", wrap="" if empty else "[", reason=why if empty else None
        )
    error = float(fit.std_error[i])
    lower = Cell(error, "std_error", wrap="(", id=f"{key}#std_error", reason=why if np.isnan(error) else None)
    return upper, lower


def _statistics(result: OutcomeResult) -> list[Row]:
    lines = [
        ("mcfadden", "mcfadden", "mcfadden"),
        ("nagelkerke", "nagelkerke", "nagelkerke"),
        ("deviance", "deviance", "deviance"),
        ("chi2_model", "chi2", ""),
        ("chi2_change", "chi2_change", ""),
    ]
    if result.family == "ordered_logit" and not result.free:
        lines.append(("parallel_lines", "chi2", ""))
    if result.family == "negative_binomial":
        lines.append(("theta", "theta", "theta"))
    rows = [
        Row(
            (Cell(Label(f"outcomes.{name}"), "label"), *(_statistic(result, m, name, kind) for m in result.models)),
            role="stat",
        )
        for name, kind, _ in lines
    ]
    counts = [Cell(m.fit.n_obs, "n_obs") for m in result.models]
    rows.append(Row((Cell(Label("regression.n"), "label"), *counts), role="stat"))
    if any(m.fit.n_clusters for m in result.models):
        clusters = [Cell(m.fit.n_clusters, "n_clusters") for m in result.models]
        rows.append(Row((Cell(Label("regression.n_clusters"), "label"), *clusters), role="stat"))
    return rows


def _statistic(result: OutcomeResult, model: Model, name: str, kind: str) -> Cell:
    key = f"{model.name}/{result.outcome}/model.{name}#estimate"
    why = model.fit.why or ("outcomes.why_weighted" if result.cov == "linearised" else "outcomes.why_no_test")
    why = "outcomes.why_quasi" if result.family in QUASI and not model.fit.why else why
    why = "outcomes.why_firth" if result.firth and not model.fit.why else why
    if name == "chi2_change" and model is result.models[0]:
        return Cell(None, kind)
    if name in ("chi2_model", "chi2_change", "parallel_lines"):
        value, _, p = model.change if name == "chi2_change" else model.fit.tests.get(name, NO_TEST)
        return Cell(float(value), kind, p=float(p), id=key, reason=why if np.isnan(value) else None)
    value = model.fit.quality.get(name, np.nan)
    return Cell(float(value), kind, id=key, reason=why if np.isnan(value) else None)


def _notes(result: OutcomeResult, template: str) -> tuple[Note, ...]:
    errors = errors_of(result)
    kind, _, ratios = FAMILIES[result.family]
    level = f"{100 * result.conf_level:g}"
    if template == "T13":
        notes = [Note("general", Label("regression.note_se", errors=errors))]
    else:
        what = (
            Label(f"outcomes.ratio.{'count' if kind == 'count' else 'odds'}")
            if ratios
            else Label("outcomes.ratio.none")
        )
        how = Label("outcomes.profile") if result.interval == "profile" else errors
        notes = [Note("general", Label("outcomes.note_ratio", what=what, level=level, errors=how))]
    if result.weighted:
        notes.append(Note("general", Label("regression.note_weighted")))
    if result.firth:
        notes.append(Note("general", Label("outcomes.note_firth")))
    exact = result.cov == "classical" and not result.firth and result.family not in QUASI
    if result.family in QUASI:
        notes.append(Note("general", Label("outcomes.note_quasi")))
    change = "outcomes.note_lr" if exact else "outcomes.note_wald"
    notes.append(Note("general", Label(change)))
    if result.free:
        names = [result.labels[t] for t in result.free]
        both = Label(zh="、".join(n.text("zh") for n in names), en=", ".join(n.text("en") for n in names))
        notes.append(Note("general", Label("outcomes.note_free", names=both)))
    elif result.family == "ordered_logit":
        notes.append(Note("general", Label("outcomes.note_parallel")))
    if kind == "binary" and len(result.categories) == 2:
        modelled = list(result.categories.values())[1]
        notes.append(Note("general", Label("outcomes.note_modelled", category=modelled)))
    for name, category in result.references.items():
        reference = Label("regression.reference", variable=result.labels[name], category=category)
        notes.append(Note("specific", Label("regression.note_reference", groups=reference)))
    notes.append(Note("general", Label("regression.note_rows", n=result.n_obs)))
    return tuple(notes)
