"""Set-theoretic comparison of cases (QCA): calibration, necessity, truth table, solutions, robustness."""

from evalkit.cases.configurations.analysis import qca
from evalkit.cases.configurations.necessary import NecessityResult, necessity
from evalkit.cases.configurations.result import QcaResult

__all__ = ["NecessityResult", "QcaResult", "necessity", "qca"]
