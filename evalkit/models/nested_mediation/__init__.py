"""Mediation of people in groups, within and between the groups."""

from evalkit.models.nested_mediation.analysis import multilevel_mediate
from evalkit.models.nested_mediation.result import MultilevelMediationResult

__all__ = ["MultilevelMediationResult", "multilevel_mediate"]
