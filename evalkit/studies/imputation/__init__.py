"""Data with gaps in; several completed data sets, and estimates pooled over them, out."""

from evalkit.studies.imputation.analysis import impute
from evalkit.studies.imputation.imputed import Imputed

__all__ = ["Imputed", "impute"]
