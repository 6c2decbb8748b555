"""Who works with whom: networks of actors, the place of each, brokers, and whether networks go together."""

from evalkit.cases.ties.analysis import network
from evalkit.cases.ties.regression import QapResult, qap
from evalkit.cases.ties.result import NetworkResult

__all__ = ["NetworkResult", "QapResult", "network", "qap"]
