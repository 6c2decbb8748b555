"""Sentences about models of binary, ordered, nominal and count outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.contract import Label
from evalkit.report.phrases import Voice, computed, is_given, rows_of

COUNTS = ("poisson", "negative_binomial", "quasi_poisson")


def outcome_model(result: Any, voice: Voice) -> Iterator[Label]:
    """The predictors of the last model, how well it fits, parallel lines, and the caution."""
    outcome = voice.name(result.outcome)
    rows = [row for row in rows_of(result.tidy()) if row["model"] == result.models[-1].name]
    effects = [row for row in rows if not row["term"].startswith(("model.", "ame.", "mem.", "threshold.", "intercept"))]
    clear = [row for row in effects if computed(row["estimate"], row["p_value"])]
    for row in clear:
        yield _effect(result, row, voice)
    if not clear:
        yield Label("outcomes.say.uncomputed", y=outcome)
        return
    model = {row["term"].removeprefix("model."): row for row in rows if row["term"].startswith("model.")}
    test, share = model["chi2_model"], model["nagelkerke"]
    if computed(test["estimate"], test["p_value"], share["estimate"]):
        yield Label(
            "outcomes.say.fit",
            chi2=voice.number(test["estimate"], "chi2"),
            df=f"{test['df']:g}",
            p=voice.p(test["p_value"]),
            r2=voice.number(share["estimate"], "nagelkerke"),
            n=result.n_obs,
        )
    lines = model.get("parallel_lines")
    if lines is not None and computed(lines["p_value"]):
        found = "broken" if lines["p_value"] < voice.alpha else "held"
        yield Label(f"outcomes.say.parallel_{found}", p=voice.p(lines["p_value"]))
    yield Label("report.say.cross_section")


def _effect(result: Any, row: Mapping[str, Any], voice: Voice) -> Label:
    y = voice.name(result.outcome)
    if is_given(row["level"]) and row["level"].startswith("cut."):
        y = Label("outcomes.say.cut", y=y, cut=voice.name(row["level"]))
    elif is_given(row["level"]):
        y = Label("outcomes.say.category", y=y, category=result.categories[row["level"]])
    common = {"x": voice.name(row["term"]), "y": y, "p": voice.p(row["p_value"])}
    b = voice.number(row["estimate"], "estimate")
    if row["p_value"] >= voice.alpha:
        return Label("outcomes.say.none", b=b, **common)
    if not computed(row["ratio"], row["ratio_low"], row["ratio_high"]):
        sign = Label(f"outcomes.say.{'positive' if row['estimate'] > 0 else 'negative'}")
        return Label("outcomes.say.slope", sign=sign, b=b, **common)
    ends = {"conf_low": row["ratio_low"], "conf_high": row["ratio_high"]}
    return Label(
        "outcomes.say.ratio",
        what=Label("outcomes.say.rate" if result.family in COUNTS else "outcomes.say.odds"),
        ratio=voice.number(row["ratio"], "ratio"),
        level=voice.level,
        interval=voice.interval(ends),
        **common,
    )
