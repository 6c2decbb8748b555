"""Raw measures of cases as memberships in sets."""

from evalkit.cases.calibrating.analysis import calibrate_sets
from evalkit.cases.calibrating.result import CalibrationResult

__all__ = ["CalibrationResult", "calibrate_sets"]
