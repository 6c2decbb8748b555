"""Sentences about path models: indirect effects by condition, indices of moderated mediation, direct effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, excludes_zero, rows_of

SAID = ("indirect", "indirect_total", "index", "difference", "contrast", "direct", "total")
"""Kinds of effects in the order they are spoken of."""

DIFFERENCES_UP_TO = 3
"""So many differences of one effect are told one by one."""


def path_model(result: Any, voice: Voice) -> Iterator[Label]:
    """Each effect with its interval: what contains 0 is no evidence found; ends with the caution."""
    rows = rows_of(result.effects)
    parts = list(zip(result.listing, result.effect_labels, rows, strict=True))
    chains = {(e.x, e.y, e.chain) for e in result.listing if e.kind == "indirect"}
    alone = len(chains) == len({(x, y) for x, y, _ in chains})
    for kind in SAID:
        found = [(words, row) for effect, words, row in parts if effect.kind == kind]
        if kind == "indirect_total" and alone:
            continue
        if kind in ("difference", "contrast") and len(found) > DIFFERENCES_UP_TO:
            found = [(words, row) for words, row in found if excludes_zero(row)]
        for words, row in found:
            yield _said(kind, words, row, voice)
    yield Label("report.say.cross_section")


def _said(kind: str, words: Mapping[str, Label | None], row: Mapping[str, Any], voice: Voice) -> Label:
    names = {key: label for key, label in words.items() if label is not None}
    at = "_at" if kind not in ("index", "difference") and "at" in names else ""
    if not computed(row["estimate"], row["conf_low"], row["conf_high"]):
        return Label(f"paths.say.{kind}{at}_uncomputed", **names, ref=voice.ref(row))
    found = "" if excludes_zero(row) else "_none"
    numbers = {"b": voice.number(row["estimate"], "estimate"), "level": voice.level, "interval": voice.interval(row)}
    return Label(f"paths.say.{kind}{at}{found}", **names, **numbers, ref=voice.ref(row))
