"""Sentences about item response models and items that work differently in groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, is_given, listed, rows_of

_MOST = 5


def irt(result: Any, voice: Voice) -> Iterator[Label]:
    """The model and how far its items discriminate, reliability, where it tells most, items that do not fit."""
    rows = rows_of(result.tidy())
    slopes = {row["term"]: row for row in rows if row["level"] == "discrimination"}
    low, high = (pick(slopes.values(), key=lambda row: row["estimate"]) for pick in (min, max))
    one = result.model == "partial_credit"
    yield Label(
        "irt.say.one_slope" if one else "irt.say.slopes",
        model=Label(f"irt.model_{result.model}"),
        k=len(result.items),
        n=result.n_obs,
        low=voice.number(low["estimate"], "estimate"),
        low_item=voice.name(low["term"]),
        high=voice.number(high["estimate"], "estimate"),
        high_item=voice.name(high["term"]),
        ref=voice.ref(low),
    )
    told = [row for row in rows if row["term"] == "model.information"]
    best = max(told, key=lambda row: row["estimate"])
    reliability = next(row for row in rows if row["term"] == "model.marginal_reliability")
    yield Label(
        "irt.say.reliability",
        value=voice.number(reliability["estimate"], "marginal_reliability"),
        theta=best["level"].replace("-", voice.style.minus),
        error=voice.number(best["estimate"] ** -0.5, "std_error"),
        ref=voice.ref(reliability),
    )
    fits = [row for row in rows if row["group"] == "fit" and computed(row["p_adjusted"])]
    if fits:
        yield from _named("irt.say.misfit", "irt.say.fit", fits, voice)


def dif(result: Any, voice: Voice) -> Iterator[Label]:
    """Which items work differently, and the largest difference among them at equal standing."""
    rows = rows_of(result.tidy())
    tests = [row for row in rows if not is_given(row["level"]) and computed(row["p_adjusted"])]
    if not tests:
        return
    yield from _named("dif.say.found", "dif.say.none", tests, voice, adjust=Label(f"dif.say.{result.adjust}"))
    clear = {row["term"] for row in tests if row["p_adjusted"] < voice.alpha}
    gaps = [row for row in rows if row["level"] == "difference" and row["term"] in clear]
    if gaps:
        most = max(gaps, key=lambda row: abs(row["estimate"]))
        yield Label(
            "dif.say.largest",
            item=voice.name(most["term"]),
            group=voice.name(most["group"]),
            reference=voice.name(result.groups[0].id),
            direction=Label("dif.say.higher" if most["estimate"] > 0 else "dif.say.lower"),
            value=voice.number(abs(most["estimate"]), "estimate"),
            ref=voice.ref(most),
        )


def _named(found: str, none: str, rows: list[dict[str, Any]], voice: Voice, **words: Label) -> Iterator[Label]:
    """The items whose adjusted p lies below the bound, or that no evidence was found for any."""
    clear = [row for row in rows if row["p_adjusted"] < voice.alpha]
    if not clear:
        yield Label(none, k=len(rows), below=voice.below, **words)
        return
    clear.sort(key=lambda row: row["p_adjusted"])
    shown = listed(voice.name(row["term"]) for row in clear[:_MOST])
    more = Label("irt.say.among" if len(clear) > _MOST else "irt.say.these", items=shown)
    yield Label(
        found, n=len(clear), k=len(rows), items=more, below=voice.below, ref=voice.ref(clear[0], "p_adjusted"), **words
    )
