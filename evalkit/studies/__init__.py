"""What stands on several analyses: data in, results that join those of other rooms out."""

from evalkit.studies.dossier import scale_dossier

__all__ = ["scale_dossier"]
