"""Which statistic of which result is pooled by which method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evalkit.studies.imputation.methods import (
    Row,
    Stack,
    by_alpha,
    by_fisher,
    by_interval,
    by_mean,
    by_root,
    by_rubin,
    by_statistics,
)

Method = Callable[[Stack], Row]
JOINT = ("model.f_statistic", "model.f_change", "model.chi2_model", "model.chi2_change")
"""Tests of several coefficients, pooled from coefficients and covariances (D1)."""
CHANGE = "model.r_squared_change"
_ROOTS = ("model.r_squared", "model.r_squared_adj")
_DESCRIBED = (
    "model.sigma", "model.mcfadden", "model.mcfadden_adj", "model.cox_snell", "model.nagelkerke", "model.tjur",
    "model.auc", "model.brier", "model.correct", "model.dispersion", "model.theta", "model.icc", "model.r2_marginal",
    "model.r2_conditional",
)  # fmt: skip
_VARIANCES = ("variance.", "sd.")
"""Variance components, which come without a standard error."""


def _models(term: str, stack: Stack) -> Method | None:
    if term in _ROOTS:
        return by_root
    if (term in _DESCRIBED or term.startswith(_VARIANCES)) and stack.has("estimate"):
        return by_mean
    if term.startswith("model."):
        return by_statistics if stack.has("statistic", "df") else None
    return _any(term, stack)


def _correlations(term: str, stack: Stack) -> Method | None:
    if not stack.has("estimate"):
        return None  # the variables themselves
    if stack.has("std_error"):
        return by_rubin
    # Kendall's tau, and correlations by group or level, have no t: their z is another.
    return by_fisher if stack.has("df") and term != "williams" else None


def _scales(term: str, stack: Stack) -> Method | None:
    if term == "scale" and stack.has("n_items"):
        return by_alpha
    return _any(term, stack)


def _comparisons(term: str, stack: Stack) -> Method | None:
    if term == "test" and not stack.has("std_error"):
        return by_statistics if stack.has("statistic", "df") else None
    return _any(term, stack)


def _any(term: str, stack: Stack) -> Method | None:
    """What has a standard error is pooled by it, what has an interval by that; the rest is left out."""
    if stack.has("estimate", "std_error"):
        return by_rubin if (stack["std_error"] > 0).all() else None
    return by_interval if stack.has("estimate", "conf_low", "conf_high") else None


RULES: Mapping[str, Callable[[str, Stack], Method | None]] = {
    "CorrelationResult": _correlations,
    "ReliabilityResult": _scales,
    "CompareResult": _comparisons,
}


def rule_of(result: Any) -> Callable[[str, Stack], Method | None]:
    """The rule of a result's class, or of one it is made from."""
    return next((RULES[c.__name__] for c in type(result).__mro__ if c.__name__ in RULES), _models)
