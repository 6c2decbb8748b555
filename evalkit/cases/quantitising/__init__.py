"""Codings as numbers of cases: presence, shares of sources, segments and characters, counts."""

from evalkit.cases.quantitising.analysis import quantitise
from evalkit.cases.quantitising.result import QuantitiseResult

__all__ = ["QuantitiseResult", "quantitise"]
