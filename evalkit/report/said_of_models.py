"""Sentences about regressions and mediation models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, excludes_zero, is_given, joined, listed, rows_of
from evalkit.report.said_of_natural import natural
from evalkit.report.said_of_paths import path_model

_ONE_BY_ONE = 6  # up to so many predictors get a sentence each
_NOT_PREDICTORS = ("intercept",)


def regress(result: Any, voice: Voice) -> Iterator[Label]:
    """The predictors entered last, the share of variance, what the blocks added, and the caution."""
    rows = [_bootstrapped(row) for row in rows_of(result.tidy())]
    outcome = voice.name(result.outcome)
    models = list(dict.fromkeys(row["model"] for row in rows))
    by_model = {m: {row["term"]: row for row in rows if row["model"] == m} for m in models}
    last = by_model[models[-1]]
    predictors = [t for t in last if not t.startswith("model.") and t not in _NOT_PREDICTORS]
    first = by_model[models[0]] if len(models) > 1 else {}
    focus = [t for t in predictors if t not in first] or predictors
    alone = len(predictors) == 1
    if len(focus) <= _ONE_BY_ONE:
        for term in focus:
            yield _coefficient(last[term], term, outcome, voice, alone=alone)
    else:
        yield from _coefficients([last[t] for t in focus], outcome, voice)
    yield from _explained(by_model, models, outcome, voice)
    yield Label("report.say.cross_section")


def _bootstrapped(row: dict[str, Any]) -> dict[str, Any]:
    """The row with p and interval of the bootstrap, where there was one: the conclusion is to be the same."""
    if not computed(row.get("p_boot")):
        return row
    return {**row, "p_value": row["p_boot"], "conf_low": row["boot_low"], "conf_high": row["boot_high"]}


def relative_importance(result: Any, voice: Voice) -> Iterator[Label]:
    """The predictor with the largest part of R squared, the others in order, and the caution."""
    y = voice.name(result.outcome)
    rows = [row for row in rows_of(result.tidy()) if computed(row["estimate"], row["share"])]
    if not rows:
        yield Label("importance.say.uncomputed", y=y)
        return
    first, *others = sorted(rows, key=lambda row: -float(row["estimate"]))
    yield Label(
        "importance.say.first",
        x=voice.name(first["term"]),
        y=y,
        r2=voice.number(result.r_squared, "r_squared"),
        part=voice.number(first["estimate"], "r_squared"),
        share=voice.number(first["share"], "share"),
        ref=voice.ref(first),
    )
    if others:
        shares = [
            Label("importance.say.with_share", x=voice.name(row["term"]), share=voice.number(row["share"], "share"))
            for row in others
        ]
        yield Label("importance.say.order", names=listed(shares))
    yield Label("importance.say.caution")


def _coefficient(row: Mapping[str, Any], term: str, outcome: Label, voice: Voice, *, alone: bool) -> Label:
    x = voice.name(term)
    if not computed(row["estimate"], row["p_value"], row["conf_low"], row["conf_high"]):
        return Label("report.say.no_coefficient", x=x, y=outcome, ref=voice.ref(row))
    kind = "product" if ":" in term else "alone" if alone else "adjusted"
    if row["p_value"] >= voice.alpha:
        found = "none"
    else:
        found = "positive" if row["estimate"] > 0 else "negative"
    return Label(
        f"report.say.{kind}_{found}",
        x=x,
        y=outcome,
        b=voice.number(row["estimate"], "estimate"),
        level=voice.level,
        interval=voice.interval(row),
        p=voice.p(row["p_value"]),
        ref=voice.ref(row),
    )


def _coefficients(rows: Sequence[Mapping[str, Any]], outcome: Label, voice: Voice) -> Iterator[Label]:
    """Many predictors, grouped by what was found."""
    groups: dict[str, list[Label]] = {"positive": [], "negative": [], "none": [], "uncomputed": []}
    for row in rows:
        if not computed(row["estimate"], row["p_value"]):
            groups["uncomputed"].append(voice.name(row["term"]))
            continue
        clear = row["p_value"] < voice.alpha
        found = "none" if not clear else "positive" if row["estimate"] > 0 else "negative"
        b, p = voice.number(row["estimate"], "estimate"), voice.p(row["p_value"])
        groups[found].append(
            Label("report.say.with_b", x=voice.name(row["term"]), b=b, p=p) if clear else voice.name(row["term"])
        )
    for found, names in groups.items():
        if names:
            yield Label(f"report.say.many_{found}", names=listed(names), y=outcome)


def _explained(
    by_model: Mapping[str, Mapping[str, Mapping[str, Any]]], models: Sequence[str], outcome: Label, voice: Voice
) -> Iterator[Label]:
    last = by_model[models[-1]]
    whole = last.get("model.r_squared", {})
    if not computed(whole.get("estimate"), last["model.r_squared_adj"]["estimate"]):
        return
    yield Label(
        "report.say.explained",
        y=outcome,
        share=voice.number(100 * whole["estimate"], "percent"),
        r2=voice.number(whole["estimate"], "r_squared"),
        adjusted=voice.number(last["model.r_squared_adj"]["estimate"], "r_squared_adj"),
        n=voice.number(whole["n_obs"], "n_obs"),
        ref=voice.ref(whole),
    )
    for before, model in zip(models, models[1:], strict=False):
        change, test = by_model[model]["model.r_squared_change"], by_model[model]["model.f_change"]
        added = [t for t in by_model[model] if t not in by_model[before] and not t.startswith("model.")]
        if not added or not computed(change["estimate"], test["estimate"], test["p_value"]):
            continue
        yield Label(
            "report.say.added" if test["p_value"] < voice.alpha else "report.say.added_nothing",
            names=listed([voice.name(t) for t in added]),
            change=voice.number(change["estimate"], "r_squared_change"),
            df=voice.number(test["df"], "df"),
            df2=voice.number(test["df2"], "df"),
            f=voice.number(test["estimate"], "f_change"),
            p=voice.p(test["p_value"]),
            ref=voice.ref(change),
        )


def mediate(result: Any, voice: Voice) -> Iterator[Label]:
    """Each indirect effect, their total and contrasts, total and direct effect, suppression, and the caution.

    A path model (whose result says in words what each of its effects is) has sentences of its own.
    """
    if hasattr(result, "contrasts"):
        yield from natural(result, voice)
        return
    if hasattr(result, "effect_labels"):
        yield from path_model(result, voice)
        return
    effects = {row["term"]: row for row in rows_of(result.tidy()) if not is_given(row["outcome"])}
    x, y = voice.name(result.x), voice.name(result.y)
    specific = [t for t in effects if t.startswith("indirect.") and t != "indirect.total"]
    for term in specific:
        chain = joined([voice.name(m) for m in _chain(term, result.mediators)], "→", " → ")
        yield _indirect("indirect", effects[term], effects["total"], voice, x=x, y=y, m=chain)
    if len(specific) > 1:
        yield _indirect("indirect_total", effects["indirect.total"], effects["total"], voice, x=x, y=y)
        yield from _contrasts(effects, specific, result.mediators, voice)
    for name in ("total", "direct"):
        row = effects[name]
        if computed(row["estimate"], row["p_value"], row["conf_low"], row["conf_high"]):
            found = name if row["p_value"] < voice.alpha else f"{name}_none"
            yield Label(f"report.say.{found}", x=x, y=y, **_numbers(row, voice), p=voice.p(row["p_value"]))
    direct, indirect = effects["direct"], effects["indirect.total"]
    opposed = computed(direct["estimate"], indirect["estimate"]) and direct["estimate"] * indirect["estimate"] < 0
    if opposed and excludes_zero(indirect) and direct["p_value"] < voice.alpha:
        yield Label("report.say.suppression")
    yield Label("report.say.cross_section")


def _indirect(kind: str, row: Mapping[str, Any], total: Mapping[str, Any], voice: Voice, **names: Label) -> Label:
    if not computed(row["estimate"]):
        return Label(f"report.say.{kind}_uncomputed", **names, ref=voice.ref(row))
    if not computed(row["conf_low"], row["conf_high"]):
        return Label(f"report.say.{kind}_no_interval", **names, **_numbers(row, voice))
    if not excludes_zero(row):
        return Label(f"report.say.{kind}_none", **names, **_numbers(row, voice))
    if not computed(row.get("share")):
        return Label(f"report.say.{kind}", **names, **_numbers(row, voice))
    return Label(
        f"report.say.{kind}_share",
        **names,
        **_numbers(row, voice),
        share=voice.number(row["share"], "share"),
        total=voice.number(total["estimate"], "estimate"),
    )


def _contrasts(
    effects: Mapping[str, Mapping[str, Any]], specific: Sequence[str], mediators: Sequence[str], voice: Voice
) -> Iterator[Label]:
    pairs = [(a, b, f"contrast.{a[9:]}-{b[9:]}") for i, a in enumerate(specific) for b in specific[i + 1 :]]
    found = [(a, b, effects[term]) for a, b, term in pairs if term in effects and computed(effects[term]["conf_low"])]
    clear = [(a, b, row) for a, b, row in found if excludes_zero(row)]
    for a, b, row in clear:
        one, other = (joined([voice.name(m) for m in _chain(t, mediators)], "→", " → ") for t in (a, b))
        yield Label("report.say.contrast", one=one, other=other, **_numbers(row, voice))
    if found and not clear:
        yield Label("report.say.contrast_none", level=voice.level)


def _chain(term: str, mediators: Sequence[str]) -> list[str]:
    """`indirect.m1.m2` as mediators; their own names may hold dots."""
    rest, chain = term.removeprefix("indirect."), []
    ids = sorted(("_".join(str(m).split()) for m in mediators), key=len, reverse=True)
    while rest:
        name = next((m for m in ids if rest == m or rest.startswith(m + ".")), rest)
        chain.append(name)
        rest = rest[len(name) + 1 :]
    return chain


def _numbers(row: Mapping[str, Any], voice: Voice) -> dict[str, str]:
    estimate = voice.number(row["estimate"], "estimate")
    return {"b": estimate, "level": voice.level, "interval": voice.interval(row), "ref": voice.ref(row)}
