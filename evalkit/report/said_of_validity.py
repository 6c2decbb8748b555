"""Sentences about items, experts, scales and criteria."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from evalkit.contract import Label
from evalkit.report.phrases import Voice, listed

_MOST = 5


def item_analysis(result: Any, voice: Voice) -> Iterator[Label]:
    """Whether every item discriminates, and which fall below the norms."""
    frame = result.frame
    if not np.isfinite(frame["statistic"]).any():
        yield Label("validation.say.uncomputed")
        return
    weak = result.weak
    if len(weak):
        yield Label(
            "validation.say.items_weak",
            n=len(weak),
            items=_named(voice, weak["term"]),
            t=voice.number(result.t_norm, "statistic"),
            norm=voice.number(result.r_norm, "item_total"),
        )
        return
    least = frame.loc[frame["statistic"].idxmin()].to_dict()
    yield Label(
        "validation.say.items_good",
        low=voice.number(least["statistic"], "statistic"),
        r=voice.number(frame["item_total"].min(), "item_total"),
        ref=voice.ref(least, "statistic"),
    )


def content_validity(result: Any, voice: Voice) -> Iterator[Label]:
    """S-CVI, and the items below the norm."""
    whole = result.summary.iloc[-1]
    yield Label(
        "validation.say.content",
        n=result.n_experts,
        k=len(result.frame),
        ave=voice.number(whole["s_cvi_ave"], "s_cvi_ave"),
        ua=voice.number(whole["s_cvi_ua"], "s_cvi_ua"),
        ref=voice.ref({"term": "model.s_cvi_ave"}),
    )
    weak = result.weak
    if len(weak):
        yield Label("validation.say.content_weak", n=len(weak), items=_named(voice, weak["term"]))


def _named(voice: Voice, names: Sequence[str]) -> Label:
    """The first names of a list, then an ellipsis."""
    shown = [voice.name(str(name)) for name in list(names)[:_MOST]]
    if len(names) > _MOST:
        shown.append(Label(zh="……", en="..."))
        return Label(zh="、".join(w.text("zh") for w in shown), en=", ".join(w.text("en") for w in shown))
    return listed(shown)
