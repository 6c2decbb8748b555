"""Sentences about open answers: who answered, what is mentioned most, whether groups differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, listed

_TOLD = 3


def open_answers(result: Any, voice: Voice) -> Iterator[Label]:
    """A question at a time: answers, the three most frequent themes (else words), and groups that differ."""
    for q in result.questions:
        if not q.n_answered:
            yield Label("open_answers.say.none", question=q.label)
            continue
        answered = voice.number(q.n_answered, "count")
        if q.n_silent:
            silent = voice.number(q.n_silent, "count")
            yield Label("open_answers.say.answered", question=q.label, n=answered, silent=silent)
        else:
            yield Label("open_answers.say.answered_all", question=q.label, n=answered)
        mentions = q.themes or q.words
        ranked = sorted((m for m in mentions if computed(m.share.percent)), key=lambda m: -m.share.percent)[:_TOLD]
        if ranked and ranked[0].share.count:
            parts = [_item(m, voice) for m in ranked if m.share.count]
            key = "open_answers.say.most_themes" if q.themes else "open_answers.say.most_words"
            level = "theme" if q.themes else "word"
            ref = voice.ref({"outcome": q.name, "term": ranked[0].id, "level": level})
            yield Label(key, parts=listed(parts), ref=ref)
        tested = [m for m in mentions if computed(m.difference.p_adjusted)]
        apart = [m.label for m in tested if m.difference.p_adjusted < voice.alpha]
        if apart:
            yield Label("open_answers.say.differ", names=listed(apart))
        elif tested:
            yield Label("open_answers.say.alike")


def _item(mention: Any, voice: Voice) -> Label:
    share = mention.share
    return Label(
        "open_answers.say.item",
        name=mention.label,
        percent=voice.number(share.percent, "percent"),
        level=voice.level,
        interval=voice.interval({"conf_low": share.low, "conf_high": share.high}, "percent"),
    )
