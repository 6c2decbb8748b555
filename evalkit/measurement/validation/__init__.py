"""Items, scales, experts and criteria in; whether the items measure what they should out."""

from evalkit.measurement.validation.convergent import validity
from evalkit.measurement.validation.convergent_result import ValidityResult
from evalkit.measurement.validation.criterion import CriterionResult, criterion_validity
from evalkit.measurement.validation.experts import ContentValidityResult, content_validity
from evalkit.measurement.validation.groups import KnownGroupsResult, known_groups
from evalkit.measurement.validation.items import ItemAnalysisResult, item_analysis
from evalkit.measurement.validation.multitrait import MultitraitResult, multitrait

__all__ = [
    "ContentValidityResult",
    "CriterionResult",
    "ItemAnalysisResult",
    "KnownGroupsResult",
    "MultitraitResult",
    "ValidityResult",
    "content_validity",
    "criterion_validity",
    "item_analysis",
    "known_groups",
    "multitrait",
    "validity",
]
