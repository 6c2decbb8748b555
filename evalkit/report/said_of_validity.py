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


def method_bias(result: Any, voice: Voice) -> Iterator[Label]:
    """Harman's share, what a method factor adds to the fit, whether the marker biases correlations."""
    side = "below" if result.harman.share < result.norms.harman else "above"
    yield Label(
        f"method.say.harman_{side}",
        share=voice.number(result.harman.share, "percent"),
        norm=f"{result.norms.harman:g}",
        ref=voice.ref({"term": "harman.share"}),
    )
    if result.serious is None:
        yield Label("method.say.serious_unknown")
    else:
        yield Label(
            f"method.say.serious_{'yes' if result.serious else 'no'}",
            cfi=voice.number(result.change("cfi"), "cfi"),
            tli=voice.number(result.change("tli"), "tli"),
            rmsea=voice.number(result.change("rmsea"), "rmsea"),
            ref=voice.ref({"term": "change.cfi"}),
        )
    if result.marker is not None:
        p = result.marker.models[-1].against.p_value
        if p == p:
            found = "biased" if p < voice.alpha else "fine"
            ref = voice.ref({"model": "marker_r", "term": "difference"}, "p_value")
            yield Label(f"method.say.marker_{found}", p=voice.p(p), ref=ref)


def compare_models(result: Any, voice: Voice) -> Iterator[Label]:
    """Fit of the model of one factor a scale, and whether any other has as low an AIC."""
    first = result.models[0]
    if not first.fitted:
        yield Label("validation.say.uncomputed")
        return
    rivals = result.rivals
    if not any(np.isfinite(m.measures["aic"]) for m in result.models[1:]):
        return
    yield Label(
        "method.say.not_best" if rivals else "method.say.best",
        k=first.label.params["k"],
        ratio=voice.number(first.measures["chisq_df"], "chisq_df"),
        cfi=voice.number(first.measures["cfi"], "cfi"),
        rmsea=voice.number(first.measures["rmsea"], "rmsea"),
        models=listed([m.label for m in rivals]),
        ref=voice.ref({"model": first.id, "term": "cfi"}),
    )


def _named(voice: Voice, names: Sequence[str]) -> Label:
    """The first names of a list, then an ellipsis."""
    shown = [voice.name(str(name)) for name in list(names)[:_MOST]]
    if len(names) > _MOST:
        shown.append(Label(zh="……", en="..."))
        return Label(zh="、".join(w.text("zh") for w in shown), en=", ".join(w.text("en") for w in shown))
    return listed(shown)
