"""Aggregation statistics in, their printed tables out: T12 with its verdict, sizes and deviations, WABA."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from evalkit.contract import Cell, Head, Label, Note, Row, Table

if TYPE_CHECKING:
    from evalkit.measurement.aggregation_result import AggregationResult


def verdict_table(result: AggregationResult) -> Table:
    """Variable, mean and median rwg(j), the median under each other null, ICC(1), ICC(2), F, p, verdict."""
    from evalkit.measurement.aggregation_result import average, middle

    nulls = [null.name for null in result.variables[0].nulls]
    heads = (
        Head("variable"), Head("aggregation.rwg_mean"), Head("aggregation.rwg_median"),
        *(Head(Label("aggregation.rwg_check", null=null_label(null))) for null in nulls[1:]),
        Head("aggregation.icc1"), Head("aggregation.icc2"), Head("aggregation.f"), Head("p_value"),
        Head("aggregation.verdict"),
    )  # fmt: skip
    rows = []
    for v in result.variables:
        why = v.reason or "aggregation.reason_points"
        b = v.between
        cells = (
            Cell(v.label, "label"),
            Cell(average(v.nulls[0].rwg_j), "rwg", reason=why),
            Cell(middle(v.nulls[0].rwg_j), "rwg", reason=why),
            *(Cell(middle(null.rwg_j), "rwg", reason=why) for null in v.nulls[1:]),
            Cell(b.icc1(), "rwg", reason=v.reason),
            Cell(b.icc2, "rwg", reason=v.reason),
            Cell(b.f, "f_statistic", p=b.p_value, reason=v.reason),
            Cell(b.p_value, "p_value", reason=v.reason),
            Cell(Label(f"aggregation.verdict_{v.verdict(result.rule)}"), "text"),
        )
        rows.append(Row(cells))
    return Table("aggregation", "T12", Label("aggregation.title"), (heads,), tuple(rows), _notes(result, nulls))


def group_table(result: AggregationResult) -> Table:
    """Variable, groups, sizes, average deviations, groups that reach the bound, reliability of the means."""
    from evalkit.measurement.aggregation_result import average, share_of

    heads = ("variable", "aggregation.n_groups", "aggregation.size_mean", "aggregation.size_adjusted",
             "aggregation.size_range",
             "aggregation.ad_mean", "aggregation.ad_median", "aggregation.share",
             "aggregation.reliability")  # fmt: skip
    rows = []
    for v in result.variables:
        sizes = v.members[v.members > 0]
        ends = (float(sizes.min()), float(sizes.max())) if len(sizes) else (np.nan, np.nan)
        why = v.reason or "aggregation.reason_points"
        cells = (
            Cell(v.label, "label"),
            Cell(v.n_groups, "n_clusters"),
            Cell(v.between.size_mean, "mean", reason=v.reason),
            Cell(v.between.size_adjusted, "mean", reason=v.reason),
            Cell(ends, "size_range", reason=v.reason),
            Cell(average(v.within.ad_mean), "ad_mean", reason=v.reason),
            Cell(average(v.within.ad_median), "ad_median", reason=v.reason),
            Cell(share_of(v.nulls[0].rwg_j, result.rule["rwg"]), "percent", reason=why),
            Cell(average(v.reliability), "group_reliability", reason=v.reason),
        )
        rows.append(Row(cells))
    notes = (
        Label("aggregation.note_ad"),
        Label("aggregation.note_share", bound=f"{result.rule['rwg']:g}"),
        Label("aggregation.note_reliability"),
    )
    title = Label("aggregation.title_groups", cluster=result.cluster_label)
    general = tuple(Note("general", label) for label in notes)
    return Table("aggregation_groups", "T12_groups", title, (tuple(map(Head, heads)),), tuple(rows), general)


def waba_table(result: AggregationResult) -> Table:
    """Pairs of variables: correlation, and its parts between and within groups with their etas."""
    names = result.labels
    heads = ("aggregation.pair", "aggregation.raw", "aggregation.eta_between", "aggregation.r_between",
             "aggregation.eta_within", "aggregation.r_within", "n_obs")  # fmt: skip
    rows = []
    for (x, y), w in result.pairs.items():
        pair = Label("aggregation.pair_of", x=names[x], y=names[y])
        why = "aggregation.reason_no_variance"
        cells = (
            Cell(pair, "label"),
            Cell(w.raw, "correlation", reason=why),
            Cell((w.eta_between_x, w.eta_between_y), "correlation", reason=why),
            Cell(w.between, "correlation", reason=why),
            Cell((w.eta_within_x, w.eta_within_y), "correlation", reason=why),
            Cell(w.within, "correlation", reason=why),
            Cell(w.n_obs, "n_obs"),
        )
        rows.append(Row(cells))
    notes = (Note("general", Label("aggregation.note_waba")),)
    header = (tuple(map(Head, heads)),)
    return Table("aggregation_waba", "T12_waba", Label("aggregation.title_waba"), header, tuple(rows), notes)


def null_label(name: str) -> Label:
    """The words of a null distribution; the analyst's own name for one of hers."""
    known = ("uniform", "slight_skew", "moderate_skew", "heavy_skew", "triangular", "normal")
    return Label(f"aggregation.null_{name}") if name in known else Label(zh=name, en=name)


def _notes(result: AggregationResult, nulls: list[str]) -> tuple[Note, ...]:
    rule = {key: f"{value:g}" for key, value in result.rule.items()}
    labels = [_sizes(result), Label("aggregation.note_null", null=null_label(nulls[0]))]
    labels.append(Label("aggregation.note_rule", **rule))
    labels.append(Label("aggregation.note_sources"))
    return tuple(Note("general", label) for label in labels)


def _sizes(result: AggregationResult) -> Label:
    """Number and mean size of the groups: of all variables alike, or their range."""
    counts = [v.n_groups for v in result.variables]
    sizes = [v.between.size_mean for v in result.variables if v.n_groups]
    shown = {"cluster": result.cluster_label, "n": _range(counts, "d"), "size": _range(sizes, ".1f")}
    return Label("aggregation.note_sizes", **shown)


def _range(values: list[int] | list[float], form: str) -> str:
    if not values:
        return "0"
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low}–{high}"


TABLES: Mapping[str, Callable[[AggregationResult], Table]] = {
    "T12": verdict_table,
    "T12_groups": group_table,
    "T12_waba": waba_table,
}
"""Template -> the function that makes it."""
