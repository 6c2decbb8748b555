"""Sentences about the dossier of scales: how many rules are kept, which are not and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, listed

_MOST = 4
"""Names said in a sentence."""


def scale_dossier(result: Any, voice: Voice) -> Iterator[Label]:
    """Range of alpha, fit of the model, how many rules all keep, then each rule that some do not keep."""
    by_rule = {id: list(made) for id, made in groupby(result.judgements, key=lambda j: j.rule.id)}
    alphas = [j for j in by_rule.get("alpha", ()) if computed(j.value)]
    if alphas:
        low, high = min(alphas, key=lambda j: j.value), max(alphas, key=lambda j: j.value)
        yield Label(
            "dossier.say.alpha", n=len(alphas), low=voice.number(low.value, "alpha"),
            high=voice.number(high.value, "alpha"), ref=_ref(voice, low),
        )  # fmt: skip
    fit = {name: by_rule[name][0] for name in ("cfi", "tli", "rmsea", "srmr") if name in by_rule}
    if len(fit) == 4 and computed(*(j.value for j in fit.values())):
        numbers = {name: voice.number(j.value, name) for name, j in fit.items()}
        yield Label("dossier.say.fit", ref=_ref(voice, fit["cfi"]), **numbers)
    broken = {id: [j for j in made if j.met is False] for id, made in by_rule.items()}
    kept = sum(not some for some in broken.values())
    yield Label("dossier.say.kept", n=len(by_rule), kept=kept)
    for id, some in broken.items():
        if some:
            yield _not_kept(by_rule[id], some, voice)
    if result.failed:
        yield Label("dossier.say.failed", parts=listed(Label(f"dossier.part_{f.part.id}") for f in result.failed))


def _not_kept(made: list[Any], some: list[Any], voice: Voice) -> Label:
    rule = made[0].rule
    names = listed(j.label for j in some[:_MOST])
    known = sum(j.met is not None for j in made)
    said = {
        "rule": Label(f"dossier.sense_{rule.sense}", name=Label(f"dossier.rule_{rule.id}")),
        "bound": voice.number(rule.at, rule.kind),
        "source": rule.source,
    }
    if len(made) == 1:
        value = voice.number(some[0].value, rule.kind)
        return Label("dossier.say.not_kept_one", value=value, ref=_ref(voice, some[0]), **said)
    more = "_more" if len(some) > _MOST else ""
    return Label(
        f"dossier.say.not_kept{more}",
        **said,
        k=len(some),
        n=known,
        names=names,
        ref=_ref(voice, some[0]),
    )


def _ref(voice: Voice, judgement: Any) -> str:
    level = "met" if judgement.met else "not_met"
    row = {"model": "judgement", "group": judgement.about, "term": judgement.rule.id, "level": level}
    return voice.ref(row)
