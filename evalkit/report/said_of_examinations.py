"""Sentences about the diagnostics of a linear model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, listed

NAMED = ("breusch_pagan", "white", "reset", "shapiro", "jarque_bera")
"""Tests that the sentence is about: those that need no other assumption."""


def diagnostics(result: Any, voice: Voice) -> Iterator[Label]:
    """Which assumptions do not hold, the most collinear variable, and the rows that weigh most."""
    y = voice.name(result.outcome)
    tests = {name: result.tests[name][3] for name in NAMED if computed(result.tests[name][3])}
    if not tests:
        yield Label("examination.say.uncomputed", y=y)
        return
    broken = [
        Label("examination.say.with_p", name=Label(f"examination.test.{name}"), p=voice.p(p))
        for name, p in tests.items()
        if p < voice.alpha
    ]
    if broken:
        yield Label("examination.say.broken", y=y, names=listed(broken))
    else:
        yield Label("examination.say.clear", y=y, alpha=f"{voice.alpha:g}")
    roots = [(value, name) for value, name in zip(result.gvif_root, result.variables, strict=True) if computed(value)]
    if len(roots) > 1:
        value, name = max(roots)
        yield Label("examination.say.collinear", x=voice.name(name), value=voice.number(value, "gvif_root"))
    largest = float(result.glance()["cooks"].iloc[0])
    if computed(largest):
        shown = voice.number(largest, "cooks")
        yield Label("examination.say.cases", n=result.beyond["cooks"], value=shown)
