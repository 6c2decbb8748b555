"""Sentences about what several strands found, and what evidence says of hypotheses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, joined, listed


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
            names = listed([voice.name(name) for name in one.alone])
            yield Label("convergence.say.alone", strand=voice.name(one.strand), names=names)


def process_tracing(result: Any, voice: Voice) -> Iterator[Label]:
    """Evidence by kind for each hypothesis, what failed a test that rules out, and the posterior where asked for."""
    for s in result.strands:
        name = Label("tracing.say.name", case=s.case, hypothesis=s.hypothesis) if s.case else voice.name(s.hypothesis)
        kinds = [e.test or "untyped" for e in s.rows]
        parts = [
            Label("tracing.say.kind", test=Label("tracing.untyped" if k == "untyped" else f"tracing.test.{k}"),
                  k=kinds.count(k))
            for k in dict.fromkeys(kinds)
        ]  # fmt: skip
        yield Label("tracing.say.evidence", name=name, n=len(s.rows), parts=joined(parts, "、", ", "))
        failed = [e.test for e in s.rows if not e.found and e.test in ("hoop", "doubly_decisive")]
        if failed:
            tests = listed([Label(f"tracing.test.{test}") for test in dict.fromkeys(failed)])
            yield Label("tracing.say.out", name=name, tests=tests)
        if computed(s.posterior):
            before, after = (voice.number(p, "p_if_true") for p in (s.prior, s.posterior))
            yield Label("tracing.say.after", name=name, n=len(s.used), prior=before, posterior=after)
