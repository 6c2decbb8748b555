"""Sentences about coders: how far they agree, and where they do not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.contract.words import has_text
from evalkit.report.phrases import Voice, computed, is_given, listed, rows_of

_LOW, _HIGH = 0.667, 0.8
"""Krippendorff (2004), Content analysis, 2nd edition, section 11.4.4: tentative conclusions, and reliable data."""


def code_profile(result: Any, voice: Voice) -> Iterator[Label]:
    """Codes at each level, how many have a name and how many a text prints; references in how many sources."""
    parts, against = [], []
    for level in result.levels:
        named = (
            Label(f"codes.level.{level.level}") if has_text(f"codes.level.{level.level}") else voice.name(level.level)
        )
        if level.printed is not None:
            key = "codes.say.printed_equal" if level.printed == level.n else "codes.say.printed_apart"
            against.append(Label(key, level=named, n=level.n, printed=level.printed))
        if level.level and level.n_named < level.n:
            parts.append(Label("codes.say.level_named", n=level.n, level=named, named=level.n_named))
        elif level.level:
            parts.append(Label("codes.say.level", n=level.n, level=named))
    if parts:
        yield Label("codes.say.levels", parts=listed(parts))
    if against:
        yield Label("codes.say.printed", parts=listed(against))
    yield Label("codes.say.found", sources=result.n_obs, n=result.n_codings)


def agreement(result: Any, voice: Voice) -> Iterator[Label]:
    """Alpha over all codes with its interval and what it allows, then the codes that fall below."""
    rows = [r for r in rows_of(result.tidy()) if not is_given(r["group"])]
    chosen = "krippendorff" if "krippendorff" in result.settings.methods else result.settings.methods[0]
    whole = [r for r in rows if not is_given(r["outcome"]) and r["term"] == chosen]
    first = whole[0] if whole else None
    if first is None or not computed(first["estimate"]):
        yield Label("agreement.say.none")
        return
    yield Label(
        "agreement.say.found",
        k=len(result.coders),
        n=voice.number(first["n_obs"], "count"),
        method=Label(f"agreement.method.{chosen}"),
        value=voice.number(first["estimate"], "kappa"),
        level=voice.level,
        interval=voice.interval(first, "kappa"),
        ref=voice.ref(first),
    )
    if chosen in ("krippendorff", "unitising"):
        verdict = "high" if first["estimate"] >= _HIGH else "tentative" if first["estimate"] >= _LOW else "low"
        yield Label(f"agreement.say.{verdict}", low=f"{_LOW:g}", high=f"{_HIGH:g}")
    each = {r["outcome"]: r["estimate"] for r in rows if is_given(r["outcome"]) and r["term"] == chosen}
    weak = [voice.name(code) for code, value in each.items() if computed(value) and value < _LOW]
    if weak:
        yield Label("agreement.say.weak", names=listed(weak), low=f"{_LOW:g}")


def saturation(result: Any, voice: Voice) -> Iterator[Label]:
    """Each level: whether the rule was met, then what the held-out sources brought."""
    for level in result.levels:
        stop = level.stop
        bounds = {"base": stop.base_size, "run": stop.run, "threshold": f"{100 * stop.threshold:g}"}
        said = {"level": voice.name(level.name), "codes": level.n_codes}
        if stop.reached is None:
            yield Label("saturation.say.open", **bounds, **said)
        else:
            yield Label("saturation.say.reached", n=stop.reached, **bounds, **said)
    for out in result.held_out:
        if out.new:
            yield Label("saturation.say.new", n=out.n, k=len(out.new), level=voice.name(out.level))
        elif out.n:
            upper = voice.number(100 * out.upper(result.conf_level), "share") + "%"
            yield Label("saturation.say.none_new", n=out.n, level=voice.name(out.level), upper=upper, conf=voice.level)
