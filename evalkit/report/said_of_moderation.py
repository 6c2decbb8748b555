"""Sentences about moderations and response surfaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, is_given, joined, listed, rows_of

MOST_SLOPES = 9


def moderate(result: Any, voice: Voice) -> Iterator[Label]:
    """Whether the products add something, the slope at each place, the bounds, and the caution."""
    rows = rows_of(result.effects)
    names = {"x": result.roles["x"].label, "y": voice.name(result.outcome)}
    for row in rows:
        if row["term"].startswith("interaction."):
            yield _interaction(result, row, voice, names)
    slopes = [row for row in rows if row["term"].startswith("slope.")]
    if len(slopes) <= MOST_SLOPES:
        for row in slopes:
            yield _slope(result, row, voice, names)
    for region in result.regions_fdr or result.regions:
        yield from _region(result, region, voice, names)
    yield Label("report.say.cross_section")


def _interaction(result: Any, row: Mapping[str, Any], voice: Voice, names: Mapping[str, Label]) -> Label:
    own = row["term"].removeprefix("interaction.")
    words = {"_".join(one.name.split()): one.label for one in result.roles.values()}
    product = (
        Label("moderation.all_products") if own == "all" else joined((words[p] for p in own.split(":")), "×", " × ")
    )
    if not computed(row["statistic"], row["p_value"]):
        return Label("moderation.say.interaction_uncomputed", product=product, y=names["y"])
    linear = result.family == "linear"
    df = f"{row['df']:g}" + (f", {voice.number(row['df2'], 'df')}" if is_given(row["df2"]) else "")
    test = Label(
        "moderation.say.f" if linear else "moderation.say.chi2",
        df=df,
        value=voice.number(row["statistic"], "f_change" if linear else "chi2_change"),
    )
    found = "interaction" if row["p_value"] < voice.alpha else "interaction_none"
    numbers = {"test": test, "p": voice.p(row["p_value"]), "ref": voice.ref(row, "statistic")}
    if not computed(row["estimate"]):
        return Label(f"moderation.say.{found}_test", product=product, y=names["y"], **numbers)
    change = voice.number(row["estimate"], "r_squared_change")
    share = Label("moderation.say.r2" if linear else "moderation.say.mcfadden", change=change)
    return Label(f"moderation.say.{found}", product=product, y=names["y"], share=share, **numbers)


def _slope(result: Any, row: Mapping[str, Any], voice: Voice, names: Mapping[str, Label]) -> Label:
    x = voice.name(row["group"]) if is_given(row["group"]) else names["x"]
    y = names["y"]
    if is_given(row["level"]):
        y = joined([y, voice.name(f"category.{row['level']}")], "：", ": ")
    common = {"x": x, "y": y, "place": place(result, row["term"].removeprefix("slope."))}
    if not computed(row["estimate"], row["p_value"]):
        return Label("moderation.say.slope_uncomputed", **common)
    clear = row["p_value"] < voice.alpha
    found = "none" if not clear else "positive" if row["estimate"] > 0 else "negative"
    return Label(
        f"moderation.say.slope_{found}",
        b=voice.number(row["estimate"], "estimate"),
        level=voice.level,
        interval=voice.interval(row),
        p=voice.p(row["p_value"]),
        ref=voice.ref(row),
        **common,
    )


def place(result: Any, id: str) -> Label:
    """`low.1` in words."""
    roles = [role for role in ("w", "z") if role in result.roles]
    cuts = [[id]] if len(roles) == 1 else [[id[:i], id[i + 1 :]] for i, sign in enumerate(id) if sign == "."]
    for parts in cuts:
        keys = [f"{role}.{part}" for role, part in zip(roles, parts, strict=True)]
        if all(key in result.labels for key in keys):
            named = zip(roles, keys, strict=True)
            return joined((_at(result, role, key) for role, key in named), "、", ", ")
    return Label(zh=id, en=id)


def _at(result: Any, role: str, key: str) -> Label:
    words = result.labels[key]
    shown = Label(zh=key[2:], en=key[2:]) if words == Label("moderation.given") else words
    return Label("moderation.say.at", w=result.roles[role].label, place=shown)


def _region(result: Any, region: Any, voice: Voice, names: Mapping[str, Label]) -> Iterator[Label]:
    """Where along the moderator the slope is significant, with the share of cases."""
    if not computed(region.significant):
        return
    words = {"w": voice.name(region.moderator), "x": names["x"], "y": names["y"]}
    where = (
        [voice.name(region.term)] if region.term in result.labels and len({r.term for r in result.regions}) > 1 else []
    )
    for part in region.level.split("."):
        keys = [k for k in (f"category.{part}", f"z.{part}", f"w.{part}") if part and k in result.labels]
        where += [_at(result, k[0], k) if k[0] in "zw" else voice.name(k) for k in keys[:1]]
    words["where"] = Label("moderation.say.where", place=listed(where)) if where else Label(zh="", en="")
    share = voice.number(region.significant, "share")
    if not region.inside:
        found = "always" if region.significant > 50 else "never"
        yield Label(f"moderation.say.jn_{found}", **words)
        return
    bounds = listed(Label(zh=b, en=b) for b in (voice.number(v, "moderator_value") for v in region.inside))
    yield Label("moderation.say.jn_bounds", bounds=bounds, share=share, **words)


def response_surface(result: Any, voice: Voice) -> Iterator[Label]:
    """Whether the surface is curved, the lines of fit and misfit, and the caution."""
    rows = {row["term"]: row for row in rows_of(result.effects)}
    names = {"x": voice.name(result.x), "z": voice.name(result.z), "y": voice.name(result.outcome)}
    lines = [rows[name] for name in ("a1", "a2", "a3", "a4")]
    if not all(computed(row["estimate"], row["p_value"]) for row in lines):
        yield Label("surface.say.uncomputed", y=names["y"])
        return
    whole = rows["second_order"]
    if computed(whole["statistic"], whole["p_value"]):
        linear = result.family == "linear"
        df = f"{whole['df']:g}" + (f", {voice.number(whole['df2'], 'df')}" if is_given(whole["df2"]) else "")
        value = voice.number(whole["statistic"], "f_change" if linear else "chi2_change")
        test = Label("moderation.say.f" if linear else "moderation.say.chi2", df=df, value=value)
        found = "second_order" if whole["p_value"] < voice.alpha else "second_order_none"
        yield Label(f"surface.say.{found}", test=test, p=voice.p(whole["p_value"]), ref=voice.ref(whole), **names)
    for row in lines:
        if row["p_value"] < voice.alpha:
            sign = "positive" if row["estimate"] > 0 else "negative"
            b, p = voice.number(row["estimate"], "estimate"), voice.p(row["p_value"])
            yield Label(f"surface.say.{row['term']}_{sign}", b=b, p=p, ref=voice.ref(row), **names)
    flat = [row for row in lines if row["p_value"] >= voice.alpha]
    if flat:
        terms = listed(Label(zh=row["term"], en=row["term"]) for row in flat)
        values = listed(Label(zh=v, en=v) for v in (voice.number(row["p_value"], "p_value") for row in flat))
        yield Label("surface.say.none", terms=terms, values=values)
    yield Label("report.say.cross_section")
