"""Sentences about the predictions of a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, is_given, rows_of

MOST = 4
"""Points said; the table has them all."""


def predict(result: Any, voice: Voice) -> Iterator[Label]:
    """The first and last points; of categories the likeliest."""
    y = voice.name(result.outcome)
    known = [row for row in rows_of(result.tidy()) if computed(row["estimate"], row["conf_low"], row["conf_high"])]
    rows = [row for row in known if not row["term"].startswith("pair.")]
    if not rows:
        yield Label("predicted.say.uncomputed", y=y)
        return
    points = list(result.points)
    for point in points if len(points) <= MOST else [points[0], points[-1]]:
        best = max((row for row in rows if row["term"] == point), key=lambda row: float(row["estimate"]))
        common = {
            "point": voice.name(point),
            "y": y,
            "value": voice.number(best["estimate"], "estimate"),
            "level": voice.level,
            "interval": voice.interval(best),
        }
        if is_given(best["level"]):
            yield Label("predicted.say.likeliest", category=result.categories[best["level"]], **common)
        else:
            yield Label("predicted.say.mean", **common)
    pairs = [row for row in known if row["term"].startswith("pair.")]
    if pairs:
        clear = [row for row in pairs if row["p_adjusted"] < voice.alpha]
        ref = voice.ref((clear or pairs)[0], "p_adjusted")
        yield Label("predicted.say.pairs", k=len(pairs), n=len(clear), below=voice.below, ref=ref)
