"""Reliability of scales in, its printed tables out: T5, and the further coefficients a line a scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.contract import Cell, Head, Label, Note, Row, Table

if TYPE_CHECKING:
    from evalkit.measurement.reliability_result import ReliabilityResult, ScaleReliability

_PRINTED = (
    "composite_reliability", "ave", "omega_hierarchical", "alpha_ordinal", "omega_ordinal", "lambda_2", "lambda_4",
    "lambda_6", "odd_even_spearman_brown",
)  # fmt: skip


def scale_table(result: ReliabilityResult, template: str) -> Table:
    """Scale, items, n, alpha with interval, omega; below it each item's CITC, and alpha and omega without it."""
    interval = Label("confidence_interval", level=f"{100 * result.conf_level:g}")
    heads = ("reliability.scale_item", "reliability.k", "n_obs", "reliability.alpha")
    last = ("reliability.omega", "reliability.citc", "reliability.if_dropped", "reliability.omega_if_dropped")
    header = (*map(Head, heads), Head(interval), *map(Head, last))
    rows = tuple(row for scale in result.scales for row in _printed(scale))
    notes = [Label(f"reliability.note_{result.missing}"), Label(f"reliability.note_{result.ci}", n=result.resamples)]
    if result.weighted:
        notes.append(Label("reliability.note_weighted"))
    notes.append(Label("reliability.note_items"))
    general = tuple(Note("general", label) for label in notes)
    return Table("reliability", template, Label("reliability.title"), (header,), rows, general)


def coefficient_table(result: ReliabilityResult) -> Table:
    """A line a scale: standardised alpha, omega with interval, CR, AVE, and other coefficients."""
    interval = Label("confidence_interval", level=f"{100 * result.conf_level:g}")
    stratified = any(c.term == "alpha_stratified" for s in result.scales for c in s.coefficients)
    terms = (*_PRINTED, *(("alpha_stratified",) if stratified else ()))
    heads = (
        Head("reliability.scale"), Head("reliability.alpha_standardised"), Head("reliability.omega"), Head(interval),
        *(Head(f"reliability.{term}") for term in terms),
    )  # fmt: skip
    rows = tuple(_line(scale, terms) for scale in result.scales)
    notes = ("note_omega_interval", "note_cfa", "note_bounds", "note_ordinal", "note_hierarchical")
    general = tuple(Note("general", Label(f"reliability.{key}")) for key in notes)
    title = Label("reliability.title_coefficients")
    return Table("reliability_coefficients", "T5_coefficients", title, (heads,), rows, general)


def _line(s: ScaleReliability, terms: tuple[str, ...]) -> Row:
    known = {c.term for c in s.coefficients}
    w = s.omega_interval
    cells = [
        Cell(s.label, "label"),
        Cell(s.alpha_standardised, "alpha_standardised", reason=s.reason),
        Cell(s.omega, "omega", reason=s.omega_reason),
        Cell((w.low, w.high), "interval", reason=s.omega_reason or "reliability.reason_interval"),
    ]
    for term in terms:
        # A coefficient that this scale was not meant to have is a dash, one that failed is nan with its reason.
        found = s.coefficient(term)
        applies = term in known or s.reason is not None
        cells.append(Cell(found.estimate, "omega", reason=found.reason) if applies else Cell(None, "omega"))
    return Row(tuple(cells))


def _printed(s: ScaleReliability) -> list[Row]:
    few = s.reason or "reliability.reason_two_items"
    a = s.alpha_interval
    first = Row(
        (
            Cell(s.label, "label", bold=True),
            Cell(len(s.items), "n_items"),
            Cell(s.n_obs, "n_obs"),
            Cell(s.alpha, "alpha", reason=s.reason),
            Cell((a.low, a.high), "interval", reason=s.reason or "reliability.reason_interval"),
            Cell(s.omega, "omega", reason=s.omega_reason),
            Cell(None, "item_rest"),
            Cell(None, "alpha_if_dropped"),
            Cell(None, "omega_if_dropped"),
        )
    )
    blank = tuple(Cell(None, kind) for kind in ("n_items", "n_obs", "alpha", "interval", "omega"))
    least = s.reason or s.omega_reason or "reliability.reason_three_items"
    rest = [
        Row(
            (
                Cell(i.label, "label"),
                *blank,
                Cell(i.item_rest, "item_rest", reason=few),
                Cell(i.alpha_if_dropped, "alpha_if_dropped", reason=few),
                Cell(i.omega_if_dropped, "omega_if_dropped", reason=least),
            ),
            indent=1,
        )
        for i in s.items
    ]
    return [first, *rest]
