"""Ordered answers in, item response models out."""

from evalkit.measurement.item_response.analysis import irt
from evalkit.measurement.item_response.result import IrtResult

__all__ = ["IrtResult", "irt"]
