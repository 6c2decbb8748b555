"""Sentences about comparisons of groups and of repeated measures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, joined, listed

FIRST, SECOND = "factor.first", "factor.second"
_ONE_BY_ONE = 8
_MOST_PAIRS = 6
_ONE_VARIANCE = ("student", "anova")


def compare(result: Any, voice: Voice) -> Iterator[Label]:
    """Whether each outcome differs, between which groups, and by how much; of many comparisons only those that do."""
    found = [c for c in result.comparisons if computed(c.test.get("p_value"), c.p_adjusted)]
    clear = [c for c in found if c.p_adjusted < voice.alpha]
    several = len(found) > 1 and result.adjust != "none" and result.family != "none"
    if len(found) > _ONE_BY_ONE:
        kind = "count_adjusted" if several else "count"
        yield Label(f"descriptive.compare.say.{kind}", n=len(clear), k=len(found), below=voice.below)
    for c in found if len(found) <= _ONE_BY_ONE else clear:
        yield _differs(c, voice, adjusted=several)
        yield from _factors(c, voice)
        if c in clear:
            yield from _between(c, voice)
        yield from _doubts(c, voice)
        yield from _equivalent(c, result, voice)
    if len(found) < len(result.comparisons):
        yield Label("descriptive.compare.say.uncomputed", n=len(result.comparisons) - len(found))


def _key(c: Any, term: str, level: str | None = None) -> dict[str, Any]:
    return {"outcome": c.outcome, "group": c.group, "term": term, "level": level}


def _differs(c: Any, voice: Voice, *, adjusted: bool) -> Label:
    kind = ("differ" if c.group else "change") if c.p_adjusted < voice.alpha else ("alike" if c.group else "same")
    if c.method == "two_way":
        kind = "interact" if c.p_adjusted < voice.alpha else "add"
    if c.how.single:
        kind = "off" if c.p_adjusted < voice.alpha else "on"
    p = Label("descriptive.compare.say.adjusted_p", p=voice.p(c.p_adjusted)) if adjusted else voice.p(c.p_adjusted)
    parts = [Label("descriptive.compare.say.given")] if c.method == "ancova" else []
    parts += [_statistic(c, voice), p] if c.how.symbol else [p]
    size = c.effect.get("estimate")
    if computed(size):
        words = {"name": Label(f"descriptive.compare.effect.{c.how.effect}"), "value": voice.number(size, "effect")}
        parts.append(Label("descriptive.compare.say.equals", **words))
    names = {"name": voice.name(c.outcome)} | ({"by": voice.name(c.group)} if c.group else {})
    ref = voice.ref(_key(c, "test"), "p_adjusted" if adjusted else "p_value")
    return Label(f"descriptive.compare.say.{kind}", **names, found=joined(parts, "，", ", "), ref=ref)


def _factors(c: Any, voice: Voice) -> Iterator[Label]:
    """Main effects of two crossed factors (type III)."""
    for term in (FIRST, SECOND):
        row = c.of(term).get("type3") if c.method == "two_way" else None
        if row is None or not computed(row["p_value"]):
            continue
        df = f"{voice.number(row['df'], 'df')}, {voice.number(row['df2'], 'df')}"
        words = {"name": voice.name(c.outcome), "by": voice.name(term), "df": df, "p": voice.p(row["p_value"])}
        kind = "main" if row["p_value"] < voice.alpha else "no_main"
        f = voice.number(row["statistic"], "statistic")
        yield Label(f"descriptive.compare.say.{kind}", **words, f=f, ref=voice.ref(_key(c, term, "type3"), "p_value"))


def _statistic(c: Any, voice: Voice) -> Label:
    """`t(1171.06) = -0.821`, `F(3, 600.82) = 8.107`."""
    df = [voice.number(c.test[name], "df") for name in ("df", "df2") if computed(c.test.get(name))]
    symbol = c.how.symbol + (f"({', '.join(df)})" if df else "")
    value = voice.number(c.test["statistic"], "statistic")
    return Label("descriptive.compare.say.equals", name=Label(zh=symbol, en=symbol), value=value)


def _between(c: Any, voice: Voice) -> Iterator[Label]:
    """Which groups lie above which; without means (more than two categories) only which differ."""
    names = {level: voice.name(f"{c.group}={level}" if c.group else level) for level in c.levels}
    pairs = []
    if c.method == "two_way":
        return
    for i, a in enumerate(c.levels):
        for b in c.levels[i + 1 :]:
            row = c.of("pair").get(f"{a}:{b}")
            if len(c.levels) > 2 and (row is None or not row["p_adjusted"] < voice.alpha):
                continue
            sign = _direction(c, a, b, row)
            if not sign:
                pairs.append(Label("descriptive.compare.say.differ_pair", one=names[a], two=names[b]))
                continue
            high, low = (a, b) if sign > 0 else (b, a)
            pairs.append(Label("descriptive.compare.say.above", one=names[high], two=names[low]))
    if pairs and len(pairs) <= _MOST_PAIRS:
        yield Label("descriptive.compare.say.pairs", pairs=listed(pairs))
    elif not pairs and c.of("pair"):
        yield Label("descriptive.compare.say.no_pair")


def _direction(c: Any, a: str, b: str, pair: dict[str, Any] | None) -> float:
    """Above 0 where the first lies higher in what the test compares: means, adjusted means, ranks or shares."""
    if pair is not None and not c.how.counted and computed(pair.get("estimate")):
        return float(pair["estimate"])
    if c.how.effect == "rank_biserial" and computed(c.effect.get("estimate")):
        return float(c.effect["estimate"])
    own = c.of("adjusted_mean") or c.of("share") or c.of("mean")
    one, two = (own[level].get("estimate") for level in (a, b))
    return float(one) - float(two) if computed(one, two) else 0.0


def _doubts(c: Any, voice: Voice) -> Iterator[Label]:
    """Unequal variances under a test that takes them as equal; covariates whose slopes differ."""
    rows = {row["term"]: row for row in c.lines if row["level"] is None}
    levene, slopes = rows.get("levene_median", {}), rows.get("slopes", {})
    if c.method in _ONE_VARIANCE and computed(levene.get("p_value")) and levene["p_value"] < voice.alpha:
        ref = voice.ref(_key(c, "levene_median"), "p_value")
        yield Label("descriptive.compare.say.variances", p=voice.p(levene["p_value"]), ref=ref)
    if computed(slopes.get("p_value")) and slopes["p_value"] < voice.alpha:
        yield Label(
            "descriptive.compare.say.slopes", p=voice.p(slopes["p_value"]), ref=voice.ref(_key(c, "slopes"), "p_value")
        )


def _equivalent(c: Any, result: Any, voice: Voice) -> Iterator[Label]:
    row = next((r for r in c.lines if r["term"] == "equivalence" and r["level"] is None), None)
    if row is None or not computed(row.get("p_value")):
        return
    kind = "equivalent" if row["p_value"] < voice.alpha else "not_equivalent"
    low, high = (f"{value:g}" for value in result.bounds)
    ref = voice.ref(_key(c, "equivalence"), "p_value")
    yield Label(f"descriptive.compare.say.{kind}", low=low, high=high, p=voice.p(row["p_value"]), ref=ref)
