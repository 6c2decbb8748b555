"""Items in; how well they measure out."""

from evalkit.measurement.efa import efa
from evalkit.measurement.reliability import reliability

__all__ = ["efa", "reliability"]
