"""A path model's result in, one table in the order of PROCESS output out: each equation, then the effects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Cell, Head, Label, Row, Table
from evalkit.models.mediation.path_words import arrow, level_label, path_label
from evalkit.models.mediation.tables import listed_labels

if TYPE_CHECKING:
    from evalkit.models.fit import Fit
    from evalkit.models.mediation.path_result import PathModelResult
    from evalkit.models.mediation.routes import Effect

WIDTH = 8
SUMMARY = ("r", "rsq", "mse", "f", "df1", "df2", "p")
COEFFICIENTS = ("coeff", "se", "t", "p", "llci", "ulci")
PRODUCTS = ("change", "f", "df1", "df2", "p")
TESTED = ("effect", "se", "t", "p", "llci", "ulci")
BOOTED = ("effect", "boot_se", "boot_llci", "boot_ulci")


def process_table(result: PathModelResult) -> Table:
    """Model and roles, every equation with its summary, coefficients and products, direct and indirect effects."""
    from evalkit.models.mediation.path_tables import table_notes

    number = "-" if result.process_model is None else str(result.process_model)
    rows = [_section(Label("paths.process_model", number=number)), _section(_roles(result))]
    for outcome, model in result.models:
        rows += _equation_rows(result, outcome, model.fit)
    for kind, title, heads in (
        ("direct", "paths.section_direct", TESTED),
        ("indirect", "paths.section_indirect", BOOTED),
        ("indirect_total", "mediation.indirect_total", BOOTED),
        ("contrast", "paths.section_contrast", BOOTED),
        ("index", "paths.section_index", BOOTED),
        ("difference", "paths.section_difference", BOOTED),
    ):
        rows += _effect_rows(result, kind, title, heads)
    return Table(
        id="process",
        template="process",
        title=Label("paths.title_process"),
        header=((Head("", WIDTH),),),
        rows=tuple(rows),
        notes=table_notes(result),
    )


def _roles(result: PathModelResult) -> Label:
    def named(columns: tuple[str, ...]) -> Label:
        return listed_labels([result.labels[name] for name in columns]) if columns else Label(zh="—", en="—")

    moderators = tuple(moderator.name for moderator in result.moderators)
    return Label(
        "paths.process_roles",
        y=named(result.y),
        x=named(result.x),
        m=named(result.mediators),
        w=named(moderators),
        n=result.n_obs,
    )


def _section(label: Label) -> Row:
    return Row((Cell(label, "label"),), role="section")


def _heads(first: str, names: tuple[str, ...]) -> Row:
    return _padded(
        [Cell(Label(first) if first else "", "label"), *(Cell(Label(f"paths.process_{n}"), "label") for n in names)]
    )


def _padded(cells: list[Cell]) -> Row:
    return Row((*cells, *[Cell("", "label")] * (WIDTH - len(cells))))


def _equation_rows(result: PathModelResult, outcome: str, fit: Fit) -> Iterator[Row]:
    reason = "mediation.why_no_effect"

    def number(value: float, kind: str, id: str | None = None) -> Cell:
        return Cell(float(value), kind, id=id, reason=reason if np.isnan(value) else None)

    yield _section(Label("paths.process_outcome", y=result.labels[outcome]))
    yield _heads("paths.process_summary", SUMMARY)
    values = [np.sqrt(fit.r_squared), fit.r_squared, fit.sigma**2, fit.f_statistic, fit.df_model, fit.df, fit.f_p_value]
    kinds = ("r_squared", "r_squared", "estimate", "f_statistic", "df", "df", "p_value")
    cells = [number(value, kind) for value, kind in zip(values, kinds, strict=True)]
    yield _padded([Cell("", "label"), *cells])
    yield _heads("paths.process_coefficients", COEFFICIENTS)
    kinds = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")
    for place, term in enumerate(fit.terms):
        cells = [number(getattr(fit, kind)[place], kind, f"{outcome}/{term}#{kind}") for kind in kinds]
        yield _padded([Cell(result.labels[term], "label"), *cells])
    order = max(term.count(":") for term in fit.terms)
    if not order:
        return
    yield _heads("paths.process_products", PRODUCTS)
    for place, term in enumerate(fit.terms):
        if term.count(":") == order:
            values = [fit.semi_partial[place] ** 2, fit.statistic[place] ** 2, 1, fit.df, fit.p_value[place]]
            kinds = ("r_squared_change", "f_statistic", "df", "df", "p_value")
            cells = [number(value, kind) for value, kind in zip(values, kinds, strict=True)]
            yield _padded([Cell(result.labels[term], "label"), *cells])


def _effect_rows(result: PathModelResult, kind: str, title: str, heads: tuple[str, ...]) -> Iterator[Row]:
    found = [(place, e) for place, e in enumerate(result.listing) if e.kind == kind]
    if not found or (kind == "indirect_total" and len({e.chain for e in result.listing if e.kind == "indirect"}) < 2):
        return
    if heads is BOOTED and not result.resamples:
        heads = ("effect", "se", "llci", "ulci")
    yield _heads(title, heads)
    names = ("estimate", "std_error", "statistic", "p_value") if heads is TESTED else ("estimate", "std_error")
    for place, effect in found:
        row = result.effects.iloc[place]
        low, high = _ends(result, row) if heads is TESTED else (row["conf_low"], row["conf_high"])
        cells = [_cell(float(row[name]), name) for name in names]
        cells += [_cell(float(low), "conf_low"), _cell(float(high), "conf_high")]
        yield _padded([Cell(_name(result, effect), "label"), *cells])


def _cell(value: float, kind: str) -> Cell:
    return Cell(value, kind, reason="mediation.why_no_effect" if np.isnan(value) else None)


def _ends(result: PathModelResult, row: dict[str, float]) -> tuple[float, float]:
    """The t interval that PROCESS prints for a direct effect."""
    from scipy.stats import t as t_distribution

    reach = t_distribution.ppf((1 + result.conf_level) / 2, row["df"]) * row["std_error"]
    return float(row["estimate"] - reach), float(row["estimate"] + reach)


def _name(result: PathModelResult, effect: Effect) -> Label:
    level = level_label(result, effect)
    path = path_label(effect, result.labels) or arrow(effect, result.labels)
    if level is None:
        return path
    return Label(zh=f"{path.text('zh')}；{level.text('zh')}", en=f"{path.text('en')}; {level.text('en')}")
