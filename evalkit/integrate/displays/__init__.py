"""Cases, codings, findings and results in, joint displays out."""

from evalkit.integrate.displays.analysis import joint_display
from evalkit.integrate.displays.result import JointDisplayResult

__all__ = ["JointDisplayResult", "joint_display"]
