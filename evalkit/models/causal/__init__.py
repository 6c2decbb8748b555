"""Designs that can speak of causes: outcomes and a treatment in, its effect with the design's diagnostics out."""

from evalkit.models.causal.adjustment import propensity
from evalkit.models.causal.adjustment_result import PropensityResult
from evalkit.models.causal.differences import did
from evalkit.models.causal.differences_result import DifferencesResult
from evalkit.models.causal.instrumental import iv
from evalkit.models.causal.instrumental_result import InstrumentalResult
from evalkit.models.causal.segments import interrupted_series
from evalkit.models.causal.segments_result import InterruptedResult

__all__ = [
    "DifferencesResult",
    "InstrumentalResult",
    "InterruptedResult",
    "PropensityResult",
    "did",
    "interrupted_series",
    "iv",
    "propensity",
]
