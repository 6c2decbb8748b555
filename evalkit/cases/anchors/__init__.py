"""How far a set-theoretic solution stands when anchors of the calibration and cut-offs move."""

from __future__ import annotations

from evalkit.cases.anchors.analysis import qca_robustness as qca_robustness
from evalkit.cases.anchors.result import QcaRobustnessResult as QcaRobustnessResult
