"""The steps a plan can name: a public function each, and the module that holds it."""

from __future__ import annotations

import inspect
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from evalkit.contract.words import LANGUAGES, has_text, text_of

STEPS: Mapping[str, str] = {
    "respondent_checks": "evalkit.quality.respondent_checks",
    "item_checks": "evalkit.quality.item_checks",
    "interviewer_checks": "evalkit.quality.interviewer_checks",
    "missing_answers": "evalkit.quality.missing_answers",
    "disclosure": "evalkit.quality.disclosure",
    "profile": "evalkit.descriptive.profile",
    "describe": "evalkit.descriptive.describe",
    "crosstab": "evalkit.descriptive.crosstab",
    "correlate": "evalkit.descriptive.correlate",
    "compare": "evalkit.descriptive.compare",
    "measures": "evalkit.descriptive.measures",
    "estimates": "evalkit.sampling.estimation",
    "reliability": "evalkit.measurement.reliability",
    "aggregation": "evalkit.measurement.aggregation",
    "icc": "evalkit.measurement.intraclass",
    "efa": "evalkit.measurement.exploratory",
    "cfa": "evalkit.measurement.structural",
    "sem": "evalkit.measurement.structural",
    "latent_mediate": "evalkit.measurement.latent_paths",
    "longitudinal_mediate": "evalkit.measurement.panel_paths",
    "irt": "evalkit.measurement.item_response",
    "dif": "evalkit.measurement.item_response",
    "validity": "evalkit.measurement.validation",
    "invariance": "evalkit.measurement.ladder",
    "method_bias": "evalkit.measurement.method_effects",
    "compare_models": "evalkit.measurement.method_effects",
    "item_analysis": "evalkit.measurement.validation",
    "content_validity": "evalkit.measurement.validation",
    "multitrait": "evalkit.measurement.validation",
    "criterion_validity": "evalkit.measurement.validation",
    "known_groups": "evalkit.measurement.validation",
    "scale_dossier": "evalkit.studies.dossier",
    "impute": "evalkit.studies.imputation",
    "power": "evalkit.studies.power",
    "simulate_power": "evalkit.studies.power",
    "code_profile": "evalkit.qualitative.describing",
    "agreement": "evalkit.qualitative.agreeing",
    "open_answers": "evalkit.qualitative.answering",
    "quantitise": "evalkit.cases.quantitising",
    "qualitise": "evalkit.cases.qualitising",
    "triangulate": "evalkit.integrate.convergence",
    "process_tracing": "evalkit.cases.tracing",
    "calibrate_sets": "evalkit.cases.calibrating",
    "necessity": "evalkit.cases.configurations",
    "qca": "evalkit.cases.configurations",
    "qca_robustness": "evalkit.cases.anchors",
    "network": "evalkit.cases.ties",
    "qap": "evalkit.cases.ties",
    "joint_display": "evalkit.integrate.displays",
    "problem_flow": "evalkit.cases.ledger",
    "saturation": "evalkit.qualitative.saturating",
    "robustness": "evalkit.studies.variants",
    "heterogeneity": "evalkit.studies.variants",
    "specification_curve": "evalkit.studies.variants",
    "regress": "evalkit.models.linear",
    "diagnostics": "evalkit.models.examination",
    "predict": "evalkit.models.predicted",
    "outcome_model": "evalkit.models.generalised",
    "mixed": "evalkit.models.multilevel",
    "multilevel_mediate": "evalkit.models.nested_mediation",
    "relative_importance": "evalkit.models.importance",
    "mediate": "evalkit.models.mediation",
    "moderate": "evalkit.models.moderation",
    "response_surface": "evalkit.models.moderation",
    "did": "evalkit.models.causal",
    "iv": "evalkit.models.causal",
    "propensity": "evalkit.models.causal",
    "interrupted_series": "evalkit.models.causal",
}

# Tables that a plan asks for by [[table]]; `compose` makes each from the run.
JOINED_TABLES = ("T0", "T13", "T24", "G1")

# Parameters whose values are names of columns or scales, so that they can be checked before anything runs.
NAMES = frozenset(
    {
        "items",
        "variables",
        "ratings",
        "partial",
        "rows",
        "strata",
        "columns",
        "by",
        "anchors",
        "x",
        "m",
        "w",
        "z",
        "v",
        "q",
        "y",
        "covariates",
        "observed",
        "wave",
        "person",
        "cluster",
        "precision",
        "exposure",
        "random",
        "scales",
        "blocks",
        "denominator",
        "margins",
        "group",
        "groups",
        "sensitive",
        "interviewer",
        "same",
        "opposite",
        "experts",
        "scores",
        "criterion",
        "over",
        "marker",
        "joined",
        "item",
        "scale",
        "outcome",
        "outcomes",
        "add",
        "remove",
        "leave_out",
        "paired",
        "methods",
        "predictors",
        "coders",
        "unit",
        "conditions",
        "boundaries",
        "case",
        "multi_value",
        "target",
        "code",
        "source",
        "treated",
        "endogenous",
        "instruments",
        "questions",
        "quotable",
        "themes",
        "sort",
        "belongs",
        "time",
    }
)


def words(do: str) -> tuple[str, ...]:
    """What an author may call a step besides its function's name: its words in each language."""
    keys = (f"plan.choice.do.{do}", f"do.{do}")
    return tuple(text_of(key, lang) for key in keys if has_text(key) for lang in LANGUAGES)


@cache
def called(word: str) -> str | None:
    """The step that a name or word means; blanks around it, capitals and full-width letters do not count."""
    given = folded(word)
    return next((do for do in STEPS if given in map(folded, (do, *words(do)))), None)


def folded(text: str) -> str:
    """A word for comparing: half-width, small letters, no blanks at the ends."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def function(do: str) -> Callable[..., Any]:
    """The public function of a step."""
    found: Callable[..., Any] = getattr(import_module(STEPS[do]), do)
    return found


@cache
def parameters(do: str) -> tuple[str, ...]:
    """Names a plan may give to a step, in the order of the function's signature (`data` apart)."""
    return tuple(p for p in inspect.signature(function(do)).parameters if p != "data")


@cache
def required(do: str) -> tuple[str, ...]:
    """Parameters without a default."""
    found = inspect.signature(function(do)).parameters.values()
    return tuple(p.name for p in found if p.default is p.empty and p.name != "data")
