"""Sentences on a ledger of problems: where they went, what is open, how long it took, whether totals add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, joined, listed

_SEMICOLONS = {"zh": "，", "en": ", "}


def problem_flow(result: Any, voice: Voice) -> Iterator[Label]:
    """Routes with shares, open problems, levels, the median time, totals that do not fit."""
    parts = [
        Label(
            "problem_flow.say.part",
            name=result.called(g.value),
            n=voice.number(g.n, "count"),
            share=voice.number(100 * g.n / result.n_obs, "percent"),
        )
        for g in result.routes
    ]
    yield Label("problem_flow.say.routes", n=voice.number(result.n_obs, "count"), parts=joined(parts, **_SEMICOLONS))
    if computed(result.all.open):
        still = voice.number(result.all.open, "count")
        yield (
            Label("problem_flow.say.open", until=result.until, n=still)
            if result.all.open
            else Label("problem_flow.say.none_open")
        )
    stages = [s for s in result.stages if computed(s.retention)]
    if stages:
        shares = [
            Label(
                "problem_flow.say.level",
                name=result.called(s.level),
                share=voice.number(100 * s.retention, "percent"),
            )
            for s in stages
        ]
        yield Label("problem_flow.say.levels", parts=joined(shares, **_SEMICOLONS))
    if computed(result.all.time.estimate):
        yield Label("problem_flow.say.days", days=f"{result.all.time.estimate:g}")
    yield from _totals(result)


def _totals(result: Any) -> Iterator[Label]:
    for problem in result.notices:
        if problem.code == "W6741":
            yield Label("problem_flow.say.gap", sum=problem.params["sum"], total=problem.params["total"])
    apart = [result.called(c.name) for c in result.checks if c.printed != c.counted]
    if apart:
        yield Label("problem_flow.say.differs", names=listed(apart))
