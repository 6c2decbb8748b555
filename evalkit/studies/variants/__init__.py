"""A model in, the same model under other choices or in groups out."""

from evalkit.studies.variants.analysis import robustness
from evalkit.studies.variants.combined import CurveResult
from evalkit.studies.variants.combining import specification_curve
from evalkit.studies.variants.comparing import heterogeneity
from evalkit.studies.variants.heterogeneous import HeterogeneityResult
from evalkit.studies.variants.result import RobustnessResult

__all__ = [
    "CurveResult",
    "HeterogeneityResult",
    "RobustnessResult",
    "heterogeneity",
    "robustness",
    "specification_curve",
]
