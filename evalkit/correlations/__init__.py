"""Columns in, matrices of correlations with what is needed to judge them out."""

from evalkit.correlations.bivariate import bivariate_normal_cdf
from evalkit.correlations.conditional import ConditionalCorrelations, conditional_correlations
from evalkit.correlations.mixed import MixedCorrelations, mixed_correlations
from evalkit.correlations.polychoric import Polychoric, polychoric
from evalkit.correlations.polychoric_pair import Concordance, PolychoricPair, concordance, polychoric_ml
from evalkit.correlations.polyserial import Polyserial, polyserial
from evalkit.correlations.product import Correlations, fisher_interval, pearson, spearman, t_statistic
from evalkit.correlations.ranks import kendall
from evalkit.correlations.smoothing import smooth

__all__ = [
    "Concordance",
    "ConditionalCorrelations",
    "Correlations",
    "MixedCorrelations",
    "Polychoric",
    "PolychoricPair",
    "Polyserial",
    "bivariate_normal_cdf",
    "concordance",
    "conditional_correlations",
    "fisher_interval",
    "kendall",
    "mixed_correlations",
    "pearson",
    "polychoric",
    "polychoric_ml",
    "polyserial",
    "smooth",
    "spearman",
    "t_statistic",
]
