"""Mediation: indirect effects of least-squares paths, with intervals by resampling.

In: a data frame with the names of x, mediators, y and covariates. Out: a MediationResult.
"""

from evalkit.models.mediation.analysis import mediate
from evalkit.models.mediation.result import MediationResult

__all__ = ["MediationResult", "mediate"]
