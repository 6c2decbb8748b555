"""Answers in; sample profiles, descriptive statistics, cross tables and correlations out."""

from evalkit.descriptive.compare import compare
from evalkit.descriptive.correlate import correlate
from evalkit.descriptive.crosstab import crosstab
from evalkit.descriptive.describe import describe
from evalkit.descriptive.measures import measures
from evalkit.descriptive.normality import mahalanobis, mardia
from evalkit.descriptive.profile import profile

__all__ = ["compare", "correlate", "crosstab", "describe", "mahalanobis", "mardia", "measures", "profile"]
