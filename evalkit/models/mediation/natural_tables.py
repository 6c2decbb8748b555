"""A result of natural effects in, its tables for print out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.contract import Cell, Head, Label, Note, Row, Table
from evalkit.models.matrix import INTERCEPT
from evalkit.models.mediation.equation_fit import BINARY, COUNTS
from evalkit.models.mediation.intervals import BOOTSTRAP
from evalkit.models.mediation.natural_draws import DRAWS
from evalkit.models.mediation.system import LINEAR, ORDERED

if TYPE_CHECKING:
    from evalkit.models.mediation.equation_fit import EquationFit
    from evalkit.models.mediation.natural_result import NaturalResult

MAIN = ("total", "nde.pure", "nie.total", "nde.total", "nie.pure", "nde.average", "nie.average", "cde")
RATIOS = ("rr.total", "rr.nde", "rr.nie", "or.total", "or.nde", "or.nie")
BY_LEVEL = ("total", "nde.pure", "nie.total")


def effects_table(result: NaturalResult) -> Table:
    """Differences, path-specific effects, ratios with E-values, and the products of coefficients."""
    header = ("effect", "estimate", "se", "low", "high", "e_value")
    rows = [row for x in result.x for y in result.y for row in _pair_rows(result, x, y)]
    return Table(
        id="natural_effects",
        template="natural",
        title=Label("natural.title", x=result.labels[result.x[0]], y=result.labels[result.y[0]]),
        header=(tuple(Head(f"natural.{name}") for name in header),),
        rows=tuple(rows),
        notes=_notes(result),
    )


def _pair_rows(result: NaturalResult, x: str, y: str) -> Iterator[Row]:
    effects = _of_pair(result, x, y)
    plain = effects[effects["level"].isna()].set_index("term")
    if len(result.x) * len(result.y) > 1:
        yield _section(Label("natural.pair", x=result.labels[x], y=result.labels[y]), 6)
    yield _section(_scale(result, y), 6)
    for term in MAIN:
        yield _row(result, plain.loc[term], term, Label(f"natural.term.{term}"))
    single = [t for t in plain.index if t.startswith("nie.") and t not in MAIN]
    for term in single:
        name = result.labels[term.removeprefix("nie.")]
        yield _row(result, plain.loc[term], term, Label("natural.through", m=name), indent=1)
    yield _row(result, plain.loc["proportion"], "proportion", Label("natural.term.proportion"))
    ratios = [t for t in RATIOS if t in plain.index]
    if ratios:
        yield _section(Label("natural.ratios"), 6)
    for term in ratios:
        kind = term.partition(".")[0]
        what = "rate" if kind == "rr" and result.family(y) in COUNTS else kind
        yield _row(result, plain.loc[term], term, Label(f"natural.ratio.{what}", effect=Label(f"natural.term.{term}")))
    products = [t for t in plain.index if t.startswith("product.")]
    if products:
        yield _section(Label("natural.products"), 6)
    for term in products:
        name = term.removeprefix("product.")
        chain = (x, y) if name == "direct" else (x, name, y)
        label = Label("natural.chain", names=_arrows([result.labels[n] for n in chain]))
        yield _row(result, plain.loc[term], term, label)


def _of_pair(result: NaturalResult, x: str, y: str) -> pd.DataFrame:
    effects = result.effects
    if len(result.x) > 1:
        effects = effects[effects["group"] == x]
    return effects[effects["outcome"] == y] if len(result.y) > 1 else effects


def _row(result: NaturalResult, effect: pd.Series, term: str, name: Label, indent: int = 0) -> Row:
    keys = [str(effect[k]) for k in ("outcome", "group") if isinstance(effect[k], str)]
    level = [str(effect["level"])] if isinstance(effect["level"], str) else []
    id_ = "/".join([*keys, term, *level])

    def number(column: str, kind: str) -> Cell:
        value = float(effect[column])
        why = None
        if np.isnan(value):
            why = effect["reason"] if isinstance(effect["reason"], str) else "mediation.why_no_interval"
        return Cell(value, kind, id=f"{id_}#{column}", reason=why)

    e = float(effect["e_value"])
    limit = float(effect["e_value_limit"])
    shown = (
        Cell(None, "e_value")
        if np.isnan(e)
        else Cell((e, limit), "e_value")
        if np.isfinite(limit)
        else Cell(e, "e_value")
    )
    spread = "boot_se" if result.resamples else "std_error"
    numbers = (number("estimate", "estimate"), number(spread, spread))
    return Row(
        (Cell(name, "label"), *numbers, number("conf_low", "conf_low"), number("conf_high", "conf_high"), shown),
        indent=indent,
    )


def _section(label: Label, width: int) -> Row:
    return Row((Cell(label, "label"), *[Cell("", "text")] * (width - 1)), role="section")


def _scale(result: NaturalResult, y: str) -> Label:
    family = result.family(y)
    kind = "chance" if family in BINARY else "count" if family in COUNTS else "score" if family in ORDERED else "mean"
    return Label(f"natural.scale.{kind}", y=result.labels[y])


def levels_table(result: NaturalResult) -> Table:
    """Effects on the chance of an ordered outcome to lie in a category or above."""
    rows = []
    for x in result.x:
        for y in result.y:
            effects = _of_pair(result, x, y)
            for level in dict.fromkeys(v for v in effects["level"] if isinstance(v, str)):
                part = effects[effects["level"] == level].set_index("term")
                rows.append(_section(Label("natural.at_least", y=result.labels[y], level=level), 6))
                rows += [_row(result, part.loc[t], t, Label(f"natural.term.{t}"), indent=1) for t in BY_LEVEL]
                rows += [
                    _row(result, part.loc[t], t, Label("natural.ratio.rr", effect=Label(f"natural.term.{t}")), indent=1)
                    for t in RATIOS[:3]
                ]
    header = ("effect", "estimate", "se", "low", "high", "e_value")
    return Table(
        id="natural_levels",
        template="levels",
        title=Label("natural.title_levels", x=result.labels[result.x[0]], y=result.labels[result.y[0]]),
        header=(tuple(Head(f"natural.{name}") for name in header),),
        rows=tuple(rows),
        notes=_notes(result),
    )


def equations_table(result: NaturalResult) -> Table:
    """Coefficients of every equation on the scale of its linear predictor."""
    from evalkit.models.mediation.natural_result import coefficient_numbers

    rows: list[Row] = []
    for fit in result.fits:
        outcome = fit.equation.outcome
        rows.append(_section(Label("natural.equation", y=result.labels[outcome], family=_family(fit)), 6))
        numbers = coefficient_numbers(fit, result.conf_level)
        for i, term in enumerate(fit.terms):
            cells = [Cell(_term_label(result, fit, term), "label")]
            for name in ("estimate", "std_error", "statistic", "p_value", "interval"):
                if name == "interval":
                    ends = (float(numbers["conf_low"][i]), float(numbers["conf_high"][i]))
                    empty = bool(np.isnan(ends).any())
                    why = "regression.why_left_out" if empty else None
                    cells.append(Cell(np.nan if empty else ends, "interval", wrap="" if empty else "[", reason=why))
                    continue
                value = float(numbers[name][i])
                why = "regression.why_left_out" if np.isnan(value) else None
                cells.append(Cell(value, name, id=f"{outcome}/{term}#{name}", reason=why))
            rows.append(Row(tuple(cells), indent=1))
    header = ("variable", "natural.b", "natural.se_plain", "natural.statistic", "natural.p", "natural.interval")
    return Table(
        id="natural_equations",
        template="equations",
        title=Label("natural.title_equations", y=result.labels[result.y[0]]),
        header=(tuple(Head(name) for name in header),),
        rows=tuple(rows),
        notes=(
            Note("general", Label("natural.note_scale")),
            Note("general", Label("n", n=result.n_obs)),
        ),
    )


def _family(fit: EquationFit) -> Label:
    family = fit.equation.family
    return Label("natural.linear") if family == LINEAR else Label(f"outcomes.family.{family}")


def _term_label(result: NaturalResult, fit: EquationFit, term: str) -> Label:
    if term.startswith("threshold."):
        number = int(term.partition(".")[2])
        return Label("natural.threshold", n=number)
    return result.labels.get(term, Label(zh=term, en=term)) if term != INTERCEPT else Label("regression.intercept")


def _arrows(labels: list[Label]) -> Label:
    return Label(zh=" → ".join(p.text("zh") for p in labels), en=" → ".join(p.text("en") for p in labels))


def _listed(labels: list[Label]) -> Label:
    return Label(zh="、".join(p.text("zh") for p in labels), en=", ".join(p.text("en") for p in labels))


def _effect_name(result: NaturalResult, term: str) -> Label:
    if term in MAIN:
        return Label(f"natural.term.{term}")
    return Label("natural.through", m=result.labels[term.removeprefix("nie.")])


def _notes(result: NaturalResult) -> tuple[Note, ...]:
    level, method = f"{100 * result.conf_level:g}", result.ci[0]
    notes = [
        Note("general", Label("natural.note_contrast", x=result.labels[x], low=f"{low:.4g}", high=f"{high:.4g}"))
        for x, (low, high) in result.contrasts.items()
    ]
    notes.append(Note("general", "natural.note_meaning"))
    if result.held:
        held = [Label("natural.held", m=result.labels[m], value=f"{v:.4g}") for m, v in result.held.items()]
        notes.append(Note("general", Label("natural.note_held", values=_listed(held))))
    notes.append(Note("general", Label(f"mediation.note_{method}", level=level, n=result.resamples or DRAWS)))
    if method not in BOOTSTRAP and result.resamples:
        notes.append(Note("general", Label("mediation.note_boot_se", n=result.resamples)))
    notes.append(Note("general", Label("n", n=result.n_obs)))
    if result.cluster is not None:
        key = "mediation.note_cluster" if result.resamples else "mediation.note_cluster_se"
        notes.append(Note("general", Label(key, cluster=result.labels[result.cluster])))
    if result.weighted:
        notes.append(Note("general", "regression.note_weighted"))
    if result.covariates:
        names = _listed([result.labels[name] for name in result.covariates])
        notes.append(Note("specific", Label("mediation.note_covariates", names=names)))
    if len(result.mediators) > 1:
        notes.append(Note("specific", "natural.note_paths"))
    if result.effects["e_value"].notna().any():
        notes.append(Note("specific", "natural.note_e_value"))
    rho = [
        Label("natural.rho", effect=_effect_name(result, row.term), rho=f"{row.rho:.3f}")
        for row in result.effects.itertuples()
        if np.isfinite(row.rho)
    ]
    if rho:
        notes.append(Note("specific", Label("natural.note_rho", values=_listed(rho))))
    if result.effects["term"].str.startswith("product.").any():
        notes.append(Note("specific", "natural.note_products"))
    notes.append(Note("specific", "natural.note_assumptions"))
    if result.n_failed:
        notes.append(Note("specific", Label("mediation.note_failed", n=result.n_failed, resamples=result.resamples)))
    return tuple(notes)
