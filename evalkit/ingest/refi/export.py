"""A casebook while it is written: its rows, and identifiers that stay the same."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

import pandas as pd

from evalkit.ingest.casebook.book import Casebook

_ROOT = UUID("6f0c3a52-8f3e-5d0b-9a53-3f9b8e8f5c11")


class Export:
    """A casebook while it is written.

    Attributes
    ----------
    name : str
        Of the project. Identifiers are made of it and of the ids in the casebook, so that they stay the same.
    """

    def __init__(self, book: Casebook, name: str) -> None:
        self.book, self.name = book, name
        self._space = uuid5(_ROOT, name)
        self._guids: dict[tuple[str, str], str] = {}

    def guid(self, kind: str, name: str) -> str:
        known = self._guids.get((kind, name))
        if known is None:
            known = self._guids[kind, name] = str(uuid5(self._space, f"{kind}:{name}"))
        return known

    @cached_property
    def codings(self) -> list[dict[str, Any]]:
        """Rows of the codings, without what is empty."""
        return rows(self.book.codings)

    @cached_property
    def coders(self) -> list[str]:
        return sorted({row["coder"] for row in self.codings if "coder" in row})


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame, without what is empty."""
    columns = {str(name): frame[name].tolist() for name in frame}
    filled = {name: frame[name].notna().to_numpy() for name in frame}
    return [{n: values[k] for n, values in columns.items() if filled[n][k]} for k in range(len(frame))]
