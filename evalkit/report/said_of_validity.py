"""Sentences about items, experts, scales and criteria."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, listed

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
        norm=f"{norms.htmt:g}",
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


def multitrait(result: Any, voice: Voice) -> Iterator[Label]:
    """Scaling success, and the items that go as well with another scale."""
    share = float(result.glance()["share"][0])
    if not np.isfinite(share):
        yield Label("validation.say.uncomputed")
    elif len(result.misplaced):
        items = _named(voice, result.misplaced["term"])
        yield Label("validation.say.scaling_weak", share=voice.number(share, "percent"), items=items)
    else:
        yield Label("validation.say.scaling_good")


def criterion_validity(result: Any, voice: Voice) -> Iterator[Label]:
    """Each score and the criterion, and what it adds."""
    for row in result.frame.to_dict("records"):
        name, criterion = voice.name(row["term"]), voice.name(result.criterion)
        if not computed(row["estimate"], row["p_value"], row["conf_low"]):
            yield Label("validation.say.uncomputed")
            continue
        value = Label(f"validation.say.value_{result.method}", value=voice.number(row["estimate"], "correlation"))
        key = {"outcome": result.criterion, "term": row["term"]}
        yield Label(
            "validation.say.related" if row["p_value"] < voice.alpha else "validation.say.unrelated",
            name=name,
            criterion=criterion,
            value=value,
            level=voice.level,
            interval=voice.interval(row),
            ref=voice.ref({**key, "level": result.method}),
        )
        if result.over and computed(row["r_squared_change"], row["f_change_p"]):
            gain, p = voice.number(row["r_squared_change"], "r_squared_change"), voice.p(row["f_change_p"])
            ref = voice.ref({**key, "level": "increment"})
            yield Label("validation.say.added", name=name, gain=gain, p=p, ref=ref)


def known_groups(result: Any, voice: Voice) -> Iterator[Label]:
    """Whether each score differs, and whether the means stand as expected."""
    for row in result.tests.to_dict("records"):
        if not computed(row["p_value"]):
            yield Label("validation.say.uncomputed")
            continue
        differ = row["p_value"] < voice.alpha
        ref = voice.ref({"outcome": row["outcome"], "group": result.by, "term": "difference"}, "p_value")
        yield Label(
            "validation.say.groups_differ" if differ else "validation.say.groups_alike",
            name=voice.name(row["outcome"]), by=voice.name(result.by), p=voice.p(row["p_value"]), ref=ref,
        )  # fmt: skip
    for value, key in ((1.0, "validation.say.order_kept"), (0.0, "validation.say.order_broken")):
        names = list(result.tests.loc[result.tests["as_expected"] == value, "outcome"])
        if names:
            yield Label(key, names=_named(voice, names))


def _named(voice: Voice, names: Sequence[str]) -> Label:
    """The first names of a list, then an ellipsis."""
    shown = [voice.name(str(name)) for name in list(names)[:_MOST]]
    if len(names) > _MOST:
        shown.append(Label(zh="……", en="..."))
        return Label(zh="、".join(w.text("zh") for w in shown), en=", ".join(w.text("en") for w in shown))
    return listed(shown)
