"""Items, scales, experts and criteria in; whether the items measure what they should out."""

from evalkit.measurement.validation.convergent import validity
from evalkit.measurement.validation.convergent_result import ValidityResult
from evalkit.measurement.validation.experts import ContentValidityResult, content_validity
from evalkit.measurement.validation.items import ItemAnalysisResult, item_analysis

__all__ = [
    "ContentValidityResult",
    "ItemAnalysisResult",
    "ValidityResult",
    "content_validity",
    "item_analysis",
    "validity",
]
