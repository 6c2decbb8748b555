"""Sentences about missing answers that were imputed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, listed, rows_of

NAMED = 5
_NO_ESTIMATES = ("model.", "test.", "intercept", "threshold.", "floodlight.", "predicted.", "beta.")
_NO_EFFECTS = ("variance", "covariance", "intercept", "threshold", "scale", "loading")


def impute(result: Any, voice: Voice) -> Iterator[Label]:
    """How many gaps were imputed and where most, whether the chains agree, and what that rests on."""
    rows = [row for row in rows_of(result.tidy()) if row["n_missing"]]
    if not rows:
        yield Label("imputation.say.nothing", n=result.n_obs)
        return
    cells = int(sum(row["n_missing"] for row in rows))
    most = max(rows, key=lambda row: row["percent"])
    yield Label(
        "imputation.say.done",
        cells=cells,
        k=len(rows),
        m=result.m,
        iterations=result.iterations,
        most=voice.name(most["term"]),
        percent=voice.number(most["percent"], "percent"),
        ref=voice.ref(most, "percent"),
    )
    late = [p.params["names"] for p in result.notices if p.code == "W6238"]
    if late:
        names = listed(voice.name(name) for name in late[0][:NAMED])
        yield Label("imputation.say.late", k=len(late[0]), names=names)
    elif all(computed(row["rhat"]) for row in rows):
        largest = max(rows, key=lambda row: row["rhat"])
        value = voice.number(largest["rhat"], "rhat")
        yield Label("imputation.say.together", rhat=value, ref=voice.ref(largest, "rhat"))
    yield Label("imputation.say.assumption")


def pool(result: Any, voice: Voice) -> Iterator[Label]:
    """Over how many imputations, what is significant, how much information is missing, and what listwise rows say."""
    yield Label("imputation.say.pooled", m=result.m, n=result.n_obs)
    rows = [row for row in rows_of(result.tidy()) if _tested(row)]
    clear = [row for row in rows if row["p_value"] < voice.alpha]
    if clear:
        yield Label(
            "imputation.say.clear", names=_names(clear, result), p=voice.below, ref=voice.ref(clear[0], "p_value")
        )
    elif rows:
        yield Label("imputation.say.none", p=Label(zh=f"α = {voice.alpha:g}", en=f"alpha = {voice.alpha:g}"))
    known = [row for row in rows if computed(row["fmi"])]
    if known:
        most = max(known, key=lambda row: row["fmi"])
        fmi = voice.number(most["fmi"], "fmi")
        yield Label("imputation.say.fmi", fmi=fmi, term=result.label(most), ref=voice.ref(most, "fmi"))
    beside = [row for row in rows if computed(row["listwise"], row["listwise_se"]) and row["listwise_se"] > 0]
    changed = [row for row in beside if (row["p_value"] < voice.alpha) != _clear_listwise(row, voice.alpha)]
    if changed:
        yield Label("imputation.say.changed", names=_names(changed, result))
    elif beside:
        yield Label("imputation.say.unchanged")


def _tested(row: dict[str, Any]) -> bool:
    """An estimate of its own, with a test: no constant, variance or point of a curve, no test of several."""
    term, several = str(row["term"]), str(row["label"]) in ("d1", "d2", "d3")
    plain = not term.startswith(_NO_ESTIMATES) and row["level"] not in _NO_EFFECTS
    return computed(row["estimate"], row["p_value"]) and plain and not several


def _clear_listwise(row: dict[str, Any], alpha: float) -> bool:
    """Whether the listwise estimate is significant by the normal test of its standard error."""
    z = abs(row["listwise"]) / row["listwise_se"]
    return math.erfc(z / math.sqrt(2)) < alpha


def _names(rows: list[dict[str, Any]], result: Any) -> Label:
    shown = [result.label(row) for row in rows[:NAMED]]
    return listed(dict.fromkeys(shown))
