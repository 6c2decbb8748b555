"""Sentences about missing answers that were imputed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, listed, rows_of

NAMED = 5


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
