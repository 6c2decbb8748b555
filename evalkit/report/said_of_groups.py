"""Sentences about groups and raters: whether what they say may be averaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, is_given, listed, rows_of

_ONE_BY_ONE = 4


def aggregation(result: Any, voice: Voice) -> Iterator[Label]:
    """Groups and their size, the figures of a few variables, then the variables of each verdict."""
    rows = {(row["term"], row["level"]): row for row in rows_of(result.tidy()) if not is_given(row["group"])}
    first = result.variables[0]
    size = rows[first.name, "size_mean"]
    if first.n_groups:
        yield Label(
            "aggregation.say.sizes",
            cluster=result.cluster_label,
            n=voice.number(first.n_groups, "count"),
            size=voice.number(size["estimate"], "mean"),
            ref=voice.ref(size),
        )
    known = [v for v in result.variables if v.verdict(result.rule) != "unknown"]
    for v in known if len(known) <= _ONE_BY_ONE else []:
        icc = rows[v.name, "icc1"]
        yield Label(
            "aggregation.say.figures",
            name=voice.name(v.name),
            rwg=voice.number(rows[v.name, f"rwg_j.{v.nulls[0].name}.median"]["estimate"], "rwg"),
            icc1=voice.number(icc["estimate"], "rwg"),
            icc2=voice.number(rows[v.name, "icc2"]["estimate"], "rwg"),
            f=voice.number(icc["statistic"], "f_statistic"),
            p=voice.p(icc["p_value"]),
            ref=voice.ref(icc),
        )
    bounds = {key: f"{value:g}" for key, value in result.rule.items()}
    for verdict in ("yes", "reserved", "no", "unknown"):
        names = [voice.name(v.name) for v in result.variables if v.verdict(result.rule) == verdict]
        if names:
            yield Label(f"aggregation.say.{verdict}", names=listed(names), **bounds)


def icc(result: Any, voice: Voice) -> Iterator[Label]:
    """Agreement of one rater out of many, and of the raters' mean."""
    rows = {row["term"]: row for row in rows_of(result.tidy())}
    single, mean = rows["ICC2"], rows["ICC2k"]
    if not computed(single["estimate"]):
        yield Label("icc.say.none")
        return
    yield Label(
        "icc.say.found",
        n=voice.number(result.n_obs, "count"),
        k=len(result.raters),
        single=voice.number(single["estimate"], "correlation"),
        level=voice.level,
        interval=voice.interval(single, "correlation"),
        mean=voice.number(mean["estimate"], "correlation"),
        ref=voice.ref(single),
    )
