"""Sentences about samples, distributions, scales and associations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, is_given, listed, rows_of

ALPHA_NORM = 0.7
"""Customary lower bound of reliability: Nunnally (1978), Psychometric Theory, 2nd ed., p. 245."""
SKEW_NORM, KURTOSIS_NORM = 3.0, 10.0
"""Mild rule for normal-theory methods: Kline (2016), Principles and Practice of SEM, 4th ed., p. 76."""
_ONE_BY_ONE = 6
_MOST = 3


def reliability(result: Any, voice: Voice) -> Iterator[Label]:
    """Alpha with interval and omega of each scale, held against the norm; CR and AVE; items that run against it."""
    voice = replace(voice, labels=_scale_labels(result, voice))
    rows = rows_of(result.tidy())
    more = {(row["group"], row["term"]): row for row in rows if str(row["term"]).startswith("model.")}
    for row in rows:
        if row["term"] != "scale":
            if computed(row["item_rest"]) and row["item_rest"] < 0:
                r = voice.number(row["item_rest"], "item_rest")
                yield Label("report.say.item_against", item=voice.name(row["term"]), r=r, ref=voice.ref(row))
            continue
        scale = voice.name(row["group"])
        k = voice.number(row["n_items"], "n_items")
        if not computed(row["estimate"]):
            yield Label("report.say.alpha_uncomputed", scale=scale, k=k, ref=voice.ref(row))
            continue
        parts = {
            "scale": scale,
            "k": k,
            "alpha": voice.number(row["estimate"], "alpha"),
            "level": voice.level,
            "interval": voice.interval(row, "alpha"),
            "norm": voice.number(ALPHA_NORM, "alpha"),
            "n": voice.number(row["n_obs"], "n_obs"),
            "ref": voice.ref(row),
        }
        omega = computed(row["omega"])
        found = "reached" if row["estimate"] >= ALPHA_NORM else "below"
        if omega:
            parts["omega"] = voice.number(row["omega"], "omega")
        yield Label(f"report.say.alpha_{found}" + ("" if omega else "_only"), **parts)
        yield from _further(row["group"], scale, more, voice)


def _further(id: str, scale: Label, rows: Mapping[tuple[str, str], Mapping[str, Any]], voice: Voice) -> Iterator[Label]:
    """CR and AVE, and what a general factor explains, where they were asked for."""
    names = ("composite_reliability", "ave", "omega_hierarchical")
    cr, ave, general = (rows.get((id, f"model.{name}")) for name in names)
    if cr and ave and computed(cr["estimate"], ave["estimate"]):
        shown = {"cr": voice.number(cr["estimate"], "omega"), "ave": voice.number(ave["estimate"], "omega")}
        yield Label("reliability.say.composite", scale=scale, **shown, ref=voice.ref(cr))
    if general and computed(general["estimate"]):
        percent = voice.number(100 * general["estimate"], "percent")
        h = voice.number(general["estimate"], "omega")
        yield Label("reliability.say.general", scale=scale, percent=percent, h=h, ref=voice.ref(general))


def correlate(result: Any, voice: Voice) -> Iterator[Label]:
    """How many pairs are associated, and the strongest; two variables get their one coefficient."""
    pairs = [row for row in rows_of(result.tidy()) if is_given(row["outcome"]) and not is_given(row["level"])]
    found = [row for row in pairs if computed(row["estimate"], row["p_value"])]
    symbol = {"pearson": "r", "kendall": "τ"}.get(getattr(result, "method", "pearson"), "ρ")
    clear = [row for row in found if row.get("p_adjusted", row["p_value"]) < voice.alpha]
    if len(pairs) == 1 and found:
        yield _pair(found[0], symbol, voice)
        yield from _differences(result, voice)
        return
    if found:
        kind = "report.say.pairs" if clear else "report.say.pairs_none"
        yield Label(kind, k=len(found), n=len(clear), below=voice.below)
    for sign, kind in ((1, "strongest_positive"), (-1, "strongest_negative")):
        of_sign = [row for row in clear if row["estimate"] * sign > 0]
        if of_sign:
            row = max(of_sign, key=lambda r: abs(r["estimate"]))
            yield _pair(row, symbol, voice, kind)
    if len(found) < len(pairs):
        yield Label("report.say.pairs_uncomputed", n=len(pairs) - len(found))
    yield from _differences(result, voice)


def _differences(result: Any, voice: Voice) -> Iterator[Label]:
    """Which correlations differ by group, or from one another."""
    for row in getattr(result, "further", ()):
        if row.get("what") == "difference" and computed(row["p_value"]):
            kind = "differ" if row["p_value"] < voice.alpha else "alike"
            words = {"one": row["one"], "other": row["other"], "ref": voice.ref(row, "p_value")}
            values = {name: voice.number(row[f"r_{name}"], "correlation") for name in ("one", "other")}
            yield Label(
                f"correlate.say.{kind}", **words, r1=values["one"], r2=values["other"], p=voice.p(row["p_value"])
            )


def _pair(row: Mapping[str, Any], symbol: str, voice: Voice, kind: str | None = None) -> Label:
    if kind is None:
        kind = (
            "pair_none"
            if row["p_value"] >= voice.alpha
            else "pair_positive"
            if row["estimate"] > 0
            else "pair_negative"
        )
    return Label(
        f"report.say.{kind}",
        one=voice.name(row["outcome"]),
        other=voice.name(row["term"]),
        symbol=symbol,
        r=voice.number(row["estimate"], "correlation"),
        p=voice.p(row["p_value"]),
        n=voice.number(row["n_obs"], "n_obs"),
        ref=voice.ref(row),
    )


def crosstab(result: Any, voice: Voice) -> Iterator[Label]:
    """Whether the two questions are associated; for multiple responses, which options differ between groups."""
    rows = rows_of(result.tidy())
    names = {"rows": voice.name("rows"), "columns": voice.name("columns")}
    tests = [row for row in rows if not is_given(row["group"]) and is_given(row["term"])]
    if getattr(result, "multiple", False):
        yield from _options(tests, names, voice)
        return
    test = next((row for row in tests if row["term"] == "chi2"), None)
    if test is None or not computed(test["statistic"], test["p_value"]):
        yield Label("report.say.crosstab_uncomputed", **names)
        return
    yield Label(
        "report.say.crosstab" if test["p_value"] < voice.alpha else "report.say.crosstab_none",
        **names,
        chi2=voice.number(test["statistic"], "chi2"),
        df=voice.number(test["df"], "df"),
        p=voice.p(test["p_value"]),
        v=voice.number(test["cramers_v"], "cramers_v"),
        n=voice.number(test["n_obs"], "n_obs"),
        ref=voice.ref(test, "statistic"),
    )


def _options(tests: list[dict[str, Any]], names: Mapping[str, Label], voice: Voice) -> Iterator[Label]:
    found = [row for row in tests if computed(row["p_adjusted"])]
    clear = [row for row in found if row["p_adjusted"] < voice.alpha]
    options = listed(
        Label(
            "report.say.option_p",
            option=voice.name(f"row.{row['term'].partition('.')[2]}"),
            p=voice.p(row["p_adjusted"]),
        )
        for row in clear
    )
    if clear:
        yield Label("report.say.options_differ", **names, k=len(found), n=len(clear), options=options)
    elif found:
        yield Label("report.say.options_alike", **names, k=len(found))


def profile(result: Any, voice: Voice) -> Iterator[Label]:
    """The make-up of the sample: all groups of a small variable, the largest of others; means; favourite options."""
    if result.frequencies or result.numbers:
        yield Label("report.say.sample", n=voice.number(result.n_obs, "n_obs"))
    rows = rows_of(result.tidy())
    for variable in result.frequencies:
        own = [r for r in rows if r["term"] == variable.name and is_given(r["level"]) and computed(r["percent_valid"])]
        words = {share.id: share.label for share in variable.shares}
        largest = sorted(own, key=lambda r: -r["percent_valid"])
        shown = own if len(own) <= _MOST else largest[:_MOST]
        parts = listed(_share(words[r["level"]], r["percent_valid"], r["count"], voice) for r in shown)
        kind = "composition" if len(own) <= _MOST else "largest"
        if shown:
            yield Label(f"report.say.{kind}", variable=variable.label, parts=parts, ref=voice.ref(largest[0], "count"))
    for variable in result.numbers:
        if computed(variable.mean, variable.sd):
            mean, sd = voice.number(variable.mean, "mean"), voice.number(variable.sd, "sd")
            yield Label("report.say.mean", variable=variable.label, mean=mean, sd=sd)
    for question in result.multiple:
        top = [o for o in question.by_count if o.count][:_MOST]
        if top:
            parts = listed(_share(o.label, o.percent_cases, o.count, voice) for o in top)
            n = voice.number(question.n_cases, "n_obs")
            yield Label("report.say.favourites", question=question.label, n=n, k=len(top), parts=parts)


def _share(words: Label, percent: float, count: float, voice: Voice) -> Label:
    shown = {"percent": voice.number(percent, "percent"), "n": voice.number(count, "count")}
    return Label("report.say.share", words=words, **shown)


def disclosure(result: Any, voice: Voice) -> Iterator[Label]:
    """How many could be told by their background, and which variable gives most of them away."""
    rows = rows_of(result.tidy())
    whole = rows[0]
    count = {"n": voice.number(whole["n_obs"], "n_obs"), "k": result.k, "ref": voice.ref(whole)}
    names = listed(voice.name(name) for name in result.whole.names)
    if not whole["count"]:
        yield Label("report.say.disclosure_none", variables=names, classes=int(whole["n_classes"]), **count)
        return
    below = {"below": int(whole["count"]), "percent": voice.number(whole["estimate"], "percent")}
    yield Label("report.say.disclosure_some", variables=names, unique=int(whole["n_unique"]), **below, **count)
    rest = [row for row in rows if row["level"] == "without"]
    if rest:
        least = min(rest, key=lambda row: row["estimate"])
        percent = voice.number(least["estimate"], "percent")
        yield Label("report.say.disclosure_cause", variable=voice.name(least["term"]), percent=percent)


def describe(result: Any, voice: Voice) -> Iterator[Label]:
    """Highest and lowest mean on a common scale, else each mean; shapes far from normal."""
    rows = [row for row in rows_of(result.tidy()) if computed(row["mean"], row["sd"])]
    grouped = any(is_given(row["group"]) for row in rows)
    if rows and not grouped:
        ends = set(getattr(result, "scale_ends", {}).values())
        if len(ends) == 1 and len(rows) > 1:
            top, bottom = max(rows, key=lambda r: r["mean"]), min(rows, key=lambda r: r["mean"])
            yield Label(
                "report.say.means", top=_mean(top, voice), bottom=_mean(bottom, voice), ref=voice.ref(top, "mean")
            )
        elif len(rows) <= _ONE_BY_ONE:
            for row in rows:
                mean, sd = voice.number(row["mean"], "mean"), voice.number(row["sd"], "sd")
                variable = voice.name(row["term"])
                yield Label("report.say.mean", variable=variable, mean=mean, sd=sd, ref=voice.ref(row, "mean"))
    bent = [
        voice.name(row["term"])
        for row in rows
        if (computed(row["skew"]) and abs(row["skew"]) > SKEW_NORM)
        or (computed(row["kurtosis"]) and abs(row["kurtosis"]) > KURTOSIS_NORM)
    ]
    if bent:
        names = listed(dict.fromkeys(bent))
        yield Label("report.say.not_normal", names=names, skew=f"{SKEW_NORM:g}", kurtosis=f"{KURTOSIS_NORM:g}")


def _mean(row: Mapping[str, Any], voice: Voice) -> Label:
    mean, sd = voice.number(row["mean"], "mean"), voice.number(row["sd"], "sd")
    return Label("report.say.with_mean", variable=voice.name(row["term"]), mean=mean, sd=sd)


def _scale_labels(result: Any, voice: Voice) -> dict[str, Label]:
    """Ids of scales and their items -> Labels."""
    labels = dict(voice.labels)
    for scale in getattr(result, "scales", ()):
        labels[scale.id] = scale.label
        labels |= {item.name: item.label for item in scale.items}
    return labels
