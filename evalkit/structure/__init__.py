"""A model and data in, a fitted structural equation model out."""

from evalkit.structure.fitting import Fit, Options, fit
from evalkit.structure.language import Model, parse_model
from evalkit.structure.table import Parameter, ParameterTable
from evalkit.structure.tokens import ModelError

__all__ = ["Fit", "Model", "ModelError", "Options", "Parameter", "ParameterTable", "fit", "parse_model"]
