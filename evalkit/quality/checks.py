"""Columns and bounds in, every check of every respondent out, each with what stood in its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from evalkit.formula import parse_expression
from evalkit.moments import correlation_of, quantile
from evalkit.quality import indices, timing
from evalkit.quality.company import contradicted, doubtful_texts, interviewer_outside, shared_origin
from evalkit.quality.distance import mahalanobis
from evalkit.quality.found import Check, Obstacle, judged, nothing
from evalkit.quality.respondents import NOT_ASKED, attention_failed, kinds_of, missing_share
from evalkit.quality.scope import Scope, numbers
from evalkit.quality.twins import Twins, coded, exact_twins, near_twins

_TICKED = ("item", "ordinal", "nominal", "option")

Bounds = Mapping[str, float]


def all_checks(scope: Scope, bounds: Bounds) -> Iterator[Check]:
    """The checks in the order of `thresholds.CHECKS`."""
    yield from _durations(scope, bounds)
    yield _longest_run(scope, bounds)
    yield from _person_sd(scope, bounds)
    yield _mahalanobis(scope, bounds)
    yield _even_odd(scope, bounds)
    yield from _pairs(scope, bounds)
    yield _attention(scope, bounds)
    yield _exclusive(scope)
    yield _skip(scope)
    yield _missing_share(scope, bounds)
    yield from _twins(scope, bounds)
    yield _burst(scope, bounds)
    yield contradicted(scope, bounds)
    yield doubtful_texts(scope, bounds)
    yield from shared_origin(scope, bounds)
    yield interviewer_outside(scope, bounds)


def _durations(scope: Scope, bounds: Bounds) -> Iterator[Check]:
    names = ("seconds_per_item", "times_faster", "long_duration")
    n = len(scope.data)
    if scope.duration is None:
        yield from (nothing(name, n, "no_duration") for name in names)
        return
    seconds = numbers(scope.data, [scope.duration])[:, 0]
    values = (
        timing.seconds_per_item(seconds, scope.n_answered()),
        timing.times_faster(seconds),
        timing.spreads_above(seconds),
    )
    beyond: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
        lambda v: v < bounds["seconds_per_item"],
        lambda v: v > bounds["times_faster"],
        lambda v: v > bounds["long_iqr"],
    )
    for name, value, found in zip(names, values, beyond, strict=True):
        yield judged(name, value, found(value), [(~(seconds > 0), "no_duration"), (np.isnan(value), "no_answers")])


def _longest_run(scope: Scope, bounds: Bounds) -> Check:
    """The value is the longest run of all blocks; judged are blocks with a reversed item."""
    n = len(scope.data)
    blocks = scope.blocks()
    if not blocks:
        return nothing("longest_run", n, "no_block")
    longest, found, known = np.zeros(n), np.zeros(n, bool), np.zeros(n, bool)
    for block in blocks:
        answers = scope.item_answers[:, list(block.places)]
        run = indices.longest_runs(answers)
        longest = np.maximum(longest, run)
        k = len(block.places)
        if block.has_reversed and k >= bounds["run_items"]:
            found |= (run >= bounds["run_share"] * k) & (run >= bounds["run_items"])
            known |= ~np.isnan(answers).all(axis=1)
    unanswered = longest == 0
    values = np.where(unanswered, np.nan, longest)
    return judged("longest_run", values, found, [(unanswered, "no_answers"), (~known, "no_reversed")])


def _person_sd(scope: Scope, bounds: Bounds) -> Iterator[Check]:
    names = ("person_sd", "person_sd_high")
    if len(scope.items) < 2:
        yield from (nothing(name, len(scope.data), "few_items") for name in names)
        return
    places, width = scope.same_range()
    values = indices.person_sd(scope.item_answers[:, places])
    known = values[~np.isnan(values)]
    low, high = (quantile(known, [bounds["sd_lowest"], 1 - bounds["sd_highest"]])) if known.size else (np.nan, np.nan)
    with np.errstate(invalid="ignore"):
        few = (values < low) | (values < bounds["sd_range"] * width / 4)
        many = values > high
    for name, found in zip(names, (few, many), strict=True):
        yield judged(name, values, found, [(np.isnan(values), "few_answers")])


def _mahalanobis(scope: Scope, bounds: Bounds) -> Check:
    from scipy import stats

    n = len(scope.data)
    if len(scope.items) < 2:
        return nothing("mahalanobis", n, "few_items")
    found = mahalanobis(scope.item_answers, scope.moments)
    if found.reason:
        return nothing("mahalanobis", n, found.reason)
    beyond = stats.chi2.sf(found.squared, np.maximum(found.df, 1)) < bounds["mahalanobis_p"]
    return judged("mahalanobis", found.squared, beyond, [(np.isnan(found.squared), "half_blank")])


def _even_odd(scope: Scope, bounds: Bounds) -> Check:
    n = len(scope.data)
    scales = scope.keyed_scales()
    if len(scales) < bounds["even_odd_scales"]:
        return nothing("even_odd", n, "few_scales")
    consistency, count = indices.even_odd(scales)
    few = count < bounds["even_odd_scales"]
    values = np.where(few, np.nan, consistency)
    return judged("even_odd", values, values < bounds["even_odd"], [(few, "few_scales"), (np.isnan(values), "flat")])


def _pairs(scope: Scope, bounds: Bounds) -> Iterator[Check]:
    n = len(scope.data)
    names = ("synonyms", "antonyms")
    if len(scope.items) < 2:
        yield from (nothing(name, n, "few_items") for name in names)
        return
    correlations = correlation_of(scope.moments.cov)
    for name, bound in zip(names, (bounds["pair_r"], -bounds["pair_r"]), strict=True):
        chosen = indices.pairs_beyond(correlations, bound)
        if chosen.sum() < bounds["pairs"]:
            yield nothing(name, n, "few_pairs")
            continue
        r, count = indices.within_person(scope.item_answers, chosen)
        few = count < bounds["pairs"]
        values = np.where(few, np.nan, r)
        found = values < bounds["synonym"] if name == "synonyms" else values > bounds["antonym"]
        yield judged(name, values, found, [(few, "few_pairs_answered"), (np.isnan(values), "flat")])


def _attention(scope: Scope, bounds: Bounds) -> Check:
    data, book = scope.data, scope.book
    checks = [v.name for v in book.variables.values() if v.check is not None and v.name in data and not v.reversed_from]
    if not checks:
        return nothing("attention_failed", len(data), "no_attention")
    shown = (~kinds_of(data, book, checks).isin(NOT_ASKED)).to_numpy().any(axis=1)
    values = np.where(shown, attention_failed(data, book), np.nan)
    return judged("attention_failed", values, values >= bounds["attention"], [(~shown, "not_asked")])


def _exclusive(scope: Scope) -> Check:
    """Questions in which an option that goes with no other was chosen with another one."""
    n = len(scope.data)
    questions = scope.exclusive()
    if not questions:
        return nothing("exclusive", n, "no_exclusive")
    values, asked = np.zeros(n), np.zeros(n, bool)
    for columns in questions.values():
        answers = numbers(scope.data, columns)
        alone = [scope.book.variables[name].exclusive for name in columns]
        ticked = answers == 1
        asked |= ~np.isnan(answers).all(axis=1)
        values += ticked[:, alone].any(axis=1) & (ticked.sum(axis=1) > 1)
    return judged("exclusive", np.where(asked, values, np.nan), values > 0, [(~asked, "not_asked")])


def _skip(scope: Scope) -> Check:
    """Questions answered though their condition does not hold."""
    n = len(scope.data)
    conditions = scope.conditions()
    if not conditions:
        return nothing("skip", n, "no_condition")
    values = np.zeros(n)
    for condition, questions in conditions.items():
        astray = not_asked(scope, condition)
        for question in questions:
            values += astray & answered(scope, question)
    return judged("skip", values, values > 0, [])


def not_asked(scope: Scope, condition: str) -> np.ndarray:
    """Rows for which a condition surely does not hold: whatever it depends on was answered."""
    expression = parse_expression(condition)
    names = {q for q, _ in expression.choices}
    data = scope.data
    options = {c for q in names for c in scope.questions.get(q, ())}
    depends = [name for name in (*expression.names, *options) if name in data]
    known = data[depends].notna().to_numpy().all(axis=1)
    holds = np.asarray(expression.evaluate(lambda name: data[name].to_numpy(), len(data)), dtype=bool)
    return known & ~holds


def answered(scope: Scope, question: str) -> np.ndarray:
    """Rows in which a question was answered: an option ticked, or a value given."""
    columns = scope.questions[question]
    values = scope.data[columns]
    ticked = values.eq(1) if scope.is_option(columns[0]) else values.notna()
    return np.asarray(ticked.to_numpy().any(axis=1))


def _missing_share(scope: Scope, bounds: Bounds) -> Check:
    if not scope.items:
        return nothing("missing_share", len(scope.data), "few_items")
    values = missing_share(scope.data, scope.book, scope.items)
    return judged("missing_share", values, values > bounds["missing_share"], [(np.isnan(values), "not_asked")])


def _twins(scope: Scope, bounds: Bounds) -> Iterator[Check]:
    """Same answers, same id, nearly the same answers. Of equal rows the first is not flagged."""
    codes = coded(scope.data[list(scope.answers)])
    place = np.arange(len(codes))
    same = exact_twins(codes, int(bounds["duplicate_items"]))
    later = (same.partner >= 0) & (same.partner < place)
    yield judged("duplicate", same.count, later, [(np.isnan(same.count), "few_answers")], same.partner)
    yield _duplicate_id(scope)
    # Numbers and texts are no answers given by ticking: they differ between honest people as well.
    closed = [c for c in scope.answers if c in scope.items or scope.book.variables[c].kind in _TICKED]
    near: Twins = near_twins(
        codes[:, [scope.answers.index(c) for c in closed]],
        share=bounds["near_share"],
        least=int(bounds["near_items"]),
        mode=bounds["near_mode"],
    )
    obstacles: list[Obstacle] = [
        (bool(near.reason), near.reason or "few_answers"),
        (np.isnan(near.count), "few_answers"),
    ]
    yield judged("near_duplicate", near.count, near.count > 0, obstacles, near.partner)


def _duplicate_id(scope: Scope) -> Check:
    if scope.respondent_id is None:
        return nothing("duplicate_id", len(scope.data), "no_id")
    ids = scope.data[scope.respondent_id]
    blank = ids.isna().to_numpy()
    twins = exact_twins(_id_codes(scope.data[scope.of_one_wave(scope.respondent_id)]), 1)
    count = np.where(blank, np.nan, twins.count)
    place = np.arange(len(ids))
    later = (twins.partner >= 0) & (twins.partner < place)
    return judged("duplicate_id", count, later, [(blank, "no_id")], np.where(blank, -1, twins.partner))


def _id_codes(ids: pd.DataFrame) -> np.ndarray:
    """Ids, of one wave where there are several, as whole numbers, one column."""
    codes = ids.groupby(list(ids.columns), dropna=False, sort=False).ngroup().to_numpy()
    return codes.astype(np.int64).reshape(-1, 1) + 1


def _burst(scope: Scope, bounds: Bounds) -> Check:
    submitted = scope.times()
    if submitted is None:
        return nothing("burst", len(scope.data), "no_time")
    count, p_value = timing.burst(submitted)
    found = (p_value < bounds["burst_p"]) & (count >= bounds["burst_least"])
    return judged("burst", count, found, [(np.isnan(count), "no_time")])
