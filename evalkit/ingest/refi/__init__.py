"""REFI-QDA, the exchange format of NVivo, MAXQDA, ATLAS.ti and QualCoder, in and out."""

from evalkit.ingest.refi.reading import read_project

__all__ = ["read_project"]
