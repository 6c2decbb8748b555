"""Sentences about joint displays: what they hold, and how a person judged the fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, listed

_WORDS = ("confirmation", "expansion", "discordance", "silence")


def joint_display(result: Any, voice: Voice) -> Iterator[Label]:
    """Rows, the judgements on them, and the quotes that are and are not printed."""
    rows = Label(f"displays.say.rows.{result.kind}", n=result.sheet.n)
    judged = result.judgements
    total = sum(judged.values())
    none = judged.get("none", 0)
    if total == none:
        yield Label("displays.say.not_judged", rows=rows)
    else:
        found = [Label("displays.say.word", word=Label(f"displays.fit.{w}"), n=judged[w]) for w in _WORDS if judged[w]]
        yield Label("displays.say.judged", rows=rows, words=listed(found), n=total - none, none=none)
    score = result.sheet.drawn
    if score is not None:
        ends = score.frame.sort_values("estimate", kind="stable", ascending=False)
        first, last = ends.iloc[0], ends.iloc[-1]
        yield Label(
            "displays.say.ends",
            score=score.labels["axis"],
            first=score.labels[first["case"]],
            high=voice.number(first["estimate"], "mean"),
            last=score.labels[last["case"]],
            low=voice.number(last["estimate"], "mean"),
        )
    if result.n_quotes or result.n_withheld:
        yield Label("displays.say.quotes", n=result.n_quotes, k=result.n_withheld)
