"""The checks of a respondent: what each one does with a finding, and the bounds from which it is one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from evalkit.contract import AnalysisError, Problem

DEFAULTS: Mapping[str, float] = MappingProxyType(
    {
        "seconds_per_item": 2.0,
        "times_faster": 3.0,
        "long_iqr": 3.0,
        "run_share": 0.5,
        "run_items": 6,
        "sd_lowest": 0.025,
        "sd_range": 0.2,
        "sd_highest": 0.025,
        "mahalanobis_p": 0.001,
        "even_odd": 0.30,
        "even_odd_scales": 4,
        "pair_r": 0.60,
        "synonym": 0.22,
        "antonym": -0.03,
        "pairs": 3,
        "attention": 1,
        "missing_share": 0.20,
        "duplicate_items": 10,
        "near_share": 0.95,
        "near_items": 30,
        "near_mode": 0.90,
        "burst_p": 0.001,
        "burst_least": 5,
        "pair_apart": 1.0,
        "pairs_apart": 1,
        "text_least": 10,
        "text_repeats": 3,
        "text_keys": 5,
        "text_shared": 0.5,
        "network_hours": 24.0,
        "network_others": 1,
        "funnel": 0.998,
        "funnel_least": 5,
    }
)
"""Bounds by name; `respondent_checks(thresholds=...)` replaces any of them. Units stand with each check's rule."""

CHECKS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "seconds_per_item": ("flag", ("seconds_per_item",)),
        "times_faster": ("flag", ("times_faster",)),
        "long_duration": ("report", ("long_iqr",)),
        "longest_run": ("flag", ("run_share", "run_items")),
        "person_sd": ("flag", ("sd_lowest", "sd_range")),
        "person_sd_high": ("review", ("sd_highest",)),
        "mahalanobis": ("flag", ("mahalanobis_p",)),
        "even_odd": ("flag", ("even_odd", "even_odd_scales")),
        "synonyms": ("flag", ("synonym", "pair_r", "pairs")),
        "antonyms": ("flag", ("antonym", "pair_r", "pairs")),
        "attention_failed": ("flag", ("attention",)),
        "exclusive": ("flag", ()),
        "skip": ("flag", ()),
        "missing_share": ("flag", ("missing_share",)),
        "duplicate": ("flag", ("duplicate_items",)),
        "duplicate_id": ("review", ()),
        "near_duplicate": ("review", ("near_share", "near_items", "near_mode")),
        "burst": ("review", ("burst_p", "burst_least")),
        "contradicted": ("flag", ("pair_apart", "pairs_apart")),
        "open_answers": ("review", ("text_least", "text_repeats", "text_keys", "text_shared")),
        "duplicate_contact": ("review", ()),
        "network": ("report", ("network_hours", "network_others")),
        "interviewer": ("report", ("funnel", "funnel_least")),
    }
)
"""Check -> what a finding is (`flag` counts against the answers; `review` and `report` do not), and its bounds."""

_SHARES = (
    "pair_r",
    "run_share",
    "sd_lowest",
    "sd_highest",
    "mahalanobis_p",
    "missing_share",
    "near_share",
    "near_mode",
    "burst_p",
    "text_shared",
    "funnel",
)
_CORRELATIONS = ("even_odd", "synonym", "antonym")


def with_defaults(given: Mapping[str, float] | None) -> Mapping[str, float]:
    """All bounds, those given in place of the defaults.

    Raises
    ------
    AnalysisError
        E801 for a name that is no bound; E802 for a value that cannot be one: shares and probabilities lie
        between 0 and 1, correlations between -1 and 1 (`pair_r`: between 0
        and 1), all others are positive.
    """
    problems = []
    for name, value in (given or {}).items():
        if name not in DEFAULTS:
            problems.append(Problem("E801", params={"name": name, "known": list(DEFAULTS)}))
            continue
        low = -1.0 if name in _CORRELATIONS else 0.0
        high = 1.0 if name in (*_SHARES, *_CORRELATIONS) else math.inf
        if not (low <= value <= high and math.isfinite(value)) or (low == 0 and value == 0):
            problems.append(Problem("E802", params={"name": name, "value": value}))
    if problems:
        raise AnalysisError(problems)
    return MappingProxyType(dict(DEFAULTS) | dict(given or {}))
