"""Outcomes that are no measurements: binary, counts, ordered and unordered categories."""

from evalkit.models.generalised.analysis import outcome_model
from evalkit.models.generalised.result import OutcomeResult

__all__ = ["OutcomeResult", "outcome_model"]
