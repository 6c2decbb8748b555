"""Sentences about what several strands found, and what evidence says of hypotheses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, joined, listed


def triangulate(result: Any, voice: Voice) -> Iterator[Label]:
    """How much was judged, the words by aspect over all pairs, and what one strand alone speaks of."""
    total = len(result.comparisons)
    yield Label("convergence.say.judged", total=total, n=total - sum(c.open for c in result.comparisons))
    for aspect in ("meaning", "examples", "judgement"):
        words = [c.words[aspect] for c in result.comparisons if c.words[aspect] != "open"]
        parts = [
            Label("convergence.say.word", word=Label(f"convergence.word.{word}"), k=words.count(word))
            for word in dict.fromkeys(words)
        ]
        if parts:
            said = joined(parts, "、", ", ")
            yield Label("convergence.say.words", aspect=Label(f"convergence.{aspect}"), parts=said)
    for one in result.coverage():
        if one.alone:
            names = listed([Label(zh=n, en=n) for n in one.alone])
            yield Label("convergence.say.alone", strand=one.strand, names=names)
