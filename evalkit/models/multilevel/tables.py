"""A multilevel result in, its tables for print out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.models.matrix import INTERCEPT, joined
from evalkit.models.multilevel.cross_level import POINTS
from evalkit.models.multilevel.model import NO_TEST, LevelModel, Line
from evalkit.models.multilevel.result import MixedResult


def mixed_table(result: MixedResult, template: str) -> Table:
    """T19 and its companions.

    Raises
    ------
    AnalysisError
        E652 for an unknown template.
    """
    if template not in result.templates:
        raise AnalysisError(Problem("E652", params={"name": template, "known": list(result.templates)}))
    if template == "T19.slopes":
        return _slope_table(result)
    if template == "T19.anova":
        return _anova_table(result)
    outcome = result.labels[result.outcome]
    rows = [*_fixed(result, template), *_random(result), *_statistics(result)]
    return Table(
        id="mixed",
        template=template,
        title=Label("mixed.title", outcome=outcome),
        header=(
            (Head(""), Head(Label("regression.outcome", outcome=outcome), span=len(result.models))),
            (Head("variable"), *(Head(_part(model)) for model in result.models)),
        ),
        rows=tuple(rows),
        notes=_notes(result, template),
    )


def _part(model: LevelModel) -> Label:
    return Label("mixed.part.null") if model.part == "null" else Label(f"mixed.part.{model.part}", n=model.name)


def _section(result: MixedResult, label: Label) -> Row:
    return Row((Cell(label, "label"), *[Cell("", "text")] * len(result.models)), role="section")


def _fixed(result: MixedResult, template: str) -> Iterator[Row]:
    """Constant, then level by level, each coefficient over its standard error (or odds ratio over its interval)."""
    terms = list(dict.fromkeys(t for model in result.models for t in model.terms))
    if INTERCEPT in terms:
        yield from _coefficient(result, INTERCEPT, template)
    for level in ("1", "2", "cross", "cuts"):
        here = [t for t in terms if t != INTERCEPT and _level(result, t) == level]
        if here:
            yield _section(result, Label(f"mixed.level.{level}"))
        for term in here:
            yield from _coefficient(result, term, template)


def _level(result: MixedResult, term: str) -> str:
    return "cuts" if term.startswith("threshold.") else result.levels.get(term, "1")


def _coefficient(result: MixedResult, term: str, template: str) -> tuple[Row, Row]:
    label = Cell(result.labels.get(term, Label(zh=term, en=term)), "label")
    cells = [_pair(result, model, term, template) for model in result.models]
    return Row((label, *(c[0] for c in cells))), Row((Cell("", "text"), *(c[1] for c in cells)))


def _pair(result: MixedResult, model: LevelModel, term: str, template: str) -> tuple[Cell, Cell]:
    base = term == INTERCEPT or term.startswith("threshold.")
    ratio = template == "T19.ratio"
    if term not in model.terms or (ratio and base):
        return Cell(None, "estimate"), Cell("", "text")
    i = model.terms.index(term)
    key = f"{model.name}/{result.outcome}/{term}"
    value, p = float(model.estimate[i]), float(model.p_value[i])
    why = (model.why or "regression.why_left_out") if np.isnan(value) else None
    if ratio:
        ends = (float(np.exp(model.conf_low[i])), float(np.exp(model.conf_high[i])))
        lower = Cell(np.nan, "interval", reason=why) if why else Cell(ends, "interval", wrap="[")
        return Cell(float(np.exp(value)), "ratio", p=p, id=f"{key}#ratio", reason=why), lower
    error = float(model.std_error[i])
    lower = Cell(error, "std_error", wrap="(", id=f"{key}#std_error", reason=why)
    return Cell(value, "estimate", p=p, id=f"{key}#estimate", reason=why), lower


def _random(result: MixedResult) -> Iterator[Row]:
    """Residual variance, variances and covariances of the random effects."""
    yield _section(result, Label("mixed.random"))
    if result.family == "linear":
        yield _row(result, Label("mixed.sigma2"), lambda m: _variance(result, m, "variance.residual", m.sigma**2))
    names = result.models[-1].random
    for i in range(len(names)):
        yield _row(result, _tau(result, i, i), lambda m, i=i: _component(result, m, i, i))
    if not result.options.correlated:
        return
    for i in range(len(names)):
        for j in range(i):
            yield _row(result, _tau(result, i, j), lambda m, i=i, j=j: _component(result, m, i, j))


def _row(result: MixedResult, label: Label, cell: Callable[[LevelModel], Cell], role: str = "stat") -> Row:
    return Row((Cell(label, "label"), *(cell(model) for model in result.models)), role=role)


def _tau(result: MixedResult, i: int, j: int) -> Label:
    names = result.models[-1].random
    parts = [
        Label("mixed.tau_intercept") if names[k] == "intercept" else result.names[names[k]]
        for k in ((i,) if i == j else (j, i))
    ]
    return Label("mixed.tau", index=f"{min(i, j)}{max(i, j)}", effect=joined(parts, " × "))


def _component(result: MixedResult, model: LevelModel, i: int, j: int) -> Cell:
    if max(i, j) >= len(model.random):
        return Cell(None, "estimate")
    one, other = model.random[min(i, j)], model.random[max(i, j)]
    term = f"variance.{one}" if i == j else f"covariance.{one}.{other}"
    return _variance(result, model, term, float(model.covariance[i, j]))


def _variance(result: MixedResult, model: LevelModel, term: str, value: float) -> Cell:
    key = f"{model.name}/{result.outcome}/{term}#estimate"
    return Cell(float(value), "estimate", id=key, reason=(model.why or None) if np.isnan(value) else None)


def _statistics(result: MixedResult) -> Iterator[Row]:
    yield _section(result, Label("mixed.quality"))
    linear = result.family == "linear"
    shares = ("explained_1", "explained_2") if linear else ("median_odds_ratio",)
    kinds = {"median_odds_ratio": "ratio", "deviance": "deviance", "aic": "aic", "bic": "bic"}
    for name in ("icc", *shares, "r2_marginal", "r2_conditional", "deviance", "aic", "bic"):
        yield _row(
            result, Label(f"mixed.{name}"), lambda m, name=name: _measure(result, m, name, kinds.get(name, "icc"))
        )
    for name in ("lr_fixed", "lr_random"):
        if any(name in model.tests for model in result.models):
            yield _row(result, Label(f"mixed.{name}"), lambda m, name=name: _test(result, m, name))
    yield _row(result, Label("mixed.n"), lambda m: Cell(result.n_obs, "n_obs"))
    groups = len(result.group_names)
    yield _row(result, Label("mixed.groups", group=result.labels[result.group]), lambda m: Cell(groups, "n_clusters"))


def _measure(result: MixedResult, model: LevelModel, name: str, kind: str) -> Cell:
    value = model.measures.get(name, np.nan)
    if np.isnan(value):
        against_null = name.startswith("explained") and model.part == "null"
        slopes = name == "icc" and len(model.random) > 1
        if against_null or slopes:
            return Cell(None, kind)
        return Cell(np.nan, kind, reason=model.why or "mixed.why_measure")
    return Cell(float(value), kind, id=f"{model.name}/{result.outcome}/model.{name}#estimate")


def _test(result: MixedResult, model: LevelModel, name: str) -> Cell:
    value, _, p = model.tests.get(name, NO_TEST)
    if np.isnan(value):
        return Cell(None, "chi2_change")
    mixture = model.tests.get(f"{name}_mixture", NO_TEST)[2]
    p = p if np.isnan(mixture) else mixture
    return Cell(float(value), "chi2_change", p=float(p), id=f"{model.name}/{result.outcome}/model.{name}#estimate")


def _notes(result: MixedResult, template: str) -> tuple[Note, ...]:
    options, linear = result.options, result.family == "linear"
    level = f"{100 * options.conf_level:g}"
    texts = [Label("mixed.note_ratio", level=level) if template == "T19.ratio" else Label("mixed.note_se")]
    if linear:
        texts += [Label("mixed.note_reml" if options.reml else "mixed.note_ml"), Label(f"mixed.df.{options.df}")]
        texts += [Label("mixed.note_lr"), Label("mixed.note_explained")]
    else:
        texts.append(Label("mixed.note_quadrature", n=options.n_quad))
    if not options.correlated and options.slopes:
        texts.append(Label("mixed.note_uncorrelated"))
    if result.centre:
        named = [
            result.labels[t] for t in result.levels if t in result.centre or t.removesuffix(".mean") in result.centre
        ]
        texts.append(
            Label(
                "mixed.note_centred",
                how=Label(zh="、".join(n.text("zh") for n in named), en="; ".join(n.text("en") for n in named)),
            )
        )
    notes = [Note("general", text) for text in texts]
    for name, category in result.references.items():
        reference = Label("regression.reference", variable=result.labels[name], category=category)
        notes.append(Note("specific", Label("regression.note_reference", groups=reference)))
    return (*notes, Note("general", Label("regression.note_rows", n=result.n_obs)))


def _slope_table(result: MixedResult) -> Table:
    last = result.models[-1]
    level = f"{100 * result.conf_level:g}"
    heads = ("slope", "se", "statistic", "df", "p")
    rows: list[Row] = []
    for one in result.cross:
        name = {"x": result.names[one.x], "w": result.names[one.w]}
        rows.append(Row((Cell(Label("mixed.slope", **name), "label"), *[Cell("", "text")] * 6), role="section"))
        rows += [_slope_row(result, line) for line in last.slopes if line.term == one.term]
    return Table(
        id="mixed",
        template="T19.slopes",
        title=Label("mixed.title_slopes", outcome=result.labels[result.outcome]),
        header=(
            (
                Head("mixed.column.at"),
                *(Head(f"mixed.column.{name}") for name in heads),
                Head(Label("mixed.column.interval", level=level)),
            ),
        ),
        rows=tuple(rows),
        notes=(Note("general", Label("mixed.note_slopes", group=result.labels[result.group])),),
    )


def level_label(result: MixedResult, term: str, level: str) -> Label:
    """Words for a value of a moderator."""
    if level in POINTS:
        return Label(f"mixed.at.{level}")
    w = term.partition(":")[2]
    if level == "reference" and w in result.references:
        return result.references[w]
    known = result.labels.get(f"{w}.{level}")
    return known.params["category"] if known is not None and "category" in known.params else Label(zh=level, en=level)


def _slope_row(result: MixedResult, line: Line) -> Row:
    key = f"{result.models[-1].name}/{result.outcome}/{line.term}/{line.level}"
    df = Cell(line.df, "df") if np.isfinite(line.df) else Cell(None, "df")
    return Row(
        (
            Cell(level_label(result, line.term, line.level), "label"),
            Cell(line.estimate, "estimate", p=line.p_value, id=f"{key}#estimate"),
            Cell(line.std_error, "std_error", id=f"{key}#std_error"),
            Cell(line.statistic, "statistic"),
            df,
            Cell(line.p_value, "p_value"),
            Cell((line.conf_low, line.conf_high), "interval", wrap="["),
        )
    )


def _anova_table(result: MixedResult) -> Table:
    rows = []
    for line in result.models[-1].anova:
        key = f"{result.models[-1].name}/{result.outcome}/anova.{line.term}"
        below = Cell(line.df2, "df2") if np.isfinite(line.df2) else Cell(None, "df2")
        rows.append(
            Row(
                (
                    Cell(_term_label(result, line.term), "label"),
                    Cell(line.sum_of_squares, "sum_of_squares"),
                    Cell(line.df, "df"),
                    below,
                    Cell(line.statistic, "f_statistic", p=line.p_value, id=f"{key}#statistic"),
                    Cell(line.p_value, "p_value"),
                )
            )
        )
    return Table(
        id="mixed",
        template="T19.anova",
        title=Label("mixed.title_anova", outcome=result.labels[result.outcome]),
        header=((Head("variable"), *(Head(f"mixed.column.{n}") for n in ("squares", "df", "df2", "f", "p"))),),
        rows=tuple(rows),
        notes=(Note("general", Label("mixed.note_anova")),),
    )


def _term_label(result: MixedResult, term: str) -> Label:
    if term in result.labels:
        return result.labels[term]
    parts = [result.labels.get(part, Label(zh=part, en=part)) for part in term.split(":")]
    return joined(parts, " × ")
