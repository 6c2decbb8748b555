"""Data with gaps in; several completed data sets, and estimates pooled over them, out."""

from evalkit.studies.imputation.analysis import impute
from evalkit.studies.imputation.imputed import Imputed
from evalkit.studies.imputation.pooled import PooledResult
from evalkit.studies.imputation.pooling import pool

__all__ = ["Imputed", "PooledResult", "impute", "pool"]
