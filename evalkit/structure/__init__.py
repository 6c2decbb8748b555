"""A model and data in, a fitted structural equation model out."""

from evalkit.structure.compare import Comparison, compare
from evalkit.structure.fitting import Fit, Options, fit
from evalkit.structure.language import Model, parse_model
from evalkit.structure.modification import joint_tests, modification_indices, release_tests
from evalkit.structure.ordered_reliability import categorical_omega
from evalkit.structure.resampling import Draws, bootstrap, monte_carlo
from evalkit.structure.scores import scores
from evalkit.structure.table import Parameter, ParameterTable
from evalkit.structure.tokens import ModelError

__all__ = [
    "Comparison",
    "Draws",
    "Fit",
    "Model",
    "ModelError",
    "Options",
    "Parameter",
    "ParameterTable",
    "bootstrap",
    "categorical_omega",
    "compare",
    "fit",
    "joint_tests",
    "modification_indices",
    "monte_carlo",
    "parse_model",
    "release_tests",
    "scores",
]
