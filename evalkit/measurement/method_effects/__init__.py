"""Scales in; whether one method, or fewer factors, would explain their answers as well out."""

from evalkit.measurement.method_effects.competing import ComparisonResult, compare_models
from evalkit.measurement.method_effects.method_bias import method_bias
from evalkit.measurement.method_effects.method_result import MethodBiasResult

__all__ = ["ComparisonResult", "MethodBiasResult", "compare_models", "method_bias"]
