"""How the respondents were drawn in; weights that fit the population, and estimates with the design's errors, out."""

from evalkit.sampling.calibration import calibrate
from evalkit.sampling.design import Design, DesignArrays, design_arrays, design_of
from evalkit.sampling.estimates_result import EstimatesResult
from evalkit.sampling.estimation import estimates
from evalkit.sampling.raking import poststratify, rake, trim
from evalkit.sampling.size import SampleSizeResult, sample_size
from evalkit.sampling.variance import linearised_covariance
from evalkit.sampling.weighting import WeightingResult, weight_diagnostics

__all__ = [
    "Design",
    "DesignArrays",
    "EstimatesResult",
    "SampleSizeResult",
    "WeightingResult",
    "calibrate",
    "design_arrays",
    "design_of",
    "estimates",
    "linearised_covariance",
    "poststratify",
    "rake",
    "sample_size",
    "trim",
    "weight_diagnostics",
]
