"""Sentences about what can be believed: checks of respondents, what is missing, estimates of a population."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, excludes_zero, is_given, listed, rows_of

_MOST = 3
_ONE_BY_ONE = 6


def respondent_checks(result: Any, voice: Voice) -> Iterator[Label]:
    """How many respondents have a flag, what was found most often, and what could not be judged of anybody."""
    whole = rows_of(result.glance())[0]
    n, flagged = voice.number(result.n_obs, "n_obs"), int(whole["count"])
    if not result.n_obs:
        yield Label("report.say.nobody_checked")
        return
    share = {"k": voice.number(flagged, "count"), "percent": voice.number(whole["percent"], "percent")}
    yield Label("report.say.flagged", n=n, **share) if flagged else Label("report.say.none_flagged", n=n)
    checks = [row for row in rows_of(result.tidy()) if not is_given(row["level"])]
    found = sorted((row for row in checks if computed(row["count"]) and row["count"]), key=lambda row: -row["count"])
    if found:
        parts = listed(
            _share(f"quality.check.{row['term']}", row["percent"], row["count"], voice) for row in found[:_MOST]
        )
        yield Label("report.say.found_most", k=len(found[:_MOST]), parts=parts, ref=voice.ref(found[0], "count"))
    unjudged = [Label(f"quality.check.{row['term']}") for row in checks if not row["n_obs"]]
    if len(unjudged) > _MOST:
        yield Label("report.say.unjudged_many", k=len(unjudged), n=len(checks))
    elif unjudged:
        yield Label("report.say.unjudged", names=listed(unjudged))


def item_checks(result: Any, voice: Voice) -> Iterator[Label]:
    """How many questions have a finding, which, and which nobody answered."""
    n, found = len(result.items), [item for item in result.items if item.found]
    if not n:
        yield Label("report.say.items_none")
        return
    yield Label("report.say.items_checked", n=n, k=len(found)) if found else Label("report.say.items_fine", n=n)
    for kind in dict.fromkeys(one for item in found for one in item.found):
        yield _questions("report.say.items_found", [i for i in found if kind in i.found],
                         finding=Label(f"quality.flat.{kind}"))  # fmt: skip
    empty = [item for item in result.items if not item.n]
    if empty:
        yield _questions("report.say.items_empty", empty)


def _questions(key: str, items: list[Any], **params: Label) -> Label:
    names = listed(Label("report.say.quoted", words=item.label) for item in items[:_MOST])
    return Label(key, names=names, k=len(items), **params)


def interviewer_checks(result: Any, voice: Voice) -> Iterator[Label]:
    """How many interviewers lie outside the limits set by the others, who most, and whom nothing can be said of."""
    rows = rows_of(result.tidy())
    outside = [row for row in rows if row["count"] == 1]
    people = {"n": voice.number(result.n_obs, "n_obs"), "k": len(result.interviewers)}
    if outside:
        out = len({row["group"] for row in outside})
        yield Label("report.say.interviewers_outside", out=out, **people)
        top = sorted(outside, key=_beyond, reverse=True)[:_MOST]
        parts = listed(
            Label(
                "report.say.interviewer",
                name=voice.name(row["group"]),
                measure=Label(f"quality.measure.{row['term']}"),
                value=voice.number(row["estimate"], "mean"),
                others=voice.number(row["expected"], "mean"),
            )
            for row in top
        )
        yield Label("report.say.interviewers_most", parts=parts, ref=voice.ref(top[0]))
    judged = {row["group"] for row in rows if computed(row["count"])}
    if judged and not outside:
        yield Label("report.say.interviewers_inside", **people)
    if len(judged) < len(result.interviewers):
        yield Label("report.say.interviewers_unjudged", out=len(result.interviewers) - len(judged))


def _beyond(row: Mapping[str, Any]) -> float:
    """Distance from the others in half widths of their limits."""
    half = (row["conf_high"] - row["conf_low"]) / 2
    return abs(row["estimate"] - row["expected"]) / half if half > 0 else float("inf")


def missing_answers(result: Any, voice: Voice) -> Iterator[Label]:
    """How much is missing and where most, answers that contradict the routing, and whether Little's test speaks."""
    rows = rows_of(result.tidy())
    of_whole = {row["term"]: row for row in rows if str(row["term"]).startswith("all.") and not is_given(row["level"])}
    cells, people = of_whole["all.cells"], of_whole["all.rows"]
    if not computed(cells["percent"]):
        yield Label("report.say.nothing_asked")
        return
    if not cells["count"]:
        yield Label("report.say.nothing_missing", n=voice.number(cells["n_obs"], "count"))
    else:
        yield Label(
            "report.say.missing",
            n=voice.number(cells["n_obs"], "count"),
            gaps=voice.number(cells["count"], "count"),
            percent=voice.number(cells["percent"], "percent"),
            people=voice.number(people["count"], "count"),
            percent_people=voice.number(people["percent"], "percent"),
            ref=voice.ref(cells, "percent"),
        )
        yield from _most_missing(rows, voice)
        yield from _little(of_whole["all.little"], voice)
    astray = sum(int(row["count"]) for row in rows if row["level"] == "astray" and computed(row["count"]))
    if astray:
        yield Label("report.say.astray", n=voice.number(astray, "count"))


def _most_missing(rows: list[dict[str, Any]], voice: Voice) -> Iterator[Label]:
    """The questions with the largest share of gaps among those asked."""
    items = [
        row
        for row in rows
        if not str(row["term"]).startswith("all.") and not is_given(row["level"]) and not is_given(row["group"])
    ]
    found = sorted(
        (row for row in items if computed(row["estimate"]) and row["estimate"]), key=lambda r: -r["estimate"]
    )
    if found:
        top = found[:_MOST]
        parts = listed(_share(voice.name(row["term"]), row["estimate"], row["n_missing"], voice) for row in top)
        yield Label("report.say.missing_most", parts=parts, ref=voice.ref(top[0]))


def _little(row: Mapping[str, Any], voice: Voice) -> Iterator[Label]:
    if not computed(row["statistic"], row["p_value"]):
        yield Label("report.say.little_uncomputed")
        return
    yield Label(
        "report.say.little" if row["p_value"] < voice.alpha else "report.say.little_none",
        chi2=voice.number(row["statistic"], "chi2"),
        df=voice.number(row["df"], "df"),
        p=voice.p(row["p_value"]),
        ref=voice.ref(row, "statistic"),
    )


def estimates(result: Any, voice: Voice) -> Iterator[Label]:
    """Each estimate with its interval, or of many the largest of each variable; differences; the design's price."""
    rows = rows_of(result.tidy())
    found = [row for row in rows if computed(row["estimate"])]
    plain = [row for row in found if not _is_difference(row, result)]
    shown = plain if len(plain) <= _ONE_BY_ONE else _largest(plain)[:_ONE_BY_ONE]
    for row in shown:
        yield from _estimate(row, result, voice)
    if len(plain) > len(shown):
        yield Label("report.say.estimates_more", n=len(plain) - len(shown))
    apart = [row for row in found if _is_difference(row, result) and computed(row["conf_low"], row["conf_high"])]
    if apart:
        clear = [row for row in apart if excludes_zero(row)]
        kind = "report.say.differences" if clear else "report.say.differences_none"
        parts = listed(Label("report.say.quoted", words=_named(row, voice)) for row in clear[:_MOST])
        yield Label(kind, k=len(apart), n=len(clear), level=voice.level, **({"parts": parts} if clear else {}))
    dear = [row for row in plain if computed(row["deff"])]
    if dear:
        most = max(dear, key=lambda row: row["deff"])
        deff = voice.number(most["deff"], "deff")
        yield Label("report.say.deff", deff=deff, name=_named(most, voice), ref=voice.ref(most, "deff"))
    if len(found) < len(rows):
        yield Label("report.say.estimates_uncomputed", n=len(rows) - len(found))


def _estimate(row: Mapping[str, Any], result: Any, voice: Voice) -> Iterator[Label]:
    share = result.statistic == "proportion"
    kind, factor = ("percent", 100.0) if share else ("mean", 1.0)
    scaled = {key: factor * row[key] for key in ("estimate", "conf_low", "conf_high")}
    parts = {
        "statistic": Label(f"sampling.statistic.{result.statistic}"),
        "name": _named(row, voice),
        "b": voice.number(scaled["estimate"], kind),
        "ref": voice.ref(row),
    }
    if computed(row["conf_low"], row["conf_high"]):
        yield Label("report.say.estimate", level=voice.level, interval=voice.interval(scaled, kind), **parts)
    else:
        yield Label("report.say.estimate_alone", **parts)


def _named(row: Mapping[str, Any], voice: Voice) -> Label:
    """`group, variable, category`, as far as there are any."""
    level = f"{row['term']}.{row['level']}" if is_given(row["level"]) else None
    names = [voice.name(id) for id in (row["group"], row["term"], level) if is_given(id)]
    return Label(zh="·".join(name.text("zh") for name in names), en=", ".join(name.text("en") for name in names))


def _largest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The largest estimate of each group and variable, in their order."""
    best: dict[tuple[Any, Any], dict[str, Any]] = {}
    for row in rows:
        key = (row["group"], row["term"])
        if key not in best or row["estimate"] > best[key]["estimate"]:
            best[key] = row
    return list(best.values())


def _is_difference(row: Mapping[str, Any], result: Any) -> bool:
    """A difference of two categories has a p-value, an estimate has none."""
    return result.by is not None and computed(row["p_value"])


def _share(words: Label | str, percent: float, count: float, voice: Voice) -> Label:
    shown = {"percent": voice.number(percent, "percent"), "n": voice.number(count, "count")}
    return Label("report.say.share", words=words if isinstance(words, Label) else Label(words), **shown)
