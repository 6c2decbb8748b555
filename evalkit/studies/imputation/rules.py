"""Which statistic of which result is pooled by which method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from evalkit.studies.imputation.methods import (
    Row,
    Stack,
    by_alpha,
    by_difference,
    by_fisher,
    by_group_mean,
    by_interval,
    by_mean,
    by_ratio,
    by_root,
    by_rubin,
    by_statistics,
)

Method = Callable[[Stack], Row]
JOINT = ("model.f_statistic", "model.f_change", "model.chi2_model", "model.chi2_change")
"""Tests of several coefficients, pooled from coefficients and covariances (D1)."""
CHANGE = "model.r_squared_change"
TESTED = ("statistic", "df")
WITH_ERROR = ("estimate", "std_error")


@dataclass(frozen=True)
class Rule:
    """Rows of one kind and how they are pooled (None: not at all).

    `term`, `level` and `model` are patterns with `*`; `needs` are columns that every imputation has.
    """

    how: Method | None
    term: str = "*"
    level: str = "*"
    model: str = "*"
    needs: tuple[str, ...] = ("estimate",)

    def holds(self, stack: Stack) -> bool:
        patterns = {"term": self.term, "level": self.level, "model": self.model}
        return stack.has(*self.needs) and all(
            pattern == "*" or fnmatchcase(stack.keys.get(key) or "", pattern) for key, pattern in patterns.items()
        )


def _averaged(*terms: str) -> tuple[Rule, ...]:
    return tuple(Rule(by_mean, term) for term in terms)


_MODELS = (
    Rule(by_root, "model.r_squared"),
    Rule(by_root, "model.r_squared_adj"),
    *_averaged(
        "model.sigma", "model.mcfadden", "model.mcfadden_adj", "model.cox_snell", "model.nagelkerke", "model.tjur",
        "model.auc", "model.brier", "model.correct", "model.sensitivity", "model.specificity", "model.dispersion",
        "model.theta", "model.icc",
        "model.r2_marginal", "model.r2_conditional", "model.explained_*", "model.snijders_*", "model.design_effect",
        "variance.*", "sd.*", "covariance.*",
    ),
    *(Rule(by_statistics, term, needs=TESTED) for term in ("model.*", "anova.*")),
    Rule(None, "model.*"),
)  # fmt: skip
_EFFECTS = (Rule(None, "jn*"), Rule(None, "interaction.*"), Rule(by_statistics, "effect.*", needs=TESTED), *_MODELS)
_STRUCTURES = (
    *_averaged("r_squared", "composite_reliability", "ave", "model.srmr*", "model.rmr*", "model.crmr*"),
    Rule(None, "model.*"),
)
_VALIDITY = (
    *_averaged(
        "alpha", "omega", "composite_reliability", "ave", "reliability_raw", "ave_raw", "maximal_reliability", "msv",
        "asv", "mean", "sd", "model.srmr*",
    ),
    Rule(by_mean, level="latent"),
    Rule(by_mean, level="score"),
    Rule(None, "model.*"),
)  # fmt: skip
_CAUSES = (
    *_averaged("test.effective_*", "test.durbin_watson", "test.negative_weight", "score.*"),
    Rule(by_statistics, "test.*", needs=TESTED),
    Rule(by_mean, model="balance"),
)
_TESTS = (Rule(by_rubin, needs=WITH_ERROR), Rule(by_statistics, needs=TESTED))
RULES: Mapping[str, tuple[Rule, ...]] = {
    "CorrelationResult": (
        Rule(by_rubin, needs=WITH_ERROR),
        # Kendall's tau, and correlations by group or level, have no t: their z is another.
        Rule(None, "williams"),
        Rule(by_fisher, needs=("estimate", "df")),
        Rule(None),
    ),
    "ReliabilityResult": (
        Rule(by_alpha, "scale", needs=("estimate", "n_items")),
        Rule(by_mean, needs=("estimate", "item_rest")),
    ),
    "CompareResult": (
        Rule(by_group_mean, "mean", needs=(*WITH_ERROR, "n_obs")),
        Rule(None, "equivalence*"),
        *(Rule(r.how, term, needs=r.needs) for term in ("test", "pair") for r in _TESTS),
        *_averaged("cohens_f"),
    ),
    "CrosstabResult": (Rule(by_statistics, "chi2", needs=TESTED), Rule(by_mean, needs=("estimate", "percent"))),
    "AggregationResult": (
        *(Rule(None, level=f"{name}*") for name in ("verdict", "size_")),
        Rule(by_interval, needs=("estimate", "conf_low", "conf_high")),
        Rule(by_mean),
    ),
    "CriterionResult": (Rule(by_statistics, level="increment", needs=(*TESTED, "df2")),),
    "KnownGroupsResult": (Rule(by_mean, "mean"), Rule(by_statistics, "difference", needs=TESTED)),
    "ImportanceResult": (Rule(by_mean),),
    "HeterogeneityResult": (
        Rule(by_difference, "difference.*", needs=WITH_ERROR),
        Rule(by_statistics, "difference.*", needs=TESTED),
    ),
    # Factors and thresholds that are free to turn, and answers that the model takes as they are.
    **dict.fromkeys(("EfaResult", "IrtResult", "DifResult"), (Rule(None, needs=()),)),
    "ModerationResult": _EFFECTS,
    "SurfaceResult": (Rule(None, "second_order"), *_averaged("block"), *_MODELS),
    "NaturalResult": (Rule(by_ratio, "rr.*", needs=WITH_ERROR), Rule(by_ratio, "or.*", needs=WITH_ERROR), *_MODELS),
    "MultilevelMediationResult": _averaged("variance"),
    "StructuralResult": _STRUCTURES,
    "LatentMediationResult": _STRUCTURES,
    "LongitudinalMediationResult": _STRUCTURES,
    "ValidityResult": _VALIDITY,
    "InstrumentalResult": _CAUSES,
    "PropensityResult": _CAUSES,
    "DifferencesResult": _CAUSES,
    "InterruptedResult": _CAUSES,
}
"""By the name of a result's class; results of other classes follow the rules of regression models."""


def _any(stack: Stack) -> Method | None:
    """What has a standard error is pooled by it, what has an interval by that; what was held fixed keeps its value."""
    if stack.has("estimate", "std_error"):
        if (stack["std_error"] > 0).all():
            return by_rubin
        return by_mean if not stack["std_error"].any() else None
    return by_interval if stack.has("estimate", "conf_low", "conf_high") else None


def method_for(result: Any) -> Callable[[Stack], Method | None]:
    """How the rows of a result are pooled: by the rules of its class, or of one it is made from."""
    rules = next((RULES[c.__name__] for c in type(result).__mro__ if c.__name__ in RULES), _MODELS)

    def method(stack: Stack) -> Method | None:
        rule = next((r for r in rules if r.holds(stack)), None)
        return _any(stack) if rule is None else rule.how

    return method
