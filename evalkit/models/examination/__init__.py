"""A linear model in, what its residuals, cases and predictors say about it out."""

from evalkit.models.examination.analysis import diagnostics
from evalkit.models.examination.result import DiagnosticsResult

__all__ = ["DiagnosticsResult", "diagnostics"]
