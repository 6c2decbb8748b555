"""How the respondents were drawn in; weights, strata and clusters as arrays, and linearised variances, out."""

from evalkit.sampling.design import Design, DesignArrays, design_arrays, design_of
from evalkit.sampling.variance import linearised_covariance

__all__ = ["Design", "DesignArrays", "design_arrays", "design_of", "linearised_covariance"]
