"""Mediation across two or three waves."""

from evalkit.measurement.panel_paths.analysis import longitudinal_mediate
from evalkit.measurement.panel_paths.result import LongitudinalMediationResult

__all__ = ["LongitudinalMediationResult", "longitudinal_mediate"]
