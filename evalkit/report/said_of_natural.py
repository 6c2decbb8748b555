"""Sentences about natural direct and indirect effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, excludes_zero, is_given, listed, rows_of

SCALES = {
    "linear": "mean",
    "logit": "chance",
    "probit": "chance",
    "ordered_logit": "score",
    "ordered_probit": "score",
    "poisson": "count",
    "negative_binomial": "count",
}


def natural(result: Any, voice: Voice) -> Iterator[Label]:
    """Total natural indirect, pure direct and total effect of every x on every y, the E-value, and the caution."""
    rows = rows_of(result.effects)
    for x in result.x:
        for y in result.y:
            own = [
                row
                for row in rows
                if (len(result.x) == 1 or row["group"] == x) and (len(result.y) == 1 or row["outcome"] == y)
            ]
            effects = {row["term"]: row for row in own if not is_given(row["level"])}
            yield from _pair(result, x, y, effects, voice)
    yield Label("natural.say.caution")


def _pair(result: Any, x: str, y: str, effects: Mapping[str, Mapping[str, Any]], voice: Voice) -> Iterator[Label]:
    names = {"x": voice.name(x), "y": voice.name(y)}
    indirect = effects["nie.total"]
    if not computed(indirect["estimate"], indirect["conf_low"], indirect["conf_high"]):
        yield Label("natural.say.uncomputed", **names)
        return
    low, high = result.contrasts[x]
    yield Label(
        "natural.say.indirect" if excludes_zero(indirect) else "natural.say.indirect_none",
        x=names["x"],
        low=f"{low:.4g}",
        high=f"{high:.4g}",
        m=listed([voice.name(m) for m in result.mediators]),
        scale=Label(f"natural.scale.{SCALES[result.family(y)]}", y=names["y"]),
        **_numbers(indirect, voice),
    )
    for term, key in (("nde.pure", "natural.say.direct"), ("total", "natural.say.total")):
        row = effects[term]
        if computed(row["estimate"], row["conf_low"], row["conf_high"]):
            yield Label(key, **_numbers(row, voice))
    ratio = effects.get("rr.nie")
    if ratio is not None and excludes_zero(indirect) and computed(ratio["e_value"]):
        yield Label("natural.say.e_value", e=voice.number(ratio["e_value"], "e_value"))


def _numbers(row: Mapping[str, Any], voice: Voice) -> dict[str, str]:
    b = voice.number(row["estimate"], "estimate")
    return {"b": b, "level": voice.level, "interval": voice.interval(row), "ref": voice.ref(row)}
