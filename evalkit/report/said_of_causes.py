"""Sentences about causal designs: an effect is called one only here, and its assumptions are said with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed

BALANCED = 0.1
"""Largest absolute standardised difference of covariates that count as balanced."""


def did(result: Any, voice: Voice) -> Iterator[Label]:
    """The headline, and what the periods before treatment say about it."""
    yield said(result.headline, result.treated, result.outcome, voice, "causal.say.did")
    p = next((t.p_value for t in result.tests if t.name == "pretrend" and computed(t.p_value)), None)
    if p is None:
        yield Label("causal.say.trends_untested")
    else:
        found = "broken" if p < voice.alpha else "held"
        yield Label(f"causal.say.trends_{found}", p=voice.p(p))


def iv(result: Any, voice: Voice) -> Iterator[Label]:
    """The effects; then whether the instruments bear them."""
    for one in result.headline:
        yield said(one, one.term, result.outcome, voice, "causal.say.iv")
    tests = {t.name: t for t in result.tests}
    strength = tests.get("effective_f") or tests["cragg_donald"]
    robust = [e for e in result.effects if e.model == "anderson_rubin"]
    if result.weak and robust:
        yield Label("causal.say.weak", p=voice.p(robust[0].p_value))
    elif result.weak:
        yield Label("causal.say.weak_several")
    elif computed(strength.statistic):
        yield Label("causal.say.strong", f=voice.number(strength.statistic, "f_statistic"))
    surplus = tests.get("sargan") or tests.get("hansen")
    if surplus is not None and computed(surplus.p_value) and surplus.p_value < voice.alpha:
        yield Label("causal.say.overidentified", p=voice.p(surplus.p_value))


def propensity(result: Any, voice: Voice) -> Iterator[Label]:
    """The effect by the method asked for, and whether the arms became alike."""
    method = Label(f"causal.method.{result.method}")
    yield said(result.headline, result.treated, result.outcome, voice, "causal.say.propensity", method=method)
    largest = result.largest_difference(result.stage)
    if computed(largest):
        found = "balanced" if largest <= BALANCED else "unbalanced"
        yield Label(f"causal.say.{found}", d=voice.number(largest, "estimate"))


def interrupted_series(result: Any, voice: Voice) -> Iterator[Label]:
    """The changes of level and of trend, and the distance from what was expected."""
    y = voice.name(result.outcome)
    for term, key in (("level_change", "level"), ("trend_change", "trend"), ("effect.mean", "series_mean")):
        one = result.found(term)
        if not computed(one.estimate, one.conf_low, one.conf_high, one.p_value):
            yield Label("causal.say.series_uncomputed", y=y)
            return
        clear = one.p_value < voice.alpha
        ends = {"conf_low": one.conf_low, "conf_high": one.conf_high}
        common = {"interval": voice.interval(ends), "level": voice.level, "p": voice.p(one.p_value)}
        common |= {"y": y, "start": f"{result.start:g}"}
        if key == "series_mean" or not clear:
            kind = key if key == "series_mean" else f"{key}_none"
            yield Label(f"causal.say.{kind}", b=voice.number(one.estimate, "estimate"), **common)
        else:
            direction = Label(f"causal.say.{'rise' if one.estimate > 0 else 'fall'}")
            b = voice.number(abs(one.estimate), "estimate")
            yield Label(f"causal.say.{key}", b=b, direction=direction, **common)


def said(one: Any, x: str, y: str, voice: Voice, key: str, **more: Label) -> Label:
    """One effect in a sentence: `key` where it is significant."""
    names = {"x": voice.name(x), "y": voice.name(y)}
    if not computed(one.estimate):
        return Label("causal.say.uncomputed", **names)
    if not computed(one.conf_low, one.conf_high, one.p_value):
        return Label("causal.say.bare", b=voice.number(one.estimate, "estimate"), **names)
    ends = {"conf_low": one.conf_low, "conf_high": one.conf_high}
    common = {**names, "interval": voice.interval(ends), "level": voice.level, "p": voice.p(one.p_value)}
    if one.p_value >= voice.alpha:
        return Label("causal.say.none", b=voice.number(one.estimate, "estimate"), **common)
    direction = Label(f"causal.say.{'rise' if one.estimate > 0 else 'fall'}")
    return Label(key, b=voice.number(abs(one.estimate), "estimate"), direction=direction, **common, **more)
