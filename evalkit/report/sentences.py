"""A result in, deterministic hedged sentences about it out: templates over its tidy rows, no free text."""

from __future__ import annotations

from importlib import import_module

from evalkit.contract import Label, Result
from evalkit.report.phrases import Voice
from evalkit.report.styles import Style, load_style

# Function of a plan step -> module with a function of that name. What is not listed gets no sentence.
SPEAKERS = {
    "regress": "evalkit.report.said_of_models",
    "relative_importance": "evalkit.report.said_of_models",
    "diagnostics": "evalkit.report.said_of_examinations",
    "predict": "evalkit.report.said_of_predictions",
    "outcome_model": "evalkit.report.said_of_outcomes",
    "mixed": "evalkit.report.said_of_levels",
    "multilevel_mediate": "evalkit.report.said_of_levels",
    "mediate": "evalkit.report.said_of_models",
    "moderate": "evalkit.report.said_of_moderation",
    "response_surface": "evalkit.report.said_of_moderation",
    "did": "evalkit.report.said_of_causes",
    "iv": "evalkit.report.said_of_causes",
    "propensity": "evalkit.report.said_of_causes",
    "interrupted_series": "evalkit.report.said_of_causes",
    "reliability": "evalkit.report.said_of_answers",
    "aggregation": "evalkit.report.said_of_groups",
    "icc": "evalkit.report.said_of_groups",
    "efa": "evalkit.report.said_of_factors",
    "cfa": "evalkit.report.said_of_structures",
    "sem": "evalkit.report.said_of_structures",
    "latent_mediate": "evalkit.report.said_of_structures",
    "longitudinal_mediate": "evalkit.report.said_of_structures",
    "irt": "evalkit.report.said_of_item_responses",
    "dif": "evalkit.report.said_of_item_responses",
    "validity": "evalkit.report.said_of_validity",
    "invariance": "evalkit.report.said_of_invariance",
    "method_bias": "evalkit.report.said_of_validity",
    "compare_models": "evalkit.report.said_of_validity",
    "item_analysis": "evalkit.report.said_of_validity",
    "content_validity": "evalkit.report.said_of_validity",
    "multitrait": "evalkit.report.said_of_validity",
    "criterion_validity": "evalkit.report.said_of_validity",
    "known_groups": "evalkit.report.said_of_validity",
    "code_profile": "evalkit.report.said_of_coders",
    "agreement": "evalkit.report.said_of_coders",
    "open_answers": "evalkit.report.said_of_open_answers",
    "quantitise": "evalkit.report.said_of_cases",
    "qualitise": "evalkit.report.said_of_cases",
    "triangulate": "evalkit.report.said_of_evidence",
    "process_tracing": "evalkit.report.said_of_evidence",
    "calibrate_sets": "evalkit.report.said_of_cases",
    "necessity": "evalkit.report.said_of_cases",
    "qca": "evalkit.report.said_of_cases",
    "qca_robustness": "evalkit.report.said_of_cases",
    "network": "evalkit.report.said_of_cases",
    "qap": "evalkit.report.said_of_cases",
    "joint_display": "evalkit.report.said_of_displays",
    "problem_flow": "evalkit.report.said_of_problems",
    "saturation": "evalkit.report.said_of_coders",
    "scale_dossier": "evalkit.report.said_of_dossiers",
    "robustness": "evalkit.report.said_of_robustness",
    "heterogeneity": "evalkit.report.said_of_robustness",
    "specification_curve": "evalkit.report.said_of_robustness",
    "impute": "evalkit.report.said_of_imputation",
    "power": "evalkit.report.said_of_planning",
    "simulate_power": "evalkit.report.said_of_power",
    "pool": "evalkit.report.said_of_imputation",
    "respondent_checks": "evalkit.report.said_of_samples",
    "item_checks": "evalkit.report.said_of_samples",
    "interviewer_checks": "evalkit.report.said_of_samples",
    "missing_answers": "evalkit.report.said_of_samples",
    "estimates": "evalkit.report.said_of_samples",
    "compare": "evalkit.report.said_of_comparisons",
    "correlate": "evalkit.report.said_of_answers",
    "crosstab": "evalkit.report.said_of_answers",
    "disclosure": "evalkit.report.said_of_answers",
    "profile": "evalkit.report.said_of_answers",
    "describe": "evalkit.report.said_of_answers",
}


def sentences(do: str, result: Result, *, step: str = "", style: Style | str = "cn") -> tuple[Label, ...]:
    """What a result says, one Label a sentence, in zh and en.

    Parameters
    ----------
    do : str
        The function that gave the result, e.g. `mediate`.
    step : str
        Step id that the table cells' result ids begin with, if they do.
    style : Style or str
        Gives the numbers their digits, as in the tables.

    Returns
    -------
    tuple of Label
        The main finding first. A parameter `ref` holds the result id of the number a sentence rests on.
        Answers of one point in time are only ever said to be associated; a finding that is not significant is
        no evidence found, never evidence of nothing; what could not be computed is said so. Numbers are those
        of the result, rounded by the style; shares are computed from unrounded values.
    """
    do = getattr(result, "said_as", do)  # an analysis pooled over imputations speaks of the pooling
    if do not in SPEAKERS:
        return ()
    voice = Voice(
        style=style if isinstance(style, Style) else load_style(style),
        labels=getattr(result, "labels", {}),
        step=step,
        conf_level=getattr(result, "conf_level", 0.95),
    )
    return tuple(getattr(import_module(SPEAKERS[do]), do)(result, voice))
