"""Items and a model in; how well the model fits and what it estimates out."""

from evalkit.measurement.structural.analysis import cfa, sem
from evalkit.measurement.structural.factor_values import factor_scores
from evalkit.measurement.structural.result import StructuralResult

__all__ = ["StructuralResult", "cfa", "factor_scores", "sem"]
