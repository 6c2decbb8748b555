"""Sentences about multilevel models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, excludes_zero, rows_of

OTHER = ("model.", "variance.", "covariance.", "sd.", "threshold.", "slope.", "anova.", "effect.", "intercept")


def mixed(result: Any, voice: Voice) -> Iterator[Label]:
    """How much lies between groups, the fixed effects of the last model, random slopes, and the caution."""
    outcome = voice.name(result.outcome)
    rows = rows_of(result.tidy())
    last = [row for row in rows if row["model"] == result.models[-1].name]
    effects = [row for row in last if not row["term"].startswith(OTHER)]
    if result.models[-1].why:
        yield Label("mixed.say.uncomputed", y=outcome)
        return
    icc = result.models[0].measures["icc"]
    yield Label(
        "mixed.say.icc",
        icc=voice.number(icc, "icc"),
        share=voice.number(100 * icc, "percent"),
        y=outcome,
        group=voice.name(result.group),
        n=len(result.group_names),
    )
    for row in effects:
        if computed(row["estimate"], row["p_value"]):
            yield _effect(result, row, voice)
    for row in rows:
        if row["term"] == "model.lr_random" and row["model"] != "null" and computed(row["estimate"]):
            yield _random(rows, row, voice)
    if result.models[-1].singular:
        yield Label("mixed.say.singular")
    yield Label("report.say.cross_section")


def _effect(result: Any, row: Mapping[str, Any], voice: Voice) -> Label:
    b, p, term = voice.number(row["estimate"], "estimate"), voice.p(row["p_value"]), row["term"]
    clear = row["p_value"] < voice.alpha
    one = next((c for c in result.cross if {c.x, c.w} == set(term.split(":"))), None)
    if one is not None:
        x, w = result.names[one.x], result.names[one.w]
        if clear:
            return Label("mixed.say.cross", term=voice.name(term), x=x, w=w, b=b, p=p)
        return Label("mixed.say.no_cross", x=x, w=w, b=b, p=p)
    names = {"x": voice.name(term), "y": voice.name(result.outcome)}
    if not clear:
        return Label("mixed.say.none", b=b, p=p, **names)
    if result.family != "linear":
        ends = {"conf_low": row["ratio_low"], "conf_high": row["ratio_high"]}
        ratio = voice.number(row["ratio"], "ratio")
        return Label("mixed.say.ratio", ratio=ratio, level=voice.level, interval=voice.interval(ends), p=p, **names)
    sign = Label(f"outcomes.say.{'positive' if row['estimate'] > 0 else 'negative'}")
    return Label("mixed.say.slope", sign=sign, b=b, p=p, **names)


def _random(rows: list[dict[str, Any]], row: Mapping[str, Any], voice: Voice) -> Label:
    mixture = next(r for r in rows if r["term"] == "model.lr_random_mixture" and r["model"] == row["model"])
    p = mixture["p_value"] if computed(mixture["p_value"]) else row["p_value"]
    verdict = Label(f"mixed.say.random_{'yes' if p < voice.alpha else 'no'}")
    return Label("mixed.say.random", chi2=voice.number(row["estimate"], "chi2"), p=voice.p(p), verdict=verdict)


def multilevel_mediate(result: Any, voice: Voice) -> Iterator[Label]:
    """The indirect effect of each level with its interval, and the caution."""
    names = {role: voice.name(getattr(result, role)) for role in ("x", "m", "y")}
    for row in rows_of(result.effects):
        kind, _, where = row["term"].partition(".")
        if kind != "indirect":
            continue
        level = Label(f"nested.level.{where}")
        if not computed(row["estimate"], row["conf_low"], row["conf_high"]):
            yield Label("nested.say.uncomputed", level=level)
            continue
        yield Label(
            "nested.say.effect",
            level=level,
            value=voice.number(row["estimate"], "estimate"),
            share=voice.level,
            interval=voice.interval(row),
            verdict=Label(f"nested.say.{'clear' if excludes_zero(row) else 'unclear'}"),
            **names,
        )
    yield Label("report.say.cross_section")
