"""What stands on several analyses: data in, results that join those of other rooms out."""

from evalkit.studies.dossier import scale_dossier
from evalkit.studies.families import adjust_tests
from evalkit.studies.imputation import impute, pool

__all__ = ["adjust_tests", "impute", "pool", "scale_dossier"]
