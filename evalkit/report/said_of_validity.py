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


def validity(result: Any, voice: Voice) -> Iterator[Label]:
    """Convergent validity, Fornell and Larcker's criterion, the largest HTMT."""
    known, norms = result.known, result.norms
    if not known:
        yield Label("validation.say.uncomputed")
        return
    weak = [f.name for f in known if not (f.composite_reliability > norms.composite_reliability and f.ave > norms.ave)]
    lowest = min(known, key=lambda f: f.ave)
    yield Label(
        "validation.say.convergent_weak" if weak else "validation.say.convergent_good",
        cr=voice.number(min(f.composite_reliability for f in known), "composite_reliability"),
        ave=voice.number(lowest.ave, "ave"),
        cr_norm=f"{norms.composite_reliability:g}",
        ave_norm=f"{norms.ave:g}",
        scales=_named(voice, weak),
        ref=voice.ref({"outcome": lowest.name, "term": "ave"}),
    )
    if len(result.factors) < 2:
        return
    if result.blurred:
        yield Label("validation.say.larcker_weak", scales=_named(voice, result.blurred))
    else:
        yield Label("validation.say.larcker_good")
    found = np.tril(result.ratios["htmt"].estimate, -1)
    if not np.isfinite(found).all():
        yield Label("validation.say.uncomputed")
        return
    i, j = np.unravel_index(found.argmax(), found.shape)
    pair = {"outcome": result.factors[i].name, "term": result.factors[j].name, "level": "htmt"}
    yield Label(
        "validation.say.htmt_good" if found[i, j] < norms.htmt else "validation.say.htmt_weak",
        htmt=voice.number(found[i, j], "htmt"),
        one=voice.name(pair["term"]),
        other=voice.name(pair["outcome"]),
        norm=voice.number(norms.htmt, "htmt"),
        ref=voice.ref(pair),
    )


def _named(voice: Voice, names: Sequence[str]) -> Label:
    """The first names of a list, then an ellipsis."""
    shown = [voice.name(str(name)) for name in list(names)[:_MOST]]
    if len(names) > _MOST:
        shown.append(Label(zh="……", en="..."))
        return Label(zh="、".join(w.text("zh") for w in shown), en=", ".join(w.text("en") for w in shown))
    return listed(shown)
