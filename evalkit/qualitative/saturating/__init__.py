"""Whether more material would still bring new codes."""

from evalkit.qualitative.saturating.analysis import saturation
from evalkit.qualitative.saturating.result import SaturationResult

__all__ = ["SaturationResult", "saturation"]
