"""Sentences about measurement invariance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, listed, rows_of

_MOST = 3


def invariance(result: Any, voice: Voice) -> Iterator[Label]:
    """The last level that holds, why the next was given up, and the items whose release would help."""
    by = voice.name(result.by)
    held, last = result.held, result.steps[-1]
    rows = {(row["level"], row["term"]): row for row in rows_of(result.tidy())}
    if held is None:
        yield Label("invariance.say.none", by=by)
        return
    fit = {n: voice.number(held.values[n], n) for n in ("cfi", "rmsea", "srmr")}
    ref = voice.ref(rows[held.level, "model.cfi"])
    if result.rule.name == "none":
        yield Label("invariance.say.reported", by=by, n=len(result.steps), ref=ref)
    else:
        yield Label(f"invariance.say.{held.level}", by=by, ref=ref, **fit)
    if result.partial:
        yield Label("invariance.say.partial", items=", ".join(result.partial))
    if last.verdict in ("broken", "unjudged"):
        level, row = Label(f"invariance.{last.level}"), rows[last.level, "change.cfi"]
        if not computed(last.changes["cfi"], last.chisq_diff, last.p_diff):
            yield Label(f"invariance.say.{last.verdict}_untested", level=level, ref=voice.ref(row))
        else:
            yield Label(
                f"invariance.say.{last.verdict}",
                level=level,
                cfi=voice.number(last.changes["cfi"], "cfi"),
                chisq=voice.number(last.chisq_diff, "chisq"),
                df=last.df_diff,
                p=voice.p(last.p_diff),
                ref=voice.ref(row),
            )
    strong = [found for found in result.proposals if found.p_value < voice.alpha][:_MOST]
    if strong:
        items = listed(voice.name(name) for name in dict.fromkeys(found.item for found in strong))
        yield Label("invariance.say.release", items=items, partial=", ".join(strong[0].parameters))
