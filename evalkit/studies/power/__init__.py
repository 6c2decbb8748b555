"""A study still to be done in; the people it takes, and the chance that it finds what is there, out."""

from evalkit.studies.power.classic import power
from evalkit.studies.power.classic_result import PowerResult

__all__ = ["PowerResult", "power"]
