"""Items in; how well they measure out."""

from evalkit.measurement.reliability import reliability

__all__ = ["reliability"]
