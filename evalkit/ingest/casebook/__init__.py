"""The casebook: sheets of sources, codes, codings, cases and ties with their texts in, checked frames out."""

from evalkit.ingest.casebook.book import Casebook
from evalkit.ingest.casebook.reading import inspect_casebook, read_casebook

__all__ = ["Casebook", "inspect_casebook", "read_casebook"]
