"""A model and values of its predictors in, predicted means and probabilities with intervals out."""

from evalkit.models.predicted.analysis import predict
from evalkit.models.predicted.result import PredictionResult

__all__ = ["PredictionResult", "predict"]
