"""Ordered answers in, item response models and tests of differential functioning out."""

from evalkit.measurement.item_response.analysis import irt
from evalkit.measurement.item_response.differential import dif
from evalkit.measurement.item_response.differential_result import DifResult
from evalkit.measurement.item_response.result import IrtResult

__all__ = ["DifResult", "IrtResult", "dif", "irt"]
