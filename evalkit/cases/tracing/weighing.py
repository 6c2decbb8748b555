"""Two probabilities of a piece of evidence in, its kind of test, its likelihood ratio and its weight out."""

from __future__ import annotations

import math
from collections.abc import Iterable

TESTS = ("straw_in_the_wind", "hoop", "smoking_gun", "doubly_decisive")


def kind_of(p_h: float, p_not_h: float, high: float, low: float) -> str:
    """The kind of test that the probabilities make it; empty where one is missing.

    Certain: p(E|H) at least `high`. Unique: p(E|not H) at most `low`. Hoop: certain only; smoking gun: unique only;
    doubly decisive: both; straw in the wind: neither. Van Evera (1997), Guide to methods for students of political
    science, 31-32; Collier (2011), PS 44, 823-830, table 1; the bounds are the author's.
    """
    if math.isnan(p_h) or math.isnan(p_not_h):
        return ""
    certain, unique = p_h >= high, p_not_h <= low
    return TESTS[int(certain) + 2 * int(unique)]


def ratio(p_h: float, p_not_h: float, found: bool) -> float:
    """p(E|H) / p(E|not H), or of its absence where it was looked for and not found.

    inf where the evidence cannot be if the hypothesis is false; nan where it cannot be either way, or one is missing.
    """
    top, bottom = (p_h, p_not_h) if found else (1 - p_h, 1 - p_not_h)
    if math.isnan(top) or math.isnan(bottom) or (top == 0 and bottom == 0):
        return math.nan
    return top / bottom if bottom > 0 else math.inf


def decibels(likelihood_ratio: float) -> float:
    """10 log10 of the ratio: 10 is ten to one, 3 about two to one."""
    if math.isnan(likelihood_ratio):
        return math.nan
    return -math.inf if likelihood_ratio == 0 else 10 * math.log10(likelihood_ratio)


def posterior(prior: float, ratios: Iterable[float]) -> float:
    """Probability after independent evidence: prior odds times all ratios, as a probability.

    nan where a ratio is missing, 0 or infinite: a probability of 0 or 1 leaves no evidence a say.
    """
    weights = [math.log(r) if 0 < r < math.inf else math.nan for r in ratios]
    odds = math.log(prior / (1 - prior)) + sum(weights)
    return math.nan if math.isnan(odds) else 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0
