"""Sentences about power and sample size by formula."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed

_MOST = 6


def power(result: Any, voice: Voice) -> Iterator[Label]:
    """What was searched for, scenario by scenario; clusters and recruits of the first."""
    found = [(i, one) for i, one in enumerate(result.scenarios) if not one.reason and one.sizes]
    for i, one in found[:_MOST]:
        yield _said(result, one, voice, str(i + 1) if len(result.scenarios) > 1 else None)
        if i:
            continue
        if result.clustered:
            deff = voice.number(result.deff, "deff")
            yield Label("formula_power.say.clusters", deff=deff, clusters=result.clusters(one))
        if "attrition" in result.options:
            yield Label("formula_power.say.recruits", n=result.recruits(one))
    if len(found) < len(result.scenarios):
        yield Label("formula_power.say.unreached", n=len(result.scenarios) - len(found))


def _said(result: Any, one: Any, voice: Voice, group: str | None) -> Label:
    effect = result.plan.a * result.plan.b if result.symbol == "ab" else one.effect
    several = result.solved == "n" and len(one.sizes) > 1
    each = Label("formula_power.say.each", sizes="/".join(map(str, one.sizes))) if several else ""
    words = {
        "test": result.named,
        "symbol": result.symbol,
        "effect": voice.number(effect, "effect"),
        "alpha": f"{one.alpha:.3g}",
        "power": voice.number(one.power, "power"),
        "people": sum(one.sizes),
    }
    if result.solved == "n":
        words["each"] = each
    ref = voice.ref({"group": group, "term": result.solved}) if computed(one.n) else ""
    return Label(f"formula_power.say.{result.solved}", **words, ref=ref)
