"""Items in, exploratory factors out."""

from evalkit.measurement.efa.analysis import efa
from evalkit.measurement.efa.result import EfaResult

__all__ = ["EfaResult", "efa"]
