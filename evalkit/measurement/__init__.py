"""Items in; how well they measure out."""

from evalkit.measurement.aggregation import aggregation
from evalkit.measurement.exploratory import efa
from evalkit.measurement.intraclass import icc
from evalkit.measurement.item_response import dif, irt
from evalkit.measurement.reliability import reliability
from evalkit.measurement.structural import cfa, factor_scores, sem

__all__ = ["aggregation", "cfa", "dif", "efa", "factor_scores", "icc", "irt", "reliability", "sem"]
