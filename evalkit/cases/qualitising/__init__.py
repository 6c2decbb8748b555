"""Profiles of cases as named types, by rules that are said."""

from evalkit.cases.qualitising.analysis import qualitise
from evalkit.cases.qualitising.result import QualitiseResult

__all__ = ["QualitiseResult", "qualitise"]
