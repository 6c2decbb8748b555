"""A model in, the same model under other choices out."""

from evalkit.studies.variants.analysis import robustness
from evalkit.studies.variants.result import RobustnessResult

__all__ = ["RobustnessResult", "robustness"]
