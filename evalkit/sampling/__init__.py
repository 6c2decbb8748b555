"""How the respondents were drawn in; weights that fit the population, and estimates with the design's errors, out."""

from evalkit.sampling.calibration import calibrate
from evalkit.sampling.design import Design, DesignArrays, design_arrays, design_of, unused_design
from evalkit.sampling.estimates_result import EstimatesResult
from evalkit.sampling.estimation import estimates
from evalkit.sampling.raking import poststratify, rake, trim
from evalkit.sampling.raking_within import rake_within
from evalkit.sampling.sheet import Community, Margin, SamplingSheet
from evalkit.sampling.sheet_reader import read_sampling_sheet
from evalkit.sampling.sheet_sizes import SamplingSizesResult
from evalkit.sampling.sheet_writer import write_sampling_sheet
from evalkit.sampling.size import SampleSizeResult, sample_size
from evalkit.sampling.variance import linearised_covariance
from evalkit.sampling.weighting import WeightingResult, weight_diagnostics

__all__ = [
    "Community",
    "Design",
    "DesignArrays",
    "EstimatesResult",
    "Margin",
    "SampleSizeResult",
    "SamplingSheet",
    "SamplingSizesResult",
    "WeightingResult",
    "calibrate",
    "design_arrays",
    "design_of",
    "estimates",
    "linearised_covariance",
    "poststratify",
    "rake",
    "rake_within",
    "read_sampling_sheet",
    "sample_size",
    "trim",
    "unused_design",
    "weight_diagnostics",
    "write_sampling_sheet",
]
