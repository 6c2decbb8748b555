"""Items in, exploratory factors out."""

from evalkit.measurement.exploratory.analysis import efa
from evalkit.measurement.exploratory.result import EfaResult

__all__ = ["EfaResult", "efa"]
