"""A model and a column of groups in; at which level the groups can be compared out."""

from evalkit.measurement.ladder.analysis import invariance
from evalkit.measurement.ladder.result import InvarianceResult

__all__ = ["InvarianceResult", "invariance"]
