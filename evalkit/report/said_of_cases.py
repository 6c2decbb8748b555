"""Sentences about cases: which combinations lead to an outcome, and what it cannot do without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, joined, listed


def qca(result: Any, voice: Voice) -> Iterator[Label]:
    """The first model of the printed solution with its fit, ties, and how much rests on remainders."""
    if not result.models:
        yield Label("qca.say.none", outcome=result.outcome_label)
        return
    first = result.models[0]
    yield Label(
        "qca.say.solution",
        outcome=result.outcome_label,
        kind=Label(f"qca.kind.{result.printed}"),
        k=len(first.paths),
        paths=listed([Label(zh=p.text, en=p.text) for p in first.paths]),
        consistency=voice.number(first.consistency, "consistency"),
        coverage=voice.number(first.coverage, "coverage"),
    )
    if len(result.models) > 1:
        yield Label("qca.say.tied", n=len(result.models) - 1)
    filled = int((result.table_.n > 0).sum())
    yield Label("qca.say.limits", filled=filled, rows=len(result.table_.n))


def necessity(result: Any, voice: Voice) -> Iterator[Label]:
    """The expressions that pass the cut for the outcome."""
    passing = [Label(zh=f.text, en=f.text) for f in result.found if f.consistency[0] >= result.cut]
    if passing:
        yield Label("qca.say.necessary", cut=f"{result.cut:g}", names=listed(passing))
    else:
        yield Label("qca.say.not_necessary", cut=f"{result.cut:g}")


def qca_robustness(result: Any, voice: Voice) -> Iterator[Label]:
    """How many alternatives there are, how far they overlap, and how many cases all of them hold."""
    if result.fit is None:
        yield Label("anchors.say.vanishes" if result.n_without else "anchors.say.solid")
        return
    yield Label(
        "anchors.say.fragile",
        n=len(result.alternatives),
        smallest=voice.number(result.fit.smallest, "consistency"),
        largest=voice.number(result.fit.largest, "consistency"),
    )
    yield Label("anchors.say.roles", k=result.roles.count("robust"))


def quantitise(result: Any, voice: Voice) -> Iterator[Label]:
    """How many codes of how many cases, and which of them no case lacks."""
    yield Label("quantify.say.made", k=len(result.codes), n=result.n_obs, rule=Label(f"quantify.rule.{result.rule}"))
    bearing = result.n_sources > 0
    common = [one.label for one in result.codes if result.n_obs and (one.measured.values[bearing] > 0).all()]
    if common:
        yield Label("quantify.say.common", k=len(common), names=listed(common))


def qualitise(result: Any, voice: Voice) -> Iterator[Label]:
    """How many cases are of each type, and how many of none."""
    parts = [
        Label("qualify.say.type", type=rule.label, k=len(result.members(k))) for k, rule in enumerate(result.rules)
    ]
    yield Label("qualify.say.types", n=result.n_obs, parts=joined(parts, "、", ", "))
    without = len(result.members(-1))
    if without:
        yield Label("qualify.say.none", k=without)


def calibrate_sets(result: Any, voice: Voice) -> Iterator[Label]:
    """Which sets were made, and how many memberships sampling error may turn."""
    names = [Label(zh=m.rule.name, en=m.rule.name) for m in result.sets]
    yield Label("calibration.say.made", n=result.n_obs, k=len(names), names=listed(names))
    close = sum(int((m.crossing >= result.likely).sum()) for m in result.sets)
    if close:
        yield Label("calibration.say.close", n=close)


def network(result: Any, voice: Voice) -> Iterator[Label]:
    """The whole, who lies between others, groups, and what hangs on the lead organisation."""
    w = result.whole
    yield Label(
        "network.say.whole",
        n=voice.number(w["actors"], "count"),
        ties=voice.number(w["ties"], "count"),
        density=voice.number(w["density"], "correlation"),
        centre=voice.number(w.get("centralisation.degree", float("nan")), "correlation"),
    )
    between = result.nodes["betweenness"]
    if between.max() > 0:
        yield Label("network.say.first", name=_actor(result, result.graph.names[int(between.argmax())]))
    if result.mixing:
        ei = result.mixing.ei
        which = "across" if ei > 0 else "within" if ei < 0 else "even"
        yield Label("network.say.groups", ei=voice.number(ei, "correlation"), which=Label(f"network.say.{which}"))
    for b in result.boundaries:
        if computed(b.p_value):
            yield Label(
                "network.say.boundary",
                name=result.words.get(b.column, Label(zh=b.column, en=b.column)),
                share=voice.number(100 * b.share, "share"),
                expected=voice.number(50 * (1 + b.expected), "share"),
                p=voice.p(b.p_value),
            )
    lead = result.lead
    if lead:
        yield Label(
            "network.say.lead",
            name=_actor(result, lead.actor),
            ties=voice.number(100 * lead.tie_share, "share"),
            between=voice.number(100 * lead.betweenness_share, "share"),
            density=voice.number(lead.without["density"], "correlation"),
            parts=voice.number(lead.without["components"], "count"),
        )


def _actor(result: Any, name: str) -> Label:
    found: Label = result.labels.get(name, Label(zh=name, en=name))
    return found


def qap(result: Any, voice: Voice) -> Iterator[Label]:
    """Each correlation with its p."""
    for name, c in zip(result.predictors, result.correlations, strict=True):
        if computed(c.estimate):
            r = voice.number(c.estimate, "correlation")
            yield Label(
                "network.say.qap",
                name=result.labels[name],
                outcome=result.labels[result.outcome],
                r=r,
                p=voice.p(c.p_value),
            )
