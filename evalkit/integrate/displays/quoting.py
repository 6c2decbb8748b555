"""Stretches of text in, the few quotes that a cell prints out: by a stated rule, and only where there is consent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalkit.contract import Label
from evalkit.integrate.displays.judgements import lines_of

Stretch = Mapping[str, Any]
"""A stretch under a code: source, order (of the source), start, end, quote, may (be quoted)."""


@dataclass(frozen=True)
class Quote:
    """A quote as printed, with its source and, where known, its first character and the one behind its last."""

    text: str
    source: str
    start: int | None
    end: int | None

    @property
    def label(self) -> Label:
        at = "" if self.start is None else f":{self.start}–{self.end}"
        return Label("displays.quote", text=self.text, at=self.source + at)


@dataclass(frozen=True)
class Choice:
    """How many quotes a cell holds and how long they are, in characters."""

    most: int
    shortest: int
    longest: int

    def quotes(self, stretches: Iterable[Stretch]) -> tuple[Quote, ...]:
        """Those of a cell that are printed.

        The shortest quotes of at least `shortest` characters come first, then the longer ones of the others; one a
        source before a second of the same source; none that overlaps another. Equal ones stand in the order of sources
        and texts.
        """
        rows = sorted((row for row in stretches if row["may"] and row["quote"]), key=self._rank)
        taken: list[Stretch] = []
        while len(taken) < self.most:
            found = self._round(rows, taken)
            if not found:
                break
            taken += found[: self.most - len(taken)]
        return tuple(self._cut(row) for row in taken)

    def _rank(self, row: Stretch) -> tuple[Any, ...]:
        n = len(row["quote"])
        return n < self.shortest, n if n >= self.shortest else -n, row["order"], row["start"], row["quote"]

    @staticmethod
    def _round(rows: Sequence[Stretch], taken: Sequence[Stretch]) -> list[Stretch]:
        """The best that is left of every source."""
        found: dict[str, Stretch] = {}
        for row in rows:
            if row["source"] not in found and not any(_overlap(row, other) for other in taken):
                found[row["source"]] = row
        return list(found.values())

    def _cut(self, row: Stretch) -> Quote:
        text = " ".join(row["quote"].split())
        text = text if len(text) <= self.longest else text[: self.longest - 1].rstrip() + "…"
        known = _placed(row)
        return Quote(text, row["source"], int(row["start"]) if known else None, int(row["end"]) if known else None)


def _placed(row: Stretch) -> bool:
    return bool(np.isfinite(row["start"]) and np.isfinite(row["end"]))


def _overlap(a: Stretch, b: Stretch) -> bool:
    """Whether two stretches share text, or are the same words."""
    if a["source"] != b["source"]:
        return False
    if not (_placed(a) and _placed(b)):
        return bool(a["quote"] == b["quote"])
    return bool(a["start"] < b["end"] and b["start"] < a["end"])


def withheld(stretches: Iterable[Stretch]) -> int:
    """Different stretches without consent."""
    shut = (row for row in stretches if not row["may"])
    return len({(r["source"], *((r["start"], r["end"]) if _placed(r) else (r["quote"],))) for r in shut})


def quotes_label(found: Sequence[Quote]) -> Label | None:
    """Quotes one under the other; None for none."""
    return lines_of([quote.label for quote in found]) if found else None
