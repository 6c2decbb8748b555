"""Checks of a respondent against another question, others' texts, and who shares a device or an interviewer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from evalkit.quality import timing
from evalkit.quality.found import Check, Obstacle, judged, nothing
from evalkit.quality.funnel import Funnel, means, rates
from evalkit.quality.open_answers import doubtful
from evalkit.quality.respondents import missing_share
from evalkit.quality.scope import Scope, numbers
from evalkit.quality.twins import coded, exact_twins

Bounds = Mapping[str, float]

_TURNED = ("item", "ordinal")


def contradicted(scope: Scope, bounds: Bounds) -> Check:
    """Pairs of questions that ask the same (or the opposite) and got answers that do not go together.

    Answers of scale items may be `pair_apart` scale points apart; of all other questions they must be equal. Of an
    opposite pair the second answer is turned round first, low + high - x.
    """
    n = len(scope.data)
    values, known = np.zeros(n), np.zeros(n, bool)
    pairs = scope.pairs()
    if not pairs:
        return nothing("contradicted", n, "no_pair")
    for one, two, turned in pairs:
        scaled = one in scope.items or scope.book.variables[one].kind in _TURNED
        apart = bounds["pair_apart"] if scaled else 0.0
        both, far = _apart(scope, one, two, turned, apart)
        known |= both
        values += both & far
    values = np.where(known, values, np.nan)
    return judged("contradicted", values, values >= bounds["pairs_apart"], [(~known, "no_pair_answered")])


def _apart(scope: Scope, one: str, two: str, turned: bool, apart: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows that answered both questions, and those whose answers are further apart."""
    data = scope.data
    both = (data[one].notna() & data[two].notna()).to_numpy()
    if not all(pd.api.types.is_numeric_dtype(data[name]) for name in (one, two)):
        return both, (data[one].astype(str) != data[two].astype(str)).to_numpy()
    a, b = numbers(data, [one, two]).T
    if turned:
        low, high = scope.ends(two)
        b = low + high - b
    with np.errstate(invalid="ignore"):
        return both, np.abs(a - b) > apart + 1e-9


def doubtful_texts(scope: Scope, bounds: Bounds) -> Check:
    """Open answers that are copied, one character, a run of keys or the question itself."""
    n = len(scope.data)
    columns = [name for name in scope.answers if scope.book.variables[name].kind == "text"]
    if not columns:
        return nothing("open_answers", n, "no_text")
    values, given = np.zeros(n), np.zeros(n, bool)
    rules = {"least": int(bounds["text_least"]), "repeats": int(bounds["text_repeats"]),
             "keys": int(bounds["text_keys"])}  # fmt: skip
    for name in columns:
        variable = scope.book.variables[name]
        answers = scope.data[name]
        given |= answers.notna().to_numpy()
        values += doubtful(answers, (variable.zh, variable.en), **rules, shared=bounds["text_shared"])
    return judged("open_answers", np.where(given, values, np.nan), values > 0, [(~given, "no_text_given")])


def shared_origin(scope: Scope, bounds: Bounds) -> Iterator[Check]:
    """Others with the same contact or account; others from the same network and device within some hours.

    Both know only which rows share something: what they share stays in the private partition.
    """
    n = len(scope.data)
    contact = scope.link("contact")
    if contact is None:
        yield nothing("duplicate_contact", n, "no_contact")
    else:
        twins = exact_twins(contact.reshape(-1, 1), 1)
        later = (twins.partner >= 0) & (twins.partner < np.arange(n))
        yield judged("duplicate_contact", twins.count, later, [(contact == 0, "no_contact")], twins.partner)
    network = scope.link("network")
    if network is None:
        yield nothing("network", n, "no_network")
        return
    times = scope.times()
    count, partner = timing.within_hours(network, times, bounds["network_hours"])
    obstacles: list[Obstacle] = [(network == 0, "no_network"), (np.isnan(count), "no_time")]
    yield judged("network", count, count >= bounds["network_others"], obstacles, partner)


def interviewer_outside(scope: Scope, bounds: Bounds) -> Check:
    """Measures in which a respondent's interviewer lies outside the limits of all others."""
    n = len(scope.data)
    if scope.interviewer is None:
        return nothing("interviewer", n, "no_interviewer")
    group = pd.factorize(scope.data[scope.interviewer])[0]
    if not (group >= 0).any():
        return nothing("interviewer", n, "no_interviewer")
    funnels = interviewer_funnels(scope, group, bounds)
    outside = np.array([funnel.outside for funnel in funnels])
    known = ~np.isnan(outside).all(axis=0)
    by_interviewer = np.where(known, np.nansum(outside, axis=0), np.nan)
    values = np.where(group >= 0, by_interviewer[group], np.nan)
    few = (group >= 0) & np.isnan(values)
    return judged("interviewer", values, values > 0, [(group < 0, "no_interviewer"), (few, "few_interviews")])


def interviewer_funnels(scope: Scope, group: np.ndarray, bounds: Bounds) -> list[Funnel]:
    """Mean answer, log duration, share of blanks and rate of duplicates of every interviewer against all others."""
    n = len(scope.data)
    unknown = np.full(n, np.nan)
    answers, blank = unknown, unknown
    if scope.items:
        seen = ~np.isnan(scope.item_answers)
        with np.errstate(divide="ignore", invalid="ignore"):
            answers = np.where(seen, scope.item_answers, 0.0).sum(axis=1) / seen.sum(axis=1)
        blank = 100 * missing_share(scope.data, scope.book, scope.items)
    seconds = numbers(scope.data, [scope.duration])[:, 0] if scope.duration else unknown
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(seconds > 0, np.log(seconds), np.nan)
    twins = exact_twins(coded(scope.data[list(scope.answers)]), int(bounds["duplicate_items"]))
    alike = np.where(np.isnan(twins.count), np.nan, twins.count > 0)
    limits = {"level": bounds["funnel"], "least": int(bounds["funnel_least"])}
    found = [means(name, values, group, **limits) for name, values in
             (("mean", answers), ("log_duration", logs), ("percent_blank", blank))]  # fmt: skip
    return [*found, rates("percent_alike", alike, group, **limits)]
