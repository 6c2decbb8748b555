"""Sentences about robustness and heterogeneity: what stays, and where not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, joined, listed

MOST_CLUSTERS = 6
SIDES = (("up", "positive"), ("down", "negative"))
ENDS = (("low", "min"), ("high", "max"), ("median", "median"))


def robustness(result: Any, voice: Voice) -> Iterator[Label]:
    """For each key effect the alternatives that agree with the base model, then the clusters left out."""
    base = result.columns[0].found
    for key in result.keys:
        row = base.rows.loc[key]
        effect = voice.name(key)
        if not computed(row["estimate"]):
            yield Label("robustness.say.uncomputed", effect=effect)
            continue
        found = [(column.label, result.agrees(column.found, key)) for column in result.columns[1:]]
        known = [agrees for _, agrees in found if not np.isnan(agrees)]
        numbers = {"effect": effect, "n": len(known), "b": _size(row, voice)}
        differing = [label for label, agrees in found if agrees == 0]
        ref = voice.ref({"model": "base", "outcome": base.outcome, "term": key})
        if known and not differing:
            yield Label("robustness.say.stable", ref=ref, **numbers)
        elif known:
            agreeing = len(known) - len(differing)
            yield Label("robustness.say.unstable", k=agreeing, where=listed(differing), ref=ref, **numbers)
        if result.without:
            yield _left_out(result, key, effect, voice)
    failed = [column.label for column in result.columns[1:] if column.found.why is not None]
    if failed:
        yield Label("robustness.say.failed", where=listed(failed))


def _size(row: Any, voice: Voice) -> Label:
    b = Label(zh=voice.number(row["estimate"], "estimate"), en=voice.number(row["estimate"], "estimate"))
    return joined([b, voice.p(row["p_value"])], "，", ", ") if computed(row["p_value"]) else b


def _left_out(result: Any, key: str, effect: Label, voice: Voice) -> Label:
    low, high, count, agreeing = result.spread(key)
    words = {
        "effect": effect,
        "n": count,
        "name": voice.name(result.leave_out),
        "low": voice.number(low, "estimate"),
        "high": voice.number(high, "estimate"),
        "ref": voice.ref({"model": "leave_out", "outcome": result.columns[0].found.outcome, "term": key}, "min"),
    }
    if agreeing == count:
        return Label("robustness.say.left_out_stable", **words)
    where = [voice.name(name) for name, found in result.without.items() if result.agrees(found, key) == 0]
    shown = listed(where[:MOST_CLUSTERS])
    return Label("robustness.say.left_out_unstable", k=agreeing, where=shown, **words)


def heterogeneity(result: Any, voice: Voice) -> Iterator[Label]:
    """For each column of groups whether the effect differs, with the effect in every group."""
    for key in result.keys:
        for one in result.comparisons:
            each = [_in_group(w, f.rows.loc[key], voice) for w, f in zip(one.words, one.found, strict=True)]
            row = {"model": one.by, "outcome": result.whole.outcome, "term": f"difference.{key}"}
            words = {"effect": voice.name(key), "by": one.label, "each": joined(each, "；", "; ")}
            p = one.differences[key].p_value
            if not computed(p):
                yield Label("heterogeneity.say.untested", **words)
                continue
            found = "differs" if p < voice.alpha else "no_difference"
            yield Label(f"heterogeneity.say.{found}", p=voice.p(p), ref=voice.ref(row, "p_value"), **words)
    yield Label("heterogeneity.say.caution")


def _in_group(group: Label, row: Any, voice: Voice) -> Label:
    if not computed(row["estimate"]):
        return Label("heterogeneity.say.not_in_group", group=group)
    return Label("heterogeneity.say.in_group", group=group, b=_size(row, voice))


def specification_curve(result: Any, voice: Voice) -> Iterator[Label]:
    """From where to where the effect goes, and how often it is significant."""
    effect, found = voice.name(result.key), result.numbers()
    if not computed(found["median"]):
        yield Label("curve.say.none", effect=effect)
        return
    shares = {name: voice.number(found[f"significant_{sign}"], "percent") + "%" for name, sign in SIDES}
    ends = {new: voice.number(found[old], "estimate") for new, old in ENDS}
    ref = voice.ref({"term": "curve.median"})
    yield Label("curve.say.all", n=_estimated(result), effect=effect, ref=ref, **ends, **shares)


def _estimated(result: Any) -> int:
    return sum(computed(line.found.rows.at[result.key, "estimate"]) for line in result.lines)
