"""Which steps may use imputed data, and why the others may not."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.contract import Label

POOLABLE = (
    "describe", "crosstab", "correlate", "compare", "estimates", "reliability", "aggregation", "icc", "cfa", "sem",
    "latent_mediate", "longitudinal_mediate", "validity", "criterion_validity", "known_groups", "robustness",
    "heterogeneity", "specification_curve", "regress", "predict", "outcome_model", "mixed", "multilevel_mediate",
    "relative_importance", "mediate", "moderate", "response_surface", "did", "iv", "propensity", "interrupted_series",
)  # fmt: skip
"""Steps whose estimates can be pooled over imputations."""
_REASONS: Mapping[str, tuple[str, ...]] = {
    "as_given": (
        "respondent_checks", "item_checks", "interviewer_checks", "missing_answers", "disclosure", "profile",
        "measures", "item_analysis", "content_validity",
    ),
    "one_data_set": ("diagnostics",),
    "rotation": ("efa",),
    "every_answer": ("irt", "dif"),
    "fit_compared": ("invariance", "method_bias", "compare_models"),
    "several": ("scale_dossier", "multitrait"),
    "planning": ("impute", "power", "simulate_power"),
}  # fmt: skip


def why_not(do: str) -> Label:
    """Why the results of a step cannot be pooled, and what to do instead; steps of the casebook are the rest."""
    reason = next((name for name, steps in _REASONS.items() if do in steps), "material")
    return Label(f"imputation.why.{reason}")
