"""Sentences about confirmatory factor analyses and structural equation models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, excludes_zero, joined, listed, rows_of
from evalkit.report.said_of_models import mediate

BOUNDS = {"cfi": (0.90, 1), "tli": (0.90, 1), "rmsea": (0.08, -1), "srmr": (0.08, -1)}
"""Customary bound of a measure, and whether more (1) or less (-1) is better."""
LOW_LOADING, LOW_CR, LOW_AVE = 0.5, 0.7, 0.5
_MOST = 5


def cfa(result: Any, voice: Voice) -> Iterator[Label]:
    """How well the model fits, the range of the loadings, composite reliability and average variance extracted."""
    if _lost(result):
        yield Label("structural.say.not_converged")
        return
    rows = rows_of(result.tidy())
    yield from _fit(rows, voice)
    yield from _loadings(rows, voice)
    yield from _convergent(result, rows, voice)


def sem(result: Any, voice: Voice) -> Iterator[Label]:
    """Fit, the paths by what was found, each defined effect with its interval, what is explained, and the caution."""
    if _lost(result):
        yield Label("structural.say.not_converged")
        return
    rows = rows_of(result.tidy())
    yield from _fit(rows, voice)
    yield from _paths(result, rows, voice)
    yield from _defined(result, rows, voice)
    yield from _explained(result, rows, voice)
    if any(row["level"] == "path" for row in rows):
        yield Label("report.say.cross_section")


def latent_mediate(result: Any, voice: Voice) -> Iterator[Label]:
    """Fit, then what is said of any mediation: indirect effects, contrasts, total and direct effect, the caution."""
    if _lost(result):
        yield Label("structural.say.not_converged")
        return
    yield from _fit(rows_of(result.tidy()), voice)
    yield from mediate(result, voice)


def longitudinal_mediate(result: Any, voice: Voice) -> Iterator[Label]:
    """Fit, the indirect effect with its interval, whether paths change over time, and the caution."""
    if _lost(result):
        yield Label("structural.say.not_converged")
        return
    yield from _fit(rows_of(result.tidy()), voice)
    row = next(row for row in rows_of(result.effects) if row["term"] == "indirect.m")
    if computed(row["estimate"], row["conf_low"], row["conf_high"]):
        names = {role: voice.name(role) for role in ("x", "m", "y")}
        key = "panel.say.indirect" if excludes_zero(row) else "panel.say.indirect_none"
        b = voice.number(row["estimate"], "estimate")
        yield Label(key, **names, b=b, level=voice.level, interval=voice.interval(row), ref=voice.ref(row))
    else:
        yield Label("panel.say.uncomputed")
    for test in rows_of(result.tests):
        if test["term"] == "stationary.all" and computed(test["statistic"], test["p_value"]):
            key = "panel.say.changing" if test["p_value"] < voice.alpha else "panel.say.steady"
            df, chi2 = voice.number(test["df"], "df"), voice.number(test["statistic"], "chi2")
            yield Label(key, df=df, chi2=chi2, p=voice.p(test["p_value"]), ref=voice.ref(test, "statistic"))
    if not len(result.tests):
        yield Label("panel.say.untested")
    yield Label("panel.say.caution")


def _lost(result: Any) -> bool:
    """Whether the search did not arrive."""
    return any(problem.code == "W930" for problem in result.notices)


def _fit(rows: list[dict[str, Any]], voice: Voice) -> Iterator[Label]:
    """Corrected measures where the estimator has them, the robust version first."""
    found = {row["term"]: row for row in rows if str(row["term"]).startswith("model.")}
    chi2, df, p = (_measure(found, name, ("_scaled", "")) for name in ("chisq", "df", "p_value"))
    if not computed(chi2["estimate"]):
        yield Label("structural.say.fit_unknown")
        return
    if df["estimate"] == 0:
        yield Label("structural.say.fit_none", ref=voice.ref(df))
        return
    number, chance = voice.number(df["estimate"], "df"), voice.p(p["estimate"])
    parts = [Label("structural.say.chisq", df=number, chi2=voice.number(chi2["estimate"], "chi2"), p=chance)]
    missed = []
    for name, (bound, better) in BOUNDS.items():
        row = _measure(found, name, ("_robust", "_scaled", ""))
        if not computed(row["estimate"]):
            continue
        parts.append(_value(name, row, found, voice))
        if better * (row["estimate"] - bound) < 0:
            missed.append(Label(zh=name.upper(), en=name.upper()))
    key = "structural.say.fit_poor" if missed else "structural.say.fit_good"
    named: dict[str, Any] = {"missed": listed(missed)} if missed else {}
    yield Label(key, fit=joined(parts, "，", ", "), ref=voice.ref(chi2), **named)
    if computed(p["estimate"]) and p["estimate"] < voice.alpha:
        yield Label("structural.say.exact", ref=voice.ref(p))


def _measure(found: Mapping[str, dict[str, Any]], name: str, ends: tuple[str, ...]) -> dict[str, Any]:
    for end in ends:
        row = found.get(f"model.{name}{end}")
        if row is not None and computed(row["estimate"]):
            return row
    return {"term": f"model.{name}", "estimate": np.nan}


def _value(name: str, row: dict[str, Any], found: Mapping[str, dict[str, Any]], voice: Voice) -> Label:
    value = voice.number(row["estimate"], name)
    if name != "rmsea":
        return Label("structural.say.value", name=name.upper(), value=value)
    end = str(row["term"]).removeprefix("model.rmsea")
    low, high = (found.get(f"model.rmsea_{side}{end}", {}).get("estimate") for side in ("low", "high"))
    if not computed(low, high):
        return Label("structural.say.value", name="RMSEA", value=value)
    interval = voice.interval({"conf_low": low, "conf_high": high})
    return Label("structural.say.rmsea", value=value, interval=interval)


def _loadings(rows: list[dict[str, Any]], voice: Voice) -> Iterator[Label]:
    found = [row for row in rows if row["level"] == "loading" and computed(row["beta"])]
    if not found:
        return
    sizes = [row["beta"] for row in found]
    low, high = voice.number(min(sizes), "loading"), voice.number(max(sizes), "loading")
    weak = list(dict.fromkeys(row["outcome"] for row in found if abs(row["beta"]) < LOW_LOADING))
    ref = voice.ref(found[int(np.argmin(sizes))], "beta")
    if not weak:
        yield Label("structural.say.loadings", low=low, high=high, ref=ref)
        return
    names = [voice.name(item) for item in weak[:_MOST]] + ([Label(zh="……", en="...")] if len(weak) > _MOST else [])
    bound = voice.number(LOW_LOADING, "loading")
    yield Label(
        "structural.say.loadings_low", low=low, high=high, bound=bound, n=len(weak), items=joined(names, "、", ", "),
        ref=ref,
    )  # fmt: skip


def _named(result: Any, name: Label, group: Any, voice: Voice) -> Label:
    """The name, with its group where there are several."""
    if len(result.groups) < 2:
        return name
    return Label("structural.in_group", name=name, group=voice.name(group))


def _convergent(result: Any, rows: list[dict[str, Any]], voice: Voice) -> Iterator[Label]:
    strength: dict[tuple[Any, Any], dict[str, float]] = {}
    for row in rows:
        if row["term"] in ("composite_reliability", "ave") and computed(row["estimate"]):
            strength.setdefault((row["outcome"], row["group"]), {})[row["term"]] = row["estimate"]
    if not strength:
        return

    def shown(cr: float, ave: float) -> dict[str, str]:
        return {"cr": voice.number(cr, "composite_reliability"), "ave": voice.number(ave, "ave")}

    low = [
        Label(
            "structural.say.factor",
            name=_named(result, voice.name(name), group, voice),
            **shown(f["composite_reliability"], f["ave"]),
        )
        for (name, group), f in strength.items()
        if f["composite_reliability"] < LOW_CR or f["ave"] < LOW_AVE
    ]
    if low:
        yield Label("structural.say.convergent_low", factors=joined(low, "、", ", "), **shown(LOW_CR, LOW_AVE))
        return
    least = [min(f[name] for f in strength.values()) for name in ("composite_reliability", "ave")]
    yield Label("structural.say.convergent_good", **shown(*least))


def _paths(result: Any, rows: list[dict[str, Any]], voice: Voice) -> Iterator[Label]:
    groups: dict[str, list[Label]] = {"positive": [], "negative": [], "none": [], "uncomputed": []}
    for row in rows:
        if row["level"] != "path" or row["std_error"] == 0:
            continue
        name = Label("structural.arrow", start=voice.name(row["term"]), end=voice.name(row["outcome"]))
        name = _named(result, name, row["group"], voice)
        if not computed(row["beta"], row["p_value"]):
            groups["uncomputed"].append(name)
            continue
        clear = row["p_value"] < voice.alpha
        sign = "positive" if row["beta"] > 0 else "negative"
        beta = voice.number(row["beta"], "beta")
        said = Label("structural.say.path", path=name, beta=beta, p=voice.p(row["p_value"]))
        groups[sign if clear else "none"].append(said)
    for found, names in groups.items():
        if names:
            yield Label(f"structural.say.paths_{found}", paths=joined(names, "、", ", "))


def _defined(result: Any, rows: list[dict[str, Any]], voice: Voice) -> Iterator[Label]:
    formulas = {r.lhs: r.rhs for r in result.estimates.itertuples() if r.op == ":="}
    for row in rows:
        if row["level"] != "defined":
            continue
        named = {"name": row["term"], "formula": formulas[row["term"]], "ref": voice.ref(row)}
        if not computed(row["estimate"], row["conf_low"], row["conf_high"]):
            yield Label("structural.say.defined_uncomputed", **named)
            continue
        key = "structural.say.defined" if excludes_zero(row) else "structural.say.defined_none"
        b = voice.number(row["estimate"], "estimate")
        yield Label(key, b=b, level=voice.level, interval=voice.interval(row), **named)


def _explained(result: Any, rows: list[dict[str, Any]], voice: Voice) -> Iterator[Label]:
    """Shares of what the paths explain; those of items stand in the table of loadings."""
    ends = {(row["outcome"], row["group"]) for row in rows if row["level"] == "path"}
    shares = [
        Label(
            "structural.say.share",
            name=_named(result, voice.name(row["outcome"]), row["group"], voice),
            share=voice.number(100 * row["estimate"], "percent"),
        )
        for row in rows
        if row["term"] == "r_squared" and (row["outcome"], row["group"]) in ends and computed(row["estimate"])
    ]
    if shares:
        yield Label("structural.say.explained", shares=joined(shares, "，", ", "))
