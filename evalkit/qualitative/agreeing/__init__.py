"""Whether coders agree: coefficients that allow for chance, their intervals, and where the coders differ."""

from evalkit.qualitative.agreeing.analysis import agreement
from evalkit.qualitative.agreeing.result import AgreementResult

__all__ = ["AgreementResult", "agreement"]
